# TAP for shell tests.  Source it, then: ok, is, like, skip, done_testing.
# BIN names the folder of the programs.  Each test gets an empty folder $tmp.
: "${BIN:=$PWD/build/bin}" "${BUILD:=$PWD/build}"
PATH=$BIN:$PATH
export PATH LC_ALL=C
cases=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cur-test.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# ok STATUS NAME: STATUS is 0 for success, e.g. ok $? "it works".
ok() {
	cases=$((cases + 1))
	if [ "$1" -eq 0 ]; then echo "ok $cases - $2"; else echo "not ok $cases - $2"; fi
	return "$1"
}

# is GOT WANTED NAME
is() {
	if [ "$1" = "$2" ]; then ok 0 "$3"; return; fi
	ok 1 "$3"
	printf '%s\n' "got:    $1" "wanted: $2" | head -c 4000 | sed 's/^/# /'
}

# like TEXT PATTERN NAME: a shell pattern.
like() {
	# shellcheck disable=SC2254
	case $1 in
	$2) ok 0 "$3" ;;
	*) ok 1 "$3"; printf '%s\n' "got:    $1" "wanted: $2" | head -c 4000 | sed 's/^/# /' ;;
	esac
}

# same FILE FILE NAME
same() {
	if cmp -s "$1" "$2"; then ok 0 "$3"; else ok 1 "$3"; diff "$1" "$2" 2>&1 | head -20 | sed 's/^/# /'; fi
}

# skip NAME WHY
skip() {
	cases=$((cases + 1))
	echo "ok $cases - $1 # SKIP $2"
}

# skip_all WHY: nothing in this file can run.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# need PROGRAM...: skips the whole file where one is missing.
need() {
	for program; do
		command -v "$program" >/dev/null 2>&1 || skip_all "no $program here"
	done
}

done_testing() {
	echo "1..$cases"
}
