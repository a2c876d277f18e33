#!/bin/sh
# usage: symbols.sh OBJECTS -- what actors/ imports, held against tests/lint/symbols.
#
# An actor is a function of its messages: what it calls is its own floor, the lower ones, and those
# few functions of the C library that read and change nothing but memory.
set -eu
objects=$1
list=$(dirname "$0")/symbols
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The objects of sources that are (there may be others, of sources that were).
objects_of() {
    for source in "$1"/*.c; do
        echo "$objects/${source%.c}.o"
    done
}

# nm says nothing of a failure in a pipe; so it writes to a file.
own() {
    for floor; do
        objects_of "$floor" | xargs nm -g --defined-only
    done >"$work/nm"
    awk 'NF == 3 { print $3 }' "$work/nm"
}

check() {
    floor=$1
    shift
    { own "$floor" "$@"; sed 's/#.*//; s/ //g; /^$/d' "$list"; } | sort -u >"$work/allowed"
    objects_of "$floor" | xargs nm -A -u >"$work/nm"
    awk '{ sub(/:.*/, "", $1); print $NF, $1 }' "$work/nm" | sort >"$work/used"
    join -v 1 "$work/used" "$work/allowed" >"$work/bad"
    [ -s "$work/bad" ] || return 0
    while read -r symbol object; do
        source=${object#"$objects"/}
        echo "$floor/ may not call $symbol (${source%.o}.c); tests/lint/symbols lists what it may"
    done <"$work/bad"
    return 1
}

failed=0
check actors messages runtime || failed=1
exit $failed
