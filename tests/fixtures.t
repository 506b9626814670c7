#!/bin/sh
# Runs every fixture: tests/STAGE/CASE.in on stdin (.args: its arguments, one shell line; $here is the folder of the
# fixtures), and compares stdout with CASE.out, stderr with CASE.err, the exit with CASE.status (0 without it).
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"

run_case() {
	stage=$1 case=$2
	dir=$here/$stage
	args=$(cat "$dir/$case.args" 2>/dev/null)
	want=$(cat "$dir/$case.status" 2>/dev/null || echo 0)
	rm -rf "$tmp/work" && mkdir "$tmp/work"
	(cd "$tmp/work" && here=$dir && export here && eval "exec $stage $args") \
		<"$dir/$case.in" >"$tmp/out" 2>"$tmp/err"
	got=$?
	is "$got" "$want" "$stage $case: exit $want" || sed 's/^/# /' "$tmp/err" | head -5
	[ ! -f "$dir/$case.out" ] || same "$dir/$case.out" "$tmp/out" "$stage $case: output"
	if [ -f "$dir/$case.err" ]; then
		sed "s|$dir/||g" "$tmp/err" >"$tmp/err2"
		same "$dir/$case.err" "$tmp/err2" "$stage $case: message"
	fi
}

for dir in "$here"/cur-*; do
	stage=$(basename "$dir")
	for file in "$dir"/*.in; do
		[ -f "$file" ] || continue
		run_case "$stage" "$(basename "$file" .in)"
	done
done
done_testing
