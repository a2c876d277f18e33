"""Who takes part in the demo: the two programs it shows, the applications, the remote client."""
import contextlib
import os
import select
import socket
import subprocess
import tempfile
import threading
import time
from http.client import HTTPException, HTTPResponse

from demo_wire import Listener, Relay, connect

PATIENCE_S = 5  # for anything that takes some milliseconds when all is well


class Failed(Exception):
    """Something did not come to pass at all, so that the demo cannot go on with it."""


# ---- the programs ----

class Program:
    """A child process. Its log goes to a file, whose end is shown when the program fails."""

    started = []

    def __init__(self, path, arguments, **popen):
        self.name = os.path.basename(path)
        self.log = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen([path, *arguments], stdin=subprocess.DEVNULL,
                                            stderr=self.log, **popen)
        except OSError as error:
            raise Failed(f"{path} cannot be started: {error.strerror}") from error
        self.started.append(self)

    def line(self, fd):
        """The line that says that it is ready, from `fd`."""
        text, deadline = b"", time.monotonic() + PATIENCE_S
        while b"\n" not in text:
            ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise Failed(f"{self.name} was not ready after {PATIENCE_S} s{self.last_words()}")
            data = os.read(fd, 4096)
            if not data:
                raise Failed(f"{self.name} ended before it was ready{self.how_it_ended()}")
            text += data
        return text.decode().split("\n")[0]

    def how_it_ended(self):
        try:
            return f", exit status {self.process.wait(1)}{self.last_words()}"
        except subprocess.TimeoutExpired:
            return self.last_words()

    def last_words(self):
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").splitlines()[-6:]
        return ". Its log ends so:" + "".join(f"\n    {line}" for line in lines) if lines else ""

    def stop(self):
        """Asks it to end, and gives its exit status; negative, as ever, is a signal."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @classmethod
    def stop_all_at_once(cls):
        """What still runs at the end of the demo, however that came."""
        for program in cls.started:
            if program.process.poll() is None:
                program.process.kill()
                program.process.wait()


class Agent(Program):
    """The stand-in agent: proxies come to `proxies_port`, remote clients to `port`."""

    def __init__(self, path, upstream_port, version, answer):
        super().__init__(path, ["--listen", "0", "--port", f"0=127.0.0.1:{upstream_port}",
                                "--protocol-version", version, "--answer", answer],
                         stdout=subprocess.PIPE)
        with self.process.stdout as stdout:
            ready = self.line(stdout.fileno())
        self.proxies_port = int(ready.split("proxies at 127.0.0.1:")[1].split(",")[0])
        self.port = int(ready.split(" ports ")[1])


class Daemon(Program):
    """intproxyd. It says `ready_line` when the agent has agreed to what it subscribed to."""

    def __init__(self, path, agent_port, remote_port, local_port, filters):
        ours, its = os.pipe()
        with os.fdopen(ours, "rb") as ready:
            try:
                super().__init__(path, ["--agent", f"127.0.0.1:{agent_port}",
                                        "-R", f"{remote_port}:127.0.0.1:{local_port}",
                                        "--ready-fd", str(its), *filters],
                                 stdout=subprocess.DEVNULL, pass_fds=(its,))
            finally:
                os.close(its)
            self.ready_line = self.line(ready.fileno())


class World:
    """A remote application, an agent, a relay, intproxyd and a local application, all connected."""

    def __init__(self, local, version="1.29.0", answer="min", filters=()):
        self.local, self.version, self.answer, self.filters = local, version, answer, filters
        self.statuses = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.remote = stack.enter_context(contextlib.closing(HttpApplication("remote")))
            stack.enter_context(contextlib.closing(self.local))
            self.agent = Agent(os.environ.get("INTPROXY_AGENT", "build/intproxy-agent"),
                               self.remote.port, self.version, self.answer)
            stack.callback(self.end, self.agent)
            self.relay = stack.enter_context(contextlib.closing(Relay(self.agent.proxies_port)))
            self.daemon = Daemon(os.environ.get("INTPROXYD", "build/intproxyd"), self.relay.port,
                                 self.agent.port, self.local.port, self.filters)
            stack.callback(self.end, self.daemon)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def end(self, program):
        self.statuses[program.name] = program.stop()

    def mark(self):
        return len(self.relay.said)


# ---- the applications ----

class Application:
    """Listens on a port of its own, a thread a connection; `serve` is what it does with one."""

    def __init__(self):
        self.listener = Listener(self.serve_and_close)
        self.port = self.listener.port

    def close(self):
        self.listener.close()

    def serve_and_close(self, connection):
        with connection, contextlib.suppress(OSError, ValueError, IndexError):
            self.serve(connection)


class HttpApplication(Application):
    """Answers every request with its own name; /pieces with the story that `story` holds."""

    def __init__(self, name):
        super().__init__()
        self.name, self.story = name, None

    def serve(self, connection):
        with connection.makefile("rb") as requests:
            while line := requests.readline():
                head = self.read_head(requests)
                body = requests.read(int(head.get("content-length", 0)))
                if line.split()[1] == b"/pieces":
                    self.answer_in_pieces(connection, self.story)
                else:
                    self.answer_at_once(connection, len(body))

    @staticmethod
    def read_head(requests):
        head = {}
        while line := requests.readline().decode().rstrip():
            name, value = line.split(":", 1)
            head[name.lower()] = value.strip()
        return head

    def answer_at_once(self, connection, received):
        """Head and body in one write: so a proxy sees both at the same time."""
        text = f"this is the {self.name} application, {received} bytes came\n"
        connection.sendall((f"HTTP/1.1 200 OK\r\nx-answered-by: {self.name}\r\n"
                            f"content-length: {len(text)}\r\n\r\n{text}").encode())

    def answer_in_pieces(self, connection, story):
        connection.sendall((f"HTTP/1.1 200 OK\r\nx-answered-by: {self.name}\r\n"
                            "transfer-encoding: chunked\r\n\r\n").encode())
        for k in range(1, story.count + 1):
            text = story.piece(k)
            story.tell("written", k)
            connection.sendall(f"{len(text):x}\r\n{text}\r\n".encode())
            story.pause_after(k)
        story.tell("ended")
        connection.sendall(b"0\r\n\r\n")


class RawApplication(Application):
    """Knows nothing of HTTP: gives each line back reversed, and in the end says how many came."""

    def serve(self, connection):
        count = 0
        with connection.makefile("rb") as lines:
            for count, line in enumerate(lines, 1):
                connection.sendall(line.rstrip(b"\n")[::-1] + b"\n")
        connection.sendall(f"that was the end of your {count} lines\n".encode())


class Story:
    """An answer in pieces: who did what when. Told to `teller` as it happens, in one order for all.

    If it `waits`, the application writes a piece only after the client has reported the one before:
    whoever holds a piece back stops it all. Otherwise it just pauses between them.
    """

    def __init__(self, count, waits, pause_s, teller=None):
        self.count, self.waits, self.pause_s, self.teller = count, waits, pause_s, teller
        self.events, self.lock, self.began = [], threading.Lock(), time.monotonic()
        self.has_arrived = [threading.Event() for _ in range(count + 1)]
        self.stuck_at = None

    @staticmethod
    def piece(k):
        return f"piece {k} of the answer\n"

    def tell(self, what, k=0):
        with self.lock:
            ms = (time.monotonic() - self.began) * 1000
            self.events.append((what, k))
            if self.teller:
                self.teller(ms, what, k)
        if what == "arrived":
            self.has_arrived[k].set()

    def pause_after(self, k):
        if self.waits and not self.stuck_at and not self.has_arrived[k].wait(PATIENCE_S / 2):
            self.stuck_at = k
        time.sleep(self.pause_s)

    def heard(self, body):
        """The client has this much of the answer."""
        while (k := sum(what == "arrived" for what, _ in self.events) + 1) <= self.count:
            if self.piece(k).encode() not in body:
                break
            self.tell("arrived", k)


# ---- the remote client ----

class Answer:
    """What the remote client got; status 0 if it was no answer, with the reason as its text."""

    def __init__(self, status, by, body, began):
        self.status, self.by, self.text = status, by, body.decode(errors="replace")
        self.ms = (time.monotonic() - began) * 1000


def ask(port, method="GET", path="/", headers=None, body=b"", heard=lambda body: None):
    """One request on a connection of its own. `heard` gets the body as far as it is there."""
    began = time.monotonic()
    lines = [f"{method} {path} HTTP/1.1", "host: demo"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"content-length: {len(body)}"] if body else []
    try:
        with connect(port, PATIENCE_S) as connection:
            connection.sendall("\r\n".join(lines + ["", ""]).encode() + body)
            response = HTTPResponse(connection, method=method)
            response.begin()
            received = b""
            while data := response.read1(65536):
                received += data
                heard(received)
            by = response.getheader("x-answered-by", "nobody")
            return Answer(response.status, by, received, began)
    except (OSError, HTTPException) as error:
        return Answer(0, "nobody", repr(error).encode(), began)


class RawClient:
    """A connection for lines of text, in both directions."""

    def __init__(self, port):
        try:
            self.socket = connect(port, PATIENCE_S)
        except OSError as error:
            raise Failed(f"no raw connection to the agent: {error}") from error
        self.lines = self.socket.makefile("r", newline="\n")

    def close(self):
        self.lines.close()
        self.socket.close()

    def say(self, text):
        """What goes wrong here is heard as well."""
        with contextlib.suppress(OSError):
            self.socket.sendall(text.encode() + b"\n")

    def say_no_more(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def hear(self):
        """The next line; empty at the end. What went wrong counts as a line too."""
        try:
            return self.lines.readline().rstrip("\n")
        except OSError as error:
            return f"({error})"
