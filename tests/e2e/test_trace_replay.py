"""intproxy-trace replay over what live daemons have recorded: the same again, a hundred times; and what is said when not."""
import json
import os
import re
import subprocess

import apps
from case import Case
from chain import need
from daemon import PROGRAM, SLOW, Daemon

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))
TIMES = int(os.environ.get("REPLAY_TIMES", "100"))


def run(*arguments, given=None):
    """Exit status, output and errors, as text."""
    done = subprocess.run([TRACE, *arguments], input=given, capture_output=True, text=True, timeout=300 * SLOW)
    return done.returncode, done.stdout, done.stderr


def counts(text):
    """What a replay counted, without how long it took."""
    return re.search(r"(the same again.*?|not the same.*?);", text)[1]


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
        for path, count in (("/small", 16), ("/missing", 4)):
            subprocess.run([need("wrk"), "-t", "1", "-c", str(count), "-d", "1s", url + path], check=True,
                           capture_output=True, timeout=60 * SLOW)
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
        lines, changed = trace + ".jsonl", trace + ".changed"
        self.assertEqual(run("convert", trace, "--to", "jsonl", "--no-redact", "-o", lines)[0], 0)
        with open(lines) as f:
            text = f.read()
        self.assertIn("HTTP/1.1 200 OK", text)
        with open(lines, "w") as f:
            f.write(text.replace("HTTP/1.1 200 OK", "HTTP/1.1 203 OK", 1))
        self.assertEqual(run("convert", "--from", "jsonl", lines, "-o", changed)[0], 0)
        status, out, errors = run("replay", changed)
        self.assertEqual(status, 1, out + errors)
        for said in ("diverged: ", "  expected  RESPONSE ", "  came      RESPONSE ", "what it had heard", "GRANT"):
            self.assertIn(said, out)

    def test_until_and_step(self):
        trace = self.record(lambda url: self.curl(url + "/small"))
        status, out, _ = run("replay", "--until", "kind == GRANT", trace)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"stopped at record \d+.*\nthe same again, so far")
        status, out, errors = run("replay", "--step", trace, given="\n2\nnonsense\nu kind == RESPONSE\nq\n")
        self.assertEqual(status, 0)
        self.assertIn("RESPONSE", out.splitlines()[-2])
        self.assertIn("so far", out)
        self.assertIn("Enter    this record", errors)  # the help, after nonsense

    def test_in_its_own_time(self):
        trace = self.record(lambda url: self.curl(url + "/small"))
        span = json.loads(run("stat", "--json", trace)[1])
        self.assertTrue(span)
        fast = float(re.search(r"; ([\d.]+) s", run("replay", trace)[1])[1])
        slow = float(re.search(r"; ([\d.]+) s", run("replay", "--speed", "2", trace)[1])[1])
        self.assertGreater(slow, fast)

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
