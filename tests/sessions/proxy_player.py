"""Plays one recorded agent to the real daemon. See to_proxy.py for how."""
import asyncio
import os
import signal

from daemon_options import announced_version, is_silent, options
from exchanges import Application, Broken, Raw, Request, Rules, Socket, answer_to, insist
from wire import NEWEST, Decoder, Unreadable, data_of, encode, trailers_of, version_of

DEFAULT_ANSWER = {"status": 200, "version": "HTTP/1.1", "headers": {}, "body": b"by default"}

# ---- the link ----

class Link(asyncio.Protocol):
    """The agent's end of one link."""

    def __init__(self, player):
        self.player, self.transport, self.lost = player, None, False
        self.decoder = Decoder("ClientMessage", player.rec.agent_protocol)
        self.pings, self.announced, self.ready_for_logs = 0, None, False
        self.subscribed, self.unsubscribed = [], []

    def connection_made(self, transport):
        self.transport = transport
        self.player.new_link(self)

    def connection_lost(self, _):
        self.lost = True
        self.player.poke()

    def data_received(self, data):
        self.decoder.feed(data)
        try:
            while found := self.decoder.next():
                self.on_message(found[0])
        except Unreadable as error:
            if self.player.subscription_is_fatal:
                self.transport.close()  # as the real one did
            else:
                self.player.fail(error)
        except Broken as error:
            self.player.fail(error)
        self.player.poke()

    def on_message(self, m):
        if m[0] == "Ping":
            self.pings += 1
            if self.player.has_pong:
                self.transport.write(b"\x07")
        elif m[0] == "SwitchProtocolVersion":
            self.announced = m[1]
            self.player.on_announced(self)
        elif m[0] == "ReadyForLogs":
            self.ready_for_logs = True
        elif m[0] in ("Tcp", "TcpSteal"):
            self.on_traffic(m[0], m[1])
        elif m[0] != "OperatorPong":
            raise Broken("the daemon said %r" % (m,))

    def on_traffic(self, mode, m):
        if m[0].startswith("PortSubscribe"):
            self.subscribed.append((mode, m[1][1] if mode == "TcpSteal" else m[1]))
        elif m[0] == "PortUnsubscribe":
            self.unsubscribed.append((mode, m[1]))
        elif m[0] == "ConnectionUnsubscribe":
            self.player.rules.heard_unsubscribe(mode, m[1])
        else:
            self.player.rules.heard(m)


# ---- one play ----

class Player:
    def __init__(self, rec, options_):
        self.rec, self.daemon, self.workers = rec, options_.daemon, options_.workers
        self.patience_s = options_.patience  # a step that takes longer has failed
        self.changed, self.failure = asyncio.Event(), None
        self.rules = Rules(rec)
        self.app = Application(self.poke, self.fail)
        self.links, self.process, self.drained = [], None, False
        self.has_pong = bool(rec.said("<", "Pong")) or not rec.said(">", "Ping")
        self.silent = is_silent(rec)
        self.announcements = 0
        self.subscription_is_fatal = self.agent_hates_subscription()
        self.now = "start"

    def agent_hates_subscription(self):
        """It ends the link at a kind of subscription that it does not know, without a word."""
        asked = [i for i, s in enumerate(self.rec.steps) if s.way == ">" and s.message and
                 s.message[0] in ("Tcp", "TcpSteal")]
        return bool(asked) and not any(s.way == "<" for s in self.rec.steps[asked[0]:])

    def poke(self):
        self.changed.set()

    def fail(self, error):
        self.failure = self.failure or Broken("%s (at: %s)" % (error, self.now))
        self.poke()

    async def until(self, holds, what):
        """Waits for a state, not for a time."""
        end = asyncio.get_running_loop().time() + self.patience_s
        while True:
            self.changed.clear()
            if self.failure:
                raise self.failure
            if holds():
                return
            left = end - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self.changed.wait(), max(left, 0))
            except asyncio.TimeoutError:
                raise Broken("waited in vain for: %s (at: %s)" % (what, self.now)) from None

    # ---- the link ----

    def new_link(self, link):
        self.links.append(link)
        self.poke()

    def on_announced(self, link):
        """For a client that is to be silent: end the link, as an agent does that knows no
        versions."""
        if self.silent:
            insist(len(self.links) == 1,
                   "the daemon announces itself again after the link ended at it")
            link.transport.close()

    @property
    def link(self):
        return self.links[-1]

    async def greet(self):
        await self.until(lambda: self.links, "a link")
        if self.silent:
            await self.until(lambda: len(self.links) == 2, "a link without an announcement")

    def send(self, raw):
        if not self.link.lost:
            self.link.transport.write(raw)

    # ---- what the recorded agent does ----

    async def agent_step(self, step):
        m = step.message
        if m[0] == "Pong":
            return  # said for each Ping of the daemon, which may ping more or less often
        if m[0] == "SwitchProtocolVersionResponse":
            self.rules.says = version_of(m[1])
        if m[0] in ("Tcp", "TcpSteal"):
            await self.agent_traffic(m[0], m[1], step.raw)
            return
        self.send(step.raw)

    async def agent_traffic(self, mode, m, raw):
        kind = m[0]
        if kind == "HttpRequest":
            await self.offer(Request(mode, "basic", m[1]), raw)
        elif kind == "HttpRequestFramed":
            await self.offer(Request(mode, "framed", m[1]), raw)
        elif kind == "HttpRequestChunked":
            await self.chunked(mode, m[1], raw)
        elif kind.startswith("NewConnection"):
            await self.new_connection(mode, m[1], raw)
        elif kind == "Data":
            await self.agent_data(mode, m[1], m[2], raw)
        elif kind == "Close":
            await self.agent_close(mode, m[1], raw)
        else:
            self.send(raw)

    async def offer(self, request, raw):
        self.rules.offer(request)
        if request.delivered():
            self.app.waiting.append(request)
        self.send(raw)

    async def chunked(self, mode, m, raw):
        if m[0] in ("StartV1", "StartV2"):
            await self.offer(Request(mode, "chunked", m[1]), raw)
            return
        ids = (m[1]["connection"], m[1]["request"]) if m[0] == "Body" else m[1:3]
        r = self.rules.requests.get((mode, *ids))
        insist(r, "the recording speaks of the unknown request %r", ids)
        if m[0] == "Body":
            r.add(m[1]["frames"])
            r.said_last = m[1]["last"]
            self.send(raw)
            await self.body_at_app(r)
        else:
            r.broken = True
            self.send(raw)
            await self.until(r.settled, "an answer to the broken %s" % r.name())

    async def body_at_app(self, r):
        """The application has everything that was offered of it so far."""
        if r.broken or not r.delivered() or r.app_left:
            return
        await self.until(lambda: r.settled() and r.mode == "TcpSteal" or r.at_app,
                         "%s at the application" % r.name())
        await self.until(lambda: r.settled() and r.mode == "TcpSteal" or r.check_body(),
                         "the body of %s at the application" % r.name())

    async def under_way(self, r):
        """The daemon has taken it up: the application has it, or the daemon's own answer is
        here."""
        if r.delivered() and not r.broken:
            await self.body_at_app(r)
        else:
            await self.until(r.settled, "the daemon's own answer to %s" % r.name())

    async def new_connection(self, mode, c, raw):
        connection = Raw(mode, c["connection"], c["port"])
        self.rules.raws[mode, c["connection"]] = connection
        self.app.raws.append(connection)
        self.send(raw)
        await self.until(lambda: connection.socket, "%s at the application" % connection.name())

    async def agent_data(self, mode, connection, data, raw):
        r = self.rules.live_raw(mode, connection)
        self.send(raw)
        if not r or r.done():
            return
        r.to_app += data
        r.agent_ended |= not data
        await self.until(lambda: r.done() or r.socket.got == r.to_app and
                         (not r.agent_ended or r.socket.eof),
                         "bytes of %s at the application" % r.name())

    async def agent_close(self, mode, connection, raw):
        for r in self.rules.requests.values():
            if r.key[:2] == (mode, connection) and not r.settled():
                await self.under_way(r)
        cut = self.rules.close(mode, connection)
        self.send(raw)
        live = self.rules.live_raw(mode, connection)
        for r in cut:
            if r.mode == "TcpSteal":
                await self.until(lambda: r.at_app.eof, "the end of the cancelled %s" % r.name())
        if live and mode == "TcpSteal":
            await self.until(lambda: live.socket.eof,
                             "the end of %s at the application" % live.name())
            live.socket.finish()

    # ---- what the recorded client did ----

    async def client_step(self, step):
        m = step.message
        if m is None or m[0] in ("Close", "OperatorPong"):
            return
        if m[0] == "Ping":
            await self.until(lambda: self.link.pings, "a Ping")
        elif m[0] == "SwitchProtocolVersion":
            await self.announcement()
        elif m[0] == "ReadyForLogs":
            if self.rules.says and self.rules.says >= (1, 3, 1) and not self.silent:
                await self.until(lambda: self.link.ready_for_logs, "ReadyForLogs")
        else:
            await self.client_traffic(m[0], m[1])

    async def announcement(self):
        self.announcements += 1
        if self.silent or self.announcements > 1:
            return  # the daemon says it once; the agent's answer comes unasked then
        await self.until(lambda: self.link.announced, "an announcement")
        want = announced_version(self.rec) or "%d.%d.%d" % NEWEST
        insist(self.link.announced == want, "announced %s, not %s", self.link.announced, want)

    async def client_traffic(self, mode, m):
        kind = m[0]
        if kind.startswith("PortSubscribe"):
            port = m[1][1] if mode == "TcpSteal" else m[1]
            await self.until(lambda: (mode, port) in self.link.subscribed,
                             "a subscription of port %d" % port)
        elif kind == "PortUnsubscribe":
            await self.unsubscribe_port(mode, m[1])
        elif kind == "ConnectionUnsubscribe":
            await self.unsubscribe_connection(mode, m[1])
        elif kind == "Data":
            await self.client_data(m[1], m[2])
        elif kind == "HttpResponse":
            await self.answer(m[1], m[1]["body"], None)
        elif kind == "HttpResponseFramed":
            await self.answer(m[1], data_of(m[1]["frames"]), trailers_of(m[1]["frames"]))
        else:
            await self.stream(m[1])

    async def unsubscribe_port(self, mode, port):
        """The daemon unsubscribes when it is told to end. Only at the recording's last
        subscription."""
        later = self.rec.steps[self.at + 1:]
        again = any(s.way == "<" and s.message[0] == mode and s.message[1][0] == "SubscribeResult"
                    for s in later)
        busy = [r for r in self.rules.requests.values() if not r.settled()] + \
               [r for r in self.rules.raws.values() if not r.done()]
        if again or not busy:
            return
        for r in self.rules.requests.values():
            if not r.settled():
                await self.under_way(r)
        self.drained = True
        self.terminate()
        await self.until(lambda: (mode, port) in self.link.unsubscribed, "PortUnsubscribe")

    async def unsubscribe_connection(self, mode, connection):
        """The daemon does this when the application breaks a raw connection; a request gets 502."""
        raw = self.rules.live_raw(mode, connection)
        if raw and not raw.done():
            raw.socket.reset()
            await self.until(raw.done, "ConnectionUnsubscribe for %s" % raw.name())
            return
        for r in list(self.rules.requests.values()):
            if r.key[:2] == (mode, connection) and not r.settled() and r.delivered():
                await self.body_at_app(r)
                await self.leave(r)

    async def leave(self, r):
        """The application ends its connection in the middle of the exchange."""
        r.app_left = True
        r.at_app.transport.close()
        await self.until(r.settled, "an answer to %s, whose application left" % r.name())
        self.rules.check_answer(r, False)

    async def client_data(self, connection, data):
        raw = self.rules.live_raw("TcpSteal", connection)
        if not raw or raw.done() or raw.app_ended:
            return
        if data:
            raw.from_app += data
            raw.socket.write(data)
        else:
            raw.app_ended = True
            raw.socket.finish()
        await self.until(lambda: raw.done() or raw.heard == raw.from_app and
                         raw.heard_end == raw.app_ended,
                         "bytes of %s at the agent" % raw.name())

    # ---- answers ----

    def open_request(self, fields):
        r = self.rules.requests.get(("TcpSteal", fields["connection"], fields["request"]))
        return r if r and not r.settled() and not r.app_left else None

    async def ready_to_answer(self, r):
        """False: it is not the application's to answer."""
        if r.broken or not r.delivered():
            await self.until(r.settled, "the daemon's own answer to %s" % r.name())
            self.rules.check_answer(r, True)
            return False
        await self.until(lambda: r.settled() or r.at_app, "%s at the application" % r.name())
        if not r.settled():
            await self.body_at_app(r)
        return not r.settled()

    async def answer(self, head, body, trailers):
        """A whole answer, in one write."""
        r = self.open_request(head)
        if not r or r.said or not await self.ready_to_answer(r):
            return
        if any(b"\n" in v for vs in head["headers"].values() for v in vs):
            head, body = DEFAULT_ANSWER, DEFAULT_ANSWER["body"]  # no line of HTTP/1 holds this one
        said = r.said = answer_to(r, {**head, "body": body}, True, trailers)
        r.at_app.write(said.head() + said.part(body) + said.end(trailers))
        await self.finish_answer(r, True)

    async def finish_answer(self, r, whole):
        said, socket = r.said, r.at_app
        if said.coding == "close" or said.cut_short():
            socket.transport.close()
        await self.until(r.settled, "the whole answer to %s" % r.name())
        if not r.answered():
            return
        self.rules.check_answer(r, whole)
        if said.status == 101:
            self.upgrade(r)
        elif not socket.lost and r.seen["ended"]:
            socket.answered()
        if said.headers.get("connection") == [b"close"]:
            socket.transport.close()

    def upgrade(self, r):
        mode, connection, _ = r.key
        raw = Raw(mode, connection, 0, r.at_app)
        r.upgraded = True
        r.at_app.upgrade(raw)
        self.rules.raws[mode, connection] = raw

    async def stream(self, part):
        kind, fields = part[0], part[1]
        if kind == "Error":
            fields = {"connection": part[1], "request": part[2]}
        r = self.open_request(fields)
        if not r or not await self.ready_to_answer(r):
            return
        if kind == "Error":
            await self.leave(r)
            return
        trailers = trailers_of(fields["frames"])
        if kind == "Start" and not r.said:
            r.said = answer_to(r, fields, False, self.trailers_to_come(r))
            r.at_app.write(r.said.head())
        if not r.said or (kind == "Start") != (r.said.version == fields.get("version")):
            return  # a Body ahead of its Start
        r.at_app.write(r.said.part(data_of(fields["frames"])))
        if fields.get("last") or trailers is not None:
            r.at_app.write(r.said.end(trailers))
            await self.finish_answer(r, False)
        elif r.said.coding != "none" and self.rules.may_stream(r):
            await self.until(lambda: r.settled() or r.answer and r.answer["body"] == r.said.body,
                             "a part of the answer to %s" % r.name())

    def trailers_to_come(self, r):
        """The trailers that a later Body brings: HTTP/1 must know of them at the head."""
        for s in self.rec.steps[self.at:]:
            m = s.message
            if s.way == ">" and m and m[0] == "TcpSteal" and m[1][0] == "HttpResponseChunked" and \
                    m[1][1][0] != "Error" and m[1][1][1]["connection"] == r.key[1]:
                if (found := trailers_of(m[1][1][1]["frames"])) is not None:
                    return found
        return None

    # ---- the end ----

    async def finish(self):
        """What the recording leaves open gets an ordinary end."""
        for r in list(self.rules.requests.values()):
            self.now = "end of %s" % r.name()
            if r.mode == "Tcp":
                await self.mirrored(r)
            elif not r.settled() and r.said is None and await self.ready_to_answer(r):
                r.said = answer_to(r, DEFAULT_ANSWER, True, None)
                r.at_app.write(r.said.head() + r.said.part(DEFAULT_ANSWER["body"]))
                await self.finish_answer(r, True)
            elif not r.settled():
                r.app_left = True
                r.at_app.transport.close()
                await self.until(r.settled, "the end of the broken answer to %s" % r.name())
        for raw in self.rules.raws.values():
            self.now = "end of %s" % raw.name()
            if not raw.done():
                raw.socket.reset()
                await self.until(raw.done, "ConnectionUnsubscribe for %s" % raw.name())

    async def mirrored(self, r):
        if r.delivered():
            await self.until(lambda: r.at_app, "the mirrored %s at the application" % r.name())
            await self.until(r.check_body, "the body of the mirrored %s" % r.name())

    async def play_steps(self):
        await self.greet()
        for self.at, step in enumerate(self.rec.steps):
            self.now = "step %d, %s %s" % (self.at, step.way, str(step.message)[:90])
            if step.way == "<":
                await self.agent_step(step)
                if step.message[0] == "Close":
                    link = self.link
                    await self.until(lambda: link.lost, "the end of the link that the agent closes")
                    return  # the session is over for the daemon, whatever the agent says after it
            else:
                await self.client_step(step)
        await self.finish()

    async def refuse(self):
        """The agent ends each link at the subscription, until the daemon gives up."""
        version = self.rec.said("<", "SwitchProtocolVersionResponse")[0]
        for n in range(1, 10):
            await self.until(lambda: len(self.links) >= n or self.process.returncode is not None,
                             "a link")
            if self.process.returncode is not None:
                return
            link = self.links[n - 1]
            await self.until(lambda: link.announced, "an announcement")
            link.transport.write(encode("DaemonMessage", version))
            await self.until(lambda: link.subscribed or link.lost, "a subscription")
            link.transport.close()

    def terminate(self):
        # not by the Process object: its poll() would take the exit status away from asyncio
        if self.process.returncode is None:
            os.kill(self.process.pid, signal.SIGTERM)

    async def wait_for_exit(self, expected):
        try:
            status = await asyncio.wait_for(self.process.wait(), self.patience_s)
        except asyncio.TimeoutError:
            raise Broken("the daemon does not end") from None
        insist(status == expected, "the daemon ended with %d, not %d", status, expected)

    async def repeat_close(self):
        """Each new link hears the same up to the agent's Close, until the daemon gives up."""
        while self.process.returncode is None:
            n = len(self.links)
            await self.until(lambda: len(self.links) > n or self.process.returncode is not None,
                             "an end")
            if self.process.returncode is None:
                await self.play_steps()

    async def play(self, log, expected):
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(lambda: Link(self), "127.0.0.1", 0),
                   await loop.create_server(self.accept, "127.0.0.1", 0)]
        ports = [s.sockets[0].getsockname()[1] for s in servers]
        self.process = await asyncio.create_subprocess_exec(
            self.daemon,
            *options(self.rec, *ports, self.workers, self.subscription_is_fatal),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log, stderr=log)
        watch = asyncio.ensure_future(self.process.wait())
        watch.add_done_callback(lambda _: self.poke())
        try:
            if self.subscription_is_fatal:
                await self.refuse()
            else:
                await self.play_steps()
            if expected == 0 and not self.drained:
                self.terminate()
            elif expected and self.rec.said("<", "Close"):
                await self.repeat_close()
            await self.wait_for_exit(expected)
            if self.failure:
                raise self.failure
        finally:
            if self.process.returncode is None:
                os.kill(self.process.pid, signal.SIGKILL)
                await self.process.wait()
            for server in servers:
                server.close()
            for thing in self.links + self.app.sockets:
                thing.transport.abort()

    def accept(self):
        return Socket(self.app, self.app.raws.pop(0) if self.app.raws else None)
