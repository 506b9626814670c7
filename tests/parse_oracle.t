#!/bin/sh
# cur-parse's items, cell by cell, against what Python's csv module reads.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
python3 "$here/parse_oracle.py" "$tmp" "$here/../../shared/samples"
