#!/bin/sh
# The gate in front of S3: it lets through what AWS would, refuses the rest, and each of its faults is what it says.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
PYTHONDONTWRITEBYTECODE=1 python3 "$here/gate.py" "$@"
