"""Raw TCP: bytes both ways, and every way for a connection to end."""
import hashlib
import threading

import wire
from apps import HandApp, ServerApp, free_port, keep_alive
from case import Case


class Raw(Case):
    def connected(self, v2=False, **session):
        app = self.keep(HandApp())
        s = self.session(app, **session)
        s.link.connect(1, v2=v2)
        conn = app.accept()
        return app, s, conn

    def both_ways(self, v2):
        app, s, conn = self.connected(v2)
        s.link.data(1, b"hello")
        self.assertEqual(conn.read(5), b"hello")
        conn.send(b"world")
        s.link.wait_data(1, b"world")
        s.link.close_id(1)
        self.assertTrue(conn.is_closed())
        s.finish()

    def test_both_ways_v1(self):
        """TCP-1, TCP-2."""
        self.both_ways(False)

    def test_both_ways_v2(self):
        """TCP-1."""
        self.both_ways(True)

    def test_the_application_may_speak_first(self):
        """AG-1: server-first protocols."""
        app, s, conn = self.connected()
        conn.send(b"220 ready\r\n")
        s.link.wait_data(1, b"220 ready\r\n")
        s.link.close_id(1)
        s.finish()

    def test_data_while_connecting_is_written_in_order(self):
        """TCP-6: an application that accepts late."""
        app = self.keep(HandApp())
        s = self.session(app)
        s.link.connect(1)
        for i in range(100):
            s.link.data(1, b"%03d" % i)
        conn = app.accept()
        self.assertEqual(conn.read(300), b"".join(b"%03d" % i for i in range(100)))
        s.link.close_id(1)
        s.finish()

    def test_the_remote_half_closes(self):
        """TCP-7: FIN to the application; its bytes still come."""
        app, s, conn = self.connected()
        s.link.data(1, b"question")
        s.link.data(1, b"")
        self.assertEqual(conn.read(8), b"question")
        self.assertTrue(conn.is_closed())
        conn.send(b"answer")
        s.link.wait_data(1, b"answer")
        conn.close()
        s.link.until(lambda: s.link.raw(1).data_ended, what="the end")
        s.link.close_id(1)
        s.finish()

    def test_the_application_half_closes(self):
        """TCP-8: exactly one empty Data; writing to it goes on."""
        app, s, conn = self.connected()
        conn.send(b"last words")
        conn.end()
        s.link.until(lambda: s.link.raw(1).data_ended, what="the end")
        self.assertEqual(bytes(s.link.raw(1).data), b"last words")
        s.link.data(1, b"more")
        self.assertEqual(conn.read(4), b"more")
        s.link.close_id(1)
        self.assertTrue(conn.is_closed())
        s.finish()

    def test_both_ended_and_the_agent_says_nothing(self):
        """TCP-9, AG-48: ConnectionUnsubscribe, and the id is forgotten."""
        app, s, conn = self.connected()
        s.link.data(1, b"")
        conn.end()
        s.link.until(lambda: s.link.raw(1).data_ended, what="the end")
        s.link.wait("unsubscribe_connection", connection=1, mode=wire.STEAL)
        s.finish()

    def test_both_ended_and_the_agent_says_close(self):
        """TCP-9: then nothing is said."""
        app, s, conn = self.connected()
        s.link.data(1, b"")
        conn.end()
        s.link.until(lambda: s.link.raw(1).data_ended, what="the end")
        s.link.close_id(1)
        s.link.fence()
        s.finish()
        self.assertFalse(s.link.raw(1).unsubscribed)

    def test_refused_ends_that_connection_only(self):
        """TCP-3, TCP-5: ConnectionUnsubscribe; the session goes on."""
        port = free_port()
        s = self.session(f"127.0.0.1:{port}")
        s.link.connect(1)
        s.link.wait("unsubscribe_connection", connection=1, mode=wire.STEAL)
        app = self.keep(HandApp(port=port))
        s.link.connect(2)
        conn = app.accept()
        conn.send(b"there")
        s.link.wait_data(2, b"there")
        s.link.close_id(2)
        s.finish()

    def test_an_unresolvable_name_ends_that_connection_only(self):
        """TCP-3: not fatal for the session."""
        s = self.session("no-such-host.invalid:80")
        s.link.connect(1)
        s.link.wait("unsubscribe_connection", 20, connection=1)
        s.finish()

    def test_a_reset_by_the_application(self):
        """TCP-11: ConnectionUnsubscribe once."""
        app, s, conn = self.connected()
        conn.reset()
        s.link.wait("unsubscribe_connection", connection=1)
        s.link.data(1, b"late")  # TCP-15
        s.link.send(wire.close_connection(1))
        s.link.fence()
        self.assertEqual(sum(m.kind == "unsubscribe_connection" for m in s.link.said), 1)
        s.finish()

    def test_close_while_data_is_queued(self):
        """TCP-10: what was queued is still written, then the socket is closed."""
        app = self.keep(HandApp(receive_buffer=4096))
        s = self.session(app)
        s.link.connect(1)
        conn = app.accept()
        payload = bytes(range(256)) * 256
        for _ in range(48):
            s.link.data(1, payload)  # 3 MiB, which the application does not read yet
        s.link.close_id(1)
        s.link.until(lambda: not s.link.closing, what="the pong")
        digest, want = hashlib.sha256(), hashlib.sha256(payload * 48)
        for _ in range(48):
            digest.update(conn.read(len(payload)))
        self.assertTrue(conn.is_closed())
        self.assertEqual(digest.digest(), want.digest())
        s.finish()

    def test_nothing_is_said_after_close(self):
        """AG-47: agents of before 3.93.0 lose every client by a Data for an id that they closed."""
        for workers in ("1", "2"):
            go_on = threading.Event()

            def pour(conn):
                while not go_on.is_set():
                    conn.send(b"x" * 30000)
            app = self.keep(ServerApp(pour))
            self.addCleanup(go_on.set)
            s = self.session(app, build="1.3.4", echo=True, args=["--workers", workers])
            for i in range(20):
                s.link.connect(i)
            for i in range(20):
                s.link.until(lambda: len(s.link.raw(i).data) > 100000, what="some data")
            for i in range(20):
                s.link.close_id(i)
            s.link.until(lambda: not s.link.closing, what="the pongs")
            s.link.fence()
            s.finish()
            go_on.set()

    def test_many_at_once_in_both_directions(self):
        """TCP-13: an echo with both buffers full does not lock up."""
        def echo(conn):
            while received := conn.sock.recv(65536):
                conn.send(received)
        app = self.keep(ServerApp(echo))
        s = self.session(app)
        payload = bytes(range(251)) * 200
        for i in range(20):
            s.link.connect(i)
        for _ in range(20):
            for i in range(20):
                s.link.data(i, payload)
        for i in range(20):
            s.link.data(i, b"")
        for i in range(20):
            s.link.until(lambda: s.link.raw(i).data_ended, what="the end")
            self.assertEqual(bytes(s.link.raw(i).data), payload * 20)
            s.link.close_id(i)
        s.finish()

    def test_an_id_may_be_used_again_after_its_close(self):
        """W-4: ids are the agent's to choose."""
        app, s, conn = self.connected()
        conn.send(b"a")
        s.link.wait_data(1, b"a")
        s.link.send(wire.close_connection(1))
        self.assertTrue(conn.is_closed())
        s.link.fence()
        s.link.connect(1)
        conn = app.accept()
        conn.send(b"b")
        s.link.wait_data(1, b"b")
        s.link.close_id(1)
        s.finish()

    def test_http_and_raw_on_one_port(self):
        """TCP-16."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app)
        s.link.connect(1)
        s.link.request(2)
        s.link.data(1, b"GET / HTTP/1.1\r\n\r\n")
        s.link.wait_data(1, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        self.assertAnswer(s.link.answer(2), "framed", 200, b"ok")
        s.link.close_id(1)
        s.finish()

    def test_an_unknown_port_is_refused(self):
        """SUB-20: ConnectionUnsubscribe."""
        s = self.session("127.0.0.1:1")
        s.link.connect(1, port=8080)
        s.link.wait("unsubscribe_connection", connection=1)
        s.finish()

    def test_a_connection_lost_with_its_link(self):
        """HS-29: the application sees the end."""
        app, s, conn = self.connected()
        s.link.shut()
        self.assertTrue(conn.is_closed())
        s.agent.link(1).wait("subscribe")
        s.finish()
