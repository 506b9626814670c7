#!/bin/sh
# cur-sink-s3 into a directory: what it stores, keeps, removes and refuses.
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
. tests/stream.sh
need jq
store=$tmp/store

sink() {
	cur-sink-s3 "$@" "$store" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
}
piped() {
	cur-dedupe --state "$store" <"$tmp/in" 2>/dev/null >"$tmp/mid" && cur-sink-s3 "$@" "$store" <"$tmp/mid" >"$tmp/out" 2>"$tmp/err"
}
receipt() {
	jq -c "select(._cur==\"receipt\")|$1" "$tmp/out"
}
counts() {
	receipt '[.generation,.written,.unchanged,.removed,.swapped]'
}
holds() {
	is "$(stored "$store")" "$(items "$tmp/in")" "$1: the store is the delivery"
	is "$(garbage "$store")" "" "$1: and nothing else"
}

# Without cur-dedupe a delivery is the whole period.
stream 20240110T000000Z 2024-01-01:a:1 2024-01-02:b:1 2024-01-02:b:1 2024-01-03:c:1 >"$tmp/in"
sink
is "$?:$(counts)" "0:[1,3,0,0,true]" "a first delivery: three objects"
holds "first"
is "$(find "$store/export=hourly/billing_period=2024-01" -type f | sed 's/.*2024-01\///;s/-1-[0-9a-f]*.ndjson/-1-HASH.ndjson/' | sort | tr '\n' ' ')" \
	"day=2024-01-01/1-of-1-1-HASH.ndjson.gz day=2024-01-02/1-of-1-1-HASH.ndjson.gz day=2024-01-03/1-of-1-1-HASH.ndjson.gz " \
	"the layout"
is "$(wc -l <"$store/_cur/hourly/2024-01.json")" 1 "the document is one line"
is "$(jq -r '.days["2024-01-02"].items' "$store/_cur/hourly/2024-01.json")" 2 "it counts the items of a day"
is "$(tail -n 1 "$tmp/out")" '{"_cur":"eos","deliveries":1}' "receipts end in eos"
files "$store" >"$tmp/before"
sink
is "$(counts)" "[1,0,3,0,false]" "a repeat writes nothing"
files "$store" >"$tmp/after"
same "$tmp/before" "$tmp/after" "no file was touched"
stream 20240111T000000Z 2024-01-01:a:1 2024-01-02:b:2 2024-01-05:e:1 >"$tmp/in"
sink --dry-run
is "$(counts)" "[2,2,1,2,true]" "--dry-run tells what would be done"
is "$(receipt .dry_run)" true "and says what it is"
files "$store" >"$tmp/after"
same "$tmp/before" "$tmp/after" "and does not do it"
sink
is "$(counts)" "[2,2,1,2,true]" "changed, new and vanished days"
holds "second"
stream 20240109T000000Z 2024-01-01:old:1 >"$tmp/in"
sink
is "$?:$(receipt '[.stale,.swapped,.written]')" "0:[true,false,0]" "an older delivery is not stored"
is "$(stored "$store" | grep -c old)" 0 "nothing of it"

# With cur-dedupe only covered days are touched; a new version alone swaps the document.
rm -rf "$store"
stream 20240110T000000Z 2024-01-01:a:1 2024-01-02:b:1 2024-01-03:c:1 >"$tmp/in"
piped
holds "deduped first"
stream 20240111T000000Z 2024-01-03:c:1 2024-01-02:b:1 2024-01-01:a:1 >"$tmp/in"
piped
is "$(counts)" "[2,0,3,0,true]" "a newer version with nothing new swaps the document alone"
is "$(jq -r .version "$store/_cur/hourly/2024-01.json")" 20240111T000000Z "which names it"
piped
is "$(counts)" "[2,0,3,0,false]" "once"
stream 20240112T000000Z 2024-01-03:c:1 2024-01-03:d:1 2024-01-01:a:1 >"$tmp/in"
piped
is "$(counts)" "[3,1,1,2,true]" "a day grows, a day vanishes, a day stays"
holds "deduped second"
stream 20240113T000000Z 2024-01-03:c:1 2024-01-01:a:1 2024-01-02:b:1 >"$tmp/in"
piped
is "$(counts)" "[4,2,1,1,true]" "days come back as they were"
holds "deduped third"
stream 20240114T000000Z >"$tmp/in"
piped
is "$(counts)" "[5,0,0,3,true]" "a delivery of nothing empties the period"
holds "empty"
find "$store" -type d -name 'day=*' | grep -q .; is $? 1 "no empty folders are left"

# Chunks.
rm -rf "$store"
rows=$(awk 'BEGIN { for (i = 0; i < 200; i++) printf "2024-01-01:r%d:%d.5\n", i, i }')
# shellcheck disable=SC2086
stream 20240110T000000Z $rows >"$tmp/in"
sink --object-size 4K --level 0
is "$(receipt .written)" "$(jq '.days["2024-01-01"].objects|length' "$store/_cur/hourly/2024-01.json")" "a day in several objects"
[ "$(receipt .written)" -gt 3 ]; ok $? "in more than three"
holds "chunks"
find "$store" -name '*.gz' | while read -r f; do
	gzip -dc "$f" >"$tmp/chunk"
	[ "$(sed '$d' "$tmp/chunk" | wc -c)" -lt 4096 ] || echo "too long: $f"
done >"$tmp/long"
is "$(cat "$tmp/long")" "" "each ends with the line that brings it to its size"
find "$store" -name '*.gz' | sort >"$tmp/one"
rm -rf "$store"
sink --object-size 4K --level 9
find "$store" -name '*.gz' | sort >"$tmp/two"
same "$tmp/one" "$tmp/two" "names depend on the items, not on the packing"
# shellcheck disable=SC2086
stream 20240111T000000Z $rows 2024-01-01:late:1 >"$tmp/in"
sink --object-size 4K
[ "$(receipt .unchanged)" -eq 0 ] || [ "$(receipt .written)" -lt "$(receipt '.written+.unchanged')" ]
ok $? "chunks that stay are kept"
holds "a longer day"
# More days than are packed at once, all mixed.
rm -rf "$store"
rows=$(awk 'BEGIN { for (i = 0; i < 600; i++) printf "2024-%02d-%02d:r%d:1\n", i % 7 + 1, i % 27 + 1, i }')
# shellcheck disable=SC2086
stream 20240110T000000Z $rows >"$tmp/in"
sink
is "$?:$(receipt .written)" 0:189 "189 days at once"
holds "many days"

# What it refuses.
rm -rf "$store"
stream 20240110T000000Z 2024-01-01:a:1 >"$tmp/in"
sink
files "$store" >"$tmp/before"
refuses() {
	is "$1" "$2" "$3: $2"
	files "$store" >"$tmp/after"
	same "$tmp/before" "$tmp/after" "$3: the store is as it was"
}
rejected=2 stream 20240111T000000Z 2024-01-01:b:1 >"$tmp/in"
rejected=0
sink; refuses $? 65 "rejected rows"
sink --allow-rejects 1; refuses $? 65 "more of them than allowed"
like "$(cat "$tmp/err")" "*2 rows were rejected*" "the message counts them"
stream 20240111T000000Z 2024-01-01:b:1 | sed '$d' >"$tmp/in"
stream 20240111T000000Z 2024-01-01:b:1 2024-01-01:c:1 | sed '/"LineItemId":"c"/d' >"$tmp/in"
sink; refuses $? 76 "an item less than end says"
stream 20240111T000000Z 2024-01-01:b:1 | sed '/"end"/,$d' >"$tmp/in"
sink; refuses $? 76 "a stream that stops"
printf '' >"$tmp/in"
sink; refuses $? 76 "an empty stream"
stream 20240111T000000Z 2024-01-01:b:1 | sed 's/2024-01-01T00:00:00Z/2024-13-01T00:00:00Z/g' >"$tmp/in"
sink; refuses $? 65 "a time that is none"
source='"s3://other/place"' stream 20240111T000000Z 2024-01-01:b:1 >"$tmp/in"
source='"s3://billing/finops/hourly"'
sink; refuses $? 78 "another source"
for place in s3://billing/finops/hourly s3://billing/finops/hourly/cur; do
	stream 20240111T000000Z 2024-01-01:b:1 >"$tmp/in"
	cur-sink-s3 "$place" <"$tmp/in" >/dev/null 2>"$tmp/err"; is $? 78 "a store inside its source: 78"
	sed 's|"source":"[^"]*"|"source":"arn:x","location":"s3://billing/finops/hourly"|' "$tmp/in" >"$tmp/in2"
	cur-sink-s3 "$place" <"$tmp/in2" >/dev/null 2>"$tmp/err"; is $? 78 "inside the location of an export: 78"
	like "$(cat "$tmp/err")" "*$place lies inside the source s3://billing/finops/hourly*" "and says so"
done
stream 20240111T000000Z 2024-01-01:b:1 2024-01-02:c:1 | cur-dedupe --state "$store" >"$tmp/in"
sed 's/"UnblendedCost":"1"/"UnblendedCost":"2"/' "$tmp/in" >"$tmp/in2"; mv "$tmp/in2" "$tmp/in"
sink; refuses $? 65 "items rewritten after cur-dedupe"
like "$(cat "$tmp/err")" "*day 2024-01-01*before cur-dedupe*" "with a hint"
stream 20240111T000000Z 2024-01-01:b:1 2024-01-02:c:1 | cur-dedupe --state "$store" |
	sed 's/"coverage":\[[^]]*\]/"coverage":["2024-01-01"]/' >"$tmp/in"
sink; refuses $? 65 "items of a day that is not covered"
stream 20240111T000000Z 2024-01-01:b:1 | cur-dedupe --state "$store" | sed 's/"base":"./"base":"x/' >"$tmp/in"
sink; refuses $? 75 "another document than cur-dedupe read"
like "$(cat "$tmp/err")" "*another run was faster; nothing is lost, run again (or cur-dedupe --state is not $store)*" "and says what to do"
for junk in '{"identity":{"TimeInterval":"2024-01-01T00:00:00Z"}}junk}' '{"identity":{"TimeInterval":"2024-01-01T00:00:00Z"},}' \
	"$(printf '{"identity":{"TimeInterval":"2024-01-01T00:00:00Z"},"a":"\377"}')"; do
	stream 20240111T000000Z 2024-01-01:b:1 | sed 2d | awk -v junk="$junk" 'NR == 2 { print junk } 1' >"$tmp/in"
	sink; refuses $? 65 "an item that is none"
done
stream 20240111T000000Z 2024-01-01:b:1 | cur-dedupe --state "$store" | sed 's/"coverage":\[[^]]*\]/"coverage":"x"/' >"$tmp/in"
sink; refuses $? 65 "a coverage that is no list"
export=../x stream 20240111T000000Z 2024-01-01:b:1 >"$tmp/in"
export=hourly
sink; refuses $? 65 "a name that leads out of the store"
cur-sink-s3 </dev/null >/dev/null 2>&1; is $? 64 "no store: 64"
cur-sink-s3 "$tmp/in" <"$tmp/in" >/dev/null 2>&1; is $? 66 "a file is no store: 66"
for size in 0 x 1Q 5KB -1; do
	cur-sink-s3 --object-size "$size" "$store" </dev/null >/dev/null 2>&1; is $? 64 "--object-size $size: 64"
done

# --filtered behind cur-dedupe.
stream 20240111T000000Z 2024-01-01:b:1 2024-01-01:c:1 2024-01-02:d:1 >"$tmp/all"
cur-dedupe --state "$store" <"$tmp/all" | jq -c 'select(._cur or .identity.LineItemId=="c")' >"$tmp/in"
sink --filtered
is "$?:$(receipt '[.items,.missing]')" "0:[3,2]" "--filtered: fewer items"
is "$(jq -c '[.days[]|[.items,.stored]]' "$store/_cur/hourly/2024-01.json")" '[[2,1],[1,0]]' "the document has both counts"
is "$(stored "$store" | grep -c .)" 1 "one item is stored"
cur-dedupe --state "$store" <"$tmp/all" 2>/dev/null | jq -c 'select(._cur or .identity.LineItemId=="c")' >"$tmp/in"
sink --filtered
is "$(receipt '[.written,.swapped]')" "[0,false]" "the same filter again writes nothing"
cp "$tmp/all" "$tmp/in"
piped
holds "without the filter"

# Objects that went missing.
rm -rf "$store"
stream 20240110T000000Z 2024-01-01:a:1 2024-01-02:b:1 >"$tmp/in"
piped
rm -r "$store/export=hourly/billing_period=2024-01/day=2024-01-01"
stream 20240111T000000Z 2024-01-01:a:1 2024-01-02:b:2 >"$tmp/in"
piped
is $? 66 "an object that the document names and the store has not: 66"
like "$(cat "$tmp/err")" "*day=2024-01-01/*cur-dedupe --all*" "it is named, and the way out"
cur-dedupe --all --state "$store" <"$tmp/in" 2>/dev/null >"$tmp/mid"
cur-sink-s3 "$store" <"$tmp/mid" >/dev/null
holds "after --all"
rm "$store/export=hourly/billing_period=2024-01/day=2024-01-01"/*
cur-dedupe --all --state "$store" <"$tmp/in" 2>/dev/null >"$tmp/mid"
if command -v strace >/dev/null && strace -o "$tmp/trace" -e trace=fsync,rename cur-sink-s3 "$store" <"$tmp/mid" >/dev/null 2>&1; then
	[ "$(sed -n '/^rename/,$p' "$tmp/trace" | grep -c fsync)" -gt 0 ]; ok $? "the name of what was repaired is made durable"
else
	skip "the name of what was repaired is made durable" "no strace here"
fi

# A document that does not name all objects of a day is no document: what it does not name would be removed.
for change in 's/"objects":\["[^"]*"/"objects":[/' 's/"1-of-1-/"1-of-2-/' 's/,"objects":\[[^]]*\]//'; do
	rm -rf "$store"
	stream 20240110T000000Z 2024-01-01:a:1 2024-01-01:b:1 >"$tmp/in"
	piped
	sed -i "$change" "$store/_cur/hourly/2024-01.json"
	files "$store" >"$tmp/before"
	piped
	refuses $? 65 "a document after $change"
done

# What a dead run left, other exports and periods, files of other people.
rm -rf "$store"
stream 20240110T000000Z 2024-01-01:a:1 >"$tmp/in"
place=$store/export=hourly/billing_period=2024-01
mkdir -p "$place/day=2024-01-01" "$store/_cur/hourly"
echo x >"$place/.4-2024-01-01-1-00000000000000ff.tmp"
echo x >"$place/day=2024-01-01/1-of-1-6-00112233445566778899aabbccddeeff.ndjson.gz"
echo x >"$place/notes.txt"
echo x >"$store/_cur/hourly/.2024-01.json.tmp"
export=hourly2 stream 20240110T000000Z 2024-01-01:h2:1 | cur-sink-s3 "$store" >/dev/null
export=hourly period=2024-02 stream 20240210T000000Z 2024-01-01:feb:1 | cur-sink-s3 "$store" >/dev/null
period=2024-01
sink
is "$(counts)" "[7,1,0,2,true]" "a first document is above every generation in the store, and cleans up"
is "$(cd "$store" && find . -type f | grep -v -e hourly2 -e 2024-02 | sed 's/7-[0-9a-f]*/7-HASH/' | sort | tr '\n' ' ')" \
	"./_cur/hourly/2024-01.json ./export=hourly/billing_period=2024-01/day=2024-01-01/1-of-1-7-HASH.ndjson.gz ./export=hourly/billing_period=2024-01/notes.txt " \
	"what is not ours stays"
is "$(stored "$store" | sed 's/.*LineItemId":"\([^"]*\).*/\1/' | tr '\n' ' ')" "a feb h2 " "other exports and periods are not touched"
future=$place/day=2024-01-01/1-of-1-99-00112233445566778899aabbccddeeff.ndjson.gz
echo x >"$future"
sink
[ -f "$future" ]; ok $? "an object of a later generation may be another run's: it stays"
rm -f "$future"

# --keep.
stream 20240111T000000Z 2024-01-01:b:1 >"$tmp/in"
sink --keep 1
is "$(counts)" "[8,1,0,0,true]" "--keep 1 leaves the previous objects"
is "$(find "$place" -name '*.gz' | grep -c .)" 2 "both are there"
sink
is "$(receipt .removed)" 1 "the next run removes them"

# Bare streams, and a name for deliveries that have none.
rm -rf "$store"
item 2024-01-01:a:1 >"$tmp/in"
sink; is $? 76 "a bare stream is refused"
sink --bare --export hourly --period 2024-01
is "$?:$(counts)" "0:[1,1,0,0,true]" "--bare with names is taken"
holds "bare"
if [ "$(id -u)" != 0 ]; then
	chmod 500 "$store/_cur/hourly"
	source=null stream x 2024-01-09:a:1 >"$tmp/in"
	sink; is $? 77 "no permission: 77"
	chmod 700 "$store/_cur/hourly"
else
	skip "no permission: 77" "root may do everything"
fi
done_testing
