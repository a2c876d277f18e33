"""intproxy-trace convert: real traces in each form, and each form in the hands of who reads such: node's HAR validator,
curl, tshark and capinfos, an HTTP server."""
import base64
import http.client
import json
import os
import socket
import subprocess
import threading
import time
import zlib

import apps
from apps import ServerApp
from case import Case
from chain import Chain, need
from daemon import PROGRAM, SLOW

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))
BINARY = bytes(range(256)) * 300
PLAIN = json.dumps({"access_token": "Packed-Secret-1", "text": "to be read " * 20, "pin": 1}).encode()
TEXT = b"it's \"quoted\" $HOME `id` \\ @file\nand a second line"
CHECKSUMS = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")
VALIDATE = """
require('har-validator').har(JSON.parse(require('fs').readFileSync(0)))
  .catch(e => { console.error(JSON.stringify(e.errors || String(e))); process.exit(1); });
"""


def pack(plain, window, level=9):
    """window 31: gzip, 15: zlib's form, -15: deflate alone."""
    packer = zlib.compressobj(level, wbits=window)
    return packer.compress(plain) + packer.flush()


STORED = PLAIN.replace(b"Packed-Secret-1", b"Stored-Secret-2")  # stands in its body as it is
ZEROS = pack(bytes(17 << 20), 31)
PACKED = {  # by path: Content-Encoding, and the body
    b"/gzip": (b"gzip", pack(PLAIN, 31)), b"/zlib": (b"deflate", pack(PLAIN, 15)),
    b"/raw": (b"deflate", pack(PLAIN, -15)), b"/twice": (b"deflate, gzip", pack(pack(PLAIN, 15), 31)),
    b"/bytes": (b"gzip", pack(BINARY, 31)),
    b"/stored": (b"gzip", pack(STORED, 31, 0)), b"/cut": (b"gzip", pack(PLAIN, 31)[:-9]), b"/bomb": (b"gzip", ZEROS),
    b"/other": (b"zstd", b"\x28\xb5\x2f\xfd"), b"/damaged": (b"gzip", pack(PLAIN, 31)[:-8] + bytes(8)),
}


class Recorder(ServerApp):
    """An application that remembers the requests it got, and answers each in its own way."""

    def __init__(self):
        self.requests = []
        self.over = threading.Event()  # for what has no end
        super().__init__(self.handle)

    def handle(self, conn):
        while head := conn.read_head():
            method, target, _ = head.split(b"\r\n")[0].split(b" ")
            fields = [tuple(part.strip() for part in line.split(b":", 1)) for line in head.split(b"\r\n")[1:-2]]
            values = {name.lower(): value for name, value in fields}
            if values.get(b"expect") == b"100-continue":
                conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            if values.get(b"transfer-encoding") == b"chunked":
                body, _ = conn.read_chunked()
            else:
                body = conn.read(int(values.get(b"content-length", 0)))
            self.requests.append((method, target, sorted((n.lower(), v) for n, v in fields), body))
            if target == b"/upgrade":
                conn.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
                conn.send(b"got " + conn.read(4))
                conn.read_head()  # until the end
                return
            self.answer(conn, method, target)

    def answer(self, conn, method, target):
        if method == b"GET" and target in PACKED:
            coding, body = PACKED[target]
            conn.answer(body, fields=b"Content-Type: application/json\r\nContent-Encoding: %s\r\n" % coding)
        elif target == b"/chunked":
            conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n")
            for piece in (b"one,", b"two,", b"three"):
                conn.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            conn.send(b"0\r\n\r\n")
        elif target == b"/binary":
            conn.answer(BINARY, fields=b"Content-Type: application/x-test\r\n")
        elif target == b"/endless":
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun")
            self.over.wait(20)
            raise ConnectionError
        elif target == b"/silent":
            time.sleep(0.3)
            raise ConnectionError
        elif target == b"/late":
            time.sleep(0.3)
            conn.answer(b"ok")
        elif method == b"HEAD":
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        else:
            conn.answer(b"ok", fields=b"Set-Cookie: a=b; Path=/; HttpOnly; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\n")


def run(*args, data=None, status=0, redact=False):
    """As it was recorded; redact: as convert does it unless it is told."""
    as_recorded = () if redact or "--from" in args else ("--no-redact",)
    done = subprocess.run([TRACE, "convert", *args, *as_recorded], input=data, capture_output=True, timeout=60 * SLOW)
    if done.returncode != status:
        raise AssertionError(f"convert {args}: exit status {done.returncode}\n{done.stderr.decode()}")
    return done.stdout, done.stderr.decode()


class Convert(Case):
    seconds = 6

    def chain(self, *trace_args, local=None):
        """Returns the chain and its application; self.traced is where the daemon's trace will be, with the
        agent's beside it."""
        self.app = self.keep(Recorder())
        where = self.directory()
        self.traced, self.agent_traced = os.path.join(where, "d.trace"), os.path.join(where, "a.trace")
        return Chain(self, self.app.destination, local or self.app.destination, ("--trace", self.traced, *trace_args),
                     ("--trace", self.agent_traced))

    def some_traffic(self, *trace_args):
        """On one connection; then the daemon ends."""
        c = self.chain(*trace_args)
        h = http.client.HTTPConnection("127.0.0.1", c.agent.port, timeout=20 * SLOW)

        def ask(method, target, body=None, **rest):
            h.request(method, target, body, **rest)
            answer = h.getresponse()
            return answer.status, answer.read()

        self.assertEqual(ask("GET", "/plain?x=1&y=%20z&flag", headers={
            "Cookie": "k=v; l=w", "X-Empty": "", "X-Quote": "it's"}), (200, b"ok"))
        self.assertEqual(ask("GET", "/chunked"), (200, b"one,two,three"))
        self.assertEqual(ask("POST", "/text", TEXT, headers={"Content-Type": "text/plain"})[0], 200)
        self.assertEqual(ask("POST", "/bytes", BINARY)[0], 200)
        self.assertEqual(ask("PUT", "/upload", iter((b"ab", b"cd")), encode_chunked=True)[0], 200)
        self.assertEqual(ask("HEAD", "/head")[0], 200)
        self.assertEqual(ask("GET", "/binary"), (200, BINARY))
        self.assertEqual(ask("DELETE", "/it's/../here[1-9]?*")[0], 200)
        h.close()
        c.finish()
        return c

    def upgrade_and_raw(self):
        c = self.chain()
        with socket.create_connection(("127.0.0.1", c.agent.port), 20 * SLOW) as s:
            s.sendall(b"GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            read = b""
            while not read.endswith(b"\r\n\r\n"):
                read += s.recv(1000)
            s.sendall(b"ping")
            self.assertEqual(s.recv(100), b"got ping")
        c.finish()

    # ---- HAR ----

    def check_har(self, har):
        done = subprocess.run([need("node"), "-e", VALIDATE], input=har, capture_output=True,
                              env={**os.environ, "NODE_PATH": "/usr/share/nodejs"}, timeout=60 * SLOW)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(har)["log"]["entries"]

    def test_har(self):
        self.some_traffic()
        har, said = run(self.traced, "--to", "har")
        entries = self.check_har(har)
        self.assertEqual(said, "")
        self.assertEqual([(e["request"]["method"].encode(), e["request"]["url"].split("/", 3)[3].encode())
                          for e in entries], [(r[0], r[1][1:]) for r in self.app.requests])
        by_path = {e["request"]["url"].split("/", 3)[3].split("?")[0]: e for e in entries}
        plain = by_path["plain"]
        self.assertEqual(plain["request"]["queryString"], [
            {"name": "x", "value": "1"}, {"name": "y", "value": "%20z"}, {"name": "flag", "value": ""}])
        self.assertEqual(plain["request"]["cookies"], [{"name": "k", "value": "v"}, {"name": "l", "value": "w"}])
        self.assertEqual(plain["response"]["cookies"], [{
            "name": "a", "value": "b", "path": "/", "httpOnly": True, "expires": "2026-10-21T07:28:00.000Z"}])
        self.assertEqual(plain["response"]["content"]["text"], "ok")
        self.assertEqual(plain["serverIPAddress"], "127.0.0.1")
        self.assertGreaterEqual(plain["timings"]["connect"], 0)
        for name in ("blocked", "send", "wait", "receive"):
            self.assertGreaterEqual(plain["timings"][name], 0, name)
        self.assertEqual(by_path["chunked"]["timings"]["connect"], -1)  # the connection was there
        self.assertEqual(by_path["chunked"]["connection"], plain["connection"])
        self.assertEqual(by_path["chunked"]["response"]["content"]["text"], "one,two,three")
        self.assertEqual(by_path["text"]["request"]["postData"]["text"], TEXT.decode())
        self.assertEqual(by_path["bytes"]["request"]["postData"]["_encoding"], "base64")
        self.assertEqual(by_path["upload"]["request"]["postData"]["text"], "abcd")
        content = by_path["binary"]["response"]["content"]
        self.assertEqual((content["mimeType"], content["size"], content["encoding"]),
                         ("application/x-test", len(BINARY), "base64"))
        self.assertEqual(base64.b64decode(content["text"]), BINARY)
        for e in entries:
            self.assertTrue(e["_whole"])
            self.assertNotIn("comment", e)
            known = [t for t in e["timings"].values() if t > 0]
            self.assertAlmostEqual(e["time"], sum(known), 3)

    def test_har_of_the_agent(self):
        """What its remote clients asked and got."""
        self.some_traffic()
        har, said = run(self.agent_traced, "--to", "har")
        entries = self.check_har(har)
        self.assertEqual(said, "")
        self.assertEqual([e["request"]["method"].encode() for e in entries], [r[0] for r in self.app.requests])
        self.assertEqual([e["_whole"] for e in entries], [True] * len(entries))
        (e,) = [e for e in entries if e["request"]["url"].endswith("/binary")]
        self.assertEqual(base64.b64decode(e["response"]["content"]["text"]), BINARY)
        (e,) = [e for e in entries if e["request"]["url"].endswith("/upload")]
        self.assertEqual(e["request"]["postData"]["text"], "abcd")
        har, _ = run(self.agent_traced, "--to", "har", "--filter", "kind == AGENT_OFFER")
        self.assertEqual(len(self.check_har(har)), len(entries))

    def test_har_of_capped_bodies(self):
        self.some_traffic("--trace-bodies", "100")
        har, said = run(self.traced, "--to", "har")
        entries = self.check_har(har)
        self.assertIn("are not whole in the trace", said)
        e = next(e for e in entries if e["request"]["url"].endswith("/binary"))
        self.assertEqual(e["response"]["content"]["size"], len(BINARY))
        self.assertGreater(e["response"]["content"]["_bytesMissing"], len(BINARY) // 2)
        self.assertTrue(BINARY.startswith(base64.b64decode(e["response"]["content"]["text"])[:100]))
        self.assertIn("bytes were recorded", e["comment"])
        self.assertFalse(e["_whole"])

    def test_har_of_targets_that_are_no_paths(self):
        c = self.chain()
        with socket.create_connection(("127.0.0.1", c.agent.port), 20 * SLOW) as s:
            s.sendall(b"OPTIONS * HTTP/1.1\r\nHost: h:1\r\n\r\n")
            self.assertIn(b" 200 ", s.recv(1000))
            s.sendall(b"GET http://other/a HTTP/1.1\r\nHost: other\r\n\r\n")
            self.assertIn(b" 200 ", s.recv(1000))
            s.sendall(b"CONNECT far:443 HTTP/1.1\r\nHost: far:443\r\n\r\n")
            s.recv(1000)
        c.finish()
        self.assertEqual([e["request"]["url"] for e in self.check_har(run(self.traced, "--to", "har")[0])],
                         ["http://h:1", "http://other/a", "http://far:443"])

    def test_har_of_an_answer_that_does_not_come(self):
        """It was waited for until the application gave up."""
        c = self.chain()
        self.assertEqual(c.curl("/silent")[0], 502)
        c.finish()
        (e,) = self.check_har(run(self.traced, "--to", "har")[0])
        self.assertIn("answered by the proxy", e["comment"])
        self.assertGreater(e["timings"]["wait"], 250)
        self.assertEqual(e["timings"]["receive"], 0)

    def test_har_of_a_request_that_was_told_to_go_on(self):
        """Its answer begins behind its body, not with 100 Continue."""
        c = self.chain()
        with socket.create_connection(("127.0.0.1", c.agent.port), 20 * SLOW) as s:
            s.sendall(b"POST /late HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            self.assertIn(b" 100 ", s.recv(1000))
            time.sleep(0.1)
            s.sendall(b"body")
            self.assertIn(b" 200 ", s.recv(1000))
        c.finish()
        (e,) = self.check_har(run(self.traced, "--to", "har")[0])
        self.assertGreater(e["timings"]["wait"], 250)
        self.assertLess(e["timings"]["receive"], 200)

    def test_har_of_what_has_no_answer(self):
        """The proxy's own answer is said to be such; a raw connection is counted; an upgrade is marked."""
        c = self.chain(local=f"127.0.0.1:{apps.free_port()}")
        self.assertEqual(c.curl("/gone")[0], 502)
        c.finish()
        har, said = run(self.traced, "--to", "har")
        (e,) = self.check_har(har)
        self.assertEqual(e["response"]["status"], 502)
        self.assertIn("answered by the proxy", e["comment"])
        self.assertEqual([e["timings"][name] for name in ("send", "wait", "receive")], [0, 0, 0])  # HAR has no -1 there
        self.upgrade_and_raw()
        (e,) = self.check_har(run(self.traced, "--to", "har")[0])
        self.assertEqual(e["response"]["status"], 101)
        self.assertIn("upgraded: 4 bytes to the application, 8 from it", e["comment"])

    def test_har_has_answers_without_their_codings(self):
        c = self.chain()
        for path in PACKED:
            c.curl(path.decode())
        c.finish()
        for name in (self.traced, self.agent_traced):
            har, said = run(name, "--to", "har")
            entries = {e["request"]["url"].split("/", 3)[3]: e for e in self.check_har(har)}
            self.assertNotIn("compressed", said)
            for path in ("gzip", "zlib", "raw", "twice", "stored"):
                content = entries[path]["response"]["content"]
                self.assertEqual(content["text"], (STORED if path == "stored" else PLAIN).decode(), path)
                self.assertEqual(content["size"], len(PLAIN))
                sent = len(PACKED[b"/" + path.encode()][1])
                self.assertEqual(content["compression"], len(PLAIN) - sent)
                self.assertEqual(entries[path]["response"]["bodySize"], sent)
                self.assertNotIn("comment", entries[path])
                self.assertNotIn("_contentEncoding", content)
            self.assertEqual(base64.b64decode(entries["bytes"]["response"]["content"]["text"]), BINARY)
            for path, why in (("cut", "it ends too early"), ("damaged", "it is damaged"),
                              ("bomb", "it becomes more than 16 MiB"), ("other", "its coding is not known")):
                coding, body = PACKED[b"/" + path.encode()]
                content = entries[path]["response"]["content"]
                self.assertEqual(base64.b64decode(content["text"]), body, path)
                self.assertEqual(content["size"], len(body))
                self.assertEqual(content["_contentEncoding"], coding.decode())
                self.assertIn("the answer's body is encoded still: " + why, entries[path]["comment"])

    def test_har_of_capped_codings(self):
        c = self.chain("--trace-bodies", "20")
        c.curl("/gzip")
        c.finish()
        (e,) = self.check_har(run(self.traced, "--to", "har")[0])
        self.assertIn("encoded still: not all of it was recorded", e["comment"])
        self.assertEqual(e["response"]["content"]["_contentEncoding"], "gzip")

    def test_an_empty_trace_is_an_empty_archive(self):
        """Nothing was written into it yet: each form is one that its readers can read."""
        path = os.path.join(self.directory(), "empty.trace")
        open(path, "wb").close()
        har, said = run(path, "--to", "har")
        self.assertEqual(self.check_har(har), [])
        self.assertIn("it is empty", said)
        self.check_packets(self.packets(path)[0])
        self.assertTrue(run(path, "--to", "curl")[0].startswith(b"#!/bin/sh\n"))
        self.assertEqual(run(path, "--to", "jsonl")[0], b"")  # and that is an empty trace again
        self.assertEqual(run(path + ".none", "--to", "har", status=74)[0], b"")

    # ---- commands and requests ----

    def test_curl_commands_send_the_same_requests(self):
        self.some_traffic()
        asked = list(self.app.requests)
        again = self.keep(Recorder())
        script, _ = run(self.traced, "--to", "curl", "--to-host", again.destination)
        done = subprocess.run(["sh"], input=script, capture_output=True, timeout=60 * SLOW, env={
            name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(again.requests, asked)

    def test_curl_commands_wait_for_no_end_that_never_comes(self):
        """What was upgraded, and an answer that its client left, hold up no command behind them."""
        c = self.chain()
        with self.assertRaises(AssertionError):
            c.curl("/endless", timeout=1)
        self.app.over.set()
        with socket.create_connection(("127.0.0.1", c.agent.port), 20 * SLOW) as s:
            s.sendall(b"GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            self.assertTrue(s.recv(1000).startswith(b"HTTP/1.1 101 "))
            s.sendall(b"ping")
            self.assertTrue(s.recv(100))
        self.assertEqual(c.curl("/behind")[0], 200)
        c.finish()
        asked = [request[1] for request in self.app.requests]
        again = self.keep(Recorder())
        script, _ = run(self.traced, "--to", "curl", "--to-host", again.destination)
        self.assertEqual(script.count(b" --max-time 5 "), 2)
        self.assertEqual(script.count(b"may have no end: curl gives up after 5 s"), 2)
        # the application alone would hold each for 20 s and more
        done = subprocess.run(["sh"], input=script.replace(b"--max-time 5", b"--max-time 1"), capture_output=True,
                              timeout=15, env={name: value for name, value in os.environ.items()
                                               if not name.lower().endswith("_proxy")})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual([request[1] for request in again.requests], asked)

    def test_requests_are_what_the_application_got(self):
        self.some_traffic()
        asked = list(self.app.requests)
        again = self.keep(Recorder())
        where = self.directory() + "/requests/"
        run(self.traced, "--to", "requests", "-o", where)
        for name in sorted(os.listdir(where)):
            with open(where + name, "rb") as f, socket.create_connection(("127.0.0.1", again.port)) as s:
                s.sendall(f.read())
                s.shutdown(socket.SHUT_WR)
                while s.recv(1 << 16):
                    pass
        self.assertEqual(again.requests, asked)
        text, _ = run(self.traced, "--to", "requests")
        self.assertEqual(text.count(b"### exchange "), len(asked))

    # ---- JSON lines ----

    def test_json_lines_there_and_back(self):
        for trace_args in ((), ("--trace-bodies", "10")):
            self.some_traffic(*trace_args)
            for name in (self.traced, self.agent_traced):
                lines, _ = run(name, "--to", "jsonl")
                for line in lines.splitlines():
                    json.loads(line)
                run("--from", "jsonl", "-", "-o", name + ".back", data=lines)
                with open(name, "rb") as f, open(name + ".back", "rb") as g:
                    self.assertTrue(f.read() == g.read(), name)

    def test_some_json_lines_become_a_trace(self):
        self.some_traffic()
        lines, _ = run(self.traced, "--to", "jsonl", "--filter", "kind == REQUEST")
        path = self.traced + ".some"
        run("--from", "jsonl", "-", "-o", path, "--renumber", data=lines)
        self.assertEqual(len(run(path, "--to", "jsonl")[0].splitlines()), len(lines.splitlines()))

    def test_bad_lines_are_said(self):
        self.some_traffic()
        lines = run(self.traced, "--to", "jsonl")[0].splitlines()
        lines[3] = lines[3][:-5]
        path = self.traced + ".some"
        _, said = run("--from", "jsonl", "-", "-o", path, data=b"\n".join(lines), status=65)
        self.assertIn("standard input:4: ", said)

    def test_lines_without_their_beginning_are_one_mistake(self):
        """Two runs in one file; records alone; what is no JSON at all."""
        self.some_traffic()
        lines = run(self.traced, "--to", "jsonl")[0].splitlines(keepends=True)
        other = run(self.agent_traced, "--to", "jsonl")[0].splitlines(keepends=True)
        other[0] = lines[0].replace(b'"process":', b'"process":1')
        path, trace = self.traced + ".some", open(self.traced, "rb").read()
        for data, number, why, expected in (
                (lines + other, len(lines) + 1, "another trace begins here, of another run", trace),
                (lines[1:], 1, "its first line has", b""), ([trace], 1, "no JSON", b"")):
            said = run("--from", "jsonl", "-", "-o", path, data=b"".join(data), status=65)[1].splitlines()
            self.assertEqual(len(said), 1, said[:3])
            self.assertIn(f"standard input:{number}: ", said[0])
            self.assertIn(why, said[0])
            with open(path, "rb") as made:
                self.assertEqual(made.read(), expected)

    # ---- packets ----

    def tshark(self, path, *args):
        done = subprocess.run([need("tshark"), "-r", path, *CHECKSUMS, *args], capture_output=True, text=True,
                              timeout=60 * SLOW)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check_packets(self, path):
        bad = self.tshark(path, "-Y", "tcp.checksum.status == 0 || ip.checksum.status == 0 || "
                          "udp.checksum.status == 0 || _ws.malformed || tcp.analysis.flags")
        self.assertEqual(bad, "")
        done = subprocess.run([need("capinfos"), "-M", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("nanoseconds", done.stdout)

    def packets(self, name, *args):
        path = name + ".pcapng"
        said = run(name, "--to", "pcapng", "-o", path, *args)[1]
        return path, said

    def test_packets(self):
        c = self.some_traffic()
        path, said = self.packets(self.traced)
        self.assertEqual(said, "")
        self.check_packets(path)
        sums = self.tshark(path, "-Y", "tcp", "-T", "fields", "-e", "tcp.checksum.status")
        self.assertEqual(set(sums.split()), {"1"})  # good, each of them
        port = f"tcp.port == {self.app.port}"
        asked = self.tshark(path, "-Y", f"http.request && {port}", "-T", "fields", "-e", "http.request.method", "-e",
                            "http.request.uri")
        self.assertEqual([tuple(line.split("\t")) for line in asked.splitlines()],
                         [(m.decode(), t.decode()) for m, t, _, _ in self.app.requests])
        status = self.tshark(path, "-Y", f"http.response && {port}", "-T", "fields", "-e", "http.response.code")
        self.assertEqual(status.split(), ["200"] * len(self.app.requests))
        stream = self.tshark(path, "-Y", f"http.request && {port}", "-T", "fields", "-e", "tcp.stream").split()[0]
        followed = self.tshark(path, "-q", "-z", f"follow,tcp,ascii,{stream}")
        self.assertIn("GET /plain?x=1&y=%20z&flag HTTP/1.1", followed)
        self.assertIn("set-cookie: a=b", followed.lower())
        messages = self.tshark(path, "-Y", 'syslog.msg contains "REQUEST GET /chunked"')
        self.assertTrue(messages)
        link = self.tshark(path, "-Y", f"tcp.port == {c.agent.proxies} && tcp.len > 0")
        self.assertTrue(link)

    def test_packets_of_the_agent(self):
        """Its remote clients as they came, with their ports."""
        c = self.some_traffic()
        path, _ = self.packets(self.agent_traced)
        self.check_packets(path)
        asked = self.tshark(path, "-Y", f"http.request && tcp.dstport == {c.agent.port}", "-T", "fields", "-e",
                            "http.request.uri")
        self.assertEqual(len(asked.split()), len(self.app.requests))

    def test_packets_of_capped_bodies(self):
        self.some_traffic("--trace-bodies", "100")
        path, said = self.packets(self.traced, "--no-messages")
        self.assertIn("are not whole in the trace", said)
        self.check_packets(path)
        cut = self.tshark(path, "-Y", "frame.cap_len < frame.len", "-T", "fields", "-e", "tcp.len")
        self.assertGreater(max(map(int, cut.split())), 60000)

    def test_packets_of_raw_bytes_and_files(self):
        """Raw bytes both ways to a socket file, which has a name in place of an address."""
        path = os.path.join(self.directory(), "echo")
        echo = apps.socat_unix_echo(path)
        self.addCleanup(lambda: (echo.terminate(), echo.wait()))
        self.traced = os.path.join(self.directory(), "d.trace")
        c = Chain(self, f"unix:{path}", f"unix:{path}", ("--trace", self.traced))
        sent = b"\x00raw" + os.urandom(300000)
        done = subprocess.run([need("socat"), "-t", "20", "-", f"TCP:127.0.0.1:{c.agent.port}"], input=sent,
                              capture_output=True, timeout=60)
        self.assertTrue(done.stdout == sent)
        c.finish()
        out, _ = self.packets(self.traced, "--no-messages")
        self.check_packets(out)
        self.assertIn("unix:", self.tshark(out, "-N", "nN"))
        sizes = self.tshark(out, "-Y", "ip.addr == 198.51.100.2", "-T", "fields", "-e", "ip.dst", "-e", "tcp.len")
        each = {}
        for line in sizes.splitlines():
            to, n = line.split("\t")
            each[to] = each.get(to, 0) + int(n)
        self.assertEqual(list(each.values()), [len(sent)] * 2, each)
        self.assertIn("1 raw connections", run(self.traced, "--to", "har")[1])

    # ---- secrets, what is wanted, and mistakes ----

    def test_secrets_stay_here(self):
        """In no form, whatever the secret stands in; equal ones stay equal, and all else is as it was."""
        c = self.chain()
        secret, form = "Qz7xhunter2", "hunter3-and-more"
        for _ in range(2):
            c.curl(f"/plain?x=1&token={secret}", "-H", f"Authorization: Bearer {secret}", "-d", f"a=b&password={form}")
        c.finish()
        for name in (self.traced, self.agent_traced):
            with open(name, "rb") as f:
                recorded = f.read()
            self.assertIn(secret.encode(), recorded)
            for form_of in ("har", "curl", "requests", "jsonl", "pcapng"):
                out, _ = run("-", "--to", form_of, data=recorded, redact=True)
                self.assertTrue(out)
                for word in (secret, form):
                    self.assertNotIn(word.encode(), out, (name, form_of))
                    self.assertNotIn(word.encode().hex().encode(), out, (name, form_of))
            har, _ = run(name, "--to", "har", redact=True)
            first, second = self.check_har(har)
            self.assertEqual(first["request"]["url"], second["request"]["url"])
            self.assertIn("/plain?x=1&token=", first["request"]["url"])
            self.assertEqual(first["request"]["postData"]["text"][:13], "a=b&password=")
            har, _ = run(name, "--to", "har", "--filter", f'path ~ "{secret}" || has(path)', redact=True)
            self.assertEqual(len(self.check_har(har)), 2)


    def test_secrets_stay_here_that_were_compressed(self):
        """They are learned from what the archive shows: there, and wherever else they stand."""
        c = self.chain()
        for path in PACKED:
            c.curl(path.decode())
        c.curl("/used", "-H", "X-Plain: it is Packed-Secret-1")
        c.curl("/sent", "-H", "Content-Encoding: gzip", "--data-binary", "@-", data=pack(PLAIN, 31))
        c.finish()
        for name in (self.traced, self.agent_traced):
            har, said = run(name, "--to", "har", redact=True)
            self.assertNotIn(b"Packed-Secret-1", har)
            entries = {e["request"]["url"].split("/", 3)[3]: e for e in self.check_har(har)}
            text = entries["gzip"]["response"]["content"]["text"]
            self.assertEqual(len(text), len(PLAIN))
            self.assertEqual(json.loads(text)["text"], json.loads(PLAIN)["text"])
            token = json.loads(text)["access_token"]
            for path in ("zlib", "raw", "twice"):
                self.assertEqual(entries[path]["response"]["content"]["text"], text)
            self.assertIn({"name": "x-plain", "value": "it is " + token},
                          [{**f, "name": f["name"].lower()} for f in entries["used"]["request"]["headers"]])
            # its checksum was of what stood there before
            self.assertIn("was changed where a secret was hidden", entries["stored"]["comment"])
            self.assertNotIn(b"Stored-Secret-2", base64.b64decode(entries["stored"]["response"]["content"]["text"]))
            self.assertIn("6 bodies are compressed still", said)
            for form_of in ("curl", "requests"):
                self.assertIn("1 bodies are compressed still", run(name, "--to", form_of, redact=True)[1])
                self.assertNotIn("compressed", run(name, "--to", form_of)[1])
            har, _ = run(name, "--to", "har", "--filter", 'path ~ "/used"', redact=True)
            self.assertNotIn(b"Packed-Secret-1", har)

    def test_filter(self):
        self.some_traffic()
        with open(self.traced, "rb") as f:
            har, _ = run("-", "--to", "har", "--filter", 'path ~ "/chunked"', data=f.read())
        (e,) = self.check_har(har)
        self.assertTrue(e["request"]["url"].endswith("/chunked"))
        path, _ = self.packets(self.traced, "--filter", "to == local_connection", "--no-messages")
        self.assertEqual(len(set(self.tshark(path, "-T", "fields", "-e", "tcp.stream").split())), 1)

    def test_inputs_are_not_overwritten(self):
        self.some_traffic()
        size = os.path.getsize(self.traced)
        run(self.traced, "--to", "har", "-o", self.traced, status=74)
        self.assertEqual(os.path.getsize(self.traced), size)

    def test_mistakes_are_said_all(self):
        _, said = run("--to", "nothing", "--to-host", "x", "--no-messages", "--renumber", status=2)
        for text in ("--to:", "--to-host:", "no trace is given", "--no-messages", "--renumber"):
            self.assertIn(text, said)
