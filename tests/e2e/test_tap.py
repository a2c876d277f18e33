"""intproxy-wire tap between real programs: what passes, what is shown, how it ends."""
import hashlib
import json
import os
import pty
import socket
import subprocess
import threading

import apps
from case import Case
from chain import Chain, StandIn
from daemon import Daemon
from tap import WIRE, Tap

MIRROR = bytes([7])  # a Ping, and a Pong


class TappedChain(Chain):
    """A chain whose daemon reaches its agent through a tap."""

    def __init__(self, test, upstream, local, *tap_args):
        self.test, self.over = test, False
        self.agent = StandIn(upstream)
        test.addCleanup(self.clean)
        self.tap = test.keep(Tap(self.agent.proxies, *tap_args))
        self.daemon = Daemon("--agent", f"127.0.0.1:{self.tap.port}", "-R", f"{self.agent.port}:{local}")
        self.daemon.wait_ready()


class TapTest(Case):
    def chain(self, *tap_args):
        where = self.directory()
        self.large = os.urandom(5000000)
        for name, content in (("who", b"local"), ("large", self.large)):
            with open(os.path.join(where, name), "wb") as f:
                f.write(content)
        local = self.keep(apps.python_http_server(where))
        return TappedChain(self, local.destination, local.destination, *tap_args)

    def through(self, *tap_args, **options):
        """A tap, and both ends of one connection through it."""
        listener = self.keep(socket.create_server(("127.0.0.1", apps.free_port())))
        tap = self.keep(Tap(listener.getsockname()[1], *tap_args, **options))
        proxy = self.keep(socket.create_connection(("127.0.0.1", tap.port)))
        agent = self.keep(listener.accept()[0])
        for end in (proxy, agent):
            end.settimeout(20)
        return tap, proxy, agent

    @staticmethod
    def receive(end, n):
        got = bytearray()
        while len(got) < n and (piece := end.recv(1 << 20)):
            got += piece
        return bytes(got)

    def test_a_request(self):
        """A real request: every message of it, in order, with its ids; then the summary."""
        c = self.chain("--json")
        self.assertEqual(c.curl("/who"), (200, b"local"))
        c.tap.wait(c.tap.lines, '"kind":"TcpSteal(Close)"')
        c.finish()
        self.assertEqual(c.tap.end(), 0)
        rows = [json.loads(line) for line in c.tap.lines]
        kinds = [(row["from"], row["kind"]) for row in rows if "kind" in row]
        self.assertEqual(kinds[0], ("client", "Ping"))
        self.assertIn(("agent", "SwitchProtocolVersionResponse"), kinds)
        start = next(row for row in rows if row.get("kind") == "TcpSteal(HttpRequestChunked(StartV2))")
        self.assertEqual((start["link"], start["from"], start["conn"], start["req"], start["port"]),
                         (1, "agent", 0, 0, c.agent.port))
        request = start["message"]["TcpSteal"]["HttpRequestChunked"]["StartV2"]["request"]
        self.assertEqual((request["method"], request["uri"]), ("GET", "/who"))
        self.assertTrue(any(kind.startswith("TcpSteal(HttpResponse") for _, kind in kinds))
        self.assertEqual([row["t"] for row in rows], sorted(row["t"] for row in rows))
        self.assertIn("the proxy announced 1.29.0, the agent answered 1.29.0", c.tap.summary)
        self.assertIn("exchanges unfinished: 0", c.tap.summary)

    def test_a_large_answer(self):
        c = self.chain("--filter", "kind ~ \"HttpResponse*\" && path != \"/\" || has(status)")
        status, body = c.curl("/large")
        self.assertEqual((status, hashlib.sha256(body).digest()), (200, hashlib.sha256(self.large).digest()))
        c.finish()
        self.assertEqual(c.tap.end(), 0)
        self.assertTrue(all("HttpResponse" in line for line in c.tap.lines if " * " not in line))
        self.assertTrue(any("status: 200" in line for line in c.tap.lines))

    def test_unfinished(self):
        app = self.keep(apps.HandApp())
        upstream = self.keep(apps.python_http_server(self.directory()))
        c = TappedChain(self, upstream.destination, app.destination)
        client = self.keep(socket.create_connection(("127.0.0.1", c.agent.port)))
        client.sendall(b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
        self.keep(app.accept()).read_head()
        self.assertEqual(c.tap.end(), 0)
        c.over = True  # its link is gone, and the request with it
        self.assertRegex(c.tap.summary, r"steal conn=0 req=0 GET /slow, no answer, \d+\.\d+ s old")

    def test_any_bytes_both_ways(self):
        """What is no message passes as well, and the exit code tells."""
        tap, proxy, agent = self.through()
        sent = (os.urandom(3000000), MIRROR * 10 + b"\xff" + os.urandom(3000000))
        writers = [threading.Thread(target=end.sendall, args=(data,)) for end, data in zip((proxy, agent), sent)]
        for writer in writers:
            writer.start()
        self.assertTrue(self.receive(agent, len(sent[0])) == sent[0])
        self.assertTrue(self.receive(proxy, len(sent[1])) == sent[1])
        tap.wait(tap.lines, "what the agent sends cannot be decoded from byte 11 on")
        proxy.shutdown(socket.SHUT_WR)
        self.assertEqual(agent.recv(1), b"")
        agent.sendall(b"still open")
        self.assertEqual(self.receive(proxy, 10), b"still open")
        agent.close()
        self.assertEqual(proxy.recv(1), b"")
        tap.wait(tap.lines, "both have ended")
        self.assertEqual(tap.end(), 65)
        self.assertIn("< not decoded from byte 11 on", tap.summary)
        self.assertRegex(tap.summary, r"< +10 +10 B  Pong")

    def test_a_reader_that_goes(self):
        """`| head -1`: the traffic goes on, and the end of the last connection is the tap's."""
        out, into = os.pipe()
        tap, proxy, agent = self.through(stdout=into)
        os.close(into)
        with os.fdopen(out) as reader:
            self.assertIn("a proxy has connected", reader.readline())
        for _ in range(20):
            proxy.sendall(MIRROR * 1000)
            self.assertEqual(self.receive(agent, 1000), MIRROR * 1000)
        self.assertIsNone(tap.process.poll())
        proxy.close()
        agent.close()
        self.assertEqual(tap.end(None), 0)
        self.assertIn("the reader of the output had gone before the end", tap.summary)
        self.assertIn("20000 B  Ping", tap.summary)

    def test_a_reader_that_sleeps(self):
        """Nothing is held up; what was not shown is counted."""
        out, into = os.pipe()
        tap, proxy, agent = self.through(stdout=into)
        os.close(into)
        data = MIRROR * 1000000
        writer = threading.Thread(target=proxy.sendall, args=(data,))
        writer.start()
        self.assertTrue(self.receive(agent, len(data)) == data)
        shown = dropped = 0
        with os.fdopen(out) as reader:
            for line in reader:
                shown += " > Ping size=1 Ping" in line
                if "not shown: the output is not read" in line:
                    dropped += int(line.split("... ")[1].split()[0])
                if shown + dropped == len(data):
                    break
            self.assertGreater(dropped, 0)
            self.assertEqual(tap.end(), 0)
        self.assertIn(f"{dropped} messages not shown: the output was not read", tap.summary)

    def test_colours(self):
        """On a terminal only, and not with NO_COLOR."""
        for env, coloured in (({"TERM": "xterm", "NO_COLOR": ""}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
            terminal, line = pty.openpty()
            tap, proxy, agent = self.through(stdout=line, env=env)
            os.close(line)
            proxy.sendall(MIRROR)
            self.receive(agent, 1)
            text = b""
            while b"Ping" not in text:
                text += os.read(terminal, 1000)
            self.assertEqual(b"\033[" in text, coloured, text)
            self.assertEqual(tap.end(), 0)
            os.close(terminal)

    def test_no_agent(self):
        tap = self.keep(Tap(apps.free_port()))
        with socket.create_connection(("127.0.0.1", tap.port)) as proxy:
            proxy.settimeout(20)
            self.assertEqual(proxy.recv(1), b"")
        tap.wait(tap.lines, "cannot be reached: Connection refused")
        self.assertEqual(tap.end(), 69)

    def test_listen_address_in_use(self):
        with socket.create_server(("127.0.0.1", apps.free_port())) as taken:
            done = subprocess.run([WIRE, "tap", "--listen", str(taken.getsockname()[1]), "--agent", "1"],
                                  capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 74)
        self.assertIn("Address already in use", done.stderr)

    def test_command_line(self):
        """All mistakes at once, each with a way out."""
        done = subprocess.run([WIRE, "tap", "--filter", "knd == 1", "--bytes-max", "x"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        for word in ("column 1: there is no field \"knd\", did you mean kind?", "--bytes-max: \"x\" is no size",
                     "no --listen", "no --agent"):
            self.assertIn(word, done.stderr)
        done = subprocess.run([WIRE, "tap", "--help"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("Examples", "--filter EXPR", "  mode ", "exit status"):
            self.assertIn(word, done.stdout)
