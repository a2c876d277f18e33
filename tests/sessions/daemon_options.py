"""How intproxyd is started for a recording: as its client announced itself and asked for ports."""
from wire import NEWEST, version_of

def subscriptions(rec):
    """(mode, port, filter or None), as the recorded client asked for them."""
    found = []
    for s in rec.steps:
        m = s.message
        if s.way != ">" or not m or m[0] not in ("Tcp", "TcpSteal"):
            continue
        if not m[1][0].startswith("PortSubscribe"):
            continue
        inner = m[1]
        if m[0] == "TcpSteal":
            kind, port, *rest = inner[1]
            wanted = rest[0] if rest else None
            found.append((m[0], port, ("Header", wanted) if kind == "FilteredHttp" else wanted))
        else:
            found.append((m[0], inner[1], inner[2] if len(inner) > 2 else None))
    return found


def filter_options(f):
    """The filter as options. What the command line cannot say becomes a header filter: the agent's
    bytes do not depend on it."""
    flags = {"Header": "--header-filter", "Path": "--path-filter"}
    if f is None:
        return []
    if f[0] in flags and f[1]:
        return [flags[f[0]], f[1]]
    if f[0] == "Composite" and len(f[2]) > 1 and all(g[0] in flags for g in f[2]):
        return [w for g in f[2] for w in filter_options(g)] + ([] if f[1] else ["--any-of"])
    return ["--header-filter", "x-mirrord: yes"]


def announced_version(rec):
    """What the daemon is told to announce, if it is not its newest."""
    v = version_of(rec.announced) if rec.announced else None
    return rec.announced if v and v < NEWEST and "+" not in rec.announced else None


def is_silent(rec):
    """The recorded client asked for ports before it announced anything, if it ever did."""
    for s in rec.steps:
        if s.way == ">" and s.message and s.message[0] == "SwitchProtocolVersion":
            return False
        if s.way == ">" and s.message and s.message[0] in ("Tcp", "TcpSteal"):
            return True
    return False


def first_answered_version(rec):
    answers = rec.said("<", "SwitchProtocolVersionResponse")
    return version_of(answers[0][1]) if answers and not is_silent(rec) else None


def options(rec, agent_port, app_port, workers, fatal):
    """`fatal`: the agent ends the link at this subscription, so it has to be just this one."""
    words = ["--agent", "127.0.0.1:%d" % agent_port, "--workers", str(workers), "--log-level",
             "debug"]
    asked = subscriptions(rec) or [("TcpSteal", 8080, None)]
    for port in dict.fromkeys(p for _, p, _ in asked):
        words += ["-R", "%d:127.0.0.1:%d" % (port, app_port)]
    version = first_answered_version(rec)
    if asked[0][0] == "Tcp":
        words += ["--mirror"]
        if fatal or (version and version >= (1, 21, 1)):  # below, intproxyd rightly refuses it
            words += filter_options(asked[0][2])
    else:
        words += filter_options(asked[0][2])
    if announce := announced_version(rec):
        words += ["--protocol-version", announce]
    return words
