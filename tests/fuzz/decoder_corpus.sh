#!/bin/sh
# usage: decoder_corpus.sh DIRECTORY -- seeds for fuzz_decoder from tests/data/vectors, one a file.
# A first byte is put before the bytes: its lowest bit is the direction (1: from the agent).
set -eu
vectors=$(dirname "$0")/../data/vectors
mkdir -p "$1"
n=0
sed '/^#/d' "$vectors/named-messages.tsv" | while IFS='	' read -r from name _ hex; do
    [ "$from" = agent ] && first=01 || first=00
    printf '%s%s' "$first" "$hex" | xxd -r -p >"$1/$from-$name"
done
sed '/^#/d' "$vectors/decode-cases.tsv" | awk 'NR % 10 == 0' |
while IFS='	' read -r from verdict _ hex _; do
    [ "$from" = agent ] && first=09 || first=08
    n=$((n + 1))
    printf '%s%s' "$first" "$hex" | xxd -r -p >"$1/$verdict-$n"
done
