#!/bin/sh
# Kills each stage before each call that changes anything: what the store holds is the old delivery or the new one.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3 strace
python3 -B "$here/crash.py" "$@"
