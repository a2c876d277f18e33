#!/bin/sh
# usage: jsonl_corpus.sh DIRECTORY -- seeds for fuzz_jsonl: an exchange, the other records, a beginning.
set -eu
mkdir -p "$1"
cat >"$1/exchange" <<'END'
{"what":"call","seq":0,"to":"0.9.1","type":"interceptor","exchange":1,"kind":"REQUEST","fields":{"head":{"hex":"03474554022f610104686f737401016808485454502f312e31"},"connection":7,"request":1,"mode":1,"last":false}}
{"what":"call","seq":1,"to":"0.9.1","type":"interceptor","exchange":1,"kind":"REQUEST_BODY","fields":{"bytes":"hello","last":true}}
{"what":"call","seq":2,"to":"0.10.1","from":"0.9.1","type":"local_connection","exchange":1,"kind":"ASSIGN","effects":[{"effect":"connect","n":0,"address":"127.0.0.1:80"},{"effect":"write","n":0,"bytes":{"length":9,"hash":"0x0123456789abcdef","text":"GET"}}]}
{"what":"call","seq":3,"to":"0.9.1","from":"0.10.1","type":"interceptor","exchange":1,"flags":3,"kind":"RESPONSE","fields":{"head":{"hex":"c808485454502f312e3100"},"body":{"hex":"0200026162010100"}}}
{"what":"end","seq":4,"to":"0.9.1","type":"interceptor","actor_exchange":1,"effects":[{"effect":"send","ref":"0.6.1","message":"ANSWER"}]}
END
cat >"$1/remote" <<'END'
{"what":"call","seq":0,"to":"0.8.1","type":"agent_remote","kind":"SOCKET_ACCEPTED","fields":{"family":1,"ip_high":"16777343","port":5}}
{"what":"call","seq":1,"to":"0.4.1","from":"0.8.1","kind":"AGENT_ROUTE","fields":{"head":{"hex":"03474554022f610008485454502f312e31"},"what":2}}
{"what":"call","seq":2,"to":"0.7.1","from":"0.8.1","kind":"AGENT_OFFER","flags":4,"fields":{"body":"x"}}
{"what":"call","seq":3,"to":"0.8.1","type":"agent_remote","kind":"RESPONSE","flags":4,"fields":{"head":{"hex":"c808485454502f312e3100"}}}
END
cat >"$1/others" <<'END'
{"what":"note","seq":0,"text":{"hex":"ff00"}}
{"what":"lagged","seq":0,"worker":1,"lost":"18446744073709551615"}
{"what":"undelivered","seq":1,"to":"1.2.3","kind":"ANSWER","exchange":1}
{"what":"call","kind":"TIMER","fields":{"n":1,"serial":2},"effects":[{"effect":0}],"effects_rest":{"hex":"00"}}
END
printf '%s\n' '{"intproxy_trace_jsonl":1,"header":{"format":1,"program":"p"},"kinds":[{"number":7,"class":1,"name":"A","fields":[{"name":"b","type":"span"},{"name":"i","type":"i32"},{"name":"r","type":"ref"}]}],"types":["t"],"effects":[{"name":"e","has":["n","bytes",256]}],"settings":[{"name":"a","value":"b"}]}' \
    '{"what":"call","kind":"A","type":"t","fields":{"b":"x","i":-3,"r":"1.2.3"},"effects_rest":{"hex":"00"}}' >"$1/beginning"
