#!/usr/bin/env python3
"""Shows what intproxyd does, in half a minute, and checks each thing that it shows.

usage: python3 -B tools/demo.py       from the project's top, after a build; tools/demo does both

INTPROXYD and INTPROXY_AGENT name other programs than those in build/. Ends with 0 if everything was
as said, 1 if not; 128 and the signal's number if it was interrupted.
"""
import os
import shutil
import signal
import sys
import textwrap
import time

from demo_cast import Failed, HttpApplication, Program, RawApplication, RawClient, Story, World, ask

LIMIT_S = 50  # for all of it; some seconds are needed
MINE = {"x-user": "me"}
FILTER = ("--header-filter", "^x-user: me$")


# ---- the screen ----

class Screen:
    """Text with colours, if somebody looks who wants them; and the account of what was as said."""

    CODES = {"bold": "1", "dim": "2", "red": "1;31", "green": "32", "blue": "34", "cyan": "36",
             "yellow": "33", "magenta": "35"}
    MEANING = {"local": "green", "remote": "blue", "Basic": "yellow", "Framed": "cyan",
               "Chunked": "green"}

    def __init__(self):
        self.colours = (sys.stdout.isatty() and not os.environ.get("NO_COLOR")
                        and os.environ.get("TERM") != "dumb")
        self.fine = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        self.width = max(80, min(96, shutil.get_terminal_size().columns - 1))
        self.checks, self.wrong = 0, []

    def paint(self, text, colour):
        return f"\x1b[{self.CODES[colour]}m{text}\x1b[0m" if self.colours and colour else text

    def say(self, text="", colour=""):
        print(self.paint(text, colour), flush=True)

    def heading(self, title, *explanation):
        self.say()
        self.say(title + " " + ("─" if self.fine else "-") * (self.width - len(title) - 1), "bold")
        self.text("\n".join(explanation), "dim")
        self.say()

    def text(self, text, colour=""):
        for line in text.split("\n"):
            for part in textwrap.wrap(line, self.width - 2):
                self.say("  " + part, colour)

    def columns(self, widths, cells, colours=()):
        """One row; a cell without a colour takes the one that its first word stands for."""
        last = max((k for k, cell in enumerate(cells) if cell), default=-1)
        row = ""
        for k, cell in enumerate(cells[:last + 1]):
            colour = colours[k] if colours else self.MEANING.get(cell.split(" ")[0], "")
            row += self.paint(cell if k == last else f"{cell:<{widths[k] - 1}} ", colour)
        self.say("  " + row)

    def titles(self, widths, cells):
        self.columns(widths, cells, ["bold"] * len(cells))

    def check(self, what, expected, seen):
        """Counts; and complains on the spot if it is not as it should be."""
        self.checks += 1
        if expected != seen:
            self.wrong.append(f"{what}: expected {brief(expected)}, seen {brief(seen)}")
            self.say(f"  ! {self.wrong[-1]}", "red")
        return expected == seen

    def fail(self, text):
        self.wrong.append(text)

    def end(self, seconds):
        self.say()
        if self.wrong:
            self.say(f"not everything was as said ({self.checks} checks, {seconds:.1f} s):", "red")
            for text in self.wrong:
                self.say(f"  - {text}", "red")
        else:
            self.say(f"everything was as said: {self.checks} checks, {seconds:.1f} s", "green")
        return 1 if self.wrong else 0


def brief(value):
    """A value in one line that is not too long, with what would be unseen in a text."""
    text = repr(value)
    return text if len(text) <= 200 else text[:120] + " ... " + text[-60:]


# ---- what the messages between proxy and agent amount to ----

def request_form(messages):
    """How the agent handed a request over: the word for its message."""
    forms = {"HttpRequest": "Basic", "HttpRequestFramed": "Framed", "StartV1": "Chunked V1",
             "StartV2": "Chunked V2"}
    heads = [names[-1] for names in messages if names[-1] in forms]
    return " and ".join(forms[name] for name in heads) or "nothing"


def answer_form(messages):
    """How the proxy answered. A Chunked answer is a Start with all its Body messages."""
    answers = [names[1:] for names in messages if names[0] == "TcpSteal" and "Http" in names[1]]
    if answers == [["HttpResponse"]]:
        return "Basic"
    if answers == [["HttpResponseFramed"]]:
        return "Framed"
    start, bodies = ["HttpResponseChunked", "Start"], ["HttpResponseChunked", "Body"]
    if answers[:1] == [start] and len(answers) > 1 and all(a == bodies for a in answers[1:]):
        return "Chunked"
    return " and ".join(" ".join(names) for names in answers) or "nothing"


def version_said(world):
    """What the agent says that its version is; an old one just closes the link when it is asked."""
    said = ["nothing"]
    said += [names[1] for names in world.relay.names("agent") if names[0].startswith("SwitchProtocol")]
    return said[-1]


def counted(messages):
    """'Start, 5 x Body': the messages in order, equal ones together."""
    groups = []
    for name in (names[-1] for names in messages if names[0] == "TcpSteal"):
        if not groups or groups[-1][0] != name:
            groups.append([name, 0])
        groups[-1][1] += 1
    return ", ".join(name if n == 1 else f"{n} x {name}" for name, n in groups) or "nothing"


# ---- the scenes ----

def picture(screen, world):
    arrow, down, bar = ("──▶", "▼", "│") if screen.fine else ("-->", "v", "|")
    a = screen.paint
    screen.text(f"remote client {arrow} intproxy-agent {arrow} {a('remote', 'blue')} application")
    screen.text(" " * 24 + bar)
    for line in (f"{' ' * 24}{bar}  mirrord-protocol; a relay here reads which messages pass",
                 f"{' ' * 24}{down}",
                 f"{' ' * 19}intproxyd  {arrow} {a('local', 'green')} application"):
        screen.say("  " + line)
    screen.say()
    screen.text(world.daemon.ready_line, "dim")
    screen.say()


def scene_who_answers(screen):
    """Requests that match the filter are answered here, all others where they always were."""
    screen.heading("1  Who answers",
                   'A request with "x-user: me" is stolen, all others go where they always went.')
    widths = (20, 15, 15, 10, 10)
    requests = [("GET", "/", MINE, 0, "local"), ("GET", "/", {}, 0, "remote"),
                ("POST", "/orders", MINE, 3000, "local"),
                ("POST", "/orders", {"x-user": "you"}, 3000, "remote"),
                ("GET", "/?page=2", MINE, 0, "local"), ("DELETE", "/orders/7", MINE, 0, "local")]
    with World(HttpApplication("local"), filters=FILTER) as world:
        picture(screen, world)
        screen.titles(widths, ("request", "header", "answered by", "status", "   ms"))
        for method, path, headers, size, by in requests:
            answer = ask(world.agent.port, method, path, headers, b"x" * size)
            header = ", ".join(f"{n}: {v}" for n, v in headers.items()) or "-"
            screen.columns(widths, (f"{method} {path}", header, answer.by, str(answer.status),
                                    f"{answer.ms:5.1f}"))
            screen.check(f"{method} {path} with header {header} was answered by", by, answer.by)
            screen.check(f"{method} {path} got status", 200, answer.status)
            text = f"this is the {by} application, {size} bytes came\n"
            screen.check(f"{method} {path} got the text", text, answer.text)
    check_end(screen, world)


def check_end(screen, world):
    """Nothing strange between proxy and agent, and both programs ended when told to."""
    screen.check(f"read between agent {world.version} and proxy", None, world.relay.trouble)
    for name, status in world.statuses.items():
        screen.check(f"exit status of {name} with agent {world.version}", 0, status)


def get_pieces(world, count, waits, pause_s, teller=None):
    """An answer in pieces through `world`: the story of it, and the answer as the client has it."""
    story = world.local.story = Story(count, waits, pause_s, teller)
    return story, ask(world.agent.port, path="/pieces", headers=MINE, heard=story.heard)


def check_pieces(screen, world, story, answer):
    """Piece by piece: k arrives before k+1 is written. In one piece: none before the end."""
    numbers = range(1, story.count + 1)
    if story.waits:
        expected = [f"{what}{k}" for k in numbers for what in "wa"] + ["e"]
    else:
        expected = [f"w{k}" for k in numbers] + ["e"] + [f"a{k}" for k in numbers]
    seen = [f"{what[0]}{k or ''}" for what, k in story.events]
    agent = f"agent {world.version}"
    screen.check(f"{agent}: order of w(ritten), a(rrived), e(nd)", " ".join(expected), " ".join(seen))
    screen.check(f"{agent}: answered by", "local", answer.by)
    screen.check(f"{agent}: all the pieces together", "".join(map(story.piece, numbers)), answer.text)


def scene_pieces(screen, number, title, explanation, version, kind, waits, form):
    """One answer in pieces, each step printed when it happens."""
    screen.heading(f"{number}  {title}", *explanation)
    widths = (10, 30, 30)

    def teller(ms, what, k):
        local = {"written": f"writes piece {k}", "ended": "ends its answer"}.get(what, "")
        remote = f"has piece {k}" if what == "arrived" else ""
        screen.columns(widths, (f"{ms:8.1f}", local, remote), ("dim", "green", "magenta"))

    with World(HttpApplication("local"), version, kind, FILTER) as world:
        screen.titles(widths, ("      ms", "local application", "remote client"))
        mark = world.mark()
        story, answer = get_pieces(world, 5, waits, 0.12, teller)
        messages = world.relay.names("proxy", mark)
        screen.say()
        screen.text(f"From the proxy to the agent, which says {version_said(world)}: "
                    + counted(messages), "dim")
        check_pieces(screen, world, story, answer)
        screen.check(f"agent {version}: streamed answer went out as", form, answer_form(messages))
    check_end(screen, world)


def scene_new_agent(screen):
    scene_pieces(screen, 2, "A streamed answer, to a new agent (1.29.0)",
                 ("The local application writes a piece only after the client has the one before.",),
                 "1.29.0", "min", True, "Chunked")


def scene_old_agent(screen):
    scene_pieces(screen, 3, "The same answer, to an agent of 2024-05 (1.5.5)",
                 ("It echoes the proxy's version, but knows no streams: the answer is collected,",
                  "and goes out in one piece when it is complete."),
                 "1.5.5", "echo", False, "Framed")


def scene_raw(screen):
    """Any TCP, on a port that is stolen without a filter."""
    screen.heading("4  A raw TCP connection",
                   "Stolen without a filter. The local application gives each line back, reversed.")
    widths = (10, 30, 40)
    words = ["stressed", "no HTTP in here", "drawer"]
    with World(RawApplication()) as world:
        screen.titles(widths, ("      ms", "remote client", "local application"))
        began, client = time.monotonic(), RawClient(world.agent.port)
        for k, said in enumerate([*words, None]):
            if said is None:
                client.say_no_more()
            else:
                client.say(said)
            heard = client.hear()
            expected = said[::-1] if said else f"that was the end of your {k} lines"
            ms = (time.monotonic() - began) * 1000
            screen.columns(widths, (f"{ms:8.1f}", said or "(has no more to say)", heard),
                           ("dim", "magenta", "green"))
            screen.check(f"raw connection: to {said or 'the end'}", expected, heard)
        screen.check("raw connection: after the last line comes", "", client.hear())
        client.close()
        names = world.relay.names("agent")
        first = [n[-1] for n in names if n[-1] in ("NewConnectionV1", "NewConnectionV2")]
        screen.check("raw connections announced", ["NewConnectionV2"], first)
        screen.check("HTTP on the raw connection", "nothing", request_form(names))
        screen.say()
        screen.text(f"From the agent: {counted(names)}", "dim")
    check_end(screen, world)


# An agent's version, how it answers to the proxy's, since when there are such agents; and what must
# be seen with it: what it says, the form of a request, of a short answer, of a streamed one.
AGENTS = [
    ("1.2.2", "none", "2023-08", "nothing", "Basic", "Basic", "Basic"),
    ("1.3.4", "echo", "2023-12", "1.29.0", "Framed", "Framed", "Framed"),
    ("1.5.5", "echo", "2024-05", "1.29.0", "Framed", "Framed", "Framed"),
    ("1.7.0", "min", "2024-06", "1.7.0", "Chunked V1", "Framed", "Framed"),
    ("1.8.1", "min", "2024-07", "1.8.1", "Chunked V1", "Framed", "Chunked"),
    ("1.19.4", "min", "2025-04", "1.19.4", "Chunked V2", "Framed", "Chunked"),
    ("1.29.0", "min", "2026-08", "1.29.0", "Chunked V2", "Framed", "Chunked"),
]
KINDS = {"none": "hangs up", "echo": "echoes", "min": "is honest"}
COLUMNS = ("agent", "of", "when asked", "it says", "request came", "short answer",
           "streamed answer")
WIDTHS = (8, 9, 12, 9, 14, 14, 15)


def table_row(screen, version, kind, since, *expected):
    """One agent: what was said with it, read from the bytes, beside what must be."""
    with World(HttpApplication("local"), version, kind, FILTER) as world:
        start = world.mark()
        short = ask(world.agent.port, headers=MINE)
        middle = world.mark()
        story, streamed = get_pieces(world, 3, expected[-1] == "Chunked", 0.02)
        seen = (version_said(world), request_form(world.relay.names("agent", start, middle)),
                answer_form(world.relay.names("proxy", start, middle)),
                answer_form(world.relay.names("proxy", middle)))
        screen.columns(WIDTHS, (version, since, KINDS[kind], *seen))
        for what, *pair in zip(COLUMNS[3:], expected, seen):
            screen.check(f"agent {version}: {what}", *pair)
        screen.check(f"agent {version}: short answer by", "local", short.by)
        check_pieces(screen, world, story, streamed)
    check_end(screen, world)


def scene_table(screen):
    screen.heading("5  Every agent in the richest form that it can read",
                   "What they say, and what is said to them, is read from the bytes in between.",
                   "Basic and Framed are answers in one piece, Chunked ones are streamed.")
    screen.titles(WIDTHS, COLUMNS)
    for row in AGENTS:
        table_row(screen, *row)


SCENES = (scene_who_answers, scene_new_agent, scene_old_agent, scene_raw, scene_table)


# ---- from start to end ----

class TooLong(Exception):
    """The demo has to end by itself, even if what it shows does not."""


def end_on_signals():
    """Ctrl-C, TERM and a closed terminal end the demo in order, with all that it started."""
    def end(number, _):
        print("\ndemo: interrupted", file=sys.stderr)
        raise SystemExit(128 + number)

    def too_long(*_):
        raise TooLong
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LIMIT_S)


def show(screen):
    began = time.monotonic()
    try:
        for scene in SCENES:
            scene(screen)
    except Failed as failed:
        screen.fail(str(failed))
    except TooLong:
        screen.fail(f"it had not ended after {LIMIT_S} s")
    return screen.end(time.monotonic() - began)


def main():
    if len(sys.argv) > 1:
        print(__doc__.strip())
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    end_on_signals()
    try:
        return show(Screen())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        Program.stop_all_at_once()


if __name__ == "__main__":
    sys.exit(main())
