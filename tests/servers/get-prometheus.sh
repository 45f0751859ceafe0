#!/bin/sh
# Makes sure that Prometheus and promtool are there: finds them, or installs Debian's package when root.
# Nothing is started: the package's service is kept from starting, the tests run their own instance.
# Exits 0 in any case where the tests can go on; what is missing is said here and again by the tests.
set -eu
have() { command -v prometheus >/dev/null && command -v promtool >/dev/null; }

have && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Prometheus is not installed, so its tests will be skipped. On Debian: apt-get install prometheus" >&2
    exit 0
fi
echo "Installing Prometheus ..."
export DEBIAN_FRONTEND=noninteractive
# invoke-rc.d asks this program whether a service may start; 101 is "no".
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
{ apt-get update -q && apt-get install -q -y --no-install-recommends prometheus; } >/dev/null ||
    echo "Prometheus could not be installed." >&2
