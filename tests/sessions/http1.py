"""Just enough HTTP/1 for the scripted application: take requests apart, put answers together."""
from wire import BAD_VALUE, TOKEN


class RequestReader:
    """Feed it the bytes of one connection; `request` is what it has of the current request."""

    def __init__(self):
        self.buffer, self.request = b"", None

    def feed(self, data):
        self.buffer += data

    def advance(self):
        """True if something new is known."""
        if self.request is None:
            return self.take_head()
        if self.request["ended"]:
            return False
        return self.take_chunks() if self.request["coded"] else self.take_rest()

    def next_request(self):
        self.request = None

    def take_head(self):
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        self.buffer = rest
        first, *lines = head.split(b"\r\n")
        method, uri, version = first.decode("latin-1").split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.strip(b" \t"))
        self.request = {
            "method": method, "uri": uri, "version": version, "headers": headers, "body": b"",
            "trailers": None, "ended": False, "coded": "transfer-encoding" in headers,
            "left": int(headers.get("content-length", [b"0"])[0])}
        if not self.request["coded"] and self.request["left"] == 0:
            self.request["ended"] = True
        return True

    def take_rest(self):
        r = self.request
        part, self.buffer = self.buffer[:r["left"]], self.buffer[r["left"]:]
        r["body"] += part
        r["left"] -= len(part)
        r["ended"] = r["left"] == 0
        return bool(part)

    def take_chunks(self):
        size_line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        size = int(size_line.split(b";")[0], 16)
        if size == 0:
            return self.take_trailers(rest)
        if len(rest) < size + 2:
            return False
        self.request["body"] += rest[:size]
        self.buffer = rest[size + 2:]
        return True

    def take_trailers(self, rest):
        if rest.startswith(b"\r\n"):
            fields, self.buffer = b"", rest[2:]
        else:
            fields, found, left = rest.partition(b"\r\n\r\n")
            if not found:
                return False
            self.buffer = left
        trailers = {}
        for line in fields.split(b"\r\n") if fields else []:
            name, _, value = line.partition(b":")
            trailers.setdefault(name.decode("latin-1").lower(), []).append(value.strip())
        self.request["trailers"] = trailers
        self.request["ended"] = True
        return True


class Answer:
    """An answer of the application as it is written, from the head of a recorded one.

    The recorded client could say things that no HTTP/1 application can (no length at all, a trailer
    under a Content-Length): these become their nearest kin. `coding` is length, chunked, close or
    none.
    """

    def __init__(self, head, method, whole, trailers):
        self.status, self.version = head["status"], head["version"]
        self.headers = {name: list(values) for name, values in head["headers"].items()}
        self.body, self.trailers = b"", None
        self.coding = self.choose(method, head, whole, trailers)
        self.left = int(self.headers["content-length"][0]) if self.coding == "length" else 0

    def choose(self, method, head, whole, trailers):
        h = self.headers
        if method == "HEAD" or self.status in (204, 304) or 100 <= self.status < 200:
            return "none"
        if trailers is not None:
            h.pop("content-length", None)
            h["transfer-encoding"] = [b"chunked"]
        if "transfer-encoding" in h:
            return "chunked"
        if "content-length" in h:
            return "length"
        if self.version == "HTTP/1.0":
            return "close"
        if whole:
            body = head.get("body", b"")
            h["content-length"] = [b"%d" % len(body)]
            return "length"
        h["transfer-encoding"] = [b"chunked"]
        return "chunked"

    def sound(self):
        """HTTP/1 allows it, and so does the agent's decoder (W-7)."""
        return (100 <= self.status <= 999 and self.version in ("HTTP/1.0", "HTTP/1.1") and
                all(TOKEN.match(n.encode("latin-1")) for n in self.headers) and
                not any(BAD_VALUE.search(v) for vs in self.headers.values() for v in vs))

    def head(self):
        lines = [b"%s %d Said" % (self.version.encode(), self.status)]
        lines += [b"%s: %s" % (n.encode("latin-1"), v) for n, vs in self.headers.items()
                  for v in vs]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def part(self, data):
        """data, coded. The body is what a reader of HTTP will take of it."""
        if self.coding == "none" or not data:
            return b""
        taken = data
        if self.coding == "length":
            taken = data[:self.left]
            self.left -= len(taken)
        self.body += taken
        return b"%x\r\n%s\r\n" % (len(data), data) if self.coding == "chunked" else data

    def end(self, trailers):
        if self.coding != "chunked":
            return b""
        self.trailers = trailers
        fields = b"".join(b"%s: %s\r\n" % (n.encode("latin-1"), v)
                          for n, vs in (trailers or {}).items() for v in vs)
        return b"0\r\n" + fields + b"\r\n"

    def cut_short(self):
        """It ends before the length that it names."""
        return self.coding == "length" and self.left > 0
