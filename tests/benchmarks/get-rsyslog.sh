#!/bin/sh
# Makes sure that the peer rsyslog is there.
set -eu
PATH="$PATH:/usr/sbin"
command -v rsyslogd >/dev/null && ls /usr/lib/*/rsyslog/ommysql.so >/dev/null 2>&1 && exit 0
. "$(dirname "$0")/../servers/debian.sh"
install "rsyslog, a peer in the benchmark" rsyslog rsyslog-mysql
