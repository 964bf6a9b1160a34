# SPDX-License-Identifier: MIT
"""A unittest.TestCase with a sandbox, a project and a relay for each test."""
import os
import subprocess
import unittest

import convey
import history
from convey import Project
from sandbox import Sandbox


class Case(unittest.TestCase):
    token = "token"
    project_options = {}
    sandbox_options = {}

    def setUp(self):
        self.project = Project(token=self.token, **self.project_options)
        self.addCleanup(self.project.close)
        self.sandbox = Sandbox(ledger=os.path.join(self.project.directory, "ledger.jsonl"),
                               **self.sandbox_options).start()
        self.addCleanup(self.sandbox.stop)

    def add_destination(self, name, pixel, source="web", token="token", options=()):
        self.project.destinations = dict(self.project.destinations, **{name: (source, pixel)})
        self.project.convey("destination", "add", name, "--source", source, "--id", pixel,
                            *options)
        if token is not None:
            self.project.set_token(token, name)

    def start(self, *args):
        return self.project.start(self.sandbox, *args)

    def drain(self, *args, **more):
        return self.project.drain(self.sandbox, *args, **more)

    def check(self, drained=True):
        history.assert_true(self, self.project, self.sandbox, drained)

    def refused(self, status, *words):
        """Runs convey as it stands; its stderr. Fails where the exit status is another."""
        done = subprocess.run([convey.binary(), *words], capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr
