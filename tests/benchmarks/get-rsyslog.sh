#!/bin/sh
# Makes sure that the peer rsyslog is there: finds it, or installs it when root on Debian. Exits 0 in any case; the
# benchmark says what it left out.
set -eu
PATH="$PATH:/usr/sbin"

command -v rsyslogd >/dev/null && ls /usr/lib/*/rsyslog/ommysql.so >/dev/null 2>&1 && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then exit 0; fi
echo "Installing rsyslog and rsyslog-mysql, a peer in the benchmark ..."
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -q && apt-get install -q -y --no-install-recommends rsyslog rsyslog-mysql; } >/dev/null ||
    echo "rsyslog could not be installed." >&2
