#!/bin/sh
# The model of the publishing protocol: the rule holds, and each mistake in it is noticed.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
python3 -B "$here/model.py" "$@"
