#!/bin/sh
# Four deliveries of one month go through the pipe, into a store in a directory.
# BIN names the folder of the programs, OUT the folder that is filled.  Any step that fails ends the demo with 1.
here=$(cd "$(dirname "$0")" && pwd)
: "${BIN:=$PWD/build/bin}" "${OUT:=build/demo}"
PATH=$BIN:$PATH
export PATH LC_ALL=C
aws=$OUT/aws store=$OUT/store work=$OUT/work
by=day,lineItem.ProductCode of=lineItem.UnblendedCost

fail() {
	echo "demo: $*" >&2
	exit 1
}

# stage PROGRAM ARGUMENT...: a stage of a pipe whose failure nobody overlooks.
stage() {
	"$@" 2>>"$work/messages" || echo "$1: exit $?" >>"$work/failed"
}

# Says what the stages said; ends the demo when one of them failed.
settle() {
	sed 's/^/    /' "$work/messages"
	if [ -s "$work/failed" ]; then
		fail "$(cat "$work/failed")"
	fi
	: >"$work/messages"
}

# deliver N ASSEMBLY: AWS puts the parts first, then the manifest, at last the copy of it that leads here.
deliver() {
	period=$aws/finops/daily/20240101-20240201
	mkdir -p "$period/$2" || fail "cannot make $period/$2"
	awk -v delivery="$1" -v assembly="$2" -v out="$period/$2" -f "$here/report.awk" || fail "no report"
	rows=$(cat "$period/$2"/*.csv | grep -vc '^identity/LineItemId')
	gzip -n "$period/$2"/*.csv || fail "no parts"
	cp "$period/$2/daily-Manifest.json" "$period/daily-Manifest.json" || fail "no manifest"
}

# The main job.
load() {
	stage cur-fetch "$aws" | stage cur-parse | stage cur-dedupe --state "$store" | stage cur-sink-s3 "$store" >"$work/receipt"
	settle
}

# count MEMBER: of the receipt.
count() {
	sed -n "s/.*\"_cur\":\"receipt\".*\"$1\":\([0-9]*\)[,}].*/\1/p" "$work/receipt"
}

show_receipt() {
	changed=$(sed -n 's/.*"coverage":\[\([^]]*\)\].*/\1/p' "$work/receipt" | tr -d '"')
	[ "$(wc -l <"$work/receipt")" -eq 2 ] || fail "not one receipt came: $(cat "$work/receipt")"
	if [ -n "$changed" ]; then
		echo "    days that changed  $(echo "$changed" | tr ',' '\n' | cut -d- -f3 | paste -s -d ' ' -)"
	else
		echo "    days that changed  none"
	fi
	echo "    objects            $(count written) written, $(count unchanged) unchanged, $(count removed) removed"
}

# The report and the store, summed by day and service: the same bytes.
compare() {
	stage cur-fetch "$aws" | stage cur-parse | stage cur-sum --by "$by" --of "$of" >"$work/report-sums"
	stage cur-sum --by "$by" --of "$of" "$store" >"$work/store-sums"
	settle
	[ -s "$work/report-sums" ] || fail "there are no sums"
	cmp "$work/report-sums" "$work/store-sums" >&2 || fail "the sums of report and store differ"
	total=$(stage cur-sum --of "$of" "$store" | sed "s/.*\"$of\":\"\([^\"]*\)\".*/\1/")
	settle
	echo "    sums               $(wc -l <"$work/store-sums") by day and service, the same in report and store; in all $total USD"
}

# Everything in the store, with what would tell a rewrite: inode, time, size.
listing() {
	find "$store" -type f -exec stat -c '%n %i %y %s' {} + | sort
}

step() {
	echo
	echo "$1, $rows rows: $2"
	load
	show_receipt
	compare
}

rm -rf "$aws" "$store" "$work"
mkdir -p "$work" || fail "cannot make $work"
: >"$work/messages"

echo "A daily report of January 2024 is delivered four times to $aws, and after each delivery this runs:"
echo
echo "    cur-fetch $aws | cur-parse | cur-dedupe --state $store | cur-sink-s3 $store"

deliver 1 20240108T053012Z
step '8 January' 'the first seven days'
deliver 2 20240112T054417Z
step '12 January' 'four more days; the 1st and the 4th restated, a row of the 6th gone, one of the 3rd with a new id'
deliver 3 20240113T052203Z
step '13 January' 'a late row for the 5th, and a fee that starts on the 31st'
deliver 4 20240116T053951Z
step '16 January' 'four more days, and a new tag column: resourceTags/user:costcenter'

echo
echo 'The same delivery again:'
listing >"$work/before"
load
show_receipt
listing >"$work/after"
cmp "$work/before" "$work/after" >&2 || fail "the repeat touched the store"
[ "$(count written)" = 0 ] || fail "the repeat wrote $(count written) objects"
echo "    every file of the store has its inode, size and time as before"

echo
echo "The store: $store"
find "$store" -mindepth 1 | sort | sed "s|^$store/||; s|[^/]*/|    |g; s|^|    |"

echo
echo "\$ cur-sum --table --by $by --of $of $store"
cur-sum --table --by "$by" --of "$of" "$store" >"$work/table" || fail "cur-sum: exit $?"
head -n 12 "$work/table"
echo "... ($(($(wc -l <"$work/table") - 34)) lines more: $work/table)"
tail -n 22 "$work/table"
echo
echo "\$ cur-sum --table --by lineItem.ProductCode --of $of $store"
cur-sum --table --by lineItem.ProductCode --of "$of" "$store" || fail "cur-sum: exit $?"
