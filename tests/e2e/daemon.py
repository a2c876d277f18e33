"""Runs one intproxyd: starts it, waits for its ready line, keeps its log, ends it, looks at its exit code.

INTPROXYD names the program (default build/intproxyd); a build with sanitizers may be named as well, then
E2E_SLOW=3 stretches the time limits.
"""
import os
import resource
import signal
import subprocess
import threading
import time

SLOW = float(os.environ.get("E2E_SLOW", "1"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.abspath(os.environ.get("INTPROXYD") or os.path.join(ROOT, "build", "intproxyd"))
# what a sanitizer keeps of freed memory is no growth of the program's
SANITIZER = {"ASAN_OPTIONS": "quarantine_size_mb=8"}
CRASHES = ("Sanitizer", "runtime error:", "Assertion", "assertion")


class Daemon:
    def __init__(self, *args, descriptors=None, env=None):
        read_end, write_end = os.pipe()
        self.started = time.monotonic()
        self.changed = threading.Condition()
        self.lines, self.ready_text, self.ready_known, self.log_ended = [], "", False, False

        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.process = subprocess.Popen(
            [PROGRAM, "--ready-fd", str(write_end), *args], stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[write_end],
            preexec_fn=limit, env={**SANITIZER, **os.environ, **(env or {})})
        os.close(write_end)
        threading.Thread(target=self.read_ready, args=(read_end,), daemon=True).start()
        threading.Thread(target=self.read_log, daemon=True).start()

    def read_ready(self, fd):
        with os.fdopen(fd) as pipe:
            text = pipe.read()
        with self.changed:
            self.ready_text, self.ready_known = text.strip(), True
            self.changed.notify_all()

    def read_log(self):
        with self.process.stderr as log:
            for line in log:
                with self.changed:
                    self.lines.append(line.decode(errors="replace").rstrip("\n"))
                    self.changed.notify_all()
        with self.changed:
            self.log_ended = True
            self.changed.notify_all()

    @property
    def log(self):
        return "\n".join(self.lines)

    def wait_ready(self, timeout=10):
        with self.changed:
            self.changed.wait_for(lambda: self.ready_known, timeout * SLOW)
        if not self.ready_text:
            raise AssertionError(f"not ready\n{self.log}")
        return self.ready_text

    def wait_log(self, text, timeout=10, count=1):
        """Waits for a line that holds text; returns it (the count-th)."""
        def found():
            lines = [line for line in self.lines if text in line]
            return lines[count - 1] if len(lines) >= count else None
        with self.changed:
            self.changed.wait_for(lambda: found() or self.log_ended, timeout * SLOW)
            if not found():
                raise AssertionError(f"no {text!r} in the log:\n{self.log}")
            return found()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait_exit(self, timeout=10):
        try:
            code = self.process.wait(timeout * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {timeout * SLOW} s\n{self.log}") from None
        with self.changed:
            self.changed.wait_for(lambda: self.log_ended, 5)
        self.check_log()
        return code

    def check_log(self):
        bad = [line for line in self.lines if any(word in line for word in CRASHES)]
        if bad:
            raise AssertionError("the program broke:\n" + self.log)

    def is_alive(self):
        return self.process.poll() is None

    def kill(self):
        if self.is_alive():
            self.process.kill()
        self.process.wait()

    def status_kib(self, name):
        """VmHWM, VmRSS ... of the process, in KiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        raise AssertionError(f"no {name}")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
