"""In which form an answer goes to this very agent: the variant of the request first, then the version."""
from apps import HandApp, ServerApp, keep_alive
from case import Case


class Format(Case):
    """RSP-6, RSP-7, RSP-8: the table of answer formats, on the wire."""

    def begun(self, variant, **session):
        """A session, a request of this variant, and the application's end with the request read."""
        app = self.keep(HandApp())
        s = self.session(app, **session)
        s.link.request(1, variant)
        conn = app.accept()
        conn.read_head()
        return s, conn

    def whole(self, variant, **session):
        s, conn = self.begun(variant, **session)
        conn.answer(b"hello")
        answer = s.link.answer(1)
        s.finish()
        self.assertEqual((answer.status, answer.body), (200, b"hello"))
        return answer.format

    def late(self, variant, **session):
        """The body comes later than the head, in two pieces; -> the format."""
        s, conn = self.begun(variant, **session)
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
        conn.taken()
        conn.send(b"first")
        conn.taken()
        conn.send(b"other")
        answer = s.link.answer(1)
        s.finish()
        self.assertEqual((answer.status, answer.body), (200, b"firstother"))
        return answer.format

    def test_basic_request_gets_basic_answer(self):
        """RSP-7: HttpRequest -> HttpResponse, whatever the version; AG-43."""
        self.assertEqual(self.whole("basic"), "basic")

    def test_basic_request_gets_basic_answer_when_the_body_is_late(self):
        """RSP-7."""
        self.assertEqual(self.late("basic"), "basic")

    def test_framed_request_gets_framed_answer(self):
        """RSP-7."""
        self.assertEqual(self.whole("framed"), "framed")

    def test_framed_request_gets_framed_answer_when_the_body_is_late(self):
        """RSP-7, HS-12: an agent that says 1.29.0 and sends Framed knows nothing newer than Framed."""
        self.assertEqual(self.late("framed"), "framed")

    def test_an_echoing_agent_is_never_streamed_to(self):
        """HS-12, RSP-6, AG-46: build 1.5.5 echoes 1.29.0; it could not decode a Start."""
        app = self.keep(HandApp())
        s = self.session(app, build="1.5.5", echo=True)
        self.assertEqual(s.link.version, "1.29.0")
        s.link.request(1, "framed")
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        conn.taken()
        conn.send(b"0\r\n\r\n")
        self.assertAnswer(s.link.answer(1), "framed", 200, b"abc")
        s.finish()

    def test_an_echoing_agent_of_before_framed_messages_gets_basic(self):
        """HS-11, RSP-7: it echoes and sends HttpRequest."""
        self.assertEqual(self.late("basic", build="1.3.4", echo=True), "basic")

    def test_start_v1_with_the_whole_answer_in_one_write_gets_framed(self):
        """RSP-8."""
        self.assertEqual(self.whole("v1", build="1.8.1"), "framed")

    def test_start_v2_with_the_whole_answer_in_one_write_gets_framed(self):
        """RSP-8."""
        self.assertEqual(self.whole("v2"), "framed")

    def test_start_v1_is_streamed_to_from_1_8_1_on(self):
        """RSP-7, RSP-10."""
        self.assertEqual(self.late("v1", build="1.8.1"), "chunked")

    def test_start_v2_is_streamed_to(self):
        """RSP-10."""
        self.assertEqual(self.late("v2"), "chunked")

    def test_start_v1_gets_framed_from_an_agent_of_1_7_0(self):
        """RSP-6 (b), #2562: it cannot decode a streamed answer."""
        self.assertEqual(self.late("v1", build="1.7.0"), "framed")

    def test_start_v1_gets_framed_from_an_agent_of_1_8_0(self):
        """The gate is 1.8.1, not 1.8.0 (RSP-2)."""
        self.assertEqual(self.late("v1", build="1.8.0"), "framed")

    def test_what_our_own_announcement_lowers_is_kept_to(self):
        """--protocol-version 1.7.0 with the newest agent: its answer is 1.7.0, and Framed goes to it."""
        self.assertEqual(self.late("v1", args=["--protocol-version", "1.7.0"]), "framed")

    def test_an_agent_that_does_not_negotiate_gets_basic(self):
        """HS-13, RSP-2: it closes the link at SwitchProtocolVersion and comes back without."""
        app = self.keep(HandApp())
        s = self.session(app, build="1.2.2")
        self.assertIn("not negotiated", s.ready_line)
        self.assertEqual(len(s.agent.links), 2)
        self.assertIn("SwitchProtocolVersion", s.agent.links[0].undecodable)
        s.link.request(1, "basic")
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
        conn.taken()
        conn.send(b"late")
        self.assertAnswer(s.link.answer(1), "basic", 200, b"late")
        s.finish(decodable=False)

    def test_a_silent_client_of_3_107_is_sent_v1_and_answers_framed(self):
        """HS-11: not negotiated, yet StartV1 comes; nothing says 1.8.1, so it is not streamed to."""
        app = self.keep(HandApp())
        s = self.session(app, build="1.8.1", script={"version": lambda link, m: link.shut()})
        s.link.request(1, "v1")
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
        conn.taken()
        conn.send(b"late")
        self.assertAnswer(s.link.answer(1), "framed", 200, b"late")
        s.finish()


class Streams(Case):
    """RSP-10: the course of a streamed answer."""

    def started(self, head, **request):
        app = self.keep(HandApp())
        s = self.session(app)
        s.link.request(1, **request)
        conn = app.accept()
        conn.read_head()
        conn.send(head)
        return s, conn, s.link.head(1)

    def test_start_goes_out_before_the_first_body_byte(self):
        """DEL-48, RSP-10: server-sent events, each event as it comes."""
        s, conn, a = self.started(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                                  b"transfer-encoding: chunked\r\n\r\n")
        self.assertEqual((a.format, a.parts), ("chunked", [[]]))
        for event in (b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"):
            conn.send(b"%x\r\n" % len(event), event, b"\r\n")
            s.link.until(lambda: a.body.endswith(event), what="the event")
        self.assertIsNone(a.ended)
        conn.send(b"0\r\n\r\n")
        s.link.answer(1)
        self.assertEqual(a.ended, "last")
        self.assertEqual(a.header("transfer-encoding"), ["chunked"])  # DEL-21
        s.finish()

    def test_a_close_delimited_answer_ends_with_the_connection(self):
        """DEL-23, #2268: HTTP/1.0 without length."""
        s, conn, a = self.started(b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        self.assertEqual((a.format, a.head.version), ("chunked", "HTTP/1.0"))  # DEL-24
        conn.send(b"to the end")
        s.link.until(lambda: a.body == b"to the end", what="the body")
        self.assertIsNone(a.ended)
        conn.close()
        s.link.answer(1)
        self.assertEqual(a.ended, "last")
        s.finish()

    def test_a_close_delimited_answer_is_collected_for_an_old_agent(self):
        """DEL-23, RSP-7."""
        app = self.keep(HandApp())
        s = self.session(app, build="1.7.0")
        s.link.request(1, "v1")
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.0 200 OK\r\n\r\nto the ")
        conn.taken()
        conn.send(b"end")
        conn.close()
        self.assertAnswer(s.link.answer(1), "framed", 200, b"to the end")
        s.finish()

    def test_a_stream_that_breaks_off_ends_with_error(self):
        """RSP-13: nothing but Error, no second answer."""
        s, conn, a = self.started(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        conn.send(b"some")
        s.link.until(lambda: a.body == b"some", what="the body")
        conn.close()
        s.link.answer(1)
        self.assertEqual(a.ended, "error")
        s.finish()

    def test_a_stream_with_a_bad_chunk_ends_with_error(self):
        """RSP-13, DEL-30."""
        s, conn, a = self.started(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        conn.send(b"3\r\nabc\r\nzz\r\n")
        s.link.answer(1)
        self.assertEqual(a.ended, "error")
        s.finish()

    def test_a_break_before_anything_was_sent_on_becomes_502(self):
        """RSP-12, for an agent that gets its answers whole."""
        app = self.keep(HandApp())
        s = self.session(app, build="1.7.0")
        s.link.request(1, "v1", method="POST", fields=[("content-length", "0")])
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome")
        conn.taken()
        conn.close()
        answer = s.link.answer(1)
        self.assertAnswer(answer, "basic", 502)
        self.assertIn(b"middle of its answer", answer.body)
        s.finish()

    def test_the_end_may_be_told_alone(self):
        """RSP-10, DEL-5: exactly one is_last, though it comes with no frame."""
        s, conn, a = self.started(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        conn.send(b"1\r\nx\r\n")
        s.link.until(lambda: a.body == b"x", what="the body")
        conn.send(b"0\r\n\r\n")
        s.link.answer(1)
        self.assertEqual(a.parts[-1], [])
        s.finish()


class Bodies(Case):
    """RSP-9: answers without a body, and what is not an answer yet."""

    def reply(self, *pieces, method="GET", close=False, variant="v2", **session):
        app = self.keep(HandApp())
        s = self.session(app, **session)
        s.link.request(1, variant, method=method)
        conn = app.accept()
        conn.read_head()
        for piece in pieces:
            conn.send(piece)
            conn.taken()
        if close:
            conn.close()
        answer = s.link.answer(1)
        s.finish()
        return answer

    def assertEmpty(self, answer, status):
        """One Framed with zero frames (RSP-8, #3555)."""
        self.assertAnswer(answer, "framed", status, b"")
        self.assertEqual(answer.parts, [[]])

    def test_head_is_answered_without_a_body(self):
        """DEL-23: its content-length is not waited for."""
        answer = self.reply(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", method="HEAD")
        self.assertEmpty(answer, 200)
        self.assertEqual(answer.header("content-length"), ["5000"])

    def test_204_is_answered_without_a_body(self):
        """DEL-23, with a coding that must not be waited for."""
        self.assertEmpty(self.reply(
            b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n"), 204)

    def test_304_is_answered_without_a_body(self):
        """DEL-23, with a length that must not be waited for."""
        self.assertEmpty(self.reply(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n"), 304)

    def test_length_0_is_answered_without_frames(self):
        """RSP-9, DEL-47."""
        self.assertEmpty(self.reply(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 200)

    def test_an_empty_chunked_body_in_one_write_is_answered_without_frames(self):
        """RSP-8, DEL-18."""
        self.assertEmpty(self.reply(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 200)

    def test_a_basic_answer_may_be_empty(self):
        """RSP-7."""
        self.assertAnswer(self.reply(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                                     variant="basic"), "basic", 200, b"")

    def test_interim_answers_are_skipped(self):
        """DEL-22: 100 and 103, alone and right before the answer."""
        answer = self.reply(b"HTTP/1.1 100 Continue\r\n\r\n",
                            b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
                            b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok")
        self.assertAnswer(answer, "framed", 201, b"ok")
        self.assertEqual(answer.header("link"), [])

    def test_a_close_delimited_answer_that_ends_at_once(self):
        """DEL-23: head, body and FIN may be seen together or not (RSP-9)."""
        answer = self.reply(b"HTTP/1.1 200 OK\r\n\r\nall", close=True)
        self.assertIn(answer.format, ("framed", "chunked"))
        self.assertEqual((answer.body, answer.ended), (b"all", "last"))

    def test_repeated_headers_are_kept_in_order(self):
        """W-7, DEL-16: a list of values for each name, lower case."""
        answer = self.reply(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-B: \xff\tz\r\nset-cookie: b=2\r\n"
                            b"Content-Length: 0\r\n\r\n")
        self.assertEqual(answer.header("set-cookie"), ["a=1", "b=2"])
        self.assertEqual(answer.header("x-b"), ["\xff\tz"])

    def test_a_large_answer_arrives_whole(self):
        """RSP-10: 5 MB with a length."""
        body = bytes(range(256)) * 20000
        app = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(body))))
        s = self.session(app)
        s.link.request(1)
        answer = s.link.answer(1)
        self.assertEqual((answer.format, answer.body == body), ("chunked", True))
        s.finish()

    def test_a_large_answer_arrives_whole_at_an_old_agent(self):
        """RSP-7: 5 MB, in one message."""
        body = bytes(range(256)) * 20000
        app = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(body))))
        s = self.session(app, build="1.7.0")
        s.link.request(1, "v1")
        answer = s.link.answer(1)
        self.assertEqual((answer.format, answer.body == body), ("framed", True))
        s.finish()


class Trailers(Case):
    """DEL-46, DEL-19: trailers both ways."""

    ANSWER = (b"HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n"
              b"3\r\nabc\r\n", b"0\r\nx-sum: 7\r\nX-Sum: 8\r\n\r\n")

    def reply(self, pieces, variant="v2", **session):
        app = self.keep(HandApp())
        s = self.session(app, **session)
        s.link.request(1, variant, fields=[("te", "trailers")])
        conn = app.accept()
        conn.read_head()
        for piece in pieces:
            conn.send(piece)
            conn.taken()
        answer = s.link.answer(1)
        s.finish()
        return answer

    def assertTrailers(self, answer, format):
        self.assertAnswer(answer, format, 200, b"abc")
        self.assertEqual(answer.trailers, [(b"x-sum", b"7"), (b"x-sum", b"8")])
        self.assertIsInstance([f for part in answer.parts for f in part][-1], list)  # RSP-11

    def test_trailers_of_a_whole_answer_are_a_frame(self):
        self.assertTrailers(self.reply([b"".join(self.ANSWER)]), "framed")

    def test_trailers_of_a_stream_come_with_the_end(self):
        self.assertTrailers(self.reply(self.ANSWER), "chunked")

    def test_trailers_are_collected_for_an_old_agent(self):
        self.assertTrailers(self.reply(self.ANSWER, "framed", build="1.5.5", echo=True), "framed")

    def test_trailers_are_lost_in_a_basic_answer(self):
        """DEL-46: HttpResponse has no room for them."""
        answer = self.reply(self.ANSWER, "basic")
        self.assertAnswer(answer, "basic", 200, b"abc")
        self.assertEqual(answer.trailers, [])

    def request(self, fields, body, **rest):
        app = self.keep(HandApp())
        s = self.session(app)
        s.link.request(1, method="POST", fields=fields, body=body, **rest)
        conn = app.accept()
        conn.read_head()
        got = conn.read_chunked()
        conn.answer()
        s.link.answer(1)
        s.finish()
        return got

    def test_request_trailers_reach_the_application(self):
        """DEL-19: with chunked coding, and only what the Trailer header lists."""
        body, trailers = self.request([("transfer-encoding", "chunked"), ("trailer", "x-sum")],
                                      [b"abc", [("x-sum", "7"), ("x-other", "1")]])
        self.assertEqual((body, trailers), (b"abc", [b"x-sum: 7"]))

    def test_request_trailers_that_are_not_announced_are_dropped(self):
        """DEL-19."""
        body, trailers = self.request([("transfer-encoding", "chunked")],
                                      [b"abc", [("x-sum", "7")]])
        self.assertEqual((body, trailers), (b"abc", []))
