#!/bin/sh
# usage: jsonl_corpus.sh DIRECTORY -- seeds for fuzz_jsonl: an exchange, one of a remote client, other records, and a
# beginning; each ends with an empty line of jsonl_seeds.txt.
set -eu
mkdir -p "$1"
awk -v where="$1" 'BEGIN { RS = ""; ORS = "\n" } { print >(where "/" NR) }' "$(dirname "$0")/jsonl_seeds.txt"
