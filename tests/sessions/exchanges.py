"""What the player knows of requests and raw connections, and the rules that a proxy must keep."""
import socket
import struct

from http1 import Answer, RequestReader
from wire import data_of, trailers_of


class Broken(Exception):
    """The proxy, or the recording, did what it must not."""


def insist(holds, text, *values):
    if not holds:
        raise Broken(text % values if values else text)


class Request:
    """One request that the agent offered, from its offer to its answer."""

    def __init__(self, mode, variant, fields):
        self.key = (mode, fields["connection"], fields["request"])
        self.mode, self.variant = mode, variant
        self.head = {k: fields[k] for k in ("method", "uri", "version", "headers")}
        self.body, self.trailers, self.pieces = fields.get("body", b""), None, 0
        self.add(fields.get("frames", []))
        self.said_last = variant in ("basic", "framed") or fields.get("last", False)
        self.closed = self.broken = False
        self.at_app = None       # the Socket that has it
        self.seen = None         # what the application saw of it
        self.said = None         # what the application answered: an Answer
        self.upgraded = False
        self.answer = None       # what the agent got: a dict, "ended" says that it is whole
        self.app_left = False    # the application ended the connection on purpose

    def name(self):
        return "%s %s %s" % (self.head["method"], self.head["uri"], self.key)

    def add(self, frames):
        self.body += data_of(frames)
        self.pieces += 1
        self.trailers = trailers_of(frames) or self.trailers

    def delivered(self):
        """This program delivers HTTP/1; an HTTP/2 request is answered 502 by itself."""
        return self.head["version"] in ("HTTP/1.0", "HTTP/1.1")

    def ended(self):
        """All of it is here, by the agent's word or by its head: some agents never say the last
        word about a body that was whole at the start (AG-45)."""
        headers = self.head["headers"]
        if self.said_last:
            return True
        if "transfer-encoding" in headers:
            return False
        return len(self.body) >= int(headers.get("content-length", [b"0"])[0])

    def answered(self):
        return self.answer is not None and self.answer["ended"]

    def settled(self):
        """Nothing more is to be heard of it."""
        return self.mode == "Tcp" or self.closed or self.answered()

    def check_at_app(self):
        """The application saw what the recording carries."""
        got, want = self.seen, self.head
        for part in ("method", "uri", "version"):
            insist(got[part] == want[part], "%s: the application saw %s %r", self.name(), part,
                   got[part])
        insist(sorted(got["headers"].items()) == sorted(want["headers"].items()),
               "%s: the application saw the headers %r", self.name(), got["headers"])

    def wanted_trailers(self):
        """Those that HTTP/1 can carry: behind chunks, and announced (DEL-19)."""
        headers = self.head["headers"]
        if not self.trailers or "transfer-encoding" not in headers:
            return {}
        announced = b",".join(headers.get("trailer", [])).decode("latin-1").lower()
        announced = {name.strip() for name in announced.split(",")}
        return {n: v for n, v in self.trailers.items() if n in announced}

    def check_body(self):
        got = self.seen["body"]
        insist(self.body[:len(got)] == got, "%s: the application saw another body", self.name())
        if self.seen["ended"] and self.ended():
            insist((self.seen["trailers"] or {}) == self.wanted_trailers(),
                   "%s: the application saw the trailers %r", self.name(), self.seen["trailers"])
        return len(got) >= len(self.body) and (not self.ended() or self.seen["ended"])


class Raw:
    """A raw connection, or a request after its 101."""

    def __init__(self, mode, connection, port, socket=None):
        self.mode, self.connection, self.port, self.socket = mode, connection, port, socket
        self.to_app, self.from_app = b"", b""  # what the agent said; what the application wrote
        self.heard = b""                       # what the agent heard
        self.agent_ended = self.app_ended = self.heard_end = False
        self.closed = self.unsubscribed = False

    def name(self):
        return "raw connection %s/%d" % (self.mode, self.connection)

    def done(self):
        return self.closed or self.unsubscribed


class Rules:
    """Every message of the proxy passes here. Raises Broken."""

    def __init__(self, recording):
        self.real = recording.agent_protocol
        self.says = None      # the version that the agent said last, if it meets gates
        self.requests, self.raws = {}, {}

    def offer(self, request):
        insist(request.key not in self.requests or self.requests[request.key].settled(),
               "the recording offers %s twice", request.key)
        self.requests[request.key] = request

    def live_raw(self, mode, connection):
        return self.raws.get((mode, connection))

    def close(self, mode, connection):
        """The agent's Close. Returns the requests that it cuts off."""
        cut = [r for k, r in self.requests.items() if k[:2] == (mode, connection)
               and not r.settled()]
        for r in self.requests.values():
            if r.key[:2] == (mode, connection):
                r.closed = True
        if raw := self.live_raw(mode, connection):
            raw.closed = True
        return cut

    # ---- what the proxy says ----

    def heard(self, message):
        """A TcpSteal message of the proxy that is no subscription."""
        kind = message[0]
        if kind == "Data":
            self.heard_data(message[1], message[2])
        elif kind == "HttpResponse":
            self.heard_whole("basic", message[1], message[1]["body"], None)
        elif kind == "HttpResponseFramed":
            frames = message[1]["frames"]
            self.heard_whole("framed", message[1], data_of(frames), trailers_of(frames))
        else:
            self.heard_part(message[1])

    def request_for(self, connection, request, what):
        r = self.requests.get(("TcpSteal", connection, request))
        insist(r, "%s for the unknown request %d/%d", what, connection, request)
        insist(not r.closed, "%s for %s after its Close", what, r.name())
        return r

    def heard_whole(self, form, fields, body, trailers):
        r = self.request_for(fields["connection"], fields["request"], form)
        insist(r.answer is None, "a second answer (%s) to %s", form, r.name())
        insist(form == "basic" or r.variant != "basic", "a framed answer to %s", r.name())
        r.answer = {"form": form, "head": fields, "body": body, "trailers": trailers, "ended": True,
                    "broken": False}

    def heard_part(self, part):
        kind, fields = part[0], part[1]
        ids = (fields["connection"], fields["request"]) if isinstance(fields, dict) else part[1:3]
        r = self.request_for(*ids, "Chunked " + kind)
        insist(r.variant == "chunked" and self.says and self.says >= (1, 8, 1)
               and self.real >= (1, 8, 1),
               "a streamed answer to %s: this agent cannot read it", r.name())
        if kind == "Start":
            insist(r.answer is None, "a second answer (Start) to %s", r.name())
            r.answer = {"form": "chunked", "head": fields, "body": b"", "trailers": None,
                        "ended": False,
                        "broken": False}
        insist(r.answer and not r.answer["ended"], "%s for %s outside of its answer", kind,
               r.name())
        if kind == "Error":
            r.answer["ended"] = r.answer["broken"] = True
            return
        r.answer["body"] += data_of(fields["frames"])
        r.answer["trailers"] = trailers_of(fields["frames"]) or r.answer["trailers"]
        r.answer["ended"] = fields.get("last", False)

    def heard_data(self, connection, data):
        raw = self.live_raw("TcpSteal", connection)
        insist(raw, "Data for the unknown connection %d", connection)
        insist(not raw.done(), "Data for %s after its end", raw.name())
        insist(not raw.heard_end, "Data for %s after its empty Data", raw.name())
        if data:
            raw.heard += data
        else:
            raw.heard_end = True

    def heard_unsubscribe(self, mode, connection):
        raw = self.live_raw(mode, connection)
        insist(raw, "ConnectionUnsubscribe for the unknown connection %d", connection)
        insist(not raw.done(), "ConnectionUnsubscribe for %s after its end", raw.name())
        raw.unsubscribed = True

    # ---- what came of it ----

    def may_stream(self, r):
        return r.variant == "chunked" and self.says is not None and self.says >= (1, 8, 1)

    def check_answer(self, r, whole):
        """The agent got what the application said, in the richest form that it can read."""
        got, said = r.answer, r.said
        if said is None or not said.sound() or r.broken:
            insist(got["form"] == "basic" and got["head"]["status"] == 502,
                   "%s: an answer of 502 was due", r.name())
            return
        if r.app_left or said.cut_short():
            insist(got["broken"] or got["head"]["status"] == 502, "%s: a broken answer looks whole",
                   r.name())
            return
        form = {"basic": "basic", "framed": "framed"}.get(r.variant)
        if form is None:
            form = "chunked" if not whole and self.may_stream(r) else "framed"
        if said.coding != "close":
            insist(got["form"] == form, "%s: answered %s, expected %s", r.name(), got["form"], form)
        insist(not got["broken"], "%s: the answer was broken off", r.name())
        for part in ("status", "version"):
            insist(got["head"][part] == getattr(said, part), "%s: %s %r", r.name(), part,
                   got["head"][part])
        insist(got["head"]["headers"] == said.headers, "%s: headers %r", r.name(),
               got["head"]["headers"])
        insist(got["body"] == said.body, "%s: the answer has another body: %r", r.name(),
               got["body"][:80])
        if form != "basic":
            insist((got["trailers"] or {}) == (said.trailers or {}), "%s: trailers %r", r.name(),
                   got["trailers"])


class Application:
    """The sockets of the local application; which request each of them has."""

    def __init__(self, poke, fail):
        self.poke, self.fail = poke, fail
        self.waiting = []  # requests that were offered and not seen yet
        self.raws = []     # raw connections that were offered and not seen yet
        self.sockets = []

    def claim(self, head):
        for r in self.waiting:
            if r.head["method"] == head["method"] and r.head["uri"] == head["uri"]:
                self.waiting.remove(r)
                return r
        raise Broken("the application got %(method)s %(uri)s, which nobody offered" % head)


class Socket:
    """One connection that the application accepted; an asyncio.Protocol (see player)."""

    def __init__(self, app, raw):
        self.app, self.raw, self.request = app, raw, None
        self.reader = RequestReader()
        self.got, self.eof, self.lost, self.transport = b"", False, False, None

    def connection_made(self, transport):
        self.transport = transport
        self.app.sockets.append(self)
        if self.raw:
            self.raw.socket = self
        self.app.poke()

    def data_received(self, data):
        if self.raw:
            self.got += data
        else:
            self.reader.feed(data)
            try:
                self.read_requests()
            except (Broken, ValueError) as error:
                self.app.fail(error)
        self.app.poke()

    def read_requests(self):
        while self.reader.advance():
            if self.request is None:
                self.request = self.app.claim(self.reader.request)
                self.request.at_app = self
                self.request.seen = self.reader.request
                self.request.check_at_app()
            if self.request.mode == "Tcp" and self.reader.request["ended"]:
                self.write(b"HTTP/1.1 200 Mirrored\r\ncontent-length: 0\r\n\r\n")
                self.answered()

    def answered(self):
        """The next request may come."""
        self.request = None
        self.reader.next_request()
        self.read_requests()

    def upgrade(self, raw):
        self.raw, self.got, self.reader.buffer = raw, self.reader.buffer, b""

    def write(self, data):
        if data and not self.lost:
            self.transport.write(data)

    def finish(self):
        """FIN."""
        if not self.lost and self.transport.can_write_eof():
            self.transport.write_eof()

    def reset(self):
        """RST, not FIN."""
        if not self.lost:
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    def eof_received(self):
        self.eof = True
        self.app.poke()
        return bool(self.raw)  # a raw connection may still write; an HTTP client has left

    def connection_lost(self, _):
        self.lost = self.eof = True
        self.app.poke()


def answer_to(request, head, whole, trailers):
    return Answer(head, request.head["method"], whole, trailers)
