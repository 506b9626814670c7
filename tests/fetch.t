#!/bin/sh
# cur-fetch on local directories and files: what it finds, brings and refuses.
cd "$(dirname "$0")/.." || exit 1
samples=$PWD/../shared/samples
. tests/tap.sh
arn=arn:aws:bcm-data-exports:us-east-1:123456789012:export/daily-01234567-89ab-cdef-0123-456789abcdef

# put PATH [TEXT]: a file, with its folders.
put() {
	mkdir -p "${1%/*}"
	printf '%s' "${2-}" >"$1"
}

# list KEY...: as a JSON array.
list() {
	printf '['
	comma=
	for key; do
		printf '%s"%s"' "$comma" "$key"
		comma=,
	done
	printf ']'
}

# legacy MANIFEST REPORT PERIODFOLDER VERSION KEY...
legacy() {
	file=$1 report=$2 start=${3%%-*} version=$4
	shift 4
	put "$file" "{\"assemblyId\":\"$version\",\"bucket\":\"b\",\"reportName\":\"$report\",
 \"billingPeriod\":{\"start\":\"${start}T000000.000Z\"},\"reportKeys\":$(list "$@")}"
}

# created ROOT REPORT PERIODFOLDER VERSION: a create-new delivery of two parts, with both its manifests.
created() {
	dir=$1/p/$2/$3 key=p/$2/$3/$4/$2-0000
	put "$dir/$4/$2-00001.csv.gz" one
	put "$dir/$4/$2-00002.csv.gz" second
	legacy "$dir/$4/$2-Manifest.json" "$2" "$3" "$4" "${key}1.csv.gz" "${key}2.csv.gz"
	legacy "$dir/$2-Manifest.json" "$2" "$3" "$4" "${key}1.csv.gz" "${key}2.csv.gz"
}

# exported ROOT EXPORT PARTITION: an overwrite delivery of Data Exports, of one part.
exported() {
	put "$1/p/$2/data/$3/$2-00001.csv.gz" part
	put "$1/p/$2/metadata/$3/$2-Manifest.json" "{\"executionId\":\"e1\",\"exportArn\":\"$arn\",
 \"dataFiles\":[\"s3://b/p/$2/data/$3/$2-00001.csv.gz\"]}"
}

# fetch ARG...: out, err, status.
fetch() {
	cur-fetch "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(cat "$tmp/out") err=$(cat "$tmp/err")
}

# found: the deliveries that began, in short: export:period:version.
found() {
	sed -n 's/^{"_cur":"begin".*"export":"*\([^,"]*\)"*,"period":"*\([^,"]*\)"*,"version":"*\([^,"]*\)"*,.*/\1:\2:\3/p' \
		"$tmp/out" | tr '\n' ' '
}

# brings WANTED NAME: it went well.
brings() {
	is "$status:$(found)" "0:$1" "$2"
}

# fails STATUS MESSAGE NAME: and nothing that began was ended.
fails() {
	is "$status" "$1" "$3: exit $1"
	like "$err" "$2" "$3: says so"
	case $out in
	*'"end"'* | *eos*) ok 1 "$3: no end" ;;
	*) ok 0 "$3: no end" ;;
	esac
}

# A delivery to the last byte.
created "$tmp/a" hourly 20240101-20240201 20240117T053012Z
fetch "$tmp/a"
v=$tmp/a/p/hourly/20240101-20240201/20240117T053012Z
k=s3://b/p/hourly/20240101-20240201/20240117T053012Z
cat >"$tmp/want" <<EOF
{"_cur":"begin","v":1,"export":"hourly","period":"2024-01","version":"20240117T053012Z","delivered":"2024-01-17T05:30:12Z","source":"s3://b/p/hourly","parts":2}
{"_cur":"part","n":1,"path":"$v/hourly-00001.csv.gz","source":"$k/hourly-00001.csv.gz","bytes":3}
{"_cur":"part","n":2,"path":"$v/hourly-00002.csv.gz","source":"$k/hourly-00002.csv.gz","bytes":6}
{"_cur":"end","export":"hourly","period":"2024-01","version":"20240117T053012Z","parts":2}
{"_cur":"eos","deliveries":1}
EOF
is "$status" 0 "a legacy delivery"
is "$(grep -c "\"modified\":\"$(stat -c %.9Y "$v/hourly-00001.csv.gz")\"" "$tmp/out")" 1 "a part mark says when its file was modified"
sed -i 's/,"modified":"[0-9.]*"//' "$tmp/out"
same "$tmp/want" "$tmp/out" "its marks"
is "$err" "" "nothing to say about it"
for dir in a/ a/p a//p/hourly/ a/p/hourly/20240101-20240201; do
	fetch "$tmp/$dir"
	sed 's,//*p/,/p/,' "$tmp/out" | sed 's,s3:/b,s3://b,;s,s3:/p/,s3://b/p/,' >"$tmp/out2"
	brings 'hourly:2024-01:20240117T053012Z ' "the same below $dir"
	is "$(grep -c '"part"' "$tmp/out2")" 2 "with its parts"
done

# What is named relative to where we are stays so.
part() {
	sed -n 's/.*"part".*"path":"\([^"]*\)".*/\1/p' "$tmp/out" | head -n 1
}
within() {
	want=$3
	cd "$tmp/$1" && fetch "$2" && cd "$OLDPWD" || exit 1
	is "$status:$(part)" "0:$want" "$2 in $1"
	[ -n "$(part)" ] && [ -f "$tmp/$1/$(part)" ]
	ok $? "and there it is"
}
h=20240101-20240201 t=20240117T053012Z
within a . "./p/hourly/$h/$t/hourly-00001.csv.gz"
within a p "p/hourly/$h/$t/hourly-00001.csv.gz"
within a/p/hourly/$h . "./$t/hourly-00001.csv.gz"
within a/p/hourly/$h hourly-Manifest.json "$t/hourly-00001.csv.gz"
within a/p/hourly/$h "$t/hourly-Manifest.json" "$t/../$t/hourly-00001.csv.gz"
within a/p/hourly/$h/$t hourly-Manifest.json "../$t/hourly-00001.csv.gz"
within a/p/hourly/$h/$t ./hourly-Manifest.json "./../$t/hourly-00001.csv.gz"
within a/p/hourly ../hourly/$h "../hourly/$h/$t/hourly-00001.csv.gz"
within a/p/hourly $h/$t/hourly-Manifest.json "$h/$t/hourly-00001.csv.gz"
exported "$tmp/d" daily BILLING_PERIOD=2024-01
m=metadata/BILLING_PERIOD=2024-01 f=data/BILLING_PERIOD=2024-01/daily-00001.csv.gz
within d . "./p/daily/$f"
within d/p/daily . "./$f"
within d/p/daily metadata "$f"
within d/p/daily "$m/daily-Manifest.json" "$f"
within d/p/daily/metadata BILLING_PERIOD=2024-01 "BILLING_PERIOD=2024-01/../../$f"
within d/p/daily/$m . "./../../$f"
within d/p/daily/$m daily-Manifest.json "../../$f"
fetch "$tmp/d"
like "$out" "*\"version\":\"e1\",\"delivered\":null,\"source\":\"$arn\"*\"source\":\"s3://b/p/daily/$f\"*" "Data Exports: its marks"

# Which periods: the newest and the one before it, for each export.
for month in 20231101-20231201 20231201-20240101 20240201-20240301; do
	created "$tmp/a" hourly $month ${month%%-*}T000000Z
done
exported "$tmp/a" focus billing_period=2023-06
exported "$tmp/a" focus billing_period=2023-04
v11=20231101T000000Z v12=20231201T000000Z v01=$t v02=20240201T000000Z
fetch "$tmp/a"
brings "focus:2023-06:e1 hourly:2024-01:$v01 hourly:2024-02:$v02 " "the newest period and the one before it"
fetch --all "$tmp/a"
brings "focus:2023-04:e1 focus:2023-06:e1 hourly:2023-11:$v11 hourly:2023-12:$v12 hourly:2024-01:$v01 hourly:2024-02:$v02 " "--all"
is "$(tail -n 1 "$tmp/out")" '{"_cur":"eos","deliveries":6}' "eos counts them"
fetch --since 2023-12 "$tmp/a"
brings "hourly:2023-12:$v12 hourly:2024-01:$v01 hourly:2024-02:$v02 " "--since"
fetch --period 2023-11 --period 2023-06 "$tmp/a"
brings "focus:2023-06:e1 hourly:2023-11:$v11 " "--period, twice"
fetch --period 2022-01 "$tmp/a"
fails 66 '*no delivery of billing period 2022-01' "a period that is not there"
fetch --period 2023-11 --period 2022-01 "$tmp/a"
fails 66 '*no delivery of billing period 2022-01' "one of two periods that is not there"
fetch --since 2025-01 "$tmp/a"
fails 66 '*no delivery of billing period 2025-01 or later' "nothing since then"
fetch "$tmp/a/p/hourly/20231101-20231201" "$tmp/a/p/hourly/20240201-20240301/hourly-Manifest.json"
brings "hourly:2023-11:$v11 hourly:2024-02:$v02 " "what is named itself is brought however old"
created "$tmp/later" hourly 20240601-20240701 20240602T000000Z
fetch "$tmp/a/p/hourly" "$tmp/later/p/hourly/20240601-20240701/hourly-Manifest.json"
brings "hourly:2024-01:$v01 hourly:2024-02:$v02 hourly:2024-06:20240602T000000Z " "and does not make others older"
fetch --since 2024-01 "$tmp/a/p/hourly/20231101-20231201" "$tmp/a/p/hourly/20240201-20240301/hourly-Manifest.json"
brings "hourly:2024-02:$v02 " "unless an option says otherwise"
fetch "$tmp/a" "$tmp/a/p" "$tmp/a/p/hourly/$h/hourly-Manifest.json"
brings "focus:2023-06:e1 hourly:2024-01:$v01 hourly:2024-02:$v02 " "what is named twice is read once"
for wrong in '--period 2024-13' '--period 2024' '--since x' '--all --since 2024-01' '--all --period 2024-01' \
	'--since 2024-01 --period 2024-01' '--nonsense' '--export a/b' '--export ..' '--export '; do
	# shellcheck disable=SC2086
	case $wrong in *' ') fetch --export '' "$tmp/a" ;; *) fetch $wrong "$tmp/a" ;; esac
	is "$status:$out" "64:" "$wrong: exit 64"
done

# Versions, when they are named.
created "$tmp/v" hourly $h 20240118T000000Z
created "$tmp/v" hourly $h 20240119T000000Z
fetch "$tmp/v"
brings "hourly:2024-01:20240119T000000Z " "the newest version"
fetch "$tmp/v/p/hourly/$h/20240118T000000Z/hourly-Manifest.json"
brings "hourly:2024-01:20240118T000000Z " "an older one by its name"
like "$(part)" "*/p/hourly/$h/20240118T000000Z/hourly-00001.csv.gz" "and its own parts"
fetch "$tmp/v/p/hourly/$h/20240118T000000Z/hourly-Manifest.json" "$tmp/v"
fails 65 "*/hourly-Manifest.json and */hourly-Manifest.json are both of export hourly and billing period 2024-01: *" "two of one period"
fetch "$tmp/v/p/hourly/$h/20240118T000000Z"
fails 66 '*only of single versions: to read one, name it, such as */20240118T000000Z/hourly-Manifest.json' "the folder of a version"
created "$tmp/v" hourly 20240201-20240301 20240218T000000Z
rm "$tmp/v/p/hourly/20240201-20240301/hourly-Manifest.json"
fetch "$tmp/v"
brings "hourly:2024-01:20240119T000000Z " "a period that has only versions is left out"
like "$err" "*skipped: */20240201-20240301: only manifests of single versions are here" "with a note"
n=v/daily/metadata/BILLING_PERIOD=2024-01/2024-01-16T15:24:15.653Z-e7
put "$tmp/$n/daily-Manifest.json" "{\"executionId\":\"e7\",\"dataFiles\":[\"s3://b/daily/data/BILLING_PERIOD=2024-01/2024-01-16T15:24:15.653Z-e7/daily-00001.csv.gz\"]}"
put "$tmp/v/daily/data/BILLING_PERIOD=2024-01/2024-01-16T15:24:15.653Z-e7/daily-00001.csv.gz" x
fetch "$tmp/$n/daily-Manifest.json"
brings "daily:2024-01:e7 " "a version of Data Exports"
like "$out" '*"delivered":"2024-01-16T15:24:15Z","source":"s3://b/daily"*' "knows when it was delivered"

# Names.
fetch --export mine "$tmp/d"
brings "mine:2024-01:e1 " "--export renames"
like "$(sed -n 3p "$tmp/out")" '*"export":"mine"*' "in end too"
fetch --export mine "$tmp/a"
is "$status" 64 "--export with two exports: exit 64"
exported "$tmp/n" daily BILLING_PERIOD=2024-01
mv "$tmp/n/p/daily/$m/daily-Manifest.json" "$tmp/n/p/daily/$m/Manifest.json"
fetch "$tmp/n"
brings "daily:2024-01:e1 " "Manifest.json: the name in the ARN"
cp -R "$tmp/d" "$tmp/n/d"
fetch "$tmp/n"
fails 65 "*are both of export daily and billing period 2024-01*" "one export in two places"

# Keys.
legacy "$tmp/k/cur/$h/cur-Manifest.json" cur $h $t "/cur/$h/cur-00001.csv.gz" "//cur/$h//cur-00002.csv.gz"
put "$tmp/k/cur/$h/cur-00001.csv.gz" 1
put "$tmp/k/cur/$h/cur-00002.csv.gz" 2
fetch "$tmp/k"
fails 65 '*outside its own bucket or prefix' "two spellings of a prefix"
legacy "$tmp/k/cur/$h/cur-Manifest.json" cur $h $t "/cur/$h/cur-00001.csv.gz" "/cur/$h//cur-00002.csv.gz"
fetch "$tmp/k"
brings "cur:2024-01:$t " "keys that begin with a slash, and have two"
like "$out" "*\"path\":\"$tmp/k/cur/$h/cur-00002.csv.gz\",\"source\":\"s3://b//cur/$h//cur-00002.csv.gz\"*" "the address keeps them, the path does not"
refuse() {
	name=$1 why=$2
	shift 2
	legacy "$tmp/r/$h/cur-Manifest.json" cur $h $t "$@"
	put "$tmp/r/$h/x.csv" x
	fetch "$tmp/r"
	fails 65 "*r/$h/cur-Manifest.json: $why" "$name"
}
refuse "a part elsewhere" '*outside its own bucket or prefix' "cur/$h/x.csv" "other/$h/x.csv"
refuse "a part of another period" '*outside its own bucket or prefix' "cur/20240201-20240301/x.csv"
refuse "a part twice" '*twice' "cur/$h/x.csv" "cur/$h/x.csv"
refuse "a part above" "*'.' or '..'*" "cur/$h/../x.csv"
put "$tmp/r/$h/cur-Manifest.json" '{"reportKeys":[],"billingPeriod":{"start":"20240201T000000.000Z"}}'
fetch "$tmp/r"
fails 65 "*its billingPeriod is another than its folder's" "another month than the folder's"
put "$tmp/r/$h/cur-Manifest.json" '{"reportKeys":['
fetch "$tmp/r"
fails 65 "*it is no JSON*" "half a manifest"
put "$tmp/r/$h/cur-Manifest.json" ''
fetch "$tmp/r/$h/cur-Manifest.json"
fails 65 "*it is no JSON*" "an empty manifest"
rm "$tmp/r/$h/cur-Manifest.json"
truncate -s 65M "$tmp/r/$h/cur-Manifest.json"
fetch "$tmp/r"
fails 65 "*is larger than 64 MiB" "a manifest of 65 MiB"
put "$tmp/r/$h/cur-Manifest.json" '{"unknown":{"a":[1,null]},"columns":[{"category":"bill","name":"X"}],"reportKeys":[]}'
fetch "$tmp/r"
brings "cur:2024-01:null " "unknown members, no parts"
like "$err" '*names no parts*' "of which it warns"
like "$out" '*"source":null,"parts":0}*' "and its source is not known"
put "$tmp/r/flat/cur-Manifest.json" '{"reportKeys":[]}'
fetch "$tmp/r/flat/cur-Manifest.json"
fails 65 '*stands in no folder of a billing period' "a manifest out of its folder"
fetch "$tmp/r/flat"
fails 66 '*skipped: *cur-Manifest.json*no manifest of a report is here' "the same found by a walk"

# Parts that are not there.
created "$tmp/m" hourly $h $t
rm "$tmp/m/p/hourly/$h/$t/hourly-00002.csv.gz"
fetch "$tmp/m"
fails 66 "*hourly-Manifest.json: part p/hourly/$h/$t/hourly-00002.csv.gz cannot be read at $tmp/m/p/hourly/$h/$t/hourly-00002.csv.gz: No such file*" "a missing part"
mkdir "$tmp/m/p/hourly/$h/$t/hourly-00002.csv.gz"
fetch "$tmp/m"
fails 66 "*hourly-00002.csv.gz is no regular file" "a folder for a part"
created "$tmp/m" zz 20240101-20240201 $t
fetch --period 2024-01 "$tmp/m/p/zz" "$tmp/m/p/hourly"
is "$status:$(grep -c '"end"' "$tmp/out")" "66:0" "the first of two exports is broken: no end"
mv "$tmp/m/p/hourly" "$tmp/m/p/zzz"
fetch "$tmp/m"
is "$status:$(found)" "66:" "a broken delivery sorts by its name, not its folder"

# What cannot be walked.
fetch "$tmp/nothing"
fails 66 "*$tmp/nothing: No such file*" "a path that is not there"
mkdir "$tmp/empty"
fetch "$tmp/empty"
fails 66 "*no manifest of a report is here" "an empty folder"
fetch "$tmp/d/p/daily/data"
fails 66 "*no manifest of a report is here" "a folder of parts"
fetch ''
fails 66 "*No such file*" "an empty operand"
put "$tmp/d/p/daily/data/BILLING_PERIOD=2024-01/x-Manifest.json" '{}'
put "$tmp/d/p/daily/$m/daily-RedshiftManifest.json" '{}'
fetch "$tmp/d"
is "$status:$err" "0:" "folders of parts are not looked into"
ln -s .. "$tmp/d/p/loop"
ln -s daily "$tmp/d/p/again"
ln -s nowhere "$tmp/d/p/broken"
fetch "$tmp/d"
brings "daily:2024-01:e1 " "links: no loop, nothing twice"
is "$err" "cur-fetch: skipped: $tmp/d/p/broken: No such file or directory" "a link that leads nowhere is named"
ln -s "$tmp/d/p/daily" "$tmp/link"
fetch "$tmp/link"
brings "daily:2024-01:e1 " "a link to an export"
is "$(part)" "$tmp/link/$f" "keeps its name"
ln -s "$tmp/a/p/hourly/$h/$t" "$tmp/latest"
fetch "$tmp/latest/hourly-Manifest.json"
is "$status:$(part)" "0:$tmp/latest/../$t/hourly-00001.csv.gz" "a link to a version's folder: its parent is the real one"
rm "$tmp/d/p/loop" "$tmp/d/p/again" "$tmp/d/p/broken"

chmod 711 "$tmp"
as_other() {
	if [ "$(id -u)" -ne 0 ]; then "$@"; else setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; fi
}
if as_other cur-fetch --version >/dev/null 2>&1; then
	created "$tmp/u" hourly $h $t
	for path in . p/hourly p/hourly/$h p/hourly/$h/hourly-Manifest.json p/hourly/$h/$t/hourly-00001.csv.gz; do
		mode=$(stat -c %a "$tmp/u/$path")
		chmod 0 "$tmp/u/$path"
		as_other cur-fetch "$tmp/u" >"$tmp/out" 2>"$tmp/err" </dev/null
		status=$? out=$(cat "$tmp/out") err=$(cat "$tmp/err")
		chmod "$mode" "$tmp/u/$path"
		fails 77 '*Permission denied' "may not be read: $path"
	done
else
	skip "what may not be read" "cannot become another user here"
fi

# Report files.
put "$tmp/report.csv" 'a,b'
fetch "$tmp/report.csv"
is "$status:$(echo "$out" | sed 's/,"modified":"[0-9.]*"//')" "0:{\"_cur\":\"begin\",\"v\":1,\"export\":null,\"period\":null,\"version\":null,\"delivered\":null,\"source\":null,\"parts\":1}
{\"_cur\":\"part\",\"n\":1,\"path\":\"$tmp/report.csv\",\"source\":null,\"bytes\":3}
{\"_cur\":\"end\",\"export\":null,\"period\":null,\"version\":null,\"parts\":1}
{\"_cur\":\"eos\",\"deliveries\":1}" "a report file"
fetch --export e --period 2024-01 "$tmp/report.csv"
brings "e:2024-01:null " "a report file with a name"
put "$tmp/another.csv" 'a,b'
fetch "$tmp/report.csv" "$tmp/another.csv" "$tmp/report.csv"
is "$status:$(grep -c '"part"' "$tmp/out"):$(part)" "0:2:$tmp/report.csv" "two report files, in the order given"
fetch --export e --period 2024-01 "$tmp/report.csv" "$tmp/another.csv"
fails 65 "*are both of export e and billing period 2024-01*" "two report files of one name"
fetch --period 2024-01 --period 2024-02 "$tmp/report.csv"
is "$status" 64 "a report file of two periods: exit 64"
mkfifo "$tmp/fifo"
fetch "$tmp/fifo"
fails 66 "*is no regular file" "a FIFO"

# Parquet.
put "$tmp/q/$h/q-Manifest.json" "{\"compression\":\"Parquet\",\"reportKeys\":[\"q/$h/q-00001.snappy.parquet\"]}"
fetch "$tmp/q"
fails 78 '*q-Manifest.json: the report is in Parquet*' "Parquet"
created "$tmp/q" hourly $h $t
created "$tmp/q" q 20240401-20240501 20240402T000000Z
fetch "$tmp/q/p/q" "$tmp/q/p/hourly"
brings "hourly:2024-01:$t q:2024-04:20240402T000000Z " "CSV beside it can be had"

# Names that are not UTF-8.
bad=$(printf '%s/bad\377' "$tmp")
created "$bad" hourly $h $t
fetch "$bad"
fails 65 "*the path is not UTF-8*" "a path that is not UTF-8"

# stdin.
lines() {
	cur-fetch <"$tmp/lines" >"$tmp/out" 2>"$tmp/err"
	status=$? out=$(cat "$tmp/out") err=$(cat "$tmp/err")
}
printf '%s\n\n%s\n' "$tmp/d" "$tmp/a/p/hourly/$h" >"$tmp/lines"
lines
brings "daily:2024-01:e1 hourly:2024-01:$t " "paths on stdin"
printf '%s' "$tmp/d" >"$tmp/lines"
lines
fails 76 '*stdin: line 1 is cut*' "a cut line"
printf '%s\0\n' "$tmp/d" >"$tmp/lines"
lines
fails 65 '*stdin: line 1: *NUL' "a NUL in a line"
printf '\n\n' >"$tmp/lines"
lines
fails 66 '*stdin names nothing to fetch' "empty lines alone"
: >"$tmp/lines"
lines
fails 66 '*stdin names nothing to fetch' "an empty stdin"
printf '%s\n{"Records":\n' "$tmp/d" >"$tmp/lines"
lines
fails 65 '*stdin: line 2: *it is no JSON*' "garbage in a line"
cur-fetch <&- >"$tmp/out" 2>"$tmp/err"
is "$?:$(cat "$tmp/out")" "74:" "a closed stdin"
if python3 -c "import os; os.openpty()" 2>/dev/null; then
	python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["cur-fetch"])))' >"$tmp/out" 2>&1 </dev/null
	is "$?" 64 "stdin is a terminal: exit 64"
	like "$(cat "$tmp/out")" '*stdin is a terminal*usage: cur-fetch*' "and the usage"
else
	skip "stdin is a terminal" "no python3 or no pseudo-terminal here"
fi

# Events.
event() {
	printf '{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"%s","s3":{"bucket":{"name":"b"},"object":{"key":"%s"}}}]}' "$1" "$2"
}
bridge() {
	printf '{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"},"object":{"key":"%s"}}}' "$1"
}
event ObjectCreated:Put "p/hourly/$h/hourly-00001.csv.gz" >"$tmp/event.json"
fetch "$tmp/event.json"
is "$status:$out" '0:{"_cur":"eos","deliveries":0}' "an event for a part is skipped"
like "$err" "*skipped: $tmp/event.json: s3://b/p/hourly/$h/hourly-00001.csv.gz is no manifest of a report" "with a note"
fetch "$tmp/event.json" "$tmp/d"
brings "daily:2024-01:e1 " "and the rest is brought"
fetch '{"Records":[]}'
is "$status:$out" '0:{"_cur":"eos","deliveries":0}' "an event without records is skipped"
# S3, where nobody answers: the message has what was asked for.
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_REGION=r-1 AWS_ENDPOINT_URL_S3=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1
export no_proxy=127.0.0.1 AWS_CONFIG_FILE=/nonexistent AWS_SHARED_CREDENTIALS_FILE=/nonexistent
x=metadata/BILLING_PERIOD
fetch "$(event ObjectCreated:Put "p/hourly/$h/hourly-Manifest.json")"
fails 69 "*s3 GetObject s3://b/p/hourly/$h/hourly-Manifest.json: *" "a notification"
fetch "$(event ObjectCreated:Put "p/hourly/$h/$t/hourly-Manifest.json")"
fails 69 "*s3 GetObject s3://b/p/hourly/$h/hourly-Manifest.json: *" "a notification of a version leads to its period"
fetch "$(event ObjectCreated:Put "p/d+d/${x}%3D2024-01/2024-01-16T15%3A24%3A15.653Z-e/d-Manifest.json")"
fails 69 "*s3 GetObject s3://b/p/d d/$x=2024-01/d-Manifest.json: *" "a notification with an encoded key"
fetch "$(bridge "p/d+d/$x=2024-01/2024-01-16T15:24:15.653Z-e/d-Manifest.json")"
fails 69 "*s3 GetObject s3://b/p/d+d/$x=2024-01/d-Manifest.json: *" "an event of EventBridge, whose key is not encoded"
fetch s3://b/p/hourly
fails 69 '*s3 ListObjectsV2 s3://b: *' "a prefix"
fetch s3://b/any.json
fails 69 '*s3 GetObject s3://b/any.json: *' "a manifest"
fetch s3://
is "$status:$out" "64:" "no bucket: exit 64"
fetch -j 0 "$tmp/d"
is "$status:$out" "64:" "-j 0: exit 64"
put "$tmp/other.json" '{"a":1}'
fetch "$tmp/other.json"
fails 65 '*neither reportKeys nor dataFiles*' "JSON that is neither"
put "$tmp/list.json" '[]'
fetch "$tmp/list.json"
fails 65 '*it is no JSON object' "a JSON array"

# stdout.
cur-fetch "$tmp/d" >/dev/full 2>"$tmp/err"
is "$?" 74 "a full disk: exit 74"
cur-fetch "$tmp/d" >&- 2>"$tmp/err"
is "$?" 74 "a closed stdout: exit 74"
{ cur-fetch --all "$tmp/a" 2>"$tmp/err"; echo $? >"$tmp/status"; } | true
like "$(cat "$tmp/status"):$(cat "$tmp/err")" '[01]*:' "a closed pipe: quiet"

# While it is being replaced: more marks than a pipe holds, so that end waits until the reader has made its change.
long=$(printf '%0200d' 0)
set --
i=0
while [ $i -lt 300 ]; do
	i=$((i + 1))
	put "$tmp/w/cur/$h/$long-$i.csv" "$i"
	set -- "$@" "cur/$h/$long-$i.csv"
done
# replaced COMMAND: runs it after the first mark has come.
replaced() {
	legacy "$tmp/w/cur/$h/cur-Manifest.json" cur $h $t "$@"
	{ cur-fetch "$tmp/w" 2>"$tmp/err"; echo $? >"$tmp/status"; } | {
		IFS= read -r begin
		printf '%s\n' "$begin" >"$tmp/out"
		eval "$change"
		cat >>"$tmp/out"
	}
	status=$(cat "$tmp/status") out=$(cat "$tmp/out") err=$(cat "$tmp/err")
}
change=:
replaced "$@"
is "$status:$(grep -c '"part"' "$tmp/out"):$(found)" "0:300:cur:2024-01:$t " "300 parts, nothing changes"
change='legacy "$tmp/w/cur/$h/cur-Manifest.json" cur $h 20240118T000000Z'
replaced "$@"
fails 75 '*is replacing this delivery: run again' "another manifest"
is "$(grep -c '"part"' "$tmp/out")" 300 "another manifest: after all parts"
change='rm "$tmp/w/cur/$h/cur-Manifest.json"'
replaced "$@"
fails 75 '*is replacing this delivery: run again' "no manifest any more"
change='printf " " >>"$tmp/w/cur/$h/cur-Manifest.json"'
replaced "$@"
fails 75 '*is replacing this delivery: run again' "a longer manifest"
change='printf x >>"$tmp/w/cur/$h/$long-7.csv"'
replaced "$@"
fails 75 "*-7.csv has changed: *is replacing this delivery: run again" "a longer part"
change='touch -d 2001-01-01 "$tmp/w/cur/$h/$long-300.csv"'
replaced "$@"
fails 75 "*-300.csv has changed: *is replacing this delivery: run again" "a part of another time"
touch -d '2024-01-01 00:00:00.1' "$tmp/time" "$tmp/w/cur/$h/$long-2.csv"
change='touch -d "2024-01-01 00:00:00.2" "$tmp/w/cur/$h/$long-2.csv"'
replaced "$@"
fails 75 "*-2.csv has changed: *" "a part of the same second"
touch -r "$tmp/time" "$tmp/w/cur/$h/$long-2.csv"
change='printf x >>"$tmp/w/cur/$h/$long-2.csv"; touch -r "$tmp/time" "$tmp/w/cur/$h/$long-2.csv"'
replaced "$@"
fails 75 "*-2.csv has changed: *" "a part of another size and the same time"
change='rm "$tmp/w/cur/$h/$long-1.csv"'
replaced "$@"
fails 75 "*-1.csv has changed: *is replacing this delivery: run again" "no part any more"

# What it says of itself.
fetch -v "$tmp/a/p/hourly/$h"
like "$err" 'cur-fetch: 2 parts, *' "-v counts the parts"
fetch --help
like "$status:$out" '0:usage: cur-fetch *' "--help"
fetch --version
like "$status:$out" '0:cur-fetch [0-9]*' "--version"

# Reports of others.
if [ -d "$samples" ]; then
	fetch "$samples/legacy-deliveries/v1"
	brings "cur-hourly:2026-03:7a8f7d91-60e5-4db9-8fea-492bca0aeba2 " "sample legacy-deliveries/v1"
	fetch "$samples/legacy-deliveries/v2"
	brings "cur-hourly:2026-03:f5391763-3cc6-46a9-a0d0-8829add1fb95 " "sample legacy-deliveries/v2"
	fetch "$samples/legacy-deliveries/v3"
	brings "cur-hourly:2026-03:c9601582-4c8f-444e-beb9-26a724e91377 " "sample legacy-deliveries/v3"
	fetch "$samples/legacy-deliveries"
	fails 65 '*are both of export cur-hourly*' "sample legacy-deliveries, all three at once"
	fetch "$samples/legacy-deliveries/v3/finops/cur-hourly/20260301-20260401/7a8f7d91-60e5-4db9-8fea-492bca0aeba2/cur-hourly-Manifest.json"
	brings "cur-hourly:2026-03:7a8f7d91-60e5-4db9-8fea-492bca0aeba2 " "sample legacy-deliveries/v3, its first version"
	fetch "$samples/legacy-zip"
	brings "MockTestReport:2024-01:123e4567-e89b-12d3-a456-426614174000 " "sample legacy-zip"
	fetch "$samples/cur2-mock"
	brings "MockTestReportV2:2024-09:test-exec-id-12345 " "sample cur2-mock"
else
	skip "the sample reports" "no ../shared/samples here"
fi
done_testing
