#!/bin/sh
# Memory does not grow with the report: 32 MB for a stage, 64 MB for the sink.  CUR_BIG=1 takes a report of 1 GB.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
case $BUILD in
*/san) skip_all "the sanitizers have memory of their own" ;;
esac
python3 -B "$here/memory.py" "$@"
