#!/bin/sh
# Makes sure that MariaDB's dump program is there.
set -eu
command -v mariadb-dump >/dev/null && exit 0
. "$(dirname "$0")/debian.sh"
install "MariaDB's dump program" mariadb-client
