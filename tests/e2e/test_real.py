"""Real applications behind the daemon: what no script would have thought of."""
import os
import socket

import apps
from apps import ServerApp, keep_alive
from case import Case


class Real(Case):
    def files(self):
        """A directory with a small and a large file, and the contents of the large one."""
        where = self.directory()
        large = os.urandom(3000000)
        for name, content in (("small.txt", b"small"), ("large.bin", large), ("empty", b"")):
            with open(os.path.join(where, name), "wb") as f:
                f.write(content)
        return where, large

    def check_files(self, program, build="1.29.0", variant="v2"):
        program, (_, large) = program
        s = self.session(program, build=build)
        asked = [("/small.txt", 200, b"small"), ("/large.bin", 200, large), ("/empty", 200, b""),
                 ("/missing", 404, None)]
        for round_ in range(5):
            for i, (uri, status, body) in enumerate(asked):
                s.link.request(round_ * 10 + i, variant, uri=uri, fields=[("host", "h")])
            for i, (uri, status, body) in enumerate(asked):
                answer = s.link.answer(round_ * 10 + i)
                self.assertEqual(answer.status, status)
                self.assertIn(answer.format, ("chunked", "framed") if build == "1.29.0" else
                              (variant if variant != "v1" else "framed",))
                if body is not None:
                    self.assertTrue(answer.body == body, uri)
        s.link.request(100, variant, method="HEAD", uri="/large.bin", fields=[("host", "h")])
        self.assertEqual(s.link.answer(100).header("content-length"), ["3000000"])
        s.finish()

    def python(self):
        where = self.files()
        return self.keep(apps.python_http_server(where[0])), where

    def nginx(self):
        where = self.files()
        return self.keep(apps.nginx(where[0])), where

    def test_python_http_server(self):
        """#2268: HTTP/1.0, head and body in two writes, close-delimited or not."""
        self.check_files(self.python())

    def test_python_http_server_for_an_old_agent(self):
        self.check_files(self.python(), "1.7.0", "v1")

    def test_nginx(self):
        self.check_files(self.nginx())

    def test_nginx_for_an_old_agent(self):
        self.check_files(self.nginx(), "1.5.5", "framed")

    def test_nginx_for_the_oldest_agents(self):
        self.check_files(self.nginx(), "1.3.0", "basic")

    def test_uploads_to_nginx(self):
        """DEL-17: with a length and chunked, 5 MB each, back out again whole."""
        program, (where, large) = self.nginx()
        s = self.session(program)
        for i, fields in enumerate(([("content-length", "3000000")],
                                    [("transfer-encoding", "chunked")])):
            s.link.request(i, method="PUT", uri=f"/put/{i}", last=False,
                           fields=[("host", "h"), *fields])
            for at in range(0, 3000000, 60000):
                s.link.body(i, [large[at:at + 60000]], last=at + 60000 == 3000000)
            self.assertEqual(s.link.answer(i).status, 201)
            with open(os.path.join(where, "put", str(i)), "rb") as f:
                self.assertTrue(f.read() == large)
        s.finish()

    def test_what_nginx_refuses(self):
        """Its own 400 and 413 arrive; the connection after them is a new one."""
        program, _ = self.nginx()
        s = self.session(program)
        s.link.request(1, uri="/", fields=[])  # HTTP/1.1 without Host
        self.assertEqual(s.link.answer(1).status, 400)
        s.link.request(2, method="POST", uri="/small.txt", last=False,
                       fields=[("host", "h"), ("content-length", "900000000")])
        self.assertEqual(s.link.answer(2).status, 413)
        s.link.request(3, uri="/small.txt", fields=[("host", "h")])
        self.assertEqual(s.link.answer(3).body, b"small")
        s.finish()

    def test_node(self):
        """Keep-alive, chunked answers, a stream, an upload."""
        program = self.keep(apps.node())
        s = self.session(program)
        s.link.request(1, uri="/stream", fields=[("host", "h")])
        s.link.head(1)
        s.link.request(2, uri="/end", fields=[("host", "h")])
        self.assertAnswer(s.link.answer(1), "chunked", 200, b"first;second")
        self.assertEqual(s.link.answer(2).status, 200)
        s.link.request(3, method="POST", uri="/up", last=False,
                       fields=[("host", "h"), ("transfer-encoding", "chunked")])
        for _ in range(100):
            s.link.body(3, [b"x" * 10000])
        s.link.body(3, [], last=True)
        self.assertEqual(s.link.answer(3).body, b"POST /up 1000000")
        s.link.request(4, method="DELETE", uri="/d", fields=[("host", "h")])
        self.assertEqual(s.link.answer(4).body, b"DELETE /d 0")
        s.finish()


class Destinations(Case):
    """DEL-9, DEL-10: where a destination may be."""

    def served_by(self, app, to=None):
        s = self.session(to or app)
        s.link.request(1)
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        s.link.request(2)
        s.link.answer(2)
        self.assertEqual(app.count, 1)
        s.finish()

    def test_ipv6(self):
        """#2828."""
        self.served_by(self.keep(ServerApp(keep_alive(), family=socket.AF_INET6)))

    def test_a_socket_file(self):
        self.served_by(self.keep(ServerApp(keep_alive(), path=self.directory() + "/app.sock")))

    def test_a_name(self):
        """DEL-10: localhost may be ::1 first; the next address is tried."""
        app = self.keep(ServerApp(keep_alive()))
        self.served_by(app, f"localhost:{app.port}")

    def test_a_port_alone(self):
        app = self.keep(ServerApp(keep_alive()))
        s = self.session(str(app.port))
        s.link.request(1)
        self.assertAnswer(s.link.answer(1), "framed", 200, b"ok")
        s.finish()

    def test_a_wildcard_becomes_loopback(self):
        """DEL-9, #4302."""
        app = self.keep(ServerApp(keep_alive()))
        self.served_by(app, f"0.0.0.0:{app.port}")

    def test_the_ipv6_wildcard_becomes_loopback(self):
        """DEL-9."""
        app = self.keep(ServerApp(keep_alive(), family=socket.AF_INET6))
        self.served_by(app, f"[::]:{app.port}")

    def test_raw_bytes_to_socat_behind_a_socket_file(self):
        path = self.directory() + "/echo.sock"
        process = apps.socat_unix_echo(path)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        s = self.session(f"unix:{path}")
        s.link.connect(1)
        s.link.data(1, b"echo this")
        s.link.wait_data(1, b"echo this")
        s.link.data(1, b"")
        s.link.until(lambda: s.link.raw(1).data_ended, what="the end")
        s.link.close_id(1)
        s.finish()

    def test_two_ports_go_their_ways(self):
        """SUB-1: each remote port has its destination."""
        one = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(b"one"))))
        two = self.keep(ServerApp(keep_alive(lambda conn, head: conn.answer(b"two"))))
        s = self.session(one, args=["-R", f"81:{two.destination}"])
        s.link.request(1, port=80)
        s.link.request(2, port=81)
        self.assertEqual((s.link.answer(1).body, s.link.answer(2).body), (b"one", b"two"))
        s.finish()

    def test_a_socket_file_that_is_missing(self):
        """DEL-29: refused like a port."""
        s = self.session(f"unix:{self.directory()}/none")
        s.link.connect(1)
        s.link.wait("unsubscribe_connection", connection=1)
        s.finish()
