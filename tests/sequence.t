#!/bin/sh
# Deliveries in a row: after each run the store is exactly the newest delivery.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
python3 -B "$here/sequence.py"
