"""Replays each trace that the end-to-end tests have left in a directory (see traced.mk), and says what came of it.

    traced.py INTPROXY_TRACE DIRECTORY [TIMES]
"""
import glob
import os
import re
import subprocess
import sys


def main():
    program, directory = sys.argv[1:3]
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    names = sorted(name for name in glob.glob(os.path.join(directory, "*.trace")) if os.path.getsize(name))
    actors = messages = bad = 0
    for name in names:
        for _ in range(times):
            done = subprocess.run([program, "replay", name], capture_output=True, text=True)
            counts = re.search(r"^the same again: (\d+) actors, (\d+) messages heard", done.stdout)
            if done.returncode == 0 and counts:
                actors, messages = actors + int(counts[1]), messages + int(counts[2])
                continue
            bad += 1
            print(f"{name}: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
            break
    print(f"replayed: {len(names)} traces {times} times, {actors} actors, {messages} messages, {bad} traces differ")
    return 1 if bad or len(names) < 10 else 0


sys.exit(main())
