"""Runs every test of test_*.py in a process of its own, several at a time, the slow ones first.

Usage: run.py [-j N] [-v] [--stutter MS] [WORD ...]      only tests whose name holds one of the words
A test class or method with `alone = True` measures time and runs when the others are done.
With --stutter processes of the others are stopped for up to MS, at random (stutter.py).
"""
import argparse
import glob
import os
import signal
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from daemon import PROGRAM  # noqa: E402
from stutter import Stutter  # noqa: E402

os.environ["INTPROXYD"] = PROGRAM  # the tests run in another directory
LIMIT_S = 120 * float(os.environ.get("E2E_SLOW", "1"))


def tests():
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        name = os.path.basename(path)[:-3]
        for suite in unittest.defaultTestLoader.loadTestsFromName(name):
            yield from suite


def trait(test, name):
    return getattr(getattr(test, test._testMethodName), name, getattr(test, name, False))


running = set()  # tests under way; each leads a group of its own: its programs


def end(process):
    """With all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(name):
    began, late = time.monotonic(), ""
    process = subprocess.Popen([sys.executable, "-m", "unittest", name], cwd=HERE, start_new_session=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    running.add(process)
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        late = f"not done within {LIMIT_S} s\n"
        end(process)
        output, _ = process.communicate()
    except BaseException:
        end(process)
        raise
    finally:
        running.discard(process)
    return name, process.returncode, late + output.decode(errors="replace"), time.monotonic() - began


def main():
    options = argparse.ArgumentParser()
    options.add_argument("-j", type=int, default=6)
    options.add_argument("-v", action="store_true")
    options.add_argument("--stutter", type=float, default=0)
    options.add_argument("words", nargs="*")
    asked = options.parse_args()
    chosen = [t for t in tests() if not asked.words or any(w in t.id() for w in asked.words)]
    crowd = sorted((t for t in chosen if not trait(t, "alone")), key=lambda t: -trait(t, "seconds"))
    alone = [t for t in chosen if trait(t, "alone")]
    began, failed = time.monotonic(), []

    def report(result):
        name, code, output, seconds = result
        if code:
            failed.append(name)
            print(f"FAILED {name} ({seconds:.1f} s)\n{output}", flush=True)
        elif asked.v:
            print(f"ok     {name} ({seconds:.1f} s)", flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stutter = Stutter(lambda: [p.pid for p in list(running)], asked.stutter)
    with ThreadPoolExecutor(asked.j) as pool, stutter:
        try:
            for result in pool.map(run, [t.id() for t in crowd]):
                report(result)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                end(process)
            raise
    for test in alone:
        report(run(test.id()))
    if asked.stutter:
        print(f"e2e: processes were stopped {sum(stutter.times)} times")
    print(f"e2e: {len(chosen)} tests, {len(failed)} failed, {time.monotonic() - began:.0f} s")
    for name in failed:
        print(f"  failed: {name}")
    if not chosen:
        print("e2e: no test has such a name")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
