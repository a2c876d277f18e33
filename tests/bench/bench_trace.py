#!/usr/bin/env python3
"""What --trace costs: CPU of intproxyd with a trace beside the same without, at 64 requests in flight.

    bench_trace.py --load LOAD --daemon INTPROXYD    what `make bench-trace` runs

Runs alternate, and each pair gives one ratio; the median counts, and behind it stands how far it may be off (its
standard error). Two ratios a line: of the threads that do the proxy's work, and of the whole process, the trace's
thread and its writing included. Then how fast such a trace is replayed, beside reading it alone. Environment and exit
as in bench.py (BENCH_PAIRS, BENCH_ONLY).
"""
import argparse
import glob
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402

# Name, drive, requests, options, ceilings of the workers' ratio and of the whole process's.
WORKS = [
    ("GET, without bodies", "http /64 64 {n}", 200000, ["--trace-bodies", "none"], 1.10, 1.25),
    ("GET, all bytes", "http /64 64 {n}", 60000, [], None, None),
    ("GET, the last 10 s in memory", "http /64 64 {n}", 60000, ["--trace-last", "10s"], None, None),
    ("POST 10 kB, without bodies", "http /64 64 {n} 10000", 120000, ["--trace-bodies", "none"], 1.10, 1.25),
    ("POST 10 kB, all bytes", "http /64 64 {n} 10000", 40000, [], None, None),
]
PAIRS = 15  # many short runs: what disturbs one lasts for seconds, and each pair is disturbed as a whole
PAIRS_JUDGED = 31  # where there is a ceiling: one pair is off by 4 points, and the ceiling may be as near as 1
WRITER = "trace"  # the name of the thread that writes
REPLAYED = ("replay of GETs", "http /64 64 {n}", 30000, [])
REPLAY_AIM = 500000  # messages a second
REPLAYS = 5


def cpu_of_threads(pid):
    """Seconds of the threads that work, and of the one that writes the trace."""
    work = write = 0
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with open(task + "/schedstat") as file:
            seconds = int(file.read().split()[0]) / 1e9
        with open(task + "/comm") as file:
            is_writer = file.read().strip() == WRITER
        work, write = work + seconds * (not is_writer), write + seconds * is_writer
    return work, write


def run_in(place, load, daemon, work, traced):
    _, drive, n, options, *_ = work
    command = [daemon, "--agent", "127.0.0.1:{agent}", "-R", "80:127.0.0.1:{app}"]
    if traced:
        command += ["--trace", os.path.join(place, "bench.trace"), *options]
    with bench.Stage(bench.Side("intproxyd", load, command), "app", drive.format(n=n)) as stage:
        line, errors = stage.agent_output()
        if stage.agent.returncode != 0:
            raise stage.failed(errors.strip())
        worked, written = cpu_of_threads(stage.proxy.pid)
        size = sum(os.path.getsize(name) for name in glob.glob(os.path.join(place, "*")))
    return worked * 1e6 / n, written * 1e6 / n, size / n


def run_once(*run):
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as place:
        return run_in(place, *run)


def error_of_median(ratios):
    """From the middle half of them, so that a run that was disturbed does not count; as of a normal distribution."""
    if len(ratios) < 4:
        return math.nan
    quarter, _, three_quarters = statistics.quantiles(ratios, n=4)
    return 1.2533 * (three_quarters - quarter) / 1.349 / math.sqrt(len(ratios))


def said(ratios, ceiling):
    ratio = statistics.median(ratios)
    against = "" if ceiling is None else f"({ceiling:.2f}{'!' if ratio > ceiling else ' '})"
    return f"{ratio:6.3f} +-{error_of_median(ratios):.3f} {against:7}"


def pairs_of(work):
    asked = os.environ.get("BENCH_PAIRS")
    return int(asked) if asked else PAIRS_JUDGED if work[4] else PAIRS


def measure(load, daemon, work):
    plain, traced, pairs = [], [], pairs_of(work)
    for pair in range(pairs):
        bench.progress(f"{work[0]}: pair {pair + 1} of {pairs}")
        for with_trace in (False, True) if pair % 2 == 0 else (True, False):
            (traced if with_trace else plain).append(run_once(load, daemon, work, with_trace))
    bench.progress("")
    middle = statistics.median
    workers = [t[0] / p[0] for p, t in zip(plain, traced)]
    whole = [(t[0] + t[1]) / p[0] for p, t in zip(plain, traced)]
    print(f"{work[0]:30} {pairs:5} {middle(p[0] for p in plain):7.2f} {middle(t[0] for t in traced):7.2f} "
          f"{middle(t[1] for t in traced):7.2f}  {said(workers, work[4])} {said(whole, work[5])} "
          f"{middle(t[2] for t in traced):8.0f}", flush=True)
    return max(middle(workers), middle(whole))


def timed(*command):
    """Its output, and how long it took."""
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if done.returncode:
        raise bench.CannotRun(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout, seconds


def measure_replay(load, daemon):
    tool = os.path.join(os.path.dirname(daemon), "intproxy-trace")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as place:
        bench.progress("replay")
        run_in(place, load, daemon, REPLAYED, True)
        trace = os.path.join(place, "bench.trace")
        runs = [(timed(tool, "replay", trace), timed(tool, "info", trace)[1]) for _ in range(REPLAYS)]
    bench.progress("")
    heard = int(re.search(r"(\d+) messages heard", runs[0][0][0])[1])
    speed = heard / statistics.median(seconds for (_, seconds), _ in runs)
    ratio = statistics.median(seconds / read for (_, seconds), read in runs)
    print(f"\n{REPLAYED[0]}: {heard} messages, {speed / 1000:.0f} k a second (aim {REPLAY_AIM // 1000} k), "
          f"{ratio:.1f} times as long as reading them takes", flush=True)


def print_costs(asked, works):
    """Returns the worst ratio."""
    print("intproxyd with a trace beside itself without, pairs of runs; us of CPU a request\n"
          f"{'':30} {'pairs':>5} {'without':>7} {'workers':>7} {'writer':>7}  {'workers (ceiling)':23}"
          f"{'whole (ceiling)':20} {'bytes/request':>13}")
    return max([measure(asked.load, asked.daemon, work) for work in works])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", required=True, help="our load program")
    parser.add_argument("--daemon", required=True, help="the intproxyd to measure")
    asked = parser.parse_args()
    only = os.environ.get("BENCH_ONLY") or ""
    works = [work for work in WORKS if only.lower() in work[0].lower()]
    replays = only.lower() in REPLAYED[0].lower()
    if not works and not replays:
        raise bench.CannotRun(f"no line has \"{only}\" in its name")
    worst = print_costs(asked, works) if works else 0
    if replays:
        measure_replay(asked.load, asked.daemon)
    return 1 if worst > 2 * bench.RATIO_MAX else 0  # far from any ceiling: something is broken


if __name__ == "__main__":
    try:
        sys.exit(main())
    except bench.CannotRun as problem:
        bench.stop(*bench.started)
        sys.exit(f"bench_trace: {problem}")
