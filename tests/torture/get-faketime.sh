#!/bin/sh
# Makes sure that libfaketime is there, for stepping the shipper's clock.
set -eu
[ -e /usr/lib/*/faketime/libfaketimeMT.so.1 ] && exit 0
. "$(dirname "$0")/../servers/debian.sh"
install faketime faketime
