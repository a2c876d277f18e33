"""Applications for the daemon to deliver to: some that the test plays itself, byte by byte, and real ones."""
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from ports import free_port  # noqa: E402

LIMIT_S = 20


def ends_of(sock):
    return sorted((sock.getpeername()[1], sock.getsockname()[1]))


def wait_taken(ends):
    """Waits until each of a connection's two ends has read all that the other sent (not only its kernel)."""
    wait = threading.Event()
    for _ in range(LIMIT_S * 500):
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        queues = [row[4] for row in rows if sorted(int(row[i][9:], 16) for i in (1, 2)) == ends]
        if len(queues) < 2 or all(q == "00000000:00000000" for q in queues):
            return
        wait.wait(0.002)
    raise AssertionError("the daemon does not read")


class Conn:
    """One connection of the daemon to the application. Everything waits at most LIMIT_S."""

    def __init__(self, sock):
        self.sock = sock
        self.unread = b""
        sock.settimeout(LIMIT_S)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def more(self):
        received = self.sock.recv(1 << 16)
        self.unread += received
        return bool(received)

    def read_until(self, mark):
        """Up to the mark and with it; None: the daemon closed before anything came."""
        while mark not in self.unread:
            if not self.more():
                if self.unread:
                    raise AssertionError(f"closed after {self.unread[:200]!r}")
                return None
        head, _, self.unread = self.unread.partition(mark)
        return head + mark

    def read_head(self):
        return self.read_until(b"\r\n\r\n")

    def read(self, n):
        while len(self.unread) < n:
            if not self.more():
                raise AssertionError(f"closed after {len(self.unread)} of {n} bytes")
        out, self.unread = self.unread[:n], self.unread[n:]
        return out

    def read_chunk(self):
        size = int(self.read_until(b"\r\n"), 16)
        if size == 0:
            return b""
        chunk = self.read(size)
        assert self.read(2) == b"\r\n"
        return chunk

    def read_chunked(self):
        """The body and the lines of its trailers."""
        body = b""
        while chunk := self.read_chunk():
            body += chunk
        trailers = []
        while (line := self.read_until(b"\r\n")) != b"\r\n":
            trailers.append(line.rstrip())
        return body, trailers

    def is_closed(self):
        """Waits for the daemon's FIN (or reset) and says that nothing came before it."""
        try:
            return not self.unread and self.sock.recv(1) == b""
        except ConnectionResetError:
            return not self.unread

    def send(self, *pieces):
        self.sock.sendall(b"".join(pieces))

    def end(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def close(self):
        self.sock.close()

    def taken(self):
        wait_taken(ends_of(self.sock))

    def answer(self, body=b"ok", status=b"200 OK", fields=b""):
        """A whole answer with a length, in one write."""
        self.send(b"HTTP/1.1 ", status, b"\r\n", fields, b"content-length: %d\r\n\r\n" % len(body),
                  body)


class Listener:
    def __init__(self, family=socket.AF_INET, path=None, port=0, receive_buffer=None):
        self.path = path
        if path:
            family = socket.AF_UNIX
        self.sock = socket.socket(family)
        if family != socket.AF_UNIX:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.sock.bind(path or (host, port or free_port()))
        self.sock.listen(2048)
        self.sock.settimeout(LIMIT_S)
        self.port = 0 if path else self.sock.getsockname()[1]
        self.count = 0  # connections accepted

    @property
    def destination(self):
        if self.path:
            return "unix:" + self.path
        host = "[::1]" if self.sock.family == socket.AF_INET6 else "127.0.0.1"
        return f"{host}:{self.port}"

    def close(self):
        self.sock.close()


class HandApp(Listener):
    """The test itself is the application: it accepts, reads and writes."""

    def accept(self):
        sock, _ = self.sock.accept()
        self.count += 1
        return Conn(sock)

    def waits(self, seconds):
        """Nobody connects for so long."""
        self.sock.settimeout(seconds)
        try:
            self.accept()
            return False
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(LIMIT_S)


class ParkingApp(Listener):
    """Reads requests of many connections and answers none: the test takes them from `parked`, where they
    stand by their path."""

    def __init__(self, **rest):
        super().__init__(**rest)
        self.changed = threading.Condition()
        self.parked = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.sock, selectors.EVENT_READ, None)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                for key, _ in self.selector.select():
                    self.come(key.data) if key.data else self.arrive()
        except (OSError, ValueError, KeyError):
            pass  # it was closed

    def arrive(self):
        sock, _ = self.sock.accept()
        self.count += 1
        self.selector.register(sock, selectors.EVENT_READ, Conn(sock))

    def come(self, conn):
        if not conn.more():
            self.selector.unregister(conn.sock)
        while b"\r\n\r\n" in conn.unread:
            path = conn.read_head().split(b" ")[1].decode()
            with self.changed:
                self.parked[path] = conn
                self.changed.notify_all()

    def wait_parked(self, count, timeout=LIMIT_S):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.parked) >= count, timeout):
                raise AssertionError(f"{len(self.parked)} of {count} requests came")
            return dict(self.parked)


class ServerApp(Listener):
    """Serves each connection with handler(conn) in a thread of its own; handler returns to close."""

    def __init__(self, handler, **rest):
        super().__init__(**rest)
        self.handler = handler
        self.sock.settimeout(None)
        self.open = set()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=(Conn(sock),), daemon=True).start()

    def serve(self, conn):
        conn.sock.settimeout(60)
        self.open.add(conn)
        try:
            self.handler(conn)
        except OSError:
            pass
        self.open.discard(conn)
        conn.close()


def keep_alive(answer=lambda conn, head: conn.answer()):
    """A handler that answers requests without bodies, one after the other."""
    def handler(conn):
        while head := conn.read_head():
            answer(conn, head)
    return handler


def end(process):
    """Politely, then not."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Program:
    """A real application; ready when its port takes connections."""

    run_directory = None  # is removed at the end

    def __init__(self, argv, port, needs):
        if not shutil.which(needs):
            raise AssertionError(f"{needs} is missing")
        self.port = port
        self.destination = f"127.0.0.1:{port}"
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait()
        except BaseException:
            self.close()
            raise

    def wait(self):
        wait = threading.Event()
        for _ in range(200):
            if self.process.poll() is not None:
                raise AssertionError(f"the application ended with {self.process.returncode}")
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            wait.wait(0.05)  # a program that does not say when it is ready has to be asked
        raise AssertionError("the application does not listen")

    def close(self):
        end(self.process)
        if self.run_directory:
            shutil.rmtree(self.run_directory, True)


def python_http_server(directory):
    port = free_port()
    return Program(["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", directory,
                    str(port)], port, "python3")


def nginx(directory):
    """Serves files of the directory, and takes uploads into /put/."""
    port = free_port()
    run = tempfile.mkdtemp(prefix="e2e-nginx-")
    conf = os.path.join(run, "nginx.conf")
    os.makedirs(os.path.join(directory, "put"), exist_ok=True)
    with open(conf, "w") as f:
        f.write(f"""daemon off; master_process off; pid {run}/pid; error_log {run}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; client_max_body_size 200m;
    client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/fcgi;
    uwsgi_temp_path {run}/uwsgi; scgi_temp_path {run}/scgi;
    server {{
        listen 127.0.0.1:{port}; root {directory};
        location /put/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
    }}
}}
""")
    program = Program(["nginx", "-p", run, "-c", conf, "-e", f"{run}/error.log"], port, "nginx")
    program.run_directory = run
    return program


NODE_APP = """
const http = require('http');
let open;  // the answer of /stream, until /end is asked for
http.createServer((q, r) => {
  if (q.url === '/stream') {
    open = r;
    r.write('first;');
  } else if (q.url === '/end') {
    open.end('second');
    r.end();
  } else {
    let n = 0;
    q.on('data', d => n += d.length);
    q.on('end', () => r.end(q.method + ' ' + q.url + ' ' + n));
  }
}).listen(PORT, '127.0.0.1');
"""


def node():
    port = free_port()
    return Program(["node", "-e", NODE_APP.replace("PORT", str(port))], port, "node")


def socat_unix_echo(path):
    """Answers raw connections on a socket file with what they say."""
    if not shutil.which("socat"):
        raise AssertionError("socat is missing")
    process = subprocess.Popen(["socat", f"UNIX-LISTEN:{path},fork", "EXEC:cat"],
                               stderr=subprocess.DEVNULL)
    wait = threading.Event()
    for _ in range(200):
        if os.path.exists(path):
            return process
        wait.wait(0.02)
    end(process)
    raise AssertionError("socat does not listen")
