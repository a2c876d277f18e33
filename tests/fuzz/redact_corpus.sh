#!/bin/sh
# usage: redact_corpus.sh DIRECTORY -- seeds for fuzz_redact: rules, and what has secrets in it.
set -eu
mkdir -p "$1"
printf 'header x-*\nkeep cookie theme\n\0GET /?token=abcdefgh HTTP/1.1\r\nCookie: theme=dark; a=abcdefgh\r\n\r\n' \
    >"$1/1"
printf 'json user.email\nvalue moonlight\n\0{"user":{"email":"a@b.cd"},"password":"p\\"w\\u00e9x"} moonlight' >"$1/2"
printf '\0HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"token"\r\n9\r\n:"abcdefg\r\n3\r\nh"}\r\n%s' '' \
    >"$1/3"
printf '0\r\n\r\n' >>"$1/3"
printf 'no-defaults\nquery q\n\0q=a%%20b+c&q=a%%20b&x=a b c http://me:secret@host/' >"$1/4"
printf '\0Authorization: Basic cm9vdDpodW50ZXIyMg==\r\nset-cookie: hunter22=root; x\r\n\r\nhunter22 root:hunter22' \
    >"$1/5"
