#!/bin/sh
# cur-dedupe against a store: what passes, what end says.
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
. tests/stream.sh
need jq
store=$tmp/store

# deduped OPTIONS…: runs cur-dedupe over $tmp/in into $tmp/out; the member of end that follows in `end`.
dedupe() {
	cur-dedupe --state "$store" "$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
}
end() {
	jq -c "select(._cur==\"end\")|$1" "$tmp/out"
}
commit() {
	cur-dedupe --state "$store" <"$tmp/in" 2>/dev/null | cur-sink-s3 "$store" >"$tmp/receipt"
}
ids() {
	items "$tmp/out" | sed 's/.*LineItemId":"\([^"]*\).*/\1/' | tr '\n' ' '
}

stream 20240110T000000Z 2024-01-01:a:1 2024-01-02:b:1 2024-01-02:b:1 2024-01-03:c:1 >"$tmp/in"
dedupe
is $? 0 "a first run exits 0"
like "$(cat "$tmp/err")" "*hourly 2024-01*first run*" "it says so"
is "$(ids)" "a b b c " "everything passes"
is "$(end .coverage)" '["2024-01-01","2024-01-02","2024-01-03"]' "all days are covered"
is "$(end .base)" '"none"' "there was no document"
is "$(end '.state.days["2024-01-02"].items')" 2 "twins count"
is "$(end '[.items,.seen,.rejected,.parts]')" '[4,4,0,1]' "end counts what passed and what was seen"
is "$(jq -c 'select(._cur=="begin").by' "$tmp/out")" '"day"' "begin says by what"
[ ! -e "$store" ]; ok $? "nothing is written to the store"
commit

dedupe
is "$(ids)" "" "a repeat lets nothing pass"
is "$(end '[.coverage,.items,.seen]')" '[[],0,4]' "its coverage is empty"
is "$(end .base | grep -cE '^"[0-9a-f]{32}"$')" 1 "base is the hash of the document"
cmp -s "$tmp/err" /dev/null; ok $? "and says nothing"

stream 20240111T000000Z 2024-01-03:c:1 2024-01-02:b:1 2024-01-01:a:1 2024-01-02:b:1 >"$tmp/in"
dedupe
is "$(ids)" "" "another order is no change"
stream 20240111T000000Z 2024-01-01:a:1 2024-01-02:b:1 2024-01-03:c:1 >"$tmp/in"
dedupe
is "$(ids)" "b " "a twin less: its day passes whole"
is "$(end .coverage)" '["2024-01-02"]' "that day alone"
stream 20240111T000000Z 2024-01-01:a:1.0 2024-01-02:b:1 2024-01-02:b:1 2024-01-04:d:1 2024-01-31:f:9 >"$tmp/in"
dedupe
is "$(ids)" "a d f " "changed and new days pass"
is "$(end .coverage)" '["2024-01-01","2024-01-03","2024-01-04","2024-01-31"]' "a vanished day is covered too"
is "$(end .state.latest)" '"2024-01-04T00:00:00Z"' "a start in the future is not the latest seen"
dedupe --all
is "$(ids)" "a b b d f " "--all: everything passes"
is "$(end '.coverage|length')" 5 "--all: vanished days are covered as well"

stream 20240109T000000Z 2024-01-01:z:1 >"$tmp/in"
dedupe
is "$?:$(ids)" "0:" "a delivery known to be older: nothing passes, exit 0"
is "$(end '[.stale,.coverage,.items,.state]')" '[true,[],0,null]' "end says that it is stale"
stream - 2024-01-01:z:1 >"$tmp/in"
dedupe
is "$(end '[.stale,.coverage]')" '[false,["2024-01-01","2024-01-02","2024-01-03"]]' "one of unknown age is not"

source='"s3://other/place"'
stream 20240112T000000Z 2024-01-01:a:1 >"$tmp/in"
dedupe
is $? 78 "another source is refused"
like "$(cat "$tmp/err")" "*s3://billing/finops/hourly*s3://other/place*--export*" "both sources are named"
source='"s3://billing/finops/hourly"'

columns='["identity/TimeInterval","identity/LineItemId","lineItem/UnblendedCost"]'
stream 20240112T000000Z 2024-01-01:a:1 2024-01-02:b:1 2024-01-02:b:1 2024-01-03:c:1 >"$tmp/in"
dedupe --on-schema-change=error
is "$?:$(cat "$tmp/err")" "0:" "columns in another order are no change"
columns='["identity/LineItemId","identity/TimeInterval","lineItem/UnblendedCost","resourceTags/user:a"]'
stream 20240112T000000Z 2024-01-01:a:1 2024-01-02:b:1 2024-01-02:b:1 2024-01-03:c:1 >"$tmp/in"
dedupe
is "$?:$(ids)" "0:" "a new column alone lets nothing pass"
like "$(cat "$tmp/err")" "*columns have changed: + resourceTags/user:a*" "but it is said"
dedupe --on-schema-change error
is $? 65 "error: 65"
like "$(cat "$tmp/err")" "*+ resourceTags/user:a*" "error: the column is named"
dedupe --on-schema-change reconcile
is "$(ids)" "a b b c " "reconcile: the whole period passes"
columns='["identity/LineItemId","identity/TimeInterval"]'
stream 20240112T000000Z 2024-01-01:a:1 >"$tmp/in"
dedupe
like "$(cat "$tmp/err")" "*- lineItem/UnblendedCost*" "a column that went is named"
columns='["identity/LineItemId","identity/TimeInterval","lineItem/UnblendedCost"]'

# By time.
rm -rf "$store"; mkdir -p "$store/_cur/hourly"
echo '{"v":1,"export":"hourly","period":"2024-01","generation":1,"source":"s3://billing/finops/hourly","latest":"2024-01-03T05:00:00Z"}' \
	>"$store/_cur/hourly/2024-01.json"
stream 20240110T000000Z 2024-01-01:a:1 2024-01-02:b:1 2024-01-03T05:00:00Z:c:1 2024-01-03T06:00:00Z:d:1 2024-01-20:e:1 >"$tmp/in"
dedupe --by time
is "$(ids)" "a d e " "by time: what starts later, and the first of the month"
is "$(end '[.coverage,.state.days,.state.latest]')" '[null,null,"2024-01-03T06:00:00Z"]' "no coverage; the future is not seen"
dedupe --by time --lookback 1
is "$(ids)" "a c d e " "--lookback 1: a day more"
dedupe --by time --lookback 2
is "$(ids)" "a b c d e " "--lookback 2: two"
cur-sink-s3 "$tmp/s2" <"$tmp/out" >/dev/null 2>"$tmp/err"
is $? 64 "cur-sink-s3 refuses items by time"
like "$(cat "$tmp/err")" "*--by day*" "with a hint"
[ ! -e "$tmp/s2" ]; ok $? "and writes nothing"

# A delivery without parts names no source, and blocks nobody.
rm -rf "$store"
stream 20240110T000000Z 2024-01-01:a:1 >"$tmp/in"; commit
source=null stream 20240111T000000Z | sed 's/"parts":1/"parts":0/' >"$tmp/in"; commit
source='"s3://billing/finops/hourly"'
is "$(jq -r '.source,(.days|length)' "$store/_cur/hourly/2024-01.json" | tr '\n' ' ')" "s3://billing/finops/hourly 0 " \
	"a delivery without parts leaves the source as it is"
rm -rf "$store"
source=null stream 20240110T000000Z | sed 's/"parts":1/"parts":0/' >"$tmp/in"; commit
source='"s3://billing/finops/hourly"'
stream 20240111T000000Z 2024-01-01:a:1 >"$tmp/in"
dedupe
is "$?:$(ids)" "0:a " "and a first one takes none"
commit
stream 20240111T000000Z 2024-01-01:b:1 >"$tmp/in"
dedupe
like "$(cat "$tmp/err")" "*has this version with other items*" "one version with other items is said"
mkdir -p "$store/_cur/hourly"

# Documents that cannot be read.
for doc in '' '{' '[]' '{"v":9}' '{"v":1,"export":"other","period":"2024-01","generation":1}'; do
	printf '%s' "$doc" >"$store/_cur/hourly/2024-01.json"
	dedupe
	is "$?:$(grep -c end "$tmp/out")" 65:0 "an unreadable document is no first run: $doc"
done
rm -rf "$store"

# Several deliveries, names, --filtered, bare streams.
{ period=2023-12 stream 20240110T000000Z 2023-12-31:a:1; period=2024-01 stream 20240110T000000Z 2024-01-01:b:1; } |
	grep -v eos >"$tmp/in"
echo '{"_cur":"eos","deliveries":2}' >>"$tmp/in"
dedupe
is "$?:$(ids)" "0:a b " "two periods in one stream"
commit
dedupe
is "$(ids)" "" "each has its state"
period=2024-01
stream 20240110T000000Z 2024-01-01:a:1 2024-01-01:b:1 | sed '/"LineItemId":"a"/d' >"$tmp/in"
dedupe
is $? 76 "an item less than end says: 76"
rm -rf "$store"
dedupe --filtered
is "$?:$(end '[.items,.missing]')" "0:[1,1]" "--filtered allows it and counts"
item 2024-01-01:a:1 >"$tmp/in"
dedupe
is $? 76 "a bare stream is refused"
dedupe --bare --export hourly
is $? 64 "--bare wants names"
dedupe --bare --export hourly --period 2024-01
is "$?:$(jq -r 'select(._cur=="begin")|.export,.period,.format,.time[1]' "$tmp/out" | tr '\n' ' ')" "0:hourly 2024-01 cur1 TimeInterval " \
	"a named one is a delivery"
echo '{"some":"thing"}' >"$tmp/in"
dedupe --bare --export hourly --period 2024-01
is $? 65 "items without a time are refused"
stream 20240110T000000Z 2024-01-01:a:1 | sed 's/"export":"hourly","period":"2024-01"/"export":null,"period":null/' >"$tmp/in"
dedupe
is $? 78 "a delivery without names is refused"
dedupe --export hourly --period 2024-01
is "$?:$(end '.export+.period')" '0:"hourly2024-01"' "unless the options name it"
stream x 2024-01-01:a:1 | jq -c . | sed 's/{"identity/{ "identity/' >"$tmp/in"
dedupe
is "$?:$(end .items)" "0:1" "an item with spaces is read"
stream x 2024-01-01:a:1 | sed 's/"}}$/"/' >"$tmp/in"
dedupe
is $? 65 "an item that is cut is not"
like "$(cat "$tmp/err")" "*stdin: line 2:*" "and its line is named"
export=a/b stream x 2024-01-01:a:1 >"$tmp/in"
dedupe
is $? 65 "an export with a slash in its name is refused"

# A big day goes through the spool and comes back; TMPDIR that cannot be written.
export=hourly
rows=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "2024-01-0%d:r%d:%d.5\n", i % 3 + 1, i, i }')
# shellcheck disable=SC2086
stream 20240110T000000Z $rows >"$tmp/in"
commit
# shellcheck disable=SC2086
stream 20240111T000000Z $rows 2024-01-02:new:1 >"$tmp/in"
dedupe
is "$(end '[.items,.seen]')" "[1001,3001]" "one of three days passes, out of the spool"
grep -c '2024-01-02T' "$tmp/out" >"$tmp/n"
is "$(grep -v _cur "$tmp/out" | sort)" "$(items "$tmp/in" | grep 2024-01-02T)" "as it was"
TMPDIR=/nonexistent dedupe
is "$?:$(grep -c '"end"' "$tmp/out")" 73:0 "no place for the spool: 73 and no end"
cur-dedupe --state "$store" --show >"$tmp/show"
is $? 0 "--show exits 0"
like "$(cat "$tmp/show")" "*hourly*2024-01*20240110T000000Z*2024-01-03 *1000 *" "--show prints the state"
cur-dedupe --state "$tmp/none" --show >/dev/null 2>&1
is $? 66 "--show without a document: 66"
ls "$tmp" | grep -c cur-dedupe >/dev/null; is $? 1 "no spool file is left"
done_testing
