#!/bin/sh
# usage: trace_corpus.sh DIRECTORY -- seeds for fuzz_trace: one of each way that its first byte chooses.
set -eu
mkdir -p "$1"
# the format strings that images have, with their lengths to come
for format in uUUUuuuussssss 'A(vcsA(cs))' 'A(s)' 'A(sv)' 'A(ss)' 'U#u#B' 'U#u#v' 'U#uU' 'U#s' 'U#u#BuU' \
    'U#u#BcvuUi'; do
    n=$((${#format} + 60))
    for way in 1 2; do
        {
            printf '%b' "\\0$way\\0101\\0\\0$(printf %o $n)\\0tpl\\02\\0\\0\\0\\0$format\\0\\05\\0\\0\\0\\05\\0\\0\\0"
            head -c 64 /dev/zero
        } >"$1/way-$way-$(printf %s "$format" | tr -cd 'A-Za-z')"
    done
done
kind=0
while [ $kind -lt 100 ]; do
    spans='\04\0\0\0\04\0\0\0abcdefgh\0\0\0'
    printf '%b' "\\03\\0$(printf %o $kind)\\01\\02\\03\\04\\05\\020$spans" >"$1/way-3-$kind"
    kind=$((kind + 1))
done
printf 'intptrc1' >"$1/way-0"
printf '\004\100\010\001\001' >"$1/way-4"
