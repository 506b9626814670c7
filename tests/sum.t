#!/bin/sh
# cur-sum: what fixtures cannot show.  Stores, operands, closed and full descriptors.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need gzip

stream=$here/cur-sum/legacy.in
whole='{"currency":"USD","items":6,"lineItem.UnblendedCost":"0.6000007993"}'
zeros=00000000000000000000000000000000

# The items of the fixture in three objects, as cur-sink-s3 stores them: their bytes never change, so their hashes stand here.
one=1-of-2-3-bb7b4eabab0389b503f4de2434231d6c.ndjson.gz
two=2-of-2-3-0dd994292ffd806354e71126f0b628e7.ndjson.gz
late=1-of-1-3-f998913b80c64dde3d40a9d16e547eba.ndjson.gz

# object LINES DAY NAME: of the fixture, by sed; put into $folder.
object() {
	mkdir -p "$folder/day=$2"
	sed -n "$1p" "$stream" | gzip -n >"$folder/day=$2/$3"
}

# document [SED]: the document, perhaps edited.
document() {
	mkdir -p "$store/_cur/hourly"
	sed "${1:-}" >"$store/_cur/hourly/2024-01.json" <<-EOS
	{"v":1,"export":"hourly","period":"2024-01","generation":3,"version":"20240117T053012Z","delivered":"2024-01-17T05:30:12Z","source":null,"format":"cur1","columns":[],"id":["identity","LineItemId"],"time":["identity","TimeInterval"],"latest":null,"days":{"2024-01-01":{"items":5,"digest":"$zeros","objects":["$one","$two"]},"2024-01-02":{"items":1,"digest":"$zeros","objects":["$late"]}}}
	EOS
}

fresh_store() {
	store=$tmp/store folder=$tmp/store/export=hourly/billing_period=2024-01
	rm -rf "$store"
	object 3,4 2024-01-01 $one
	object 5,7 2024-01-01 $two
	object 2 2024-01-02 $late
	document
}

# sum STATUS NAME ARGS...: exits so, and says nothing on stdout when it fails.
sum() {
	want=$1 name=$2
	shift 2
	out=$(cur-sum "$@" 2>"$tmp/err" </dev/null)
	is "$?" "$want" "$name: exit $want" || sed 's/^/# /' "$tmp/err"
	[ "$want" -eq 0 ] || is "$out" '' "$name: no output"
	err=$(cat "$tmp/err")
}

# Calls.
sum 0 '--help' --help
like "$out" 'usage: cur-sum *' '--help shows the usage'
sum 0 '--version' --version
like "$out" 'cur-sum [0-9]*' '--version shows it'
sum 64 'an unknown option' --nothing
sum 64 '--by with an empty name' --by day,,month
sum 64 '--by of nothing' --by ''
sum 64 'a name given twice' --by day --by day
sum 64 'a name to group by and to add' --by lineItem.UnblendedCost --of lineItem.UnblendedCost
sum 64 'a name that every line has' --by items
sum 64 'a name that is not UTF-8' --by "$(printf 'a\377')"
sum 64 'a period that is none' --period 2024-1
sum 66 'an operand that is not there' "$tmp/nothing"

# Streams.
is "$(cur-sum "$stream")" "$whole" 'a file as operand'
is "$(cur-sum - <"$stream")" "$whole" 'stdin as operand'
is "$(cur-sum "$stream" "$here/cur-sum/bare.in")" "$(echo "$whole" | sed 's/6,/12,/; s/0.6000007993/1.2000015986/')" 'two files'
is "$(dd bs=1 if="$stream" 2>/dev/null | cur-sum)" "$whole" 'byte by byte'
is "$(cur-sum --progress -v "$stream" 2>/dev/null)" "$whole" 'with progress'
like "$(cur-sum -v "$stream" 2>&1 >/dev/null)" 'cur-sum: 6 items, *' '-v counts the items'
cur-sum "$stream" >/dev/full 2>"$tmp/err"
is $? 74 'a full disk: exit 74'
cur-sum --table "$stream" >/dev/full 2>"$tmp/err"
is $? 74 'a full disk under a table: exit 74'
cur-sum "$stream" >&- 2>"$tmp/err"
is $? 74 'stdout closed: exit 74'
cur-sum <&- >"$tmp/out" 2>"$tmp/err"
is "$?:$(cat "$tmp/out")" 74: 'stdin closed: exit 74'
cur-sum "$here" >"$tmp/out" 2>"$tmp/err"
is "$?:$(cat "$tmp/out")" 66: 'a folder that is no store: exit 66'

# A store.
fresh_store
sum 0 'a store' "$store"
is "$out" "$whole" 'a store: its sum'
is "$(cur-sum --by day,lineItem.ProductCode --of lineItem.UnblendedCost,lineItem.UsageAmount "$store/")" \
	"$(cat "$here/cur-sum/legacy-by.out")" 'a store and the stream it came from: equal groups'
is "$(cur-sum --table --by day,lineItem.ProductCode "$store")" "$(cat "$here/cur-sum/table.out")" 'the same in a table'
is "$(cur-sum --by export,period "$store")" "{\"export\":\"hourly\",\"period\":\"2024-01\",${whole#?}" 'its export and period'
is "$(cur-sum --export hourly --period 2024-01 "$store")" "$whole" '--export and --period that it has'
sum 66 'a period that it has not' --period 2024-02 "$store"
sum 66 'an export that it has not' --export daily "$store"
is "$(cur-sum "$store" "$stream" | sed 's/.*items"://')" '12,"lineItem.UnblendedCost":"1.2000015986"}' 'a store and a file'

object 2 2024-01-02 1-of-1-4-f998913b80c64dde3d40a9d16e547eba.ndjson.gz
object 2 2024-01-03 $late
echo garbage >"$folder/day=2024-01-02/.tmp"
is "$(cur-sum "$store")" "$whole" 'what the document does not name does not count'

fresh_store
sed -n 3p "$stream" | gzip -n >"$folder/day=2024-01-01/$one"
sed -n 4p "$stream" | gzip -n >>"$folder/day=2024-01-01/$one"
is "$(cur-sum "$store")" "$whole" 'an object of two gzip members'

mkdir -p "$store/_cur/daily"
document 's/"hourly"/"daily"/; s/"days":.*/"days":{}}/'
mv "$store/_cur/hourly/2024-01.json" "$store/_cur/daily/2024-01.json"
document
is "$(cur-sum "$store")" "$whole" 'a document of no days'
document 's/"hourly"/"daily"/'
mv "$store/_cur/hourly/2024-01.json" "$store/_cur/daily/2024-01.json"
cp -r "$store/export=hourly" "$store/export=daily"
document
is "$(cur-sum --by export "$store")" "{\"export\":\"daily\",${whole#?}
{\"export\":\"hourly\",${whole#?}" 'two documents'
is "$(cur-sum --export daily "$store")" "$whole" 'one of two'
rm -r "$store/_cur/daily"
document 's/"items":5/"items":7,"stored":5/'
is "$(cur-sum "$store")" "$whole" 'a day of which a filter left fewer items'
document 's/"format":"cur1"/"format":null/; s/"time":[^]]*]/"time":null/'
is "$(cur-sum --by day "$store" | tail -1)" '{"day":"2024-01-02","currency":"USD","items":1,"lineItem.UnblendedCost":"0.1"}' \
	'a document that does not know its format'

# Stores that are broken.
rm -rf "${store:?}/_cur"
sum 66 'a store without documents' "$store"
fresh_store
rm "$folder/day=2024-01-02/$late"
sum 66 'an object that is missing' "$store"
like "$err" "cur-sum: $store/export=hourly/billing_period=2024-01/day=2024-01-02/$late: *not there" 'it is named'
fresh_store
sed -n 2p "$stream" | sed s/0.1/0.2/ | gzip -n >"$folder/day=2024-01-02/$late"
sum 65 'an object of other bytes' "$store"
like "$err" "cur-sum: $store/export=hourly/*/$late: its bytes are not *" 'it is named'
fresh_store
head -c -9 "$folder/day=2024-01-02/$late" >"$tmp/cut" && mv "$tmp/cut" "$folder/day=2024-01-02/$late"
sum 65 'a cut object' "$store"
like "$err" "cur-sum: $store/export=hourly/*/$late: byte *" 'it is named'
fresh_store
sed -n 2p "$stream" | head -c -1 | gzip -n >"$folder/day=2024-01-02/$late"
sum 65 'an object whose last line is cut' "$store"
fresh_store
document 's/"items":5/"items":6/'
sum 65 'fewer items than the document says' "$store"
like "$err" "*day 2024-01-01 has 5 items, the document says 6" 'the day is named'
document "s/,\"$two\"//"
sum 65 'a document without one of its objects' "$store"
document "s/$late/$late.bak/"
sum 65 'an object whose name has no hash' "$store"
document 's/{/[/'
sum 65 'a document that is no JSON' "$store"
fresh_store
bad=1-of-1-3-b2b7f77ba3f4a4a3a3a6b6e4d1c7c9a1.ndjson.gz
mkdir -p "$folder/day=2024-01-02"
sed -n 2p "$stream" | sed 's/"0.1"/"zero"/' | gzip -n >"$folder/day=2024-01-02/$bad"
document "s/$late/$bad/"
sum 65 'a number that is none in an object' "$store"
like "$err" "cur-sum: $store/*/$bad: line 1: lineItem.UnblendedCost is \"zero\": it is no decimal number" 'it is named'

# The document is swapped, and an object removed, while the first object is open.
fresh_store
gzip -dc "$folder/day=2024-01-01/$one" | gzip -n >"$tmp/first.gz"
rm "$folder/day=2024-01-01/$one"
mkfifo "$folder/day=2024-01-01/$one"
cur-sum "$store" >"$tmp/out" 2>"$tmp/err" &
sum=$!
{
	rm "$folder/day=2024-01-02/$late"
	only=$(echo "$two" | sed 's/^2-of-2/1-of-1/')
	cp "$folder/day=2024-01-01/$two" "$folder/day=2024-01-01/$only"
	document "s/\"$one\",\"$two\"/\"$only\"/; s/\"items\":5/\"items\":3/; s/,\"2024-01-02\":{[^}]*}//"
	cat "$tmp/first.gz"
} >"$folder/day=2024-01-01/$one" &
swap=$!
wait $sum
is "$?:$(cat "$tmp/err")" 0: 'a document swapped meanwhile: exit 0'
kill $swap 2>/dev/null
wait $swap
is "$(cat "$tmp/out")" '{"currency":"USD","items":3,"lineItem.UnblendedCost":"0.3000008"}' 'the sum is of the new document alone'
printf '{"lineItem":{"UsageStartDate":"2024-01-01T00:00:00Z","UnblendedCost":"1"}}\n' >"$tmp/in"
cur-sum --of lineItem.UnblendedCst <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
like "$?:$(cat "$tmp/err")" "0:*lineItem.UnblendedCst: no item has a value of that name*" "a name that no item has is said"
done_testing
