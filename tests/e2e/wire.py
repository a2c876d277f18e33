"""mirrord-protocol, the incoming side, as an agent needs it: encodes what an agent says, decodes strictly
what a proxy says. Strict: what no honest proxy sends (overlong numbers, empty data frames, bad header
names) is refused, so a test fails that a lenient agent would have let pass.

A message of the proxy is a Said: kind, and what that kind has.
"""
import re

TCP, STEAL = 1, 2
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+\Z")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*\Z")
VERSIONS = (b"HTTP/0.9", b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0", b"HTTP/3.0")


class NeedMore(Exception):
    """The message is not whole yet."""


class Undecodable(Exception):
    """A real agent of that version would close the link here."""


def parse_version(text):
    return tuple(int(n) for n in text.split("."))


# ---- encoding ----


def uint(n):
    if n <= 250:
        return bytes([n])
    for mark, size in ((0xFB, 2), (0xFC, 4), (0xFD, 8), (0xFE, 16)):
        if n < 1 << (8 * size):
            return bytes([mark]) + n.to_bytes(size, "little")
    raise ValueError(n)


def blob(data):
    if isinstance(data, str):
        data = data.encode()
    return uint(len(data)) + data


def header_map(fields):
    """A map of distinct names to lists of values, in order of first appearance."""
    grouped = {}
    for name, value in fields:
        grouped.setdefault(name.lower(), []).append(value)
    return uint(len(grouped)) + b"".join(
        blob(n) + uint(len(vs)) + b"".join(blob(v) for v in vs) for n, vs in grouped.items())


def frame(f):
    """bytes: a data frame; a list of fields: trailers."""
    return b"\0" + blob(f) if isinstance(f, (bytes, bytearray)) else b"\1" + header_map(f)


def frames(list_of_frames):
    return uint(len(list_of_frames)) + b"".join(frame(f) for f in list_of_frames)


def request_head(method, uri, fields, version):
    return blob(method) + blob(uri) + header_map(fields) + blob(version)


def address(ip, port):
    return b"\0" + bytes(int(n) for n in ip.split(".")) + uint(port)


PLAIN_TRANSPORT = b"\0"


def http_request(variant, connection, request, port, method="GET", uri="/", fields=(),
                 version="HTTP/1.1", body=(), last=True, mode=STEAL):
    """One of basic, framed, v1, v2. `body` is a list of frames."""
    head = request_head(method, uri, fields, version)
    ids = uint(connection) + uint(request)
    if variant == "basic":
        return bytes([mode, 4]) + head + blob(b"".join(body)) + ids + uint(port)
    if variant == "framed":
        return bytes([mode, 5]) + head + frames(body) + ids + uint(port)
    if variant == "v1":
        return bytes([mode, 6, 0]) + head + frames(body) + ids + uint(port)
    return (bytes([mode, 6, 3]) + ids + head + frames(body) + bytes([last]) + b"\0" +
            address("10.0.0.9", 50000) + address("10.0.0.2", port) + PLAIN_TRANSPORT)


def request_body(connection, request, body, last, mode=STEAL):
    return bytes([mode, 6, 1]) + frames(body) + bytes([last]) + uint(connection) + uint(request)


def request_error(connection, request, v2_text=None, mode=STEAL):
    if v2_text is None:
        return bytes([mode, 6, 2]) + uint(connection) + uint(request)
    return bytes([mode, 6, 4]) + uint(connection) + uint(request) + blob(v2_text)


def new_connection(connection, port, v2=False, mode=STEAL):
    body = (uint(connection) + b"\0" + bytes([10, 0, 0, 9]) + uint(port) + uint(50000) + b"\0" +
            bytes([10, 0, 0, 2]))
    return bytes([mode, 7 if v2 else 0]) + body + (PLAIN_TRANSPORT if v2 else b"")


def data(connection, payload, mode=STEAL):
    return bytes([mode, 1]) + uint(connection) + blob(payload)


def close_connection(connection, mode=STEAL):
    return bytes([mode, 2]) + uint(connection)


def subscribed(port, mode=STEAL):
    return bytes([mode, 3, 0]) + uint(port)


def subscribe_refused(error, mode=STEAL):
    return bytes([mode, 3, 1]) + error


def already_stolen(port):
    return uint(7) + uint(port)


def forbidden(port, policy=None, reason=None):
    action = b"\0\0" + uint(port)
    policy = b"\0" if policy is None else b"\1" + blob(policy)
    if reason is None:
        return uint(9) + action + policy
    return uint(12) + action + policy + blob(reason)


def bad_filter(expression, why):
    return uint(6) + uint(5) + b"\0" + blob(expression) + blob(why)


def pong():
    return b"\x07"


def version_answer(version):
    return b"\x0b" + blob(version)


def log_message(text, level=0):
    return b"\x05" + blob(text) + bytes([level])


def close(text):
    return b"\0" + blob(text)


def operator_ping(number):
    return b"\x0d" + uint(number)


# ---- decoding ----


class Said:
    """A message of the proxy."""

    def __init__(self, kind, **fields):
        self.kind = kind
        self.__dict__.update(fields)

    def __repr__(self):
        shown = {k: v if not isinstance(v, (bytes, list)) or len(v) < 60 else f"<{len(v)}>"
                 for k, v in self.__dict__.items() if k != "kind"}
        return f"{self.kind}({shown})"


class Decoder:
    """Bytes in, Said out. `build` is the version of the agent that decodes: it knows nothing newer."""

    def __init__(self, build="1.29.0"):
        self.build = parse_version(build)
        self.bytes = bytearray()
        self.at = 0

    def feed(self, received):
        if self.at > 1 << 20:
            del self.bytes[:self.at]
            self.at = 0
        self.bytes += received

    def next(self):
        """The next message; None: not whole yet. Raises Undecodable."""
        start = self.at
        if start == len(self.bytes):
            return None
        try:
            return self.message()
        except NeedMore:
            self.at = start
            return None

    def need(self, version, what):
        if self.build < parse_version(version):
            raise Undecodable(f"{what} is not known to an agent of {'.'.join(map(str, self.build))}")

    def take(self, n):
        if len(self.bytes) - self.at < n:
            raise NeedMore
        self.at += n
        return bytes(self.bytes[self.at - n:self.at])

    def byte(self):
        return self.take(1)[0]

    def uint(self, bits):
        first = self.byte()
        if first <= 250:
            return first
        sizes = {0xFB: 2, 0xFC: 4, 0xFD: 8, 0xFE: 16}
        if first not in sizes or sizes[first] * 8 > bits:
            raise Undecodable(f"number of {bits} bits begins with {first:#x}")
        value = int.from_bytes(self.take(sizes[first]), "little")
        if uint(value)[0] != first:
            raise Undecodable(f"overlong number {value}")
        return value

    def bool(self):
        value = self.byte()
        if value > 1:
            raise Undecodable(f"bool {value}")
        return bool(value)

    def blob(self):
        return self.take(self.uint(64))

    def text(self):
        raw = self.blob()
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise Undecodable(str(error)) from None

    def fields(self):
        out = []
        for _ in range(self.uint(64)):
            name = self.blob()
            count = self.uint(64)
            values = [self.blob() for _ in range(count)]
            if not TOKEN.match(name) or not values or any(n == name for n, _ in out):
                raise Undecodable(f"header name {name!r} with {count} values")
            for value in values:
                if not VALUE.match(value):
                    raise Undecodable(f"header value {value!r}")
                out.append((name, value))
        return out

    def frames(self):
        out = []
        for _ in range(self.uint(64)):
            kind = self.uint(32)
            if kind > 1:
                raise Undecodable(f"frame {kind}")
            out.append(self.fields() if kind else self.blob())
            if kind == 0 and not out[-1]:
                raise Undecodable("an empty data frame")
        return out

    def response(self, kind, body):
        port, connection, request = self.uint(16), self.uint(64), self.uint(16)
        status, version = self.uint(16), self.blob()
        if not 100 <= status <= 999 or version not in VERSIONS:
            raise Undecodable(f"status {status} version {version!r}")
        return Said(kind, port=port, connection=connection, request=request, status=status,
                    version=version.decode(), fields=self.fields(), frames=body())

    def basic_body(self):
        body = self.blob()
        return [body] if body else []

    def chunked(self):
        self.need("1.8.0", "HttpResponseChunked")
        kind = self.uint(32)
        if kind == 0:
            return self.response("start", self.frames)
        if kind == 1:
            body, last = self.frames(), self.bool()
            return Said("body", frames=body, last=last, connection=self.uint(64),
                        request=self.uint(16))
        if kind == 2:
            return Said("error", connection=self.uint(64), request=self.uint(16))
        raise Undecodable(f"ChunkedResponse {kind}")

    def filter(self):
        kind = self.uint(32)
        if kind == 0:
            return ("header", self.text())
        if kind == 1:
            return ("path", self.text())
        if kind == 2:
            self.need("1.11.0", "a composite filter")
            every = self.bool()
            return ("all" if every else "any", [self.filter() for _ in range(self.uint(64))])
        if kind == 3:
            self.need("1.20.0", "a method filter")
            method = self.uint(32)
            if method > 8:
                raise Undecodable(f"method {method}")
            return ("method", ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS",
                               "TRACE", "PATCH")[method])
        raise Undecodable(f"filter {kind}")

    def steal_subscription(self):
        kind = self.uint(32)
        if kind == 0:
            return Said("subscribe", mode=STEAL, port=self.uint(16), filter=None)
        if kind == 2:
            return Said("subscribe", mode=STEAL, port=self.uint(16), filter=self.filter())
        raise Undecodable(f"StealType {kind}")

    def steal(self):
        kind = self.uint(32)
        if kind == 0:
            return self.steal_subscription()
        if kind == 1:
            return Said("unsubscribe_connection", mode=STEAL, connection=self.uint(64))
        if kind == 2:
            return Said("unsubscribe_port", mode=STEAL, port=self.uint(16))
        if kind == 3:
            return Said("data", connection=self.uint(64), bytes=self.blob())
        if kind == 4:
            return self.response("basic", self.basic_body)
        if kind == 5:
            self.need("1.3.0", "HttpResponseFramed")
            return self.response("framed", self.frames)
        if kind == 6:
            return self.chunked()
        raise Undecodable(f"LayerTcpSteal {kind}")

    def mirror(self):
        kind = self.uint(32)
        if kind == 0:
            return Said("subscribe", mode=TCP, port=self.uint(16), filter=None)
        if kind == 1:
            return Said("unsubscribe_connection", mode=TCP, connection=self.uint(64))
        if kind == 2:
            return Said("unsubscribe_port", mode=TCP, port=self.uint(16))
        if kind == 3:
            self.need("1.21.1", "PortSubscribeFilteredHttp")
            return Said("subscribe", mode=TCP, port=self.uint(16), filter=self.filter())
        raise Undecodable(f"LayerTcp {kind}")

    def message(self):
        kind = self.uint(32)
        if kind == 0:
            return Said("close")
        if kind == 1:
            return self.mirror()
        if kind == 2:
            return self.steal()
        if kind == 7:
            return Said("ping")
        if kind == 10:
            self.need("1.3.0", "SwitchProtocolVersion")
            return Said("version", version=self.text())
        if kind == 11:
            self.need("1.3.1", "ReadyForLogs")
            return Said("ready_for_logs")
        if kind == 14:
            return Said("operator_pong", number=self.uint(128))
        raise Undecodable(f"ClientMessage {kind}")
