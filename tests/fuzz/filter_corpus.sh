#!/bin/sh
# usage: filter_corpus.sh DIRECTORY -- seeds for fuzz_filter: filters as people write them.
set -eu
mkdir -p "$1"
n=0
while read -r line; do
    n=$((n + 1))
    printf '%s\0TcpSteal(HttpResponse)' "$line" >"$1/$n"
done <<'END'
kind ~ "HttpResponse*" && conn == 7 && t < 2s && path ~ "/api"
!(conn != 0x1f) || has(path) && from == TcpSteal
kind == "TcpSteal(Data)" || (t >= 1.5ms && conn <= 64KiB)
path !~ "a\x41\"?*" && kind != Ping
path ~ '/a"\x27*' && t > 100ns && kind == 'Data'
END
