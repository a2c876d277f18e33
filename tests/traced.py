"""Replays each trace that the end-to-end tests have left in a directory (see traced.mk), and says what came of it.

    traced.py INTPROXY_TRACE DIRECTORY [TIMES]
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys


def replay(program, name, times):
    """What came of it: actors and messages of all replays, and what is to be said when one of them differed."""
    actors = messages = 0
    for _ in range(times):
        done = subprocess.run([program, "replay", name], capture_output=True, text=True)
        counts = re.search(r"^the same again: (\d+) actors, (\d+) messages heard", done.stdout)
        if done.returncode or not counts:
            return actors, messages, f"{name}: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
        actors, messages = actors + int(counts[1]), messages + int(counts[2])
    return actors, messages, None


def main():
    program, directory = sys.argv[1:3]
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    names = sorted(name for name in glob.glob(os.path.join(directory, "*.trace")) if os.path.getsize(name))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda name: replay(program, name, times), names))
    bad = [words for _, _, words in results if words]
    print(*bad, sep="\n", end="\n" * bool(bad))
    print(f"replayed: {len(names)} traces {times} times, {sum(r[0] for r in results)} actors, "
          f"{sum(r[1] for r in results)} messages, {len(bad)} traces differ")
    return 1 if bad or len(names) < 10 else 0


sys.exit(main())
