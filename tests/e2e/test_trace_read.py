"""intproxy-trace show, follow, stat, tree and info over traces of a live daemon: what they say, on whole files and on
damaged ones, into pipes that close and onto disks that are full."""
import glob
import http.server
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import threading
import unittest

from apps import free_port
from case import Case
from daemon import PROGRAM, SANITIZER, SLOW, Daemon
from trace import Trace

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))
ENVIRONMENT = {**SANITIZER, **os.environ}
SLOW_TIME = r"(?:[5-9]\d(?:\.\d+)?ms|\d{3}ms|[\d.]+s)"  # as long as App takes for /slow, or longer


class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/slow":
            threading.Event().wait(0.05)
        self.answer(404 if self.path == "/missing" else 200, b"hello " + self.path.encode())

    def do_POST(self):
        self.answer(200, str(len(self.rfile.read(int(self.headers["Content-Length"])))).encode())


class Recording:
    """A standalone daemon that records, and what curl asked of it."""

    def __init__(self, case, *args):
        self.path = os.path.join(case.directory(), "run.trace")
        app = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), App)
        threading.Thread(target=app.serve_forever, daemon=True).start()
        case.addCleanup(app.server_close)
        case.addCleanup(app.shutdown)
        self.port, upstream = free_port(), app.server_address[1]
        self.daemon = Daemon("--standalone", f"{self.port}={upstream}", "-R", f"{self.port}:{upstream}",
                             "--trace", self.path, *args)
        case.addCleanup(self.daemon.kill)
        self.daemon.wait_ready()

    def curl(self, path, *args, data=None):
        done = subprocess.run(["curl", "-s", "-S", "-m", "20", *args, f"http://127.0.0.1:{self.port}{path}"],
                              input=data, capture_output=True, timeout=60 * SLOW)
        if done.returncode:
            raise AssertionError(f"curl {path}: {done.stderr.decode()}\n{self.daemon.log}")
        return done.stdout

    def finish(self):
        self.daemon.signal(signal.SIGTERM)
        if self.daemon.wait_exit(15):
            raise AssertionError(self.daemon.log)
        return self.path


def run(*arguments, status=0, given=None, stdout=subprocess.PIPE):
    """Output and errors."""
    done = subprocess.run([TRACE, *arguments], input=given, stdout=stdout, stderr=subprocess.PIPE, timeout=60 * SLOW,
                          env=ENVIRONMENT)
    errors = done.stderr.decode(errors="replace")
    if done.returncode != status:
        raise AssertionError(f"exit {done.returncode}, not {status}: {errors}")
    return (done.stdout or b"").decode(), errors


class ReadTest(Case):
    @classmethod
    def setUpClass(cls):
        """One trace for all that only read it."""
        super().setUpClass()
        cls.case = Case()
        recording = Recording(cls.case, "--header-filter", "user-agent: .*", "--path-filter", "/()")
        recording.curl("/api/users?x=1")
        recording.curl("/slow")
        recording.curl("/missing")
        recording.curl("/upload", "--data-binary", "@-", data=bytes(300000))
        cls.trace = recording.finish()

    @classmethod
    def tearDownClass(cls):
        cls.case.doCleanups()

    def objects(self, *arguments):
        return [json.loads(line) for line in run("show", "--json", *arguments, self.trace)[0].splitlines()]

    # ---- show

    def test_show(self):
        """The way of a request is there, a line each, in words."""
        out, errors = run("show", self.trace)
        self.assertEqual(errors, "")
        for line in (r"runtime +-> link_connection/0\.\d+ +SOCKET_DATA +bytes\[\d+\] \"\\x02\\x06\\x03",
                     r"link_connection/0\.\d+ +-> incoming_proxy/0\.\d+ +\[0/0\] +REQUEST +GET /api/users\?x=1 "
                     r"port=\d+ variant=chunked-v2 last \| .*spawn interceptor/0\.\d+ with INTERCEPT",
                     r"interceptor/0\.\d+ +-> local_connection/0\.\d+ +\[0/0\] +ASSIGN +GET /api/users",
                     r"local_connection/0\.\d+ +-> interceptor/0\.\d+ +\[0/0\] +RESPONSE +200",
                     r"interceptor/0\.\d+ +-> link_connection/0\.\d+ +\[2/0\] +ANSWER +404.* \| write \d+ bytes",
                     r" interceptor/0\.\d+ +\[0/0\] +ended: done",
                     r"version=1\.29\.0", r"SIGNAL +number=SIGTERM", r"log info \"a proxy has come\""):
            self.assertRegex(out, line)
        self.assertTrue(out.endswith("* the program has ended\n"), out[-200:])

    def test_show_without_effects(self):
        self.assertNotIn(" | ", run("show", "--no-effects", self.trace)[0])

    def test_times(self):
        self.assertRegex(run("show", self.trace)[0], r"^  0\.000000 ")
        self.assertRegex(run("show", "--time", "wall", self.trace)[0], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ")
        deltas = re.findall(r"^ *([+-][\d.]+) ", run("show", "--time=delta", self.trace)[0], re.M)
        whole = re.findall(r"^ *([\d.]+) ", run("show", self.trace)[0], re.M)
        self.assertEqual(len(deltas), len(whole))
        self.assertAlmostEqual(sum(map(float, deltas)), float(whole[-1]), delta=1e-3)

    def test_json(self):
        """One object a record, numbered without a gap; what a filter takes is what jq would."""
        all_ = self.objects()
        self.assertEqual([o["seq"] for o in all_], list(range(len(all_))))
        self.assertEqual(len(all_), len(run("show", self.trace)[0].splitlines()))
        request = next(o for o in all_ if o.get("kind") == "REQUEST" and o["to"].startswith("interceptor/"))
        self.assertEqual((request["connection"], request["request"], request["mode"], request["protocol"]),
                         (0, 0, "steal", "HttpRequestChunked(StartV2)"))
        self.assertEqual(request["fields"]["head"]["http"], "GET /api/users?x=1")
        self.assertIs(request["fields"]["last"], True)
        self.assertEqual(all_[-1]["what"], "note")
        wanted = [o["seq"] for o in all_ if o.get("kind") == "CREDIT" and o.get("connection") == 3]
        self.assertTrue(wanted)
        self.assertEqual([o["seq"] for o in self.objects("--filter", "kind == CREDIT && conn == 3")], wanted)

    def test_json_has_whole_payloads_with_bytes(self):
        got = b""
        for o in self.objects("--bytes", "--filter", "to == interceptor && kind == REQUEST_BODY"):
            piece = o["fields"]["bytes"]
            self.assertEqual(piece["length"], piece["kept"])
            got += piece["text"].encode() if "text" in piece else bytes.fromhex(piece["hex"])
        self.assertEqual(got, bytes(300000))

    def test_bytes(self):
        out = run("show", "--bytes", "--filter", 'payload ~ "hello /slow" && kind ~ "RESPONSE*"', self.trace)[0]
        self.assertRegex(out, r"\n    00000000  68 65 6c 6c 6f 20 2f 73  6c 6f 77 +hello /slow\n")

    def test_filters(self):
        """The issue's own example, and words of the agent's protocol."""
        example = 'kind ~ "HttpResponse*" && conn == 1 && t < 60s && path ~ "/sl"'
        self.assertEqual(len(self.objects("--filter", example)),
                         sum(o.get("protocol", "").startswith("HttpResponse") and o["connection"] == 1
                             for o in self.objects("--filter", "to == link_connection && has(conn)")))
        self.assertEqual({o["exchange"] for o in self.objects("--filter", "status == 404 && has(exchange)")},
                         {o["exchange"] for o in self.objects("--filter", 'path == "/missing" && has(exchange)')})
        self.assertIn("did you mean REQUEST", run("show", "--filter", "kind == REQUST", self.trace, status=2)[1])
        self.assertIn("payload", run("show", "--fields")[0])

    def test_mistakes_are_said_all_at_once(self):
        errors = run("show", "--tine", "--time", "noon", "--filter", "(", status=2)[1]
        for word in ("did you mean --time", "none of relative, delta, wall", "column", "no trace is given"):
            self.assertIn(word, errors)
        self.assertIn("No such file", run("show", "/nowhere/x", status=74)[1])
        for command in ("show", "follow", "stat", "tree", "info"):
            out = run(command, "--help")[0]
            self.assertIn("exit status", out)
            self.assertIn(f"intproxy-trace {command}", out)

    def test_behind_two_dashes_are_files(self):
        self.assertEqual(run("show", "--no-effects", "--", self.trace), run("show", "--no-effects", self.trace))
        self.assertIn("-x: No such file", run("show", "--", "-x", status=74)[1])
        self.assertIn("--: No such file", run("show", "--", "--", status=74)[1])

    def test_standard_input(self):
        with open(self.trace, "rb") as file:
            data = file.read()
        self.assertEqual(run("show", "-", given=data)[0], run("show", self.trace)[0])
        for command in (("tree",), ("tree", "--exchange", "1"), ("diagram", "--mermaid", "--no-redact")):
            self.assertEqual(run(*command, "-", given=data)[0], run(*command, self.trace)[0], command)

    def test_colours_are_for_terminals(self):
        self.assertNotIn("\033", run("show", self.trace)[0])
        for no_colour, wanted in (("", True), ("1", False)):
            ours, theirs = pty.openpty()
            with subprocess.Popen([TRACE, "show", "--filter", "seq < 3", self.trace], stdout=theirs,
                                  env={**ENVIRONMENT, "TERM": "xterm", "NO_COLOR": no_colour}):
                os.close(theirs)
                self.assertEqual(b"\033[" in os.read(ours, 4096), wanted)
            os.close(ours)

    # ---- damage

    def broken(self, change):
        path = os.path.join(self.directory(), "broken")
        with open(self.trace, "rb") as file:
            data = bytearray(file.read())
        with open(path, "wb") as file:
            file.write(change(data))
        return path

    def test_a_torn_trace(self):
        path = self.broken(lambda data: data[:len(data) // 2 + 1])
        for command in ("show", "stat", "tree", "info"):
            out, errors = run(command, path)
            self.assertIn("torn", errors)
            self.assertTrue(out)
        self.assertIn("1 torn", run("info", path)[0])

    def test_a_trace_of_nothing_but_its_first_bytes(self):
        out, errors = run("info", self.broken(lambda data: data[:8]))
        self.assertIn("torn: it ends before its header", errors)
        self.assertIn("1 torn", out)

    def test_a_damaged_trace(self):
        def change(data):
            data[len(data) // 2] ^= 4
            return data
        path = self.broken(change)
        whole = len(run("show", self.trace)[0].splitlines())
        for command in ("show", "stat", "tree", "info"):
            out, errors = run(command, path, status=65)
            self.assertIn("offset", errors)
            if command == "show":
                self.assertGreater(len(out.splitlines()), whole - 3)
        self.assertIn("damaged places", run("info", path, status=65)[0])
        behind = self.broken(lambda data: data + bytes(100000))
        self.assertEqual(run("info", behind, status=65)[0].count(" 1 damaged places"), 2)  # in all, and in the file

    def test_a_table_that_is_damaged(self):
        """That of the kinds is known here; of what cannot be known without it not every record is named."""
        with open(self.trace, "rb") as file:
            at = file.read().index(b"SOCKET_ACCEPTED")

        def damage(*offsets):
            def change(data):
                for offset in offsets:
                    data[offset] ^= 1
                return data
            return self.broken(change)
        out, errors = run("show", damage(at), status=65)
        self.assertEqual(out, run("show", self.trace)[0])
        self.assertIn("the table of kinds, of which this program has the same", errors)
        with open(self.trace, "rb") as file:
            data = file.read()
        kinds = 8 + 20 + struct.unpack_from("<I", data, 12)[0]  # behind the magic and the header
        out, errors = run("show", damage(at, kinds + 12), status=65)
        self.assertLessEqual(len(errors.splitlines()), 22)
        self.assertRegex(errors, r"\d+ more places could not be read")
        for form in ("--html", "--mermaid"):  # calls can be read in which something was sent of which nothing is known
            self.assertTrue(run("diagram", form, damage(at, kinds + 12), status=65)[0])

    def test_no_trace_at_all(self):
        path = self.broken(lambda data: b"hello, this is no trace")
        for command in ("show", "follow", "stat", "tree", "info"):
            if command != "follow":
                self.assertIn("no trace", run(command, path, status=65)[1])

    # ---- where the output goes

    def test_a_closed_pipe_ends_it_quietly(self):
        for arguments in (["show"], ["show", "--json", "--bytes"], ["stat"], ["tree", "--exchange", "1"], ["info"]):
            done = subprocess.run(["sh", "-c", '"$@" | head -c 1 >/dev/null; exec "$@" | :', "sh", TRACE, *arguments,
                                   self.trace], capture_output=True, timeout=60 * SLOW, env=ENVIRONMENT)
            self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)

    def test_a_full_disk_is_said(self):
        with open("/dev/full", "wb") as full:
            for arguments in (["show"], ["show", "--json"], ["stat"], ["stat", "--json"], ["tree"],
                              ["tree", "--exchange", "1"], ["info"]):
                self.assertIn("No space left", run(*arguments, self.trace, status=74, stdout=full)[1])

    # ---- stat

    def test_stat(self):
        out = run("stat", self.trace)[0]
        self.assertRegex(out, r"(?m)^REQUEST +\d+ ")
        self.assertRegex(out, r"(?m)^interceptor +\d+ ")
        self.assertRegex(out, r"4 exchanges, first to last record: mean ")
        self.assertRegex(out, r"GET /slow -> 200")
        self.assertRegex(out, r"0 calls lost \(lagged\)")

    def test_stat_counts_what_show_shows(self):
        stat = json.loads(run("stat", "--json", self.trace)[0])
        all_ = self.objects()
        calls = [o for o in all_ if o["what"] == "call"]
        self.assertEqual(stat["records"], len(all_))
        self.assertEqual({k["name"]: k["calls"] for k in stat["kinds"] if k["calls"]},
                         {kind: sum(o["kind"] == kind for o in calls) for kind in {o["kind"] for o in calls}})
        self.assertEqual({a["name"]: a["calls"] for a in stat["actors"] if a["calls"]},
                         {a: sum(o["to"].split("/")[0] == a for o in calls) for a in
                          {o["to"].split("/")[0] for o in calls}})
        written = sum(e["bytes"]["length"] for o in all_ for e in o.get("effects", []) if e["effect"] == "write")
        self.assertEqual(stat["all"]["written"], written)
        self.assertEqual(stat["waits_unknown"], 0)

    def test_every_message_between_actors_has_a_wait(self):
        stat = json.loads(run("stat", "--json", self.trace)[0])
        of_runtime = ("DOWN", "SOCKET_ACCEPTED")
        sent = sum(o["what"] == "call" and o["from"] != "runtime" and o["kind"] not in of_runtime
                   for o in self.objects())
        self.assertEqual(stat["all"]["wait_ns"]["count"], sent)

    def test_the_slowest(self):
        slowest = json.loads(run("stat", "--json", "--top", "2", self.trace)[0])["slowest"]
        self.assertEqual(len(slowest), 2)
        self.assertGreaterEqual(slowest[0]["took_ns"], slowest[1]["took_ns"])
        self.assertGreater(slowest[0]["took_ns"], 50e6)

    def test_stat_of_what_is_wanted(self):
        stat = json.loads(run("stat", "--json", "--filter", "kind == CREDIT", self.trace)[0])
        self.assertEqual([k["name"] for k in stat["kinds"]], ["CREDIT"])

    # ---- tree

    def test_tree_lists_exchanges(self):
        lines = run("tree", self.trace)[0].splitlines()
        proxys = [line for line in lines if not re.match(" +a", line)]
        agents = [line for line in lines if line not in proxys]
        self.assertEqual((len(proxys), len(agents)), (4, 4))
        self.assertRegex(agents[1], r"^ +a2  \[#a2\] +at \d+\.\d{6} took \S+ +\d+ records  GET /slow -> 200$")
        self.assertRegex(proxys[1], r"^ +2  \[1/0\] +at \d+\.\d{6} took \S+ +\d+ records  GET /slow -> 200$")

    def test_tree_tells_a_story(self):
        """From the agent's bytes to the answer; each from what sent it; the application's pause is said."""
        out = run("tree", "--conn", "1", "--request", "0", self.trace)[0]
        lines = out.splitlines()
        self.assertRegex(lines[0], r"^exchange 2 \[1/0\] GET /slow -> 200, at \d+\.\d{6}$")
        self.assertRegex(lines[1], r"^  0\.000000 agent -> link_connection/0\.\d+ SOCKET_DATA ")
        began = lines[0].rpartition(" ")[2]  # by which that line is found in `show`
        self.assertRegex(run("show", self.trace)[0], rf"\n +{began} runtime +-> link_connection/\S+ +SOCKET_DATA ")
        self.assertRegex(lines[2], r"^  0\.\d{6}   link_connection/0\.\d+ -> incoming_proxy/0\.\d+ REQUEST GET /slow ")
        self.assertRegex(out, r"\n  0\.\d{6}     incoming_proxy/0\.\d+ -> interceptor/0\.\d+ REQUEST ")
        self.assertRegex(out, rf"\n           \.\.\. {SLOW_TIME} waiting for the application\n")
        self.assertRegex(out, r"\n  0\.\d{6} application -> local_connection/0\.\d+ SOCKET_DATA bytes\[\d+\] "
                              r"\"HTTP/1.1 200")
        self.assertRegex(lines[-1], r"^took \S+ in \d+ records: handling \S+, in mailboxes \S+; \d+ gaps? of 1ms "
                                    r"or more, .* for the application$")
        self.assertEqual(run("tree", "--exchange", "2", self.trace)[0], out)
        self.assertNotIn("...", "".join(line[:16] for line in
                                        run("tree", "--exchange", "2", "--gap", "1h", self.trace)[0].splitlines()))

    def test_exchanges_of_the_stand_in_agent(self):
        """They have numbers of their own; a diagram knows that the proxy's is the same request."""
        out = run("tree", "--exchange", "a2", self.trace)[0]
        self.assertRegex(out, r"^exchange a2 \[#a2\] GET /slow -> 200, at ")
        self.assertRegex(out, r" client -> agent_remote/\S+ SOCKET_DATA ")
        self.assertRegex(out, r" agent_remote/\S+ -> agent_session/\S+ AGENT_OFFER GET /slow ")
        self.assertRegex(out, rf"\n           \.\.\. {SLOW_TIME} waiting for the proxy\n.* proxy -> agent_session/\S+ ")
        self.assertRegex(out, r"gaps? of 1ms or more, .* for the proxy\n$")
        shown = run("show", "--filter", "exchange == a2", self.trace)[0].splitlines()
        self.assertTrue(shown)
        for line in shown:
            self.assertIn(" [#a2] ", line)
        self.assertRegex(run("stat", self.trace)[0], r"(?m)^4 exchanges, .*\n4 exchanges of the stand-in agent, ")
        drawn = run("diagram", "--mermaid", "--exchange", "2", self.trace)[0]
        for kind in ("AGENT_ROUTE", "AGENT_ROUTED", "AGENT_OFFER", "REQUEST", "ANSWER", "RESPONSE"):
            self.assertRegex(drawn, rf": {kind}\b.*\(exchange 2\)")
        self.assertEqual(run("diagram", "--mermaid", "--exchange", "a2", self.trace)[0], drawn)
        self.assertNotIn("(exchange a", run("diagram", "--mermaid", self.trace)[0])

    def test_tree_says_what_is_lost(self):
        """In the place of a call that the recorder left out; behind the last line, if the exchange did not end."""
        lines = run("convert", "--to", "jsonl", "--no-redact", self.trace)[0].splitlines()
        seqs = {o["kind"]: o["seq"] for o in self.objects("--filter", "exchange == 2 && what == call")}
        path = os.path.join(self.directory(), "lost.trace")

        def told(*gone):
            made = []
            for line in map(json.loads, lines):
                if line.get("seq") in gone:
                    line = {"what": "lagged", "seq": line["seq"], "now_us": line["now_us"],
                            "ended_ns": line["ended_ns"], "worker": 0, "lost": 3}
                made.append(json.dumps(line))
            if os.path.exists(path):
                os.remove(path)
            run("convert", "--from", "jsonl", "-", "-o", path, given="\n".join(made).encode())
            return run("tree", "--exchange", "2", path)[0].splitlines()

        said = "           ... calls are missing here, of this exchange or of others: 3, the recorder could not keep up"
        story = told(seqs["RESPONSE"])
        self.assertEqual(story.count(said), 1, story)
        self.assertIn(" SOCKET_DATA ", story[story.index(said) - 1])
        self.assertIn("3 calls were lost while the trace was recorded (lagged)", run("tree", path)[1])
        last = next(o["seq"] for o in self.objects("--filter", "exchange == a4"))
        self.assertEqual(told(last).count(said), 0)  # exchange 2 was over by then

    def test_tree_of_what_is_not_there(self):
        self.assertIn("no exchange", run("tree", "--exchange", "99", self.trace, status=1)[1])
        self.assertIn("needs --conn", run("tree", "--request", "1", self.trace, status=2)[1])

    def test_the_hash_of_what_was_not_kept(self):
        whole = Recording(self, "--trace-bodies", "4")
        whole.curl("/upload", "--data-binary", "@-", data=b"hello, world")
        path = whole.finish()
        hashes = {record.spans[name].hash for record in Trace(path).of("call") for name in record.spans
                  if record.spans[name].length == 12 and record.spans[name].hash is not None}
        self.assertEqual(len(hashes), 1)
        digits = f"{hashes.pop():016x}"
        bodies = [piece for line in run("show", "--json", path)[0].splitlines()
                  for piece in json.loads(line).get("fields", {}).values()
                  if isinstance(piece, dict) and piece.get("length") == 12]
        self.assertTrue(bodies)
        self.assertEqual({(piece["kept"], piece["text"], piece["hash"]) for piece in bodies},
                         {(4, "hell", "0x" + digits)})
        self.assertIn(f'[12] "hell"... (XXH3 of all: {digits})', run("show", path)[0])
        self.assertIn(f"12 bytes, of which 4 were kept; XXH3 of all: {digits}\n", run("show", "--bytes", path)[0])

    # ---- info

    def test_info(self):
        out = run("info", self.trace)[0]
        self.assertRegex(out, r"(?m)^program +intproxyd \S+, process \d+$")
        self.assertRegex(out, r"(?m)^records +\d+, numbered 0 to \d+: ")
        self.assertRegex(out, r"(?m)^state +whole: every checksum holds$")
        self.assertRegex(out, r"header_filter = \[hidden\]\n")
        self.assertRegex(out, r"path_filter = \[hidden\]\n")
        self.assertNotIn("user-agent", out)
        self.assertNotIn("/()", out)
        self.assertIn("header_filter = user-agent: .*", run("info", "--secrets", self.trace)[0])


class PartsTest(Case):
    @classmethod
    def setUpClass(cls):
        """A trace of more than ten parts: those of a shell's * are not in order."""
        super().setUpClass()
        cls.case = Case()
        recording = Recording(cls.case, "--trace-part-size", "64K")
        for _ in range(4):
            recording.curl("/upload", "--data-binary", "@-", data=bytes(300000))
        cls.trace, cls.port = recording.finish(), recording.port
        cls.whole = run("show", cls.trace)
        cls.parts = sorted(glob.glob(cls.trace + ".*"))

    @classmethod
    def tearDownClass(cls):
        cls.case.doCleanups()

    def test_parts_are_read_in_the_order_in_which_they_were_written(self):
        self.assertTrue(self.parts[1].endswith(".10"), self.parts)
        for parts in (self.parts, self.parts[::-1], [*self.parts[1:], self.parts[0]]):
            self.assertEqual(run("show", *parts), self.whole)
        copy = os.path.join(self.directory(), "copy")
        run("redact", *self.parts, copy)
        self.assertEqual(len(run("show", copy)[0].splitlines()), len(self.whole[0].splitlines()))

    def test_runs_stay_in_the_order_in_which_they_were_named(self):
        recording = Recording(self)
        other, other_port = recording.finish(), recording.port
        for names, ports in (((*self.parts, other), (self.port, other_port)),
                             ((other, *self.parts), (other_port, self.port))):
            out, errors = run("show", "--filter", "kind == AGENT_PORT_OPEN", *names)
            self.assertEqual(errors, "")
            self.assertEqual(re.findall(r"AGENT_PORT_OPEN +index=0 port=(\d+)", out), [str(port) for port in ports])

    def test_stories_are_of_one_run(self):
        """Exchange 1 of two runs is not one exchange; nor are two files in one."""
        other, both = Recording(self).finish(), os.path.join(self.directory(), "both")
        with open(both, "wb") as out:
            for name in (*sorted(self.parts, key=lambda part: int(part.rpartition(".")[2])), other):
                with open(name, "rb") as part:
                    shutil.copyfileobj(part, out)
        for names in ((self.trace, other), (both,)):
            for arguments in (("tree",), ("tree", "--exchange", "1"), ("stat",), ("stat", "--json"), ("info",),
                              ("diagram", "--html"), ("diagram", "--mermaid", "--no-redact")):
                out, errors = run(*arguments, *names, status=65)
                self.assertEqual(out, "")
                self.assertRegex(errors, r"is of another run \(process \d+\) than what stands before it")

    def test_what_is_given_twice_is_one_mistake(self):
        copy = os.path.join(self.directory(), "copy")
        shutil.copy(self.parts[0], copy)
        for names, error in (((self.parts[0], self.parts[1], self.parts[0]), f'"{self.parts[0]}" is named twice'),
                             ((self.parts[0], copy), "hold the same records of the same run"),
                             ((self.parts[2], self.trace), "hold the same records of the same run"),
                             (("-", "-"), '"-" is named twice')):
            for command in ("show", "stat", "convert"):
                errors = run(command, *(["--to", "jsonl"] if command == "convert" else []), *names, status=2)[1]
                self.assertEqual(len(errors.splitlines()), 1, errors)
                self.assertIn(error, errors)

    def test_nothing_writes_over_what_it_reads(self):
        """Nor over a part, nor to the name that stands for the parts: a file there would hide them."""
        trace = os.path.join(self.directory(), "run.trace")
        for n in (1, 2):
            shutil.copy(f"{self.trace}.{n}", f"{trace}.{n}")
        one, two = (f"{trace}.{n}" for n in (1, 2))
        whole = run("show", trace)[0]
        for arguments in (("diagram", "--html", "-o"), ("diagram", "--mermaid", "--no-redact", "-o"),
                          ("convert", "--to", "har", "-o")):
            for name, out in ((one, one), (trace, two), (trace, trace)):
                self.assertIn("is what is to be read", run(*arguments, out, name, status=74)[1])
        for name, out in ((one, one), (trace, two), (trace, trace)):
            self.assertIn("is what is to be read", run("redact", name, out, status=2)[1])
            self.assertIn("is what is to be read", run("minimize", self.trace, "-o", out, "--diff", name, status=74)[1])
        for out in (trace, two):
            for when in (("--while", "true"), ("--diff", self.trace)):
                self.assertIn("is what is to be read", run("minimize", trace, "-o", out, *when, status=74)[1])
        self.assertFalse(os.path.exists(trace))
        self.assertEqual(run("show", trace)[0], whole)

    def test_a_pipe_is_not_looked_at_before_it_is_read(self):
        with open(self.parts[0], "rb") as first:
            self.assertEqual(run("show", "/dev/stdin", *self.parts[1:], given=first.read())[1], "")


class FollowTest(Case):
    def follow(self, path, *arguments):
        process = subprocess.Popen([TRACE, "follow", *arguments, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=ENVIRONMENT)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def until(self, process, text):
        for line in iter(process.stdout.readline, b""):
            if text in line:
                return
        self.fail(f"no {text!r}: {process.stderr.read()}")

    def test_follow_shows_what_comes_and_ends_with_the_program(self):
        recording = Recording(self)
        process = self.follow(recording.path)
        recording.curl("/one")
        self.until(process, b"GET /one")
        recording.curl("/two")
        self.until(process, b"GET /two")
        recording.finish()
        self.until(process, b"* the program has ended")
        self.assertEqual(process.wait(10 * SLOW), 0)

    def test_a_program_that_was_killed(self):
        """Its last word is missing: follow does not wait for it, and info says so."""
        recording = Recording(self)
        recording.curl("/one")
        process = self.follow(recording.path)
        self.until(process, b"GET /one")
        self.assertNotIn("is gone", run("show", recording.path)[1])
        recording.daemon.process.kill()
        recording.daemon.process.wait()
        _, errors = process.communicate(timeout=10 * SLOW)
        self.assertEqual(process.returncode, 0)
        self.assertIn(f"process {recording.daemon.process.pid}, is gone; its end is not in the trace", errors.decode())
        self.assertIn("the program's end is not in it", run("info", recording.path)[0])
        again = self.follow(recording.path)
        self.assertEqual(len(again.communicate(timeout=10 * SLOW)[0].splitlines()),
                         len(run("show", recording.path)[0].splitlines()))

    def test_follow_goes_on_with_the_next_parts(self):
        recording = Recording(self, "--trace-part-size", "64K")
        process = self.follow(recording.path, "--json")
        for _ in range(4):
            recording.curl("/upload", "--data-binary", "@-", data=bytes(100000))
        recording.finish()
        out, errors = process.communicate(timeout=20 * SLOW)
        self.assertEqual((process.returncode, errors), (0, b""))
        self.assertGreater(len(os.listdir(os.path.dirname(recording.path))), 3)
        self.assertEqual([json.loads(line)["seq"] for line in out.splitlines()],
                         list(range(len(run("show", recording.path)[0].splitlines()))))
        self.assertIn("part 2,", run("info", recording.path)[0])
        os.unlink(recording.path + ".2")
        out, errors = run("info", recording.path, status=65)
        first, last = map(int, re.search(r"records (\d+) to (\d+) are missing", errors).groups())
        self.assertIn(f"; {last - first + 1} records that are not in these files", out)
        self.assertIn("state         1 damaged places, 0 torn ends; see standard error\n", out)

    def test_follow_ends_when_it_is_told(self):
        recording = Recording(self)
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.follow(recording.path)
            self.until(process, b"SUBSCRIBED")
            process.send_signal(number)
            self.assertEqual(process.wait(10 * SLOW), 0)
            self.assertEqual(process.stderr.read(), b"")
        recording.finish()

    def test_follow_of_standard_input_ends_when_it_is_told(self):
        read, write = os.pipe()
        process = subprocess.Popen([TRACE, "follow", "-"], stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=ENVIRONMENT)
        os.close(read)
        recording = Recording(self)
        recording.curl("/one")
        with open(recording.finish(), "rb") as file:
            os.write(write, file.read()[:-30])  # not the recorder's last word
        self.until(process, b"SUBSCRIBED")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=10 * SLOW)
        self.assertEqual((process.returncode, errors), (0, b""))
        os.close(write)

    def test_follow_of_a_pipe_that_is_closed(self):
        recording = Recording(self)
        with open(recording.finish(), "rb") as file:
            out, errors = run("follow", "-", given=file.read()[:-30])
        self.assertIn("SUBSCRIBED", out)
        self.assertIn("torn", errors)


if __name__ == "__main__":
    unittest.main()
