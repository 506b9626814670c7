#!/bin/sh
# tests/layers passes on this tree, and names what is planted in a copy of it.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"

root=$(dirname "$here")
"$here/layers" "$root" >"$tmp/out" 2>&1
is "$?:$(cat "$tmp/out")" 0: 'the tree keeps the order'

# fresh: a copy that is in order.
fresh() {
	rm -rf "$tmp/copy" && mkdir "$tmp/copy"
	for folder in lib cur-fetch cur-parse; do
		mkdir "$tmp/copy/$folder"
		for file in "$root/$folder"/*.[ch]; do
			[ ! -f "$file" ] || cp "$file" "$tmp/copy/$folder"
		done
	done
}

# planted FILE TEXT MESSAGE NAME
planted() {
	fresh
	printf '%s\n' "$2" >>"$tmp/copy/$1"
	out=$("$here/layers" "$tmp/copy" 2>&1)
	status=$?
	is "$status" 1 "$4: refused"
	like "$out" "$3" "$4: named"
}

fresh
"$here/layers" "$tmp/copy"
ok $? 'the copy keeps the order'
planted lib/buf.c '#include "mark.h"' 'lib/buf.c:*: mark.h: comes after buf in the order' 'a module that uses a later one'
planted lib/day.h '#  include "item.h"' 'lib/day.h:*: item.h: comes after day *' 'a header that uses a later one'
planted lib/spare.c 'int spare;' 'lib/spare.c: a module that *' 'a module without a place'
planted cur-parse/other.c '#include "fetch_only.h"' '*: fetch_only.h: neither in lib nor in cur-parse' \
	"a header that is not there"
planted cur-parse/other.c '#include "../cur-fetch/manifest.h"' '*: a path; *' "another stage's header by its path"
planted cur-parse/mark.h 'int hides;' 'cur-parse/mark.h: has the name of a module of lib' 'a header that hides one of lib'

fresh
echo 'int own;' >"$tmp/copy/cur-fetch/own.h"
echo '#include "own.h"' >"$tmp/copy/cur-fetch/own.c"
"$here/layers" "$tmp/copy"
ok $? 'a stage may use its own header'
echo '#include "own.h"' >"$tmp/copy/cur-parse/theirs.c"
like "$("$here/layers" "$tmp/copy")" 'cur-parse/theirs.c:1: own.h: neither *' 'but not that of another stage'
echo '#include "own.h"' >>"$tmp/copy/lib/buf.c"
like "$("$here/layers" "$tmp/copy")" '*lib/buf.c:*: own.h: neither *' 'and lib not that of a stage'
done_testing
