#!/bin/sh
# Makes sure that a Chromium is there for the library's tests: finds it, or installs it when root on Debian.
# Exits 0 in any case where the tests can go on; the tests say again what is missing.
set -eu
if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Chromium is not installed, so the library's browser tests will be skipped. On Debian: apt-get install chromium" >&2
    exit 0
fi
echo "Installing Chromium and a Chinese font ..."
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -q && apt-get install -q -y --no-install-recommends chromium fonts-noto-cjk; } >/dev/null ||
    echo "Chromium could not be installed." >&2
