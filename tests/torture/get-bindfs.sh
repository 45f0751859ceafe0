#!/bin/sh
# Makes sure that bindfs is there, a user-space file system whose changes nothing announces.
set -eu
command -v bindfs >/dev/null && exit 0
. "$(dirname "$0")/../servers/debian.sh"
install bindfs bindfs
