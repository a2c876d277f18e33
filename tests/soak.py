"""One daemon, many agents: mixed traffic for a long time, and nothing may grow.

Each turn another agent version drives another work through the same daemon, which connects anew each
time. Between turns its memory and its descriptors are held against those after the first round of all
works. Ends with 1 when a work fails, the daemon ends, or something grows.

usage: soak.py --daemon PROGRAM --load PROGRAM --seconds N
"""

import argparse
import os
import signal
import subprocess
import sys
import time

from ports import free_port

# (agent version, mode, path, in flight, count, body)
WORKS = [
    ("1.29.0", "http", "/64", 64, 60000, None),
    ("1.29.0", "http", "/60000", 16, 8000, None),
    ("1.29.0", "http", "/64", 64, 20000, 10000),
    ("1.29.0", "http", "/chunked/300000", 32, 1500, None),
    ("1.29.0", "tcp", "/", 16, 300000000, None),
    ("1.18.9", "tcp", "/", 32, 100000000, None),
    ("1.5.5", "http", "/chunked/100000", 16, 1500, None),
    ("1.2.5", "http", "/64", 8, 8000, None),
    ("1.29.0", "upload", "/64", 4, 8, 20000000),
]
GROWTH_KIB = 8 * 1024
SETTLE_S = 1.5  # the daemon gives spare memory back when it has been idle for half a second


def memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Soak:
    """The living processes of a soak."""

    def __init__(self, daemon, load):
        self.load = load
        self.agent_port, app_port, echo_port = free_port(), free_port(), free_port()
        self.apps = [subprocess.Popen([load, "app", str(app_port)]),
                     subprocess.Popen([load, "echo", str(echo_port)])]
        self.daemon_for = {"tcp": echo_port}
        self.app_port = app_port
        self.program = daemon
        self.daemons = {}

    def daemon(self, mode):
        """The daemon for this kind of application; it lives until the end."""
        if mode not in self.daemons:
            port = free_port()
            to = self.daemon_for.get(mode, self.app_port)
            self.daemons[mode] = (port, subprocess.Popen(
                [self.program, "--agent", f"127.0.0.1:{port}", "-R", f"8080:{to}", "--log-level", "error"]))
        return self.daemons[mode]

    def turn(self, work):
        version, mode, path, in_flight, count, body = work
        port, daemon = self.daemon("tcp" if mode == "tcp" else "http")
        command = [self.load, "agent", str(port), version, mode, path, str(in_flight), str(count)]
        done = subprocess.run(command + ([str(body)] if body else []), capture_output=True, text=True, timeout=180)
        if daemon.poll() is not None:
            raise SystemExit(f"soak: the daemon ended with {daemon.returncode} during {work}")
        if done.returncode:
            raise SystemExit(f"soak: {work}: {done.stderr.strip()}")
        return done.stdout.strip()

    def sizes(self):
        time.sleep(SETTLE_S)
        return {mode: (memory_kib(d.pid), descriptors(d.pid)) for mode, (_, d) in self.daemons.items()}

    def end(self):
        """Ends all. Returns what daemons did not end as they should, in words."""
        everybody = self.apps + [d for _, d in self.daemons.values()]
        for p in everybody:
            p.send_signal(signal.SIGTERM)
        for p in everybody:
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        return [f"the {mode} daemon ended with {d.returncode}" for mode, (_, d) in self.daemons.items()
                if d.returncode != 0]


def grown(first, now):
    """What is larger than it may be, in words."""
    for mode, (kib, files) in now.items():
        if kib > first[mode][0] + GROWTH_KIB:
            yield f"{mode}: memory {first[mode][0]} KiB -> {kib} KiB"
        if files > first[mode][1] + 4:
            yield f"{mode}: descriptors {first[mode][1]} -> {files}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    asked = parser.parse_args()
    soak, began, rounds, first = Soak(asked.daemon, asked.load), time.monotonic(), 0, None
    try:
        while rounds == 0 or time.monotonic() - began < asked.seconds:
            for work in WORKS:
                print(f"{time.monotonic() - began:7.1f} s  {work[0]:7} {soak.turn(work)}", flush=True)
            rounds += 1
            now = soak.sizes()
            first = first or now
            print(f"round {rounds}: " + ", ".join(f"{m} {k} KiB {f} descriptors" for m, (k, f) in now.items()))
            bad = list(grown(first, now))
            if bad:
                sys.exit("soak: it grows: " + "; ".join(bad))
    finally:
        bad = soak.end()
        if bad:
            print("soak: " + "; ".join(bad), file=sys.stderr)
    if bad:
        sys.exit(1)
    print(f"soak: {rounds} rounds, nothing has grown")


if __name__ == "__main__":
    main()
