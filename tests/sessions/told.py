"""What an agent told its client, in a form in which two agents can be compared.

Cuts between frames and between reads mean nothing, and ids are numbered by their first appearance:
an old agent counts the ids of all its clients together. What is left: each id's requests and raw
bytes, whole or not, in which variants, and how each ended; and the words that belong to no id.
"""
from wire import data_of, trailers_of


class Told:
    def __init__(self):
        self.words = []      # version answers, results of subscriptions, Close
        self.logs = {}       # level -> how many
        self.ids = {}        # (mode, connection) -> its number
        self.requests = {}   # (mode, number, request) -> what was told of it
        self.raws = {}       # (mode, number)
        self.closes = {}     # (mode, number) -> how many

    def take(self, m):
        if m[0] == "LogMessage":
            self.logs[m[2][0]] = self.logs.get(m[2][0], 0) + 1
        elif m[0] in ("Tcp", "TcpSteal"):
            self.take_traffic(m[0], m[1])
        elif m[0] == "Close":
            self.words.append("Close")
        elif m[0] == "SwitchProtocolVersionResponse":
            self.words.append(m)

    def number(self, mode, connection):
        return (mode,
                self.ids.setdefault((mode, connection), len([k for k in self.ids if k[0] == mode])))

    def take_traffic(self, mode, m):
        kind = m[0]
        if kind == "SubscribeResult":
            error = m[1][1] if m[1][0] == "Err" else None
            self.words.append((mode, m[1] if not error else kind_of(error)))
        elif kind == "HttpRequest":
            self.request(mode, "basic", m[1], m[1]["body"], True)
        elif kind == "HttpRequestFramed":
            self.request(mode, "framed", m[1], data_of(m[1]["frames"]), True)
        elif kind == "HttpRequestChunked":
            self.chunked(mode, m[1])
        elif kind.startswith("NewConnection"):
            self.raw(mode, m[1]["connection"])["new"] = (kind, m[1]["port"])
        elif kind == "Data":
            raw = self.raw(mode, m[1])
            raw["bytes"] += m[2]
            raw["ended"] |= not m[2]
        else:
            key = self.number(mode, m[1])
            self.closes[key] = self.closes.get(key, 0) + 1

    def raw(self, mode, connection):
        return self.raws.setdefault(self.number(mode, connection),
                                    {"new": None, "bytes": b"", "ended": False})

    def request(self, mode, variant, f, body, last):
        key = (*self.number(mode, f["connection"]), f["request"])
        headers = {n: v for n, v in f["headers"].items()}
        port = f["port"] if "port" in f else f["metadata"][2][2]
        self.requests[key] = {
            "variant": variant, "method": f["method"], "uri": f["uri"], "version": f["version"],
            "port": port,
            "headers": headers, "body": body, "trailers": trailers_of(f.get("frames", [])),
            "last": last,
            "error": 0}

    def chunked(self, mode, m):
        kind = m[0]
        if kind in ("StartV1", "StartV2"):
            self.request(mode, kind, m[1], data_of(m[1]["frames"]), m[1].get("last", False))
            return
        ids = (m[1]["connection"], m[1]["request"]) if kind == "Body" else m[1:3]
        r = self.requests.get((*self.number(mode, ids[0]), ids[1]))
        if r is None:
            self.words.append("%s for an unknown request" % kind)
        elif kind == "Body":
            r["body"] += data_of(m[1]["frames"])
            r["trailers"] = trailers_of(m[1]["frames"]) or r["trailers"]
            r["last"] = m[1]["last"]
        else:
            r["error"] += 1

    # ---- comparing ----

    def connection_of(self, mode, number):
        """The connection id that has this number here."""
        return next((c for (m, c), n in self.ids.items() if (m, n) == (mode, number)), None)

    def covers(self, other):
        """At least as much was told here as there."""
        return (len(self.words) >= len(other.words) and
                all(self.logs.get(k, 0) >= n for k, n in other.logs.items()) and
                all(self.closes.get(k, 0) >= n for k, n in other.closes.items()) and
                all(k in self.requests and far(self.requests[k], r, "body", "last", "error")
                    for k, r in other.requests.items()) and
                all(k in self.raws and far(self.raws[k], r, "bytes", "ended") and
                    (self.raws[k]["new"] or not r["new"]) for k, r in other.raws.items()))

    def differences(self, other):
        """Where this one differs from the recorded one, in words."""
        out = []
        for what in ("words", "logs", "closes", "requests", "raws"):
            mine, theirs = getattr(self, what), getattr(other, what)
            if mine == theirs:
                continue
            if isinstance(mine, dict):
                for key in sorted(set(mine) | set(theirs), key=str):
                    if mine.get(key) != theirs.get(key):
                        out.append("%s %s: %s, recorded %s" % (what, key,
                                                               *narrow(mine.get(key),
                                                                       theirs.get(key))))
            else:
                out.append("%s: %s, recorded %s" % (what, mine, theirs))
        return out


def kind_of(error):
    """Without the agent's own words."""
    return (error[0], error[1][0] if error[0] == "Remote" else error[1])


def far(mine, theirs, stuff, *flags):
    return len(mine[stuff]) >= len(theirs[stuff]) and all(mine[f] >= theirs[f] for f in flags)


def narrow(mine, theirs):
    """Only the fields that differ."""
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return str(mine)[:200], str(theirs)[:200]
    keys = [k for k in mine if mine[k] != theirs[k]]
    return tuple(str({k: d[k] for k in keys})[:200] for d in (mine, theirs))
