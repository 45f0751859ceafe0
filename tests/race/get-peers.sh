#!/bin/sh
# get-peers.sh ROOT PYTHON: makes sure that ROOT has the programs the shipper races against: Debian's rsyslog and syslog-ng,
# which cannot be installed side by side and are only unpacked here; Sling, whose binary a PyPI package brings; dlt in an
# environment of its own. The system and the project's .venv stay as they are. The exit code is 0 in any case: who is missing
# is shown in the race's table with what stopped it, which is left in ROOT/NAME.why-not. 400 MB of disk, two minutes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 python=$2
wanted=$here/requirements.txt
sling=sling-linux-amd64==1.4.11
daemons="rsyslog rsyslog-mysql libestr0 libfastjson4 liblognorm5 syslog-ng-core syslog-ng-mod-sql libdbi1 libivykis0 \
    libnet1 libwrap0 libjson-c5 libpcre3 libglib2.0-0 libmariadb3 mariadb-common libmariadb-dev"

mkdir -p "$root"
exec 9>"$root.lock"
flock 9 # two runs at once: the second one waits and then finds them made
run() { "$python" "$here/../../deploy/alive.py" "$@"; }
cannot() { # NAME WHY
    echo "Not in the race: $1: $2" >&2
    echo "$2" >"$root/$1.why-not"
}

daemons_there() { [ -x "$root/debian/usr/sbin/rsyslogd" ] && [ -x "$root/debian/usr/sbin/syslog-ng" ]; }
get_daemons() {
    command -v apt-get >/dev/null || { cannot debian "unpacking Debian's packages takes apt-get" && return; }
    making=$root/debian.making
    rm -rf "$making" && mkdir -p "$making/packages"
    # apt fetches as a user of its own, who may not write into somebody's cache folder unless told to stay who we are.
    # shellcheck disable=SC2086 # packages are words
    (cd "$making/packages" && run "Fetching rsyslog and syslog-ng" \
        apt-get download -o APT::Sandbox::User="$(id -un)" $daemons) ||
        { cannot debian "their packages could not be fetched; as root: apt-get update" && return; }
    for package in "$making"/packages/*.deb; do dpkg-deb --extract "$package" "$making"; done
    rm -rf "$making/packages" "$root/debian"
    mv "$making" "$root/debian"
    rm -f "$root/debian.why-not"
}

get_sling() {
    making=$root/sling.making
    rm -rf "$making" && mkdir -p "$making"
    run "Fetching Sling" "$python" -m pip download --quiet --no-deps --only-binary :all: --dest "$making" "$sling" ||
        { cannot sling "pip found no $sling for this machine" && return; }
    "$python" -m zipfile -e "$making"/*.whl "$making"
    find "$making" -type f \( -name sling -o -name sling-linux-amd64 \) -exec chmod +x {} \; -exec mv {} "$root/sling" \;
    rm -rf "$making"
    if [ -x "$root/sling" ]; then rm -f "$root/sling.why-not"; else cannot sling "$sling holds no program named sling"; fi
}

dlt_there() { cmp -s "$wanted" "$root/dlt/requirements.txt" && "$root/dlt/bin/python" -c 'import MySQLdb' 2>/dev/null; }
get_dlt() {
    library=$root/debian/usr/lib/$(uname -m)-linux-gnu
    rm -rf "$root/dlt"
    run "Making dlt's environment" "$python" -m venv "$root/dlt" || { cannot dlt "there is no venv" && return; }
    # mysqlclient comes as source only, and is built against the library that was unpacked.
    MYSQLCLIENT_CFLAGS="-I$root/debian/usr/include/mariadb" \
        MYSQLCLIENT_LDFLAGS="-L$library -lmariadb -Wl,-rpath,$library" \
        run "Installing dlt and mysqlclient" "$root/dlt/bin/python" -m pip install --progress-bar off --requirement "$wanted" ||
        { cannot dlt "it could not be installed; building mysqlclient takes a C compiler and Python's headers" && return; }
    cp "$wanted" "$root/dlt/requirements.txt"
    rm -f "$root/dlt.why-not"
}

daemons_there || get_daemons
[ -x "$root/sling" ] || get_sling
dlt_there || get_dlt
