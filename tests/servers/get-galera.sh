#!/bin/sh
# Makes sure that MariaDB with Galera is there: finds it, or installs it when root on Debian.
# The package's own service is kept from starting; nothing listens afterwards.
set -eu
have() { [ -e /usr/lib/galera/libgalera_smm.so ] && command -v rsync >/dev/null && getent passwd mysql >/dev/null; }

have && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Galera is not installed. On Debian: apt-get install mariadb-server galera-4 rsync" >&2
    exit 0
fi
echo "Installing MariaDB with Galera ..."
export DEBIAN_FRONTEND=noninteractive
# invoke-rc.d asks this program whether a service may start; 101 is "no".
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
{ apt-get update -q && apt-get install -q -y --no-install-recommends mariadb-server galera-4 rsync; } >/dev/null ||
    echo "Galera could not be installed." >&2
