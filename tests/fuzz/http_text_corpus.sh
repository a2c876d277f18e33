#!/bin/sh
# usage: http_text_corpus.sh DIRECTORY -- seeds for fuzz_http_text: what sockets carry.
set -eu
mkdir -p "$1"
answer='HTTP/1.1 200 OK\r\nDate: today\r\n'
printf "\000${answer}B: 1\r\nA: 2\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 304 No\r\n\r\n" >"$1/answers"
printf '\003GET / HTTP/1.1\r\nX-Id: 1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc' >"$1/requests"
chunks='2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nDate: t\r\n\r\n'
printf "\007${answer}Transfer-Encoding: chunked\r\n\r\n${chunks}" >"$1/chunks"
printf '\001\001\002raw' >"$1/raw"
