#!/bin/bash
# get-mysql.sh ROOT: makes sure that a real MySQL server is there, else makes a chroot with one in ROOT (see chroot.sh).
# Debian's stable releases have no MySQL.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"
. "$(dirname "$0")/chroot.sh"
if mysqld --version 2>/dev/null | grep -q . && ! mysqld --version | grep -q MariaDB; then exit 0; fi
chroot_of "$1" MySQL /usr/sbin/mysqld mysql-server-core
