#!/bin/sh
# cur-parse: what fixtures cannot say.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
cd "$tmp" || exit 1
fixtures=$here/cur-parse

# run WANTED COMMAND...: the exit of the command, its output in out and err.
run() {
	want=$1
	shift
	"$@" >out 2>err
	got=$?
	[ "$got" -eq "$want" ] || { echo "# exit $got, wanted $want:"; sed 's/^/# /' err | head -5; }
	[ "$got" -eq "$want" ]
}

# no_end NAME: nothing in out may look like success.
no_end() {
	! grep -q -e '^{"_cur":"end"' -e '^{"_cur":"eos"' out
	ok $? "$1: neither end nor eos"
}

items() {
	grep -v '^{"_cur":' out
}

header='identity/LineItemId,identity/TimeInterval,lineItem/UnblendedCost'
interval=2024-01-01T00:00:00Z/2024-01-02T00:00:00Z

# rows FROM TO: a part.
rows() {
	echo "$header"
	seq "$1" "$2" | sed "s|.*|id&,$interval,0.00&|"
}

# stream PARTS PATH...: part marks.
stream() {
	parts=$1
	shift
	echo '{"_cur":"begin","v":1,"export":"e","period":"2024-01","version":"v","delivered":null,"source":"s","parts":'"$parts"',"x":1}'
	for path; do
		echo '{"_cur":"part","n":1,"path":"'"$path"'"}'
	done
	echo '{"_cur":"end","export":"e","period":"2024-01","version":"v","parts":'"$parts"',"y":2}'
	echo '{"_cur":"eos","deliveries":1}'
}

rows 1 50 >one.csv
rows 51 90 >two.csv
gzip -c one.csv >one.csv.gz
cat one.csv two.csv | sed "1!{/^identity/d;}" >both.csv

# What it is packed in does not show.
run 0 cur-parse one.csv; ok $? 'a file'
cp out plain
run 0 cur-parse one.csv.gz; ok $? 'the same in gzip'
same out plain 'gzip gives what plain gives'
{ head -n 20 one.csv | gzip; tail -n +21 one.csv | gzip; } >members.csv.gz
run 0 cur-parse members.csv.gz; same out plain 'so do two gzip members'
cur-parse <one.csv >out; same out plain 'so does stdin'
cur-parse - <one.csv >out; same out plain 'and stdin as -'
cur-parse <one.csv.gz >out; same out plain 'and gzip on stdin'
dd if=one.csv bs=1 2>/dev/null | cur-parse >out; same out plain 'and a pipe that brings one byte at a time'
dd if=one.csv.gz bs=1 2>/dev/null | cur-parse >out; same out plain 'and gzip in such a pipe'
mkfifo pipe && { cat one.csv >pipe & } && run 0 cur-parse pipe; same out plain 'and a named pipe'
if command -v python3 >/dev/null 2>&1; then
	python3 - <<-'END'
		import sys, zipfile
		data = open('one.csv', 'rb').read()
		for name, method in ('deflated', zipfile.ZIP_DEFLATED), ('stored', zipfile.ZIP_STORED), ('bzip2', zipfile.ZIP_BZIP2):
		    with zipfile.ZipFile(name + '.zip', 'w', method) as z:
		        z.writestr('other-name.csv', data)
		with zipfile.ZipFile('zip64.zip', 'w', zipfile.ZIP_DEFLATED) as z, z.open('x', 'w', force_zip64=True) as f:
		    f.write(data)
		class Pipe:
		    def __init__(self, f): self.f = f
		    def write(self, b): return self.f.write(b)
		    def flush(self): self.f.flush()
		for name, wide in ('streamed', False), ('streamed64', True):
		    with open(name + '.zip', 'wb') as f, zipfile.ZipFile(Pipe(f), 'w', zipfile.ZIP_DEFLATED) as z, \
		            z.open('x', 'w', force_zip64=wide) as g:
		        g.write(data)
		with zipfile.ZipFile('two.zip', 'w') as z:
		    z.writestr('a', data)
		    z.writestr('b', data)
		zipfile.ZipFile('none.zip', 'w').close()
	END
	for kind in deflated stored zip64 streamed streamed64; do
		run 0 cur-parse $kind.zip; same out plain "a $kind zip gives what plain gives"
	done
	dd if=streamed.zip bs=1 2>/dev/null | cur-parse >out; same out plain 'and a zip that comes one byte at a time'
	run 65 cur-parse two.zip; ok $? 'a zip of two members'
	like "$(cat err)" 'cur-parse: two.zip: packed byte [0-9]*: the zip has more than one member' 'and why'
	no_end 'two members'
	run 65 cur-parse none.zip; ok $? 'a zip of none'
	run 65 cur-parse bzip2.zip; ok $? 'a zip in bzip2'
else
	skip 'zip gives what plain gives' 'no python3 here'
fi

# Cut at any byte, it is no success.
for file in one.csv.gz $([ ! -f streamed.zip ] || echo streamed.zip deflated.zip); do
	rows 1 1 >small.csv
	case $file in
	*.gz) gzip -c small.csv >small ;;
	*) cp "$file" small ;;
	esac
	bytes=$(wc -c <small)
	wrong=
	n=1
	while [ "$n" -lt "$bytes" ]; do
		head -c "$n" small >cut.bin
		cur-parse cut.bin >out 2>err
		[ $? -eq 65 ] && ! grep -q -e '"_cur":"end"' -e '"_cur":"eos"' out || wrong="$wrong $n"
		n=$((n + 1 + bytes / 150))
	done
	is "$wrong" '' "$file cut anywhere is 65 and has no end"
done
head -c 100 one.csv.gz >cut.csv.gz
run 65 cur-parse cut.csv.gz
is "$(cat err)" 'cur-parse: cut.csv.gz: packed byte 100: the file ends inside gzip data' 'a cut gzip is told with its byte'
{ cat one.csv.gz; echo; } >trailing.csv.gz
run 65 cur-parse trailing.csv.gz; ok $? 'bytes after gzip'
no_end 'bytes after gzip'
: >nothing.csv
run 65 cur-parse nothing.csv; ok $? 'a part of 0 bytes'
is "$(cat err)" 'cur-parse: nothing.csv: the part is empty' 'and why'
gzip -c nothing.csv >nothing.csv.gz
run 65 cur-parse nothing.csv.gz; is "$(cat err)" 'cur-parse: nothing.csv.gz: the part is empty' 'a gzip of nothing'

# Parts and deliveries.
run 0 cur-parse --export hourly --period 2024-01 both.csv; cp out wanted
run 0 cur-parse --export hourly --period 2024-01 one.csv two.csv; ok $? 'two parts of one delivery'
sed 's/"parts":2/"parts":1/' out >out1
same out1 wanted 'give what one file of all rows gives'
run 0 cur-parse one.csv two.csv
is "$(grep -c '"_cur":"begin"' out) $(tail -n 1 out)" '2 {"_cur":"eos","deliveries":2}' 'without a name each file is a delivery'
cur-parse two.csv - <one.csv >out2; ok $? 'a file and stdin'
is "$(grep -vc '^{"_cur":' out2)" 90 'and all their rows'
sed 's/UnblendedCost/unblendedCost/' two.csv >other.csv
run 65 cur-parse --export e --period 2024-01 one.csv other.csv; ok $? 'parts with two headers'
is "$(cat err)" 'cur-parse: other.csv: row 1, byte 0: the header is not the first part'\''s: column 3 is "lineItem/unblendedCost", there "lineItem/UnblendedCost"' 'the column is named'
no_end 'two headers'
sed 's/$/,9/; 1s/9$/more/' two.csv >more.csv
run 65 cur-parse --export e --period 2024-01 one.csv more.csv
like "$(cat err)" '*column 4 is "more", there it is missing' 'a column too many'
run 65 cur-parse --export e --period 2024-01 more.csv one.csv
like "$(cat err)" '*column 4 is missing, there "more"' 'a column too few'
printf '%s\n%s\n' 'ChargePeriodStart,BilledCost' '2024-01-01T00:00:00Z,1' >focus.csv
run 0 cur-parse one.csv focus.csv
is "$(grep -o '"format":"[a-z0-9]*"' out | tr '\n' ' ')" '"format":"cur1" "format":"focus" ' 'deliveries may differ in format'

# Marks.
stream 2 one.csv two.csv | cur-parse >out; ok $? 'part marks'
items >items1; run 0 cur-parse both.csv; items >items2; same items1 items2 'the same items'
stream 2 one.csv two.csv | cur-parse >out
is "$(head -n 1 out)" '{"_cur":"begin","v":1,"export":"e","period":"2024-01","version":"v","delivered":null,"source":"s","parts":2,"x":1,"format":"cur1","columns":["identity/LineItemId","identity/TimeInterval","lineItem/UnblendedCost"],"id":["identity","LineItemId"],"time":["identity","TimeInterval"]}' 'begin is passed on, with the columns'
is "$(tail -n 2 out)" '{"_cur":"end","export":"e","period":"2024-01","version":"v","parts":2,"y":2,"items":90,"rejected":0}
{"_cur":"eos","deliveries":1}' 'end is passed on, with the counts'
stream 1 one.csv | head -n 3 | run 76 cur-parse; ok $? 'a stream without eos'
stream 1 one.csv | head -n 2 | run 76 cur-parse; ok $? 'a stream without end'; no_end 'a stream without end'
stream 2 one.csv | run 76 cur-parse; ok $? 'a stream with a part too few'; no_end 'a part too few'
stream 1 one.csv | head -c -1 | run 76 cur-parse; ok $? 'a cut line'
stream 1 absent.csv | run 66 cur-parse; ok $? 'a part that is not there'; no_end 'a part that is not there'
stream 1 nothing.csv | run 65 cur-parse; ok $? 'a marked part of 0 bytes'; no_end 'a marked part of 0 bytes'
mark_bytes() {
	stream 1 one.csv.gz | sed 's|"path"|"bytes":'"$1"',&|'
}
bytes=$(wc -c <one.csv.gz)
mark_bytes "$bytes" | run 0 cur-parse; ok $? 'a part of the bytes its mark says'
mark_bytes $((bytes - 1)) | run 75 cur-parse; ok $? 'one byte more: it is being replaced'; no_end 'one byte more'
is "$(cat out)" '' 'and it is not read'
mark_bytes $((bytes + 1)) | run 75 cur-parse; ok $? 'one byte less'
{ cat one.csv.gz >pipe & } && mark_bytes $((bytes + 1)) | sed 's/one.csv.gz/pipe/' | run 75 cur-parse
ok $? 'the same where only reading tells'; no_end 'where only reading tells'
mark_time() {
	stream 1 one.csv.gz | sed 's|"path"|"modified":"'"$1"'",&|'
}
mark_time "$(stat -c %.9Y one.csv.gz)" | run 0 cur-parse; ok $? 'a part modified when its mark says'
mark_time 1700000000.000000000 | run 75 cur-parse; ok $? 'another time: it is being replaced'; no_end 'another time'
cp one.csv temporary.csv
stream 1 temporary.csv | run 0 cur-parse; [ -f temporary.csv ]; ok $? 'a part stays'
stream 1 temporary.csv | sed 's/"path"/"temporary":true,&/' | run 0 cur-parse; ok $? 'a temporary part'
[ ! -f temporary.csv ]; ok $? 'is deleted'
echo 'x,y' >>other.csv; cp other.csv temporary.csv
stream 1 temporary.csv | sed 's/"path"/"temporary":true,&/' | run 65 cur-parse; [ -f temporary.csv ]; ok $? 'one that is bad is not'
stream 1 one.csv | sed 's/"period":"2024-01"/"period":null/' | run 0 cur-parse --export f --period 2024-02
is "$(grep -o '"export":"."\|"period":"[^"]*"' out | tr '\n' ' ')" '"export":"e" "period":"2024-02" "export":"e" "period":"2024-02" ' 'options fill in what marks leave null'
{ stream 1 one.csv | head -n 3; stream 1 two.csv | sed 's/-01"/-02"/; s/"deliveries":1/"deliveries":2/'; } | run 0 cur-parse; ok $? 'two deliveries'
{ stream 1 one.csv | head -n 3; stream 1 two.csv | sed 's/"deliveries":1/"deliveries":2/'; } | run 65 cur-parse; ok $? 'one delivery twice'

# Rejects.
cp one.csv in.csv
run 64 cur-parse --rejects in.csv in.csv; ok $? 'rejects into the report'
same one.csv in.csv 'which stays'
cur-parse --rejects same.out one.csv >same.out 2>err; is $? 64 'rejects into standard output'
rm -f same.out in.csv
run 64 cur-parse --export a/b --period 2024-01 one.csv; ok $? 'an export with a slash'
run 0 cur-parse --rejects bad.ndjson "$fixtures/rejects.in"
sed "s|$fixtures/rejects.in|stdin|" bad.ndjson >bad2
same bad2 "$fixtures/rejects.ndjson" 'rejects: the lines'
echo old >bad.ndjson
run 0 cur-parse --rejects bad.ndjson one.csv; [ ! -s bad.ndjson ]; ok $? 'without rejects the file is empty'
printf '%s\n' 'lineItem/UsageStartDate' "$(printf 'caf\351')" >"$(printf 'caf\351.csv')"
run 0 cur-parse --rejects bad.ndjson "$(printf 'caf\351.csv')"
is "$(cut -d, -f1 bad.ndjson)" "$(printf '{"file":"caf\357\277\275.csv"')" 'a file name that is no UTF-8'
run 73 cur-parse --rejects no/where one.csv; ok $? 'a file that cannot be made'
{ cat one.csv; echo bad; } >one-bad.csv
run 0 cur-parse --rejects bad.ndjson --export e --period 2024-01 one-bad.csv two.csv one-bad.csv
is "$(tail -n 2 out | head -n 1)" '{"_cur":"end","export":"e","period":"2024-01","version":null,"parts":3,"items":140,"rejected":2}' 'end counts them'
size=$(wc -c <one.csv)
is "$(cut -d, -f1-3 bad.ndjson | sort -u)" "{\"file\":\"one-bad.csv\",\"row\":52,\"byte\":$size" 'with file, row and byte'
if command -v strace >/dev/null 2>&1 && strace -o trace true 2>/dev/null; then
	strace -o trace -e trace=write,fsync -s 20 cur-parse --rejects bad.ndjson one-bad.csv >out 2>err
	is "$(grep -oE '^(fsync|write\(1)' trace | tr '\n' ' ')" 'write(1 fsync write(1 write(1 ' 'they are durable before end'
else
	skip 'they are durable before end' 'no strace here'
fi
{ cat one.csv; head -c 17000000 /dev/zero | tr '\0' x; } | run 65 cur-parse --rejects bad.ndjson
ok $? 'a row above 16 MiB stops it all the same'
like "$(cat err)" 'cur-parse: stdin: row 52, byte [0-9]*: the row is longer than 16 MiB' 'and why'
no_end 'a row above 16 MiB'
run 65 cur-parse --rejects bad.ndjson cut.csv.gz; ok $? 'so does a cut gzip'

# Descriptors.
if [ -w /dev/full ]; then
	cur-parse one.csv >/dev/full 2>err; is $? 74 'stdout on a full disk'
	run 74 cur-parse --rejects /dev/full one-bad.csv; ok $? 'rejects on a full disk'; no_end 'rejects on a full disk'
	cur-parse --help >/dev/full 2>err; is $? 74 'help on a full disk'
else
	skip 'stdout on a full disk' 'no /dev/full here'
fi
cur-parse one.csv >&- 2>err; is $? 74 'stdout closed'
cur-parse <&- >out 2>err; is $? 74 'stdin closed'; no_end 'stdin closed'
cur-parse one.csv <&- >out 2>err; is $? 0 'stdin closed, and not needed'
cur-parse <. >out 2>err; is $? 74 'stdin that cannot be read'
rows 1 20000 >long.csv
{ cur-parse long.csv; echo $? >status; } 2>err | head -n 1 >/dev/null
is "$(cat status) $(cat err)" '141 ' 'a reader that leaves: SIGPIPE, quietly'
if [ "$(id -u)" -ne 0 ]; then
	cp one.csv secret.csv && chmod 0 secret.csv
	run 77 cur-parse secret.csv; ok $? 'a file that may not be read'
else
	skip 'a file that may not be read' 'root may read all'
fi

# People.
run 0 cur-parse -v --no-progress one.csv; like "$(cat err)" 'cur-parse: 50 rows, 0.0 MB in *.* s' '-v'
run 0 cur-parse --progress long.csv; ok $? '--progress'
run 0 cur-parse --no-progress long.csv; is "$(cat err)" '' '--no-progress says nothing'
run 0 cur-parse --version; like "$(cat out)" 'cur-parse [0-9]*' '--version'
run 0 cur-parse --help; like "$(cat out)" 'usage: cur-parse *' '--help'

# Memory does not grow with the report.
case $BUILD in
*san) skip 'memory' 'the sanitizers take theirs' ;;
*)
	if command -v python3 >/dev/null 2>&1; then
		rows 1 1000000 | python3 -c '
import resource, subprocess
status = subprocess.call(["cur-parse", "-"], stdout=subprocess.DEVNULL)
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 16 * 1024)' >out
		is "$(cat out)" '0 True' 'a million rows in 16 MiB'
	else
		skip 'a million rows in 16 MiB' 'no python3 here'
	fi
	;;
esac
done_testing
