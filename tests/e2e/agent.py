"""A scripted mirrord agent: listens, negotiates as an agent of the given build does, keeps what the proxy
says, and complains of what an agent would not bear.

Every id's answers are followed: a Body without Start, something after the last Body, a second answer,
Data before its 101, ConnectionUnsubscribe for what is no connection or a second time, or anything about
an id after its Close (AG-47; proved by an OperatorPing behind the Close) is a violation, and a session
with a violation fails its test.
"""
import socket
import threading
import time

import wire
from apps import free_port
from wire import Said, STEAL, TCP


class Answer:
    """What the proxy has said to one request."""

    def __init__(self):
        self.format = None  # "basic", "framed", "chunked"
        self.head = None
        self.parts = []  # of each message: its list of frames
        self.ended = None  # "last", "error"
        self.begun_at = self.ended_at = None

    @property
    def status(self):
        return self.head.status

    @property
    def body(self):
        return b"".join(f for part in self.parts for f in part if isinstance(f, bytes))

    @property
    def trailers(self):
        return [field for part in self.parts for f in part if isinstance(f, list) for field in f]

    def header(self, name):
        return [v.decode("latin-1") for n, v in self.head.fields if n == name.encode()]


class Exchange:
    def __init__(self, kind, port):
        self.kind = kind  # "http", "raw"
        self.port = port
        self.answer = Answer()
        self.upgraded = kind == "raw"
        self.data = bytearray()
        self.data_ended = self.unsubscribed = False


class Link:
    """One connection of the proxy."""

    def __init__(self, agent, sock):
        self.agent = agent
        self.sock = sock
        self.changed = threading.Condition()
        self.send_lock = threading.Lock()
        self.said = []
        self.exchanges = {}
        self.closed_ids = set()
        self.closing = {}  # operator ping number -> connection id
        self.versions = {}  # operator ping number -> version said before it
        self.violations = []
        self.undecodable = None
        self.ended = False
        self.version = None  # what was said last and has been read
        self.next_ping = 1 << 40
        self.paused = threading.Event()
        self.paused.set()
        self.bytes_per_s = None
        self.received = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.thread = threading.Thread(target=self.read_all, daemon=True)

    # -- reading --

    def read_all(self):
        decoder = wire.Decoder(self.agent.build)
        due = time.monotonic()
        try:
            while True:
                self.paused.wait()
                received = self.sock.recv(self.agent.read_bytes)
                if not received:
                    break
                self.received += len(received)
                decoder.feed(received)
                while (m := decoder.next()) is not None:
                    self.take(m)
                if self.bytes_per_s:  # a slow port-forward
                    now = time.monotonic()
                    due = max(due, now - 0.05) + len(received) / self.bytes_per_s
                    if due > now:
                        time.sleep(due - now)
        except wire.Undecodable as error:
            self.undecodable = str(error)
            self.shut()
        except OSError:
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def take(self, m):
        with self.changed:
            self.said.append(m)
            self.follow(m)
            self.changed.notify_all()
        self.agent.react(self, m)

    def violate(self, m, why):
        self.violations.append(f"{why}: {m!r}")

    def follow(self, m):
        if m.kind == "operator_pong":
            connection = self.closing.pop(m.number, None)
            if connection is not None:
                self.closed_ids.add(connection)
            self.version = self.versions.pop(m.number, self.version)
            return
        if not hasattr(m, "connection") or getattr(m, "mode", STEAL) == TCP:
            return
        if m.connection in self.closed_ids:
            self.violate(m, "said about an id after its Close")
        if m.kind == "unsubscribe_connection":
            x = next((x for (c, _), x in self.exchanges.items() if c == m.connection and x.upgraded), None)
            if x is None or x.unsubscribed:  # TCP-17, TCP-11
                self.violate(m, "an end of what is no connection, or has ended")
            else:
                x.unsubscribed = True
            return
        if m.kind == "data":
            x = next((x for (c, _), x in self.exchanges.items() if c == m.connection and x.upgraded),
                     None)
            if x is None or x.data_ended or x.unsubscribed:
                self.violate(m, "data for an id that takes none")
                return
            x.data += m.bytes
            x.data_ended = not m.bytes
            return
        x = self.exchanges.get((m.connection, m.request))
        if x is None or x.kind == "raw":
            self.violate(m, "an answer to nothing that was asked")
        else:
            self.follow_answer(x, m)

    def follow_answer(self, x, m):
        a = x.answer
        if a.ended:
            self.violate(m, "said after the end of the answer")
            return
        if (m.kind in ("basic", "framed", "start")) == bool(a.head):
            self.violate(m, "a second head" if a.head else "a body without its head")
            return
        if m.kind == "start" and wire.parse_version(self.version or "1.2.2") < (1, 8, 1):
            self.violate(m, f"a stream for an agent that said {self.version}")
        if a.head is None:
            a.head, a.begun_at = m, time.monotonic()
            a.format = "chunked" if m.kind == "start" else m.kind
            if m.port != x.port:
                self.violate(m, f"the port is {x.port}")
        if m.kind == "error":
            a.ended = "error"
        else:
            a.parts.append(m.frames)
        if m.kind in ("basic", "framed") or (m.kind == "body" and m.last):
            a.ended = "last"
            x.upgraded = a.status == 101
        if a.ended:
            a.ended_at = time.monotonic()

    # -- waiting --

    def until(self, holds, timeout=None, what="what was waited for"):
        """Waits until holds() is true and returns its value."""
        timeout = timeout or self.agent.timeout
        with self.changed:
            self.changed.wait_for(lambda: holds() or self.ended, timeout)
            value = holds()
            if value:
                return value
            end = f"link ended ({self.undecodable})" if self.ended else f"not within {timeout} s"
            raise AssertionError(f"{what}: {end}; last said: {self.said[-4:]}")

    def wait(self, kind, timeout=None, **fields):
        """The first message of this kind with these fields."""
        return self.until(
            lambda: next((m for m in self.said if m.kind == kind and all(
                getattr(m, k) == v for k, v in fields.items())), None), timeout, f"{kind} {fields}")

    def head(self, connection, request=0, timeout=None):
        """The answer, once its head has come."""
        a = self.exchanges[connection, request].answer
        self.until(lambda: a.head, timeout, f"an answer to {connection}/{request}")
        return a

    def answer(self, connection, request=0, timeout=None):
        """The answer, once it has ended."""
        a = self.exchanges[connection, request].answer
        self.until(lambda: a.ended, timeout, f"the end of the answer to {connection}/{request}")
        return a

    def raw(self, connection, request=0):
        return self.exchanges[connection, request]

    def wait_data(self, connection, expected, request=0, timeout=None):
        x = self.raw(connection, request)
        self.until(lambda: len(x.data) >= len(expected), timeout,
                   f"{len(expected)} bytes of data of {connection}")
        if bytes(x.data) != expected:
            raise AssertionError(f"data of {connection}: {bytes(x.data)[:80]!r}")

    def wait_end(self, timeout=None):
        with self.changed:
            if not self.changed.wait_for(lambda: self.ended, timeout or self.agent.timeout):
                raise AssertionError("the link was not ended")

    def fence(self, timeout=None):
        """Returns when the proxy has read all that was sent so far."""
        self.next_ping += 1
        number = self.next_ping
        self.send(wire.operator_ping(number))
        self.wait("operator_pong", timeout, number=number)

    # -- saying --

    def send(self, payload):
        with self.send_lock:
            self.sock.sendall(payload)

    def expect(self, kind, connection, request=0, port=80):
        with self.changed:
            self.exchanges[connection, request] = Exchange(kind, port)

    def request(self, connection, variant="v2", request=0, port=80, **rest):
        self.expect("http", connection, request, port)
        self.send(wire.http_request(variant, connection, request, port, **rest))

    def body(self, connection, frames, last=False, request=0):
        self.send(wire.request_body(connection, request, frames, last))

    def connect(self, connection, port=80, v2=False):
        self.expect("raw", connection, 0, port)
        self.send(wire.new_connection(connection, port, v2))

    def data(self, connection, payload):
        self.send(wire.data(connection, payload))

    def close_id(self, connection):
        """Close, and a ping behind it: what comes after its pong was said too late."""
        with self.changed:
            self.next_ping += 1
            self.closing[self.next_ping] = connection
            number = self.next_ping
        self.send(wire.close_connection(connection) + wire.operator_ping(number))

    def say_version(self, version):
        """Another version, and a ping behind it: after its pong nothing may begin that it forbids."""
        with self.changed:
            self.next_ping += 1
            self.versions[self.next_ping] = version
            number = self.next_ping
        self.send(wire.version_answer(version) + wire.operator_ping(number))

    def shut(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


class Agent:
    """An agent of this build. `echo`: answers with the version that it hears (HS-12).

    `on_subscribe(link, said)` may return bytes to answer with; None: it is confirmed; b"": no answer.
    `says`: what it answers to a version, instead of the minimum. `script`: kind -> function(link, said),
    instead of what an agent does; for agents that misbehave.
    """

    def __init__(self, build="1.29.0", echo=False, says=None, on_subscribe=None, script=None,
                 timeout=10, read_bytes=1 << 18, receive_buffer=None):
        self.build, self.echo, self.says = build, echo, says
        self.on_subscribe = on_subscribe
        self.script = script or {}
        self.timeout, self.read_bytes = timeout, read_bytes
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind(("127.0.0.1", free_port()))
        self.listener.listen(16)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.changed = threading.Condition()
        self.links = []
        threading.Thread(target=self.accept_all, daemon=True).start()

    def accept_all(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            link = Link(self, sock)
            with self.changed:
                self.links.append(link)
                self.changed.notify_all()
            link.thread.start()

    def link(self, number=0, timeout=None):
        """The number-th connection of the proxy."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.links) > number, timeout or self.timeout):
                raise AssertionError(f"the proxy did not connect {number + 1} times")
            return self.links[number]

    def react(self, link, m):
        try:
            if m.kind in self.script:
                self.script[m.kind](link, m)
            elif m.kind == "ping":
                link.send(wire.pong())
            elif m.kind == "version":
                link.version = self.version_for(m.version)
                link.send(wire.version_answer(link.version))
            elif m.kind == "subscribe":
                answer = self.on_subscribe(link, m) if self.on_subscribe else None
                link.send(wire.subscribed(m.port, m.mode) if answer is None else answer)
        except OSError:
            pass

    def version_for(self, announced):
        if self.says:
            return self.says
        if self.echo:
            return announced
        return min(announced, self.build, key=wire.parse_version)

    def close(self):
        self.listener.close()
        for link in self.links:
            link.paused.set()
            link.shut()
