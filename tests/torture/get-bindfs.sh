#!/bin/sh
# bindfs, a user-space file system whose changes nothing announces. Without it the test that polls one is skipped.
command -v bindfs >/dev/null && exit 0
[ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || exit 0
echo "Installing bindfs ..."
apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends bindfs >/dev/null || exit 0
