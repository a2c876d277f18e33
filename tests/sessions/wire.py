"""The part of mirrord-protocol that the recorded sessions hold, decoded as strictly as a real peer
does.

Written from the description of the wire, apart from the program's own codec, so that one can
convict the other. Enums become tuples (variant, field ...), structs become dicts, byte strings
bytes.

A Decoder has the version of the peer that it stands for: a variant that this version does not know
is Unreadable, as it is for a real agent, which then ends the link (W-3).
"""
import re


class NeedMore(Exception):
    """The message has not ended yet."""


class Unreadable(Exception):
    """These bytes are no message for a peer of this version."""


OLDEST = (1, 2, 2)
NEWEST = (1, 29, 0)
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
                    r"(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\Z")


def version_of(text):
    """(major, minor, patch), or None for what is no version or a pre-release: it meets no gate
    (W-9)."""
    m = SEMVER.match(text)
    return None if not m or m.group(4) else tuple(int(m.group(i)) for i in (1, 2, 3))


# Enums: the variants in order. A variant: name, fields; "name@1.8.0" is unknown to older peers.
# A field is the name of a type; "[T]" a list, "?T" an option.
ENUMS = {
    "ClientMessage": [
        ("Close",), ("Tcp", "LayerTcp"), ("TcpSteal", "LayerTcpSteal"), None, None, None, None,
        ("Ping",),
        None, None, ("SwitchProtocolVersion@1.3.0", "semver"), ("ReadyForLogs@1.3.1",), None, None,
        ("OperatorPong@1.19.8", "u128")],
    "DaemonMessage": [
        ("Close", "str"), ("Tcp", "DaemonTcp"), ("TcpSteal", "DaemonTcp"), None, None,
        ("LogMessage", "str", "LogLevel"), None, ("Pong",), None, None, None,
        ("SwitchProtocolVersionResponse@1.3.0", "semver"), None, ("OperatorPing@1.19.8", "u128")],
    "LogLevel": [("Warn",), ("Error",), ("Info@1.13.4",)],
    "LayerTcp": [
        ("PortSubscribe", "u16"), ("ConnectionUnsubscribe", "u64"), ("PortUnsubscribe", "u16"),
        ("PortSubscribeFilteredHttp@1.21.1", "u16", "HttpFilter")],
    "LayerTcpSteal": [
        ("PortSubscribe", "StealType"), ("ConnectionUnsubscribe", "u64"),
        ("PortUnsubscribe", "u16"),
        ("Data", "u64", "bytes"), ("HttpResponse", "ResponseBasic"),
        ("HttpResponseFramed@1.3.0", "ResponseFrames"),
        ("HttpResponseChunked@1.8.0", "ChunkedResponse")],
    "StealType": [("All", "u16"), ("FilteredHttp", "u16", "str"),
                  ("FilteredHttpEx", "u16", "HttpFilter")],
    "HttpFilter": [
        ("Header", "str"), ("Path", "str"), ("Composite@1.11.0", "bool", "[HttpFilter]"),
        ("Method@1.20.0", "MethodFilter"), ("Body@1.23.0", "BodyFilter"),
        ("HeaderJq@1.26.0", "str")],
    "MethodFilter": [("GET",), ("HEAD",), ("POST",), ("PUT",), ("DELETE",), ("CONNECT",),
                     ("OPTIONS",),
                     ("TRACE",), ("PATCH",), ("Other", "str")],
    "BodyFilter": [("Json", "str", "str")],
    "DaemonTcp": [
        ("NewConnectionV1", "Connection"), ("Data", "u64", "bytes"), ("Close", "u64"),
        ("SubscribeResult", "PortResult"), ("HttpRequest", "RequestBasic"),
        ("HttpRequestFramed@1.3.0", "RequestFrames"),
        ("HttpRequestChunked@1.7.0", "ChunkedRequest"),
        ("NewConnectionV2@1.19.4", "Connection", "Transport")],
    "Transport": [("Tcp",), ("Tls", "?bytes", "?str")],
    "PortResult": [("Ok", "u16"), ("Err", "ResponseError")],
    "ResponseError": [None, None, None, None, None, None, ("Remote", "RemoteError"),
                      ("PortAlreadyStolen", "u16")],
    "RemoteError": [None, None, None, None, ("BadHttpFilterRegex", "str", "str"),
                    ("BadHttpFilterExRegex", "HttpFilter", "str")],
    "Frame": [("Data", "bytes"), ("Trailers", "headers")],
    "ChunkedRequest": [
        ("StartV1", "RequestFrames"), ("Body", "ChunkBody"), ("ErrorV1", "u64", "u16"),
        ("StartV2", "StartV2"), ("ErrorV2", "u64", "u16", "str")],
    "ChunkedResponse": [("Start", "ResponseFrames"), ("Body", "ChunkBody"),
                        ("Error", "u64", "u16")],
    "Metadata": [("V1", "sockaddr", "sockaddr")],
    "ip": [("V4", "raw4"), ("V6", "raw16")],
    "sockaddr": [("V4", "raw4", "u16"), ("V6", "raw16", "u16")],
}

HEAD = [("method", "method"), ("uri", "str"), ("headers", "headers"), ("version", "httpver")]
IDS = [("connection", "u64"), ("request", "u16")]
ANSWER = [("port", "u16"), *IDS, ("status", "status"), ("version", "httpver"),
          ("headers", "headers")]
STRUCTS = {
    "Connection": [("connection", "u64"), ("remote", "ip"), ("port", "u16"), ("source_port", "u16"),
                   ("local", "ip")],
    "RequestBasic": [*HEAD, ("body", "bytes"), *IDS, ("port", "u16")],
    "RequestFrames": [*HEAD, ("frames", "[Frame]"), *IDS, ("port", "u16")],
    "StartV2": [*IDS, *HEAD, ("frames", "[Frame]"), ("last", "bool"), ("metadata", "Metadata"),
                ("transport", "Transport")],
    "ChunkBody": [("frames", "[Frame]"), ("last", "bool"), *IDS],
    "ResponseBasic": [*ANSWER, ("body", "bytes")],
    "ResponseFrames": [*ANSWER, ("frames", "[Frame]")],
}
WIDTHS = {"u16": 2, "u32": 4, "u64": 8, "u128": 16}


class Decoder:
    """Feed it bytes, take messages. `top` is ClientMessage or DaemonMessage."""

    def __init__(self, top, version=NEWEST, lenient=False):
        self.top, self.version, self.lenient = top, version, lenient
        self.buffer, self.at = bytearray(), 0

    def feed(self, data):
        self.buffer += data

    def next(self):
        """The next message and its length in bytes, or None if it is not whole."""
        self.at = 0
        try:
            message = self.value(self.top)
        except NeedMore:
            return None
        n = self.at
        del self.buffer[:n]
        return message, n

    def raw(self, n):
        if len(self.buffer) - self.at < n:
            raise NeedMore
        self.at += n
        return bytes(self.buffer[self.at - n:self.at])

    def uint(self, width):
        first = self.raw(1)[0]
        if first <= 250:
            return first
        n = 2 << (first - 251)
        if n > width:
            raise Unreadable("a number of %d bytes where %d are the most" % (n, width))
        return int.from_bytes(self.raw(n), "little")

    def insist(self, sound, what):
        if not sound and not self.lenient:
            raise Unreadable(what)

    def value(self, kind):
        if kind[0] == "[":
            return [self.value(kind[1:-1]) for _ in range(self.uint(8))]
        if kind[0] == "?":
            return self.value(kind[1:]) if self.value("bool") else None
        if kind in ENUMS:
            return self.enum(kind)
        if kind in STRUCTS:
            return {name: self.value(of) for name, of in STRUCTS[kind]}
        if kind in WIDTHS:
            return self.uint(WIDTHS[kind])
        return getattr(self, "read_" + kind)()

    def enum(self, kind):
        n = self.uint(4)
        row = ENUMS[kind][n] if n < len(ENUMS[kind]) else None
        name, _, since = row[0].partition("@") if row else ("", "", "")
        if not row or (since and version_of(since) > self.version):
            raise Unreadable("%s has no variant %d (%s) at %d.%d.%d" % (kind, n, name,
                                                                        *self.version))
        return (name, *[self.value(of) for of in row[1:]])

    def read_raw4(self):
        return self.raw(4)

    def read_raw16(self):
        return self.raw(16)

    def read_bool(self):
        n = self.raw(1)[0]
        if n > 1:
            raise Unreadable("%d where a truth value is" % n)
        return bool(n)

    def read_bytes(self):
        return self.raw(self.uint(8))

    def read_str(self):
        try:
            return self.read_bytes().decode()
        except UnicodeDecodeError:
            raise Unreadable("a text that is no UTF-8") from None

    def read_semver(self):
        text = self.read_str()
        self.insist(SEMVER.match(text), "%r is no version" % text)
        return text

    def read_method(self):
        text = self.read_bytes()
        self.insist(TOKEN.match(text), "%r is no method" % text)
        return text.decode("latin-1")

    def read_httpver(self):
        text = self.read_str()
        self.insist(text in ("HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"),
                    "%r is no HTTP version" % text)
        return text

    def read_status(self):
        n = self.uint(2)
        self.insist(100 <= n <= 999, "%d is no status" % n)
        return n

    def read_headers(self):
        """name -> values. The order of names means nothing, and is kept all the same."""
        headers = {}
        for _ in range(self.uint(8)):
            name = self.read_bytes()
            values = [self.read_bytes() for _ in range(self.uint(8))]
            self.insist(TOKEN.match(name), "%r is no header name" % name)
            self.insist(not any(BAD_VALUE.search(v) for v in values),
                        "a header value that cannot be")
            headers.setdefault(name.decode("latin-1").lower(), []).extend(values)
        return headers


def data_of(frames):
    return b"".join(f[1] for f in frames if f[0] == "Data")


def trailers_of(frames):
    """The header map of the trailers, or None."""
    return next((f[1] for f in frames if f[0] == "Trailers"), None)


def uint(n):
    for marker, width, most in ((None, 1, 250), (251, 2, 1 << 16), (252, 4, 1 << 32),
                                (253, 8, 1 << 64)):
        if n <= most - (width > 1):
            return (b"" if marker is None else bytes([marker])) + n.to_bytes(width, "little")
    return bytes([254]) + n.to_bytes(16, "little")


def encode(kind, value):
    """The bytes of a value as Decoder returns it."""
    if kind[0] == "[":
        return uint(len(value)) + b"".join(encode(kind[1:-1], v) for v in value)
    if kind[0] == "?":
        return b"\0" if value is None else b"\1" + encode(kind[1:], value)
    if kind in ENUMS:
        names = [row[0].partition("@")[0] if row else "" for row in ENUMS[kind]]
        n = names.index(value[0])
        return uint(n) + b"".join(encode(of, v) for of, v in zip(ENUMS[kind][n][1:], value[1:]))
    if kind in STRUCTS:
        return b"".join(encode(of, value[name]) for name, of in STRUCTS[kind])
    if kind in WIDTHS or kind == "status":
        return uint(value)
    if kind == "bool":
        return bytes([value])
    if kind == "headers":
        return uint(len(value)) + b"".join(
            encode("str", name) + encode("[bytes]", values) for name, values in value.items())
    if kind in ("raw4", "raw16"):
        return value
    data = value if isinstance(value, bytes) else value.encode()
    return uint(len(data)) + data
