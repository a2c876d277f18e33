"""intproxy-trace diff, assert and minimize, over traces of the daemon: what is the same is equal, what differs is
named. The languages and algorithms have tests/test_trace_*.c."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import threading
import time
import xml.etree.ElementTree

import apps
from case import Case
from daemon import PROGRAM, SLOW, Daemon

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))


def run(*arguments, status=0, given=None):
    """Output and errors, as text."""
    done = subprocess.run([TRACE, *arguments], input=given, capture_output=True, timeout=100 * SLOW)
    out, errors = done.stdout.decode(), done.stderr.decode()
    if done.returncode != status:
        raise AssertionError(f"{arguments}: exit {done.returncode}, not {status}: {errors}{out}")
    return out, errors


class App:
    """Answers each request with what answer(method, path, body) says: status, header lines, pieces of a body."""

    def __init__(self, answer):
        self.answer = answer
        self.server = apps.ServerApp(self.serve)
        self.destination = self.server.destination

    def serve(self, conn):
        while head := conn.read_head():
            method, path = head.split(b" ")[:2]
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            body = conn.read(int(length.group(1))) if length else b""
            status, lines, pieces = self.answer(method.decode(), path.decode(), body)
            if isinstance(pieces, bytes):
                pieces = [pieces]
            lines = lines + b"content-length: %d\r\n" % sum(map(len, pieces))
            conn.send(b"HTTP/1.1 %d Ok\r\n" % status, lines, b"\r\n", pieces[0])
            for piece in pieces[1:]:
                conn.taken()  # so that the daemon reads them one by one
                conn.send(piece)

    def close(self):
        """Nobody accepts any more, also the thread that waits for it."""
        try:
            self.server.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was closed
        self.server.close()


def plain(method, path, body):
    return 200, b"x-app: one\r\n", f"{method} {path} {len(body)}".encode()


class Traces(Case):
    def setUp(self):
        self.port = apps.free_port()
        self.where = self.directory()

    def path(self, name):
        return os.path.join(self.where, name)

    def get(self, *paths, body=None):
        """One after the other, over one connection."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20 * SLOW)
        for path in paths:
            c.request("POST" if body else "GET", path, body)
            c.getresponse().read()
        c.close()

    def record(self, name, app, load, *arguments):
        """A trace of a daemon that serves `load`."""
        path = self.path(name)
        daemon = Daemon("--standalone", f"{self.port}={app.destination}", "-R", f"{self.port}:{app.destination}",
                        "--trace", path, *arguments)
        self.addCleanup(daemon.kill)
        daemon.wait_ready()
        load()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_exit(20), 0, daemon.log)
        return path

    def record_app(self, name, answer, load, *arguments):
        """The same application address each time: it is part of what is compared."""
        if not hasattr(self, "app"):
            self.app = self.keep(App(answer))
        self.app.answer = answer
        return self.record(name, self.app, load, *arguments)

    def three(self, name, answer, *arguments):
        return self.record_app(name, answer, lambda: (self.get("/a", "/b"), self.get("/c", body=b"hello")), *arguments)

    def differences(self, *arguments):
        """unit's target: its differences, of all that are different."""
        found = json.loads(run("diff", "--json", *arguments, status=1)[0])
        return {u["target"] or u["name"]: u["differences"] for u in found["units"] if u["verdict"] != "cut"}, found


class Diff(Traces):
    # whether the agent reads an answer in one piece or in two is chance
    SAME_THREE = r"exchanges: \d equal, 0 different, 0 only in A, 0 only in B, \d cut"

    def test_a_trace_is_equal_to_itself(self):
        a = self.three("a", plain)
        out, errors = run("diff", "--strict", "--cuts", a, a)
        self.assertEqual(errors, "")
        self.assertIn("exchanges: 3 equal, 0 different, 0 only in A, 0 only in B, 0 cut differently\n", out)
        self.assertTrue(out.endswith("\nequal\n"), out)
        with open(a, "rb") as f:
            self.assertEqual(run("diff", "--strict", "-", a, given=f.read())[0].splitlines()[2:], out.splitlines()[2:])

    def test_the_same_load_is_equal(self):
        a, b = self.three("a", plain), self.three("b", plain)
        self.assertRegex(run("diff", a, b)[0], self.SAME_THREE)
        # without the default rules what each run gives anew is different: they are needed
        self.assertIn("port", run("diff", "--strict", "--details", a, b, status=1)[0])

    def test_the_same_load_at_once_is_equal(self):
        def load():
            threads = [threading.Thread(target=self.get, args=(f"/{i}", f"/{i}/more"), kwargs={"body": body})
                       for i in range(12) for body in (None, b"x" * 1000 * i)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()

        def slow(method, path, body):
            return 200, b"", [b"first ", path.encode() * 300]

        a = self.record_app("a", slow, load)
        b = self.record_app("b", slow, load, "--workers", "2")
        out = run("diff", a, b)[0]
        self.assertRegex(out, r"exchanges: \d+ equal, 0 different, 0 only in A, 0 only in B, ")

    def test_how_long_a_connection_was_idle_is_not_compared(self):
        a = self.three("a", plain)
        b = self.record_app("b", plain, lambda: (self.get("/a", "/b"), self.get("/c", body=b"hello"), time.sleep(3.5)))
        stopped = run("show", b, "--filter", "kind == STOP && to == local_connection")[0]
        self.assertIn("local_pool", stopped)  # the pool keeps it for 3 s (DEL-36)
        self.assertRegex(run("diff", a, b)[0], self.SAME_THREE)
    test_how_long_a_connection_was_idle_is_not_compared.seconds = 4

    def test_what_an_application_answers_differently_is_named(self):
        def other(method, path, body):
            if path == "/a":
                return 404, b"x-app: one\r\n", b"GET /a 0"
            if path == "/b":
                return 200, b"x-app: two\r\nx-more: yes\r\n", b"GET /b 0"
            return 200, b"x-app: one\r\n", b"POST /c five"
        a, b = self.three("a", plain), self.three("b", other)
        units, found = self.differences("--ignore-field", "header order", "--ignore-field", "header content-length",
                                        "--filter", "to == interceptor", a, b)
        self.assertEqual({d["name"]: (d["a"], d["b"]) for d in units["/a"]}, {"status": ("200", "404")})
        self.assertEqual({d["name"]: (d["a"], d["b"]) for d in units["/b"]},
                         {"header x-app": ("one", "two"), "header x-more": (None, "yes")})
        self.assertEqual([d["name"] for d in units["/c"]], ["body"])
        self.assertIn("differ from byte 8 on", units["/c"][0]["b"])
        self.assertEqual(found["exchanges"], {"equal": 0, "cut": 0, "unknown": 0, "different": 3, "only_a": 0,
                                              "only_b": 0})
        out = run("diff", "--details", a, b, status=1)[0]
        self.assertIn("local_connection -> interceptor RESPONSE: status: 200, in B 404 [A ", out)
        self.assertIn("interceptor -> link_connection ANSWER: status: 200, in B 404 [A ", out)
        self.assertIn("link_connection -> outside HttpResponse: status: 200, in B 404 [A ", out)
        for rule in ("ignore field status", "ignore header x-*", "ignore where path == \"/c\""):
            self.assertNotEqual(run("diff", "--details", "--ignore", self.rules(rule), a, b, status=1)[0], out)

    def rules(self, text):
        path = self.path("rules")
        with open(path, "w") as f:
            f.write(text + "\n")
        return path

    def test_what_rules_ignore_is_equal(self):
        def other(method, path, body):
            return 200, b"x-app: two\r\n", f"{method} {path} {len(body)}".encode()
        a, b = self.three("a", plain), self.three("b", other)
        run("diff", a, b, status=1)
        run("diff", "--ignore", self.rules("ignore header x-app"), a, b)
        run("diff", "--ignore", self.rules("ignore header X-App"), a, b)
        run("diff", "--ignore", self.rules("ignore header x-other"), a, b, status=1)

    def test_exchanges_that_rules_ignore(self):
        def requests(*paths):
            return lambda: [self.get(path) for path in paths]  # a connection each
        a = self.record_app("a", plain, requests("/a", "/b"))
        b = self.record_app("b", plain, requests("/a", "/c", "/b"))
        self.assertIn("GET /c: only in B", run("diff", a, b, status=1)[0])
        for rule in ('path ~ "/c"', 'path == "/c" && method == GET', '!(path == "/a" || path == "/b")'):
            rules = self.rules("ignore where " + rule)
            self.assertRegex(run("diff", "--ignore", rules, a, b)[0],
                             r"exchanges: \d equal, 0 different, 0 only in A, 0 only in B")
        both = self.record_app("both", plain, lambda: self.get("/a", "/c"))  # one connection
        found = json.loads(run("diff", "--json", "--ignore", self.rules('ignore where path ~ "/c"'), a, both,
                               status=1)[0])
        self.assertEqual({u["name"]: u["verdict"] for u in found["units"] if u["a"]}, {"exchange 2 GET /b": "only_a"})
        self.assertIn("different", [u["verdict"] for u in found["units"] if u["name"].startswith("agent_remote 1")])
        self.assertIn("GET /c: only in B", run("diff", "--ignore", self.rules('ignore where path ~ "/c" && t >= 0s'),
                                               a, b, status=1)[0])

    def test_the_order_of_header_lines(self):
        def answer(lines):
            return lambda method, path, body: (200, lines, b"ok")
        a = self.three("a", answer(b"x-a: 1\r\nx-b: 2\r\n"))
        b = self.three("b", answer(b"x-b: 2\r\nx-a: 1\r\n"))
        self.assertIn("header order: x-a, x-b, content-length, in B x-b, x-a, content-length",
                      run("diff", "--details", a, b, status=1)[0])
        run("diff", "--ignore", self.rules("unordered headers"), a, b)

    def test_dates_are_not_compared(self):
        def answer(date):
            return lambda method, path, body: (200, b"Date: " + date + b"\r\n", b"ok")
        a = self.three("a", answer(b"Sat, 28 Nov 2026 10:00:00 GMT"))
        b = self.three("b", answer(b"Sat, 28 Nov 2026 10:00:01 GMT"))
        run("diff", a, b)
        self.assertIn("header date", run("diff", "--strict", "--details", a, b, status=1)[0])

    def test_cut_differently(self):
        def answer(*pieces):
            return lambda method, path, body: (200, b"", list(pieces))
        a, b = self.three("a", answer(b"hello, ", b"world")), self.three("b", answer(b"hello, world"))
        out = run("diff", a, b)[0]
        self.assertIn("exchanges: 0 equal, 0 different, 0 only in A, 0 only in B, 3 cut differently", out)
        out = run("diff", "--cuts", "--details", a, b, status=1)[0]
        self.assertRegex(out, r"local_connection -> interceptor body: \d pieces, in B 1 pieces; "
                              "the same bytes, cut differently")
        c = self.three("c", answer(b"hello, ", b"w0rld"))
        self.assertIn("3 different", run("diff", a, c, status=1)[0])
        out = run("diff", b, c, status=1)[0]
        self.assertIn("3 different", out)
        self.assertRegex(out, r"exchange 1 GET /a: different: .*; they differ from byte 8 on ")

    def test_a_connection_with_answers_cut_in_turn(self):
        def in_turn(first):
            cut = [first]

            def answer(method, path, body):
                cut[0] = not cut[0]
                return 200, b"", [b"hello, ", b"world"] if cut[0] else b"hello, world"
            return answer
        a, b = (self.record_app(str(n), in_turn(n), lambda: self.get("/", "/", "/", "/")) for n in (False, True))
        out = run("diff", a, b)[0]
        self.assertRegex(out, r"exchanges: \d equal, 0 different, 0 only in A, 0 only in B, \d cut")
        self.assertRegex(out, r"outside of exchanges: \d+ equal, 0 different, 0 only in A, 0 only in B, \d cut")

    def test_exchanges_that_are_in_one_alone(self):
        a = self.record_app("a", plain, lambda: self.get("/a", "/b", "/c"))
        b = self.record_app("b", plain, lambda: self.get("/x", "/c", "/a"))
        out = run("diff", "--ignore", self.rules("ignore outside"), a, b, status=1)[0]
        self.assertIn("exchanges: 2 equal, 0 different, 1 only in A, 1 only in B", out)
        self.assertIn("\nexchange 2 GET /b: only in A\nexchange 1 GET /x: only in B\n", out)

    def test_raw_connections(self):
        def raw(*said):
            for bytes in said:
                with socket.create_connection(("127.0.0.1", self.port), 20 * SLOW) as s:
                    s.sendall(bytes)
                    s.shutdown(socket.SHUT_WR)
                    while s.recv(1000):
                        pass

        def echo(conn):
            while conn.more():
                conn.send(conn.unread)
                conn.unread = b""
        app = self.keep(apps.ServerApp(echo))
        a = self.record("a", app, lambda: raw(b"\x01\x02one", b"\x01\x02two"))
        b = self.record("b", app, lambda: raw(b"\x01\x02one", b"\x01\x02two"))
        self.assertRegex(run("diff", a, b)[0], "exchanges: 2 equal|exchanges: [01] equal, 0 different, 0 only in A, "
                                               "0 only in B, [12] cut")
        c = self.record("c", app, lambda: raw(b"\x01\x02one", b"\x01\x02tvo"))
        out = run("diff", "--details", a, c, status=1)[0]
        self.assertIn("1 different, 0 only in A, 0 only in B", out)
        self.assertIn("incoming_proxy -> interceptor data: 5 bytes, in B 5 bytes; they differ from byte 3 on", out)

    def test_an_application_that_is_not_there(self):
        def load():
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20 * SLOW)
            c.request("GET", "/a")
            self.assertEqual(c.getresponse().status, 502)
            c.close()
        a = self.record_app("a", plain, lambda: self.get("/a"))
        self.app.close()
        out = run("diff", "--details", a, self.record_app("b", plain, load), status=1)[0]
        self.assertIn("local_connection -> interceptor RESPONSE: only in A", out)
        self.assertIn("local_connection -> interceptor LOCAL_FAILED: only in B", out)

    def test_bodies_that_were_left_out(self):
        a, b = (self.three(name, plain, "--trace-bodies", "none") for name in "ab")
        out = run("diff", a, b)[0]
        self.assertRegex(out, self.SAME_THREE)
        self.assertIn("A was recorded without bodies", out)
        c = self.three("c", lambda m, p, b: (200, b"x-app: one\r\n", b"GET / another"), "--trace-bodies", "none")
        self.assertIn("3 different", run("diff", a, c, status=1)[0])

    def test_times_are_compared_when_asked_for(self):
        def late(method, path, body):
            threading.Event().wait(0.3)
            return plain(method, path, body)
        a, b = self.three("a", plain), self.three("b", late)
        run("diff", a, b)
        run("diff", "--tolerance", "time=60s", a, b)
        self.assertRegex(run("diff", "--details", "--tolerance", "time=100ms", a, b, status=1)[0],
                         r"local_connection -> interceptor RESPONSE: time: \d+us, in B \d+us")

    def test_mistakes_are_said(self):
        bad = self.rules("ignore kind TIMRE\n\nignore where knd == 7\ntolerate window")
        errors = run("diff", "--ignore", bad, "--tolerance", "window", "--filter", "x ==", "--ignore-field", "seriol",
                     "--tolerance", "foo=5", "one", status=2)[1]
        for words in (f'{bad}:1: there is no kind "TIMRE", did you mean TIMER?', f"{bad}:3: column 1", f"{bad}:4: how",
                      '--tolerance: "window": write NAME=VALUE', "--filter: ", 'field "seriol", did you mean serial?',
                      'there is no field "foo"', "two traces must be named"):
            self.assertIn(words, errors)
        a = self.three("a", plain)
        self.assertIn("No such file", run("diff", a, self.path("nothing"), status=74)[1])
        empty = self.path("empty")
        open(empty, "w").close()
        self.assertIn("empty", run("diff", a, empty, status=65)[1])
        self.assertIn(": standard input: no trace", run("diff", a, "-", status=65, given=b"")[1])
        self.assertIn("intproxy-trace diff [OPTION]... A B", run("diff", "--help")[0])
        self.assertIn("ignore header date\n", run("diff", "--rules")[0])
        with open(a, "rb") as f:
            whole = f.read()
        torn = self.path("torn")
        with open(torn, "wb") as f:
            f.write(whole[:len(whole) * 2 // 3])
        self.assertIn("torn", run("diff", torn, a, status=1)[1])
        with open(torn, "wb") as f:
            f.write(whole[:len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1:])
        self.assertIn("offset", run("diff", torn, a, status=65)[1])


class Assert(Traces):
    def two(self):
        def other(method, path, body):
            return (500 if path == "/b" else 200), b"x-app: one\r\nx-odd: <&\"'>\r\n", b"ok"
        return self.three("golden", plain), self.three("same", plain), self.three("other", other)

    def test_text(self):
        golden, same, other = self.two()
        self.assertIn("\nequal\n", run("assert", golden, same)[0])
        self.assertIn("RESPONSE: status: 200, in trace 500 [golden ", run("assert", golden, other, status=1)[0])

    def tap(self, *arguments, status=0):
        """Name to whether it is ok; the numbers are right."""
        lines = run("assert", "--tap", *arguments, status=status)[0].splitlines()
        self.assertEqual(lines[0], "TAP version 13")
        plan = int(re.fullmatch(r"1\.\.(\d+)", lines[1]).group(1))
        results = [re.fullmatch(r"(ok|not ok) (\d+) - (.*)", line) for line in lines[2:]]
        results = [r for r in results if r]
        self.assertEqual([int(r.group(2)) for r in results], list(range(1, plan + 1)))
        for line in lines[2:]:  # nothing but results, comments and blocks of YAML
            self.assertRegex(line, r"^(ok|not ok|#|  )")
        return {r.group(3): r.group(1) == "ok" for r in results}, "\n".join(lines)

    def test_tap(self):
        golden, same, other = self.two()
        results, _ = self.tap(golden, same)
        self.assertTrue(all(results.values()))
        self.assertIn("exchange 2 GET /b", results)
        self.assertIn("incoming_proxy 1 outside of exchanges", results)
        results, text = self.tap(golden, other, status=1)
        self.assertFalse(results["exchange 2 GET /b"])
        self.assertTrue(results["incoming_proxy 1 outside of exchanges"])
        self.assertIn('    - "local_connection -> interceptor RESPONSE: status: 200, in trace 500', text)
        self.assertIn("x-odd: not there, in trace <&\\\"'>", text)

    def test_junit(self):
        golden, same, other = self.two()
        for trace, status, failing in ((same, 0, False), (other, 1, True)):
            root = xml.etree.ElementTree.fromstring(run("assert", "--junit", golden, trace, status=status)[0])
            suite = root.find("testsuite")
            cases = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            failures = [c for c in cases if c.find("failure") is not None]
            self.assertEqual(int(suite.get("failures")), len(failures))
            self.assertEqual(bool(failures), failing)
        b = next(c for c in failures if c.get("name") == "exchange 2 GET /b")
        self.assertEqual(b.get("classname"), "exchanges")
        self.assertEqual(b.find("failure").get("message"), "different")
        self.assertIn("header x-odd: not there, in trace <&\"'>", b.find("failure").text)

    def parts_of(self, path):
        """The file with a damaged place, with one behind its last record, and without its end."""
        with open(path, "rb") as f:
            whole = f.read()
        half = len(whole) // 2
        for name, data in (("damaged", whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1:]),
                           ("longer", whole + b"x" * 100), ("torn", whole[:-5])):
            with open(self.path(name), "wb") as f:
                f.write(data)
            yield self.path(name), 1 if name == "torn" else 65

    def test_a_recording_that_is_not_whole(self):
        golden, same, _ = self.two()
        for trace, status in self.parts_of(same):
            results, text = self.tap(golden, trace, status=status)
            self.assertFalse(results["the recordings are whole"], trace)
            self.assertRegex(text, "# trace: calls that are missing: 0, damaged places: "
                                   + ("0, and its end is torn off" if status == 1 else "[12]"))
            root = xml.etree.ElementTree.fromstring(run("assert", "--junit", golden, trace, status=status)[0])
            failures = [c.get("name") for c in root.iter("testcase") if c.find("failure") is not None]
            self.assertIn("the recordings are whole", failures)
            self.assertEqual(int(root.find("testsuite").get("failures")), len(failures))
            self.assertNotIn("\nequal\n", run("diff", golden, trace, status=status)[0])
            for to in (golden, self.path("new")):
                run("assert", "--update", to, trace, status=65)
            self.assertFalse(os.path.exists(self.path("new")))
            run("assert", golden, same)
            found = json.loads(run("diff", "--json", trace, trace, status=status)[0])
            self.assertEqual((found["equal"], found["a"]["torn"]), (False, status == 1))

    def test_when_nothing_is_compared(self):
        golden, same, _ = self.two()
        nothing = ("--filter", 'path == "/nothing"', golden, same)
        results, _ = self.tap(*nothing, status=66)
        self.assertEqual(results, {"the recordings are whole": True, "something was compared": False})
        root = xml.etree.ElementTree.fromstring(run("assert", "--junit", *nothing, status=66)[0])
        self.assertEqual((root.find("testsuite").get("tests"), root.find("testsuite").get("failures")), ("2", "1"))
        out, errors = run("diff", *nothing, status=66)
        self.assertIn("nothing was compared", out)
        self.assertIn("nothing was compared", errors)

    def test_the_verdict_is_given_also_when_nobody_reads(self):
        golden, same, other = self.two()
        torn = self.path("torn")
        with open(other, "rb") as f, open(torn, "wb") as to:
            to.write(f.read()[:-5] + b"x" * 100)
        for arguments, status in ((("assert", golden, same), 0), (("assert", golden, other), 1),
                                  (("assert", "--tap", golden, other), 1), (("assert", "--junit", golden, other), 1),
                                  (("diff", golden, other), 1), (("diff", "--json", golden, other), 1),
                                  (("replay", same), 0), (("replay", torn), 65), (("info", torn), 65),
                                  (("as", "client", other, "--to", self.app.destination), 0),
                                  (("as", "client", same, "--to", self.app.destination), 1)):
            reader, writer = os.pipe()
            os.close(reader)
            done = subprocess.run([TRACE, *arguments], stdout=writer, stderr=subprocess.DEVNULL, timeout=100 * SLOW)
            os.close(writer)
            self.assertEqual(done.returncode, status, arguments)

    def test_update(self):
        golden, same, other = self.two()

        def read(path):
            with open(path, "rb") as f:
                return f.read()
        before = read(golden)
        self.assertEqual(run("assert", "--update", golden, same)[1], "")
        self.assertEqual(read(golden), before)
        out, errors = run("assert", "--update", golden, other)
        self.assertIn("RESPONSE: status: 200, in trace 500", out)
        self.assertIn("was updated", errors)
        self.assertEqual(read(golden), read(other))
        run("assert", golden, other)
        new = self.path("new")
        self.assertIn("was made", run("assert", "--update", new, same)[1])
        self.assertEqual(read(new), read(same))
        nowhere = self.path("nowhere/golden")
        self.assertIn("No such file", run("assert", "--update", nowhere, same, status=74)[1])
        empty = self.path("empty")
        open(empty, "w").close()
        run("assert", "--update", golden, empty, status=65)
        self.assertEqual(read(golden), read(other))
        self.assertFalse([name for name in os.listdir(self.where) if ".new-" in name])

    def test_update_of_what_a_link_leads_to(self):
        golden, same, other = self.two()
        os.mkdir(self.path("deeper"))
        for link, to in (("link", "deeper/second"), ("deeper/second", "../golden"), ("new", "deeper/made")):
            os.symlink(to, self.path(link))
        run("assert", "--update", self.path("link"), other)
        run("assert", "--update", self.path("new"), same)
        for link, file, was in (("link", golden, other), ("new", self.path("deeper/made"), same)):
            self.assertTrue(os.path.islink(self.path(link)))
            self.assertFalse(os.path.islink(file))
            run("assert", file, was)
        os.mkfifo(self.path("fifo"))
        self.assertIn("is no file by itself", run("assert", "--update", self.path("fifo"), same, status=2)[1])


class Minimize(Traces):
    def records(self, path):
        return [json.loads(line) for line in run("show", "--json", path)[0].splitlines()]

    def test_while_a_command_says_so(self):
        def answer(method, path, body):
            return (502 if path == "/bad" else 200), b"", b"x" * 1000
        a = self.record_app("a", answer, lambda: self.get(*[f"/{i}" for i in range(10)], "/bad", "/more"))
        small = self.path("small")
        wanted = "status == 502 && to == interceptor"
        out, errors = run("minimize", a, "-o", small, "--while",
                          f"{TRACE} show --filter '{wanted}' {{}} | grep -q .")
        self.assertRegex(out, r"^\d+ of \d+ records, 1 of 12 exchanges, 1 of \d+ actors, \d+ of \d+ bytes of payload, "
                              r"\d+ tries, [\d.]+ s: ")
        records = self.records(small)
        self.assertEqual(run("show", "--filter", wanted, small)[0].count("\n"), 1)
        self.assertLessEqual(len(records), 3, records)
        for phase in ("exchanges", "actors", "ends", "records", "bytes"):
            self.assertIn(f"intproxy-trace: {phase}: ", errors)

    def test_bytes_are_cut_off(self):
        a = self.record_app("a", lambda m, p, b: (200, b"", b"x" * 5000), lambda: self.get("/", "/"))
        small = self.path("small")
        out = run("minimize", a, "-o", small, "--while", f"{TRACE} show --filter 'size >= 100' {{}} | grep -q .")[0]
        self.assertRegex(out, r"^1 of \d+ records, .* 100 of \d+ bytes of payload, ")

    def test_the_difference_to_another_trace(self):
        def other(method, path, body):
            return (200 if path != "/b" else 404), b"x-app: one\r\n", f"{method} {path} {len(body)}".encode()
        a, b, small = self.three("a", plain), self.three("b", other), self.path("small")
        out = run("minimize", a, "-o", small, "--diff", b)[0]
        self.assertRegex(out, r" [01] of 3 exchanges, ")
        self.assertLess(len(self.records(small)), 6)
        self.assertIn("404", run("diff", "--details", small, b, status=1)[0])
        self.assertIn("does not fail", run("minimize", a, "-o", small, "--diff", a, status=1)[1])

    def test_another_trace_that_is_none(self):
        a, small, none = self.three("a", plain), self.path("small"), self.path("none")
        begin = self.frames(a)[0]
        for data, status, words in ((None, 74, "none: No such file"), (b"", 65, "none: no trace: it is empty"),
                                    (b"this is no trace", 65, "none: "), (begin, 65, "none: a trace without records")):
            if data is not None:
                with open(none, "wb") as f:
                    f.write(data)
            errors = run("minimize", a, "-o", small, "--diff", none, status=status)[1]
            self.assertIn(words, errors)
            self.assertNotIn("does not fail", errors)
            self.assertFalse(os.path.exists(small))

    def frames(self, path):
        """The records of a file, as bytes, and what stands before them; see messages/trace_format.h."""
        with open(path, "rb") as f:
            data = f.read()
        begin, at, records = None, 8, []
        while at < len(data):
            _, kind, length = struct.unpack_from("<HHI", data, at)
            if kind >= 8:
                begin = begin or at
                records.append(data[at:at + 20 + length])
            at += 20 + length
        return data[:begin], records

    def one_with_what_another_heard(self):
        """A trace whose application's answer is that of another run: not what the actors then said to each other."""
        def answer(status):
            return lambda method, path, body: (status, b"", b"ok")
        for i in range(10):
            paths = [self.record_app(f"{status}-{i}", answer(status), lambda: self.get("/a", "/b", "/c"))
                     for status in (200, 404)]
            (begin, records), (_, others) = map(self.frames, paths)
            heard = [[r["seq"] for r in self.records(path) if r.get("kind") == "SOCKET_DATA" and
                      r["to"].startswith("local_connection")] for path in paths]
            if heard[0][0] == heard[1][0]:
                records[heard[0][0]] = others[heard[0][0]]
                with open(self.path("spliced"), "wb") as f:
                    f.write(begin + b"".join(records))
                return self.path("spliced")
        raise AssertionError("the same load never begins with the same records")

    def test_a_replay_that_diverges(self):
        a, small = self.one_with_what_another_heard(), self.path("small")

        def diverged(path):
            line = run("replay", path, status=1)[0].splitlines()[0]
            self.assertTrue(line.startswith("diverged: "), line)
            return re.sub("at record \\d+, ", "", line)
        out, errors = run("minimize", a, "-o", small)
        self.assertEqual(diverged(small), diverged(a))
        # whoever only had a part in an actor's life need not be replayed, it is enough that it was there
        self.assertLess(len(self.records(small)), len(self.records(a)) / 4, out)
        self.assertIn(" 1 of 3 exchanges", out)
        for phase in ("exchanges", "actors", "ends", "records", "bytes"):
            self.assertIn(f"intproxy-trace: {phase}: ", errors)
        whole = self.three("whole", plain)
        self.assertIn("its replay does not diverge", run("minimize", whole, "-o", small, status=1)[1])

    def test_limits_and_mistakes(self):
        a, small = self.three("a", plain), self.path("small")
        self.assertIn("1 tries", run("minimize", a, "-o", small, "--while", "true", "--tries", "1")[0])
        self.assertIn("ended early", run("minimize", a, "-o", small, "--while", "true", "--tries", "1")[0])
        self.assertIn("ended early", run("minimize", a, "-o", small, "--while", "sleep 60; : {}", "--time", "200ms")[0])
        self.assertEqual(len(self.records(small)), len(self.records(a)))
        self.assertIn("does not fail", run("minimize", a, "-o", small, "--while", "false", status=1)[1])
        self.assertIn("cannot be run", run("minimize", a, "-o", small, "--while", "/no/such", status=74)[1])
        run("minimize", a, "-o", self.path("no/where"), "--while", "true", status=74)
        self.assertIn(": standard input: no trace", run("minimize", "-", "-o", small, status=65, given=b"")[1])
        errors = run("minimize", "--while", "true", "--diff", a, "--tries", "0", status=2)[1]
        for words in ("no trace", "no -o", "one of them says when", "is no number of tries"):
            self.assertIn(words, errors)

    def test_what_is_no_regular_file_is_written_into(self):
        a, fifo, link = self.three("a", plain), self.path("fifo"), self.path("link")
        limits = ("--while", "true", "--tries", "1")
        os.mkfifo(fifo)
        reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
        self.addCleanup(reader.kill)
        run("minimize", a, "-o", fifo, *limits)
        self.assertTrue(stat.S_ISFIFO(os.stat(fifo).st_mode))
        written = reader.communicate(timeout=20 * SLOW)[0]
        os.symlink("not-yet", link)
        run("minimize", a, "-o", link, *limits)
        with open(self.path("not-yet"), "rb") as f:
            self.assertEqual(f.read(), written)
        self.assertEqual(len(self.records(link)), len(self.records(a)))
        for name in ("one", "other"):
            os.symlink({"one": "other", "other": "one"}[name], self.path(name))
        self.assertIn("Too many levels", run("minimize", a, "-o", self.path("one"), *limits, status=74)[1])
        self.assertIn("Is a directory", run("minimize", a, "-o", self.where, *limits, status=74)[1])
        self.assertFalse([name for name in os.listdir(self.where) if ".new-" in name])

    def test_everything_goes_if_nothing_matters(self):
        a, small = self.three("a", plain), self.path("small")
        self.assertRegex(run("minimize", a, "-o", small, "--while", "true")[0], r"^0 of \d+ records")
        self.assertEqual(self.records(small), [])

    def test_a_command_may_take_the_file_away(self):
        a, small = self.three("a", plain), self.path("small")
        shutil.copy(a, small)
        out = run("minimize", small, "-o", small, "--while", "mv {} " + self.path("gone") + " && true")[0]
        self.assertRegex(out, r"^0 of \d+ records")
