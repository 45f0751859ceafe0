#!/bin/sh
# Makes sure that Prometheus and promtool are there; the tests run an instance of their own.
set -eu
command -v prometheus >/dev/null && command -v promtool >/dev/null && exit 0
. "$(dirname "$0")/debian.sh"
install Prometheus prometheus
