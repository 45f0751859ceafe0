#!/bin/sh
# Makes sure that a Chromium is there for the library's tests, and a font that has Chinese.
set -eu
if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then exit 0; fi
. "$(dirname "$0")/../servers/debian.sh"
install "Chromium and a Chinese font" chromium fonts-noto-cjk
