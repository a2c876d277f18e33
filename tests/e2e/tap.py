"""Runs one `intproxy-wire tap`: waits until it listens, keeps its lines, ends it, looks at its exit code."""
import os
import re
import signal
import subprocess
import threading

from daemon import CRASHES, PROGRAM, SANITIZER, SLOW

WIRE = os.path.abspath(os.environ.get("INTPROXY_WIRE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-wire"))


class Tap:
    """stdout: a descriptor for its output, or None: it is read here, into `lines`."""

    def __init__(self, agent_port, *args, stdout=None, env=None):
        self.changed = threading.Condition()
        self.lines, self.log = [], []
        self.process = subprocess.Popen(
            [WIRE, "tap", "--listen", "0", "--agent", str(agent_port), *args], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout is None else stdout, stderr=subprocess.PIPE,
            env={**SANITIZER, **os.environ, **(env or {})})
        self.threads = [self.read(self.process.stderr, self.log)]
        if stdout is None:
            self.threads.append(self.read(self.process.stdout, self.lines))
        self.port = int(re.search(r"proxies at 127\.0\.0\.1:(\d+)", self.wait(self.log, "tap ready")).group(1))

    def read(self, pipe, into):
        def run():
            with pipe:
                for line in pipe:
                    with self.changed:
                        into.append(line.decode(errors="replace").rstrip("\n"))
                        self.changed.notify_all()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def wait(self, lines, text, timeout=10):
        """The first line that holds text."""
        def found():
            return next((line for line in lines if text in line), None)
        with self.changed:
            self.changed.wait_for(found, timeout * SLOW)
            if not found():
                raise AssertionError(f"no {text!r} in\n" + "\n".join([*lines, *self.log]))
            return found()

    def end(self, number=signal.SIGINT, timeout=10):
        """The exit code; None as the number: it ends by itself."""
        if number:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError("the tap does not end\n" + "\n".join(self.log)) from None
        for thread in self.threads:
            thread.join(5)
        if any(word in line for line in self.log for word in CRASHES):
            raise AssertionError("the tap broke\n" + "\n".join(self.log))
        return code

    @property
    def summary(self):
        return "\n".join(self.log)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
