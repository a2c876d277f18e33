#!/bin/sh
# usage: redact_corpus.sh DIRECTORY -- seeds for fuzz_redact: rules, and what has secrets in it.
set -eu
mkdir -p "$1"
cd "$1"

seed() { # NAME RULES STREAM
    printf '%b\0%b' "$2" "$3" >"$1"
}
seed head 'header x-*\nkeep cookie theme\n' \
    'GET /?token=abcdefgh HTTP/1.1\r\nCookie: theme=dark; a=abcdefgh\r\n\r\n'
seed json 'json user.email\nvalue moonlight\n' \
    '{"user":{"email":"a@b.cd"},"password":"p\\"w\\u00e9x"} moonlight'
seed chunks '' \
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"token"\r\n9\r\n:"abcdefg\r\n3\r\nh"}\r\n0\r\n\r\n'
seed head_answers '' \
    'HEAD / HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n'\
'HTTP/1.1 200 OK\r\nSet-Cookie: pin=7Q3q8; x\r\n\r\n'
seed multipart 'query x\n' \
    '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n12345678\r\n--b\r\n'\
'Content-Disposition: form-data; name=y\r\n\r\nz\r\n--b--\r\n'
seed query 'no-defaults\nquery q\n' 'q=a%20b+c&q=a%20b&x=a b c http://me:secret@host/'
seed basic '' \
    'Authorization: Basic cm9vdDpodW50ZXIyMg==\r\nset-cookie: hunter22=root; x\r\n\r\nhunter22 root:hunter22'
seed codings '' \
    '{"a":"{\\"b\\":\\"{\\\\\\"pwd\\\\\\":\\\\\\"xyzw\\\\\\\\\\\\\\"v\\\\\\"}\\"}",'\
'"c":"x\\ny?q=%253Ftoken%253Dabcd"}\n'\
'payload=%7B%22token%22%3A%22ab+cd%2Fe%22%7D&u=https%3A%2F%2Fh%3Fcode%3D7Q3q8\n'
