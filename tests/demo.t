#!/bin/sh
# The demo, and what it leaves: the pipe over four deliveries of one month.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"

demo() {
	OUT=$tmp/demo BIN=$BIN "$here/demo/run.sh" >"$tmp/out" 2>"$tmp/err"
}

demo
is "$?:$(cat "$tmp/err")" 0: 'the demo runs'
store=$tmp/demo/store

# changed N: the days that the Nth run found changed.
changed() {
	sed -n 's/^ *days that changed  *//p' "$tmp/out" | sed -n "${1}p"
}
is "$(changed 1)" '01 02 03 04 05 06 07' 'the first delivery: its days'
is "$(changed 2)" '01 03 04 06 08 09 10 11' 'the second: restated, gone, another id, new'
is "$(changed 3)" '05 31' 'the third: a late row, and one in the future'
is "$(changed 4)" '12 13 14 15' 'the fourth: the new days, and no old one for the new column'
is "$(changed 5)" 'none' 'the repeat: nothing'
like "$(grep -A 2 'delivery again' "$tmp/out")" '*0 written, 16 unchanged, 0 removed*' 'the repeat writes nothing'

# The parts of the last delivery, without their headers.
last=$tmp/demo/aws/finops/daily/20240101-20240201/20240116T053951Z
gzip -dc "$last"/*.csv.gz | grep -v '^identity/LineItemId' >"$tmp/rows"
find "$store" -name '*.gz' -exec gzip -dc {} + >"$tmp/items"
is "$(wc -l <"$tmp/items")" "$(wc -l <"$tmp/rows")" 'the store has as many items as the report has rows'
cut -d, -f1,2 "$tmp/rows" | sort >"$tmp/wanted"
sed 's/^{"identity":{"LineItemId":"\([^"]*\)","TimeInterval":"\([^"]*\)"}.*/\1,\2/' "$tmp/items" | sort >"$tmp/got"
same "$tmp/wanted" "$tmp/got" 'and the same ones'
is "$(sort "$tmp/got" | uniq -d)" '' 'each once'
is "$(grep -c '"user:costcenter":"CC-401"' "$tmp/items")" 40 'the new tag is there'

# What each delivery did is in the items.
is "$(grep -c '"LineItemType":"SavingsPlanRecurringFee"' "$tmp/items")" 1 'the fee of the 31st'
like "$(grep '"LineItemType":"RIFee"' "$tmp/items")" '*"UnblendedCost":"200.8800000000"*' 'the fee of the first as restated'
is "$(grep -c '"UnblendedCost":"-7.0E-10"' "$tmp/items")" 5 'costs as they were delivered'
sums=$(cur-sum --by lineItem.LineItemType --of lineItem.UnblendedCost "$store")
like "$sums" '*"Tax"*"38.17"*' 'a sum'

# The document names every object and nothing else.
find "$store/export=daily" -type f | sed 's|.*/||' | sort >"$tmp/objects"
grep -o '"[0-9]*-of-[^"]*"' "$store/_cur/daily/2024-01.json" | tr -d '"' | sort >"$tmp/named"
same "$tmp/named" "$tmp/objects" 'the store has the objects that its document names'

# The demo can be run again, and it fails when a program does.
demo
ok $? 'it runs again'
mkdir "$tmp/broken"
for program in "$BIN"/cur-*; do
	ln -s "$program" "$tmp/broken"
done
rm "$tmp/broken/cur-parse"
printf '#!/bin/sh\n"%s/cur-parse" "$@" | sed '\''/"_cur":"end"/,$d'\''\n' "$BIN" >"$tmp/broken/cur-parse"
chmod +x "$tmp/broken/cur-parse"
OUT=$tmp/demo2 BIN=$tmp/broken "$here/demo/run.sh" >"$tmp/out" 2>&1
is $? 1 'a cut stream fails it'
like "$(cat "$tmp/out")" '*cur-sink-s3: exit 76*' 'and it says which stage'
is "$(find "$tmp/demo2/store" -name '*.json' 2>/dev/null | wc -l)" 0 'nothing was committed'
done_testing
