#!/bin/sh
# usage: text_corpus.sh DIRECTORY -- seeds from text_seeds.txt, one a line. A first byte is put before:
# 0x30 and 1 for the agent, and 2 for JSON.
set -eu
mkdir -p "$1"
n=0
while IFS= read -r line; do
    n=$((n + 1))
    printf '%s' "$line" >"$1/$n"
done <"$(dirname "$0")/text_seeds.txt"
