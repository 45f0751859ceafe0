#!/bin/bash
# get-mysql.sh ROOT: makes sure that a real MySQL server is there, else makes a chroot with one in ROOT.
# Debian's stable releases have no MySQL; unstable's package comes by debootstrap from the mirror that this
# machine's apt uses already. ROOT/.complete marks a finished chroot; a half-made one is made anew.
# Where it cannot be had, the reason is left in ROOT.why-not, and the exit code is 0: the tests repeat it.
set -euo pipefail
root=$1
PATH="$PATH:/usr/sbin:/sbin"

cannot() {
    echo "MySQL cannot be had: $*" >&2
    { mkdir -p "$(dirname "$root")" && echo "$*" >"$root.why-not"; } || true
    exit 0
}

if mysqld --version 2>/dev/null | grep -q . && ! mysqld --version | grep -q MariaDB; then exit 0; fi
if [ -e "$root/.complete" ]; then
    # Data folders that a killed run left; this folder is kept from run to run.
    find "$root/tmp" -maxdepth 1 -name 'm-*' -mmin +720 -exec rm -rf {} + 2>/dev/null || true
    exit 0
fi
[ "$(id -u)" -eq 0 ] || cannot "a chroot with Debian unstable's mysql-server-core can only be made as root"
command -v apt-get >/dev/null || cannot "this is no Debian system, and it has no mysqld of its own"

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9 # two runs at once: the second one waits and then finds it made
if [ -e "$root/.complete" ]; then exit 0; fi
rm -f "$root.why-not"
log=$root.log
: >"$log"
export DEBIAN_FRONTEND=noninteractive
alive=$(dirname "${BASH_SOURCE[0]}")/../../deploy/alive.py

logged() { # logged WHAT COMMAND...: run it, telling how far it is; all that it says goes to the log
    local what=$1
    shift
    python3 "$alive" "$what" bash -o pipefail -c '"${@:2}" 2>&1 | tee -a "$1"' bash "$log" "$@"
}

mirror() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' 'Origin: Debian' 'Component: main' |
        awk '$2 !~ /-/ && $1 ~ /^(https?|file):/ { print $1; exit }'
}

if [ -z "$(mirror)" ] || ! command -v debootstrap >/dev/null; then
    logged "Reading Debian's list of packages" apt-get update || cannot "apt-get update failed, see $log"
fi
if ! command -v debootstrap >/dev/null; then
    logged "Installing debootstrap" apt-get install -y --no-install-recommends debootstrap ||
        cannot "debootstrap could not be installed, see $log"
fi
from=$(mirror)
[ -n "$from" ] || cannot "apt has no Debian mirror configured"

# A killed debootstrap leaves these mounted.
for mounted in "$root/sys" "$root/proc"; do
    if mountpoint -q "$mounted"; then umount -l "$mounted"; fi
done
rm -rf --one-file-system "$root"
proxy=$(apt-config shell proxy Acquire::http::Proxy)
eval "$proxy"
if [ -n "${proxy:-}" ]; then export http_proxy=${http_proxy:-$proxy}; fi
logged "Making a chroot with MySQL in $root (once; about a minute, 600 MB)" \
    debootstrap --variant=minbase --include=mysql-server-core sid "$root" "$from" ||
    cannot "debootstrap failed, see $log: $(tail -n 1 "$log")"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
chroot "$root" /usr/sbin/mysqld --version >"$root/.version" 2>>"$log" ||
    cannot "the mysqld of the chroot does not run, see $log"
mv "$root/.version" "$root/.complete"
