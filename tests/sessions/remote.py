"""The remote clients and the pod's application of a recorded session, as sockets of our own."""
import ast
import asyncio
import re
import shlex
import socket
import struct

from exchanges import insist
from http1 import RequestReader
from told import Told

UPLOAD = (b"one,", b"two,", b"three,", b"four")  # what `curl -T -` was fed with, in pieces
OWN_WORDS = b"(the agent's own words)"


class Stream(asyncio.Protocol):
    """A socket that collects what it hears."""

    def __init__(self, poke):
        self.poke, self.got, self.transport = poke, b"", None
        self.eof = self.lost = self.ended = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.got += data
        self.poke()

    def eof_received(self):
        self.eof = True
        self.poke()
        return True

    def connection_lost(self, _):
        self.lost = self.eof = True
        self.poke()

    def write(self, data):
        if not self.lost and not self.ended:
            self.transport.write(data)

    def reset(self):
        """RST."""
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def end(self):
        """FIN: we are done, the other may go on."""
        if not self.lost and not self.ended:
            self.ended = True
            self.transport.write_eof()


class Original(asyncio.Protocol):
    """The application of the pod."""

    def __init__(self, echo):
        self.echo, self.reader = echo, RequestReader()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.echo:
            self.transport.write(b"app:" + data)
            return
        self.reader.feed(data)
        while self.reader.advance():
            r = self.reader.request
            if r["ended"] and "upgrade" in r["headers"]:
                self.echo = True
                self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                                     b"connection: Upgrade\r\n\r\n")
                return
            if r["ended"]:
                self.answer(r)
                self.reader.next_request()

    def answer(self, r):
        body = b"original app: %s %s body=%d\n" % (r["method"].encode(), r["uri"].encode(),
                                                   len(r["body"]))
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(body))
        if r["method"] != "HEAD":
            self.transport.write(body)

    def eof_received(self):
        if self.echo:
            self.transport.write(b"app:eof\n")
        return False


def curl_request(words, recordings):
    """The request that this command line makes curl send, as a list of pieces."""
    url, method, headers, data, chunked = "", None, [], None, False
    at = iter(words[1:])
    for w in at:
        if w in ("-m", "--resolve"):
            next(at)
        elif w == "-H":
            headers.append(next(at))
        elif w == "-X":
            method = next(at)
        elif w == "-T":
            chunked = bool(next(at))
        elif w in ("-d", "--data-binary"):
            data = next(at).encode()
        elif not w.startswith("-"):
            url = w
    host, _, path = url.split("//", 1)[1].partition("/")
    if data and data.startswith(b"@"):
        data = longest_body(recordings)
    given = [h for h in headers if not h.endswith(":")]
    lines = ["Host: " + host, "User-Agent: curl/7.88.1", "Accept: */*"] + given
    if chunked:
        lines.append("Transfer-Encoding: chunked")
    if data is not None:
        lines.append("Content-Length: %d" % len(data))
        if not any(h.lower().startswith("content-type") for h in given):
            lines.append("Content-Type: application/x-www-form-urlencoded")
    method = method or ("GET" if data is None else "POST")
    head = "\r\n".join(["%s /%s HTTP/1.1" % (method, path)] + lines)
    pieces = [head.encode() + b"\r\n\r\n"]
    if chunked:
        pieces += [b"%x\r\n%s\r\n" % (len(p), p) for p in UPLOAD]
        return pieces + [b"0\r\n\r\n"]
    return [pieces[0] + (data or b"")]


def longest_body(recordings):
    """What was in the file that curl sent."""
    told = Told()
    for rec in recordings:
        for s in rec.steps:
            if s.way == "<":
                told.take(s.message)
    return max((r["body"] for r in told.requests.values()), key=len, default=b"x" * 20000)


def bytes_of(deed):
    """The bytes of "remote sends 3: b'...'". Long ones were cut short when they were noted; those
    were runs of one byte."""
    head, _, text = deed.partition(": ")
    data, n = ast.literal_eval(text), int(head.split()[-1])
    insist(len(data) == n or len(set(data)) == 1, "%s: %d bytes are missing", head, n - len(data))
    return data if len(data) == n else data[:1] * n


def answers_in(data, coded=True):
    """The HTTP/1 answers in what a remote got: (status, body so far, whole). `coded` says that
    chunked coding is still on (curl takes it off). What is no HTTP is returned as it is."""
    if not data.startswith(b"HTTP/1."):
        return data
    out = []
    while data.startswith(b"HTTP/1."):
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            break
        parted = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        fields = {name.lower(): value.strip() for name, _, value in parted}
        status = int(head.split(b" ")[1])
        if status == 101:
            return out + [(status, rest, False)]
        body, data, whole = body_of(status, fields, rest, coded)
        if status >= 500 and (b"mirrord" in body or body.startswith(b"intproxy-agent")):
            body = OWN_WORDS
        if status >= 200:
            out.append((status, body, whole))
    return out


def body_of(status, fields, rest, coded):
    """(body, what follows it, whether it is whole)"""
    if status < 200 or status in (204, 304):
        return b"", rest, True
    if b"content-length" in fields:
        n = int(fields[b"content-length"])
        return rest[:n], rest[n:], len(rest) >= n
    if coded and fields.get(b"transfer-encoding") == b"chunked":
        return dechunk(rest)
    return rest, b"", False


def dechunk(data):
    body = b""
    while True:
        line, found, rest = data.partition(b"\r\n")
        if not found:
            return body, b"", False
        n = int(line.split(b";")[0] or b"0", 16)
        if n == 0:
            return body, rest.partition(b"\r\n")[2], b"\r\n" in rest
        body, data = body + rest[:n], rest[n + 2:]


def same_answers(got, want, whole):
    """Equal, or at least as much. Whether an answer had ended is not compared: the recorded remote
    may have looked too early."""
    if isinstance(got, bytes) != isinstance(want, bytes):
        return not got and not want
    if isinstance(got, bytes):
        return got == want or (not whole and got.startswith(want))
    got, want = [a[:2] for a in got], [a[:2] for a in want]
    if whole or not want:
        return got == want or not whole
    last = len(want) - 1
    return got[:last] == want[:last] and len(got) > last and got[last][0] == want[last][0] and \
        got[last][1].startswith(want[last][1])


class Curl(Stream):
    """A remote that leaves when it has its answer."""

    def data_received(self, data):
        super().data_received(data)
        answers = answers_in(self.got)
        if answers and answers[-1][2]:
            self.transport.close()


class Remote:
    """The remote clients of one recording, one deed after another."""

    def __init__(self, player):
        self.player, self.streams, self.raw, self.curls = player, [], None, []
        self.recorded = {}  # stream -> what the recorded remote got there
        self.pieces = []

    async def do(self, deed):
        if deed.startswith("remote: raw TCP to port"):
            self.raw = await self.open(int(deed.split()[-1]), Stream)
        elif deed.startswith("remote: curl"):
            words = shlex.split(deed[8:])
            port = re.search(r"//[^/]*:(\d+)/", deed)
            curl = await self.open(int(port.group(1)), Curl)
            self.curls.append(curl)
            self.pieces = curl_request(words, self.player.recordings)
            curl.write(self.pieces.pop(0))
            await self.more_pieces(curl)
        elif deed.startswith("remote sends"):
            self.raw.write(bytes_of(deed))
        elif deed.startswith("remote got") and ": b" in deed:
            await self.note(deed)
        elif deed.startswith("remote half-closes"):
            self.raw.end()
            await self.player.barrier()
        elif deed.startswith("remote closes"):
            await self.close([self.raw])
        elif deed.startswith("remote resets"):
            self.raw.reset()
            await self.close([self.raw])
        elif deed == "remote gives up":
            await self.close(self.curls)
        elif deed.startswith("remote exit"):
            await self.leave(int(deed.split()[-1]))

    async def close(self, streams):
        """Closes them, and gives the agent time to see it, as the recorded one had."""
        for stream in streams:
            stream.transport.close()
            await self.player.until(lambda: stream.lost, "the end of our own socket")
        await self.player.barrier()

    async def open(self, port, kind):
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(lambda: kind(self.player.poke),
                                                 self.player.address, port)
        self.streams.append(stream)
        self.recorded[stream] = b""
        return stream

    async def more_pieces(self, curl):
        """An upload in pieces. The next leaves when the client was told of the one before, if it is
        told at once."""
        while self.pieces:
            if self.player.streams_uploads():
                uploaded = self.player.uploaded_bytes
                seen = uploaded()
                sent = self.pieces[0].partition(b"\r\n")[2][:-2]
                curl.write(self.pieces.pop(0))
                if sent:
                    await self.player.until(
                        lambda: uploaded() >= seen + len(sent), "a piece of the upload")
            else:
                curl.write(self.pieces.pop(0))

    async def note(self, deed):
        """Wait for as much as the recorded remote had got by now, where it is plain which one got
        it."""
        text = deed.split(": ", 1)[1]
        stream = self.curls[-1] if self.curls else self.raw
        if stream is None or text.startswith(("b'curl:", "b'url:", "b'c'")):
            return
        self.recorded[stream] += bytes_of(deed)
        if len(self.streams) == 1:
            await self.player.until(lambda: stream.lost or self.agrees(stream, False),
                                    "what the remote got")

    def agrees(self, stream, whole):
        """whole: it got that and no more. Where the real remote got nothing at all the stand-in may
        answer 502 by itself: real agents' answers were lost when their firewall rules went."""
        if not self.recorded[stream] and [a[1] for a in answers_in(stream.got)] == [OWN_WORDS]:
            return True
        want = answers_in(self.recorded[stream], not isinstance(stream, Curl))
        return same_answers(answers_in(stream.got), want, whole)

    async def leave(self, status):
        """A curl has ended: after the whole answer, or because its time was over."""
        if status == 0 and self.curls:
            await self.player.until(lambda: any(c.eof for c in self.curls),
                                    "the end of the remote's answer")
        ended = next((c for c in self.curls if c.eof), self.curls[0] if self.curls else None)
        if ended:
            self.curls.remove(ended)
            ended.transport.close()

    def check(self):
        """Only where it is plain which socket got what: when there was one."""
        if len(self.streams) == 1:
            stream = self.streams[0]
            insist(self.agrees(stream, True), "the remote got %r, recorded %r", stream.got,
                   self.recorded[stream])
