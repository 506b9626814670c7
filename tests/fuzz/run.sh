#!/bin/sh
# run.sh SECONDS BINARY...: runs each libFuzzer target for so long, as many at once as there are processors.
# tests/fuzz/NAME.seeds is read, what is found new is kept under build/fuzz.  Exit 1 when one of them fails.
cd "$(dirname "$0")/../.." || exit 70
[ $# -ge 2 ] || { echo 'usage: tests/fuzz/run.sh seconds binary ...' >&2; exit 64; }

# The one target that xargs asks for.
if [ "$1" = --one ]; then
	name=$(basename "$3")
	corpus=build/fuzz/corpus/$name log=build/fuzz/$name.log
	mkdir -p "$corpus" build/fuzz/crashes
	set -- "$3" -max_total_time="$2" -timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix="build/fuzz/crashes/$name-" "$corpus"
	[ ! -d "tests/fuzz/$name.seeds" ] || set -- "$@" "tests/fuzz/$name.seeds"
	if UBSAN_OPTIONS=print_stacktrace=1 "$@" >"$log" 2>&1; then
		echo "ok - $name: $(sed -n 's/.*number_of_executed_units: *//p' "$log") inputs"
		exit 0
	fi
	echo "not ok - $name: $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
	grep -v '^stat::' "$log" | tail -n 40 | sed 's/^/    /'
	exit 1
fi

seconds=$1
shift
printf '%s\n' "$@" | xargs -P "$(nproc 2>/dev/null || echo 2)" -n 1 tests/fuzz/run.sh --one "$seconds" || exit 1
