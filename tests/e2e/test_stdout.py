#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What cannot be printed is told: by exit 74 and a sentence, whatever the verb has found."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import Project, binary, purchase  # noqa: E402

PRINTS = ("list", "list --json", "status", "status --json", "why id-1", "why id-1 --json",
          "preview id-1", "map list", "route list --json", "destination list",
          "destination show shop", "config export", "doctor --offline", "doctor --offline --json",
          "cancel id-1 --json --dry-run", "map set a Purchase --json --dry-run", "init --json",
          "--version", "-h", "list -h")
WORDS_ONLY = ("init", "destination pause shop", "destination resume shop", "map set a Purchase")


class Stdout(unittest.TestCase):
    def setUp(self):
        self.project = Project()
        self.addCleanup(self.project.close)
        self.project.insert([purchase(n) for n in range(1, 1001)])  # more than a buffer holds

    def run_(self, words, where):
        return subprocess.run(f"'{binary()}' {words} --db '{self.project.db}' {where}", shell=True,
                              capture_output=True, text=True, timeout=60, check=False)

    def test_it_is_full_or_closed(self):
        for where, why in ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")):
            for words in (*PRINTS, "list --limit 1000", "list --limit 1000 --json"):
                done = self.run_(words, where)
                self.assertEqual(done.returncode, 74, f"{words} {where}: {done.stderr}")
                self.assertEqual(done.stderr.count(f"convey: cannot write to stdout: {why}\n"), 1,
                                 f"{words} {where}: {done.stderr}")

    def test_who_prints_nothing_needs_none(self):
        for where in (">/dev/full", ">&-", "<&- >&- 2>&-"):
            for words in WORDS_ONLY:
                self.assertEqual(self.run_(words, where).returncode, 0, f"{words} {where}")

    def test_what_was_changed_stays_changed(self):
        self.assertEqual(self.run_("cancel id-1 --json", ">&-").returncode, 74)
        self.assertEqual(self.project.delivery("id-1")["status"], "cancelled")


if __name__ == "__main__":
    unittest.main()
