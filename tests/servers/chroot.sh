# Sourced by the get-*.sh scripts: chroot_of ROOT WHAT PROGRAM PACKAGE... makes sure that ROOT is a chroot of Debian unstable with these
# packages, from the mirror that this machine's apt uses already. ROOT/.complete marks a finished one; a half-made one is made anew.
# Where it cannot be had, the reason is left in ROOT.why-not, and the exit code is 0: the tests repeat it.

cannot() {
    echo "$what cannot be had: $*" >&2
    { mkdir -p "$(dirname "$root")" && echo "$*" >"$root.why-not"; } || true
    exit 0
}

logged() { # logged WHAT COMMAND...: run it, telling how far it is; all that it says goes to the log
    doing=$1
    shift
    python3 "$alive" "$doing" bash -o pipefail -c '"${@:2}" 2>&1 | tee -a "$1"' bash "$log" "$@"
}

mirror() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' 'Origin: Debian' 'Component: main' |
        awk '$2 !~ /-/ && $1 ~ /^(https?|file):/ { print $1; exit }'
}

chroot_of() {
    root=$1 what=$2 program=$3
    shift 3
    if [ -e "$root/.complete" ]; then
        # Data folders that a killed run left; this folder is kept from run to run.
        find "$root/tmp" -maxdepth 1 -name 'm-*' -mmin +720 -exec rm -rf {} + 2>/dev/null || true
        exit 0
    fi
    [ "$(id -u)" -eq 0 ] || cannot "a chroot with Debian unstable's $1 can only be made as root"
    command -v apt-get >/dev/null || cannot "this is no Debian system, and it has no $(basename "$program") of its own"

    mkdir -p "$(dirname "$root")"
    exec 9>"$root.lock"
    flock 9 # two runs at once: the second one waits and then finds it made
    if [ -e "$root/.complete" ]; then exit 0; fi
    rm -f "$root.why-not"
    log=$root.log
    : >"$log"
    export DEBIAN_FRONTEND=noninteractive

    alive=$(dirname "${BASH_SOURCE[0]}")/../../deploy/alive.py

    if [ -z "$(mirror)" ] || ! command -v debootstrap >/dev/null; then
        logged "Reading Debian's list of packages" apt-get update || cannot "apt-get update failed, see $log"
    fi
    if ! command -v debootstrap >/dev/null; then
        logged "Installing debootstrap" apt-get install -y --no-install-recommends debootstrap ||
            cannot "debootstrap could not be installed, see $log"
    fi
    from=$(mirror)
    [ -n "$from" ] || cannot "apt has no Debian mirror configured"

    # A killed debootstrap leaves these mounted.
    for mounted in "$root/sys" "$root/proc"; do
        if mountpoint -q "$mounted"; then umount -l "$mounted"; fi
    done
    rm -rf --one-file-system "$root"
    proxy=$(apt-config shell proxy Acquire::http::Proxy)
    eval "$proxy"
    if [ -n "${proxy:-}" ]; then export http_proxy=${http_proxy:-$proxy}; fi
    packages=$(IFS=, && echo "$*")
    logged "Making a chroot with $what in $root (once; about a minute, 600 MB)" \
        debootstrap --variant=minbase --include="$packages" sid "$root" "$from" ||
        cannot "debootstrap failed, see $log: $(tail -n 1 "$log")"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    chroot "$root" "$program" --version >"$root/.version" 2>>"$log" ||
        cannot "the $(basename "$program") of the chroot does not run, see $log"
    mv "$root/.version" "$root/.complete"
}
