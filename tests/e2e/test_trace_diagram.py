"""intproxy-trace diagram: a real trace as mermaid's text, and as a page in a real browser."""
import base64
import json
import os
import random
import re
import subprocess
import time

import apps
from browser import Browser
from case import Case
from chain import Chain
from daemon import PROGRAM, SLOW

TRACE = os.path.abspath(os.environ.get("INTPROXY_TRACE") or os.path.join(os.path.dirname(PROGRAM), "intproxy-trace"))
HOSTILE = "/x;y%%&z='$$"
REASON = "</script><script>window.broken=1</script>"
HEADER = "x-said: \"</script><img src=http://127.0.0.1:9/ onerror=window.broken=1>"

# ---- a strict reader of what mermaid reads: https://mermaid.js.org/syntax/sequenceDiagram.html ----

ID = r"[A-Za-z_][A-Za-z0-9_]*"
WORDS = {"link", "links", "properties", "details", "create", "destroy", "box", "end", "loop", "note", "participant",
         "actor", "activate", "deactivate", "autonumber", "title", "alt", "else", "opt", "par", "and", "critical",
         "option", "break", "rect", "as", "over", "acctitle", "accdescr"}
ENTITY = re.compile(r"#([0-9]+);")
TEXT = r"(?:[^#;%<>&\"\\`$\n\x00-\x1f]|#[0-9]+;)+"
LINES = {"participant": re.compile(rf"    participant ({ID}) as ({ID})"),
         "arrow": re.compile(rf"    ({ID})(->>|-\)|--x)({ID}): ({TEXT})"),
         "note": re.compile(rf"    Note over ({ID})(?:,({ID}))?: ({TEXT})")}


def plain(text):
    return ENTITY.sub(lambda m: chr(int(m.group(1))), text)


class Mermaid:
    """participants, arrows (from, to, text) and notes of a text; an error in it is an AssertionError."""

    def __init__(self, text):
        first, *lines = text.split("\n")
        assert first == "sequenceDiagram", first
        assert lines and lines.pop() == "", "the last line has no end"
        self.names, self.arrows, self.notes = {}, [], []
        for line in lines:
            self.take(line)

    def take(self, line):
        kind, match = next(((k, m) for k, r in LINES.items() if (m := r.fullmatch(line))), (None, None))
        assert match, f"not a line of a sequence diagram: {line!r}"
        if kind == "participant":
            assert match.group(1).lower() not in WORDS, line
            assert not self.arrows and not self.notes and match.group(1) not in self.names, line
            self.names[match.group(1)] = match.group(2)
            return
        who = [g for g in match.groups()[:3] if g and re.fullmatch(ID, g)] if kind == "arrow" else \
            [g for g in match.groups()[:2] if g]
        assert all(w in self.names for w in who), line
        if kind == "arrow":
            self.arrows.append((self.names[who[0]], self.names[who[-1]], plain(match.group(4))))
        else:
            self.notes.append(plain(match.group(3)))


class TheReader(Case):
    def test_it_refuses_what_mermaid_would(self):
        good = "sequenceDiagram\n    participant a as a\n    a->>a: DATA x 3, 1 B GET /#59;x\n"
        self.assertEqual(Mermaid(good).arrows, [("a", "a", "DATA x 3, 1 B GET /;x")])
        for bad in (good.replace("#59;", ";"), good.replace("#59;", "#"), good.replace("#59;", "<b>"),
                    good.replace("a->>a", "a->>b"), good.replace("participant a", "participant end"), good[:-1],
                    good.replace("#59;", "%%{init}%%")):
            with self.assertRaises(AssertionError, msg=bad):
                Mermaid(bad)


# ---- traces ----

class Diagrams(Case):
    seconds = 8

    def diagram(self, trace, *args, status=0):
        done = subprocess.run([TRACE, "diagram", trace, *args], capture_output=True, timeout=120 * SLOW)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        self.assertNotIn(b"Sanitizer", done.stderr)
        return done.stdout.decode()

    def page(self, trace, *args, status=0):
        path = os.path.join(self.directory(), "page.html")
        self.assertEqual(self.diagram(trace, "--html", "-o", path, *args, status=status), "")
        return path

    def chain_to(self, local):
        self.trace = os.path.join(self.directory(), "t.trace")
        return Chain(self, "127.0.0.1:1", self.keep(local).destination,
                     ("--trace", self.trace, "--trace-memory", "256M"))  # nothing is lost, however slow the disk

    def chain(self, *files):
        where = self.directory()
        for name, content in files:
            with open(os.path.join(where, name), "wb") as f:
                f.write(content)
        return self.chain_to(apps.nginx(where))

    def recorded(self):
        """Exchanges 1 to 3: a small answer, a large one, an upload."""
        c = self.chain(("who", b"local and little"), ("large", os.urandom(3000000)))
        self.assertEqual(c.curl("/who?user=7"), (200, b"local and little"))
        self.assertEqual(c.curl("/large")[0], 200)
        self.assertIn(c.curl("/put/one", "-T", "-", data=os.urandom(700000))[0], (201, 204))  # sent again: 204
        c.finish()
        return self.trace

    def hostile(self):
        """One exchange, of two that would like to break the page."""
        c = self.chain_to(apps.ServerApp(apps.keep_alive(lambda conn, head: conn.answer(
            b"<script>window.broken=1</script>", b"200 " + REASON.encode(), HEADER.encode() + b"\r\n"))))
        self.assertEqual(c.curl(HOSTILE, "-g", "--path-as-is", "-H", HEADER)[0], 200)
        c.finish()
        return self.trace


class MermaidText(Diagrams):
    def test_one_exchange_is_a_story_in_order(self):
        trace = self.recorded()
        m = Mermaid(self.diagram(trace, "--mermaid", "--exchange", "1"))
        self.assertEqual(list(m.names.values()),
                         ["agent", "link", "proxy", "interceptor", "pool", "connection", "application"])
        steps = [("agent", "link", "SOCKET_DATA"), ("link", "proxy", "REQUEST"), ("proxy", "interceptor", "REQUEST"),
                 ("interceptor", "pool", "WANT"), ("pool", "interceptor", "GRANT"),
                 ("interceptor", "connection", "ASSIGN"), ("connection", "application", "WRITE"),
                 ("application", "connection", "SOCKET_DATA"), ("connection", "interceptor", "RESPONSE"),
                 ("interceptor", "link", "ANSWER"), ("link", "agent", "WRITE")]
        arrows = iter(m.arrows)
        for a, b, kind in steps:
            self.assertTrue(any(x == a and y == b and re.match(rf"{kind}\b", text) for x, y, text in arrows),
                            (a, b, kind, m.arrows))
        texts = "\n".join(text for _, _, text in m.arrows)
        for part in ("GET /who?user=7", "TcpSteal(HttpRequestChunked(StartV2)) conn 0 req 0", "200", "(exchange 1)"):
            self.assertIn(part, texts)
        self.assertNotIn("exchange 2", texts)

    def test_an_exchange_that_is_not_there_is_no_empty_drawing(self):
        trace, out = self.recorded(), os.path.join(self.directory(), "out")
        for number in ("999", "a999"):
            done = subprocess.run([TRACE, "diagram", trace, "--mermaid", "--exchange", number, "-o", out],
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done)
            self.assertIn("no exchange is like that", done.stderr)
            self.assertFalse(os.path.exists(out))

    def test_repeated_data_is_one_arrow(self):
        text = self.diagram(self.recorded(), "--mermaid", "--exchange", "2")
        runs = re.findall(r"->>link_connection: ANSWER_BODY x (\d+), 2\.\d MiB", text)
        self.assertEqual(len(runs), 1, text)
        self.assertGreater(int(runs[0]), 2)
        self.assertLess(text.count("ANSWER_BODY"), 3)

    def test_whatever_a_peer_says_it_stays_mermaid(self):
        m = Mermaid(self.diagram(self.hostile(), "--mermaid"))
        said = "\n".join(text for _, _, text in m.arrows)
        self.assertIn(f"GET {HOSTILE}", said)
        self.assertIn(f"200 {REASON}", said)
        self.assertTrue(any("ms later" in note or "s later" in note for note in m.notes), m.notes)

    def test_it_is_bounded_and_says_so(self):
        trace = self.recorded()
        m = Mermaid(self.diagram(trace, "--mermaid", "--most", "7"))
        self.assertLessEqual(len(m.arrows), 7)
        self.assertRegex(m.notes[-1], r"and \d+ more, left out \(--most 7")
        none = Mermaid(self.diagram(trace, "--mermaid", "--filter", "conn == 123456"))
        self.assertEqual((none.arrows, len(none.notes)), ([], 1))
        some = Mermaid(self.diagram(trace, "--mermaid", "--filter", "kind == ANSWER && conn == 0"))
        self.assertEqual({a for a, _, _ in some.arrows}, {"interceptor", "link"}, some.arrows)

    def test_mistakes(self):
        for args, said in (((), "say what to make"), (("--html", "--mermaid"), "leave one out"),
                           (("--mermaid", "--exchange", "x"), "no number of an exchange"),
                           (("--mermaid", "--filter", "knd == X"), "did you mean kind"),
                           (("--mermaid", "--bytes-max", "1"), "for --html alone")):
            done = subprocess.run([TRACE, "diagram", "t", *args], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(said, done.stderr)
        done = subprocess.run([TRACE, "diagram", "/nowhere/t", "--mermaid"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 74, done)

    def test_standard_input_is_drawn_like_a_file(self):
        trace = self.recorded()
        with open(trace, "rb") as f:
            whole = f.read()
        for form in ("--mermaid", "--html"):
            done = subprocess.run([TRACE, "diagram", "-", form], input=whole, capture_output=True, timeout=60 * SLOW)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            if form == "--mermaid":
                self.assertEqual(done.stdout.decode(), self.diagram(trace, form))
            else:
                self.assertIn(b"standard input", done.stdout)
        done = subprocess.run([TRACE, "diagram", "-", "--mermaid"], input=whole[:-5], capture_output=True)
        self.assertIn(b"standard input: offset", done.stderr)

    def test_the_file_that_cannot_be_written_is_named(self):
        trace = self.recorded()
        for form in ("--mermaid", "--html"):
            done = subprocess.run([TRACE, "diagram", trace, form, "-o", "/dev/full"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr),
                             (74, "intproxy-trace: /dev/full: No space left on device\n"))

    def test_damage_is_no_reason_to_draw_nothing(self):
        trace, chance = self.recorded(), random.Random(5)
        with open(trace, "rb") as f:
            whole = f.read()
        path = os.path.join(self.directory(), "damaged")
        for i in range(20):
            bytes_ = bytearray(whole[:chance.randrange(2000, len(whole))])
            for _ in range(i):
                bytes_[chance.randrange(2000, len(bytes_))] ^= 1 << chance.randrange(8)
            with open(path, "wb") as f:
                f.write(bytes_)
            for form in ("--mermaid", "--html"):
                done = subprocess.run([TRACE, "diagram", path, form], capture_output=True, timeout=60 * SLOW)
                self.assertIn(done.returncode, (0, 65), done.stderr)
                self.assertTrue(done.stdout, (i, done.stderr))


class Secrets(Diagrams):
    def payloads(self, page):
        lines = page.split('id="bytes">\n')[1].split("</script>")[0].split("\n")
        return b"\n".join(base64.b64decode(line) for line in lines)

    def test_they_are_not_in_what_leaves_the_machine(self):
        """Unless that is asked for."""
        secret, query = "Zm9vYmFyYmF6cXV4", "hunter2hunter2"
        c = self.chain(("who", b"local"))
        c.curl(f"/who?password={query}", "-H", f"authorization: Bearer {secret}")
        c.finish()
        forms = (self.diagram(self.trace, "--mermaid"), self.diagram(self.trace, "--html"))
        with open(self.trace, "rb") as given:
            piped = subprocess.run([TRACE, "diagram", "-", "--mermaid"], stdin=given, capture_output=True, text=True)
        for text in (*forms, piped.stdout):
            self.assertNotIn(secret, text)
            self.assertNotIn(query, text)
            self.assertIn("/who?password=", text)
        self.assertIn(b"authorization", self.payloads(forms[1]))
        self.assertNotIn(secret.encode(), self.payloads(forms[1]))
        self.assertNotIn(query.encode(), self.payloads(forms[1]))
        self.assertIn('"redacted":true', forms[1])
        self.assertIn(query, self.diagram(self.trace, "--mermaid", "--no-redact"))
        for asked in (f'path ~ "{query}" && kind == REQUEST', f'payload ~ "{secret}" && kind == REQUEST'):
            chosen = [self.diagram(self.trace, "--mermaid", "--filter", asked, *plain)
                      for plain in ((), ("--no-redact",))]
            self.assertEqual(*(text.count("REQUEST,") for text in chosen))
            self.assertIn("REQUEST,", chosen[0])  # what is secret can be asked for, but is not shown
            self.assertNotIn(query, chosen[0])
        plain = self.diagram(self.trace, "--html", "--no-redact")
        self.assertIn('"redacted":false', plain)
        self.assertIn(secret.encode(), self.payloads(plain))


# ---- the page ----

class PageCase(Diagrams):
    def browser(self, **size):
        return self.keep(Browser(**size))

    def check(self, browser):
        """Nothing went wrong, and nothing was asked of anybody."""
        self.assertEqual(browser.errors, [])
        self.assertEqual([u for u in browser.requests if not u.startswith(("file://", "about:", "data:"))], [])
        self.assertIsNone(browser.evaluate("window.broken"))

    def rows(self, browser, selector="#rows .row:not(.unused)"):
        return browser.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.innerText)")


class Page(PageCase):
    def test_it_shows_what_happened(self):
        """Lifelines, search, bytes, repeated data, one exchange alone: with a mouse and with keys."""
        b, page = self.browser(), self.page(self.recorded())
        b.open(page)
        heads = b.evaluate("[...document.querySelectorAll('.head .name')].map(e => e.textContent)")
        self.assertEqual(heads[:7], ["agent", "link", "proxy", "interceptor", "pool", "connection", "application"])
        self.assertIn("3 exchanges", b.text("#about"))
        self.assertTrue(any("SUBSCRIBE" in row for row in self.rows(b)))

        b.key("/")
        b.type("assign who")
        self.assertEqual(b.text("#count"), "1")
        b.key("Enter")
        b.settle()
        self.assertEqual(b.text("#message h2"), "ASSIGN")
        self.assertIn("GET /who?user=7 HTTP/1.1", b.text("#message .http"))
        self.assertRegex(b.text("#message pre"), r"GET|47 45 54")
        self.assertEqual(b.evaluate("document.querySelectorAll('.row.hit').length"), 1)
        self.assertEqual(b.evaluate("document.activeElement.id"), "query")

        b.key("Escape")
        chosen = b.evaluate("document.getElementById(scroller.getAttribute('aria-activedescendant')).innerText")
        self.assertIn("ASSIGN", chosen)
        b.key("c")  # because of the pool's word
        self.assertEqual(b.text("#message h2"), "GRANT")
        b.key("v")
        self.assertEqual(b.text("#message h2"), "ASSIGN")
        b.key("j")
        self.assertNotEqual(b.text("#message h2"), "ASSIGN")
        b.key("k")
        self.assertEqual(b.text("#message h2"), "ASSIGN")

        b.key("e")  # exchange 1 alone
        self.assertIn("#1", b.text("#chips"))
        self.assertEqual(b.evaluate("[...new Set([...rowArrow.subarray(0, rowCount)].filter(i => what[i] !== NOTE)"
                                    ".map(i => exchange[i]))]"), [1])
        b.key("x")
        self.assertEqual(b.text("#chips"), "")
        self.check(b)

    def test_a_click_shows_bytes_and_unfolds(self):
        b, page = self.browser(), self.page(self.recorded())
        b.open(page, "exchange=2")
        run = b.evaluate("[...document.querySelectorAll('.row.run')].find(e => e.innerText.includes('ANSWER_BODY')).id")
        pieces = int(re.search(r"× (\d+), 2\.\d MiB", b.text(f"#{run}")).group(1))
        b.click(f"#{run} .line")
        self.assertEqual(b.text("#message h2"), "ANSWER_BODY")
        self.assertRegex(b.text("#message"), r"2048 of \d+ bytes are in this page")
        self.assertRegex(b.text("#message pre"), r"^0000  [0-9a-f]{2} ")
        before = b.evaluate("rowCount")
        b.key("Enter")
        self.assertEqual(b.evaluate("rowWhat.subarray(0, rowCount).filter(w => w === PIECE).length"), pieces - 1)
        self.assertGreaterEqual(b.evaluate("document.querySelectorAll('.row.piece').length"), 2)
        b.key("Enter")
        self.assertEqual(b.evaluate("rowCount"), before)
        b.key("d")  # none is drawn as one
        self.assertGreater(b.evaluate("rowCount"), before + pieces)
        self.assertIn("payloads are cut to 2.0 KiB", b.text("#cut"))
        self.assertEqual(b.evaluate("""blob(0) && [...spans.keys()].filter(s => s % 2 === 0 && !spans[s] &&
            atob(blobLines[spans[s + 1]]))"""), [])  # nothing is shown of what is empty
        b.click(".head:nth-child(2)")  # without the link
        self.assertEqual(b.evaluate("[...rowArrow.subarray(0, rowCount)].filter(i => what[i] !== NOTE && "
                                    "lifelines[actors[to[i]].life].name === 'link').length"), 0)
        self.check(b)

    def test_what_peers_say_is_never_markup(self):
        b, page = self.browser(), self.page(self.hostile())
        with open(page, encoding="utf-8") as f:
            text = f.read()
        self.assertEqual(text.count("</script"), 3)
        self.assertNotIn("<img", text)
        b.open(page, "search=assign")
        b.key("n")
        self.assertEqual(b.text("#message h2"), "ASSIGN")
        self.assertIn(HOSTILE, b.text("#message .http"))
        self.assertIn("onerror=window.broken=1>", b.text("#message .http"))
        b.evaluate("queryBox.value = 'socket_data window.broken', find(), nextHit(1)")
        b.settle()
        self.assertEqual(b.text("#message h2"), "SOCKET_DATA")
        self.assertEqual(b.text("#message p.label"), f"200 {REASON}")
        b.evaluate("document.querySelector('.row[aria-selected=true]').dispatchEvent("
                   "new MouseEvent('mouseover', {bubbles: true}))")
        self.assertIn(REASON, b.evaluate("document.querySelector('.row[aria-selected=true]').title"))
        b.click("#tab-exchanges")
        self.assertIn(HOSTILE, b.text("#list"))
        self.check(b)

    def test_search_in_bytes_and_fields(self):
        b, page = self.browser(), self.page(self.recorded())
        b.open(page)
        for query, kind in (('bytes:"local and little"', "RESPONSE"), ("connection=0 request", "REQUEST")):
            b.evaluate(f"queryBox.value = {json.dumps(query)}, find()")
            kinds = set(b.evaluate("[...hits].map(i => kinds[kindOf[i]].name)"))
            self.assertIn(kind, kinds, query)
        b.evaluate("queryBox.value = 'no such thing', find()")
        self.assertEqual(b.text("#count"), "0")
        self.check(b)

    def test_by_day_and_by_night(self):
        b, page = self.browser(), self.page(self.recorded(), "--exchange", "1")
        grounds = []
        for scheme in ("light", "dark"):
            b.colours(scheme)
            b.open(page)
            grounds.append(b.evaluate("getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(set(grounds)), 2, grounds)
        with open(page, encoding="utf-8") as f:
            self.assertNotIn("/put/one", f.read())  # of what is left out nothing is said
        self.check(b)

    def test_the_end_of_an_empty_choice(self):
        b, page = self.browser(), self.page(self.recorded(), "--filter", "conn == 123456")
        b.open(page)
        for key in ("j", "k", "n", "G", "e", "c", "v", "d", "+", "-"):
            b.key(key)
        self.assertNotIn("cut", b.text("#cut"))  # payloads, none of which is here
        self.check(b)


class ALargePage(PageCase):
    """Measured: how long until it is drawn, what a frame costs while it scrolls."""
    alone = True

    def loaded(self):
        c = self.chain(("api.json", b'{"list":[1,2,3]}'))
        for _ in range(30):
            c.wrk("/api.json", "-c", "16", seconds=1)
            if os.path.getsize(self.trace) > 30000000:
                break
        c.finish()
        return self.page(self.trace)

    def scroll(self, browser):
        """Milliseconds between frames, in order of their size: 60 jumps over the whole trace."""
        return browser.evaluate("""(async () => {
            const frame = () => new Promise(done => requestAnimationFrame(done)), all = [];
            let last = await frame();
            for (let k = 0; k < 60; k++) {
                scroller.scrollTop = (scroller.scrollHeight - scroller.clientHeight) * (k * 37 % 60) / 60;
                const now = await frame();
                all.push(now - last);
                last = now;
            }
            return all.sort((a, b) => a - b); })()""")

    def test_a_hundred_thousand_messages(self):
        page = self.loaded()
        b = self.browser()
        drawn = b.open(page)
        count = b.evaluate("N")
        self.assertGreaterEqual(count, 100000)
        frames = self.scroll(b)
        began = time.monotonic()
        b.evaluate("queryBox.value = 'RESPONSE', find()")
        searched = time.monotonic() - began
        self.assertGreater(b.evaluate("hits.length"), 5000)
        b.key("G")
        self.assertGreater(b.evaluate("firstRow()"), b.evaluate("rowCount") * 0.9)
        self.assertLess(b.evaluate("document.querySelectorAll('#rows .row').length"), 200)
        print(f"{count} arrows, {os.path.getsize(page) >> 20} MiB: drawn after {drawn:.2f} s, frames of "
              f"{frames[30]:.0f} ms (median), {frames[56]:.0f} ms (95 %), a search of {searched * 1000:.0f} ms")
        self.assertLess(drawn, 10 * SLOW)
        self.assertLess(frames[30], 250 * SLOW)
        self.assertLess(searched, 5 * SLOW)
        self.check(b)
