#!/bin/sh
# libfaketime, for stepping the shipper's clock. Without it that fault is left out, and the table says so.
[ -e /usr/lib/*/faketime/libfaketimeMT.so.1 ] && exit 0
[ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || exit 0
echo "Installing faketime ..."
apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends faketime >/dev/null || exit 0
