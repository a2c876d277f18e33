"""Reads the recorded sessions of tests/data/sessions (their form: README.md there)."""
import glob
import os

from wire import Decoder, Unreadable, version_of

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "sessions")


class Step:
    """One message: `way` is < (the agent's) or > (the client's). message is None for rubbish."""

    def __init__(self, way, raw, message):
        self.way, self.raw, self.message = way, raw, message


class Recording:
    def __init__(self, name, path):
        self.name = name
        self.steps, self.remarks, self.rubbish = [], [], False
        self.timeline = []  # (time, way, step or remark), in the order of their happening
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        _, self.agent_release, _, protocol = lines[0].split()
        self.agent_protocol = version_of(protocol)
        announced = lines[1].split()[1]
        self.announced = None if announced == "-" else announced
        self.streams = {"<": Decoder("DaemonMessage"), ">": Decoder("ClientMessage", lenient=True)}
        self.pending = {"<": b"", ">": b""}
        for line in lines[2:]:
            time, way, rest = line.split(" ", 2)
            if way == "@":
                self.remarks.append((int(time), rest))
                self.timeline.append((int(time), way, rest))
            else:
                before = len(self.steps)
                self.take(way, unpack(rest))
                self.timeline += [(int(time), way, s) for s in self.steps[before:]]
        if self.pending[">"] and not self.rubbish:  # half a message, on purpose
            self.steps.append(Step(">", self.pending[">"], None))
            self.timeline.append((int(time), ">", self.steps[-1]))
        if self.pending["<"]:
            raise ValueError("%s: the agent's bytes end within a message" % name)

    def take(self, way, data):
        decoder = self.streams[way]
        self.pending[way] += data
        if way == ">" and self.rubbish:
            self.steps.append(Step(way, data, None))
            return
        decoder.feed(data)
        try:
            while found := decoder.next():
                message, n = found
                self.steps.append(Step(way, self.pending[way][:n], message))
                self.pending[way] = self.pending[way][n:]
        except Unreadable:
            if way == "<":
                raise
            self.rubbish = True
            self.steps.append(Step(way, self.pending[way], None))

    def said(self, way, kind):
        """The messages of this outermost kind."""
        return [s.message for s in self.steps if s.way == way and s.message
                and s.message[0] == kind]


def unpack(text):
    """"6162 00*30": bytes in hexadecimal, with repeats."""
    out = b""
    for word in text.split():
        unit, _, times = word.partition("*")
        out += bytes.fromhex(unit) * int(times or 1)
    return out


def names():
    """All recordings, as new/NAME and old/NAME."""
    found = glob.glob(os.path.join(DATA, "*", "*.txt"))
    return sorted(os.path.relpath(p, DATA)[:-4] for p in found)


def load(name):
    return Recording(name, os.path.join(DATA, name + ".txt"))
