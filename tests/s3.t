#!/bin/sh
# The pipe over S3: the same objects as over directories, and every refusal by its code.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
PYTHONDONTWRITEBYTECODE=1 python3 "$here/s3.py" "$@"
