#!/bin/sh
# usage: peers_corpus.sh DIRECTORY -- a link's beginning and an answer; GET and POST with their answers; a raw talk.
set -eu
cd "$1"
printf '\000\000\001\007\004\001\007\000\010\012\0061.29.0\004\010\013\0061.29.0' >link
printf '\001\003\000\022GET /a HTTP/1.1\r\n\r\n\004\046HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh\004\001i' >get
printf '\001\003\000\054POST /b HTTP/1.1\r\ncontent-length: 2\r\n\r\nxy\r\n\004\023HTTP/1.1 204 N\r\n\r\n.\005' >post
printf '\001\013\000\002ab\004\002cd\005\001' >raw
