"""Back-pressure: nobody who is slow holds up the others, memory stays bounded, nothing is lost."""
import hashlib
import os
import selectors
import threading
import time

import wire
from apps import HandApp, ParkingApp, ServerApp, free_port, keep_alive
from case import Case
from daemon import SLOW

PIECE = bytes(range(256)) * 256  # 64 KiB
MIB = 1 << 20


class Uploads(Case):
    """LIM-1, LIM-2, LIM-6: an application that does not read."""
    alone = True

    def upload(self, link, connection, pieces):
        """A POST of so many pieces, sent by a thread of its own."""
        def send():
            for i in range(pieces):
                link.body(connection, [PIECE], last=i + 1 == pieces)
        link.request(connection, method="POST", uri="/upload", last=False,
                     fields=[("content-length", str(pieces * len(PIECE)))])
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        return thread

    def spooled_mib(self, s):
        """The largest deleted file that the daemon has open."""
        sizes = [0]
        for fd in os.listdir(f"/proc/{s.daemon.process.pid}/fd"):
            path = f"/proc/{s.daemon.process.pid}/fd/{fd}"
            try:
                if "(deleted)" in os.readlink(path) or "/#" in os.readlink(path):
                    sizes.append(os.stat(path).st_size // MIB)
            except OSError:
                pass
        return max(sizes)

    def start(self, **session):
        """/upload is taken by the test; everything else is answered at once."""
        app = self.keep(ParkingApp())
        serving = threading.Event()
        spool = self.directory()
        s = self.session(app, **{"args": [], **session,
                                 "args": ["--spool-dir", spool, *session.get("args", [])]})

        def serve():
            while not serving.is_set():
                with app.changed:
                    app.changed.wait_for(lambda: any(p != "/upload" for p in app.parked), 0.5)
                    for path in [p for p in app.parked if p != "/upload"]:
                        app.parked.pop(path).answer()
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(serving.set)
        return app, s

    def uploading(self, app):
        with app.changed:
            app.changed.wait_for(lambda: "/upload" in app.parked, 20)
            conn = app.parked["/upload"]
        app.selector.unregister(conn.sock)  # it reads no more
        return conn

    def test_400_mb_for_an_application_that_stops_reading(self):
        """LIM-1, LIM-6: others are served meanwhile; memory is bounded; the file is given back."""
        app, s = self.start(timeout=60 * SLOW)
        s.link.request(1)
        s.link.answer(1)
        before = s.daemon.status_kib("VmHWM")
        thread = self.upload(s.link, 0, 400 * MIB // len(PIECE))
        self.uploading(app)
        times, i = [], 100
        while thread.is_alive() or len(times) < 100:
            i += 1
            began = time.monotonic()
            s.link.request(i)
            s.link.answer(i)
            times.append(time.monotonic() - began)
        s.link.fence()
        grown = (s.daemon.status_kib("VmHWM") - before) // 1024
        spooled = self.spooled_mib(s)
        times.sort()
        p99 = times[len(times) * 99 // 100]
        print(f"p99 {p99 * 1000:.0f} ms of {len(times)}, grown {grown} MiB, spooled {spooled} MiB")
        self.assertLess(p99, 0.5 * SLOW)
        self.assertLess(grown, 40 * SLOW)
        self.assertGreater(spooled, 300)
        s.link.close_id(0)
        s.link.until(lambda: not s.link.closing, what="the pong")
        s.link.fence()
        s.finish()

    def test_40_mb_arrive_complete_when_the_application_reads_on(self):
        """LIM-1: through memory and file, in order."""
        app, s = self.start(timeout=60 * SLOW)
        pieces = 40 * MIB // len(PIECE)
        thread = self.upload(s.link, 0, pieces)
        conn = self.uploading(app)
        thread.join(60)
        s.link.fence()
        self.assertGreater(self.spooled_mib(s), 20)
        digest, want = hashlib.sha256(), hashlib.sha256()
        for _ in range(pieces):
            digest.update(conn.read(len(PIECE)))
            want.update(PIECE)
        self.assertEqual(digest.digest(), want.digest())
        conn.answer(b"stored")
        self.assertAnswer(s.link.answer(0), "framed", 200, b"stored")
        self.assertEqual(self.spooled_mib(s), 0)
        s.finish()

    def test_a_chunked_upload_through_the_file_keeps_its_trailers_and_end(self):
        """DEL-19: trailers behind what was spooled."""
        app, s = self.start(timeout=60 * SLOW)
        s.link.request(0, method="POST", uri="/upload", last=False,
                       fields=[("transfer-encoding", "chunked"), ("trailer", "x-sum")])
        conn = self.uploading(app)
        for _ in range(160):
            s.link.body(0, [PIECE])
        s.link.body(0, [[("x-sum", "7")]], last=True)
        s.link.fence()
        body, trailers = conn.read_chunked()
        self.assertEqual((len(body), trailers), (160 * len(PIECE), [b"x-sum: 7"]))
        self.assertTrue(body == PIECE * 160)
        conn.answer()
        self.assertAnswer(s.link.answer(0), "framed", 200, b"ok")
        s.finish()

    def test_a_raw_connection_through_the_file(self):
        """LIM-2: and a half-close behind it."""
        app = self.keep(HandApp())
        s = self.session(app, args=["--spool-dir", self.directory()])
        s.link.connect(1)
        conn = app.accept()
        for _ in range(400):
            s.link.data(1, PIECE)
        s.link.data(1, b"")
        s.link.fence()
        for _ in range(400):
            self.assertTrue(conn.read(len(PIECE)) == PIECE)
        self.assertTrue(conn.is_closed())
        s.link.close_id(1)
        s.finish()

    def test_an_upload_for_an_application_that_comes_late(self):
        """DEL-29: what came before there is a connection."""
        port = free_port()
        s = self.session(f"127.0.0.1:{port}", args=["--spool-dir", self.directory()])
        self.upload(s.link, 0, 48).join(30)  # while it is tried, which takes 3.25 s
        s.link.fence()
        app = self.keep(HandApp(port=port))
        conn = app.accept()
        conn.read_head()
        for _ in range(48):
            self.assertTrue(conn.read(len(PIECE)) == PIECE)
        conn.answer()
        self.assertAnswer(s.link.answer(0), "framed", 200, b"ok")
        s.finish()

    def test_the_spool_limit_is_507(self):
        """DESIGN: before the head; the log names the limit; the link goes on."""
        app, s = self.start(args=["--spool-max", "1M"], timeout=30 * SLOW)
        self.upload(s.link, 0, 40 * MIB // len(PIECE)).join(30)
        answer = s.link.answer(0)
        self.assertAnswer(answer, "basic", 507)
        self.assertIn("--spool-max", s.daemon.wait_log("--spool-max"))
        s.link.request(2)
        self.assertAnswer(s.link.answer(2), "framed", 200, b"ok")
        self.assertEqual(self.spooled_mib(s), 0)
        s.finish()

    def test_the_spool_limit_after_the_head_is_an_error(self):
        """RSP-13: Chunked Error."""
        app, s = self.start(args=["--spool-max", "1M"], timeout=30 * SLOW)
        s.link.request(0, method="POST", uri="/upload", last=False,
                       fields=[("content-length", str(40 * MIB))])
        conn = self.uploading(app)
        conn.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        a = s.link.head(0)
        for _ in range(40 * MIB // len(PIECE)):
            s.link.body(0, [PIECE])
        s.link.answer(0)
        self.assertEqual((a.format, a.ended), ("chunked", "error"))
        s.daemon.wait_log("--spool-max")
        s.finish()

    def test_the_spool_limit_of_a_raw_connection(self):
        """DESIGN: ConnectionUnsubscribe."""
        app = self.keep(HandApp())
        s = self.session(app, args=["--spool-max", "1M", "--spool-dir", self.directory()])
        s.link.connect(1)
        conn = app.accept()
        for _ in range(320):
            s.link.data(1, PIECE)
        s.link.wait("unsubscribe_connection", connection=1)
        s.daemon.wait_log("--spool-max")
        while conn.more():  # what the kernel had; then the end
            conn.unread = b""
        s.finish()

    def test_the_limit_of_all_spools(self):
        """--spool-total-max."""
        app, s = self.start(args=["--spool-total-max", "1M"], timeout=30 * SLOW)
        self.upload(s.link, 0, 40 * MIB // len(PIECE)).join(30)
        self.assertAnswer(s.link.answer(0), "basic", 507)
        s.daemon.wait_log("spool")
        s.finish()


class Answers(Case):
    alone = True

    def streams(self, count, **session):
        """So many streams have begun; pour(until) gives each what it takes, until until() is true or
        nothing was taken for half a second."""
        app = self.keep(ParkingApp())
        s = self.session(app, receive_buffer=1 << 17, timeout=30 * SLOW, **session)
        for i in range(count):
            s.link.request(i, uri=f"/{i}")
        parked = app.wait_parked(count)
        conns = [parked[f"/{i}"] for i in range(count)]
        for conn in conns:
            app.selector.unregister(conn.sock)
            conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
            conn.sock.setblocking(False)
        for i in range(count):
            s.link.head(i)

        def pour(until):
            selector = selectors.DefaultSelector()
            for conn in conns:
                selector.register(conn.sock, selectors.EVENT_WRITE)
            last = time.monotonic()
            while not until() and time.monotonic() < last + 0.5:
                for key, _ in selector.select(0.1):
                    try:
                        key.fileobj.send(PIECE)
                        last = time.monotonic()
                    except BlockingIOError:
                        pass
                    except OSError:
                        selector.unregister(key.fileobj)
        return app, s, pour

    def close_all(self, s, count):
        s.link.bytes_per_s = None
        for i in range(count):
            s.link.close_id(i)
        s.link.until(lambda: not s.link.closing, what="the pongs")
        s.finish(timeout=6)

    def test_500_streams_on_a_slow_link_and_a_get(self):
        """LIM-3, LIM-5: the link is read at 10 MB/s; a small answer does not wait for a round of all."""
        app, s, pour = self.streams(500, read_bytes=1 << 16)
        s.link.bytes_per_s = 10e6
        stop = threading.Event()
        self.addCleanup(stop.set)
        threading.Thread(target=pour, args=(stop.is_set,), daemon=True).start()
        for i in range(500):
            a = s.link.exchanges[i, 0].answer
            s.link.until(lambda: len(a.parts) > 1, what="some of each stream")
        times = []
        for i in range(1000, 1010):
            began = time.monotonic()
            s.link.request(i, uri=f"/{i}")
            with app.changed:
                app.changed.wait_for(lambda: f"/{i}" in app.parked, 20)
            app.parked[f"/{i}"].answer()
            self.assertAnswer(s.link.answer(i), "framed", 200, b"ok")
            times.append(time.monotonic() - began)
        print("GET beside 500 streams, s:", [round(t, 2) for t in times])
        self.assertLess(max(times), 1 * SLOW)
        shares = [len(s.link.exchanges[i, 0].answer.body) for i in range(500)]
        self.assertLess(max(shares), 4 * min(shares) + MIB)  # nobody starves
        stop.set()
        self.close_all(s, 500)

    def test_2000_streams_hold_little_more_than_their_windows(self):
        """LIM-3: nobody reads the link; a window is granted for life, so the first are larger (120 MiB in
        all), and one read may overdraw each; more reads than one must not."""
        app, s, pour = self.streams(2000, args=["--local-connections-max", "4000"])
        s.link.paused.clear()
        end = time.monotonic() + 8
        pour(lambda: time.monotonic() > end)
        held = s.daemon.status_kib("VmHWM") // 1024
        print(f"2000 streams hold {held} MiB")
        s.link.paused.set()
        self.close_all(s, 2000)
        self.assertLess(held, 300 if SLOW == 1 else 3000)  # a sanitizer shadows every byte

    def test_a_link_that_is_not_read_stops_the_application(self):
        """LIM-3: memory is bounded when nobody reads the answers."""
        sent = [0]

        def pour(conn):
            conn.read_head()
            conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
            while sent[0] < 1000000000:
                conn.send(PIECE)
                sent[0] += len(PIECE)
        app = self.keep(ServerApp(pour))
        s = self.session(app, receive_buffer=1 << 17)
        s.link.request(1)
        s.link.head(1)
        s.link.paused.clear()
        last, wait = -1, threading.Event()
        while sent[0] != last:  # until it has stood still for half a second
            last = sent[0]
            wait.wait(0.5)
        self.assertLess(last, 40 * MIB)
        self.assertLess(s.daemon.status_kib("VmHWM"), 40 * 1024 * SLOW)
        s.link.paused.set()
        a = s.link.exchanges[1, 0].answer
        s.link.until(lambda: len(a.parts) > 2 * last // len(PIECE) + 10, what="more of the body",
                     timeout=30)
        s.link.close_id(1)
        s.link.until(lambda: not s.link.closing, what="the pong")
        s.finish()

    def collected(self, size, build="1.7.0", variant="v1"):
        app = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(b"x" * size))))
        s = self.session(app, build=build, args=["--collect-max", "1M"])
        s.link.request(1, variant)
        answer = s.link.answer(1)
        s.link.request(2, variant)
        s.link.answer(2)
        s.finish()
        return answer

    def test_a_collected_answer_within_the_limit(self):
        """--collect-max: exactly the limit passes."""
        answer = self.collected(1 << 20)
        self.assertAnswer(answer, "framed", 200)
        self.assertEqual(len(answer.body), 1 << 20)

    def test_a_collected_answer_above_the_limit_is_502(self):
        """--collect-max."""
        answer = self.collected((1 << 20) + 1)
        self.assertAnswer(answer, "basic", 502)
        self.assertIn(b"cannot take streamed answers", answer.body)

    def test_the_limit_is_not_for_streams(self):
        answer = self.collected(3 << 20, "1.29.0", "v2")
        self.assertAnswer(answer, "chunked", 200)
        self.assertEqual(len(answer.body), 3 << 20)
