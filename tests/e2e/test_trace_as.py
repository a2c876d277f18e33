"""One side of a recorded run, played to a live program: intproxy-trace replay --as agent, app, client."""
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import apps
from case import Case
from chain import Chain, StandIn, need
from daemon import PROGRAM, SLOW, Daemon

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))

# HTTP and raw on one port. argv: port, word. /who says the word, /chunked comes in three pieces, /slow waits, /broken
# is broken off, /echo is upgraded (and stays open with the word "holds"), all else says what was asked; a connection
# that begins with a zero byte is raw: a greeting, an echo, a farewell.
APP = r"""
import asyncio, sys
async def read_body(r, head):
    lines = dict(l.lower().split(": ", 1) for l in head.split("\r\n")[1:] if ": " in l)
    if lines.get("transfer-encoding") != "chunked":
        return await r.readexactly(int(lines.get("content-length", "0")))
    body = b""
    while n := int(await r.readuntil(b"\r\n"), 16):
        body += (await r.readexactly(n + 2))[:-2]
    await r.readexactly(2)
    return body
async def http(r, w, head):
    method, target, _ = head.split("\r\n")[0].split(" ")
    body = await read_body(r, head)
    if target.startswith("/chunked"):
        w.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i in range(3):
            w.write(b"5\r\npart%d\r\n" % i)
            await w.drain()
            await asyncio.sleep(0.05)
        w.write(b"0\r\n\r\n")
        return
    if target.startswith("/broken"):
        w.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        raise ConnectionError
    if target.startswith("/echo"):
        w.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        while data := await r.read(65536):
            w.write(data.upper())
        await asyncio.sleep(60 if sys.argv[2] == "holds" else 0)
        raise ConnectionError
    if target.startswith("/slow"):
        await asyncio.sleep(0.3)
    word = sys.argv[2] if target.startswith("/who") else "x"
    answer = ("%s %s %s %d" % (word, method, target, len(body))).encode()
    w.write(b"HTTP/1.1 200 OK\r\nX-App: a\r\nDate: %f\r\nContent-Length: %d\r\n\r\n"
            % (asyncio.get_running_loop().time(), len(answer)) + (b"" if method == "HEAD" else answer))
async def raw(r, w):
    w.write(b"hello")
    while data := await r.read(65536):
        w.write(data.upper())
    w.write(b"bye")
    w.write_eof()
async def serve(r, w):
    try:
        while first := await r.read(1):
            if first == b"\0":
                return await raw(r, w)
            await http(r, w, (first + await r.readuntil(b"\r\n\r\n")).decode())
            await w.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        w.close()
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()
asyncio.run(main())
"""


def application(word="one"):
    port = apps.free_port()
    return apps.Program(["python3", "-c", APP, str(port), word], port, "python3")


class Play:
    """intproxy-trace replay --as ROLE, under way."""

    def __init__(self, test, role, trace, *args):
        self.process = subprocess.Popen([TRACE, "replay", "--as", role, trace, "--json", *args],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.lines, self.ready = [], threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        test.addCleanup(self.kill)

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.decode())
            if "ready: " in self.lines[-1]:
                self.ready.set()
        self.ready.set()

    @property
    def said(self):
        return "".join(self.lines)

    def wait_ready(self):
        if not self.ready.wait(10 * SLOW) or "ready: " not in self.said:
            raise AssertionError("the play does not get ready: " + self.said)
        return self

    def finish(self, code):
        """Its report."""
        out = self.process.stdout.read().decode()
        status = self.process.wait(60 * SLOW)
        self.reader.join(5)
        if status != code:
            raise AssertionError(f"ended with {status}, not {code}:\n{out}\n{self.said}")
        return json.loads(out)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Base(Case):
    seconds = 5

    def curl(self, *args):
        return subprocess.run([need("curl"), "-s", "-S", "-m", "20", *args], capture_output=True, timeout=60).stdout

    def raw(self, port):
        with socket.create_connection(("127.0.0.1", port), 20) as s:
            for sent, comes in ((b"\0", b"hello"), (b"some", b"SOME"), (b"more", b"MORE")):
                s.sendall(sent)
                self.assertEqual(s.recv(len(comes), socket.MSG_WAITALL), comes)
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.recv(100), b"bye")

    def leave(self, port, target, behind):
        """A request, and its client is gone when this has come."""
        with socket.create_connection(("127.0.0.1", port), 20) as s:
            s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target)
            came = b""
            while behind not in came:
                came += s.recv(4096)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def upgrade(self, port):
        with socket.create_connection(("127.0.0.1", port), 20) as s:
            s.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            while not s.recv(4096).endswith(b"\r\n\r\n"):
                pass
            s.sendall(b"some")
            self.assertEqual(s.recv(4, socket.MSG_WAITALL), b"SOME")

    def traffic(self, port, swapped=False, slow=True):
        at = f"http://127.0.0.1:{port}"
        if swapped:
            self.curl("-d", "hello=1", at + "/post")
        self.curl(at + "/who", at + "/chunked", at + "/who")  # one connection
        self.curl("-I", at + "/who")
        if not swapped:
            self.curl("-d", "hello=1", at + "/post")
        self.curl("-H", "transfer-encoding: chunked", "--data-binary", "z" * 100000, at + "/put")
        if slow:
            together = [threading.Thread(target=self.curl, args=(f"{at}/slow?{i}",)) for i in range(3)]
            for t in together:
                t.start()
            for t in together:
                t.join()
        self.raw(port)

    def standalone(self, application_port, *args, upstream=None):
        port = apps.free_port()
        daemon = Daemon("--standalone", f"{port}={upstream or application_port}",
                        "-R", f"{port}:{application_port}", *args)
        self.addCleanup(daemon.kill)
        daemon.wait_ready()
        return port, daemon

    def end(self, daemon):
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_exit(15), 0, daemon.log)

    def record(self, app, traffic=None, *args, upstream=None):
        trace = os.path.join(self.directory(), "run.trace")
        port, daemon = self.standalone(app.port, "--trace", trace, *args, upstream=upstream)
        (traffic or self.traffic)(port)
        self.end(daemon)
        return trace, port

    def counts(self, report, **expected):
        """Of what is counted, this and no more; notes and what ran side by side are not looked at."""
        got = {k: v for k, v in report["counts"].items() if v and k not in ("overtaken", "note")}
        self.assertEqual(got, expected, report["findings"])

    def texts(self, report):
        return "\n".join(f"{f['class']} {f.get('method')} {f.get('target')} {f['text']}" for f in report["findings"])


class AsAgent(Base):
    def play(self, trace, remote_port, application_port, code, *args):
        at = apps.free_port()
        play = Play(self, "agent", trace, "--listen", str(at), *args).wait_ready()
        daemon = Daemon("--agent", f"127.0.0.1:{at}", "-R", f"{remote_port}:{application_port}")
        self.addCleanup(daemon.kill)
        report = play.finish(code)
        daemon.signal(signal.SIGTERM)
        daemon.wait_exit(15)
        return report

    def test_the_same_application(self):
        app = self.keep(application())
        trace, port = self.record(app)
        for args in ((), ("--fast",)):
            self.counts(self.play(trace, port, app.port, 0, *args), matched=10)

    def test_another_application(self):
        app, other = self.keep(application()), self.keep(application("two"))
        trace, port = self.record(app)
        report = self.play(trace, port, other.port, 1, "--fast")
        self.counts(report, matched=8, different=2)
        first = report["findings"][0]
        self.assertEqual([first[k] for k in ("class", "mode", "connection", "request", "method", "target")],
                         ["different", "steal", 0, 0, "GET", "/who"])
        self.assertIn('expected "one GET /who 0", came "two GET /who 0"', first["text"])

    def test_no_application(self):
        """The proxy answers 502 itself; nothing is left waiting."""
        app = self.keep(application())
        trace, port = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/who"))
        report = self.play(trace, port, apps.free_port(), 1)
        self.counts(report, different=1, other_form=1)
        self.assertIn("status: expected 200, came 502", self.texts(report))

    def test_a_proxy_that_subscribes_another_port(self):
        app = self.keep(application())
        trace, port = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/who"))
        report = self.play(trace, 1, app.port, 1, "--timeout", "500ms")
        self.counts(report, missing=2, extra=1)
        self.assertIn(f"expected TcpSteal(PortSubscribe(All({port}))), none came", self.texts(report))
        self.assertIn("the proxy said TcpSteal(PortSubscribe(All)) for port 1, which", self.texts(report))

    def test_an_answer_that_does_not_come(self):
        """It is waited for so long, then the play goes on."""
        app, parking = self.keep(application()), self.keep(apps.ParkingApp())
        trace, port = self.record(app, lambda port: [self.curl(f"http://127.0.0.1:{port}/{i}") for i in range(2)])
        report = self.play(trace, port, parking.port, 1, "--timeout", "300ms")
        self.counts(report, missing=2)

    def test_recorded_by_the_agent(self):
        """The stand-in's own trace holds the other end of the link."""
        app = self.keep(application())
        trace = os.path.join(self.directory(), "agent.trace")
        agent = StandIn(app.destination, "--trace", trace)
        daemon = Daemon("--agent", f"127.0.0.1:{agent.proxies}", "-R", f"{agent.port}:{app.port}")
        self.addCleanup(daemon.kill)
        daemon.wait_ready()
        self.traffic(agent.port)
        self.end(daemon)
        agent.end()
        self.counts(self.play(trace, agent.port, app.port, 0, "--fast"), matched=10)

    def test_two_links(self):
        """The recorded agent ends the link, the proxy comes again."""
        app = self.keep(application())
        trace = os.path.join(self.directory(), "run.trace")
        first = StandIn(app.destination)
        daemon = Daemon("--agent", f"127.0.0.1:{first.proxies}", "-R", f"{first.port}:{app.port}", "--trace", trace)
        self.addCleanup(daemon.kill)
        daemon.wait_ready()
        self.curl(f"http://127.0.0.1:{first.port}/who")
        first.end()
        daemon.wait_log("lost")
        second = StandIn(app.destination, ports=(first.proxies, first.port))
        for _ in range(int(200 * SLOW)):
            if any("a proxy has come" in line for line in second.log):
                break
            threading.Event().wait(0.05)
        self.curl(f"http://127.0.0.1:{first.port}/who")
        self.end(daemon)
        second.end()
        report = self.play(trace, first.port, app.port, 0, "--fast")
        self.assertIn("2 links, 2 exchanges", report["played"])
        self.counts(report, matched=2)


class AsApp(Base):
    def play(self, trace, *args):
        at = apps.free_port()
        play = Play(self, "app", trace, "--listen", str(at), "--settle", "1s", *args).wait_ready()
        port, daemon = self.standalone(at)
        return play, port, daemon

    def test_the_same_requests(self):
        app = self.keep(application())
        trace, _ = self.record(app)
        for args in ((), ("--fast",)):
            play, port, daemon = self.play(trace, *args)
            self.assertEqual(self.curl(f"http://127.0.0.1:{port}/who"), b"one GET /who 0")
            self.curl(f"http://127.0.0.1:{port}/chunked", f"http://127.0.0.1:{port}/who")
            self.traffic_behind_the_first(port)
            self.counts(play.finish(0), matched=10)
            self.end(daemon)

    def traffic_behind_the_first(self, port):
        at = f"http://127.0.0.1:{port}"
        self.curl("-I", at + "/who")
        self.assertEqual(self.curl("-d", "hello=1", at + "/post"), b"x POST /post 7")
        self.curl("-H", "transfer-encoding: chunked", "--data-binary", "z" * 100000, at + "/put")
        for i in range(3):
            self.curl(f"{at}/slow?{i}")
        self.raw(port)

    def test_unmatched_extra_missing(self):
        app = self.keep(application())
        trace, _ = self.record(app)
        play, port, daemon = self.play(trace, "--fast", "--timeout", "2s")
        self.traffic(port, swapped=True, slow=False)
        at = f"http://127.0.0.1:{port}"
        never = self.curl("-i", at + "/never")
        self.assertTrue(never.startswith(b"HTTP/1.1 502"), never)
        self.assertIn(b"nothing is recorded for this target", never)
        self.assertIn(b"another body", self.curl("-d", "hello=2", at + "/post"))
        self.assertIn(b"it is recorded 2 times", self.curl(at + "/who"))
        report = play.finish(1)
        self.counts(report, matched=7, unmatched=2, missing=3, extra=1)
        text = self.texts(report)
        for words in ("unmatched GET /never", "extra GET /who", "missing GET /slow?1", "overtaken POST /post"):
            self.assertIn(words, text)
        self.end(daemon)

    def test_pauses(self):
        app = self.keep(application())
        trace, _ = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/slow"))
        times = []
        for args in ((), ("--speed", "0.5"), ("--fast",)):
            play, port, daemon = self.play(trace, *args)
            began = time.monotonic()
            self.assertEqual(self.curl(f"http://127.0.0.1:{port}/slow"), b"x GET /slow 0")
            times.append(time.monotonic() - began)
            self.counts(play.finish(0), matched=1)
            self.end(daemon)
        self.assertGreaterEqual(times[0], 0.28)
        self.assertGreaterEqual(times[1], 0.56)
        self.assertLess(times[2], times[1])

    def test_order(self):
        """What followed on one connection of a client must do so again; what came over two need not."""
        app = self.keep(application())
        trace, _ = self.record(app, lambda port: [self.curl(*(f"http://127.0.0.1:{port}/{name}" for name in names))
                                                  for names in ("ab", "c")])
        for together, reordered, args in ((("c", "ab"), 0, ()), (("c", "ab"), 1, ("--strict",)), (("ba", "c"), 1, ())):
            play, port, daemon = self.play(trace, *args)
            for names in together:
                self.curl(*(f"http://127.0.0.1:{port}/{name}" for name in names))
            report = play.finish(1 if reordered else 0)
            self.counts(report, matched=3, **({"reordered": reordered} if reordered else {}))
            self.end(daemon)

    def test_the_order_of_what_is_mirrored(self):
        """Its client has the answers of another application, and waits for them alone."""
        app = self.keep(application())
        upstream = self.keep(application())

        def traffic(port):
            client = http.client.HTTPConnection("127.0.0.1", port, 20)
            for target in ("/chunked", "/who"):
                client.request("GET", target)
                client.getresponse().read()
                time.sleep(0.3)  # the copy's answer has come, too
            client.close()
        trace, _ = self.record(app, traffic, "--mirror", upstream=upstream.port)
        at = apps.free_port()
        play = Play(self, "app", trace, "--listen", str(at), "--speed", "0.1").wait_ready()
        port, daemon = self.standalone(at, "--mirror", upstream=upstream.port)
        traffic(port)
        self.counts(play.finish(0), matched=2)
        self.end(daemon)

    def test_many_clients(self):
        """Each has its own pace; some of what they ask for is the same."""
        app = self.keep(application())

        def traffic(port, clients=range(12)):
            paths = {i: [f"/{i}", "/all", f"/{i}/1", "/all", f"/{i}/2"] for i in clients}
            together = [threading.Thread(target=self.curl, args=[f"http://127.0.0.1:{port}{p}" for p in paths[i]])
                        for i in clients]
            for t in together:
                t.start()
            for t in together:
                t.join()
        trace, _ = self.record(app, traffic)
        play, port, daemon = self.play(trace, "--fast")
        traffic(port, range(11, 5, -1))
        traffic(port, range(6))
        self.counts(play.finish(0), matched=60)
        self.end(daemon)

    def test_what_an_old_agent_passes_on_as_bytes(self):
        """Requests are raw connections then, which come in another order."""
        app = self.keep(application())
        trace = os.path.join(self.directory(), "run.trace")

        def traffic(to, paths, *daemon_args):
            chain = Chain(self, to, to, daemon_args, ("--protocol-version", "1.8.0"))
            answers = [chain.curl(path, "-H", "Host: x") for path in paths]
            chain.finish()
            return answers
        recorded = traffic(app.destination, ("/who", "/slow?1"), "--trace", trace)
        at = f"127.0.0.1:{apps.free_port()}"
        play = Play(self, "app", trace, "--listen", at, "--settle", "1s").wait_ready()
        self.assertEqual(traffic(at, ("/slow?1", "/who")), recorded[::-1])
        self.counts(play.finish(0), matched=2)

    def test_raw_connections_that_begin_with_a_word(self):
        """As a request might: that it goes on otherwise is not to be seen in it."""
        def echo(conn):
            while conn.more():
                conn.send(conn.unread)
                conn.unread = b""
        app = self.keep(apps.ServerApp(echo))

        def traffic(port):
            for word, ends in ((b"hello", False), (b"again", True)):
                with socket.create_connection(("127.0.0.1", port), 20) as s:
                    s.sendall(word)
                    if ends:
                        s.shutdown(socket.SHUT_WR)
                    self.assertEqual(s.recv(len(word), socket.MSG_WAITALL), word)
        trace, _ = self.record(app, traffic)
        play, port, daemon = self.play(trace)
        traffic(port)
        self.counts(play.finish(0), matched=2)
        self.end(daemon)

    def test_nobody_comes(self):
        app = self.keep(application())
        trace, _ = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/who"))
        report = Play(self, "app", trace, "--listen", str(apps.free_port()), "--first", "200ms").finish(1)
        self.counts(report, missing=1)

    def test_a_socket_file_goes_with_its_listener(self):
        app = self.keep(application())
        trace, _ = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/who"))
        at = os.path.join(self.directory(), "as.sock")
        for _ in range(2):
            play = Play(self, "app", trace, "--listen", f"unix:{at}").wait_ready()
            port = apps.free_port()
            daemon = Daemon("--standalone", f"{port}={app.port}", "-R", f"{port}:unix:{at}")
            self.addCleanup(daemon.kill)
            daemon.wait_ready()
            self.assertEqual(self.curl(f"http://127.0.0.1:{port}/who"), b"one GET /who 0")
            self.counts(play.finish(0), matched=1)
            self.end(daemon)
            self.assertFalse(os.path.exists(at))

    def test_a_client_that_left_while_it_asked(self):
        app = self.keep(application())

        def traffic(port, body=b"some"):
            with socket.create_connection(("127.0.0.1", port), 20) as s:
                s.sendall(b"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + body)
                time.sleep(0.3)
        trace, _ = self.record(app, traffic)
        for body, code, counts in ((b"some", 0, {"matched": 1}), (b"other", 1, {"missing": 1})):
            play, port, daemon = self.play(trace, "--timeout", "1s")
            traffic(port, body)
            self.counts(play.finish(code), **counts)
            self.end(daemon)


class AsClient(Base):
    def play(self, trace, to, code, *args):
        return Play(self, "client", trace, "--to", str(to), *args).finish(code)

    def test_the_same_application(self):
        app = self.keep(application())
        trace, _ = self.record(app)
        for args in ((), ("--fast",), ("--concurrency", "2", "--fast")):
            report = self.play(trace, app.port, 0, *args)
            self.counts(report, matched=10)
            self.assertEqual(report["latency"]["answers"], 9)
            self.assertGreaterEqual(report["latency"]["max"]["live_us"], 300000 - 20000)

    def test_another_application(self):
        app, other = self.keep(application()), self.keep(application("two"))
        trace, _ = self.record(app)
        report = self.play(trace, other.port, 1, "--fast")
        self.counts(report, matched=8, different=2)

    def test_no_application(self):
        app = self.keep(application())
        trace, _ = self.record(app)
        for to, why in ((str(apps.free_port()), "Connection refused"), ("unix:/nonexistent", "No such file"),
                        ("nohost.invalid:80", '"nohost.invalid": ')):
            done = subprocess.run([TRACE, "replay", "--as", "client", trace, "--to", to], capture_output=True,
                                  text=True, timeout=60 * SLOW)
            self.assertEqual((done.returncode, done.stdout), (74, ""), done.stderr)
            self.assertIn("cannot connect to ", done.stderr)
            self.assertIn(why, done.stderr)

    def test_an_application_that_does_not_answer(self):
        app, parking = self.keep(application()), self.keep(apps.ParkingApp())
        trace, _ = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/who"))
        report = self.play(trace, parking.port, 1, "--timeout", "300ms")
        self.counts(report, missing=1)
        self.assertIn("it took too long", self.texts(report))

    def test_a_client_that_left(self):
        """It leaves again when it has heard as much."""
        app, parking = self.keep(application()), self.keep(apps.ParkingApp())
        trace, _ = self.record(app, lambda port: [self.leave(port, b"/chunked", b"part1"), time.sleep(0.3)])
        for args in ((), ("--fast",)):
            self.counts(self.play(trace, app.port, 0, *args), matched=1)
        report = self.play(trace, parking.port, 1, "--timeout", "300ms")
        self.counts(report, missing=1)
        self.assertRegex(self.texts(report), r"answer: expected 200 with \d+ bytes, none came: it took too long")

    def test_an_answer_broken_off(self):
        app = self.keep(application())
        trace, _ = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/broken"))
        for args in ((), ("--fast",)):
            self.counts(self.play(trace, app.port, 0, *args), matched=1)

    def test_an_upgraded_connection(self):
        """It is ended as the recorded one was; an application that does not end it then is found."""
        app, holds = self.keep(application()), self.keep(application("holds"))
        trace, _ = self.record(app, self.upgrade)
        for args in ((), ("--fast",)):
            began = time.monotonic()
            report = self.play(trace, app.port, 0, "--timeout", "20s", *args)
            self.counts(report, matched=1)
            self.assertLess(time.monotonic() - began, 15)
            self.assertLess(report["latency"]["max"]["live_us"], 5000000)
        report = self.play(trace, holds.port, 1, "--timeout", "300ms")
        self.counts(report, missing=1)
        self.assertIn("what the application was to do next: it took too long", self.texts(report))

    def test_idle_time_is_no_latency(self):
        app = self.keep(application())
        trace, _ = self.record(app, lambda port: [self.curl(f"http://127.0.0.1:{port}/who"), time.sleep(1.5)])
        report = self.play(trace, app.port, 0)
        self.counts(report, matched=1)
        self.assertLess(report["latency"]["max"]["live_us"], 1000000)

    def test_python_and_nginx(self):
        """The same files from two servers: the bodies are the same, and the lines that are not are named."""
        files = self.directory()
        for name, content in (("a", b"a" * 10), ("large", os.urandom(300000))):
            with open(os.path.join(files, name), "wb") as f:
                f.write(content)
        python, nginx = self.keep(apps.python_http_server(files)), self.keep(apps.nginx(files))
        trace, _ = self.record(python, lambda port: self.curl(*(f"http://127.0.0.1:{port}/{n}" for n in
                                                                ("a", "large", "a"))))
        self.counts(self.play(trace, python.port, 0, "--fast"), matched=3)
        report = self.play(trace, nginx.port, 1, "--fast")
        self.counts(report, different=3)
        self.assertIn("header accept-ranges: expected none", self.texts(report))
        self.assertNotIn("body", self.texts(report))
        ignored = [word for name in ("accept-ranges", "etag", "last-modified", "content-type")
                   for word in ("--ignore-header", name)]
        self.counts(self.play(trace, nginx.port, 0, "--fast", *ignored), matched=3)

    def test_what_was_sent_again(self):
        """The application ends a connection that the daemon takes for idle; its client asked once."""
        def once(conn):
            if conn.read_head():
                conn.answer()
                conn.read_head()
        app = self.keep(apps.ServerApp(once))
        paths = ("/1", "/2", "/3")
        trace, _ = self.record(app, lambda port: [self.curl(f"http://127.0.0.1:{port}{path}") for path in paths])
        self.counts(self.play(trace, app.port, 0), matched=3)

    def test_what_was_left_out_is_said(self):
        app = self.keep(application())
        trace, _ = self.record(app, None, "--trace-bodies", "200")
        play = Play(self, "client", trace, "--to", str(app.port), "--fast")
        report = play.finish(1)
        self.counts(report, matched=9, left_out=1)
        self.assertIn("1 cannot be played:", play.said)
        self.assertIn("POST /put: its bytes were left out when it was recorded (--trace-bodies)", play.said)

    def test_answers_that_were_left_out(self):
        """Requests without a body are there all the same, and of the answers what it takes to compare them."""
        app, other = self.keep(application()), self.keep(application("two"))
        trace, _ = self.record(app, None, "--trace-bodies", "none")
        for args in ((), ("--fast",)):
            report = self.play(trace, app.port, 1, *args)
            self.counts(report, matched=7, left_out=3)
            self.assertIn("left_out POST /put its bytes were left out", self.texts(report))
            self.assertEqual(report["latency"]["answers"], 7)
        report = self.play(trace, other.port, 1, "--fast")
        self.counts(report, matched=5, different=2, left_out=3)
        self.assertIn("body: of its 14 bytes, those from 0 to 13 are others", self.texts(report))

    def test_nothing_can_be_played(self):
        app = self.keep(application())
        trace, _ = self.record(app, lambda port: self.curl("-d", "x", f"http://127.0.0.1:{port}/post"),
                               "--trace-bodies", "none")
        for role in (("client", "--to"), ("app", "--listen"), ("agent", "--listen")):
            done = subprocess.run([TRACE, "replay", "--as", role[0], role[1], str(apps.free_port()), trace],
                                  capture_output=True, text=True, timeout=20 * SLOW)
            self.assertEqual((done.returncode, done.stdout), (66, ""), done.stderr)
            self.assertIn("cannot be played:", done.stderr)
            self.assertIn("in this trace that can be played", done.stderr)
            report = Play(self, role[0], trace, role[1], str(apps.free_port())).finish(66)
            self.assertFalse(report["same"])
            self.assertTrue(report["counts"]["left_out"], report)

    def test_interrupted(self):
        """SIGINT: the report so far."""
        app, parking = self.keep(application()), self.keep(apps.ParkingApp())
        trace, _ = self.record(app, lambda port: self.curl(f"http://127.0.0.1:{port}/who"))
        play = Play(self, "client", trace, "--to", str(parking.port))
        parking.wait_parked(1)
        play.process.send_signal(signal.SIGINT)
        report = play.finish(1)
        self.assertTrue(report["interrupted"])
        self.counts(report, missing=1)


class Mistakes(Case):
    def refused(self, code, args, *words):
        done = subprocess.run([TRACE, "replay", *args], capture_output=True, text=True, timeout=20 * SLOW)
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_mistakes(self):
        self.refused(2, ["--as", "nobody", "x"], '"nobody" is nobody to be played', "agent, app or client")
        self.refused(2, ["--as", "client", "--listen", "1", "x"], "no --to", "--listen is for agent and app")
        self.refused(2, ["--as", "agent", "--to", "1", "--concurrency", "2"], "no --listen", "--to is for client",
                     "--concurrency is for client", "no file")
        self.refused(2, ["--as", "client", "--to", "1", "--first", "1s", "--match-header", "x", "x"],
                     "--first is for agent and app", "--match-header is for app")
        self.refused(2, ["--as", "agent", "--listen", "0", "--destination", "1", "--match-header", "x", "x"],
                     "--destination is for app and client", "--match-header is for app")
        self.refused(74, ["--as", "client", "--to", "1", "/nowhere/run.trace"], "/nowhere/run.trace")
        path = os.path.join(self.directory(), "text")
        with open(path, "w") as f:
            f.write("no trace\n" * 10)
        self.refused(65, ["--as", "client", "--to", "1", path], "text")
