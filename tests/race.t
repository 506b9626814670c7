#!/bin/sh
# Two runs at once on one store: one wins, the other exits 75 or finds nothing to do.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
python3 -B "$here/race.py" "$@"
