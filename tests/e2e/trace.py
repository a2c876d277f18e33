"""A second reader of trace files, made from messages/trace_format.h alone: what a file says, without our decoder.

Sums are not looked at (`intproxy-trace` does that); everything else is. Also the programs that are recorded.
"""
import os
import re
import struct
import subprocess
import time
import urllib.request

import apps
from daemon import PROGRAM, SLOW, Daemon

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))
MAGIC = b"intptrc1"
HEADER = ("format", "wall_us", "clock_ns", "first_sequence", "part", "workers", "bodies_max", "process", "program",
          "build", "options", "protocol", "system", "why")
FIELD_SPAN = 7
END, UNDELIVERED, LAGGED, NOTE, CALL = 8, 9, 10, 11, 64
WIDTHS = {"c": "<B", "v": "<H", "u": "<I", "i": "<i", "U": "<Q"}


class Image:
    """A tpl image, as the values that its format names."""

    def __init__(self, image):
        self.image, self.at = image, 8
        assert image[:3] == b"tpl" and struct.unpack_from("<I", image, 4)[0] == len(image)
        self.format = image[8:image.index(b"\0", 8)].decode()
        self.at += len(self.format) + 1 + 4 * self.format.count("#")
        self.values = self.take(self.format)
        assert self.at == len(image), "bytes behind the image"

    def number(self, letter):
        value = struct.unpack_from(WIDTHS[letter], self.image, self.at)[0]
        self.at += struct.calcsize(WIDTHS[letter])
        return value

    def piece(self, length):
        self.at += length
        return self.image[self.at - length:self.at]

    def array(self, inside):
        return [self.take(inside) for _ in range(self.number("u"))]

    def take(self, wanted):
        values, i = [], 0
        while i < len(wanted):
            letter = wanted[i]
            if letter == "A":
                depth, end = 1, i + 2
                while depth:
                    depth += {"(": 1, ")": -1}.get(wanted[end], 0)
                    end += 1
                values.append(self.array(wanted[i + 2:end - 1]))
                i = end
                continue
            if letter == "s":
                length = self.number("u")
                values.append(self.piece(max(length - 1, 0)).decode(errors="replace"))
            elif letter == "B":
                values.append(self.piece(self.number("u")))
            elif wanted[i + 1:i + 2] == "#":
                values.append([self.number(letter) for _ in range(5)])
                i += 1
            else:
                values.append(self.number(letter))
            i += 1
        return values


class Record:
    def __init__(self, what, words):
        self.what = what
        self.sequence, self.now_us, self.ended_ns, self.sender, self.to = words
        self.kind = self.type = self.text = None
        self.fields, self.spans, self.lost, self.rest = {}, {}, 0, b""


class Span:
    """bytes: those that were kept of `length`."""

    def __init__(self, rest):
        self.length, kept = struct.unpack_from("<II", rest)
        at = 8
        self.hash = None
        if kept < self.length:
            self.hash = struct.unpack_from("<Q", rest, at)[0]
            at += 8
        self.bytes = rest[at:at + kept]
        assert len(self.bytes) == kept
        self.size = at + kept


class Trace:
    """One file. `torn`: bytes at its end that are no whole frame."""

    def __init__(self, path, size=-1):
        with open(path, "rb") as f:
            data = f.read(size)
        self.size, self.torn, self.records, self.header = len(data), 0, [], {}
        if len(data) < len(MAGIC):
            assert MAGIC.startswith(data)
            self.torn = len(data)
            return
        assert data.startswith(MAGIC)
        at = len(MAGIC)
        while at < len(data):
            whole = at + 20 <= len(data)
            length = struct.unpack_from("<I", data, at + 4)[0] if whole else 0
            if not whole or at + 20 + length > len(data):
                self.torn = len(data) - at
                break
            magic, kind = struct.unpack_from("<HH", data, at)
            assert magic == 0x5ee1, f"no frame at {at}"
            self.take(kind, Image(data[at + 20:at + 20 + length]).values)
            at += 20 + length

    def take(self, kind, values):
        if kind == 1:
            self.header = dict(zip(HEADER, values))
        elif kind == 2:
            self.kinds = {row[0]: (row[2], row[3]) for row in values[0]}
        elif kind == 3:
            self.types = [row[0] for row in values[0]]
        elif kind == 4:
            self.effects = values[0]
        elif kind == 5:
            self.settings = values[0]
        else:
            self.take_record(kind, values)

    def take_record(self, kind, values):
        words = values[0]
        if kind == NOTE:
            r = Record("note", words)
            r.text = values[1]
        elif kind == LAGGED:
            r = Record("lagged", words)
            r.lost = values[2]
        elif kind == UNDELIVERED:
            r = Record("undelivered", words)
            r.kind = self.kinds[values[2]][0]
        elif kind == END:
            r = Record("end", words)
            r.rest = values[2]
        else:
            r = Record("call", words)
            r.kind, fields = self.kinds[kind - CALL]
            self.take_call(r, fields, values)
        if kind in (END, UNDELIVERED) or kind >= CALL:
            number = values[1][4] >> 16 & 255
            r.type = self.types[number] if number < len(self.types) else None
        self.records.append(r)

    @staticmethod
    def take_call(r, fields, values):
        rest, scalars = values[2], list(values[3:])
        for field_type, name in fields:
            if field_type == FIELD_SPAN:
                r.spans[name] = Span(rest)
                rest = rest[r.spans[name].size:]
            else:
                r.fields[name] = scalars.pop(0)
        r.rest = rest

    def of(self, what, kind=None):
        return [r for r in self.records if r.what == what and kind in (None, r.kind)]

    def requests(self):
        """Each once: as its interceptor hears it."""
        return [r for r in self.of("call", "REQUEST") if r.type == "interceptor"]

    def responses(self):
        return [r for r in self.of("call", "RESPONSE") if r.type == "interceptor"]

    def notes(self):
        return [r.text for r in self.of("note")]

    def lost(self):
        return sum(r.lost for r in self.of("lagged"))

    def has(self, text):
        """Some message or effect holds these bytes."""
        return any(text in r.rest or any(text in s.bytes for s in r.spans.values()) for r in self.records)


def parts_of(path):
    directory, name = os.path.split(path)
    found = [re.fullmatch(re.escape(name) + r"\.(\d+)", n) for n in os.listdir(directory)]
    return [f"{path}.{n}" for n in sorted(int(m.group(1)) for m in found if m)]


def show(*paths):
    """(exit status, lines, what was said on stderr) of intproxy-trace show."""
    done = subprocess.run([TRACE, "show", *paths], capture_output=True, timeout=100 * SLOW)
    return done.returncode, done.stdout.count(b"\n"), done.stderr.decode()


def info(*paths):
    """What intproxy-trace info prints."""
    return subprocess.run([TRACE, "info", *paths], capture_output=True, timeout=100 * SLOW).stdout.decode()


class Recorded:
    """A daemon that is its own agent, between curl-like requests and an application of the test's; recorded."""

    def __init__(self, test, *args, path=None, handler=None, ready=True):
        self.test = test
        self.app = test.keep(apps.ServerApp(handler or apps.keep_alive()))
        self.port = apps.free_port()
        self.path = path or os.path.join(test.directory(), "trace")
        self.daemon = Daemon("--standalone", f"{self.port}={self.app.port}", "-R", f"{self.port}:{self.app.port}",
                             "--trace", self.path, *args)
        test.addCleanup(self.daemon.kill)
        if ready:
            self.daemon.wait_ready()

    def get(self, path="/", data=None, **headers):
        ask = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers)
        with urllib.request.urlopen(ask, timeout=20 * SLOW) as answer:
            return answer.read()

    def end(self, code=0):
        self.daemon.signal()
        self.test.assertEqual(self.daemon.wait_exit(15), code, self.daemon.log)

    def trace(self):
        return Trace(self.path)

    def load(self, connections=16, seconds=30):
        """Requests until the daemon is gone, or so long."""
        process = subprocess.Popen(["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s",
                                    f"http://127.0.0.1:{self.port}/load"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def stop():
            process.kill()
            process.wait()
        self.test.addCleanup(stop)
        return stop

    def wait_for(self, holds, what, timeout=15):
        """Asks again and again: files tell nobody that they were written."""
        limit = time.monotonic() + timeout * SLOW
        while not holds():
            self.test.assertLess(time.monotonic(), limit, f"{what}\n{self.daemon.log}")
            time.sleep(0.02)
