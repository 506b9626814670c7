#!/bin/sh
# Kills a stage at a random time, under the shells that people use.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
python3 -B "$here/kill.py" "$@"
