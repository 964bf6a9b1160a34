# SPDX-License-Identifier: MIT
"""tools/monitoring: the rules are tested by promtool, and rules and dashboard ask only for what
the relay exposes."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from admin import Admin  # noqa: E402
from convey import ROOT, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

FOLDER = os.path.join(ROOT, "tools", "monitoring")
RULES = os.path.join(FOLDER, "convey.rules.yml")
SERIES = re.compile(r"\b((?:convey|process)_[a-z_]+)(?:\{([^}]*)\})?")


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def expressions():
    """Of the rules, and of the dashboard's panels and variables."""
    yield from re.findall(r"^ *expr: (.*)$", text("convey.rules.yml"), re.M)
    board = json.loads(text("convey.dashboard.json"))
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (entry["expr"] for entry in board["annotations"]["list"])
    yield from (entry["definition"] for entry in board["templating"]["list"]
                if entry["type"] == "query")


@unittest.skipUnless(shutil.which("promtool"), "promtool (package prometheus) is not here")
class Rules(unittest.TestCase):
    def promtool(self, *words):
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, cwd=FOLDER,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules(self):
        self.promtool("check", "rules", "convey.rules.yml")
        self.promtool("test", "rules", "convey.rules.test.yml")

    def test_the_configuration(self):
        self.promtool("check", "config", "--syntax-only", "prometheus.yml")


class Alerts(unittest.TestCase):
    def test_each_is_tested_both_ways(self):
        tests = text("convey.rules.test.yml")
        for name in re.findall(r"- alert: (\w+)", text("convey.rules.yml")):
            self.assertRegex(tests, rf"alertname: {name}, exp_alerts: \[\]")
            self.assertRegex(tests, rf"alertname: {name}\n +exp_alerts:\n +- exp_labels")


class Names(Case):
    def test_only_what_the_relay_exposes(self):
        self.project.insert([purchase(1, consent={"ad_user_data": "GRANTED"}),
                             purchase(2, event="unknown")])
        admin = Admin(self.start())
        self.project.wait_for({"delivered": 1, "skipped": 1})
        exposed = wait_until(lambda: (t := admin.get("/metrics").text) and
                             "convey_attempts_total{" in t and t)
        known = set(re.findall(r"^# TYPE (\S+)", exposed, re.M))
        labels = {name: set(re.findall(r'(\w+)="', labels)) for name, labels in
                  re.findall(r"^(\w+)\{(.*)\}", exposed, re.M)}
        for expression in expressions():
            for name, chosen in SERIES.findall(expression):
                family = re.sub(r"_(bucket|sum|count)$", "", name)
                self.assertIn(family if family in known else name, known, expression)
                for label in re.findall(r"(\w+)=~?\"", chosen):
                    self.assertIn(label, labels.get(name, {"destination"}) | {"instance", "job"},
                                  expression)

    def test_the_documentation_lists_all(self):
        with open(os.path.join(ROOT, "docs", "monitoring.md"), encoding="utf-8") as file:
            listed = set(re.findall(r"`((?:convey|process)_\w+)", file.read()))
        exposed = Admin(self.start()).get("/metrics").text
        self.assertEqual(set(re.findall(r"^# TYPE (\S+)", exposed, re.M)), listed)


if __name__ == "__main__":
    unittest.main()
