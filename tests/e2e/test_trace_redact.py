"""intproxy-trace redact: real traces with secrets wherever they can be, and none of them in any byte of the copy.

Each session is recorded with the stand-in agent inside, so both ends of the link are in its trace.
"""
import base64
import json
import os
import re
import signal
import socket
import subprocess
import time
from urllib.parse import quote

from apps import ServerApp, free_port
from case import Case
from chain import need
from daemon import PROGRAM, SLOW, Daemon

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))

BEARER = "sekrit-Bearer-0815"
COOKIES = {"sid": "cookieValue77", "b64": "Zm9vYmFy/x==", "pct": "pct%20Value%2F9"}
PASSWORD = 'p@ss/"word" \u00e4 1'
USER_PASSWORD = "correct-horse-42"
QUERY = "queryToken31"
KEY_HEADER = "k3yInAHeader"
ANSWER_COOKIE = "answeredSession5"
ANSWER_TOKEN = "anSwered-overManyChunks90"
OTHER_TOKEN = "nested-in-a-list-8"
IN_CODINGS = ('inAString"of.JSON7', "inAField-of-a-form6", "inTheURL-of-a-query5", "inAFormIn/aString4")
TICKET = "ST-1856339-aA5Yuvrxzpv8Tau1cYQ7"
LISTED_TOKEN = "one-of-some-tokens-3"


def secrets():
    """All that must not be left, in every form that was sent."""
    quoted = json.dumps(PASSWORD)[1:-1]
    yield from (BEARER, *COOKIES.values(), "pct Value/9", quoted, PASSWORD, USER_PASSWORD, QUERY, KEY_HEADER)
    yield from IN_CODINGS
    yield json.dumps(json.dumps(IN_CODINGS[0]))[4:-4]
    yield quote(IN_CODINGS[3], "")
    yield from (ANSWER_COOKIE, ANSWER_TOKEN, OTHER_TOKEN, LISTED_TOKEN, TICKET, "form+value%21x", "form value!x")
    yield base64.b64encode(f"root:{USER_PASSWORD}".encode()).decode()


def serve(conn):
    """Answers with a cookie, and with a token that its chunks and packets cut."""
    while head := conn.read_head():
        if b"expect:" in head.lower():
            conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.I)
        if length:
            conn.read(int(length[1]))
        elif b"chunked" in head.lower():
            conn.read_chunked()
        conn.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=%s; Path=/\r\nTransfer-Encoding: chunked\r\n"
                  b"Location: http://me:%s@host/?access_token=%s\r\n\r\n"
                  % (ANSWER_COOKIE.encode(), USER_PASSWORD.encode(), QUERY.encode()))
        body = json.dumps({"access_token": ANSWER_TOKEN, "tokens": [1], "credentials": [{"a": OTHER_TOKEN}]}).encode()
        for at in range(0, len(body), 11):
            piece = body[at:at + 11]
            chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
            for cut in chunk[:5], chunk[5:]:
                conn.send(cut)
                conn.taken()  # longer pieces would be cut within the link's messages, by --trace-bodies 20
        conn.send(b"0\r\n\r\n")


def serve_without_bodies(conn):
    """Answers that announce 33 bytes and send none, which end in the next head; and one of many lines of numbers."""
    while head := conn.read_head():
        if head.startswith(b"HEAD"):
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n")
        elif b"/unchanged" in head:
            conn.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 33\r\n\r\n")
        elif b"/numbers" in head:
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" + b"12\r\n" * 10)
        else:
            conn.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: pin=7Q3; Path=/\r\nContent-Length: 2\r\n\r\nok")


class Redact(Case):
    def setUp(self):
        self.path = self.directory()
        self.trace = os.path.join(self.path, "run.trace")
        self.copy = os.path.join(self.path, "copy.trace")

    def record(self, work, *args, trace=None, app=serve):
        app = self.keep(ServerApp(app))
        self.port = free_port()
        local = app.destination.rpartition(":")[2]
        daemon = Daemon("--standalone", f"{self.port}={local}", "-R", f"{self.port}:{app.destination}",
                        "--trace", trace or self.trace, *args)
        self.addCleanup(daemon.kill)
        daemon.wait_ready()
        work()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_exit(), 0, daemon.log)

    def curl(self, path, *args):
        done = subprocess.run([need("curl"), "-s", "-S", "-m", "20", *args, f"http://127.0.0.1:{self.port}{path}"],
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def tool(self, *args, code=0):
        done = subprocess.run([TRACE, *args], capture_output=True, text=True, timeout=60 * SLOW)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def everything(self):
        cookies = "; ".join(f"{name}={value}" for name, value in COOKIES.items())
        self.curl("/a", "-H", f"Authorization: Bearer {BEARER}", "-b", cookies, "-H", f"X-Api-Key: {KEY_HEADER}")
        self.curl(f"/b?x=1&token={QUERY}&y=2", "-u", f"root:{USER_PASSWORD}")
        self.curl("/c", "-H", "content-type: application/json", "-d",
                  json.dumps({"name": "open-name", "user": {"password": PASSWORD, "pin": 1}}))
        self.curl(f"/o?ticket={TICKET}")
        self.curl("/n", "-d", json.dumps({"max_tokens": 87654321, "tokens": [LISTED_TOKEN]}))
        self.curl("/d", "-d", "who=me&password=form+value%21x&last=open-value")
        self.curl("/e", "-H", "transfer-encoding: chunked", "-d", json.dumps({"pwd": PASSWORD, "t_token": QUERY}))
        self.in_codings()
        self.in_small_pieces()

    def in_codings(self):
        json_too, form, url, form_too = IN_CODINGS
        self.curl("/g", "-d", json.dumps({"body": json.dumps({"secret": json_too})}))
        self.curl("/h", "--data-urlencode", "payload=" + json.dumps({"token": form, "open": "open-value"}))
        self.curl("/i?next=" + quote(f"https://h/cb?token={url}&state=1", ""))
        self.curl("/j", "-d", json.dumps({"form": "a=1\nb=2&payload=" + quote(json.dumps({"token": form_too}), "")}))

    def in_small_pieces(self):
        """The same secrets, cut by the reads of the agent; two requests on one connection."""
        body = json.dumps({"api_key": KEY_HEADER, "secret": BEARER})
        request = (f"POST /f?sig={QUERY} HTTP/1.1\r\nHost: x\r\nCookie: sid={COOKIES['sid']}\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        with socket.create_connection(("127.0.0.1", self.port), 20) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(2):
                for at in range(0, len(request), 13):
                    s.sendall(request[at:at + 13])
                    time.sleep(0.001)
                answer = b""
                while not answer.endswith(b"0\r\n\r\n"):
                    piece = s.recv(4096)
                    self.assertTrue(piece, answer)
                    answer += piece

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def assertNoSecret(self, path):
        data = self.read(path)
        for secret in secrets():
            self.assertFalse(secret.encode() in data, secret)

    # ---- the tests ----

    def test_no_secret_is_left_and_the_copy_replays(self):
        self.record(self.everything)
        data = self.read(self.trace)
        for secret in secrets():
            if secret not in (PASSWORD, "pct Value/9", "form value!x", OTHER_TOKEN, ANSWER_TOKEN, IN_CODINGS[0],
                              IN_CODINGS[3]):
                self.assertTrue(secret.encode() in data, secret)
        said = self.tool("redact", self.trace, self.copy)
        self.assertIn("none is left", said)
        self.assertNoSecret(self.copy)
        self.assertEqual(len(data), len(self.read(self.copy)))
        for open_text in (b"open-name", b"open-value", b'"max_tokens": 87654321', b"Bearer ", b"session=", b"Path=/"):
            self.assertEqual(data.count(open_text), self.read(self.copy).count(open_text))
        self.tool("redact", "--verify", self.trace, self.copy)
        self.tool("replay", self.trace)
        self.tool("replay", self.copy)
        self.assertFalse(os.path.exists(self.copy + ".redacting"))
        for form in ("har", "requests"):
            shown = os.path.join(self.path, form)
            self.tool("convert", "--to", form, self.trace, "-o", shown)
            self.assertNoSecret(shown)

    def test_answers_that_have_no_body(self):
        """HEAD, 304: their Content-Length does not hide the next head (RFC 9112 section 6.3)."""
        url = "http://127.0.0.1:{}/{}"

        def work():
            for first in (["-I", "head"], ["unchanged"], ["numbers"]):
                *options, path = first
                self.curl("/" + path, *options, "--next", "-s", "-S", "-m", "20", url.format(self.port, "pin"))
                self.curl("/pin")
        self.record(work, app=serve_without_bodies)
        self.assertTrue(b"pin=7Q3" in self.read(self.trace))
        self.assertIn("none is left", self.tool("redact", self.trace, self.copy))
        self.assertFalse(b"pin=7Q3" in self.read(self.copy))
        named = b"Set-Cookie: pin="
        self.assertEqual(self.read(self.trace).count(named), self.read(self.copy).count(named))
        self.tool("replay", self.trace)
        self.tool("replay", self.copy)

    def test_what_cuts_them_does_not_hide_them(self):
        """No span holds the token of the chunked answer whole, yet its streams do not either."""
        self.record(self.everything)
        self.tool("redact", self.trace, self.copy)
        lines = [json.loads(line) for line in self.tool("show", "--json", self.copy).splitlines()]
        self.assertGreater(len(lines), 100)
        text = json.dumps(lines)
        for secret in (ANSWER_TOKEN, OTHER_TOKEN):
            for length in (8, len(secret)):
                self.assertNotIn(secret[:length], text)
                self.assertNotIn(secret[-length:], text)

    def test_verify_finds_what_is_planted(self):
        self.record(self.everything)
        self.assertIn("a secret (", self.tool("redact", "--verify", self.trace, self.trace, code=1))
        self.tool("redact", "--key-text", "k", self.trace, self.copy)
        planted = os.path.join(self.path, "planted.trace")
        with open(planted, "wb") as file:
            file.write(self.read(self.copy) + b"...." + ANSWER_TOKEN.encode())
        said = self.tool("redact", "--verify", self.trace, planted, code=1)
        self.assertIn(f"byte {len(self.read(self.copy)) + 4}: a secret (json access_token) is left", said)
        # one kind of secret was kept: the rules of the copy were others than those of the question
        self.tool("redact", "--keep", "header x-api-key", "--keep", "json *apikey*", self.trace, self.copy)
        said = self.tool("redact", "--verify", self.trace, self.copy, code=1)
        self.assertIn("(header X-Api-Key) is left", said)
        self.assertIn("offset ", said)
        self.assertNotIn(KEY_HEADER, said)

    def test_keys(self):
        other = os.path.join(self.path, "other.trace")
        self.record(lambda: self.curl("/a", "-H", f"Authorization: Bearer {BEARER}"))
        self.record(lambda: self.curl("/b", "-H", f"x-other-token: {BEARER}"), trace=other)
        key = os.path.join(self.path, "key")
        with open(key, "w") as file:
            file.write("our key")

        def token(trace, *options):
            self.tool("redact", *options, trace, self.copy)
            return re.search(rb"(?:Bearer |x-other-token: )(\w{6}-\w{6}-\d{4})", self.read(self.copy))[1]
        mine = token(self.trace, "--key", key)
        self.assertEqual(mine, token(other, "--key-text", "our key"))
        self.assertEqual(mine, token(self.trace, "--key-text", "our key"))
        self.assertNotEqual(mine, token(self.trace, "--key-text", "another"))
        self.assertNotEqual(token(self.trace), token(self.trace))

    def test_nothing_secret_the_same_bytes(self):
        app = self.keep(ServerApp(lambda conn: [conn.answer() for _ in iter(conn.read_head, None)]))
        port = free_port()
        daemon = Daemon("--standalone", f"{port}={app.destination.rpartition(':')[2]}", "-R",
                        f"{port}:{app.destination}", "--trace", self.trace)
        self.addCleanup(daemon.kill)
        daemon.wait_ready()
        self.port = port
        self.curl("/plain")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_exit(), 0)
        self.tool("redact", self.trace, self.copy)
        self.assertTrue(self.read(self.trace) == self.read(self.copy))

    def test_folded_header_lines(self):
        """Whoever gets such a request may refuse it: what came is in the trace all the same."""
        def work():
            with socket.create_connection(("127.0.0.1", self.port), 20) as s:
                s.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n S3cretValue99\r\n"
                          b"Cookie: a=FirstLine1;\r\n\tb=SecondLine2\r\nX-Open: open\r\n value\r\n\r\n")
                self.assertTrue(s.recv(4096))
        self.record(work)
        self.tool("redact", self.trace, self.copy)
        for gone in (b"S3cretValue99", b"FirstLine1", b"SecondLine2"):
            self.assertTrue(gone in self.read(self.trace), gone)
            self.assertFalse(gone in self.read(self.copy), gone)
        self.assertTrue(b"X-Open: open\r\n value" in self.read(self.copy))
        self.tool("replay", self.copy)

    def test_filters_and_options(self):
        """A secret that the command line names, too: it is in options, settings, and what is said to the agent."""
        self.record(lambda: self.curl("/a", "-H", f"x-user-token: {BEARER}"), "--header-filter",
                    f"^x-user-token: {BEARER}$")
        self.assertGreater(self.read(self.trace).count(BEARER.encode()), 5)
        self.tool("redact", self.trace, self.copy)
        self.assertNoSecret(self.copy)
        self.tool("replay", self.copy)

    def with_filter(self, expression):
        if os.path.exists(self.trace):
            os.remove(self.trace)
        self.record(lambda: [self.curl("/a", "-H", header) for header in (
            f"Authorization: Bearer {BEARER}", "Cookie: theme=dark; user=alice42", "X-Session-Id: 12ab34cd",
            "X-Auth-User: bob77", "X-Other: 1")], "--header-filter", expression)
        said = self.tool("redact", self.trace, self.copy)
        for gone in (BEARER, BEARER[:-5], "alice42", "12ab34cd", "bob77"):
            self.assertFalse(gone.encode() in self.read(self.copy), gone)
        return said

    def test_parameters_in_filters(self):
        """The same of path filters: also behind an operator nothing of a value is left, and they decide as they did."""
        for expression in ("token=EscTok\\.Part44pAs", "[?&]token=(A1b2C3d4E|EscTok.Part44pAs)(&|$)"):
            with self.subTest(expression):
                if os.path.exists(self.trace):
                    os.remove(self.trace)
                self.record(lambda: [self.curl("/a?token=EscTok.Part44pAs&x=1"), self.curl("/a?x=1")],
                            "--path-filter", expression)
                self.assertNotIn("decides otherwise", self.tool("redact", self.trace, self.copy))
                for gone in (b"EscTok", b"Part44pAs", b"A1b2C3d4E"):
                    self.assertFalse(gone in self.read(self.copy), gone)
                self.tool("replay", self.copy)

    def test_filters_that_decide_the_same(self):
        """A piece of a secret becomes what that piece of the secret does."""
        for expression in (f"^authorization: Bearer {BEARER[:-5]}", f"authorization: Bearer {BEARER[:-5]}",
                           f"^authorization:.Bearer.{BEARER}$", "^x-session-id: [a-f0-9]{8}$",
                           "^cookie: .*user=alice42", "^x-auth-user: (alice|bob77)$"):
            with self.subTest(expression):
                self.assertNotIn("decides otherwise", self.with_filter(expression))
                self.tool("replay", self.trace)
                self.tool("replay", self.copy)

    def test_a_filter_with_what_is_replaced_behind_its_name_only(self):
        """It is too short: in the settings it becomes what it becomes in what is said to the agent."""
        for expression in (f"authorization: Bearer {BEARER[:3]}.*", "x-session-id: 12a.*"):
            with self.subTest(expression):
                self.assertNotIn("decides otherwise", self.with_filter(expression))
                self.tool("replay", self.copy)
                again = os.path.join(os.path.dirname(self.copy), "again")
                self.tool("convert", self.trace, "--to", "jsonl", "-o", again + ".jsonl")
                self.tool("convert", "--from", "jsonl", again + ".jsonl", "-o", again + ".trace")
                self.tool("replay", again + ".trace")
                os.remove(again + ".trace")
                os.remove(again + ".jsonl")

    def test_a_filter_that_decides_otherwise(self):
        """The end of a secret is not known as one: it is said that this does not replay."""
        said = self.with_filter(f"^authorization: .*{BEARER[-6:]}$")
        self.assertRegex(said, r"copy.trace: the filter in record \d+ decides otherwise than it did, about 1 of 5 ")
        self.tool("replay", self.copy, code=1)
        said = self.tool("redact", "--keep", "header authorization", self.trace, self.copy)
        self.assertNotIn("decides otherwise", said)
        self.tool("replay", self.copy)

    def test_short_values(self):
        """Too short to be looked for everywhere: only where their names are."""
        self.record(lambda: self.curl("/a?token=q7&other=q7", "-b", "x=r8", "-H", "y: r8", "-H",
                                      "content-type: application/json", "-d",
                                      '{"pwd": "s9", "z": "s9", "pin_token": 42}'))
        said = self.tool("redact", self.trace, self.copy)
        self.assertIn("too short", said)
        data = self.read(self.copy)
        for gone in (b"token=q7", b"x=r8", b'"pwd": "s9"', b'"pin_token": 42'):
            self.assertFalse(gone in data, gone)
        for kept in (b"other=q7", b"y: r8", b'"z": "s9"'):
            self.assertTrue(kept in data, kept)
        self.tool("redact", "--verify", self.trace, self.copy)
        self.tool("replay", self.copy)

    def test_capped_bodies(self):
        self.record(self.everything, "--trace-bodies", "20")
        self.tool("redact", self.trace, self.copy)
        self.assertNoSecret(self.copy)
        self.assertTrue(ANSWER_TOKEN[:4].encode() in self.read(self.trace))
        self.assertFalse(ANSWER_TOKEN[:4].encode() in self.read(self.copy))
        self.tool("replay", self.trace)
        self.tool("replay", self.copy)

    def test_short_values_on_a_link_of_capped_bodies(self):
        """They are replaced behind their names, which are found in messages of the link that were cut, too."""
        def work():
            for _ in range(3):
                self.curl("/a?token=z9", "-b", "pin=7Q3", "-d", "x=1&pwd=1234&long=" + "y" * 100)
        for cap in (100, 200, 300):
            with self.subTest(cap):
                trace = f"{self.trace}.{cap}"
                self.record(work, "--trace-bodies", str(cap), trace=trace)
                self.tool("redact", trace, self.copy)
                for gone in (b"token=z9", b"pin=7Q3"):
                    self.assertTrue(gone in self.read(trace), gone)
                    self.assertFalse(gone in self.read(self.copy), gone)
                self.tool("redact", "--verify", trace, self.copy)
                self.tool("replay", self.copy)

    def test_tokens_that_begin_alike_and_were_cut(self):
        """The beginning that is left of one becomes that of another one: a replay of the copy goes by the length."""
        def work():
            for i in range(4):
                self.curl("/a", "-H", f"Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{i}-{i}aAbBcCdD{i}")
        for cap in (70, 90, 110):
            with self.subTest(cap):
                trace = f"{self.trace}.{cap}"
                self.record(work, "--trace-bodies", str(cap), trace=trace)
                self.tool("redact", trace, self.copy)
                self.assertFalse(b"eyJhbG" in self.read(self.copy))
                self.tool("replay", trace)
                self.tool("replay", self.copy)

    def test_bodies_that_were_left_out(self):
        self.record(self.everything, "--trace-bodies", "none")
        self.tool("redact", self.trace, self.copy)
        self.assertNoSecret(self.copy)
        self.tool("replay", self.trace)
        self.tool("replay", self.copy)
        for form in ("jsonl", "har", "curl", "pcapng", "requests"):
            self.tool("convert", "--to", form, self.trace, "-o", os.path.join(self.path, form))
        self.tool("diagram", "--mermaid", self.trace)

    def test_what_is_compressed_is_said(self):
        self.record(lambda: self.curl("/a", "-H", "Content-Encoding: identity", "-d", "x"))
        self.assertNotIn("compressed", self.tool("redact", self.trace, self.copy))
        os.remove(self.trace)
        self.record(lambda: self.curl("/a", "-H", "Content-Encoding: gzip", "-d", "x"))
        said = "bodies that are compressed is not found, and stays"
        for args in (("redact", self.trace, self.copy), ("redact", "--verify", self.trace, self.copy),
                     ("convert", "--to", "jsonl", self.trace), ("diagram", "--mermaid", self.trace),
                     ("convert", "--to", "pcapng", self.trace, "-o", os.path.join(self.path, "packets"))):
            self.assertIn(said, self.tool(*args), args)

    def test_parts_become_one(self):
        def work():
            for _ in range(8):
                self.everything()
        self.record(work, "--trace-part-size", "64K")
        self.assertTrue(os.path.exists(self.trace + ".2"), os.listdir(self.path))
        self.tool("replay", self.trace)
        self.tool("redact", self.trace, self.copy)
        self.assertNoSecret(self.copy)
        self.tool("replay", self.copy)

    def test_torn_and_damaged(self):
        self.record(self.everything)
        data = self.read(self.trace)
        with open(self.trace, "wb") as file:
            file.write(data[:-7])
        self.assertIn("torn", self.tool("redact", self.trace, self.copy))
        self.assertNoSecret(self.copy)
        with open(self.trace, "wb") as file:
            file.write(data[:9000] + b"\0" * 40 + data[9040:])
        self.tool("redact", self.trace, self.copy, code=65)
        self.assertNoSecret(self.copy)

    def test_rules(self):
        rules = os.path.join(self.path, "rules")
        self.record(lambda: self.curl("/a", "-b", f"theme=dark-theme-1; sid={COOKIES['sid']}", "-d",
                                      '{"user":{"email":"me@example.org"},"note":"ref 4711-0815 end"}'))
        with open(rules, "w") as file:
            file.write("# ours\nkeep cookie theme\njson user.email\nvalue 4711-0815\n")
        self.tool("redact", "--rules", rules, self.trace, self.copy)
        data = self.read(self.copy)
        self.assertTrue(b"theme=dark-theme-1" in data)
        for gone in (b"example", b"4711-0815", COOKIES["sid"].encode()):
            self.assertFalse(gone in data, gone)
        with open(rules, "w") as file:
            file.write("heder x\nheader y\njson\n")
        said = self.tool("redact", "--rules", rules, "--query", "", self.trace, code=2)
        self.assertIn(f'{rules}:1: there is no place "heder"', said)
        self.assertIn(f'{rules}:3: no name behind "json"', said)
        self.assertIn("--query", said)
        self.assertIn("name two files", said)

    def test_forms_of_parts_and_escaped_names(self):
        def work():
            for options in ([], ["-H", "transfer-encoding: chunked"]):
                self.curl("/form", *options, "-F", "password=MultiSecret77", "-F", "open=MultiOpen99",
                          "-F", "api_key=MultiKey88;type=text/plain", "-F", f"private_key=@{pem}", "-F", "pwd=1234")
            self.curl("/json", "-H", "content-type: application/json", "-d", '{"pass\\u0077ord":"EscNameSecret1"}')
        pem = os.path.join(self.path, "pem")
        with open(pem, "w") as file:
            file.write("-----BEGIN KEY-----\n\nMIIBsecretOfTwo/lines+\nKD==\n-----END KEY-----\n")
        self.record(work)
        self.tool("redact", self.trace, self.copy)
        for gone in (b"MultiSecret", b"MultiKey", b"BEGIN", b"MIIBsecret", b"\n1234\r", b"EscNameSecret"):
            self.assertTrue(gone in self.read(self.trace), gone)
            self.assertFalse(gone in self.read(self.copy), gone)
        for open_text in (b"MultiOpen99", b'name="password"', b"pass\\u0077ord", b"Content-Disposition"):
            self.assertEqual(self.read(self.trace).count(open_text), self.read(self.copy).count(open_text))
        self.tool("redact", "--verify", self.trace, self.copy)
        self.tool("replay", self.copy)

    def test_what_out_is_stays(self):
        """A name is given to what is written: a link is followed, a pipe or a directory is not replaced."""
        self.record(lambda: self.curl("/a", "-H", f"X-Api-Key: {KEY_HEADER}"))
        pipe, directory, link, loop = (os.path.join(self.path, name) for name in ("pipe", "sub", "link", "loop"))
        os.mkfifo(pipe)
        os.mkdir(directory)
        os.symlink("loop", loop)
        for name in (pipe, directory):
            before = os.lstat(name)
            self.assertIn("is no regular file", self.tool("redact", self.trace, name, code=2))
            self.assertEqual((before.st_ino, before.st_mode), (os.lstat(name).st_ino, os.lstat(name).st_mode))
        self.tool("redact", self.trace, loop, code=74)
        os.symlink("sub/second", link)
        os.symlink("../target", os.path.join(directory, "second"))
        for _ in ("there is no target yet", "there is one"):
            self.tool("redact", "--key-text", "k", self.trace, link)
            self.assertTrue(os.path.islink(link) and os.path.islink(os.path.join(directory, "second")))
            self.assertNoSecret(os.path.join(self.path, "target"))
            self.tool("redact", "--verify", "--key-text", "k", self.trace, link)
        self.assertFalse([name for name in os.listdir(self.path) if "redacting" in name])

    def test_what_cannot_be(self):
        self.tool("redact", self.trace, self.copy, code=74)
        self.record(lambda: self.curl("/a"))
        self.assertIn("cannot be written", self.tool("redact", self.trace, self.trace, code=2))
        self.tool("redact", self.trace, "-", code=2)
        self.tool("redact", self.trace, os.path.join(self.path, "no", "where"), code=74)
        self.tool("redact", "--key", os.path.join(self.path, "no-key"), self.trace, self.copy, code=2)
        self.tool("redact", "--key-text", "a", "--key-text", "b", self.trace, self.copy, code=2)
        with open(os.path.join(self.path, "text"), "w") as file:
            file.write("this is no trace")
        said = self.tool("redact", os.path.join(self.path, "text"), self.copy, code=65)
        self.assertIn("copy.trace is not written", said)
        self.assertNotIn("none is left", said)
        self.assertFalse(os.path.exists(self.copy))
        help_text = self.tool("redact", "--help")
        self.assertIn("exit status:", help_text)
