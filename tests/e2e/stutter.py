"""Stops some processes of the tests for moments, at random, as a busy machine does: a test that takes a moment for long
enough, or for short enough, fails."""
import os
import random
import signal
import threading

# Several choose, each at times of its own: what is stopped and goes on together keeps its pace.
CHOOSERS = 4
SHARE = 1 / 6  # of the processes, for each


def awake(sessions):
    """The processes of these sessions that nobody has stopped."""
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{int(name)}/stat") as f:
                state, _, _, session = f.read().rpartition(")")[2].split()[:4]
        except (ValueError, OSError):
            continue  # it is none, or has ended
        if int(session) in sessions and state != "T":
            yield int(name)


def tell(processes, number):
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


class Stutter:
    """leaders: a function that gives the ids of the sessions that have tests; ms: the longest moment, 0: never."""

    def __init__(self, leaders, ms):
        self.leaders, self.ms = leaders, ms
        self.times = [0] * CHOOSERS
        self.over = threading.Event()
        self.choosers = [threading.Thread(target=self.run, args=(i,), daemon=True)
                         for i in range(CHOOSERS if ms else 0)]

    def moment(self):
        return self.over.wait(random.random() * self.ms / 1000)

    def run(self, chooser):
        while not self.moment():
            some = [p for p in awake(set(self.leaders())) if random.random() < SHARE]
            tell(some, signal.SIGSTOP)
            self.moment()
            tell(some, signal.SIGCONT)
            self.times[chooser] += len(some)

    def __enter__(self):
        for chooser in self.choosers:
            chooser.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for chooser in self.choosers:
            chooser.join()
