#!/bin/sh
# usage: agent_corpus.sh DIRECTORY [client] -- seeds from tests/data/vectors, the bytes of one message a file.
set -eu
who=${2:-agent}
vectors=$(dirname "$0")/../data/vectors
mkdir -p "$1"
sed '/^#/d' "$vectors/named-messages.tsv" | while IFS='	' read -r from name _ hex; do
    [ "$from" != "$who" ] || printf '%s' "$hex" | xxd -r -p >"$1/$name"
done
n=0
sed '/^#/d' "$vectors/decode-cases.tsv" | awk 'NR % 8 == 0' |
while IFS='	' read -r from verdict _ hex _; do
    n=$((n + 1))
    [ "$from" != "$who" ] || printf '%s' "$hex" | xxd -r -p >"$1/$verdict-$n"
done
