"""The race that the format choice is about: the agent says another version while a thousand requests wait."""
from apps import HandApp, ParkingApp
from case import Case
from daemon import SLOW

MANY = 1000
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n"


class Race(Case):
    alone = True

    def waiting(self, variant, says, workers, build="1.29.0"):
        """A session with MANY requests that the application has and has not answered."""
        app = self.keep(ParkingApp())
        s = self.session(app, build=build, says=says, args=[
            "--workers", str(workers), "--local-connections-max", str(2 * MANY)],
            timeout=20 * SLOW)
        for i in range(MANY):
            s.link.request(i, variant, uri=f"/{i}")
        parked = app.wait_parked(MANY)
        return s, [parked[f"/{i}"] for i in range(MANY)]

    def change(self, variant, before, after, expected, workers, build="1.29.0"):
        s, conns = self.waiting(variant, before, workers, build)
        s.link.say_version(after)
        s.link.fence()
        for conn in conns:
            conn.send(HEAD)
        for i in range(MANY if expected == "chunked" else 0):
            self.assertEqual(s.link.head(i).format, expected)
        for conn in conns:
            conn.send(b"the body")
        for i in range(MANY):
            self.assertAnswer(s.link.answer(i), expected, 200, b"the body")
        s.finish(timeout=6)

    def test_v1_rising_one_worker(self):
        """RSP-7, HS-7, AG-44: 1.7.0 -> 1.8.1: all 1000 are streamed."""
        self.change("v1", "1.7.0", "1.8.1", "chunked", 1, "1.8.1")

    def test_v1_rising_two_workers(self):
        """RSP-7, HS-7, AG-44."""
        self.change("v1", "1.7.0", "1.8.1", "chunked", 2, "1.8.1")

    def test_v2_rising_two_workers(self):
        """RSP-7, AG-44: the variant is V2, the version says less."""
        self.change("v2", "1.7.0", "1.29.0", "chunked", 2)

    def test_v1_falling_one_worker(self):
        """RSP-6, #2562: 1.8.1 -> 1.7.0: nothing undecodable is sent; the agent's build is 1.7.0."""
        self.change("v1", "1.8.1", "1.7.0", "framed", 1, "1.7.0")

    def test_v1_falling_two_workers(self):
        """RSP-6, #2562."""
        self.change("v1", "1.8.1", "1.7.0", "framed", 2, "1.7.0")

    def test_v2_falling_two_workers(self):
        """RSP-6."""
        self.change("v2", "1.29.0", "1.7.0", "framed", 2, "1.7.0")

    def test_answers_and_versions_at_the_same_time(self):
        """HS-7: the version changes 40 times while 1000 answers begin and end: each is whole and well-formed.

        The agent reads its own word before what answers it only by chance, so both forms are right.
        """
        s, conns = self.waiting("v1", "1.7.0", 2)
        for k, conn in enumerate(conns):
            if k % 25 == 0:
                s.link.say_version("1.8.1" if k // 25 % 2 == 0 else "1.7.0")
            conn.send(HEAD, b"the ")
        for conn in conns:
            conn.send(b"body")
        formats = set()
        for i in range(MANY):
            answer = s.link.answer(i)
            self.assertEqual((answer.status, answer.body, answer.ended), (200, b"the body", "last"))
            formats.add(answer.format)
        self.assertLessEqual(formats, {"framed", "chunked"})
        s.finish(timeout=6)


class OneByOne(Case):
    """What becomes of an answer that has begun when the version changes."""

    def begun(self, before, build="1.29.0", workers=1):
        app = self.keep(HandApp())
        s = self.session(app, build=build, says=before, args=["--workers", str(workers)])
        s.link.request(1, "v1")
        conn = app.accept()
        conn.read_head()
        conn.send(HEAD, b"the ")
        conn.taken()
        return s, conn

    def test_a_stream_ends_as_it_began_when_the_version_falls(self):
        """DESIGN: begun means that the head was handed to the link."""
        for workers in (1, 2):
            s, conn = self.begun("1.8.1", workers=workers)
            a = s.link.head(1)
            s.link.say_version("1.7.0")
            s.link.fence()
            conn.send(b"body")
            s.link.answer(1)
            self.assertAnswer(a, "chunked", 200, b"the body")
            self.assertEqual(a.ended, "last")
            s.finish()

    def test_a_stream_whose_application_fails_ends_with_error_after_the_version_fell(self):
        """RSP-13: also then nothing but the end of what was begun."""
        s, conn = self.begun("1.8.1")
        a = s.link.head(1)
        s.link.say_version("1.7.0")
        s.link.fence()
        conn.reset()
        s.link.answer(1)
        self.assertEqual((a.format, a.ended), ("chunked", "error"))
        s.finish()

    def test_a_collected_answer_starts_at_once_when_the_version_rises(self):
        """RSP-10, DEL-48: without another byte from the application."""
        for workers in (1, 2):
            s, conn = self.begun("1.7.0", workers=workers)
            s.link.say_version("1.8.1")
            a = s.link.head(1)
            s.link.until(lambda: a.body == b"the ", what="what was collected")
            self.assertEqual(a.format, "chunked")
            conn.send(b"body")
            self.assertAnswer(s.link.answer(1), "chunked", 200, b"the body")
            s.finish()

    def test_a_framed_request_is_not_streamed_to_by_any_version(self):
        """RSP-7."""
        app = self.keep(HandApp())
        s = self.session(app, build="1.5.5", says="1.5.5")
        s.link.request(1, "framed")
        conn = app.accept()
        conn.read_head()
        conn.send(HEAD, b"the ")
        conn.taken()
        s.link.say_version("1.29.0")
        s.link.fence()
        conn.send(b"body")
        self.assertAnswer(s.link.answer(1), "framed", 200, b"the body")
        s.finish()

    def test_the_next_request_is_answered_by_the_new_version(self):
        """AG-44, HS-7."""
        s, conn = self.begun("1.7.0")
        conn.send(b"body")
        self.assertAnswer(s.link.answer(1), "framed", 200, b"the body")
        s.link.say_version("1.8.1")
        s.link.request(2, "v1")
        conn.read_head()
        conn.send(HEAD, b"the ")
        self.assertEqual(s.link.head(2).format, "chunked")
        conn.send(b"body")
        self.assertAnswer(s.link.answer(2), "chunked", 200, b"the body")
        s.finish()
