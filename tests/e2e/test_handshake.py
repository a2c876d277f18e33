"""From the first connection to the agent to readiness, or to the exit code that says why not."""
import socket
import subprocess

import wire
from agent import Agent, Link
from apps import HandApp, ServerApp, free_port, keep_alive
from case import Case
from daemon import PROGRAM, SLOW, Daemon


def seconds(n):
    def mark(function):
        function.seconds = n
        return function
    return mark


class Ladder(Case):
    """HS-4, HS-5, HS-7, HS-13: what is said, in which order, and what is left out for old agents."""

    def test_the_order_of_the_first_messages(self):
        """HS-4, HS-5, HS-7, DEL-9: Ping, version, ReadyForLogs, subscription."""
        s = self.session("127.0.0.1:1")
        kinds = [m.kind for m in s.link.said]
        self.assertEqual(kinds, ["ping", "version", "ready_for_logs", "subscribe"])
        self.assertEqual(s.link.said[1].version, "1.29.0")
        self.assertIn("port 80 to 127.0.0.1:1", s.ready_line)
        self.assertIn("says 1.29.0", s.ready_line)
        s.finish()

    def test_nothing_is_said_before_the_pong(self):
        """HS-4: a port-forward accepts before the agent is reached."""
        s = self.session("127.0.0.1:1", ready=False, script={"ping": lambda link, m: None})
        link = s.agent.link()
        link.wait("ping")
        link.send(wire.log_message("slow start", 0))
        s.daemon.wait_log("slow start")
        self.assertEqual([m.kind for m in link.said], ["ping"])
        link.send(wire.pong())
        s.daemon.wait_ready()
        s.finish()

    def test_an_agent_that_ends_the_link_at_our_version(self):
        """HS-13: tried again without; then Basic only."""
        s = self.session("127.0.0.1:1", build="1.2.2")
        self.assertEqual([m.kind for m in s.agent.link(1).said], ["ping", "subscribe"])
        self.assertIn("not negotiated", s.ready_line)
        s.finish(decodable=False)

    def test_an_agent_that_ends_the_link_at_ready_for_logs(self):
        """HS-14, W-3: an agent of 1.3.0 that says more than it is."""
        s = self.session("127.0.0.1:1", build="1.3.0", says="1.29.0")
        s.agent.link(1).wait("subscribe")
        self.assertNotIn("ready_for_logs", [m.kind for m in s.agent.link(1).said])
        s.finish(decodable=False)

    def test_ready_for_logs_is_not_said_below_1_3_1(self):
        """W-3: an honest agent of 1.3.0."""
        s = self.session("127.0.0.1:1", build="1.3.0")
        self.assertEqual([m.kind for m in s.link.said], ["ping", "version", "subscribe"])
        s.finish()

    def test_a_filter_goes_out_as_asked(self):
        """SUB-2, SUB-3, AG-29: composite, in the order of the command line."""
        s = self.session("127.0.0.1:1", args=[
            "--header-filter", "^x-user: me$", "--path-filter", "^/api", "--method-filter", "get",
            "--any-of"])
        self.assertEqual(s.link.wait("subscribe").filter, (
            "any", [("header", "^x-user: me$"), ("path", "^/api"), ("method", "GET")]))
        s.finish()

    def test_one_filter_goes_out_alone(self):
        """SUB-3: no composite for an agent that knows none."""
        s = self.session("127.0.0.1:1", build="1.8.1", args=["--header-filter", "a: b"])
        self.assertEqual(s.link.wait("subscribe").filter, ("header", "a: b"))
        s.finish()

    def test_a_mirror_subscribes_on_the_other_channel(self):
        """SUB-4, W-6."""
        s = self.session("127.0.0.1:1", args=["--mirror"])
        self.assertEqual(s.link.wait("subscribe").mode, wire.TCP)
        s.finish()

    def test_an_announcement_below_the_newest(self):
        """HS-5."""
        s = self.session("127.0.0.1:1", args=["--protocol-version", "1.19.0"])
        self.assertEqual(s.link.wait("version").version, "1.19.0")
        s.finish()


class AnyTime(Case):
    """HS-20, HS-14, HS-22: logs, OperatorPing and Close come at any time."""

    def test_logs_and_operator_pings_in_every_step(self):
        """HS-20: answered at once, also before the Pong and the version."""
        def noisy(link, m):
            link.send(wire.log_message(f"before {m.kind}", 1) + wire.operator_ping(2**100 + 7))
            link.send({"ping": wire.pong(), "version": wire.version_answer("1.29.0"),
                       "ready_for_logs": b"", "subscribe": wire.subscribed(80)}[m.kind])
        s = self.session("127.0.0.1:1", script={
            k: noisy for k in ("ping", "version", "ready_for_logs", "subscribe")})
        s.link.until(lambda: sum(m.kind == "operator_pong" for m in s.link.said) == 4)
        self.assertTrue(all(m.number == 2**100 + 7 for m in s.link.said
                            if m.kind == "operator_pong"))
        for kind in ("ping", "version", "ready_for_logs", "subscribe"):
            s.daemon.wait_log(f"before {kind}")
        s.finish()

    def test_a_log_line_cannot_forge_the_log(self):
        """House rule: peers' bytes are escaped."""
        s = self.session("127.0.0.1:1")
        s.link.send(wire.log_message("a\n2026-01-01T00:00:00.000Z E fake\x1b[31m" + "x" * 3000, 1))
        s.link.fence()
        line = s.daemon.wait_log("the agent says")
        self.assertIn("\\x0a2026", line)
        self.assertNotIn("\x1b", s.daemon.log)
        s.finish()

    def test_messages_of_no_interest_are_walked_over(self):
        """HS-23 is the original's; here they are counted."""
        s = self.session("127.0.0.1:1")
        for row in ("08000101410131", "0a000100", "0e00000168", "0601000361626303", "0c01027a7a",
                    "09000101610100000000000000000000000000000001", "040207", "0f000007017a"):
            s.link.send(bytes.fromhex(row))
        s.link.fence()
        self.assertEqual(len(s.agent.links), 1)
        s.finish()

    def test_a_pong_that_nobody_asked_for_does_no_harm(self):
        """HS-18 is not followed."""
        s = self.session("127.0.0.1:1")
        s.link.send(wire.pong() * 3)
        s.link.fence()
        s.daemon.wait_log("a pong that nobody asked for", count=3)
        s.finish()

    def test_close_in_use_leads_to_a_new_link(self):
        """HS-22, HS-26: the text is in the log; the session goes on."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app)
        s.link.send(wire.close("maintenance"))
        s.daemon.wait_log("maintenance")
        s.agent.link(1).wait("subscribe")
        s.daemon.wait_log("serving again")
        s.link.request(1)
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        s.finish()

    def test_a_link_may_be_cut_into_single_bytes(self):
        """W-2: messages that arrive byte by byte."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app)
        s.link.expect("http", 5)
        message = wire.http_request("v2", 5, 0, 80, uri="/bytes", fields=[("x", "y")] * 3)
        for i in range(len(message)):
            s.link.send(message[i:i + 1])
        self.assertAnswer(s.link.answer(5), "framed", 200, b"ok")
        s.finish()


class Refused(Case):
    """Exit codes before readiness."""

    def end(self, code, timeout=10, args=(), **session):
        s = self.session("127.0.0.1:1", ready=False, args=args, **session)
        return s.ends_by_itself(code, timeout)

    @seconds(16)
    def test_no_pong_is_77(self):
        """HS-4, DESIGN time-outs: 10 s of silence after the connect."""
        self.assertIn("no pong", self.end(77, 17, script={"ping": lambda link, m: None}))

    @seconds(16)
    def test_no_answer_to_the_version_is_77(self):
        """HS-5: 10 s."""
        self.assertIn("no answer to our version",
                      self.end(77, 17, script={"version": lambda link, m: None}))

    @seconds(16)
    def test_no_answer_to_the_subscription_is_77(self):
        """SUB-19: 15 s."""
        self.assertIn("did not answer the subscription of port 80",
                      self.end(77, 20, on_subscribe=lambda link, m: b""))

    def test_close_instead_of_a_pong_is_77(self):
        """HS-22, HS-39: the text is shown."""
        log = self.end(77, script={"ping": lambda link, m: link.send(wire.close("dirty iptables"))})
        self.assertIn("dirty iptables", log)

    def test_close_instead_of_a_version_is_77(self):
        """HS-22."""
        self.assertIn("go away", self.end(77, script={
            "version": lambda link, m: link.send(wire.close("go away"))}))

    def test_close_at_the_subscription_is_77(self):
        """SUB-24: newest agents say Close(text) for an invalid filter."""
        self.assertIn("bad regex", self.end(77, args=["--header-filter", "("], script={
            "subscribe": lambda link, m: link.send(wire.close("bad regex"))}))

    def test_garbage_is_76(self):
        """W-1: what is no message ends the link, and before readiness the program."""
        self.assertIn("no message of mirrord-protocol",
                      self.end(76, script={"ping": lambda link, m: link.send(b"\xffHTTP/1.1 400")}))

    def test_http_is_76(self):
        """Somebody else's port: the first byte is discriminant 72."""
        self.end(76, script={"ping": lambda link, m: link.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")})

    def test_unreachable_is_69_with_no_retry(self):
        s = Daemon("--agent", f"127.0.0.1:{free_port()}", "-R", "80:1", "--no-retry")
        self.addCleanup(s.kill)
        self.assertEqual(s.wait_exit(), 69, s.log)
        self.assertIn("cannot be reached", s.log)

    def test_unreachable_is_tried_again(self):
        """An agent that comes later is found."""
        port = free_port()
        s = Daemon("--agent", f"127.0.0.1:{port}", "-R", "80:1")
        self.addCleanup(s.kill)
        s.wait_log("trying again")
        agent = Agent()
        self.addCleanup(agent.close)
        relay = socket.create_server(("127.0.0.1", port))
        self.addCleanup(relay.close)
        relay.settimeout(20)
        link = Link(agent, relay.accept()[0])
        agent.links.append(link)
        link.thread.start()
        s.wait_ready()
        s.signal()
        self.assertEqual(s.wait_exit(), 0)

    def test_an_unresolvable_agent_is_69_with_no_retry(self):
        s = Daemon("--agent", "no-such-host.invalid:1", "-R", "80:1", "--no-retry")
        self.addCleanup(s.kill)
        self.assertEqual(s.wait_exit(15), 69, s.log)

    def subscription(self, error, words, **session):
        log = self.end(77, on_subscribe=lambda link, m: wire.subscribe_refused(error), **session)
        for word in words:
            self.assertIn(word, log)

    def test_port_already_stolen_is_77(self):
        """SUB-16."""
        self.subscription(wire.already_stolen(80), ["port 80", "another client"])

    def test_forbidden_is_77(self):
        """SUB-17."""
        self.subscription(wire.forbidden(80, "no-steal"), ["port 80", "no-steal"])

    def test_forbidden_with_reason_is_77(self):
        """SUB-17."""
        self.subscription(wire.forbidden(80, "p1", "ask the operators"),
                          ["p1", "ask the operators"])

    def test_a_bad_filter_is_77(self):
        """SUB-24: old agents answer the subscription."""
        self.subscription(wire.bad_filter("(", "unclosed group"), ["unclosed group"],
                          args=["--header-filter", "("])

    def test_an_error_without_a_port_is_77(self):
        """SUB-18: NotImplemented."""
        self.subscription(wire.uint(8), ["port 80"])

    def unknown(self, version, args, words):
        s = self.session("127.0.0.1:1", ready=False, build=version, args=args)
        log = s.ends_by_itself(77)
        self.assertNotIn("subscribe", [m.kind for m in s.agent.link().said])
        for word in words:
            self.assertIn(word, log)

    def test_a_composite_filter_is_not_sent_below_1_11_0(self):
        """SUB-8: refused with the reason, never widened."""
        self.unknown("1.10.0", ["--header-filter", "a", "--path-filter", "b"], ["1.11.0"])

    def test_a_method_filter_is_not_sent_below_1_20_0(self):
        """SUB-8."""
        self.unknown("1.19.8", ["--method-filter", "GET"], ["1.20.0"])

    def test_a_mirror_filter_is_not_sent_below_1_21_1(self):
        """SUB-5 is not followed: no unfiltered mirror instead."""
        self.unknown("1.21.0", ["--mirror", "--path-filter", "x"], ["1.21.1"])

    def test_an_agent_that_never_bears_the_subscription(self):
        """SUB-24: an echoing agent closes the link at a composite filter; three times are enough."""
        s = self.session("127.0.0.1:1", ready=False, build="1.5.5", echo=True,
                         args=["--header-filter", "a", "--path-filter", "b"])
        self.assertEqual(s.daemon.wait_exit(20), 77, s.daemon.log)
        s.over = True
        self.assertIn("does not know", s.daemon.log)


class Usage(Case):
    """Exit code 2, and all mistakes at once."""

    def run_with(self, *args):
        done = subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=10 * SLOW)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_every_mistake_is_told(self):
        code, _, text = self.run_with("--agent", "nope", "-R", "0:1", "-R", "80:x:y:z", "--workers",
                                      "no", "--steal", "--mirror", "--any-of", "--what",
                                      "--collect-max", "1", "--log-level", "loud", "--ready-fd", "77")
        self.assertEqual(code, 2)
        for word in ("--agent", "-R", "--workers", "exclude each other", "--any-of", "--what",
                     "--collect-max", "--log-level", "--ready-fd", "--help"):
            self.assertIn(word, text)
        self.assertNotIn("no traffic", text)  # it was named, but wrong

    def test_nothing_at_all(self):
        code, _, text = self.run_with()
        self.assertEqual(code, 2)
        self.assertIn("no agent", text)
        self.assertIn("no traffic", text)

    def test_a_near_miss_is_recognised(self):
        code, _, text = self.run_with("--agent", "h:1", "-R", "1", "--header-filer", "x")
        self.assertEqual(code, 2)
        self.assertIn("did you mean --header-filter", text)

    def test_a_port_that_is_none_is_no_host(self):
        code, _, text = self.run_with("--agent", "h:1", "-R", "99999:80")
        self.assertEqual(code, 2)
        self.assertIn('"99999:80"', text)

    def test_a_port_twice(self):
        code, _, text = self.run_with("--agent", "h:1", "-R", "80:1", "-R", "80:2")
        self.assertEqual(code, 2)
        self.assertIn("given twice", text)

    def test_a_prerelease_is_refused(self):
        """W-9: an agent steals nothing for it."""
        code, _, text = self.run_with("--agent", "h:1", "-R", "1", "--protocol-version", "1.8.1-rc1")
        self.assertEqual(code, 2)
        self.assertIn("pre-release", text)

    def test_help_and_version(self):
        for option, word in (("--help", "--spool-max"), ("--version", "mirrord-protocol")):
            code, text, errors = self.run_with(option)
            self.assertEqual((code, errors), (0, ""))
            self.assertIn(word, text)


class Reconnect(Case):
    """DESIGN: a lost link is mended; the ids of the old one are forgotten."""

    def test_another_version_after_a_lost_link(self):
        """HS-29, HS-33, HS-32 (not followed): announced anew, subscribed anew, requests flow."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app)
        s.link.request(1)
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        s.agent.says = "1.7.0"
        s.link.shut()
        s.daemon.wait_log("serving again")
        second = s.agent.link(1)
        self.assertEqual(second.wait("version").version, "1.29.0")
        second.wait("subscribe", port=80)
        second.request(1, "v1")  # the same id, on the new link
        self.assertAnswer(second.answer(1), "framed", 200, b"ok")
        s.finish()

    def test_requests_under_way_are_dropped_with_their_link(self):
        """HS-29, HS-35: the application sees a graceful end, nothing is said on the new link."""
        app = self.keep(HandApp())
        s = self.session(app)
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        s.link.shut()
        self.assertTrue(conn.is_closed())
        second = s.agent.link(1)
        second.wait("subscribe")
        second.fence()
        self.assertEqual([m for m in second.said if hasattr(m, "connection")], [])
        s.finish()

    def test_a_stream_under_way_is_dropped_with_its_link(self):
        """HS-29."""
        app = self.keep(HandApp())
        s = self.session(app)
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        s.link.head(1)
        s.link.shut()
        self.assertTrue(conn.is_closed())
        s.agent.link(1).wait("subscribe")
        s.finish()

    def test_a_filter_that_the_next_agent_does_not_know_is_suspended(self):
        """SUB-5, SUB-8: said and not widened; it is served again when an agent knows it."""
        s = self.session("127.0.0.1:1", args=["--method-filter", "GET"])
        s.agent.says = "1.19.8"
        s.link.shut()
        s.daemon.wait_log("a port is not served while this agent is connected")
        second = s.agent.link(1)
        second.fence()
        self.assertNotIn("subscribe", [m.kind for m in second.said])
        s.agent.says = None
        second.shut()
        s.daemon.wait_log("serving again")
        s.finish()

    def test_a_refusal_after_a_reconnect_does_not_end_the_program(self):
        """SUB-17: confirmed before, refused now."""
        s = self.session("127.0.0.1:1")
        s.agent.on_subscribe = lambda link, m: wire.subscribe_refused(wire.already_stolen(80))
        s.link.shut()
        s.daemon.wait_log("a port is not served while this agent is connected")
        self.assertTrue(s.daemon.is_alive())
        s.finish()

    def test_a_pool_outlives_a_link(self):
        """HS-29: idle local connections are kept."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app)
        s.link.request(1)
        s.link.answer(1)
        s.link.shut()
        s.daemon.wait_log("serving again")
        s.link.request(1)
        s.link.answer(1)
        self.assertEqual(app.count, 1)
        s.finish()
