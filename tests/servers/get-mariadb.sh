#!/bin/sh
# Makes sure that the MariaDB server's programs are there: finds them, or installs them when root on Debian.
# The core packages bring the programs alone: no service, nothing listening, no configuration.
# Exits 0 in any case where the tests can go on; what is missing is said here and again by the tests.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec"

have() { command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null; }

have && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "MariaDB is not installed, so its tests will be skipped." \
        "On Debian: apt-get install mariadb-server-core mariadb-client-core" >&2
    exit 0
fi
echo "Installing MariaDB's server programs ..."
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -q && apt-get install -q -y --no-install-recommends mariadb-server-core mariadb-client-core; } \
    >/dev/null || echo "MariaDB could not be installed." >&2
