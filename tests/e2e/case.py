"""The base of all cases: a session is an agent, a daemon and what belongs to them, and is looked at when it
ends: exit code 0, no violation, nothing that the agent could not decode, no exchange left over.
"""
import os
import resource
import shutil
import signal
import tempfile
import unittest

from agent import Agent
from daemon import Daemon, SLOW


class Session:
    """agent, daemon and the link between them."""

    def __init__(self, test, to, agent=None, args=(), ready=True, build="1.29.0", port=80, env=None,
                 descriptors=None, **agent_options):
        self.test = test
        agent_options.setdefault("timeout", 10 * SLOW)
        self.agent = agent or Agent(build, **agent_options)
        destination = to if isinstance(to, str) else to.destination
        self.daemon = Daemon("--agent", self.agent.address, "-R", f"{port}:{destination}", *args,
                             descriptors=descriptors, env=env)
        self.over = False
        test.addCleanup(self.clean)
        if ready:
            self.ready_line = self.daemon.wait_ready()

    @property
    def link(self):
        return self.agent.link(len(self.agent.links) - 1 if self.agent.links else 0)

    def check_links(self, decodable=True):
        for link in self.agent.links:
            self.test.assertEqual(link.violations, [])
            if decodable:
                self.test.assertIsNone(link.undecodable)

    def finish(self, code=0, timeout=3, decodable=True):
        """Drains the daemon; within the limit only when no exchange is left."""
        if self.daemon.is_alive():
            self.daemon.signal(signal.SIGTERM)
        self.test.assertEqual(self.daemon.wait_exit(timeout), code, self.daemon.log)
        self.check_links(decodable)
        self.over = True

    def ends_by_itself(self, code, timeout=10):
        self.test.assertEqual(self.daemon.wait_exit(timeout), code, self.daemon.log)
        self.check_links()
        self.over = True
        return self.daemon.log

    def clean(self):
        alive = self.daemon.is_alive()
        self.daemon.kill()
        self.agent.close()
        self.daemon.check_log()
        if not self.over and self.test.reached_its_end:
            raise AssertionError("the session was not ended" + (" and runs still" if alive else ""))


class Case(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    reached_its_end = False

    def _callTestMethod(self, method):
        method()
        self.reached_its_end = True

    def session(self, to, **options):
        return Session(self, to, **options)

    def keep(self, thing):
        """Closes it at the end."""
        self.addCleanup(thing.close)
        return thing

    def directory(self):
        path = tempfile.mkdtemp(prefix="e2e-")
        self.addCleanup(shutil.rmtree, path, True)
        os.chmod(path, 0o755)
        return path

    def assertAnswer(self, answer, format, status=200, body=None):
        self.assertEqual((answer.format, answer.status), (format, status), answer.body[:300])
        if body is not None:
            self.assertEqual(answer.body, body)
