#!/bin/sh
# cur-fetch on S3, behind the gate: what it finds, brings and refuses, how it downloads, and what becomes of its spool.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
[ -f "$here/lib.py" ] || skip_all "no tests/lib.py here"
PYTHONDONTWRITEBYTECODE=1 python3 "$here/fetch_s3.py" "$@"
