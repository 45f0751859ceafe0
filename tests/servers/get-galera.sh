#!/bin/sh
# Makes sure that MariaDB with Galera is there.
set -eu
[ -e /usr/lib/galera/libgalera_smm.so ] && command -v rsync >/dev/null && getent passwd mysql >/dev/null && exit 0
. "$(dirname "$0")/debian.sh"
install "MariaDB with Galera" mariadb-server galera-4 rsync
