"""The whole chain as users have it: a remote client, the stand-in agent, the daemon, the local application."""
import os
import re
import shutil
import signal
import subprocess
import threading

from apps import free_port
from daemon import PROGRAM, SLOW, Daemon

AGENT = os.path.abspath(os.environ.get("INTPROXY_AGENT") or os.path.join(os.path.dirname(PROGRAM), "intproxy-agent"))


def need(name):
    if not shutil.which(name):
        raise AssertionError(f"{name} is missing")
    return name


class StandIn:
    """build/intproxy-agent, with one port whose traffic goes to `upstream` when nobody steals it."""

    def __init__(self, upstream, *args, ports=None):
        self.proxies, self.port = ports or (free_port(), free_port())
        self.process = subprocess.Popen(
            [AGENT, "--listen", str(self.proxies), "--port", f"{self.port}={upstream}", *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.log, self.ready = [], threading.Event()
        threading.Thread(target=self.read_log, daemon=True).start()
        if not self.ready.wait(10 * SLOW):
            self.process.kill()
            self.process.wait()
            raise AssertionError("the agent does not get ready:\n" + "\n".join(self.log))

    def read_log(self):
        with self.process.stdout as log:
            for line in log:
                self.log.append(line.decode(errors="replace").rstrip())
                if "agent ready" in self.log[-1]:
                    self.ready.set()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10 * SLOW)
        if code or any(word in line for line in self.log for word in ("Sanitizer", "runtime error:")):
            raise AssertionError(f"the agent ended with {code}:\n" + "\n".join(self.log))


class Chain:
    """Agent and daemon; ends both and looks at their exit codes."""

    def __init__(self, test, upstream, local, daemon_args=(), agent_args=()):
        self.test, self.daemon, self.over = test, None, False
        self.agent = StandIn(upstream, *agent_args)
        test.addCleanup(self.clean)
        self.daemon = Daemon("--agent", f"127.0.0.1:{self.agent.proxies}", "-R",
                             f"{self.agent.port}:{local}", *daemon_args)
        self.daemon.wait_ready()

    def url(self, path):
        return f"http://127.0.0.1:{self.agent.port}{path}"

    def curl(self, path, *args, data=None, timeout=20):
        """(status, body) as curl saw them."""
        done = subprocess.run(
            [need("curl"), "-s", "-S", "-m", str(timeout * SLOW), "-w", "\n%{http_code}", *args, self.url(path)],
            input=data, capture_output=True, timeout=2 * timeout * SLOW)
        if done.returncode:
            raise AssertionError(f"curl {path}: {done.stderr.decode()}\n{self.daemon.log}")
        body, _, status = done.stdout.rpartition(b"\n")
        return int(status), body

    def wrk(self, path, *args, seconds=2):
        """Requests that were answered; none may have failed."""
        done = subprocess.run([need("wrk"), "-t", "1", "-d", f"{seconds}s", *args, self.url(path)],
                              capture_output=True, text=True, timeout=60 * SLOW)
        text = done.stdout
        if done.returncode or "Non-2xx" in text or "Socket errors" in text:
            raise AssertionError(f"wrk: {text}{done.stderr}\n{self.daemon.log}")
        return int(re.search(r"(\d+) requests in", text).group(1))

    def finish(self):
        self.daemon.signal(signal.SIGTERM)
        code = self.daemon.wait_exit(10)
        if code:
            raise AssertionError(f"the daemon ended with {code}:\n{self.daemon.log}")
        self.agent.end()
        self.over = True

    def clean(self):
        if self.daemon:
            self.daemon.kill()
        self.agent.process.kill()
        self.agent.process.wait()
        if self.daemon:
            self.daemon.check_log()
        if not self.over and self.test.reached_its_end:
            raise AssertionError("the chain was not ended")
