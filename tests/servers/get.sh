#!/bin/sh
# get.sh WHAT...: makes sure that the programs that tests use are there. As root on Debian it installs what is missing;
# elsewhere one line says what is left out and which packages bring it. The exit code is 0 in any case:
# whoever needs a program skips, or fails, with its own reason. No service of theirs is started.
set -eu
here=$(dirname "$0")
PATH="$PATH:/usr/sbin:/usr/local/sbin:/sbin:/usr/libexec"

has() { command -v "$1" >/dev/null; }

# name WHAT: what to call it, and the packages that bring it. The core packages of MariaDB are the programs alone.
name() {
    case $1 in
    bindfs) title="bindfs" packages="bindfs fuse3" ;;
    chromium) title="Chromium" packages="chromium libatomic1" ;; # Playwright's own node wants the library
    curl) title="curl" packages="curl" ;;
    dbd) title="libdbi's driver for MySQL" packages="libdbd-mysql" ;;
    espeak) title="espeak-ng and sox" packages="espeak-ng sox" ;;
    faketime) title="faketime" packages="faketime" ;;
    font) title="a Chinese font" packages="fonts-noto-cjk" ;;
    galera) title="MariaDB with Galera" packages="mariadb-server galera-4 rsync" ;;
    machine) title="debootstrap and systemd-nspawn" packages="debootstrap systemd-container" ;;
    mariadb) title="MariaDB's server programs" packages="mariadb-server-core mariadb-client-core" ;;
    mariadb-dump) title="MariaDB's dump program" packages="mariadb-client" ;;
    prometheus) title="Prometheus" packages="prometheus" ;;
    systemd) title="systemd-analyze" packages="systemd" ;;
    venv) title="Python's venv" packages="python3-venv" ;;
    *) echo "get.sh does not know $1" >&2 && exit 2 ;;
    esac
}

there() {
    case $1 in
    chromium) { has chromium || has google-chrome; } && ldconfig -p | grep -q 'libatomic\.so\.1 ' ;;
    dbd) [ -e /usr/lib/*/dbd/libdbdmysql.so ] ;;
    espeak) has espeak-ng && has sox ;;
    faketime) [ -e /usr/lib/*/faketime/libfaketimeMT.so.1 ] ;;
    font) find /usr/share/fonts /usr/local/share/fonts -iname '*cjk*' 2>/dev/null | grep -q . ;;
    galera) [ -e /usr/lib/galera/libgalera_smm.so ] && has rsync && getent passwd mysql >/dev/null ;;
    machine) has debootstrap && has systemd-nspawn ;;
    mariadb) has mariadbd && has mariadb-install-db ;;
    prometheus) has prometheus && has promtool ;;
    systemd) has systemd-analyze ;;
    venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    *) has "$1" ;;
    esac
}

missing="" titles="" wanted=""
for what in "$@"; do
    name "$what"
    if ! there "$what"; then
        missing="$missing $what" titles="$titles${titles:+, }$title" wanted="$wanted $packages"
    fi
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
    echo "Left out, because only root on Debian can install it: $titles. (apt-get install$wanted)" >&2
    exit 0
fi
# invoke-rc.d asks this program whether a service may start; 101 is "no".
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
alive() { python3 "$here/../../deploy/alive.py" "$@"; }
alive "Reading Debian's list of packages" apt-get update || true
for what in $missing; do
    name "$what"
    # shellcheck disable=SC2086 # packages are words
    alive "Installing $title" apt-get install -y --no-install-recommends $packages ||
        echo "$title could not be installed." >&2
done
