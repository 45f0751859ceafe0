#!/bin/sh
# enter.sh ROOT USER FOLDER COMMAND FROM:TO[:ro]...: called by debian.py in namespaces of its own, as their first process.
# Mounts what a root needs and runs the command there. Whoever ends this process ends everything that it started.
set -eu
root=$1 user=$2 folder=$3 command=$4
shift 4
wanted=$PATH # of the user, who has no programs of the system in it
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount --make-rprivate /
mount --bind "$root" "$root" # a mount point of its own, as a root file system is
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,size=64k tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%%:*}" "$root/dev/${number#*:}"; done
for node in null zero full random urandom tty fuse; do
    [ -e "/dev/$node" ] || continue
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
for bind in "$@"; do
    from=${bind%%:*} to=${bind#*:}
    mkdir -p "$root${to%:ro}"
    mount --bind "$from" "$root${to%:ro}"
    case $to in *:ro) mount -o remount,bind,ro "$root${to%:ro}" ;; esac
done
hostname fresh
mkdir "$root/.outside"
cd "$root"
# Not a chroot, in which the kernel makes no user namespaces.
pivot_root . .outside
umount -l /.outside
rmdir /.outside
set --
if [ "$user" != root ]; then
    set -- setpriv --reuid="$user" --regid="$user" --init-groups
    # As in a container: the kernel's settings can be read only.
    mount --bind /proc/sys /proc/sys
    mount -o remount,bind,ro /proc/sys
fi
# Not by exec: this shell is the first process there, and has to bury orphans.
"$@" /usr/bin/env PATH="$wanted" /bin/bash -c 'cd "$1" && eval "$2"' bash "$folder" "$command"
