#!/usr/bin/env python3
"""Plays what recorded agents said to the real daemon, and what recorded clients answered as the
local application. Released by what the daemon has done so far, never by time.

    to_proxy.py --daemon INTPROXYD [--workers N] [--jobs N] [NAME ...]

A recording is a list of steps in the order of their happening. An agent's step is sent to the
daemon. A client's step is something that the daemon must do now: by itself (ping, announce,
subscribe), or because the application does what makes it say so (answer, send raw bytes, end).
After each step that has a visible effect the player waits for it, so that nothing is ever sent
ahead of its recorded cause. Time only ends a play that hangs.

Exit: 0; 1 if a recording failed or is missing in the manifest; 2 usage.
"""
import argparse
import asyncio
import collections
import os
import sys
import tempfile

import manifest
import recording
from exchanges import Broken, insist
from proxy_player import Player

BAD_WORDS = ("no message of mirrord-protocol", "Sanitizer", "runtime error", "Assertion",
             "a message that nobody expected")


def check_log(text):
    for line in text.splitlines():
        insist(not any(w in line for w in BAD_WORDS), "in the daemon's log: %s", line)


def tell(counts, player):
    """What was played, for the summary: a run that plays nothing must not look like one that
    passed."""
    for r in player.rules.requests.values():
        counts["mirrored requests" if r.mode == "Tcp" else
               "requests closed by the agent" if not r.answered() else
               "answers broken off" if r.answer["broken"] else
               "%s answers" % r.answer["form"] if r.delivered() and not r.broken else
               "answers of the proxy itself"] += 1
        counts["uploads in pieces"] += r.variant == "chunked" and r.pieces > 1
        counts["upgrades"] += r.upgraded
    counts["raw connections"] += len(player.rules.raws)


async def play_one(name, verdict, options_, gate, counts):
    """None, or what went wrong."""
    async with gate:
        with tempfile.TemporaryFile("w+") as log:
            error = None
            try:
                player = Player(recording.load(name), options_)
                await player.play(log, verdict.exit)
                log.seek(0)
                check_log(log.read())
                tell(counts, player)
            except (Broken, OSError) as e:
                error = str(e)
            if error and options_.verbose:
                log.seek(0)
                error += "\n    " + log.read().replace("\n", "\n    ")
            return error


async def play_all(names, entries, options_):
    gate = asyncio.Semaphore(options_.jobs)
    counts = collections.Counter()
    results = await asyncio.gather(
        *[play_one(n, entries[n].to_proxy, options_, gate, counts) for n in names])
    failed = [(n, r) for n, r in zip(names, results) if r]
    for name, why in failed:
        print("FAIL %s: %s" % (name, why))
    print("in them: " + ", ".join("%d %s" % (n, what) for what, n in sorted(counts.items())))
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--patience", type=float, default=15, help="seconds that one step may take")
    parser.add_argument("--verbose", action="store_true", help="the daemon's log of what failed")
    parser.add_argument("names", nargs="*")
    options_ = parser.parse_args()
    options_.daemon = os.path.abspath(options_.daemon)
    entries, faults = manifest.read(recording.names())
    for fault in faults:
        print("manifest: %s" % fault)
    names = options_.names or [n for n, e in entries.items() if e.to_proxy.play]
    failed = asyncio.run(play_all(names, entries, options_))
    print("agents' recordings to intproxyd: %d played, %d failed, "
          "%d not played for the manifest's reasons"
          % (len(names), len(failed), sum(not e.to_proxy.play for e in entries.values())))
    return 1 if failed or faults else 0


if __name__ == "__main__":
    sys.exit(main())
