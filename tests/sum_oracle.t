#!/bin/sh
# Random streams, added up by cur-sum and by Python's decimal module: the lines are equal.
# SEED=N repeats a run, STREAMS=N makes it longer.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
python3 "$here/sum_oracle.py" "$tmp"
