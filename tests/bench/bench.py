#!/usr/bin/env python3
"""The bench: CPU, latency and memory of a proxy, as ratios to the floor (see load_floor.c).

    bench.py --load LOAD --daemon INTPROXYD    what `make bench` runs
    bench.py --load LOAD --peer OTHER_LOAD     floor beside floor: are both yardsticks as long?

Runs alternate, floor and proxy, and each pair gives one ratio; the median of the ratios counts, so
a slow minute of the machine touches both sides of a pair or one pair alone. CPU time is that of
the proxy process, all its threads, in user and kernel mode.

Environment: BENCH_PAIRS (13), BENCH_ONLY (part of a line's name), BENCH_PROXY (a command with
{agent} and {app} in the places of the ports, instead of the daemon).
Exit: 0; 1 if a ratio is above 3, or memory above 3 times its bound; 2 if it could not be measured, or no
line has such a name; 130 after an interrupt. A ratio above its ceiling is said, and fails nothing: on a
shared machine it may be the neighbours'.
"""
import argparse
import glob
import os
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from ports import free_port  # noqa: E402

VERSION = "1.29.0"
RUN_S_MAX = 120
RATIO_MAX = 3.0  # to the floor; of memory: to its bound
WAITING = 2000

# Name, application, what the agent does, its number of requests ({n}; counts are such that a run
# takes the proxy half a second of CPU or more), then what is compared: measure, unit, aim, ceiling.
WORKS = [
    ("GET, 1 in flight", "app", "http /64 1 {n}", 20000,
     [("cpu", "us/request", 1.10, 1.25), ("p50", "us", 1.15, 1.15)]),
    ("GET, 64 in flight", "app", "http /64 64 {n}", 100000, [("cpu", "us/request", 1.10, 1.25)]),
    ("GET, 256 in flight", "app", "http /64 256 {n}", 120000, [("cpu", "us/request", 1.10, 1.25)]),
    ("POST 10 kB, 64 in flight", "app", "http /64 64 {n} 10000", 70000,
     [("cpu", "us/request", 1.10, 1.25)]),
    ("chunked answer of 1 GB", "app", "http /chunked/1000000000 1 1", 1,
     [("cpu", "s", 1.25, 1.25)]),
    ("TCP echo, 16 x, 2 GB", "echo", "tcp / 16 2000000000", 1, [("cpu", "s", 1.05, 1.25)]),
]


class CannotRun(Exception):
    pass


# ---- processes ----

started = []  # every process of ours that may still live


def start(words, **options):
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, **options)
    except OSError as error:
        raise CannotRun(f"{words[0]}: {error.strerror}")
    started.append(process)
    return process


def stop(*processes):
    """Ends these, and waits for them: politely, then not."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        started.remove(process)


def has_ended(process):
    """Looks without waiting for it, because that would take its CPU time out of /proc."""
    return process.returncode is not None or os.waitid(
        os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def until(condition, limit_s, what, alive=()):
    """Looks every 10 ms: nothing that is waited for here is part of a measurement."""
    end = time.monotonic() + limit_s
    while not condition():
        for process in alive:
            if process.poll() is not None:
                raise CannotRun(f"{what}: process ended with status {process.returncode}")
        if time.monotonic() > end:
            raise CannotRun(f"{what}: not within {limit_s} s")
        time.sleep(0.01)


def listening(port):
    """Without connecting, since the agent takes the first that connects for its proxy."""
    wanted = f"0100007F:{port:04X}"
    with open("/proc/net/tcp") as table:
        return any(row.split()[1] == wanted and row.split()[3] == "0A" for row in list(table)[1:])


def start_listener(words, port, **options):
    process = start(words, **options)
    until(lambda: listening(port), 5, " ".join(words[:2]), [process])
    return process


# ---- what a process has used ----

def cpu_s(pid):
    """All threads; of a process that has ended too, as long as nobody has waited for it."""
    try:
        times = []
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with open(path) as file:
                times.append(int(file.read().split()[0]))
        if times and any(times):
            return sum(times) / 1e9
    except (OSError, IndexError, ValueError):
        pass
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid, name):
    with open(f"/proc/{pid}/status") as file:
        for row in file:
            if row.startswith(name + ":"):
                return int(row.split()[1])
    raise CannotRun(f"the proxy (process {pid}) has ended")


def settled(read):
    """The value once it has stood still for half a second, or what it is after 20 s."""
    value, still = read(), 0
    for _ in range(200):
        time.sleep(0.1)
        now = read()
        still = still + 1 if now == value else 0
        value = now
        if still == 5:
            break
    return value


# ---- one run ----

def bytes_back(drive):
    """How many bytes of answers, or of an echo, the agent has to get."""
    mode, path, _, count = drive.split()[:4]
    return int(count) * (1 if mode == "tcp" or count == "0" else int(path.rpartition("/")[2]))


class Side:
    """One of the things compared: a load program for both ends, and a command for the proxy."""

    def __init__(self, name, load, command):
        self.name, self.load, self.command = name, load, command

    def proxy(self, agent_port, app_port):
        ports = {"agent": agent_port, "app": app_port}
        return [word.format(**ports) for word in self.command]


class Stage:
    """Application, agent and proxy of one run, ended at its end whatever happened."""

    def __init__(self, side, application, drive):
        self.side, self.application, self.drive = side, application, drive
        self.processes = []

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        side, app_port, agent_port = self.side, free_port(), free_port()
        self.said = tempfile.TemporaryFile("w+")
        self.app = start_listener([side.load, self.application, str(app_port)], app_port)
        self.processes.append(self.app)
        self.agent = start_listener(
            [side.load, "agent", str(agent_port), VERSION, *self.drive.split()], agent_port,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes.append(self.agent)
        self.proxy = start(side.proxy(agent_port, app_port), stdout=self.said, stderr=self.said)
        self.processes.append(self.proxy)

    def __exit__(self, *_):
        stop(*reversed(self.processes))
        self.processes = []
        self.said.close()

    def failed(self, why):
        self.said.seek(0)
        last = "".join(self.said.readlines()[-5:]).strip() or "nothing"
        return CannotRun(f"{self.side.name}, agent {self.drive}: {why}\n  the proxy said: {last}")

    def agent_output(self):
        """Waits for the agent, or for a proxy that ends before it."""
        end = time.monotonic() + RUN_S_MAX
        while True:
            gone = has_ended(self.proxy)
            try:
                return self.agent.communicate(timeout=0.5)
            except subprocess.TimeoutExpired:
                if gone:
                    raise self.failed("the proxy ended before the agent had its result")
                if time.monotonic() > end:
                    raise self.failed(f"no result within {RUN_S_MAX} s")

    def result(self):
        """The numbers of the agent's line, and the CPU time of the proxy at that moment."""
        line, errors = self.agent_output()
        cpu = cpu_s(self.proxy.pid)
        if self.agent.returncode != 0:
            raise self.failed(errors.strip())
        numbers = dict(pair.split("=") for pair in line.split()[1:])
        back, wanted = int(numbers["bytes"]), bytes_back(self.drive)
        # another load program may count the echo in whole pieces
        if back < wanted or (back > wanted and "tcp" not in self.drive):
            raise self.failed(f"{back} bytes came back instead of {wanted}")
        return {"cpu": cpu, "p50": float(numbers.get("p50", "0us")[:-2])}


def run_once(side, work):
    _, application, drive, n, measures = work
    with Stage(side, application, drive.format(n=n)) as stage:
        result = stage.result()
    per_request = any(unit == "us/request" for _, unit, _, _ in measures)
    result["cpu"] *= 1e6 / n if per_request else 1
    return result


def run_pairs(sides, work, pairs):
    """Who goes first changes from pair to pair."""
    results = ([], [])
    for pair in range(pairs):
        progress(f"{work[0]}: pair {pair + 1} of {pairs}")
        for which in (0, 1) if pair % 2 == 0 else (1, 0):
            results[which].append(run_once(sides[which], work))
    progress("")
    return results


# ---- the table ----

def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
        sys.stderr.flush()


def verdict(value, aim, ceiling):
    return "ok" if value <= aim else "over aim" if value <= ceiling else "OVER THE CEILING"


def say(*cells):
    print("{:<42} {:>10} {:>10}  {:>6}  {:>13}  {:>5} {:>7}  {}".format(*cells), flush=True)


def header(sides, with_aims):
    limits = ("aim", "ceiling", "") if with_aims else ("", "", "")
    say("", sides[0].name, sides[1].name, "ratio", "from - to", *limits)


def row(work, measure, results, with_aims):
    """Prints one line of the table; returns its ratio."""
    key, unit, aim, ceiling = measure
    ratios = [ours[key] / floors[key] for floors, ours in zip(*results)]
    ratio = statistics.median(ratios)
    values = [f"{statistics.median(r[key] for r in side):.3g}" for side in results]
    limits = (f"{aim:.2f}", f"{ceiling:.2f}", verdict(ratio, aim, ceiling)) if with_aims else ("", "", "")
    name = f"{work[0]}: {'CPU' if key == 'cpu' else key}, {unit}"
    say(name, *values, f"{ratio:.3f}", f"{min(ratios):.2f} - {max(ratios):.2f}", *limits)
    return ratio


def compare(sides, pairs, only, with_aims):
    """Prints the table; returns the largest ratio."""
    largest = 0.0
    for i, work in enumerate(work for work in WORKS if only in work[0]):
        results = run_pairs(sides, work, pairs)
        if i == 0:
            header(sides, with_aims)
        for measure in work[4]:
            largest = max(largest, row(work, measure, results, with_aims))
    return largest


# ---- memory ----

def say_memory(name, value, unit, bound):
    """Returns it as a multiple of its bound."""
    print(f"{name:<60} {value:>10.2f} {unit:<4} bound {bound:>3}  {'ok' if value <= bound else 'OVER THE BOUND'}",
          flush=True)
    return value / bound


def waiting_kb(side, idle_kb):
    """Memory of one request that waits: for its answer, or for a connection if the proxy limits
    those; whichever it is, all have come when the application gets no more of them."""
    with Stage(side, "app", f"http /hang {WAITING} {WAITING}") as stage:
        def connections():
            return len(os.listdir(f"/proc/{stage.app.pid}/fd"))
        idle = connections()
        until(lambda: connections() > idle, 10, "waiting requests", [stage.proxy, stage.agent])
        settled(connections)
        return (settled(lambda: memory_kb(stage.proxy.pid, "RssAnon")) - idle_kb) / WAITING


def growth_mb(side, application, drive, idle_kb):
    """By how much the peak rose above that of an idle proxy."""
    with Stage(side, application, drive) as stage:
        end = time.monotonic() + RUN_S_MAX
        peak = memory_kb(stage.proxy.pid, "VmHWM")
        while stage.agent.poll() is None and time.monotonic() < end:
            try:
                peak = max(peak, memory_kb(stage.proxy.pid, "VmHWM"))
            except CannotRun:
                break  # a floor ends with its agent
            time.sleep(0.02)
        stage.result()
        return (peak - idle_kb) / 1024


def memory(side):
    """Returns the largest multiple of a bound."""
    progress("memory")
    with Stage(side, "app", "http /64 0 0") as stage:
        time.sleep(0.5)  # until the subscription is through
        idle_kb = settled(lambda: memory_kb(stage.proxy.pid, "RssAnon"))
        peak_kb = memory_kb(stage.proxy.pid, "VmHWM")
    waiting = waiting_kb(side, idle_kb)
    echo = growth_mb(side, "echo", "tcp / 16 1000000000", peak_kb)
    down = growth_mb(side, "app", "http /chunked/1000000000 1 1", peak_kb)
    up = growth_mb(side, "app", "upload /64 1 1 1000000000", peak_kb)
    progress("")
    print(f"\nmemory of {side.name}")
    return max(say_memory(*line) for line in [
        ("idle, RssAnon", idle_kb / 1024, "MB", 3),
        (f"a waiting request, of {WAITING}, RssAnon", waiting, "kB", 2),
        ("growth while 1 GB pass each way, 16 raw connections, VmHWM", echo, "MB", 16),
        ("growth while 1 GB come down in one answer, VmHWM", down, "MB", 16),
        ("growth while 1 GB go up in one request, VmHWM", up, "MB", 16)])


# ---- the whole ----

def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--load", required=True, help="our load program")
    parser.add_argument("--daemon", help="the intproxyd to measure")
    parser.add_argument("--peer", help="another load program: compare floors only")
    given = parser.parse_args()
    if not (given.daemon or given.peer or os.environ.get("BENCH_PROXY")):
        parser.error("neither --daemon nor --peer (LOAD_PEER) says what to measure")
    return given


def measure():
    """Returns what may be too much: the largest ratio, and the largest multiple of a memory bound."""
    given, pairs = arguments(), int(os.environ.get("BENCH_PAIRS") or 13)
    only = os.environ.get("BENCH_ONLY") or ""
    with_memory = not given.peer and only in "memory"
    if not with_memory and not any(only in work[0] for work in WORKS):
        raise CannotRun(f"no line's name has {only!r}")
    own = os.path.abspath(given.load)
    floor = Side("floor", own, [own, "floor", "{agent}", "{app}"])
    if given.peer:
        peer = os.path.abspath(given.peer)
        print(f"our floor as a multiple of the floor of {given.peer}, {pairs} pairs of runs")
        sides = (Side("their floor", peer, [peer, "floor", "{agent}", "{app}"]), floor)
        return compare(sides, pairs, only, False), 0
    command = os.environ.get("BENCH_PROXY") or (
        shlex.quote(os.path.abspath(given.daemon)) +
        " --agent 127.0.0.1:{agent} -R 8080:{app} --workers 1")
    words = shlex.split(command)
    proxy = Side(os.path.basename(words[0]), own, words)
    print(f"{proxy.name} beside the floor, {pairs} pairs of runs")
    largest = compare((floor, proxy), pairs, only, True)
    return largest, memory(proxy) if with_memory else 0


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, interrupted)
    try:
        ratio, multiple = measure()
    except KeyboardInterrupt:
        progress("")
        return 130
    except CannotRun as why:
        progress("")
        print(f"bench: cannot run: {why}", file=sys.stderr)
        return 2
    finally:
        stop(*list(started))
    if ratio > RATIO_MAX:
        print(f"bench: a ratio of {ratio:.2f} is above {RATIO_MAX}", file=sys.stderr)
    if multiple > RATIO_MAX:
        print(f"bench: memory is {multiple:.2f} times its bound", file=sys.stderr)
    return 1 if max(ratio, multiple) > RATIO_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
