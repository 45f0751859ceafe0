#!/bin/bash
# get-oceanbase.sh ROOT PYTHON: makes sure that the one-node OceanBase of PyPI's pylibseekdb is unpacked in ROOT (54 MB to fetch, 190 MB).
# Where it cannot be had, the reason is left in ROOT.why-not, and the exit code is 0: the tests repeat it.
set -euo pipefail
root=$1
python=$2
version=1.4.0

if [ -e "$root/.complete" ]; then exit 0; fi
cannot() {
    echo "OceanBase cannot be had: $*" >&2
    echo "$*" >"$root.why-not"
    exit 0
}
mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9 # two runs at once: the second one waits and then finds it made
if [ -e "$root/.complete" ]; then exit 0; fi
rm -rf "$root" "$root.why-not"
log=$root.log

echo "Fetching OceanBase's one-node server into $root (once) ..."
# Whatever Python runs the tests: only the server in the package is used.
"$python" -m pip download --quiet --no-deps --only-binary :all: --python-version 3.11 --platform manylinux_2_28_x86_64 \
    --dest "$root" "pylibseekdb==$version" >"$log" 2>&1 || cannot "pip found no pylibseekdb $version for this machine, see $log"
"$python" -m zipfile -e "$root"/*.whl "$root"
rm "$root"/*.whl
chmod +x "$root/pylibseekdb/seekdb"
LD_LIBRARY_PATH=$root/pylibseekdb:$root/pylibseekdb.libs "$root/pylibseekdb/seekdb" --version >"$root/.version" 2>&1 ||
    cannot "seekdb does not run, see $log"
mv "$root/.version" "$root/.complete"
