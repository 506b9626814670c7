#!/bin/sh
# Every fault at every request of the pipe over S3: the store is right, or as it was, and the next run repairs it.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
PYTHONDONTWRITEBYTECODE=1 python3 "$here/s3_faults.py" "$@"
