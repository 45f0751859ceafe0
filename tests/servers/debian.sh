# Sourced by the get-*.sh scripts: install WHAT PACKAGE... brings Debian's packages when root, and says so where it cannot.
# No service of theirs is started. Returns 0 in any case: whoever needs them says what it leaves out.
install() {
    what=$1
    shift
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "$what: not installed, what needs it is left out. On Debian: apt-get install $*" >&2
        return 0
    fi
    echo "Installing $what ..."
    # invoke-rc.d asks this program whether a service may start; 101 is "no".
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -q -y --no-install-recommends "$@"; } >/dev/null ||
        echo "$what could not be installed." >&2
}
