#!/bin/sh
# Makes sure that the MariaDB server's programs are there. The core packages bring the programs alone.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec"
command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null && exit 0
. "$(dirname "$0")/debian.sh"
install "MariaDB's server programs" mariadb-server-core mariadb-client-core
