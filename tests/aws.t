#!/bin/sh
# lib/aws: signed calls through the gate to a real S3 server, and to hosts of AWS's names on loopback.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3
[ -x "$BUILD/aws/aws-drive" ] || skip_all "no $BUILD/aws/aws-drive: make check builds it"
PYTHONDONTWRITEBYTECODE=1 python3 "$here/aws/aws-test.py" "$BUILD/aws/aws-drive" "$tmp"
