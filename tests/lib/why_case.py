# SPDX-License-Identifier: MIT
"""A unittest.TestCase that asks `convey why` about a project of its own."""
import json
import unittest

from convey import Project
from sandbox import Sandbox


class Case(unittest.TestCase):
    destinations = None

    def setUp(self):
        self.project = Project(self.destinations)
        self.addCleanup(self.project.close)

    def drain(self, **sandbox):
        with Sandbox(token="token", **sandbox) as server:
            self.assertEqual(self.project.drain(server), 0)

    def why(self, *words):
        """[(step, destination, text)], after a look that the plain form says the same."""
        steps = [(row["step"], row["destination"], row["text"]) for row in
                 json.loads(self.project.convey("why", "--json", *words))]
        lines = self.project.convey("why", *words).splitlines()
        self.assertEqual(len(lines), len(steps))
        for (step, _, text), line in zip(steps, lines):
            self.assertTrue(line.startswith(step) and line.endswith(text), (line, text))
        return steps

    def text(self, steps, step, destination=None):
        found = [text for name, to, text in steps
                 if name == step and destination in (None, to)]
        self.assertEqual(len(found), 1, (step, steps))
        return found[0]
