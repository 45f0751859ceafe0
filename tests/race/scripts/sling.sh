#!/bin/sh
# sling.sh [--follow]: one run of Sling over the files that are new since the last, or run after run. See ../peers/sling.py.
set -eu
stamp=$PWD/stamp
[ -e "$stamp" ] || touch -d @0 "$stamp"

run() {
    # Files linked while this run looks are of the next one; a second is read twice, for clocks of files are coarse.
    touch -d '1 second ago' "$stamp.next"
    find "$RACE_FILES" -maxdepth 1 -name '*.json' ! -name '.*' -cnewer "$stamp" | sort >list
    if [ -s list ]; then
        xargs cat <list | "$RACE_SLING" run --src-options '{"format": "jsonlines", "flatten": 1}' --columns "$RACE_COLUMNS" \
            --tgt-conn RACE --tgt-object "$RACE_TABLE" --tgt-options '{"table_keys": {"primary": ["id"]}}' \
            --mode incremental --primary-key id
    fi
    mv "$stamp.next" "$stamp"
}

run
while [ "${1:-}" = --follow ]; do run; done
