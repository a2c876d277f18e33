#!/bin/sh
# usage: trace_rules_corpus.sh DIRECTORY -- seeds for fuzz_trace_rules: rules as people write them.
set -eu
mkdir -p "$1"
n=0
while read -r line; do
    n=$((n + 1))
    printf '%s\n# and\ntolerate n 5 of TIMER\n' "$line" >"$1/$n"
done <<'END'
ignore kind TIMER of local_pool
ignore kind "TcpSteal(\x44ata)" # a comment
ignore kind "\n "TIMER
ignore effect l?m* of agent
ignore field serial of SOCKET_DATA
ignore header x-*-id
ignore outside agent
ignore undelivered
ignore where kind == CREDIT && conn == 7
unordered headers
unordered kind CREDIT
unordered where kind ~ "SOCKET*"
once kind Ping
once effect log
once actor local_pool
tolerate window 10%
tolerate time 20ms
tolerate took any
END
