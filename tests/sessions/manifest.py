"""Reads tests/sessions/manifest.tsv: which recording is played which way, or why not.

A line: name TAB to the proxy TAB as the proxy, to the stand-in agent. A verdict is `yes`, or `yes:`
with a remark, or `ends N:` with the reason why the daemon ends by itself with status N, or `no:`
with the reason. Two clients of one agent are played together: `yes: with X.b, opened N us later`
stands at X.a,
`yes: with X.a` at X.b.
"""
import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "manifest.tsv")
FAULTS_SHOWN = 20
VERDICT = re.compile(r"(yes|no|ends \d+)(?:: (\S.*))?\Z")


class Verdict:
    def __init__(self, text):
        m = VERDICT.match(text)
        self.sound = bool(m) and (m.group(1) == "yes" or bool(m.group(2)))
        self.play = bool(m) and m.group(1) != "no"
        with_ = re.match(r"yes: with (\S+?)(?:, opened (\d+) us later)?\Z", text)
        self.beside = (with_.group(1), int(with_.group(2))) if with_ and with_.group(2) else None
        self.beside_of = with_.group(1) if with_ and not with_.group(2) else None
        self.exit = int(m.group(1)[5:]) if m and m.group(1).startswith("ends") else 0


class Entry:
    def __init__(self, to_proxy, as_proxy):
        self.to_proxy, self.as_proxy = Verdict(to_proxy), Verdict(as_proxy)


def read(recordings):
    """({name: Entry}, [what is wrong with the manifest])."""
    entries, faults = {}, []
    with open(PATH, encoding="utf-8") as file:
        lines = [line for line in file.read().splitlines() if line and not line.startswith("#")]
    for line in lines:
        name, *verdicts = line.split("\t")
        if len(verdicts) != 2 or name in entries:
            faults.append("%s: a name and two verdicts are due, once" % name)
            continue
        entry = entries[name] = Entry(*verdicts)
        if not (entry.to_proxy.sound and entry.as_proxy.sound):
            faults.append("%s: a verdict is yes, or `ends N:` or `no:` with a reason" % name)
    faults += ["%s: recorded, but not in the manifest" % n for n in recordings if n not in entries]
    faults += ["%s: in the manifest, but not recorded" % n for n in entries if n not in recordings]
    more = len(faults) - FAULTS_SHOWN
    return entries, faults[:FAULTS_SHOWN] + (["and %d more" % more] if more > 0 else [])
