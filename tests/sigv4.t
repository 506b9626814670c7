#!/bin/sh
# Signatures: what the cases in tests/aws/cases expect is what another implementation of AWS's rules computes, and the
# suite's runner can fail.
# shellcheck disable=SC2154 # tap.sh sets tmp
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3

out=$(python3 "$here/aws/sigv4-cases.py" "$here/aws/cases" 2>&1)
is "$?$out" 0 "the cases hold what hashlib computes"

cp -r "$here/aws/cases" "$tmp/cases"
printf x >>"$tmp/cases/list/header-string-to-sign.txt"
out=$("$here/aws/sigv4-suite" "$tmp/cases")
is "$?" 1 "a wrong case fails the suite"
is "$(echo "$out" | grep -c '^not ok')" 1 "that case alone"
like "$out" "*not ok * list*" "it is named"

sed 's/"normalize": false/"normalize": true/' "$here/aws/cases/key-odd/context.json" >"$tmp/cases/key-odd/context.json"
sed 's/"use_double_uri_encode": false/"use_double_uri_encode": true/' "$here/aws/cases/key-equals/context.json" \
	>"$tmp/cases/key-equals/context.json"
out=$("$here/aws/sigv4-suite" "$tmp/cases")
like "$out" "*ok * - key-odd # SKIP the path is to be normalised*" "a path to be normalised is skipped by name"
like "$out" "*ok * - key-equals # SKIP the path is to be encoded twice*" "so is one to be encoded twice"

mkdir "$tmp/none"
"$here/aws/sigv4-suite" "$tmp/none" >/dev/null 2>&1
is "$?" 66 "a folder without cases is no success"
done_testing
