#!/bin/sh
# Everything about the tree that can be told without running it.  Prints what is wrong, and a line for each check.
# BIN names the folder of the programs, WARN the compiler's warnings.
cd "$(dirname "$0")/.." || exit 70
: "${BIN:=$PWD/build/bin}" "${WARN:=-Wall -Wextra}"
export LC_ALL=C
failures=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cur-lint.XXXXXX") || exit 71
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# The files of the project, those not committed yet too.
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files --cached --others --exclude-standard | sort -u
else
	find . -name .git -prune -o -path ./build -prune -o -type f -print | sed 's|^\./||'
fi | while read -r file; do
	[ ! -f "$file" ] || echo "$file"
done >"$tmp/files"

# files PATTERN: those whose path matches the extended regular expression.
files() {
	grep -E "$1" "$tmp/files"
}

# check NAME COMMAND...: what the command prints is wrong.
check() {
	name=$1
	shift
	if "$@" >"$tmp/found" 2>&1 && [ ! -s "$tmp/found" ]; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		sed 's/^/    /' "$tmp/found"
		failures=$((failures + 1))
	fi
}

manuals() {
	files '\.[15]$' | xargs -r mandoc -T lint -W warning
}

layers() {
	tests/layers
}

compiles() {
	MAKEFLAGS='' make -s -j2 CC="$1" B="build/lint-$1" CFLAGS="-O2 -Werror $2" objects
}

fuzz_targets() {
	for file in $(files '^tests/fuzz/.*\.c$'); do
		# shellcheck disable=SC2046,SC2086
		clang -std=c11 -D_GNU_SOURCE -iquote lib $(printf -- '-iquote %s ' cur-*) $WARN -Werror -fsyntax-only "$file"
	done
}

# Calls that have a safer one beside them.
banned_calls() {
	files '\.[ch]$' | xargs grep -nE '\b(system|popen|strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|strtok)[[:space:]]*\(' |
	    grep -vE ':[[:space:]]*(/?\*|//)'
	true
}

long_mains() {
	for file in $(files '^cur-[^/]*/main\.c$'); do
		lines=$(wc -l <"$file")
		[ "$lines" -le 250 ] || echo "$file: $lines lines: a module in it wants out"
	done
}

# words: one word a line, without the case that manuals and usage texts give to arguments.
words() {
	tr -s '[:space:]' '\n' | tr '[:upper:]' '[:lower:]' | grep .
}

options() {
	grep -oE -e '--[a-z][a-z0-9-]+' | sort -u
}

# The usage text is the manual's SYNOPSIS, and every option is in its list.
usage_text() {
	for manual in $(files '^cur-[^/]*/cur-[^/]*\.1$'); do
		program=$(basename "$manual" .1)
		mandoc -T ascii -O width=1000 "$manual" | sed "s/.$(printf '\b')//g" >"$tmp/text"
		sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' "$tmp/text" | sed '1d;$d' | words >"$tmp/synopsis"
		"$BIN/$program" --help >"$tmp/help" || { echo "$program --help: exit $?"; continue; }
		sed 's/^usage://; /^$/,$d' "$tmp/help" | words >"$tmp/usage"
		diff "$tmp/synopsis" "$tmp/usage" >"$tmp/diff" || {
			echo "$manual: SYNOPSIS (<) and --help (>) differ:"
			cat "$tmp/diff"
		}
		sed -n '/^DESCRIPTION/,/^EX/p' "$tmp/text" | grep -E '^ *-' | options >"$tmp/described"
		for option in $(options <"$tmp/help"); do
			grep -qxF -e "$option" "$tmp/described" || echo "$manual: $option has no entry in the list of options"
		done
	done
}

space_at_ends() {
	files '(\.([chty15]|sh|py|md)|/run|Makefile|README|layers)$' | xargs grep -nE '[[:space:]]+$'
	true
}

# Where somebody built it is nobody's business, and a file must not lead to one machine or mirror.
machine_words() {
	xargs grep -nIE '(^|[^[:alnum:]_.])/(wor[k]|roo[t]|hom[e]/[a-z]+)/|(deb|security)\.debia[n]\.org|archive\.ubunt[u]\.com|registry\.npmj[s]\.org|pyp[i]\.org|crates\.i[o]|proxy\.golan[g]\.org' <"$tmp/files"
	true
}

shell_scripts() {
	while read -r file; do
		case $(head -n 1 "$file" | tr -d '\0') in
		'#!/bin/sh'*) echo "sh $file" ;;
		'#!'*bash*) echo "bash $file" ;;
		'#!'*) ;;
		*) case $file in *.sh) echo "sh $file sourced" ;; esac ;;
		esac
	done <"$tmp/files" >"$tmp/scripts"
	while read -r shell file sourced; do
		"$shell" -n "$file"
		[ -x "$file" ] || [ -n "$sourced" ] || echo "$file: not executable"
	done <"$tmp/scripts"
}

# What counts is what shellcheck warns of, less: files it cannot follow (1090, 1091), names that a sourced file sets
# or uses (2034, 2154), functions with optional arguments (2119, 2120), ls before grep (2010), a file called cut
# (2238), the status of a condition (2319).
shellchecked() {
	for shell in sh bash; do
		sed -n "s/^$shell \\([^ ]*\\).*/\\1/p" "$tmp/scripts" |
		    xargs -r shellcheck -s "$shell" -S warning -x -e 1090,1091,2034,2154,2119,2120,2010,2238,2319
	done
}

python_scripts() {
	files '\.py$' | while read -r file; do
		python3 -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' "$file"
	done
}

check 'manuals are clean' manuals
check 'modules keep their order' layers
check 'gcc has nothing to say' compiles gcc ''
check 'clang has nothing to say' compiles clang -fsyntax-only
check 'nor of the fuzz targets' fuzz_targets
check 'no banned calls' banned_calls
check 'no long main.c' long_mains
check 'usage texts are as in the manuals' usage_text
check 'no space at the ends of lines' space_at_ends
check 'no machine paths and mirrors' machine_words
check 'shell scripts parse' shell_scripts
if command -v shellcheck >/dev/null 2>&1; then
	check 'shellcheck has nothing to say' shellchecked
else
	echo 'skipped - shellcheck: it is not here'
fi
check 'Python scripts parse' python_scripts
if [ "$failures" -gt 0 ]; then
	echo "lint: $failures checks failed"
	exit 1
fi
