"""The end of the program, and what becomes of too few descriptors."""
import signal
import threading
import time

from apps import HandApp, ParkingApp, ServerApp, keep_alive
from case import Case
from daemon import SLOW


class Drain(Case):
    """DESIGN: PortUnsubscribe; what is under way is finished; 0."""

    def under_way(self, **session):
        app = self.keep(HandApp())
        s = self.session(app, **session)
        s.link.request(1)
        conn = app.accept()
        conn.read_head()
        return app, s, conn

    def drain(self, number):
        app, s, conn = self.under_way()
        s.daemon.signal(number)
        s.link.wait("unsubscribe_port", port=80)
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
        s.link.head(1)
        s.link.fence()
        conn.send(b"done")
        self.assertAnswer(s.link.answer(1), "chunked", 200, b"done")
        s.ends_by_itself(0, 3)

    def test_sigterm_lets_a_request_finish(self):
        """SUB-7, SUB-22."""
        self.drain(signal.SIGTERM)

    def test_sigint_does_the_same(self):
        self.drain(signal.SIGINT)

    def test_an_idle_program_ends_at_once(self):
        s = self.session("127.0.0.1:1")
        began = time.monotonic()
        s.daemon.signal()
        s.ends_by_itself(0)
        self.assertLess(time.monotonic() - began, 1 * SLOW)
        s.link.wait("unsubscribe_port", port=80)
    test_an_idle_program_ends_at_once.alone = True

    def test_every_port_is_unsubscribed(self):
        """SUB-7: on the channel of its mode."""
        s = self.session("127.0.0.1:1", args=["-R", "81:127.0.0.1:1", "--mirror"])
        s.daemon.signal()
        s.ends_by_itself(0)
        self.assertEqual([(m.mode, m.port) for m in s.link.said if m.kind == "unsubscribe_port"],
                         [(1, 80), (1, 81)])

    def test_requests_that_still_come_are_served(self):
        """SUB-20: they were under way when the subscription ended."""
        app, s, conn = self.under_way()
        s.daemon.signal()
        s.link.wait("unsubscribe_port")
        s.link.request(2)
        late = app.accept()
        late.read_head()
        late.answer(b"late")
        self.assertAnswer(s.link.answer(2), "framed", 200, b"late")
        conn.answer()
        s.link.answer(1)
        s.ends_by_itself(0, 3)

    def test_new_raw_connections_are_refused_meanwhile(self):
        app, s, conn = self.under_way()
        s.daemon.signal()
        s.link.wait("unsubscribe_port")
        s.link.connect(2)
        s.link.wait("unsubscribe_connection", connection=2)
        conn.answer()
        s.link.answer(1)
        s.ends_by_itself(0, 3)

    def test_a_raw_connection_is_carried_to_its_end(self):
        """SUB-22, #1575."""
        app = self.keep(HandApp())
        s = self.session(app)
        s.link.connect(1)
        conn = app.accept()
        s.daemon.signal()
        s.link.wait("unsubscribe_port")
        s.link.data(1, b"still")
        self.assertEqual(conn.read(5), b"still")
        s.link.close_id(1)
        self.assertTrue(conn.is_closed())
        s.ends_by_itself(0, 3)

    def test_a_second_signal_ends_now(self):
        app, s, conn = self.under_way()
        s.daemon.signal()
        s.link.wait("unsubscribe_port")
        began = time.monotonic()
        s.daemon.signal()
        s.ends_by_itself(130)
        self.assertLess(time.monotonic() - began, 1 * SLOW)
    test_a_second_signal_ends_now.alone = True

    def test_ten_seconds_are_the_most(self):
        """DRAIN_US: the log tells what was left."""
        app, s, conn = self.under_way()
        began = time.monotonic()
        s.daemon.signal()
        log = s.ends_by_itself(0, 13)
        self.assertIn("left=1", log)
        self.assertTrue(9.5 < time.monotonic() - began < 11 + SLOW)
    test_ten_seconds_are_the_most.alone = True

    def test_a_signal_before_readiness_ends_at_once(self):
        s = self.session("127.0.0.1:1", ready=False, script={"ping": lambda link, m: None})
        s.agent.link().wait("ping")
        s.daemon.signal()
        s.ends_by_itself(0, 2)

    def test_a_drain_without_a_link(self):
        """The agent is away: nothing to unsubscribe."""
        s = self.session("127.0.0.1:1")
        s.agent.listener.close()
        s.link.shut()
        s.daemon.wait_log("trying again")
        s.daemon.signal()
        s.ends_by_itself(0, 3)

    def test_the_link_is_lost_during_a_drain(self):
        app, s, conn = self.under_way()
        s.daemon.signal()
        s.link.wait("unsubscribe_port")
        s.link.shut()
        self.assertTrue(conn.is_closed())
        s.ends_by_itself(0, 3)

    def test_a_large_answer_leaves_before_the_end(self):
        """HS-25: what was written is flushed before the socket is closed."""
        app = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(b"z" * 8000000))))
        s = self.session(app, build="1.7.0", read_bytes=1 << 14, receive_buffer=1 << 16)
        s.link.bytes_per_s = 20e6
        s.link.request(1, "v1")
        s.link.fence()
        s.daemon.signal()
        self.assertEqual(len(s.link.answer(1).body), 8000000)
        s.ends_by_itself(0, 5)


class Descriptors(Case):
    """DESIGN: EMFILE is "pool full", never an exit."""

    def test_200_requests_with_64_descriptors(self):
        """All are served, each once."""
        served, lock = [], threading.Lock()

        def answer(conn, head):
            with lock:
                served.append(int(head.split(b" ")[1][1:]))
            conn.answer(head.split(b" ")[1])
        app = self.keep(ServerApp(keep_alive(answer)))
        s = self.session(app, descriptors=64, timeout=30 * SLOW)
        for i in range(200):
            s.link.request(i, uri=f"/{i}")
        for i in range(200):
            self.assertAnswer(s.link.answer(i), "framed", 200, b"/%d" % i)
        self.assertEqual(sorted(served), list(range(200)))
        s.finish()
    test_200_requests_with_64_descriptors.seconds = 5

    def test_200_requests_that_are_held_while_descriptors_are_short(self):
        """Those that hold a connection are answered one by one; each makes room for the next in turn."""
        app = self.keep(ParkingApp())
        s = self.session(app, descriptors=64, timeout=60 * SLOW)
        for i in range(200):
            s.link.request(i, uri=f"/{i}")
        done = 0
        seen = []
        while done < 200:
            with app.changed:
                self.assertTrue(app.changed.wait_for(lambda: app.parked, 20 * SLOW),
                                f"{done} served\n{s.daemon.log[-2000:]}")
                path, conn = next(iter(app.parked.items()))
                del app.parked[path]
            seen.append(int(path[1:]))
            conn.answer()
            self.assertAnswer(s.link.answer(seen[-1]), "framed", 200, b"ok")
            done += 1
        out_of_order = sum(abs(a - b) for a, b in zip(seen, sorted(seen))) / 200
        self.assertLess(out_of_order, 8, seen)
        s.finish()
    test_200_requests_that_are_held_while_descriptors_are_short.seconds = 10
