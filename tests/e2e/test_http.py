"""Requests on their way to the application over HTTP/1, and what comes of answers that are none."""
import threading
import time

import wire
from apps import HandApp, Listener, ServerApp, free_port, keep_alive
from case import Case
from daemon import SLOW


class Http(Case):
    def started(self, **session):
        app = self.keep(HandApp())
        return app, self.session(app, **session)

    def serve_next(self, s, app, connection, conn=None):
        """Everything else goes on: another request is served."""
        s.link.request(connection)
        conn = conn or app.accept()
        conn.read_head()
        conn.answer(b"fine")
        self.assertAnswer(s.link.answer(connection), "framed", 200, b"fine")


class Requests(Http):
    """DEL-13 to DEL-21: the request as the application sees it."""

    def head_of(self, **request):
        app, s = self.started()
        s.link.request(1, **request)
        conn = app.accept()
        head = conn.read_head()
        conn.answer()
        s.link.answer(1)
        s.finish()
        return head

    def test_a_get_arrives_as_it_was(self):
        """DEL-14, DEL-16, DEL-17.3, DEL-21: nothing added, nothing removed but blanks around a value."""
        self.assertEqual(self.head_of(uri="/a%20b?c=d", fields=[
            ("host", "h"), ("x-a", "1"), ("connection", "keep-alive"), ("x-b", "\t2")]),
            b"GET /a%20b?c=d HTTP/1.1\r\nhost: h\r\nx-a: 1\r\nconnection: keep-alive\r\n"
            b"x-b: 2\r\n\r\n")

    def test_an_absolute_uri_stays_absolute(self):
        """DEL-14."""
        self.assertTrue(self.head_of(uri="http://h/x").startswith(b"GET http://h/x HTTP/1.1\r\n"))

    def test_http_1_0_stays_1_0(self):
        """DEL-13."""
        self.assertTrue(self.head_of(version="HTTP/1.0").startswith(b"GET / HTTP/1.0\r\n"))

    def test_http_2_is_refused_by_name(self):
        """DESIGN: this version delivers HTTP/1 only; nothing reaches the application."""
        app, s = self.started()
        s.link.request(1, uri="http://h/", version="HTTP/2.0")
        answer = s.link.answer(1)
        self.assertAnswer(answer, "basic", 502)
        self.assertEqual(answer.head.version, "HTTP/2.0")  # RSP-15
        self.assertIn(b"HTTP/2", answer.body)
        self.serve_next(s, app, 2)
        self.assertEqual(app.count, 1)
        s.finish()

    def test_a_length_and_a_body(self):
        """DEL-17.2."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("content-length", "5")], body=[b"hello"])
        conn = app.accept()
        self.assertIn(b"content-length: 5", conn.read_head())
        self.assertEqual(conn.read(5), b"hello")
        conn.answer()
        s.link.answer(1)
        self.serve_next(s, app, 2, conn)
        s.finish()

    def test_a_body_beyond_its_length_is_cut(self):
        """DEL-17.2: the connection stays in step."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("content-length", "5")], body=[b"hello world"])
        conn = app.accept()
        conn.read_head()
        self.assertEqual(conn.read(5), b"hello")
        conn.answer()
        s.link.answer(1)
        s.link.request(2)
        self.assertTrue(conn.read_head().startswith(b"GET / "))
        conn.answer()
        s.link.answer(2)
        s.finish()

    def test_a_body_short_of_its_length_ends_the_connection(self):
        """DEL-17.2: the application must not take it for whole."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("content-length", "50")], body=[b"hello"])
        conn = app.accept()
        conn.read_head()
        conn.read(5)
        self.assertTrue(conn.is_closed())
        answer = s.link.answer(1)
        self.assertAnswer(answer, "basic", 502)
        self.assertIn(b"shorter than its content-length", answer.body)
        s.finish()

    def test_a_conflicting_length_is_refused(self):
        """DEL-17, RFC 9112, 6.3: smuggling."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("content-length", "5"), ("content-length", "6")],
                       body=[b"hello"])
        self.assertAnswer(s.link.answer(1), "basic", 502)
        s.finish()

    def test_a_coding_beats_a_length(self):
        """DEL-17.1."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("content-length", "3"),
                                                 ("transfer-encoding", "chunked")], body=[b"hello"])
        conn = app.accept()
        self.assertNotIn(b"content-length", conn.read_head())
        self.assertEqual(conn.read_chunked(), (b"hello", []))
        conn.answer()
        s.link.answer(1)
        s.finish()

    def test_an_upload_is_streamed_as_it_comes(self):
        """DEL-48, test streams_request_body_frames: each part arrives before the next is sent."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("transfer-encoding", "chunked")], last=False)
        conn = app.accept()
        conn.read_head()
        for part in (b"one", b"two", b"three" * 10000):
            s.link.body(1, [part])
            got = b""
            while len(got) < len(part):
                got += conn.read_chunk()
            self.assertEqual(got, part)
        s.link.body(1, [], last=True)
        self.assertEqual(conn.read_chunked(), (b"", []))
        conn.answer()
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        s.finish()

    def test_empty_frames_end_nothing(self):
        """DEL-18: an empty data frame is no end of a chunked body."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("transfer-encoding", "chunked")], last=False,
                       body=[b""])
        conn = app.accept()
        conn.read_head()
        s.link.body(1, [b"", b"a", b""])
        s.link.body(1, [b""])
        s.link.body(1, [b"b"], last=True)
        self.assertEqual(conn.read_chunked(), (b"ab", []))
        conn.answer()
        s.link.answer(1)
        s.finish()

    def test_an_empty_streamed_request_ends(self):
        """DEL-5, #2592."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("transfer-encoding", "chunked")], last=False)
        conn = app.accept()
        conn.read_head()
        s.link.body(1, [], last=True)
        self.assertEqual(conn.read_chunked(), (b"", []))
        conn.answer()
        s.link.answer(1)
        s.finish()

    def test_a_body_after_its_end_is_dropped(self):
        """DEL-5, SUB-21."""
        app, s = self.started()
        s.link.request(1, method="POST", fields=[("transfer-encoding", "chunked")], body=[b"x"])
        s.link.body(1, [b"late"], last=True)
        conn = app.accept()
        conn.read_head()
        self.assertEqual(conn.read_chunked(), (b"x", []))
        conn.answer()
        s.link.answer(1)
        s.link.body(1, [b"much too late"], last=True)
        self.serve_next(s, app, 2, conn)
        s.finish()

    def test_a_delete_whose_end_never_comes(self):
        """AG-45: agents 3.107.0 to 3.109.x send StartV1 and nothing more; the head tells the end."""
        app, s = self.started(build="1.8.1")
        for i, method in enumerate(("DELETE", "POST", "GET", "HEAD")):
            s.link.request(i, "v1", method=method)
            conn = app.accept() if i == 0 else conn
            self.assertEqual(conn.read_head(), b"%s / HTTP/1.1\r\n\r\n" % method.encode())
            conn.answer(b"" if method == "HEAD" else b"done")
            self.assertEqual(s.link.answer(i).status, 200)
            s.link.close_id(i)
        self.assertEqual(app.count, 1)  # the connection was complete each time, and used again
        s.finish()

    def test_a_post_with_a_length_whose_end_never_comes(self):
        """AG-45: length reached."""
        app, s = self.started(build="1.8.1")
        s.link.request(1, "v1", method="POST", fields=[("content-length", "4")], body=[b"body"])
        conn = app.accept()
        conn.read_head()
        self.assertEqual(conn.read(4), b"body")
        conn.answer()
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        self.serve_next(s, app, 2, conn)
        s.finish()

    def test_expect_100_continue(self):
        """DEL-22: forwarded; the body is not held back; the application's 100 is swallowed."""
        app, s = self.started()
        s.link.request(1, method="PUT", last=False, fields=[("expect", "100-continue"),
                                                            ("content-length", "4")])
        conn = app.accept()
        self.assertIn(b"expect: 100-continue", conn.read_head())
        conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        s.link.body(1, [b"body"], last=True)
        self.assertEqual(conn.read(4), b"body")
        conn.answer(b"stored", b"201 Created")
        self.assertAnswer(s.link.answer(1), "framed", 201, b"stored")
        s.finish()

    def test_a_request_of_basic_and_framed_with_a_body(self):
        """DEL-1."""
        app, s = self.started()
        for i, variant in enumerate(("basic", "framed")):
            s.link.request(i, variant, method="POST", fields=[("content-length", "6")],
                           body=[b"abc", b"def"])
            conn = conn if i else app.accept()
            conn.read_head()
            self.assertEqual(conn.read(6), b"abcdef")
            conn.answer()
            self.assertAnswer(s.link.answer(i), variant, 200, b"ok")
        s.finish()


class Pool(Http):
    """DEL-33 to DEL-37: connections to the application are used again."""

    def test_serial_requests_share_a_connection(self):
        """DEL-37, test reuses_client_connections: the listener is closed after the first accept."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        app.close()
        for i in range(1, 21):
            if i > 1:
                s.link.request(i)
            conn.read_head()
            conn.answer()
            self.assertAnswer(s.link.answer(i), "framed", 200, b"ok")
            s.link.close_id(i)
        s.finish()

    def test_concurrent_requests_have_a_connection_each(self):
        """DEL-34."""
        app, s = self.started()
        conns = []
        for i in range(10):
            s.link.request(i)
            conns.append(app.accept())
        for conn in conns:
            conn.read_head()
            conn.answer()
        for i in range(10):
            s.link.answer(i)
        self.assertEqual(app.count, 10)
        s.finish()

    def test_connection_close_is_obeyed(self):
        """DEL-35."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.answer(fields=b"connection: close\r\n")
        s.link.answer(1)
        self.assertTrue(conn.is_closed())
        self.serve_next(s, app, 2)
        s.finish()

    def test_an_early_answer_does_not_go_back_to_the_pool(self):
        """DEL-38, AG-23: the answer is delivered at once; the rest of the upload is dropped."""
        app, s = self.started()
        s.link.request(1, method="POST", last=False, fields=[("transfer-encoding", "chunked")])
        conn = app.accept()
        conn.read_head()
        conn.answer(b"enough", b"413 Too Large")
        self.assertAnswer(s.link.answer(1), "framed", 413, b"enough")
        s.link.body(1, [b"more"])
        s.link.body(1, [], last=True)
        self.assertTrue(conn.is_closed())
        self.serve_next(s, app, 2)
        s.finish()

    def test_surplus_bytes_are_no_next_answer(self):
        """llhttp: what follows a complete answer means that the connection is not used again."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"
                  b"content-length: 6\r\n\r\npoison")
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        self.serve_next(s, app, 2)
        s.finish()

    def test_an_idle_connection_that_speaks_is_dropped(self):
        """A 408 that an application says to an idle connection is no answer to the next request."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.answer()
        s.link.answer(1)
        conn.send(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
        self.assertTrue(conn.is_closed())
        self.serve_next(s, app, 2)
        s.finish()

    def dying(self, method):
        """An idle connection that the application ends when the next request has reached it."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.answer()
        s.link.answer(1)
        s.link.request(2, method=method, fields=[("content-length", "0")])
        conn.read_head()
        conn.close()
        return app, s

    def test_a_get_on_a_dead_pooled_connection_is_sent_again(self):
        """Sent again, rule (b): at once, on a new connection."""
        app, s = self.dying("GET")
        conn = app.accept()
        conn.read_head()
        conn.answer(b"second")
        self.assertAnswer(s.link.answer(2), "framed", 200, b"second")
        s.finish()

    def test_a_get_is_sent_again_once_only(self):
        """Rule (b): a second end is a 502."""
        app, s = self.dying("GET")
        conn = app.accept()
        conn.read_head()
        conn.close()
        self.assertAnswer(s.link.answer(2), "basic", 502)
        self.assertEqual(app.count, 2)
        s.finish()

    def test_a_post_on_a_dead_pooled_connection_is_not_repeated(self):
        """DEL-30 is not followed: what the application has seen cannot be known."""
        app, s = self.dying("POST")
        answer = s.link.answer(2)
        self.assertAnswer(answer, "basic", 502)
        self.assertIn(b"POST is not repeated", answer.body)
        self.assertEqual(app.count, 1)
        s.finish()

    def test_a_get_on_a_fresh_connection_is_not_repeated(self):
        """Rule (b) is for connections that served before."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.close()
        self.assertAnswer(s.link.answer(1), "basic", 502)
        self.assertEqual(app.count, 1)
        s.finish()

    def test_a_connection_that_was_closed_while_idle_is_not_used(self):
        """#4649: closed ones are purged."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.answer()
        s.link.answer(1)
        conn.close()
        s.link.request(2, method="POST", fields=[("content-length", "0")])
        conn = app.accept()
        conn.read_head()
        conn.answer(b"new")
        self.assertAnswer(s.link.answer(2), "framed", 200, b"new")
        s.finish()

    def test_idle_connections_are_closed_after_3_s(self):
        """DEL-36, #3072."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.answer()
        s.link.answer(1)
        began = time.monotonic()
        self.assertTrue(conn.is_closed())
        self.assertTrue(2.5 < time.monotonic() - began < 3 + 2 * SLOW)
        s.finish()
    test_idle_connections_are_closed_after_3_s.alone = True

    def test_keep_alive_timeout_of_the_application_is_obeyed(self):
        """DESIGN: its Keep-Alive: timeout, less a second."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.answer(fields=b"keep-alive: timeout=2\r\n")
        s.link.answer(1)
        began = time.monotonic()
        self.assertTrue(conn.is_closed())
        self.assertTrue(0.5 < time.monotonic() - began < 1 + SLOW)
        s.finish()
    test_keep_alive_timeout_of_the_application_is_obeyed.alone = True

    def test_more_requests_than_connections_wait_in_order(self):
        """--local-connections-max: nobody is refused."""
        order = []
        lock = threading.Lock()

        def answer(conn, head):
            with lock:
                order.append(int(head.split(b" ")[1][1:]))
            conn.answer()
        app = self.keep(ServerApp(keep_alive(answer)))
        s = self.session(app, args=["--local-connections-max", "1"])
        for i in range(50):
            s.link.request(i, uri=f"/{i}")
        for i in range(50):
            self.assertAnswer(s.link.answer(i), "framed", 200, b"ok")
        self.assertEqual(order, list(range(50)))
        self.assertEqual(app.count, 1)
        s.finish()


class Unreachable(Http):
    """DEL-29: ten attempts in 3.25 s, for every method."""

    def test_refused_becomes_502_after_ten_attempts(self):
        """DEL-29, DEL-32, RSP-15, Appendix A.9."""
        s = self.session(f"127.0.0.1:{free_port()}")
        began = time.monotonic()
        s.link.request(1)
        answer = s.link.answer(1)
        took = time.monotonic() - began
        self.assertAnswer(answer, "basic", 502)
        self.assertTrue(answer.body.startswith(b"intproxyd v"), answer.body)
        self.assertIn(b"failed to connect to 127.0.0.1", answer.body)
        self.assertIn(b"10 attempts", answer.body)
        self.assertEqual(answer.head.fields, [])
        self.assertTrue(3.2 < took < 3.3 + SLOW, took)
        s.finish()
    test_refused_becomes_502_after_ten_attempts.alone = True

    def test_an_application_that_appears_meanwhile_serves(self):
        """DEL-29: also a POST, with the body that came meanwhile."""
        port = free_port()
        s = self.session(f"127.0.0.1:{port}")
        s.link.request(1, method="POST", fields=[("content-length", "10")], last=False,
                       body=[b"hello"])
        s.link.body(1, [b"world"], last=True)
        s.link.fence()
        app = self.keep(HandApp(port=port))
        conn = app.accept()
        conn.read_head()
        self.assertEqual(conn.read(10), b"helloworld")
        conn.answer()
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        s.finish()
    test_an_application_that_appears_meanwhile_serves.seconds = 2

    def test_close_during_a_pause_ends_the_request(self):
        """DEL-7: cancelled while it waits for the next attempt; nothing is sent."""
        s = self.session(f"127.0.0.1:{free_port()}")
        s.link.request(1)
        s.link.fence()
        s.link.close_id(1)
        s.link.fence()
        s.finish(timeout=2)
        self.assertIsNone(s.link.exchanges[1, 0].answer.head)


class Malformed(Http):
    """W-7, RSP-15: what must not reach the agent becomes a 502, and everything else goes on."""

    def refused(self, answer, word=b"no sound HTTP/1"):
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        try:
            conn.send(answer)
        except OSError:
            pass
        reply = s.link.answer(1)
        self.assertAnswer(reply, "basic", 502)
        self.assertIn(word, reply.body)
        self.serve_next(s, app, 2)
        s.finish()

    def test_a_bare_cr(self):
        self.refused(b"HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n")

    def test_a_nul(self):
        self.refused(b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n")

    def test_a_control_byte(self):
        self.refused(b"HTTP/1.1 200 OK\r\nx: a\x01b\r\ncontent-length: 0\r\n\r\n")

    def test_a_folded_line(self):
        self.refused(b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n")

    def test_a_name_that_is_no_token(self):
        self.refused(b"HTTP/1.1 200 OK\r\nx y: a\r\ncontent-length: 0\r\n\r\n")

    def test_a_blank_before_the_colon(self):
        self.refused(b"HTTP/1.1 200 OK\r\nx : a\r\ncontent-length: 0\r\n\r\n")

    def test_129_fields(self):
        self.refused(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 129 + b"\r\n")

    def test_200_kib_of_head(self):
        self.refused(b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * (200 << 10) + b"\r\n\r\n")

    def test_status_99(self):
        self.refused(b"HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n")

    def test_status_1000(self):
        self.refused(b"HTTP/1.1 1000 High\r\ncontent-length: 0\r\n\r\n")

    def test_no_http_at_all(self):
        self.refused(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    def test_two_lengths(self):
        self.refused(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")

    def test_a_length_that_is_none(self):
        self.refused(b"HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\na")

    def test_an_answer_that_ends_in_its_head(self):
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-le")
        conn.close()
        self.assertAnswer(s.link.answer(1), "basic", 502)
        self.serve_next(s, app, 2)
        s.finish()

    def test_128_fields_pass(self):
        """The limit is 128."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 127 + b"content-length: 0\r\n\r\n")
        self.assertEqual(len(s.link.answer(1).header("x")), 127)
        s.finish()

    def test_a_head_of_100_kib_passes(self):
        """The limit is 128 KiB."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100000 + b"\r\ncontent-length: 2\r\n\r\nok")
        answer = s.link.answer(1)
        self.assertAnswer(answer, answer.format, 200, b"ok")
        self.assertEqual(len(answer.header("x")[0]), 100000)
        s.finish()


class Cancelled(Http):
    """DEL-6, DEL-7: the remote went away, or its request broke off."""

    def test_close_during_a_stream(self):
        """DEL-7, RSP-14: the application sees the end, nothing more is sent."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        a = s.link.head(1)
        s.link.close_id(1)
        self.assertTrue(conn.is_closed())
        s.link.fence()
        self.assertIsNone(a.ended)
        self.serve_next(s, app, 2)
        s.finish()

    def test_close_while_the_application_pours(self):
        """RSP-14, AG-47: nothing about the id after Close was read, though much is under way."""
        for workers in ("1", "2"):
            go_on = threading.Event()

            def pour(conn):
                conn.read_head()
                conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n")
                while not go_on.is_set():
                    conn.send(b"x" * 65536)
            app = self.keep(ServerApp(pour))
            self.addCleanup(go_on.set)
            s = self.session(app, args=["--workers", workers])
            for i in range(20):
                s.link.request(i)
            for i in range(20):
                a = s.link.head(i)
                s.link.until(lambda: len(a.parts) > 2, what="some of the body")
            for i in range(20):
                s.link.close_id(i)
            s.link.until(lambda: not s.link.closing, what="the pongs")
            s.link.fence()
            s.finish()

    def test_close_before_the_answer(self):
        """DEL-7, test http_request_terminates_on_remote_close; a second Close is harmless."""
        app, s = self.started()
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        s.link.close_id(1)
        self.assertTrue(conn.is_closed())
        s.link.close_id(1)
        s.link.close_id(99)
        s.link.fence()
        self.assertIsNone(s.link.exchanges[1, 0].answer.head)
        self.serve_next(s, app, 2)
        s.finish()

    def test_close_during_an_upload(self):
        """DEL-7: the application sees no end of body."""
        app, s = self.started()
        s.link.request(1, method="POST", last=False, fields=[("transfer-encoding", "chunked")],
                       body=[b"part"])
        conn = app.accept()
        conn.read_head()
        self.assertEqual(conn.read_chunk(), b"part")
        s.link.close_id(1)
        self.assertTrue(conn.is_closed())
        s.finish()

    def broken(self, text):
        app, s = self.started(build="1.8.1" if text is None else "1.29.0")
        s.link.request(1, "v1" if text is None else "v2", method="POST", last=False,
                       fields=[("transfer-encoding", "chunked")], body=[b"part"])
        conn = app.accept()
        conn.read_head()
        conn.read_chunk()
        s.link.send(wire.request_error(1, 0, text))
        answer = s.link.answer(1)
        self.assertAnswer(answer, "basic", 502)
        self.assertTrue(conn.is_closed())
        self.serve_next(s, app, 2)
        s.finish()

    def test_error_v1_is_answered_with_502(self):
        """DEL-6: a remote that is still there waits for an answer."""
        self.broken(None)

    def test_error_v2_is_answered_with_502(self):
        """DEL-6."""
        self.broken("the remote reset the stream")

    def test_an_error_after_the_answer_began(self):
        """RSP-13: nothing but Error can be said."""
        app, s = self.started()
        s.link.request(1, method="POST", last=False, fields=[("transfer-encoding", "chunked")])
        conn = app.accept()
        conn.read_head()
        conn.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        a = s.link.head(1)
        s.link.send(wire.request_error(1, 0, "x"))
        s.link.answer(1)
        self.assertEqual((a.format, a.ended), ("chunked", "error"))
        self.assertTrue(conn.is_closed())
        s.finish()


class Upgrades(Http):
    """DEL-40 to DEL-43: 101, and bytes both ways."""

    FIELDS = [("connection", "upgrade"), ("upgrade", "echo")]
    SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n"

    def upgraded(self, variant="v2", early_app=b"", early_agent=(), request=0, **session):
        app, s = self.started(**session)
        s.link.request(1, variant, request, fields=self.FIELDS)
        conn = app.accept()
        conn.read_head()
        for payload in early_agent:
            s.link.data(1, payload)
        s.link.fence()
        conn.send(self.SWITCH, early_app)
        answer = s.link.answer(1, request)
        self.assertEqual((answer.status, answer.body), (101, b""))
        return s, conn, answer

    def test_an_echo_and_half_closes_both_ways(self):
        """DEL-40, DEL-42, Appendix A.7: Framed with zero frames, then Data."""
        s, conn, answer = self.upgraded()
        self.assertEqual((answer.format, answer.parts), ("framed", [[]]))
        s.link.data(1, b"hello")
        self.assertEqual(conn.read(5), b"hello")
        conn.send(b"world")
        s.link.wait_data(1, b"world")
        s.link.data(1, b"")
        self.assertTrue(conn.is_closed())  # TCP-7
        conn.send(b"still")
        s.link.wait_data(1, b"worldstill")
        conn.end()
        s.link.until(lambda: s.link.raw(1).data_ended, what="the end")
        s.link.close_id(1)
        s.finish()

    def test_bytes_right_behind_the_101(self):
        """DEL-41: they are the first Data, after the 101 (W-11)."""
        s, conn, _ = self.upgraded(early_app=b"early bird")
        s.link.wait_data(1, b"early bird")
        conn.close()
        s.link.until(lambda: s.link.raw(1).data_ended, what="the end")
        s.link.data(1, b"")
        s.link.close_id(1)
        s.finish()

    def test_data_that_comes_before_the_101(self):
        """DEL-43: held and written after it, in order."""
        s, conn, _ = self.upgraded(early_agent=(b"first", b"second"))
        s.link.data(1, b"third")
        self.assertEqual(conn.read(16), b"firstsecondthird")
        s.link.close_id(1)
        self.assertTrue(conn.is_closed())
        s.finish()

    def test_a_half_close_that_comes_before_the_101(self):
        """DEL-43, TCP-7."""
        s, conn, _ = self.upgraded(early_agent=(b"all", b""))
        self.assertEqual(conn.read(3), b"all")
        self.assertTrue(conn.is_closed())
        s.link.close_id(1)
        s.finish()

    def test_too_much_data_before_the_101(self):
        """Limit of 64 KiB: that request is refused, the link goes on."""
        app, s = self.started()
        s.link.request(1, fields=self.FIELDS)
        conn = app.accept()
        conn.read_head()
        for _ in range(5):
            s.link.data(1, b"x" * 16384)
        self.assertAnswer(s.link.answer(1), "basic", 502)
        self.assertTrue(conn.is_closed())
        self.serve_next(s, app, 2)
        s.finish()

    def test_an_upgrade_of_a_basic_request_is_answered_basic(self):
        """DEL-40, RSP-7."""
        s, conn, answer = self.upgraded("basic")
        self.assertEqual(answer.format, "basic")
        s.link.data(1, b"hi")
        self.assertEqual(conn.read(2), b"hi")
        s.link.close_id(1)
        s.finish()

    def test_the_application_resets_an_upgraded_connection(self):
        """DEL-42, TCP-11: ConnectionUnsubscribe, once."""
        s, conn, _ = self.upgraded()
        conn.reset()
        s.link.wait("unsubscribe_connection", connection=1, mode=wire.STEAL)
        s.finish()

    def test_an_agent_that_never_says_close(self):
        """TCP-9, AG-48: after both ends, ConnectionUnsubscribe."""
        s, conn, _ = self.upgraded()
        s.link.data(1, b"")
        conn.end()
        s.link.wait("unsubscribe_connection", connection=1)
        s.finish()

    def test_an_upgrade_that_is_refused_is_an_answer(self):
        """DEL-40: without a 101 it is a request like any other."""
        app, s = self.started()
        s.link.request(1, fields=self.FIELDS)
        conn = app.accept()
        conn.read_head()
        conn.answer(b"no", b"426 Upgrade Required")
        self.assertAnswer(s.link.answer(1), "framed", 426, b"no")
        s.finish()

    def test_an_upgraded_connection_is_not_pooled(self):
        """DEL-40."""
        app, s = self.started()
        s.link.request(1, fields=self.FIELDS)
        conn = app.accept()
        conn.read_head()
        conn.send(self.SWITCH)
        s.link.answer(1)
        self.serve_next(s, app, 2)
        s.link.close_id(1)
        s.finish()


class OldKind(Http):
    """AG-6: one connection id for a remote connection, requests 0, 1, 2 ... on it, Close at its end."""

    def test_serial_requests_then_an_upgrade(self):
        """AG-6, DEL-2, DEL-40: keep-alive, then Data on the same id."""
        app, s = self.started(build="1.8.1")
        for request in range(3):
            s.link.request(7, "v1", request, uri=f"/{request}")
            s.link.body(7, [], last=True, request=request)
            conn = conn if request else app.accept()
            self.assertIn(b"GET /%d " % request, conn.read_head())
            conn.answer(b"%d" % request)
            self.assertAnswer(s.link.answer(7, request), "framed", 200, b"%d" % request)
        s.link.request(7, "v1", 3, fields=Upgrades.FIELDS)
        conn.read_head()
        conn.send(Upgrades.SWITCH)
        self.assertEqual(s.link.answer(7, 3).status, 101)
        s.link.data(7, b"ping")
        self.assertEqual(conn.read(4), b"ping")
        conn.send(b"pong")
        s.link.wait_data(7, b"pong", 3)
        s.link.close_id(7)
        self.assertTrue(conn.is_closed())
        s.finish()

    def test_concurrent_requests_of_one_connection_id(self):
        """AG-6, DEL-2: HTTP/2 remotes of old agents: answered in any order."""
        app, s = self.started(build="1.8.1")
        conns = []
        for request in range(5):
            s.link.request(7, "v1", request, uri=f"/{request}")
            conns.append(app.accept())
            conns[-1].read_head()
        for request in reversed(range(5)):
            conns[request].answer(b"%d" % request)
            self.assertAnswer(s.link.answer(7, request), "framed", 200, b"%d" % request)
        s.link.close_id(7)
        s.finish()

    def test_close_ends_all_requests_of_its_connection_and_no_other(self):
        """DEL-7."""
        app, s = self.started(build="1.8.1")
        conns = []
        for connection, request in ((7, 0), (7, 1), (8, 0)):
            s.link.request(connection, "v1", request)
            conns.append(app.accept())
            conns[-1].read_head()
        s.link.close_id(7)
        self.assertTrue(conns[0].is_closed() and conns[1].is_closed())
        conns[2].answer()
        self.assertAnswer(s.link.answer(8), "framed", 200, b"ok")
        s.finish()

    def test_a_second_start_of_a_live_request_is_ignored(self):
        """DEL-3."""
        app, s = self.started()
        s.link.request(7)
        conn = app.accept()
        conn.read_head()
        s.link.send(wire.http_request("v2", 7, 0, 80))
        s.daemon.wait_log("twice")
        conn.answer()
        self.assertAnswer(s.link.answer(7), "framed", 200, b"ok")
        self.assertEqual(app.count, 1)
        s.finish()


class Mirror(Http):
    """DEL-31, DEL-44, TCP-12: answers are read and dropped; the agent hears nothing."""

    def test_a_mirrored_request_is_delivered_and_never_answered(self):
        app, s = self.started(args=["--mirror"])
        s.link.send(wire.http_request("v2", 1, 0, 80, method="POST", mode=wire.TCP,
                                      fields=[("content-length", "4")], body=[b"body"]))
        conn = app.accept()
        conn.read_head()
        self.assertEqual(conn.read(4), b"body")
        conn.answer(b"x" * 1000000)
        s.link.fence()
        s.finish()

    def test_a_mirrored_request_survives_its_close(self):
        """DEL-31: it runs to its end."""
        app, s = self.started(args=["--mirror"])
        s.link.send(wire.http_request("v2", 1, 0, 80, mode=wire.TCP))
        conn = app.accept()
        conn.read_head()
        s.link.send(wire.close_connection(1, wire.TCP))
        s.link.fence()
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
        conn.taken()
        conn.send(b"body")
        conn.taken()
        s.finish()

    def test_a_mirrored_request_that_fails_says_nothing(self):
        """#3720."""
        app, s = self.started(args=["--mirror"])
        s.link.send(wire.http_request("v2", 1, 0, 80, mode=wire.TCP))
        conn = app.accept()
        conn.read_head()
        conn.close()
        s.finish()

    def test_a_mirrored_connection_lingers(self):
        """TCP-12: what the application says is read, for a second after the Close."""
        app, s = self.started(args=["--mirror"])
        s.link.send(wire.new_connection(1, 80, True, wire.TCP) + wire.data(1, b"hi", wire.TCP))
        conn = app.accept()
        self.assertEqual(conn.read(2), b"hi")
        conn.send(b"y" * 1000000)
        s.link.send(wire.close_connection(1, wire.TCP))
        s.link.fence()
        conn.send(b"z" * 1000000)
        self.assertTrue(conn.is_closed())
        s.finish()

    def test_stolen_traffic_of_a_mirror_is_stale(self):
        """SUB-20: matched by port and mode."""
        s = self.session("127.0.0.1:1", args=["--mirror"])
        s.link.request(1)
        answer = s.link.answer(1)
        self.assertAnswer(answer, "basic", 502)
        self.assertIn(b"no longer subscribed", answer.body)
        s.link.connect(2)
        s.link.wait("unsubscribe_connection", connection=2)
        s.finish()
