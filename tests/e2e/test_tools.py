"""The two programs as tools: command lines, the ready line, the log as JSON, --standalone."""
import json
import os
import subprocess

from apps import HandApp, ServerApp, free_port, keep_alive
from case import Case
from chain import AGENT, need
from daemon import PROGRAM, ROOT, SLOW, Daemon
import wire


def run(program, *args, **options):
    done = subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=10 * SLOW, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Mistakes(Case):
    """Exit code 2, a clear text, nothing on stdout."""

    def refused(self, program, args, *words):
        code, out, text = run(program, *args)
        self.assertEqual((code, out), (2, ""), text)
        for word in words:
            self.assertIn(word, text)

    def daemon_refuses(self, args, *words):
        self.refused(PROGRAM, ["--agent", "h:1", "-R", "1", *args], *words)

    def test_an_option_that_is_given_twice(self):
        for option, value in (("--agent", "h:2"), ("--workers", "1"), ("--spool-max", "1"), ("--log-level", "info")):
            with self.subTest(option):
                self.daemon_refuses([option, value, option, value], f"{option}: is given twice")
        self.refused(AGENT, ["--listen", "1", "--listen", "2", "--port", "3=4"], "--listen: is given twice")

    def test_filters_and_ports_may_be_given_again(self):
        """Nothing but what is wrong is told."""
        code, _, text = run(PROGRAM, "--agent", "h:1", "-R", "1", "-R", "2", "--path-filter", "a", "--path-filter",
                            "b", "--steal", "--steal", "--log-level", "loud")
        self.assertEqual(code, 2)
        self.assertEqual(len(text.splitlines()), 2, text)

    def test_a_filter_that_no_agent_takes(self):
        """It would end the link, again and again."""
        for option in ("--header-filter", "--path-filter"):
            self.daemon_refuses([option, b"a\xff"], f"{option}: the filter is no UTF-8")
            self.daemon_refuses([option, ""], f"{option}: the filter is empty")

    def test_only_sizes_take_k_m_g(self):
        self.refused(PROGRAM, ["--standalone", "1024=1", "-R", "1K:80"], "-R 80:")  # 1K is a host, not port 1024
        self.daemon_refuses(["--ready-fd", "1K"], "no descriptor number")
        self.daemon_refuses(["--local-connections-max", "1K"], "no number")
        self.daemon_refuses(["--spool-max", "1K", "--collect-max", "99X"], '"99X" is no size')

    def test_a_port_that_the_agent_inside_does_not_listen_on(self):
        """It would be ready and serve nothing."""
        self.refused(PROGRAM, ["--standalone", "8000=8001", "-R", "8080"],
                     "-R 8080: the agent inside listens on no such port",
                     "--standalone 8080=UPSTREAM or -R 8000:127.0.0.1:8080")

    def test_no_retry_means_nothing_to_the_agent_inside(self):
        self.refused(PROGRAM, ["--standalone", "8000=8001", "-R", "8000:8080", "--no-retry"], "--no-retry")

    def test_an_address_that_standalone_cannot_listen_on(self):
        app = self.keep(HandApp())
        port = app.destination.rpartition(":")[2]
        self.refused(PROGRAM, ["--standalone", f"{port}=1", "-R", f"{port}:1"], "cannot listen")

    def test_the_agent_without_anything(self):
        self.refused(AGENT, [], "no --listen", "no --port", "--help shows all options")

    def test_every_mistake_of_the_agents_is_told(self):
        self.refused(AGENT, ["--listen", "name:1", "--port", "8080", "--answer", "max", "--protocol-version", "2.0.0",
                             "--what"], "is a name", "names no upstream", "none of min, echo, none",
                     "newer than what this program knows", "--what: there is no such option")

    def test_a_lost_end_of_a_body_needs_bodies_in_parts(self):
        """AG-45: a defect of agents from 1.7.0 on."""
        self.refused(AGENT, ["--listen", "1", "--port", "3=4", "--lose-body-end", "--protocol-version", "1.6.0"],
                     "--lose-body-end needs --protocol-version 1.7.0")

    def test_the_demo_says_what_it_does_not_know(self):
        self.refused("sh", [os.path.join(ROOT, "tools", "demo"), "--foo"], "--foo", "usage")

    def test_a_step_of_the_checks_that_there_is_not(self):
        """Also beside one that there is: nothing is run."""
        self.refused("sh", [os.path.join(ROOT, "tools", "check"), "--no-install", "unti", "lint"],
                     "there is no step unti", "unit-256")


class ReadyDescriptor(Case):
    def ready_at(self, fd):
        """Starts the program with its stdout and stderr in a pipe; what comes is handed line by line."""
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(app)
        process = subprocess.Popen(
            [PROGRAM, "--agent", s.agent.address, "-R", f"80:{app.destination}", "--ready-fd", str(fd)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close(), process.stderr.close()))
        return s, process

    def test_standard_descriptors_are_not_closed(self):
        """The next socket would get their number, and the log with it."""
        for fd in (1, 2):
            with self.subTest(fd):
                s, process = self.ready_at(fd)
                pipe = process.stdout if fd == 1 else process.stderr
                lines = [pipe.readline() for _ in range(fd)]
                self.assertTrue(lines[-1].startswith(b"ready: "), lines)
                link = s.agent.link(1)
                before = os.readlink(f"/proc/{process.pid}/fd/{fd}")
                self.assertTrue(before.startswith("pipe:"), before)
                link.send(wire.log_message("to be logged", 0))
                process.stderr.readline() if fd == 1 else None
                self.assertIn(b"to be logged", process.stderr.readline())
                link.request(1)
                self.assertAnswer(link.answer(1), "framed", 200)
                process.terminate()
                self.assertEqual(process.wait(10 * SLOW), 0)
                s.finish()


class JsonLog(Case):
    def test_every_line_is_an_object(self):
        """The ready line too; and whatever the agent says, it is a value."""
        s = self.session("127.0.0.1:1", args=["--log-format", "json", "--log-level", "debug", "--header-filter",
                                              '^x-user: "me"$'])
        words = ['a" level=error b="c', "a\x1flevel=error", "\\", 'x\n{"level":"error"}', "\u009b2J", "é€😀",
                 "€" * 600]
        for word in words:
            s.link.send(wire.log_message(word, 0))
        s.link.request(1)
        self.assertEqual(s.link.answer(1).status, 502)
        s.finish()
        objects = [json.loads(line) for line in s.daemon.lines]
        for each in objects:
            self.assertEqual(list(each)[:4], ["time", "level", "actor", "message"])
            self.assertIn(each["level"], ("error", "warn", "info", "debug"))
        ready = [each for each in objects if each["actor"] == "intproxyd"]
        self.assertEqual([each["message"] for each in ready], [s.ready_line])
        said = [each["text"] for each in objects if each["message"] == "the agent says"]
        self.assertEqual(said[:6], words[:6])
        self.assertTrue(said[6].startswith("€" * 250))

    def test_a_close_is_one_sentence(self):
        """HS-26: its words stand in the sentence itself."""
        s = self.session("127.0.0.1:1", args=["--log-format", "json"])
        s.link.send(wire.close('no "more"\x1flevel=error'))
        s.daemon.wait_log("closes the session")
        s.daemon.wait_log("serving again")
        s.finish()
        line = json.loads(next(line for line in s.daemon.lines if "closes the session" in line))
        self.assertEqual(line["level"], "warn")
        self.assertEqual(set(line), {"time", "level", "actor", "message"})


class Standalone(Case):
    def test_a_request_is_served_through_it(self):
        """The agent inside, over a socketpair: what matches goes here, the rest to the upstream."""
        local = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(b"local"))))
        remote = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(b"remote"))))
        port = free_port()
        daemon = Daemon("--standalone", f"{port}={remote.destination}", "-R", f"{port}:{local.destination}",
                        "--path-filter", "^/api")
        self.addCleanup(daemon.kill)
        self.assertIn("the stand-in agent inside says", daemon.wait_ready())
        for path, who in (("/api/1", b"local"), ("/other", b"remote")):
            done = subprocess.run([need("curl"), "-s", "-S", "-m", str(10 * SLOW), f"http://127.0.0.1:{port}{path}"],
                                  capture_output=True, timeout=20 * SLOW)
            self.assertEqual((done.stdout, done.stderr), (who, b""))
        daemon.signal()
        self.assertEqual(daemon.wait_exit(5), 0)
