"""What no agent should send: a log line, and nothing dies that need not."""
import random

import wire
from apps import HandApp, ParkingApp, ServerApp, ends_of, keep_alive, wait_taken
from case import Case


class BadInput(Case):
    def served(self):
        app = self.keep(ServerApp(keep_alive()))
        return self.session(app)

    def goes_on(self, s, connection=900):
        """On whatever link there is now."""
        link = s.agent.links[-1]
        link.request(connection)
        self.assertAnswer(link.answer(connection), "framed", 200, b"ok")

    def loses_the_link(self, payload, half=False):
        """Undecodable: this link ends with a log line, the next one serves."""
        s = self.served()
        first = s.link
        first.send(payload)
        if half:
            first.shut()
        first.wait_end()
        s.daemon.wait_log("serving again")
        if not half:
            self.assertIn("no message of mirrord-protocol", s.daemon.log)
        self.goes_on(s)
        s.finish()

    def bears(self, *payloads):
        """Decodable and wrong: the link goes on."""
        s = self.served()
        for payload in payloads:
            s.link.send(payload)
        s.link.fence()
        self.goes_on(s)
        self.assertEqual(len(s.agent.links), 1)
        s.finish()

    def test_an_unknown_message(self):
        """W-3."""
        self.loses_the_link(b"\x10")

    def test_an_unknown_traffic_message(self):
        """W-3."""
        self.loses_the_link(b"\x02\x08")

    def test_a_bad_bool(self):
        self.loses_the_link(wire.request_body(1, 0, [], False)[:-3] + b"\x02\x01\x00")

    def test_a_bad_method(self):
        """W-7."""
        self.loses_the_link(wire.http_request("v2", 1, 0, 80, method="G T"))

    def test_a_bad_header_value(self):
        """W-7: it would split the request to the application."""
        self.loses_the_link(wire.http_request("v2", 1, 0, 80, fields=[("x", "a\r\nevil: b")]))

    def test_a_bad_header_name(self):
        self.loses_the_link(wire.http_request("v2", 1, 0, 80, fields=[("x y", "a")]))

    def test_a_uri_with_a_line_end(self):
        """W-7."""
        self.loses_the_link(wire.http_request("v2", 1, 0, 80, uri="/ HTTP/1.1\r\nevil: b"))

    def test_a_bad_version_of_http(self):
        self.loses_the_link(wire.http_request("v2", 1, 0, 80, version="HTTP/1.2"))

    def test_a_bad_protocol_version(self):
        self.loses_the_link(wire.version_answer("1.8"))

    def test_a_number_with_the_reserved_mark(self):
        self.loses_the_link(b"\x02\x02\xff")

    def test_a_message_that_breaks_off(self):
        """AG-41: the link ends in the middle of one."""
        self.loses_the_link(wire.http_request("v2", 1, 0, 80)[:20], half=True)

    def absurd(self, payload):
        """An absurd length: nothing is allocated nor reserved for it; an error, or the wait for bytes that never
        come."""
        s = self.served()
        link, ends = s.link, ends_of(s.link.sock)
        peak, held = s.daemon.status_kib("VmPeak"), s.daemon.status_kib("VmHWM")
        try:
            link.send(payload + b"x" * 200000)
        except OSError:
            pass  # it was an error
        wait_taken(ends)
        link.shut()
        s.daemon.wait_log("serving again")
        # both are marks of the highest: they tell of what was given back, too. The C library reserves 128 MiB for
        # a thread that allocates for the first time, which may be now.
        self.assertLess(s.daemon.status_kib("VmPeak"), peak + 512 * 1024, payload)
        self.assertLess(s.daemon.status_kib("VmHWM"), held + 8 * 1024, payload)
        self.goes_on(s)
        s.finish()

    def check_lengths(self, length):
        huge = wire.uint(length)
        for payload in (b"\x05" + huge, b"\x02\x06\x00" + huge, b"\x02\x06\x00\x03GET\x01/" + huge,
                        b"\x02\x06\x01" + huge, b"\x02\x06\x01\x01\x00" + huge,
                        b"\x02\x04\x03GET\x01/\x00\x08HTTP/1.1" + huge, b"\x0b" + huge,
                        b"\x02\x01\x05" + huge):
            self.absurd(payload)

    def test_absurd_lengths(self):
        """AG-42: of a log text, a method, a header map, a frame list, a body, a version, a Data."""
        self.check_lengths(1 << 62)

    def test_lengths_that_memory_might_be_had_for(self):
        """AG-42: of 3 GiB, where a malloc does not fail."""
        self.check_lengths(3 << 30)

    def test_random_bytes(self):
        """A link of noise, thirty times: the program lives and serves."""
        s = self.served()
        noise = random.Random(7)
        for i in range(30):
            link = s.agent.link(i)
            link.wait("ready_for_logs")
            try:
                link.send(bytes([noise.choice([1, 2, 5, 8, 11, 13])]) + noise.randbytes(300))
                link.shut()
            except OSError:
                pass
        s.agent.link(30).wait("subscribe")
        self.goes_on(s)
        s.finish()
    test_random_bytes.seconds = 12

    def test_messages_that_are_changed_a_little(self):
        """Every byte of a request changed: an answer, silence or a lost link, never an end."""
        s = self.served()
        message = wire.http_request("v2", 3, 0, 80, fields=[("host", "h")], body=[b"x"])
        noise = random.Random(11)
        for at in range(len(message)):
            changed = bytearray(message)
            changed[at] = noise.randrange(256)
            link = s.agent.links[-1]
            try:
                link.send(bytes(changed))
            except OSError:
                pass
            if at % 12 == 11:
                link.shut()
                s.agent.link(len(s.agent.links)).wait("subscribe")
        number = len(s.agent.links)
        s.agent.link(number - 1).shut()
        s.agent.link(number).wait("subscribe")
        for link in s.agent.links:
            link.violations.clear()  # answers to what was not asked as the test thinks
        s.daemon.wait_log("serving again")
        self.goes_on(s)
        s.finish()
    test_messages_that_are_changed_a_little.seconds = 5

    def test_ids_that_nobody_knows(self):
        """SUB-21, TCP-15, AG-14."""
        self.bears(wire.data(77, b"x"), wire.data(77, b""), wire.close_connection(77),
                   wire.request_body(77, 0, [b"x"], True), wire.request_error(77, 0),
                   wire.request_error(77, 3, "text"), wire.close_connection(77, wire.TCP),
                   wire.data(2**64 - 1, b"x"))

    def test_body_before_start(self):
        """DEL-5, SUB-21."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app)
        s.link.body(4, [b"x"], last=True)
        s.link.request(4)
        self.assertAnswer(s.link.answer(4), "framed", 200, b"ok")
        s.finish()

    def test_a_request_on_a_raw_connection(self):
        """W-4, DEL-3: the agent mixes what an id is."""
        def hold(conn):
            while conn.sock.recv(1000):
                pass
        app = self.keep(ServerApp(hold))
        s = self.session(app)
        s.link.connect(4)
        s.link.data(4, b"x")
        s.link.body(4, [b"y"], last=True)
        s.link.send(wire.request_error(4, 0))
        s.link.fence()
        self.assertFalse(s.link.raw(4).unsubscribed)
        s.link.close_id(4)
        s.finish()

    def test_a_new_connection_on_a_live_id(self):
        """DEL-3's like: the second is refused, the first lives."""
        def echo(conn):
            while received := conn.sock.recv(1000):
                conn.send(received)
        app = self.keep(ServerApp(echo))
        s = self.session(app)
        s.link.connect(4)
        s.link.data(4, b"one")
        s.link.wait_data(4, b"one")
        s.link.send(wire.new_connection(4, 80))
        s.link.fence()
        s.link.data(4, b"two")
        s.link.wait_data(4, b"onetwo")
        self.assertEqual(app.count, 1)
        s.link.close_id(4)
        s.finish()

    def test_an_id_is_used_again_right_behind_its_close(self):
        """W-4, AG-5: the agent may do so, the old exchange need not have ended here."""
        app = self.keep(ParkingApp())
        for workers in ("1", "2"):
            s = self.session(app, args=["--workers", workers])
            s.link.request(1, uri=f"/old{workers}")
            app.wait_parked(1)
            s.link.exchanges.clear()
            s.link.expect("http", 1)
            s.link.send(wire.close_connection(1) +
                        wire.http_request("v2", 1, 0, 80, uri=f"/new{workers}"))
            with app.changed:
                app.changed.wait_for(lambda: f"/new{workers}" in app.parked, 5)
            self.assertIn(f"/new{workers}", app.parked, s.daemon.log)
            app.parked[f"/new{workers}"].answer(b"new")
            self.assertAnswer(s.link.answer(1), "framed", 200, b"new")
            s.finish()

    def test_a_raw_id_is_used_again_right_behind_its_close(self):
        """W-4, TCP-15."""
        app = self.keep(HandApp())
        for workers in ("1", "2"):
            s = self.session(app, args=["--workers", workers])
            s.link.connect(1)
            old = app.accept()
            s.link.send(wire.close_connection(1) + wire.new_connection(1, 80))
            new = app.accept()
            self.assertTrue(old.is_closed())
            new.send(b"new")
            s.link.wait_data(1, b"new")
            s.link.close_id(1)
            s.finish()

    def test_a_subscription_answer_that_nobody_waits_for(self):
        """SUB-11, SUB-16: a second word about a settled port."""
        self.bears(wire.subscribed(80), wire.subscribed(81), wire.subscribe_refused(
            wire.already_stolen(80)), wire.subscribe_refused(wire.uint(8)),
            wire.subscribed(80, wire.TCP))

    def test_a_request_for_a_port_that_was_not_asked_for(self):
        """SUB-20: 502, not silence."""
        s = self.served()
        s.link.request(1, port=81)
        answer = s.link.answer(1)
        self.assertAnswer(answer, "basic", 502)
        self.assertIn(b"no longer subscribed", answer.body)
        self.goes_on(s)
        s.finish()

    def test_trailers_where_none_may_be(self):
        """A Body of trailers, then data: no crash, the application sees an end."""
        # in one go: between two of them the application might answer
        self.bears(wire.http_request("v2", 3, 0, 80, method="POST", last=False,
                                     fields=[("transfer-encoding", "chunked")])
                   + wire.request_body(3, 0, [[("x", "y")], b"data"], True)
                   + wire.close_connection(3))

    def test_a_flood_of_small_messages(self):
        """LINK_TURN_MESSAGES: 200 000 messages in one go; then a ping in the middle of more of them is
        answered while they still come."""
        s = self.served()
        some = wire.data(77, b"x") * 1000 + wire.log_message("x", 2) * 3
        s.link.send(some * 200)
        s.link.fence(20)
        s.link.send(some * 50 + wire.operator_ping(1 << 40))
        more = 0
        while not any(m.kind == "operator_pong" and m.number == 1 << 40 for m in s.link.said):
            self.assertLess(more, 10000)
            s.link.send(some)
            more += 1
        s.link.fence(20)
        self.goes_on(s)
        s.finish()

    def test_a_message_larger_than_the_limit_is_413(self):
        """--agent-message-max: a Framed request that cannot be streamed; the link goes on."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app, build="1.5.5", args=["--agent-message-max", "1M"])
        s.link.request(1, "framed", method="POST", fields=[("content-length", "2000000")],
                       body=[b"x" * 2000000])
        self.assertAnswer(s.link.answer(1), "basic", 413)
        s.link.request(2, "framed")
        self.assertAnswer(s.link.answer(2), "framed", 200, b"ok")
        s.finish()
