#!/bin/sh
# usage: sh tests/bare-root.sh [COMMAND...] -- does it all work on a machine that has nothing?
#
# Makes a minimal Debian 12 with debootstrap in build/bare (a shell and apt, no compiler, no make),
# copies the sources in as git would hand them out, and runs there `sh tools/demo` and
# `sh tools/check --quick`, or the commands given. Needs root, and the mirrors of this machine's apt.
# Ends with 0 if all of them did. The root is removed afterwards, unless KEEP is set.
set -eu
cd "$(dirname "$0")/.."
root=$PWD/build/bare/root
log=build/bare/debootstrap

die() {
    echo "bare-root: $*" >&2
    exit 1
}

# The first mirror of Debian that this machine's apt reads, in either format of its lists.
mirror() {
    {
        sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
        sed -n 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list \
            /etc/apt/sources.list.d/*.list
    } 2>/dev/null | grep '/debian/*$' | head -n 1
}

sources() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard |
            xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh
    else
        find . \( -path ./build -o -name .git \) -prune -o -type f -print0
    fi
}

seconds() {
    echo $(($(date +%s) - began))
}

# Its own mounts and processes: they are gone when the command ends, however it ends.
inside() {
    unshare --mount --pid --fork --kill-child sh -c '
        set -eu
        root=$1
        shift
        mount --rbind /dev "$root/dev"
        mount --make-rslave "$root/dev"
        mount -t proc proc "$root/proc"
        cd "$root"
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C.UTF-8 \
            sh -c "cd /intproxyd && $*"' sh "$root" "$@"
}

clean() {
    [ -n "${KEEP:-}" ] || rm -rf --one-file-system "$root"
}

[ "$(id -u)" -eq 0 ] || die "only root can make a root"
command -v debootstrap >/dev/null || die "debootstrap is missing, see sh tools/install ci"
from=$(mirror)
[ -n "$from" ] || die "no mirror of Debian in /etc/apt"
[ $# -gt 0 ] || set -- 'sh tools/demo' 'sh tools/check --quick'

rm -rf --one-file-system "$root"
mkdir -p "$root"
trap clean EXIT
trap 'exit 130' INT TERM
began=$(date +%s)
debootstrap --variant=minbase bookworm "$root" "$from" >$log 2>&1 || {
    tail -n 20 $log
    die "debootstrap failed"
}
echo "bare-root: a minimal Debian 12 stands, $(seconds) s"
for tool in gcc cc make python3; do
    [ ! -e "$root/usr/bin/$tool" ] || die "it is not bare, it has $tool"
done
mkdir "$root/intproxyd"
sources | tar -c --null -T - | tar -x --no-same-owner -C "$root/intproxyd"
for name in resolv.conf hosts; do
    [ ! -e /etc/$name ] || cp -L /etc/$name "$root/etc/$name"
done

for command; do
    began=$(date +%s)
    inside "$command" || die "$command: failed after $(seconds) s"
    echo "bare-root: $command: $(seconds) s"
done
