#!/bin/sh
# lib/http against a server on loopback that does everything a server should not.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
[ -x "$BUILD/aws/http-drive" ] || skip_all "no $BUILD/aws/http-drive: make check builds it"
python3 "$here/aws/http-test.py" "$BUILD/aws/http-drive" "$tmp"
