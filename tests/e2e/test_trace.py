"""Recording: what is in the file, and that the program serves on whatever becomes of the file."""
import fcntl
import os
import random
import resource
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import apps
import trace
import wire
from case import Case
from chain import AGENT, StandIn
from daemon import PROGRAM, SLOW, Daemon

SANITIZED = SLOW > 1

class Recording(Case):
    seconds = 3

    def recorded(self, *args, **options):
        return trace.Recorded(self, *args, **options)

    def check_whole(self, path, lines=None):
        status, count, errors = trace.show(path)
        self.assertEqual((status, errors), (0, ""))
        if lines is not None:
            self.assertEqual(count, lines)

class TheFile(Recording):
    def test_what_it_says_of_itself_and_of_the_run(self):
        r = self.recorded("--header-filter", "x-user: secret", "--path-filter=/|secret", "--log-level", "debug")
        self.assertEqual(r.get("/hello?a=b", **{"x-user": "secret"}), b"ok")
        r.end()
        t = r.trace()
        h = t.header
        self.assertEqual((h["format"], h["program"], h["process"], h["part"], h["first_sequence"], h["why"]),
                         (1, "intproxyd", r.daemon.process.pid, 0, 0, "--trace"))
        version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout
        self.assertIn(f"intproxyd {h['build']}", version)
        self.assertIn(f"-R {r.port}:{r.app.port} --trace", h["options"])
        self.assertIn("--header-filter [hidden]", h["options"])
        self.assertIn("--path-filter=[hidden]", h["options"])
        self.assertNotIn("secret", h["options"])
        self.assertLess(abs(h["wall_us"] / 1e6 - time.time()), 60 * SLOW)
        self.assertEqual(dict(map(tuple, t.settings))["standalone"], "1")
        self.assertEqual([x.sequence for x in t.records], list(range(len(t.records))))
        self.assertEqual((t.torn, t.lost(), t.notes()), (0, 0, ["the program has ended"]))
        self.assertEqual(t.records[-1].what, "note")
        self.assertTrue(t.has(b"/hello?a=b"))
        self.assertEqual(len(t.requests()), 1)
        self.assertEqual(len(t.responses()), 1)
        self.assertTrue({"supervisor", "agent", "incoming_proxy", "interceptor", "local_connection",
                         "link_connection"} <= {x.type for x in t.of("call")})
        self.assertEqual(sorted(x.ended_ns for x in t.records[:-1]), [x.ended_ns for x in t.records[:-1]])
        self.assertEqual(stat.S_IMODE(os.stat(r.path).st_mode), 0o600)
        self.check_whole(r.path, len(t.records))

    def bodies(self, *args):
        def echo(conn, head):
            conn.answer(conn.read(1000))
        r = self.recorded(*args, handler=apps.keep_alive(echo))
        body = bytes(random.randrange(256) for _ in range(1000))
        self.assertEqual(r.get("/up", data=body), body)
        r.end()
        self.check_whole(r.path)
        return r.trace(), body

    def test_bodies_are_whole_by_default(self):
        t, body = self.bodies()
        self.assertEqual(t.header["bodies_max"], 2**32 - 1)
        self.assertIn(body, [s.bytes for r in t.responses() for s in r.spans.values()])
        self.assertFalse([s for r in t.of("call") for s in r.spans.values() if s.hash is not None])

    def test_bodies_can_be_capped_or_left_out(self):
        for asked, most in (("100", 100), ("none", 0)):
            t, body = self.bodies("--trace-bodies", asked)
            self.assertEqual(t.header["bodies_max"], most)
            kept = [s for r in t.responses() for n, s in r.spans.items() if n == "body"]
            self.assertEqual([(s.length, s.bytes) for s in kept], [(1000, body[:most])])
            self.assertIsNotNone(kept[0].hash)
            self.assertTrue(all(s.hash is None for r in t.of("call") for n, s in r.spans.items() if n == "head"))

    def test_it_can_be_read_while_it_is_written(self):
        r = self.recorded()
        stop = r.load(4)
        before, looks, end = 0, 0, time.monotonic() + 10
        while looks < 8 or (before <= 100 and time.monotonic() < end):
            looks += 1
            status, lines, errors = trace.show(r.path)
            self.assertEqual(status, 0, errors)
            self.assertTrue(all("torn" in line for line in errors.splitlines()), errors)
            self.assertGreaterEqual(lines, before)
            before = lines
        self.assertGreater(before, 100)
        stop()
        r.end()
        self.check_whole(r.path)

    def test_what_is_written_meanwhile_is_not_waited_for(self):
        """A reader ends with what the file had when it began: a fast writer could keep it for ever."""
        r = self.recorded()
        for i in range(300):
            r.get(f"/{i}")
        r.end()
        with open(r.path, "rb") as f:
            whole = f.read()
        half = len(whole) // 2
        place = self.directory()
        for name, show in (("t", "t"), ("p.1", "p")):
            path = os.path.join(place, name)
            with open(path, "wb") as f:
                f.write(whole[:half])
            reader = subprocess.Popen([trace.TRACE, "show", os.path.join(place, show)],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
            self.addCleanup(reader.kill)
            first = reader.stdout.read(1)  # it has begun, and cannot go on before this is read
            with open(path, "ab") as f:
                f.write(whole[half:])
            if name == "p.1":
                with open(os.path.join(place, "p.2"), "wb") as f:
                    f.write(b"not looked at")
            out, errors = reader.communicate()
            self.assertEqual((reader.returncode, errors), (0, b""))
            lines = (first + out).splitlines()
            kept = trace.Trace(path, half)
            self.assertGreater(kept.torn, 0)
            self.assertEqual(len(lines), len(kept.records))

    def test_the_name_must_be_free(self):
        where = self.directory()
        path = os.path.join(where, "trace")
        with open(path, "w") as f:
            f.write("mine")
        for args in ([], ["--trace-last", "1s"], ["--trace-part-size", "1M"]):
            d = trace.Recorded(self, *args, path=path, ready=False).daemon
            self.assertEqual(d.wait_exit(), 2)
            self.assertIn("exists already", d.log)
        with open(path) as f:
            self.assertEqual(f.read(), "mine")
        os.rename(path, path + ".3")
        d = trace.Recorded(self, "--trace-part-size", "1M", path=path, ready=False).daemon
        self.assertEqual(d.wait_exit(), 2)
        for bad in (os.path.join(where, "no", "t"), path + ".3/t", where):
            for args in ([], ["--trace-last", "1s"]):
                d = trace.Recorded(self, *args, path=bad, ready=False).daemon
                self.assertEqual(d.wait_exit(), 2, bad)
                self.assertIn(f'--trace: "{bad}"', d.log)
        self.assertEqual(os.listdir(where), ["trace.3"])

    def test_an_empty_file_may_be_another_programs(self):
        """Which has begun at the same moment, or finds no room on the disk."""
        path = os.path.join(self.directory(), "trace")
        with open(path, "w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            d = trace.Recorded(self, path=path, ready=False).daemon
            self.assertEqual(d.wait_exit(), 2)
            self.assertIn("exists already", d.log)
        r = self.recorded(path=path)
        size = os.path.getsize(path)
        os.truncate(path, 0)
        d = trace.Recorded(self, path=path, ready=False).daemon
        self.assertEqual((d.wait_exit(), os.path.getsize(path) < size), (2, True))
        r.end()

    def test_mistakes_are_all_said_at_once(self):
        d = Daemon("--agent", "127.0.0.1:1", "-R", "80:8080", "--trace-bodies", "many", "--trace-last", "soon",
                   "--trace-part-size", "1", "--trace-part-time", "x", "--trace-keep", "0", "--trace-memory", "1")
        self.assertEqual(d.wait_exit(), 2)
        for text in ('--trace-bodies: "many"', '--trace-last: "soon"', '--trace-part-size: "1"',
                     '--trace-part-time: "x"', '--trace-keep: "0"', '--trace-memory: "1"',
                     "--trace-bodies needs --trace FILE", "--trace-keep and --trace-last exclude each other"):
            self.assertIn(text, d.log)
        d = Daemon("--agent", "127.0.0.1:1", "-R", "80:8080", "--trace", "", "--trace-keep", "2")
        self.assertEqual(d.wait_exit(), 2)
        self.assertIn("is no name of a file", d.log)
        self.assertIn("--trace-keep needs --trace-part-size or --trace-part-time", d.log)
        d = Daemon("--agent", "127.0.0.1:1", "-R", "80:8080", "--trace", "-")
        self.assertEqual(d.wait_exit(), 2)
        self.assertIn('--trace: "-" is no file here', d.log)
        self.assertFalse(os.path.exists("-"))

    def test_a_limit_that_leaves_no_room_for_the_rings_is_said(self):
        if SANITIZED:
            self.skipTest("with a sanitizer the program does not even begin with so few addresses")
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, before[1]))  # of the daemon, too
        self.addCleanup(resource.setrlimit, resource.RLIMIT_AS, before)
        r = self.recorded("--trace-memory", "16G", ready=False)
        self.assertEqual(r.daemon.wait_exit(), 2)
        self.assertIn(f'--trace: "{r.path}": Cannot allocate memory', r.daemon.log)
        self.assertEqual(os.listdir(os.path.dirname(r.path)), [])

    @unittest.skipUnless(os.path.exists("/sys/kernel/mm/transparent_hugepage"), "how else would it be seen")
    def test_there_is_nothing_of_it_when_it_is_off(self):
        def looks(pid):
            names = []
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/comm") as f:
                    names.append(f.read().strip())
            with open(f"/proc/{pid}/smaps") as f:
                return "trace" in names, any(" hg" in line for line in f if line.startswith("VmFlags"))
        r = self.recorded()
        self.assertEqual(looks(r.daemon.process.pid), (True, True))
        app = self.keep(apps.ServerApp(apps.keep_alive()))
        port = apps.free_port()
        d = Daemon("--standalone", f"{port}={app.port}", "-R", f"{port}:{app.port}")
        self.addCleanup(d.kill)
        d.wait_ready()
        self.assertEqual(looks(d.process.pid), (False, False))
        d.signal(signal.SIGUSR1)  # who asks for what is not there does no harm
        r.daemon.signal(signal.SIGUSR1)
        self.assertEqual(r.get(), b"ok")
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            self.assertIn(b"200", s.recv(100))
        d.signal()
        self.assertEqual(d.wait_exit(), 0)
        r.end()

class Parts(Recording):
    seconds = 4

    def read_parts(self, path):
        parts = [trace.Trace(p) for p in trace.parts_of(path)]
        numbers = [r.sequence for t in parts for r in t.records]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
        self.assertEqual([t.header["part"] for t in parts],
                         list(range(parts[0].header["part"], parts[0].header["part"] + len(parts))))
        for t in parts:
            self.assertEqual(t.torn, 0)
            self.assertTrue(not t.records or t.header["first_sequence"] == t.records[0].sequence)
        self.check_whole(path, len(numbers))
        return parts

    def test_by_size(self):
        r = self.recorded("--trace-part-size", "100K")
        for i in range(300):
            r.get(f"/{i}")
        r.end()
        parts = self.read_parts(r.path)
        self.assertGreater(len(parts), 3)
        self.assertTrue(all(100 << 10 <= t.size < 130 << 10 for t in parts[:-1]), [t.size for t in parts])
        self.assertEqual(len([x for t in parts for x in t.requests()]), 300)
        self.assertEqual(parts[-1].notes(), ["the program has ended"])
        self.assertFalse(os.path.exists(r.path))

    def test_the_last_ones_stay_and_are_read_while_they_change(self):
        r = self.recorded("--trace-part-size", "64K", "--trace-keep", "3")
        stop = r.load(4)
        for _ in range(5):
            status, lines, errors = trace.show(r.path)
            self.assertIn(status, (0, 65), errors)  # a part may be removed before it is read
            self.assertTrue(all("torn" in e or "are missing" in e or "is empty" in e for e in errors.splitlines()),
                            errors)
        r.wait_for(lambda: int(trace.parts_of(r.path)[-1].rsplit(".")[-1]) > 5, "no parts are made")
        stop()
        r.end()
        parts = self.read_parts(r.path)
        self.assertEqual(len(parts), 3)
        self.assertGreater(parts[0].header["part"], 3)

    def test_by_time(self):
        r = self.recorded("--trace-part-time", "300ms")
        for i in range(8):
            r.get(f"/{i}")
            time.sleep(0.15)
        r.end()
        parts = self.read_parts(r.path)
        self.assertTrue(3 <= len(parts) <= 9, len(parts))

class Killed(Recording):
    seconds = 30

    def kill_once(self, wait):
        path = os.path.join(self.directory(), "trace")
        r = self.recorded(path=path, ready=False)
        if wait > 0.3:
            r.daemon.wait_ready()
            r.load(connections=random.choice((1, 16, 64)))
        time.sleep(wait)
        r.daemon.process.kill()
        r.daemon.process.wait()
        if not os.path.exists(path):
            return 0
        status, lines, errors = trace.show(path)
        self.assertEqual(status, 0, errors)
        self.assertLessEqual(len(errors.splitlines()), 1, errors)
        self.assertTrue(not errors or "torn" in errors or "it is empty" in errors, errors)
        if os.path.getsize(path) < 2000000:  # the other reader is slow
            t = trace.Trace(path)
            self.assertEqual([x.sequence for x in t.records], list(range(lines)))
        os.unlink(path)
        return lines

    def test_kill_9_at_any_moment_leaves_a_file_that_can_be_read(self):
        kills = int(os.environ.get("TRACE_KILLS", "20"))
        seed = random.randrange(2**32)
        random.seed(seed)
        records = [self.kill_once(random.uniform(0, 0.9)) for _ in range(kills)]
        self.assertGreater(max(records), 1000, seed)
        print(f"trace-kill: {kills} times, {sum(records)} records, each file was readable")

class Memory(Recording):
    seconds = 4

    def test_what_finds_no_room_is_said(self):
        r = self.recorded("--trace-memory", "256K",
                          handler=apps.keep_alive(lambda conn, head: conn.answer(bytes(3 << 20))))
        said = "messages come faster than they are written, some are missing in it; more memory keeps more"
        for _ in range(50):
            self.assertEqual(len(r.get()), 3 << 20)
            if said in r.daemon.log:
                break
        r.end()
        lost = r.trace().lost()
        self.assertGreater(lost, 0)
        self.assertEqual(r.daemon.log.count(said), 1)
        self.assertIn(f"{r.path}: {lost} messages are missing in it; more memory", r.daemon.log)
        self.assertIn(f"{lost} calls that the recorder lost (more memory keeps more: --trace-memory)",
                      trace.info(r.path))

class Disk(Recording):
    seconds = 4

    def limit(self, r, size):
        resource.prlimit(r.daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def check_serves(self, r, count=20):
        for i in range(count):
            self.assertEqual(r.get(f"/{i}"), b"ok")

    def test_a_file_that_may_not_grow(self):
        r = self.recorded()
        r.get()
        size = os.path.getsize(r.path)
        self.limit(r, size + 1000)
        self.check_serves(r)
        r.daemon.wait_log("File too large; messages are left out")
        self.check_serves(r)
        self.check_whole(r.path)
        self.limit(r, resource.RLIM_INFINITY)
        r.wait_for(lambda: "the file could not be written for a while" in r.trace().notes(), "nothing is said")
        r.end()
        self.assertEqual(r.daemon.log.count("left out"), 1)
        self.check_whole(r.path)
        self.assertEqual(len(r.trace().requests()), 41)

    def test_a_disk_that_is_full(self):
        where = self.directory()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", where], capture_output=True).returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", where])
        r = self.recorded(path=os.path.join(where, "trace"))
        other = os.path.join(where, "other")
        with open(other, "wb") as f:
            f.write(bytes(7900 << 10))
        n = 0
        while "No space left on device" not in r.daemon.log and n < 1000:
            self.assertEqual(r.get("/" + "x" * 1000), b"ok")
            n += 1
        r.daemon.wait_log("No space left on device; messages are left out")
        self.check_serves(r)
        self.check_whole(r.path)
        os.unlink(other)
        r.wait_for(lambda: "the file could not be written for a while" in r.trace().notes(), "nothing is said")
        r.end()
        self.check_whole(r.path)
        t = r.trace()
        if not t.lost():  # it was soon said, so that all of it could be held
            self.assertEqual(len(t.requests()), n + 20)
        self.assertGreater(len(t.requests()), 20)

    def test_what_is_lost_for_long_is_counted(self):
        r = self.recorded(handler=apps.keep_alive(lambda conn, head: conn.answer(bytes(100000))))
        self.limit(r, os.path.getsize(r.path) + 100000)
        for _ in range(100):  # more than is held
            r.get()
        self.limit(r, resource.RLIM_INFINITY)
        r.wait_for(lambda: "the file could not be written for a while" in r.trace().notes(), "nothing is said")
        r.get("/after")
        r.end()
        t = r.trace()
        self.assertGreater(t.lost(), 0)
        self.assertTrue(t.has(b"/after"))
        self.check_whole(r.path)

    def test_a_file_that_stays_full_says_what_is_missing(self):
        r = self.recorded(handler=apps.keep_alive(lambda conn, head: conn.answer(bytes(30000))))
        self.limit(r, os.path.getsize(r.path) + 100000)
        for _ in range(20):
            r.get()
        r.end()
        t = r.trace()
        self.check_whole(r.path)
        self.assertEqual(t.torn, 0)
        self.assertGreater(t.lost(), 50)
        self.assertIn(f"{r.path}: {t.lost()} messages are missing in it", r.daemon.log)
        self.assertIn(f"{t.lost()} calls that the recorder lost (its file", trace.info(r.path))
        self.assertEqual(t.notes(), ["the file could not be written any more", "the program has ended"])
        self.assertIn("is not whole: File too large", r.daemon.log)

    def test_a_device_that_is_always_full(self):
        r = self.recorded(path="/dev/full")
        self.check_serves(r)
        r.daemon.wait_log("No space left on device; messages are left out")
        self.check_serves(r)
        r.end()
        self.assertEqual(r.daemon.log.count("left out"), 1)
        self.assertIn("is not whole", r.daemon.log)

    def test_a_pipe(self):
        path = os.path.join(self.directory(), "fifo")
        os.mkfifo(path)
        with subprocess.Popen([trace.TRACE, "show", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
            r = self.recorded(path=path)
            self.check_serves(r)
            r.end()
            out, errors = reader.communicate(timeout=20 * SLOW)
        self.assertEqual((reader.returncode, errors), (0, b""))
        self.assertGreater(out.count(b"\n"), 100)

    def test_a_pipe_that_is_not_read_is_no_harm(self):
        """The ring is small, so that it is full, too: what is lost is said when somebody reads."""
        path = os.path.join(self.directory(), "fifo")
        os.mkfifo(path)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, fd)
        r = self.recorded("--trace-memory", "256K", path=path,
                          handler=apps.keep_alive(lambda conn, head: conn.answer(bytes(200000))))
        for _ in range(60):
            self.assertEqual(len(r.get()), 200000)
        copy = path + ".copy"

        def read_all():
            os.set_blocking(fd, True)
            with open(copy, "wb") as f:
                while data := os.read(fd, 1 << 16):
                    f.write(data)
        reader = threading.Thread(target=read_all)
        reader.start()

        def has_after():
            self.assertEqual(len(r.get("/after")), 200000)
            with open(copy, "rb") as f:
                return b"/after" in f.read()
        r.wait_for(lambda: os.path.exists(copy) and has_after(), "nothing more is recorded")
        r.end()
        reader.join(20 * SLOW)
        t = trace.Trace(copy)
        self.assertGreater(t.lost(), 100)
        self.assertEqual(t.torn, 0)
        self.check_whole(copy)

class Last(Recording):
    seconds = 4

    def wait_written(self, r, path, why):
        r.daemon.wait_log(f"the trace {path} was written: {why}")
        t = trace.Trace(path)
        self.assertEqual((t.header["why"], t.torn), (why, 0))
        self.check_whole(path, len(t.records))
        return t

    def test_on_sigusr1_again_and_again(self):
        r = self.recorded("--trace-last", "60s")
        r.get("/first")
        self.assertFalse(os.path.exists(r.path))
        r.daemon.signal(signal.SIGUSR1)
        first = self.wait_written(r, r.path, "SIGUSR1")
        r.get("/second")
        r.daemon.signal(signal.SIGUSR1)
        second = self.wait_written(r, r.path + ".2", "SIGUSR1")
        self.assertTrue(first.has(b"/first") and not first.has(b"/second"))
        self.assertTrue(second.has(b"/first") and second.has(b"/second"))
        r.end()
        self.assertEqual(sorted(os.listdir(os.path.dirname(r.path))), ["trace", "trace.2"])

    def test_on_an_error(self):
        app = self.keep(apps.ServerApp(apps.keep_alive()))
        path = os.path.join(self.directory(), "trace")
        s = self.session(app, args=("--trace", path, "--trace-last", "1s"))
        s.link.send(wire.log_message("all is well", 2))
        s.daemon.wait_log("all is well")
        self.assertFalse(os.path.exists(path))
        s.link.send(wire.log_message("the moon is gone", 1))
        s.daemon.wait_log(f"the trace {path} was written: an error")
        self.assertTrue(trace.Trace(path).has(b"the moon is gone"))
        s.link.send(wire.log_message("the sun, too", 1))  # too soon; but it is not forgotten
        s.daemon.wait_log(f"the trace {path}.2 was written: an error")
        self.assertTrue(trace.Trace(path + ".2").has(b"the sun, too"))
        s.finish()

    def test_on_an_error_that_ends_the_program(self):
        path = os.path.join(self.directory(), "trace")
        d = Daemon("--agent", f"127.0.0.1:{apps.free_port()}", "-R", "80:8080", "--no-retry", "--trace", path,
                   "--trace-last", "60s")
        self.assertEqual(d.wait_exit(), 69)
        t = trace.Trace(path)
        self.assertEqual(t.header["why"], "an error")
        self.assertTrue(t.has(b"127.0.0.1"))

    def crash(self, number, *args, path_of=lambda r: r.path):
        r = self.recorded(*args)
        for i in range(20):
            r.get(f"/number-{i}")
        r.daemon.signal(number)
        code = r.daemon.process.wait(20 * SLOW)
        if not SANITIZED:
            self.assertEqual(code, -number)
        t = trace.Trace(path_of(r))
        self.assertEqual(t.notes(), ["the program has crashed"])
        self.assertTrue(t.has(b"/number-0") and t.has(b"/number-19"))
        self.check_whole(path_of(r), len(t.records))
        return t

    def test_on_a_crash(self):
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
            self.assertEqual(self.crash(number, "--trace-last", "60s").header["why"], "a crash")

    def test_a_crash_while_it_records_into_the_file(self):
        self.assertEqual(self.crash(signal.SIGSEGV).header["why"], "--trace")

    def test_age_bounds_it(self):
        r = self.recorded("--trace-last", "1s")
        r.get("/old")
        time.sleep(2 * SLOW)
        r.get("/new")
        r.daemon.signal(signal.SIGUSR1)
        t = self.wait_written(r, r.path, "SIGUSR1")
        self.assertTrue(t.has(b"/new") and not t.has(b"/old"))
        r.end()

    def test_memory_bounds_it(self):
        r = self.recorded("--trace-last", "1h", "--trace-memory", "300K")
        for i in range(400):
            r.get(f"/number-{i}-")
        r.daemon.signal(signal.SIGUSR1)
        t = self.wait_written(r, r.path, "SIGUSR1")
        # what comes at once stays in one piece of the memory, so half of each may be unused
        self.assertTrue(150 << 10 < t.size < 320 << 10, t.size)
        self.assertTrue(t.has(b"/number-399-") and not t.has(b"/number-0-"))
        self.assertEqual(t.header["first_sequence"], t.records[0].sequence)
        self.assertRegex(t.notes()[0], r"^for want of memory only the last \d+ ms of 3600000 ms are here$")
        self.assertIn(t.notes()[0], r.daemon.log)
        self.assertIn("what --trace-last had no memory for (--trace-memory)", trace.info(r.path))
        r.daemon.signal(signal.SIGUSR1)
        self.wait_written(r, r.path + ".2", "SIGUSR1")
        self.assertIn(f"the trace {r.path}.2: for want of memory", r.daemon.log)
        r.end()

class TheAgent(Recording):
    seconds = 3

    def agent(self, *args):
        app = self.keep(apps.ServerApp(apps.keep_alive()))
        agent = StandIn(f"127.0.0.1:{app.port}", *args)
        self.addCleanup(agent.process.wait)
        self.addCleanup(agent.process.kill)
        return agent

    def ask(self, agent, path):
        with socket.create_connection(("127.0.0.1", agent.port)) as s:
            s.sendall(b"GET %s HTTP/1.1\r\nhost: x\r\n\r\n" % path)
            self.assertIn(b"200", s.recv(1000))

    def test_it_records_itself(self):
        path = os.path.join(self.directory(), "trace")
        agent = self.agent("--trace", path)
        self.ask(agent, b"/hello")
        agent.end()
        t = trace.Trace(path)
        self.assertEqual((t.header["program"], t.header["workers"]), ("intproxy-agent", 1))
        self.assertIn(f"--listen {agent.proxies}", t.header["options"])
        self.assertTrue(t.has(b"/hello"))
        self.assertEqual(t.notes(), ["the program has ended"])
        self.assertIn(".version", dict(map(tuple, t.settings)))
        self.check_whole(path, len(t.records))

    def test_its_last_moments(self):
        path = os.path.join(self.directory(), "trace")
        agent = self.agent("--trace", path, "--trace-last", "60s")
        self.ask(agent, b"/hello")
        agent.process.send_signal(signal.SIGUSR1)
        limit = time.monotonic() + 10 * SLOW
        while not any("was written: SIGUSR1" in line for line in agent.log):
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.02)
        self.assertTrue(trace.Trace(path).has(b"/hello"))
        agent.process.send_signal(signal.SIGSEGV)
        code = agent.process.wait(20 * SLOW)
        if not SANITIZED:
            self.assertEqual(code, -signal.SIGSEGV)
        self.assertEqual(trace.Trace(path + ".2").header["why"], "a crash")

    def test_without_a_trace_sigusr1_is_no_harm(self):
        agent = self.agent()
        agent.process.send_signal(signal.SIGUSR1)
        self.ask(agent, b"/hello")
        agent.end()

    def test_a_name_that_is_taken(self):
        path = os.path.join(self.directory(), "trace")
        with open(path, "w") as f:
            f.write("mine")
        done = subprocess.run([AGENT, "--listen", str(apps.free_port()), "--port", f"{apps.free_port()}=1", "--trace",
                               path], capture_output=True, text=True, timeout=10 * SLOW)
        self.assertEqual(done.returncode, 2)
        self.assertIn("exists already", done.stderr)
