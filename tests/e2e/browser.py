"""A real browser without a window: Debian's chromium, driven over the pipe of its devtools protocol."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from daemon import SLOW

LIMIT_S = 60


class Browser:
    """One page. `errors` is what its console and its scripts complained of."""

    def __init__(self, width=1600, height=1000):
        if not shutil.which("chromium"):
            raise AssertionError("chromium is missing")
        self.profile = tempfile.mkdtemp(prefix="e2e-chromium-")
        self.count, self.events, self.errors, self.requests, self.unread = 0, [], [], [], b""
        read_end, self.out = os.pipe()
        self.come, write_end = os.pipe()
        ends = [os.dup(read_end), os.dup(write_end)]
        for fd in ends:
            os.set_inheritable(fd, True)

        def place():  # the protocol's pipe is descriptors 3 and 4
            high = [os.dup2(fd, 100 + k) for k, fd in enumerate(ends)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        try:
            self.process = subprocess.Popen(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-extensions", "--disable-background-networking", "--hide-scrollbars=false",
                 "--remote-debugging-pipe", f"--user-data-dir={self.profile}", f"--window-size={width},{height}",
                 "about:blank"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
                preexec_fn=place, start_new_session=True)
        finally:
            for fd in (read_end, write_end, *ends):
                os.close(fd)
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    # ---- the protocol ----

    def send(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        return self.count

    def receive(self, until):
        while b"\0" not in self.unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.come], [], [], left)[0]:
                raise AssertionError(f"the browser does not answer; errors: {self.errors}")
            piece = os.read(self.come, 1 << 20)
            if not piece:
                raise AssertionError("the browser has ended")
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\0")
        message = json.loads(line)
        if "method" in message:
            self.take_event(message["method"], message["params"])
        return message

    def take_event(self, method, params):
        self.events.append(method)
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(str([a.get("value") for a in params["args"]]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def call(self, method, limit=LIMIT_S, **params):
        number, until = self.send(method, **params), time.monotonic() + limit * SLOW
        while True:
            message = self.receive(until)
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]

    # ---- what a person does ----

    def open(self, path, fragment=""):
        """Seconds until it has been drawn, as the page itself measured from its beginning."""
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"file://{path}#{fragment}")
        return self.evaluate("""new Promise(done => { const look = () => {
            const mark = performance.getEntriesByName('drawn')[0];
            mark ? done(mark.startTime / 1000) : setTimeout(look, 10); }; look(); })""")

    def evaluate(self, text):
        """Of an expression of the page, or of the promise that it is."""
        got = self.call("Runtime.evaluate", expression=text, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in got:
            raise AssertionError(f"{text}: {got['exceptionDetails'].get('exception', {}).get('description')}")
        return got["result"].get("value")

    def settle(self):
        """Until what was asked for is drawn."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def key(self, key):
        text = key if len(key) == 1 else "\r" if key == "Enter" else ""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settle()

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def click(self, selector):
        """In the middle of the first element that it finds."""
        x, y = self.evaluate(f"""(() => {{ const b = document.querySelector({json.dumps(selector)})
            .getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def colours(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.settle()

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def close(self):
        try:
            self.send("Browser.close")
            self.process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            pass
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.come)
        shutil.rmtree(self.profile, True)
