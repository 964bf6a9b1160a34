#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the verbs say about what was asked of them: what would change, and what cannot be meant."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_cli import Case  # noqa: E402


class Changes(Case):
    def test_a_setting_is_told_from_what_to_what(self):
        self.init()
        shown = self.json("destination", "show", "shop")
        words = ("destination", "set", "shop", "--batch", "50", "--default-country", "de",
                 "--pii", "hashed", "--consent-strict", "--id", "C4XYZ")
        said = self.ok(*words, "--dry-run").stderr.decode().splitlines()
        self.assertEqual(said[0], "dry run: would change the destination 'shop'")
        self.assertEqual(set(said[1:]), {
            "dry run: batch: '1000' -> '50'", "dry run: default-country: '' -> 'DE'",
            "dry run: consent-strict: '0' -> '1'", "dry run: id: 'C4ABC' -> 'C4XYZ'"})
        self.assertEqual(self.json("destination", "show", "shop"), shown)
        changes = {"batch": {"from": "1000", "to": "50"},
                   "default-country": {"from": "", "to": "DE"},
                   "consent-strict": {"from": "0", "to": "1"},
                   "id": {"from": "C4ABC", "to": "C4XYZ"}}
        self.assertEqual(self.json(*words, "--dry-run")["changes"], changes)
        self.assertEqual(self.json(*words)["changes"], changes)
        self.assertEqual(self.json(*words)["changes"], {})
        self.assertIn("nothing of it changes", self.ok(*words).stderr.decode())


class Refused(Case):
    def test_what_contradicts_itself(self):
        self.init()
        for args, says in (
                (("destination", "set", "shop", "--consent-strict", "--no-consent-strict"),
                 "either --consent-strict or --no-consent-strict"),
                (("run", "--retry-base-ms", "100", "--retry-cap-ms", "5", "--drain"),
                 "--retry-cap-ms (5) is less than --retry-base-ms (100)"),
                (("run", "--json", "--drain"), "--log json"),
                (("enqueue", "--format", "jsonl", "--ignore-columns"), "with CSV only"),
                (("doctor", "--offline", "--ca-file", "x"), "without --offline only"),
                (("--db", self.db, "status", "--db", "other.db"), "names two files")):
            with self.subTest(args=args):
                self.assertEqual(self.fails(64, *args, says=says).stdout, b"")
        self.ok("--db", self.db, "map", "list", "--db", self.db)
        # One alone bounds the other.
        for option in (("--retry-cap-ms", "5"), ("--retry-base-ms", "3600000")):
            self.ok("run", "--drain", *option)

    def test_a_bad_setting_is_told_before_a_name_that_is_taken_or_absent(self):
        self.init()
        for verb, name in (("add", "shop"), ("set", "none")):
            self.fails(64, "destination", verb, name, "--source", "web", "--id", "X",
                       "--batch", "0", says="--batch is a whole number")
        self.fails(65, "destination", "add", "shop", "--source", "web", "--id", "X")

    def test_words_say_what_is_wrong(self):
        self.init()
        for verb in ("why", "preview", "retry", "cancel"):
            self.fails(64, verb, "", says="EVENT_ID is empty")
        self.fails(64, "retry", "--status", "pending", says="they wait to be sent")
        connect = ("connect", "shop", "--app-id", "1", "--secret-file")
        for words in (("config", "import"), ("simulate", "--config")):
            self.fails(66, *words, self.dir, says="is a folder")
            self.fails(65, *words, "/dev/null", says="'/dev/null' is empty")
            self.fails(65, *words, self.db, says="line 1: ")
        self.fails(66, *connect, self.dir, says="directory")

    def test_no_word_is_a_hint_for_itself(self):
        self.init()
        said = self.fails(64, "route", "add", "--to", "shop", "--consent", "ad_storage",
                          says="'ad_storage' is not SIGNAL=STATE").stderr.decode()
        self.assertNotIn("did you mean", said)
        said = self.ok("map", "set", "x", "Search").stderr.decode()
        self.assertNotIn("did you mean", said)


class Map(Case):
    def rows(self, event):
        return {row["destination"] for row in self.json("map", "list") if row["event"] == event}

    def said(self, *args):
        return self.ok("map", "remove", *args).stderr.decode()

    def test_an_event_of_single_destinations_is_removed(self):
        self.init()
        self.ok("destination", "add", "app", "--source", "app", "--id", "7")
        for name in ("shop", "app"):
            self.ok("map", "set", "trial", "Trial", "--destination", name)
        self.assertIn("would remove 'trial' from the map of app, shop",
                      self.said("trial", "--dry-run"))
        self.assertEqual(self.rows("trial"), {"shop", "app"})
        self.said("trial", "--destination", "app")
        self.assertIn("removed 'trial' from the map of shop", self.said("trial"))
        self.assertEqual(self.rows("trial"), set())
        self.fails(66, "map", "remove", "trial")

    def test_those_that_still_send_it_are_named(self):
        self.init()
        self.ok("map", "set", "trial", "Trial")
        self.ok("map", "set", "trial", "Trial2", "--destination", "shop")
        self.assertIn("shop still sends it by a row of its own", self.said("trial"))
        self.assertEqual(self.rows("trial"), {"shop"})


if __name__ == "__main__":
    unittest.main()
