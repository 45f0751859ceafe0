#!/bin/bash
# get-newer-mariadb.sh ROOT: makes sure that ROOT is a chroot with Debian unstable's MariaDB, which is newer than stable's (see chroot.sh).
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"
. "$(dirname "$0")/chroot.sh"
chroot_of "$1" "a newer MariaDB" /usr/sbin/mariadbd mariadb-server-core mariadb-client-core
