"""intproxy-trace replay over what live daemons have recorded: the same again, a hundred times, in other orders of the
actors, and with agents of other versions; and what is said when it is not the same."""
import itertools
import json
import os
import re
import socket
import struct
import subprocess
import threading

import apps
from case import Case
from chain import Chain, need
from daemon import PROGRAM, SLOW, Daemon
from trace import MAGIC

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))
TIMES = int(os.environ.get("REPLAY_TIMES", "100"))


def run(*arguments, given=None):
    """Exit status, output and errors, as text."""
    done = subprocess.run([TRACE, *arguments], input=given, capture_output=True, text=True, timeout=300 * SLOW)
    return done.returncode, done.stdout, done.stderr


def counts(text):
    """What a replay counted, without how long it took."""
    return re.search(r"(the same again.*?|not the same.*?);", text)[1]


class SlowApp(apps.ServerApp):
    """Head, a moment, and the body; its pieces have moments between them, and behind the request."""

    def __init__(self, pieces=1):
        super().__init__(self.answer)
        self.pieces = pieces

    def answer(self, conn):
        while conn.read_head():
            threading.Event().wait(0.1 * (self.pieces - 1))
            conn.send(b"HTTP/1.1 200 Ok\r\nContent-Length: %d\r\n\r\n" % (2 * self.pieces))
            for _ in range(self.pieces):
                conn.taken()
                threading.Event().wait(0.1)
                conn.send(b"hi")


class Replay(Case):
    def record(self, load, *options):
        """The trace of a daemon that served `load(url)`."""
        upstream = self.keep(apps.python_http_server(self.directory()))
        local = self.keep(apps.nginx(self.directory_with("small", b"x" * 100)))
        port, trace = apps.free_port(), os.path.join(self.directory(), "run.trace")
        daemon = Daemon("--standalone", f"{port}={upstream.destination}", "-R", f"{port}:{local.destination}",
                        "--trace", trace, *options)
        daemon.wait_ready()
        load(f"http://127.0.0.1:{port}")
        daemon.signal()
        self.assertEqual(daemon.wait_exit(20), 0)
        return trace

    def directory_with(self, name, content):
        where = self.directory()
        with open(os.path.join(where, name), "wb") as f:
            f.write(content)
        return where

    def curl(self, url, *more):
        subprocess.run([need("curl"), "-s", "-o", "/dev/null", "-m", "20", url, *more], check=True)

    def load(self, url):
        """Some hundred requests, sixteen at a time, from two clients; and an upload."""
        parallel = [need("curl"), "-s", "-m", "60", "--parallel", "--parallel-max", "16", "-o", "/dev/null",
                    "--retry", "5", "--retry-connrefused", "--retry-delay", "1"]
        curls = [subprocess.Popen([*parallel, f"{url}/{path}?[1-{count}]"], stderr=subprocess.DEVNULL)
                 for path, count in (("small", 400), ("missing", 200))]
        self.assertEqual([curl.wait() for curl in curls], [0, 0])
        self.curl(url + "/put/it", "-T", PROGRAM)

    def test_a_loaded_daemon_with_two_workers_replays_a_hundred_times(self):
        trace = self.record(self.load, "--workers", "2", "--trace-memory", "64M")
        seen = set()
        for _ in range(TIMES):
            status, out, errors = run("replay", trace)
            self.assertEqual(status, 0, out + errors)
            seen.add(counts(out))
        self.assertEqual(len(seen), 1, seen)
        self.assertGreater(int(re.search(r"(\d+) messages heard", seen.pop())[1]), 1000)

    def test_without_bodies_what_does_not_replay_is_said_first(self):
        trace = self.record(lambda url: self.curl(url + "/small"), "--trace-bodies", "none")
        status, out, errors = run("replay", trace)
        self.assertEqual(status, 0, out + errors)
        self.assertRegex(errors, r"actors are replayed only up to the first message whose bytes were left out")
        self.assertRegex(errors, r"\d+ of \d+ messages are replayed")
        self.assertIn("left out", out)

    def test_a_change_is_found_and_told(self):
        trace = self.record(lambda url: self.curl(url + "/small"))
        changed = self.changed(trace, "HTTP/1.1 200 OK", "HTTP/1.1 203 OK")
        status, out, errors = run("replay", changed)
        self.assertEqual(status, 1, out + errors)
        for said in ("diverged: ", "  expected  RESPONSE ", "  came      RESPONSE ", "what it had heard", "GRANT"):
            self.assertIn(said, out)

    def test_until_and_step(self):
        trace = self.record(lambda url: self.curl(url + "/small"))
        status, out, _ = run("replay", "--until", "kind == GRANT", trace)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"stopped at record \d+.*\nthe same again, so far.* \d+ not heard until there; ")
        status, out, errors = run("replay", "--until", "conn == 999", trace)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^the same again: ")
        self.assertIn("--until: there is no such record, so it was replayed to the end", errors)
        status, out, errors = run("replay", "--step", trace, given="\n2\nnonsense\nu kind == RESPONSE\nq\n")
        self.assertEqual(status, 0)
        self.assertIn("RESPONSE", out.splitlines()[-2])
        self.assertIn("so far", out)
        self.assertIn("Enter    this record", errors)  # the help, after nonsense
        status, out, errors = run("replay", "--step", trace, given="-1\nq\n")
        self.assertEqual((status, len(out.splitlines())), (0, 1), out)  # no number, and not so many
        self.assertIn("Enter    this record", errors)
        status, out, errors = run("replay", "--step", trace, given="u conn == 999\n")
        self.assertRegex(out.splitlines()[-1], r"^the same again: ")
        self.assertIn("u: there is no such record, so it was replayed to the end", errors)

    def changed(self, trace, old, new):
        """The same trace, with other bytes in it."""
        lines, other = trace + ".jsonl", trace + ".other"
        self.assertEqual(run("convert", trace, "--to", "jsonl", "--no-redact", "-o", lines)[0], 0)
        with open(lines) as f:
            text = f.read()
        self.assertIn(old, text)
        with open(lines, "w") as f:
            f.write(text.replace(old, new))
        self.assertEqual(run("convert", "--from", "jsonl", lines, "-o", other)[0], 0)
        return other

    def some_load(self, url):
        curls = [subprocess.Popen([need("curl"), "-s", "-o", "/dev/null", "-m", "20", url + path])
                 for path in ("/small", "/missing", "/small?a", "/small?b")]
        self.assertEqual([curl.wait() for curl in curls], [0] * 4)
        self.curl(url + "/put/it", "-T", os.path.join(self.directory_with("upload", b"y" * 3000), "upload"))

    def test_chaos(self):
        trace = self.record(self.some_load, "--workers", "2")
        status, out, errors = run("replay", "--chaos", "--seeds", "50", trace)
        self.assertEqual(status, 0, out + errors)
        self.assertRegex(out, r"the same in every order: 50 orders, 250 things")
        other = self.changed(trace, "404 Not Found", "405 Not Found")
        status, out, errors = run("replay", "--chaos", "--seed", "7", other)
        self.assertEqual(status, 1, out + errors)
        self.assertRegex(out, r"seed 7:\n  different steal \d+/0 GET /missing\nstatus: expected 404, came 405")
        self.assertRegex(out, r"not the same: 1 orders")

    def test_chaos_of_requests_that_an_old_agent_passes_on_as_bytes(self):
        """To it they are no HTTP, to the application they look like it."""
        local = self.keep(apps.python_http_server(self.directory_with("small", b"x" * 100)))
        trace = os.path.join(self.directory(), "run.trace")
        chain = Chain(self, local.destination, local.destination, ("--trace", trace), ("--protocol-version", "1.8.0"))
        for path in ("/small", "/missing"):
            chain.curl(path)
        chain.finish()
        status, out, errors = run("replay", "--chaos", "--seeds", "5", trace)
        self.assertEqual(status, 0, out + errors)
        self.assertRegex(out, "the same in every order: 5 orders, 10 things")

    def test_without_a_handshake_nothing_is_run_anew(self):
        """What does not replay is said before it starts: it is no difference."""
        load = lambda url: self.curl(url + "/small", "-d", "hello")  # noqa: E731
        traces = [self.record(load, "--trace-bodies", "none"), self.record(load, "--trace-bodies", "3"),
                  self.record(load, "--trace-bodies", "30")]
        lines = self.jsonl(self.record(load))
        link = next(i for i, line in enumerate(lines) if '"kind":"SOCKET_CONNECTED"' in line and "link_conn" in line)
        traces.append(self.from_jsonl(lines[:1] + lines[link + 1:]))
        for trace in traces:
            for options in (("--chaos", "--seeds", "2"), ("--agent-version", "1.8.0")):
                status, out, errors = run("replay", *options, trace)
                self.assertEqual((status, out), (66, ""), errors)
                self.assertIn("1 of 1 links to the agent cannot be played: their handshake", errors)

    def test_what_is_not_whole_is_said_before_it_is_run_anew(self):
        lines = self.jsonl(self.record(self.some_load))
        lost = dict(what="lagged", seq=0, now_us=0, ended_ns=0, worker=0, lost=50)
        status, out, errors = run("replay", "--chaos", "--seeds", "2", self.from_jsonl(lines + [json.dumps(lost)]))
        self.assertIn("50 messages were lost while the trace was recorded (lagged)", errors)
        self.assertIn(status, (0, 65), out + errors)

    def record_slow(self, load, pieces=1):
        local = self.keep(SlowApp(pieces))
        port, trace = apps.free_port(), os.path.join(self.directory(), "run.trace")
        daemon = Daemon("--standalone", f"{port}={local.destination}", "-R", f"{port}:{local.destination}",
                        "--trace", trace)
        daemon.wait_ready()
        load(port)
        daemon.signal()
        self.assertEqual(daemon.wait_exit(20), 0)
        return trace

    def test_chaos_where_the_application_was_not_always_there(self):
        """Nobody knows for which request a connection will be: that some were refused is said before."""
        local = apps.ServerApp(apps.keep_alive(lambda conn, _: conn.answer(fields=b"connection: close\r\n")))
        upstream = self.keep(apps.python_http_server(self.directory()))
        port, trace = apps.free_port(), os.path.join(self.directory(), "run.trace")
        daemon = Daemon("--standalone", f"{port}={upstream.destination}", "-R", f"{port}:{local.destination}",
                        "--trace", trace)
        daemon.wait_ready()
        self.curl(f"http://127.0.0.1:{port}/served")
        local.sock.shutdown(socket.SHUT_RDWR)  # the thread that accepts hears of it
        local.close()
        self.curl(f"http://127.0.0.1:{port}/lost")
        daemon.signal()
        self.assertEqual(daemon.wait_exit(20), 0)
        self.assertIn("the same again", run("replay", trace)[1])
        for options in (("--chaos", "--seeds", "1"), ("--agent-version", "1.19.0")):
            status, out, errors = run("replay", *options, trace)
            self.assertEqual(status, 1, out + errors)
            self.assertRegex(errors, r"\d+ connections to an application failed when it was recorded")

    def test_chaos_of_requests_that_are_alike(self):
        """Whose client left in the middle cannot be told from the request: no answer may depend on it."""
        def load(port):
            sockets = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(8)]
            for s in sockets:
                s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for s in sockets:
                while not s.recv(4096).endswith(b"\r\n\r\n"):
                    pass
            for s in sockets[::2]:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()
            for s in sockets[1::2]:
                with s, s.makefile("rb") as answer:
                    self.assertEqual(answer.read(6), b"hihihi")
        status, out, errors = run("replay", "--chaos", "--seeds", "50", self.record_slow(load, 3))
        self.assertEqual(status, 0, out + errors)
        self.assertRegex(out, r"the same in every order: 50 orders, 400 things")

    def test_chaos_of_an_application_that_counts(self):
        """Which of the requests that are alike gets which answer is chance in each order."""
        count = itertools.count()
        local = self.keep(apps.ServerApp(apps.keep_alive(lambda conn, _: conn.answer(b"%d" % next(count)))))
        port, trace = apps.free_port(), os.path.join(self.directory(), "run.trace")
        daemon = Daemon("--standalone", f"{port}={local.destination}", "-R", f"{port}:{local.destination}",
                        "--trace", trace, "--workers", "2")
        daemon.wait_ready()
        curls = [subprocess.Popen([need("curl"), "-s", "-o", "/dev/null", "-m", "20", f"http://127.0.0.1:{port}/"])
                 for _ in range(12)]
        self.assertEqual([curl.wait() for curl in curls], [0] * 12)
        daemon.signal()
        self.assertEqual(daemon.wait_exit(20), 0)
        status, out, errors = run("replay", "--chaos", "--seeds", "20", trace)
        self.assertEqual(status, 0, out + errors)
        self.assertRegex(out, "20 orders, 240 things")

    def test_what_another_agent_would_have_got(self):
        """RSP-6, RSP-7: the application writes head and body apart, so the newest agent gets a stream."""
        trace = self.record_slow(lambda port: self.curl(f"http://127.0.0.1:{port}/"))
        for version, form in (("1.29.0", None), ("1.19.0", None), ("1.8.0", "HttpResponseFramed"),
                              ("1.5.0", "HttpResponseFramed"), ("1.2.2", "HttpResponse")):
            status, out, errors = run("replay", "--agent-version", version, trace)
            self.assertEqual(status, 0, version + out + errors)
            if form:
                self.assertIn(f"form: expected HttpResponseChunked, came {form}\n", out)
            self.assertIn(f"{1 if form else 0} answers in another form", out)
        for options in (("--agent-version", "x"), ("--chaos", "--agent-version", "1.8.0"), ("--seed", "1"),
                        ("--chaos", "--step")):
            self.assertEqual(run("replay", *options, trace)[0], 2, options)

    def test_standard_input_and_pipes(self):
        """They can be read once, and are read several times: they are kept meanwhile."""
        trace = self.small_trace()
        pipe, copy = trace + ".pipe", trace + ".copy"
        os.mkfifo(pipe)
        whole = counts(run("replay", trace)[1])
        for command in (("replay",), ("replay", "--chaos", "--seeds", "1"), ("tree", "--exchange", "1"),
                        ("convert", "--to", "requests"), ("diagram", "--mermaid"), ("redact",),
                        ("minimize", "--while", "true", "--tries", "2", "-o", copy)):
            more = (copy,) if command == ("redact",) else ()
            for name in ("-", pipe):
                with open(trace, "rb") as source:
                    writer = subprocess.Popen(["cp", trace, pipe]) if name == pipe else None
                    done = subprocess.run([TRACE, *command, name, *more], stdin=source, capture_output=True, text=True,
                                          timeout=60 * SLOW)
                if writer:
                    self.assertEqual(writer.wait(20 * SLOW), 0, command)
                self.assertEqual(done.returncode, 0, f"{command} {done.stderr}")
                if command == ("replay",):
                    self.assertEqual(counts(done.stdout), whole)
        with open(trace, "rb") as source:
            done = subprocess.run([TRACE, "replay", "--step", "-"], stdin=source, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_in_its_own_time(self):
        trace = self.record(lambda url: self.curl(url + "/small"))
        span = json.loads(run("stat", "--json", trace)[1])
        self.assertTrue(span)
        fast = float(re.search(r"; ([\d.]+) s", run("replay", trace)[1])[1])
        slow = float(re.search(r"; ([\d.]+) s", run("replay", "--speed", "2", trace)[1])[1])
        self.assertGreater(slow, fast)

    def test_a_trace_without_anything_to_replay(self):
        """It is not "the same again", and not "not the same"."""
        trace = self.record(lambda url: self.curl(url + "/small"))
        lines = trace + ".jsonl"
        self.assertEqual(run("convert", trace, "--to", "jsonl", "-o", lines)[0], 0)
        with open(lines) as f:
            header = f.readline()
        with open(lines, "w") as f:
            f.write(header)
        empty = trace + ".empty"
        self.assertEqual(run("convert", "--from", "jsonl", lines, "-o", empty)[0], 0)
        for command, said in (((), "nothing in this trace can be replayed"), (("--chaos",), "there is no link"),
                              (("--as", "client", "--to", "1"), "no request")):
            status, out, errors = run("replay", *command, empty)
            self.assertEqual(status, 66, errors)
            self.assertIn(said, errors)
            self.assertNotIn("the same", out)

    def test_what_is_nothing_is_not_the_same(self):
        where = self.directory_with("text", b"root:x:0:0::/:\n" * 50)
        for content in (b"", b"root:x:0:0::/:\n" * 50, b"intptrc1"):
            path = os.path.join(where, "text")
            with open(path, "wb") as f:
                f.write(content)
            status, out, errors = run("replay", path)
            self.assertEqual((status, out), (66, ""), errors)
            self.assertIn("nothing in this trace can be replayed", errors)

    def test_traces_of_two_runs(self):
        """Their actors have the same names."""
        first, second = self.small_trace(), self.small_trace()
        for command in ((), ("--chaos", "--seeds", "1")):
            status, out, errors = run("replay", *command, first, second)
            self.assertEqual((status, out), (65, ""), errors)
            self.assertRegex(errors, r"run\.trace is of another run \(process \d+\) than what stands before it \(pro")

    def small_trace(self):
        return self.record(lambda url: self.curl(url + "/small", "-d", "hello"))

    def jsonl(self, trace):
        """Its lines, the first one the header."""
        status, out, errors = run("convert", trace, "--to", "jsonl", "--no-redact")
        self.assertEqual(status, 0, errors)
        return out.splitlines()

    def from_jsonl(self, lines):
        """A trace of these lines; None: they are refused."""
        path = os.path.join(self.directory_with("forged.jsonl", "\n".join(lines + [""]).encode()), "forged.jsonl")
        status, _, errors = run("convert", "--from", "jsonl", path, "-o", path + ".trace")
        self.assertIn(status, (0, 65), errors)
        return path + ".trace" if status == 0 else None

    def test_without_settings_nothing_is_replayed(self):
        """A damaged list of settings: no actor may be run with others."""
        trace = self.small_trace()
        with open(trace, "rb") as f:
            data = bytearray(f.read())
        at = data.index(b"spool_dir")
        data[at] ^= 1
        with open(trace, "wb") as f:
            f.write(data)
        status, out, errors = run("replay", trace)
        self.assertEqual((status, out), (65, ""), errors)
        self.assertIn("no actor can be replayed, all of them read settings", errors)
        self.assertIn("the list of settings is missing", errors)
        status, out, errors = run("replay", "--chaos", trace)
        self.assertEqual((status, out), (65, ""), errors)
        self.assertIn("the trace has no settings that can be read", errors)

    def test_a_place_that_the_settings_do_not_have(self):
        lines = self.jsonl(self.small_trace())
        forged = [line.replace('"tag":0', '"tag":255') if '"SOCKET_ACCEPTED"' in line and '"agent_remote"' in line
                  else line for line in lines]
        self.assertNotEqual(forged, lines)
        status, out, errors = run("replay", self.from_jsonl(forged))
        self.assertEqual(status, 1, out + errors)
        self.assertRegex(out, r"diverged: agent_remote.*: it heard of the agent's port 255, and the settings have 1\n")

    def test_whom_a_listener_accepts(self):
        """Within the program nobody has an address; and each listener has a tag, which it gave when it listened."""
        lines = self.jsonl(self.small_trace())
        inside = next(i for i, line in enumerate(lines)
                      if '"kind":"SOCKET_ACCEPTED"' in line and "agent_session" in line)
        for name, value in (("ip_high", 1), ("ip_low", 1), ("port", 80), ("family", 1), ("tag", 1)):
            record = json.loads(lines[inside])
            self.assertNotEqual(record["fields"][name], value)
            record["fields"][name] = value
            forged = self.from_jsonl(lines[:inside] + [json.dumps(record)] + lines[inside + 1:])
            status, out, errors = run("replay", forged)
            self.assertEqual(status, 1, name + out + errors)
            self.assertRegex(out, r"diverged: agent_session.*accepted by a listener that does not listen for it so")
        out = run("replay", "--help")[1]
        self.assertIn("Not compared: addresses of peers and numbers of signals", out)

    def test_code_that_fails_is_a_difference(self):
        """A session to which the same client is attached twice, by somebody whose beginning is not in the trace."""
        lines = self.jsonl(self.small_trace())
        attach = next(i for i, line in enumerate(lines) if '"kind":"AGENT_ATTACH"' in line)
        record = json.loads(lines[attach])
        offer = next(i for i, line in enumerate(lines) if '"kind":"AGENT_OFFER"' in line)
        other = json.loads(lines[offer])
        other["kind"], other["fields"], other["flags"] = record["kind"], record["fields"], record["flags"]
        lines[offer] = json.dumps(other)
        del lines[next(i for i, line in enumerate(lines[1:], 1) if json.loads(line).get("number") == 1
                       and json.loads(line)["to"] == record["from"])]
        status, out, errors = run("replay", self.from_jsonl(lines))
        self.assertEqual(status, 1, out + errors)
        self.assertRegex(out, r"^diverged: at record \d+, in agent_session: the replayed code failed \(SIGABRT")

    def forgeries(self, lines):
        """Each field of each kind of message, once for each type of actor that hears it, with values at the limits of
        what there may be."""
        seen = set()
        for i, line in enumerate(lines[1:], 1):
            record = json.loads(line)
            for name, old in record.get("fields", {}).items():
                if (record["type"], record["kind"], name) in seen:
                    continue
                seen.add((record["type"], record["kind"], name))
                numbers, spans = (0, 65535), ({"hex": ""}, {"length": 2 ** 32 - 1, "kept": 0, "text": ""})
                is_number = isinstance(old, int) and not isinstance(old, bool)
                for new in numbers if is_number else spans if isinstance(old, dict) else ():
                    record["fields"][name] = new
                    yield lines[:i] + [json.dumps(record)] + lines[i + 1:], record["from"]
                record["fields"][name] = old

    def test_any_value_in_any_field(self):
        """Without the sender's beginning, so that nothing of it is compared, and its message reaches the actor."""
        lines, tried = self.jsonl(self.small_trace()), 0
        for forged, sender in self.forgeries(lines):
            trace = self.from_jsonl([line for line in forged
                                     if f'"to":"{sender}"' not in line or '"number":1,' not in line])
            if trace:
                tried += 1
                status, out, errors = run("replay", trace)
                self.assertIn(status, (0, 1, 65), out[-500:] + errors[-500:])
                self.assertNotIn("the replayed code failed", out)
        self.assertGreater(tried, 80)

    def test_any_bit_of_the_beginning(self):
        """Each frame of it is covered by its sum; the records behind it are whole."""
        trace = self.small_trace()
        with open(trace, "rb") as f:
            data = f.read()
        other = trace + ".flipped"
        for at in range(0, data.index(b"message_max") + 100, 23):
            flipped = bytearray(data)
            flipped[at] ^= 1 << at % 8
            with open(other, "wb") as f:
                f.write(flipped)
            status, out, errors = run("replay", other)
            self.assertIn(status, (65, 66), f"bit {at % 8} of byte {at}: {out[-500:]}{errors[-500:]}")

    def test_any_record_that_is_damaged(self):
        """It may have been the end of an actor, or what one had heard: what is missing is no difference."""
        trace = self.record(self.some_load, "--workers", "2")
        with open(trace, "rb") as f:
            data = bytearray(f.read())
        other, at = trace + ".flipped", len(MAGIC)
        while at < len(data):
            data[at + 21] ^= 4
            with open(other, "wb") as f:
                f.write(data)
            status, out, errors = run("replay", other)
            self.assertIn(status, (65, 66), f"frame at {at}: {out[-2000:]}{errors[-500:]}")
            data[at + 21] ^= 4
            at += 20 + struct.unpack_from("<I", data, at + 4)[0]

    def test_what_is_no_trace(self):
        path = os.path.join(self.directory_with("no.trace", os.urandom(5000)), "no.trace")
        status, _, errors = run("replay", path)
        self.assertNotEqual(status, 0)
        self.assertIn("no.trace", errors)
        self.assertEqual(run("replay", path + "s")[0], 74)
        status, _, errors = run("replay", "--speed", "-1", "--until", "knd == 1")
        self.assertEqual(status, 2)
        for said in ("--speed", "--until", "no trace is given"):
            self.assertIn(said, errors)
