#!/bin/sh
# What every stage owes the others: full disks, one-byte reads, cut streams, closed descriptors, closed pipes, options.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
python3 -B "$here/obligations.py" "$@"
