"""curl, wrk and socat as remote clients, through the stand-in agent and the daemon, to nginx and python3."""
import hashlib
import os
import subprocess
import threading

import apps
from case import Case
from chain import AGENT, Chain, StandIn, need
from daemon import SLOW

MINE = ("-H", "x-user: me")
FILTER = ("--header-filter", "^x-user: me$")


class TheChain(Case):
    seconds = 4

    def directory_with(self, name, content):
        where = self.directory()
        with open(os.path.join(where, name), "wb") as f:
            f.write(content)
        return where

    def chain(self, daemon_args=FILTER, agent_args=()):
        """Upstream: python3's http.server, which has who = remote; local: nginx, which has who = local."""
        upstream = self.keep(apps.python_http_server(self.directory_with("who", b"remote")))
        self.local_files = self.directory_with("who", b"local")
        self.large = os.urandom(5000000)
        with open(os.path.join(self.local_files, "large"), "wb") as f:
            f.write(self.large)
        local = self.keep(apps.nginx(self.local_files))
        return Chain(self, upstream.destination, local.destination, daemon_args, agent_args)

    def check_files(self, agent_args=()):
        c = self.chain(agent_args=agent_args)
        self.assertEqual(c.curl("/who", *MINE), (200, b"local"))
        self.assertEqual(c.curl("/who"), (200, b"remote"))
        self.assertEqual(c.curl("/who", "-H", "X-User: ME"), (200, b"local"))  # AG-28: case is ignored
        status, body = c.curl("/large", *MINE)
        self.assertEqual((status, hashlib.sha256(body).digest()), (200, hashlib.sha256(self.large).digest()))
        self.assertEqual(c.curl("/missing", *MINE)[0], 404)
        self.assertIn(b"Content-Length: 5000000".lower(), c.curl("/large", "-I", *MINE)[1].lower())
        c.finish()

    def check_uploads(self, agent_args=()):
        c = self.chain(agent_args=agent_args)
        sent = os.urandom(3000000)
        self.assertEqual(c.curl("/put/length", *MINE, "-T", "-", "-H", "content-length: 3000000",
                                "-H", "transfer-encoding:", data=sent)[0], 201)
        self.assertEqual(c.curl("/put/chunked", *MINE, "-T", "-", data=sent)[0], 201)
        for name in ("length", "chunked"):
            with open(os.path.join(self.local_files, "put", name), "rb") as f:
                self.assertTrue(f.read() == sent, name)
        c.finish()

    def test_files(self):
        self.check_files()

    def test_files_through_an_old_agent_that_echoes(self):
        """HS-12, RSP-6: it says our version and cannot read a stream."""
        self.check_files(("--protocol-version", "1.5.5", "--answer", "echo"))

    def test_files_through_an_agent_that_cannot_read_streams(self):
        """#2562: it sends chunked requests and cannot read chunked responses."""
        self.check_files(("--protocol-version", "1.7.0"))

    def test_files_through_an_agent_without_versions(self):
        self.check_files(("--protocol-version", "1.2.2", "--answer", "none"))

    def test_uploads(self):
        self.check_uploads()

    def test_uploads_through_an_old_agent(self):
        self.check_uploads(("--protocol-version", "1.5.5", "--answer", "echo"))

    def test_keep_alive(self):
        """Requests of one connection go here and there, each by its own head."""
        c = self.chain()
        done = subprocess.run([need("curl"), "-s", "-S", c.url("/who"), "--next", "-s", *MINE, c.url("/who"), "--next",
                               "-s", c.url("/who")], capture_output=True, timeout=30)
        self.assertEqual(done.stdout, b"remotelocalremote")
        c.finish()

    def test_wrk(self):
        """32 connections for two seconds: each request is answered, and with 200."""
        c = self.chain()
        self.assertGreater(c.wrk("/who", "-c", "32", *MINE), 500 / SLOW)
        c.finish()

    def test_wrk_through_an_old_agent(self):
        c = self.chain(agent_args=("--protocol-version", "1.5.5", "--answer", "echo"))
        self.assertGreater(c.wrk("/who", "-c", "32", *MINE), 500 / SLOW)
        c.finish()

    def test_wrk_with_two_workers(self):
        c = self.chain(daemon_args=(*FILTER, "--workers", "2"))
        self.assertGreater(c.wrk("/who", "-c", "32", *MINE), 500 / SLOW)
        c.finish()

    def test_composite_filters(self):
        c = self.chain(daemon_args=(*FILTER, "--path-filter", "^/who$", "--method-filter", "get"))
        self.assertEqual(c.curl("/who", *MINE)[1], b"local")
        self.assertEqual(c.curl("/large", *MINE)[0], 404)
        self.assertEqual(c.curl("/who")[1], b"remote")
        c.finish()

    def test_mirror(self):
        """The remote application answers, the local one gets a copy (AG-11)."""
        c = self.chain(daemon_args=("--mirror",))
        self.assertEqual(c.curl("/who", "-T", "-", data=b"x")[0], 501)  # http.server knows no PUT
        self.assertEqual(c.curl("/who")[1], b"remote")
        # head and body in one write: http.server refuses the head, and curl stops an upload that is refused
        c.curl("/put/copy", "-X", "PUT", "--data-binary", "@-", data=b"copy")
        path = os.path.join(self.local_files, "put", "copy")
        pause = threading.Event()
        for _ in range(100):  # nobody tells when a mirrored request has been served
            if os.path.exists(path) and os.path.getsize(path) == 4:
                break
            pause.wait(0.1)
        else:
            self.fail("the copy did not arrive\n" + c.daemon.log)
        c.finish()

    def test_a_socket_in_the_file_system_is_taken_over_from_the_dead(self):
        at = "unix:" + os.path.join(self.directory(), "agent")
        first = StandIn("127.0.0.1:1", ports=(at, apps.free_port()))
        first.process.kill()
        first.process.wait()
        second = StandIn("127.0.0.1:1", ports=(at, apps.free_port()))
        third = subprocess.run([AGENT, "--listen", at, "--port", f"{apps.free_port()}=127.0.0.1:1"],
                               capture_output=True, timeout=60)
        self.assertNotEqual(third.returncode, 0)
        self.assertIn(b"Address already in use", third.stdout + third.stderr)
        second.end()
        plain = os.path.join(self.directory(), "plain")
        with open(plain, "w"):
            pass
        done = subprocess.run([AGENT, "--listen", "unix:" + plain, "--port", f"{apps.free_port()}=127.0.0.1:1"],
                              capture_output=True, timeout=60)
        self.assertIn(b"Address already in use", done.stdout + done.stderr)
        self.assertTrue(os.path.exists(plain))

    def test_raw(self):
        """socat to socat over a stolen port: bytes both ways, and both ends (TCP-7, TCP-8)."""
        upstream = self.keep(apps.python_http_server(self.directory_with("who", b"remote")))
        path = os.path.join(self.directory(), "echo")
        echo = apps.socat_unix_echo(path)
        self.addCleanup(lambda: (echo.terminate(), echo.wait()))
        for agent_args in ((), ("--protocol-version", "1.8.1")):
            c = Chain(self, upstream.destination, f"unix:{path}", agent_args=agent_args)
            sent = b"\x00raw" + os.urandom(700000)
            done = subprocess.run([need("socat"), "-t", "20", "-", f"TCP:127.0.0.1:{c.agent.port}"], input=sent,
                                  capture_output=True, timeout=60)
            self.assertTrue(done.stdout == sent, f"{len(done.stdout)} bytes came back")
            c.finish()
