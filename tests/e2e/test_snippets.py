# SPDX-License-Identifier: MIT
"""README's examples, executed as they stand, in their order; and those of docs/."""
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import canary  # noqa: E402
from sandbox import ROOT, Sandbox  # noqa: E402

CONVEY = os.environ.get("CONVEY", os.path.join(ROOT, "build", "convey"))
LANGUAGES = {"sh": ["sh", "-e"], "python": [sys.executable], "js": ["node"], "php": ["php"],
             "ruby": ["ruby"], "go": ["go", "run", "shop.go"]}
FROM_FILE = {"go": "shop.go"}  # what does not read its program from stdin
# The examples of one order in one transaction: where each is, and the id it inserts.
ORDERS = {"python": ("README.md", "order-1002"), "js": ("README.md", "order-1003"),
          "php": ("README.md", "order-1004"), "go": ("docs/producers.md", "order-1005"),
          "ruby": ("docs/producers.md", "order-1006"),
          "better-sqlite3": ("docs/producers.md", "order-1007")}
# Whether a language has SQLite here.
PROBES = {"js": "require('sqlite3')", "better-sqlite3": "require('better-sqlite3')",
          "ruby": "require 'sqlite3'",
          "php": "<?php exit(class_exists('PDO') && "
                 "in_array('sqlite', PDO::getAvailableDrivers()) ? 0 : 1);"}
# Where Debian keeps the sources of Go's packages; what is built stays beside the tests' builds.
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
      "GOCACHE": os.path.join(ROOT, "build-test", "go")}
# Where tools/bench --install-peers puts better-sqlite3.
NODE_PEERS = os.path.expanduser("~/.cache/convey-bench/node-outbox/node_modules")
GO_SQLITE = "/usr/share/gocode/src/github.com/mattn/go-sqlite3"


def blocks(path):
    """(language, text) of each fenced block that is meant to be run."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return [(language, text) for language, text in
                re.findall(r"^```(\w+)\n(.*?)^```$", file.read(), re.M | re.S)
                if language in LANGUAGES]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.mkdir(self.path("bin"))
        os.symlink(CONVEY, self.path("bin", "convey"))
        with open(self.path("token.txt"), "w", encoding="ascii") as file:
            file.write(canary.token("a-token") + "\n")
        self.sandbox = Sandbox(token="a-token", ledger=self.path("ledger.jsonl")).start()
        self.addCleanup(self.sandbox.stop)
        self.env = dict(os.environ, CONVEY_DB="shop.db", CONVEY_ENDPOINT=self.sandbox.url,
                        PATH=self.path("bin") + ":" + os.environ["PATH"], NODE_PATH=":".join(
                            ["/usr/share/nodejs", "/usr/lib/nodejs",
                             f"/usr/lib/{os.uname().machine}-linux-gnu/nodejs", NODE_PEERS]))
        self.env.update(GO)
        self.env.pop("CONVEY_KEY_FILE", None)

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def run_text(self, language, text, good=(0,), under=()):
        if language in FROM_FILE:
            with open(self.path(FROM_FILE[language]), "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([*under, *LANGUAGES[language]], input=text, text=True, cwd=self.folder.name,
                              env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=180)
        self.assertIn(done.returncode, good, f"{text}\n{done.stdout}")
        return done.stdout

    def drain(self):
        self.run_text("sh", "convey run --drain --retry-base-ms 50")

    def query(self, sql, *values):
        db = sqlite3.connect(self.path("shop.db"))
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def missing(self, language, driver):
        program = LANGUAGES[language][0]
        if not shutil.which(program):
            return f"no {program} here"
        probe = PROBES.get(driver)
        if (language == "go" and not os.path.isdir(GO_SQLITE)) or probe and subprocess.run(
                LANGUAGES[language], input=probe, text=True, env=self.env,
                capture_output=True).returncode != 0:
            return f"{program} has no {driver if driver != language else 'SQLite'} here"
        return None


class Readme(Case):
    """Setting up, the producers, looking: the blocks of README.md in their order."""

    def prepare(self):
        sh = [text for language, text in blocks("README.md") if language == "sh"]
        self.assertEqual(len(sh), 3)
        self.run_text("sh", sh[0])
        return sh[1:]

    def deliver(self, event_id):
        self.drain()
        self.assertEqual(self.query("SELECT status FROM outbox_status WHERE event_id = ?", event_id),
                         [("delivered",)])
        number = event_id.removeprefix("order-")
        self.assertEqual(self.query("SELECT total FROM orders WHERE number = ?", number), [("29.99",)])
        self.assertEqual(self.sandbox.stats()["new"], 1)
        # The row that was shown to the sandbox is the same in each language.
        self.assertEqual(self.query("SELECT limited_data_use, tiktok_event FROM delivery_status"),
                         [(0, "Purchase")])

    def producer(self, language, driver=None):
        path, event_id = ORDERS[driver or language]
        found = [text for name, text in blocks(path) if name == language]
        self.assertEqual(len(found), 1, f"one example in {language}")
        words = self.missing(language, driver or language)
        if words:
            self.skipTest(words)
        self.prepare()
        self.run_synced(language, found[0])
        self.deliver(event_id)

    def run_synced(self, language, text):
        """Many drivers do not sync a commit in WAL unless they are told to. What the first commit
        of a log and the last one to close the file sync in any case is another connection's."""
        if not shutil.which("strace"):
            self.run_text(language, text)
            return
        trace = self.path("trace")
        with contextlib.closing(sqlite3.connect(self.path("shop.db"))) as other:
            other.execute("CREATE TABLE first_in_the_log (x)")
            self.run_text(language, text, under=[
                "strace", "--seccomp-bpf", "-f", "-y", "-qq", "-e", "signal=none", "-o", trace,
                "-e", "trace=fsync,fdatasync"])
        with open(trace, encoding="utf-8", errors="replace") as file:
            self.assertIn("shop.db-wal", file.read(), "the commit was not synced")

    def test_python(self):
        self.producer("python")

    def test_node(self):
        self.producer("js")

    def test_better_sqlite3(self):
        self.producer("js", "better-sqlite3")

    def test_php(self):
        self.producer("php")

    def test_go(self):
        self.producer("go")

    def test_ruby(self):
        self.producer("ruby")

    def test_shell_and_looking(self):
        produce, looking = self.prepare()
        self.run_text("sh", produce)
        self.deliver("order-1001")
        # convey doctor, the last, warns of Debian 12's own SQLite: a finding, status 0 or 1.
        said = self.run_text("sh", looking, good=(0, 1)).splitlines()
        at = said.index("delivered|")
        self.assertEqual(said[at + 1], "shop|active|0|1|0|")
        self.assertRegex(said[at + 2], r"^shop\|delivered\|\|1\|20.*Z\|OK$")
        self.assertIn('"check"', " ".join(said[at + 3:]))
        said = "\n".join(said[:at])
        self.assertIn("1 delivered", said)
        self.assertIn("order-1001", said)


def answers(path):
    """(shell text, body) of each command that is followed by what it prints."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return [(text, json.loads(body, parse_float=str)) for text, body in re.findall(
            r"^```sh\n([^`]*)^```\n\n```json\n(.*?)^```$", file.read(), re.M | re.S)]


class Documents(Case):
    def test_one_event_of_each_source(self):
        """To the digit, but for the time, which is now."""
        found = answers("docs/producers.md")
        self.assertEqual([body["event_source"] for _, body in found],
                         ["web", "app", "offline", "crm"])
        for text, body in found:
            said = self.run_text("sh", text)
            sent = json.loads(re.search(r"^{.*}$", said, re.M)[0], parse_float=str)
            self.assertIsInstance(sent["data"][0].pop("event_time"), int)
            del body["data"][0]["event_time"]
            self.assertEqual(sent, body)
            self.assertEqual(list(sent["data"][0]), list(body["data"][0]))

    def test_producers(self):
        self.run_text("sh", "convey init && convey destination add shop --source web --id P && "
                      "convey token set shop < token.txt")
        found = blocks("docs/producers.md")
        self.assertGreater(len(found), 0)
        for language, text in found:
            if language == "sh":
                self.run_text(language, text)
        self.drain()
        rows = self.query("SELECT event_id, status, reason FROM outbox_status"
                          " WHERE status <> 'delivered'")
        self.assertEqual(rows, [])

    def test_administrators(self):
        self.run_text("sh", "convey init && convey destination add shop --source web --id P && "
                      "convey token set shop < token.txt && sqlite3 shop.db \"INSERT INTO outbox "
                      "(event_id, event) VALUES ('order-1001', 'purchase')\"")
        self.drain()
        found = blocks("docs/administrators.md")
        self.assertGreater(len(found), 0)
        for language, text in found:
            for line in text.splitlines():
                self.run_text(language, line, good=(0, 1))

    def test_operators(self):
        """The backup, and its restoring; tests/e2e/test_backup.py has what it means."""
        self.run_text("sh", "convey init && convey destination add shop --source web --id P && "
                      "convey token set shop < token.txt && sqlite3 shop.db \"INSERT INTO outbox "
                      "(event_id, event) VALUES ('order-1', 'purchase')\"")
        self.drain()
        backup, restore, give_up = [text for language, text in blocks("docs/operators.md")
                                    if language == "sh"]
        self.assertEqual(self.run_text("sh", backup).split(), ["ok"])
        self.assertEqual(os.stat(self.path("shop-backup.db")).st_mode & 0o777, 0o600)
        self.run_text("sh", "sqlite3 shop.db \"INSERT INTO outbox (event) VALUES ('later')\"")
        self.assertIn("1 rejected", self.run_text("sh", restore))
        self.assertTrue(os.path.exists(self.path("broken", "shop.db")))
        self.run_text("sh", give_up)
        self.drain()
        self.assertEqual(self.query("SELECT event_id, status, reason FROM outbox_status"),
                         [("order-1", "rejected", "missing_page_url")])


if __name__ == "__main__":
    unittest.main()
