# SPDX-License-Identifier: MIT
"""The manual pages: well formed, and they leave nothing out."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from source import ROOT, c_files, read  # noqa: E402

MADE = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "tools", "manual")
PAGES = [os.path.join(MADE, name) for name in ("convey.1", "convey-sandbox.1", "convey-schema.5")] + \
    [os.path.join(ROOT, "tools", "systemd", "conveyctl.8")]


def rendered(path):
    """The page as it is read, and what groff complained of."""
    env = dict(os.environ, GROFF_NO_SGR="1")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-rLL=400n", path], env=env,
                          capture_output=True, text=True)
    return re.sub(".\b", "", done.stdout), done.stderr


def verbs(declared, before="convey"):
    for verb in declared:
        if verb["verbs"]:
            yield from verbs(verb["verbs"], f"{before} {verb['name']}")
        else:
            yield f"{before} {verb['name']}", verb


@unittest.skipUnless(shutil.which("groff"), "no groff here")
class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = {os.path.basename(path): rendered(path)[0] for path in PAGES}
        with open(os.path.join(MADE, "describe.json"), encoding="utf-8") as file:
            cls.declared = json.load(file)

    def test_no_warnings(self):
        for path in PAGES:
            self.assertEqual(rendered(path)[1], "", path)

    def test_every_verb_and_option(self):
        page, missing = self.text["convey.1"], []
        for name, verb in verbs(self.declared["verbs"]):
            start = re.search(rf"^   {re.escape(name)}$", page, re.M)
            self.assertIsNotNone(start, name)
            part = re.split(r"^   \S|^\S", page[start.end():], flags=re.M)[0]
            for word in [f"--{option['name']}" for option in verb["options"]] + \
                    [line.strip() for line in verb["examples"].strip().split("\n")]:
                if word not in part:
                    missing.append(f"{name}: {word}")
        self.assertEqual(missing, [])

    def test_what_it_describes_is_what_help_says(self):
        for name, verb in verbs(self.declared["verbs"]):
            words = name.split()[1:]
            said = subprocess.run([os.environ["CONVEY"], *words, "-h"], capture_output=True,
                                  text=True, check=True).stdout
            shown = re.findall(r"^  --([a-z-]+)", said.partition("\nOptions:\n")[2], re.M)
            self.assertEqual(shown, [option["name"] for option in verb["options"]] +
                             verb["common"], name)

    def test_every_variable_of_the_environment(self):
        read_by_us = set()
        for path in c_files(".c", under=("src",)):
            read_by_us |= set(re.findall(r'(?:getenv|environment)\("(\w+)"', read(path)))
        self.assertIn("CREDENTIALS_DIRECTORY", read_by_us)
        part = self.text["convey.1"].partition("ENVIRONMENT\n")[2].partition("FILES\n")[0]
        self.assertEqual([name for name in sorted(read_by_us) if name not in part], [])

    def test_every_file(self):
        part = self.text["convey.1"].partition("FILES\n")[2].partition("SIGNALS\n")[0]
        for name in ("-wal", "-shm", ".key", ".key.new", ".lock", ".admin.sock", ".admin.token",
                     ".bak-v1"):
            self.assertIn("outbox.db" + name, part)
        self.assertIn("/etc/default/convey", part)

    def test_every_exit_status(self):
        part = self.text["convey.1"].partition("EXIT STATUS\n")[2].partition("ENVIRONMENT\n")[0]
        self.assertEqual(set(re.findall(r"^ {7}(\d+) ", part, re.M)),
                         {str(exit["status"]) for exit in self.declared["exits"]})

    def test_every_table_view_and_reason(self):
        db, page = sqlite3.connect(":memory:"), self.text["convey-schema.5"]
        db.executescript(read("schema/schema.sql"))
        wanted = [f"{name} ({kind})" for name, kind in db.execute(
            "SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")]
        wanted += [f"{status}: {word}" for status, word in db.execute(
            "SELECT s.word, r.word FROM reason r JOIN status s ON s.id = r.id / 16")]
        self.assertEqual([words for words in wanted if words not in page], [])
        for view in ("queue_status", "delivery_status"):
            part = page.partition(f"   {view} (view)")[2].partition("   problem")[0]
            for column in db.execute(f"PRAGMA table_info({view})"):
                self.assertIn(f" {column[1]}", part)

    def test_every_option_and_fault_of_the_sandbox(self):
        said = subprocess.run([os.environ["CONVEY_SANDBOX"], "-h"], capture_output=True, text=True,
                              check=True).stdout
        page = " ".join(self.text["convey-sandbox.1"].split())
        rows = re.findall(r"^  (\S+) +(.*)$", said.partition("\n\n")[2].partition("\n\n")[2], re.M)
        self.assertGreater(len(rows), 30)
        self.assertEqual([name for name, words in rows if name not in page or
                          " ".join(words.split()[-3:]) not in page], [])


if __name__ == "__main__":
    unittest.main()
