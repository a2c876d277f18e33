#!/usr/bin/env python3
"""Plays what recorded clients said to the stand-in agent, and what recorded remote clients did, and
compares what the agent tells the client, and in plain cases the remote, with what the real one did.

    to_agent.py --agent INTPROXY_AGENT [--jobs N] [NAME ...]

The steps of a recording are done in their order: a client's message is sent, a remote's deed is
done, and for each message of the recorded agent the player waits until the stand-in has told as
much. Time only ends a play that hangs. The agent listens on the recorded ports of a loopback
address of the play's own.

Exit: 0; 1 if a recording failed or is missing in the manifest; 2 usage.
"""
import argparse
import asyncio
import os
import re
import shlex
import signal
import sys
import tempfile

import manifest
import recording
from exchanges import Broken, insist
from remote import Original, Remote, Stream
from told import Told
from wire import Decoder, Unreadable, encode

LINK_PORT = 61337
ECHO_PORT = 9000
APART_US = 20000                           # a client's messages further apart did not come together
ECHOING = ("3.80.0", "3.104.0")            # they answer with the client's own version (HS-12)
LOSING_ENDS = ("3.107.0", "3.108.0")       # they do not say that a body is complete (AG-45)
BAD_WORDS = ("Sanitizer", "runtime error", "Assertion", "a message that nobody expected")


def agent_options(rec, address, upstreams):
    words = ["--listen", "%s:%d" % (address, LINK_PORT)]
    for port, upstream in upstreams.items():
        words += ["--port", "%s:%d=127.0.0.1:%d" % (address, port, upstream)]
    words += ["--protocol-version", "%d.%d.%d" % rec.agent_protocol]
    words += ["--answer", "echo" if rec.agent_release in ECHOING else "min"]
    words += ["--log-level", "debug"]
    return words + (["--lose-body-end"] if rec.agent_release in LOSING_ENDS else [])


class Link(Stream):
    """The proxy's end of the link."""

    def __init__(self, poke):
        super().__init__(poke)
        self.decoder, self.told = Decoder("DaemonMessage"), Told()
        self.pongs, self.failure = 0, None

    def data_received(self, data):
        self.decoder.feed(data)
        try:
            while found := self.decoder.next():
                self.pongs += found[0][0] == "Pong"
                self.told.take(found[0])
        except Unreadable as error:
            self.failure = error
        self.poke()


# ---- one play ----

class Side:
    """One client of the agent: its recording, its link, and what the agent said there then and
    now."""

    def __init__(self, rec, player):
        self.rec, self.player, self.recorded, self.link = rec, player, Told(), None
        self.before = (0, "")  # time and direction of the last step
        self.mute = False      # its last word was rubbish, or Close: a Ping is not heard any more

    async def open(self):
        loop = asyncio.get_running_loop()
        _, self.link = await loop.create_connection(
            lambda: Link(self.player.poke), self.player.address, LINK_PORT)

    def differences(self):
        return self.link.told.differences(self.recorded) if self.link else []

    async def step(self, time, way, step):
        if way == "open":
            await self.open()
        elif way == "<":
            await self.agent_step(step.message)
        else:
            if self.before[1] == ">" and time - self.before[0] > APART_US:
                await self.barrier()
            self.link.write(self.translated(step))
            self.mute |= step.message is None or step.message == ("Close",)
        self.before = (time, way)

    async def agent_step(self, message):
        self.recorded.take(message)
        if message[0] != "Pong":
            await self.player.until(lambda: self.link.told.covers(self.recorded),
                                    "what the recorded agent said")

    async def barrier(self):
        """Everything that was said and done before has been acted upon."""
        if self.link is None or self.link.eof or self.link.ended or self.mute:
            return
        pongs = self.link.pongs + 1
        self.link.write(b"\x07")
        await self.player.until(lambda: self.link.eof or self.link.pongs >= pongs, "a Pong")

    async def settle(self):
        await self.barrier()
        insist(not self.differences(), "%s", "; ".join(self.differences()))

    # ---- ids: this agent may have given others ----

    def translated(self, step):
        m = step.message
        if m is None or m[0] not in ("Tcp", "TcpSteal"):
            return step.raw
        changed = self.with_ids(m[0], m[1])
        return step.raw if changed == m[1] else encode("ClientMessage", (m[0], changed))

    def here(self, mode, connection):
        number = self.recorded.ids.get((mode, connection))
        return connection if number is None else self.link.told.connection_of(mode, number)

    def with_ids(self, mode, m):
        if m[0] in ("ConnectionUnsubscribe", "Data"):
            return (m[0], self.here(mode, m[1]), *m[2:])
        if m[0] in ("HttpResponse", "HttpResponseFramed"):
            return (m[0], {**m[1], "connection": self.here(mode, m[1]["connection"])})
        if m[0] == "HttpResponseChunked" and m[1][0] == "Error":
            return (m[0], ("Error", self.here(mode, m[1][1]), m[1][2]))
        if m[0] == "HttpResponseChunked":
            kind, fields = m[1]
            return (m[0], (kind, {**fields, "connection": self.here(mode, fields["connection"])}))
        return m


class Player:
    """One recording, or the two of clients that were there at the same time: [(recording, opened
    at)]."""

    def __init__(self, recordings, options_, address):
        self.options, self.address = options_, address
        self.recordings = [r for r, _ in recordings]
        self.sides = [Side(r, self) for r in self.recordings]
        self.timeline = merged([(side, at) for side, (_, at) in zip(self.sides, recordings)])
        self.changed = asyncio.Event()
        self.remote, self.process, self.now = Remote(self), None, "start"

    def poke(self):
        self.changed.set()

    def requests(self):
        return [r for s in self.sides if s.link for r in s.link.told.requests.values()]

    def streams_uploads(self):
        return any("Start" in r["variant"] for r in self.requests())

    def uploaded_bytes(self):
        return sum(len(r["body"]) for r in self.requests())

    async def until(self, holds, what):
        end = asyncio.get_running_loop().time() + self.options.patience
        while True:
            self.changed.clear()
            for side in self.sides:
                if side.link and side.link.failure:
                    raise Broken("unreadable: %s" % side.link.failure)
            if holds():
                return
            try:
                left = end - asyncio.get_running_loop().time()
                await asyncio.wait_for(self.changed.wait(), max(left, 0))
            except asyncio.TimeoutError:
                far = "".join("\n    " + line for s in self.sides for line in s.differences())
                raise Broken("waited in vain for %s (at: %s)%s" % (what, self.now, far)) from None

    async def barrier(self):
        for side in self.sides:
            await side.barrier()

    async def play_steps(self):
        last = ""
        for time, way, what, side in self.timeline:
            self.now = "%d %s %s" % (time, way, str(getattr(what, "message", what))[:90])
            if way != "@":
                await side.step(time, way, what)
            elif what == "client closes the link":
                side.link.end()
            else:
                if last == ">":
                    await self.barrier()  # what a client said came to the agent before this deed
                await self.remote.do(what)
            last = way
        self.now = "the end"
        for side in self.sides:
            await side.settle()
        self.remote.check()

    async def start(self, log):
        """The pod's applications and the agent. Returns the servers."""
        loop = asyncio.get_running_loop()
        servers, upstreams = [], {}
        for port in ports_of(self.recordings):
            server = await loop.create_server(
                lambda port=port: Original(port == ECHO_PORT), "127.0.0.1", 0)
            servers.append(server)
            upstreams[port] = server.sockets[0].getsockname()[1]
        self.process = await asyncio.create_subprocess_exec(
            self.options.agent, *agent_options(self.recordings[0], self.address, upstreams),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log)
        line = await asyncio.wait_for(self.process.stdout.readline(), self.options.patience)
        insist(b"agent ready" in line, "no ready line but %r", line)
        return servers

    async def play(self, log):
        servers = []
        try:
            servers = await self.start(log)
            await self.play_steps()
            os.kill(self.process.pid, signal.SIGTERM)
            status = await asyncio.wait_for(self.process.wait(), self.options.patience)
            insist(status == 0, "the agent ended with %d", status)
        except asyncio.TimeoutError:
            raise Broken("the agent neither starts nor ends") from None
        finally:
            if self.process and self.process.returncode is None:
                os.kill(self.process.pid, signal.SIGKILL)
                await self.process.wait()
            for server in servers:
                server.close()
            for stream in self.remote.streams + [s.link for s in self.sides if s.link]:
                stream.transport.abort()


def merged(sides):
    """The steps of all sides on one clock: (time, way, what, side)."""
    out = []
    for side, at in sides:
        out.append((at, "open", None, side))
        out += [(at + time, way, what, side)
                for time, way, what in with_time_limits(side.rec.timeline)]
    return sorted(out, key=lambda step: step[0])


def with_time_limits(timeline):
    """curl's own time limit (-m) as a deed of its own: the script noticed its end a little
    later."""
    out = list(timeline)
    for time, way, what in timeline:
        if way == "@" and what.startswith("remote: curl"):
            words = shlex.split(what)
            limit_us = int(float(words[words.index("-m") + 1]) * 1000000)
            out.append((time + limit_us, "@", "remote gives up"))
    end = timeline[-1][0] if timeline else 0
    return sorted((t for t in out if t[2] != "remote gives up" or t[0] <= end), key=lambda t: t[0])


def ports_of(recordings):
    """The pod's own, and those that the remote goes to."""
    found = {8080, ECHO_PORT}
    for rec in recordings:
        deeds = [re.match(r"remote: raw TCP to port (\d+)", remark) for _, remark in rec.remarks]
        found |= {int(m.group(1)) for m in deeds if m}
    return sorted(found)


def address_of(n):
    """A loopback address for the n-th play of this run."""
    return "127.%d.%d.%d" % (64 + os.getpid() % 128, n // 250, n % 250 + 1)


def together(name, entries):
    """[(recording, opened at)]: the recording, and the one of the client beside it."""
    found = [(recording.load(name), 0)]
    beside = entries[name].as_proxy.beside
    if beside:
        found.append((recording.load(beside[0]), beside[1]))
    return found


def check_log(text):
    for line in text.splitlines():
        insist(not any(w in line for w in BAD_WORDS), "in the agent's log: %s", line)


async def play_one(n, name, entries, options_, gate):
    """None, or what went wrong."""
    async with gate:
        with tempfile.TemporaryFile("w+") as log:
            error = None
            try:
                await Player(together(name, entries), options_, address_of(n)).play(log)
                log.seek(0)
                check_log(log.read())
            except Exception as e:  # whatever it is, it is this recording's failure
                error = str(e) if isinstance(e, (Broken, OSError)) else "the player failed: %r" % e
            if error and options_.verbose:
                log.seek(0)
                error += "\n    " + log.read().replace("\n", "\n    ")
            return error


async def play_all(names, entries, options_):
    gate = asyncio.Semaphore(options_.jobs)
    results = await asyncio.gather(
        *[play_one(i, n, entries, options_, gate) for i, n in enumerate(names)])
    failed = [(n, r) for n, r in zip(names, results) if r]
    for name, why in failed:
        print("FAIL %s: %s" % (name, why))
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--agent", required=True)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--patience", type=float, default=15, help="seconds that one step may take")
    parser.add_argument("--verbose", action="store_true", help="the agent's log of what failed")
    parser.add_argument("names", nargs="*")
    options_ = parser.parse_args()
    options_.agent = os.path.abspath(options_.agent)
    entries, faults = manifest.read(recording.names())
    for fault in faults:
        print("manifest: %s" % fault)
    names = [entries[n].as_proxy.beside_of or n for n in options_.names] or \
        [n for n, e in entries.items() if e.as_proxy.play and not e.as_proxy.beside_of]
    failed = asyncio.run(play_all(names, entries, options_))
    print("clients' recordings to intproxy-agent: %d played, %d failed, "
          "%d not played for the manifest's reasons"
          % (len(names), len(failed), sum(not e.as_proxy.play for e in entries.values())))
    return 1 if failed or faults else 0


if __name__ == "__main__":
    sys.exit(main())
