# SPDX-License-Identifier: MIT
"""`convey config export|import` and `convey simulate` from outside."""
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import Project, binary, purchase, wait_until  # noqa: E402
from sandbox import Sandbox  # noqa: E402


class Case(unittest.TestCase):
    def setUp(self):
        self.project = Project({"a": ("web", "PIXELA"), "b": ("offline", "PIXELB")})
        self.addCleanup(self.project.close)
        self.convey = self.project.convey

    def export(self):
        return json.loads(self.convey("config", "export"))

    def import_(self, config, *words, status=0):
        return self.convey("config", "import", "-", *words, status=status,
                           data=config if isinstance(config, str) else json.dumps(config))

    def changes(self, config, *words):
        found = json.loads(self.import_(config, "--json", *words))["changes"]
        return {line["path"]: (line["before"], line["after"]) for line in found}

    def simulate(self, config, *words):
        return json.loads(self.convey("simulate", "--config", "-", "--json", *words,
                                      data=json.dumps(config)))


class Files(Case):
    def fill(self):
        self.convey("destination", "set", "a", "--timezone", "America/New_York",
                    "--requests-per-second", "0.5", "--consent-strict", "--default-url",
                    "https://shop.example/")
        self.convey("destination", "pause", "b")
        self.convey("map", "set", "bought", "Purchase", "--destination", "b")
        self.convey("route", "add", "--to", "a", "--sample", "12.5", "--min-value", "29.990",
                    "--has", "email,phone", "--consent", "ad_user_data=GRANTED", "--country",
                    "at", "--currency", "eur", "--priority", "-3", "--event", "purch*")
        self.convey("route", "add", "drop")

    def test_another_database_made_the_same(self):
        self.fill()
        config = self.export()
        self.assertNotIn("token", json.dumps(config))
        other = Project({"z": ("app", "PIXELZ")})
        self.addCleanup(other.close)
        self.convey = other.convey
        self.import_(config)
        self.assertEqual(self.export(), config)
        self.assertEqual(self.changes(config), {})
        names = [row["name"] for row in json.loads(self.convey("destination", "list", "--json"))]
        self.assertEqual(names, ["a", "b"])

    def test_what_one_destination_maps_and_the_file_does_not_goes(self):
        self.fill()
        config = self.export()
        self.convey("map", "set", "leased", "Purchase", "--destination", "b")
        self.convey("map", "set", "leased", "Purchase")
        self.import_(config)
        self.assertEqual(self.export(), config)

    def test_to_a_file(self):
        path = os.path.join(self.project.directory, "config.json")
        self.assertEqual(self.convey("config", "export", path), "")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file), self.export())
        self.convey("config", "import", path)
        self.convey("config", "import", path + ".none", status=66)
        self.convey("config", "export", os.path.join(path, "x"), status=73)

    def test_a_folder_is_no_file(self):
        for words in (("config", "import"), ("simulate", "--config")):
            done = subprocess.run([binary(), *words, self.project.directory, "--db",
                                   self.project.db], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 66)
            self.assertIn("is a folder", done.stderr)

    def test_amounts_are_not_rounded(self):
        config = self.export()
        config["routes"] = [{"to": "a", "min-value": 12345678901.55}]
        self.import_(config)
        self.assertEqual(self.export()["routes"][0]["min-value"], "12345678901.55")

    def test_a_difference_obeys_no_terminal(self):
        config = self.export()
        name = "a\u009b31m"
        config["events"][name] = "Purchase"
        self.assertNotIn("\u009b", self.import_(config))
        self.assertIn(name, self.export()["events"])

    def test_a_route_to_what_was_removed(self):
        for words in ("a,b",), ("a", "--sample", "50"), ("b",):
            self.convey("route", "add", "--to", *words)
        for more in ("--dry-run",), ():
            done = subprocess.run([binary(), "destination", "remove", "a", *more, "--db",
                                   self.project.db], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0)
            self.assertIn("routes 1, 2 still name it", done.stderr)
        config = self.export()
        self.assertEqual([r["to"] for r in config["routes"]], ["b", "drop", "b"])
        self.assertEqual(self.changes(config), {})
        self.simulate(config)

    def test_what_an_older_convey_took(self):
        for to in "a,b", "a":
            self.convey("route", "add", "--to", to)
        with contextlib.closing(sqlite3.connect(self.project.db, isolation_level=None)) as db:
            db.execute("UPDATE destination SET default_country = iif(name = 'a', 'EU', 'UK')")
            db.execute("UPDATE route SET targets = 'a,gone,a' WHERE id = 2")
            db.execute("UPDATE route SET targets = 'a,b,a,b,b' WHERE id = 1")
        config = self.export()
        self.assertEqual([r["to"] for r in config["routes"]], ["a,b", "a"])
        self.assertEqual({name: d["default-country"] for name, d in config["destinations"].items()},
                         {"a": "", "b": "GB"})
        self.simulate(config)
        other = Project({})
        self.addCleanup(other.close)
        self.convey = other.convey
        self.import_(config)
        self.assertEqual(self.export(), config)

    def test_never_over_its_own_files(self):
        own = ["", "-wal", "-shm", "-journal", ".key", ".key.new", ".lock", ".admin.token"]
        link = os.path.join(self.project.directory, "link")
        os.symlink(self.project.db, link)
        before = pathlib.Path(self.project.db + ".key").read_bytes()
        for name in [self.project.db + end for end in own] + [link]:
            self.convey("config", "export", name, status=64)
        self.assertEqual(pathlib.Path(self.project.db + ".key").read_bytes(), before)
        self.assertEqual(self.project.query("PRAGMA integrity_check"), [("ok",)])
        self.convey("config", "export", "/dev/null")

    def test_a_file_stays_whose_it_was(self):
        path = os.path.join(self.project.directory, "config.json")
        pathlib.Path(path).write_text("old")
        os.chmod(path, 0o640)
        if os.getuid() == 0:
            os.chown(path, 65534, 65534)
        before = os.stat(path)
        self.convey("config", "export", path)
        after = os.stat(path)
        self.assertEqual((after.st_uid, after.st_gid, after.st_mode),
                         (before.st_uid, before.st_gid, before.st_mode))
        self.assertEqual(json.loads(pathlib.Path(path).read_text()), self.export())

    def test_a_link_is_followed_to_a_file_that_is_not_there(self):
        link = os.path.join(self.project.directory, "link")
        os.symlink("next", link)
        os.symlink("real", os.path.join(self.project.directory, "next"))
        self.convey("config", "export", link)
        self.assertTrue(os.path.islink(link))
        self.assertTrue(os.path.isfile(os.path.join(self.project.directory, "real")))
        own = os.path.join(self.project.directory, "own")
        os.symlink(self.project.db + "-journal", own)
        self.convey("config", "export", own, status=64)

    def test_a_name_may_be_long(self):
        self.convey("config", "export", os.path.join(self.project.directory, "n" * 250))

    @unittest.skipUnless(os.getuid() == 0, "needs another user")
    def test_a_folder_of_another(self):
        """A file of ours in it is written, and else the folder is named."""
        folder = os.path.join(self.project.directory, "folder")
        path = os.path.join(folder, "config.json")
        os.mkdir(folder)
        pathlib.Path(path).write_text("x" * 100000)
        os.chown(path, 65534, 65534)
        for name in os.listdir(self.project.directory):
            if name.startswith(os.path.basename(self.project.db)):
                os.chown(os.path.join(self.project.directory, name), 65534, 65534)
        os.chown(self.project.directory, 65534, 65534)

        def export(name):
            return subprocess.run(
                ["setpriv", "--reuid", "65534", "--clear-groups", binary(), "config", "export",
                 os.path.join(folder, name), "--db", self.project.db],
                capture_output=True, text=True, timeout=60, check=False)
        done = export("config.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(pathlib.Path(path).read_text()), self.export())
        done = export("new.json")
        self.assertEqual(done.returncode, 73)
        self.assertIn(f"folder '{folder}': Permission denied", done.stderr)

    def test_a_full_disk_leaves_the_old_file(self):
        path = os.path.join(self.project.directory, "config.json")
        self.convey("config", "export", path)
        os.chmod(path, 0o640)
        old = pathlib.Path(path).read_bytes()
        config = self.export()
        config["events"] = {f"e{i:0190}": "Purchase" for i in range(400)}
        self.import_(config)
        done = subprocess.run(["sh", "-c", 'ulimit -f 80; exec "$@"', "sh", binary(), "config",
                               "export", path, "--db", self.project.db],
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertEqual(pathlib.Path(path).read_bytes(), old)
        self.assertEqual([n for n in os.listdir(self.project.directory) if "config.json" in n],
                         ["config.json"])
        self.convey("config", "export", path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)
        self.assertGreater(os.path.getsize(path), 80000)

    def test_the_difference(self):
        config = self.export()
        config["destinations"]["a"]["pii"] = "none"
        config["destinations"]["c"] = {"source": "crm", "id": "C1"}
        config["events"]["bought"] = "Purchase"
        del config["events"]["purchase"]
        config["routes"] = [{"to": "c", "event": "lead"}]
        before = self.export()
        found = self.changes(config, "--dry-run")
        self.assertEqual(set(found), {"destinations.a.pii", "destinations.c", "events.bought",
                                      "events.purchase", "routes.1"})
        self.assertEqual(found["destinations.a.pii"], ("hashed", "none"))
        self.assertEqual(found["events.purchase"], ("Purchase", None))
        self.assertEqual(self.export(), before)
        self.assertIn('destinations.a.pii: "hashed" -> "none"',
                      self.import_(config, "--dry-run"))
        self.assertEqual(self.changes(config), found)
        self.assertEqual(self.changes(config), {})

    def test_a_section_that_is_not_there_stays(self):
        self.fill()
        before = self.export()
        self.assertEqual(self.changes({"format": 1}), {})
        self.assertEqual(set(self.changes({"format": 1, "routes": []})), {"routes.1", "routes.2"})
        self.assertEqual(self.export(), dict(before, routes=[]))

    def test_a_route_without_an_id_takes_a_free_one(self):
        self.import_({"format": 1, "routes": [{"to": "a"}, {"to": "b", "id": 1}]})
        self.assertEqual([(route["id"], route["to"]) for route in self.export()["routes"]],
                         [(1, "b"), (2, "a")])

    def test_every_key_is_checked(self):
        before = self.export()
        web = {"source": "web", "id": "X"}
        for config, path in (
                ({"format": 1, "colour": 1}, "colour"),
                ({"format": 2}, "format"),
                ({}, "format"),
                ([], "the file"),
                ({"format": 1, "destinations": []}, "destinations"),
                ({"format": 1, "destinations": {"c": 1}}, "destinations.c"),
                ({"format": 1, "destinations": {"c": {}}}, "destinations.c"),
                ({"format": 1, "destinations": {"C!": web}}, "destinations.C!"),
                ({"format": 1, "destinations": {"c": dict(web, colour=1)}}, "destinations.c"),
                ({"format": 1, "destinations": {"c": dict(web, timezone="Mars")}},
                 "destinations.c"),
                ({"format": 1, "destinations": {"c": dict(web, batch=[1])}},
                 "destinations.c.batch"),
                ({"format": 1, "destinations": {"c": dict(web, paused=1)}},
                 "destinations.c.paused"),
                ({"format": 1, "destinations": {"c": dict(web, token="x")}}, "destinations.c"),
                ({"format": 1, "events": {"x": 1}}, "events.x"),
                ({"format": 1, "events": {"x": ""}}, "events.x"),
                ({"format": 1, "routes": {}}, "routes"),
                ({"format": 1, "routes": [{"to": "a", "colour": "x"}]}, "routes[0].colour"),
                ({"format": 1, "routes": [{"to": "a"}, {"to": "nobody"}]}, "routes[1]"),
                ({"format": 1, "routes": [{"country": "DE"}]}, "routes[0]"),
                ({"format": 1, "routes": [{"to": "a", "event": " "}]}, "routes[0].event"),
                ({"format": 1, "routes": [{"to": "a", "sample": 101}]}, "routes[0]"),
                ({"format": 1, "routes": [{"to": "drop", "sample": 50}]}, "--sample is the share"),
                ({"format": 1, "routes": [{"to": "a", "id": 1}, {"to": "b", "id": 1}]},
                 "routes[1].id"),
                ('{"format":1,"format":1}', "duplicate"),
                ("{", "line 1")):
            with self.subTest(config=config):
                with self.assertRaises(AssertionError) as refused:
                    self.import_(config)
                self.assertIn("exit 65", str(refused.exception))
                self.assertIn(path, str(refused.exception))
        self.assertEqual(self.export(), before)

    def test_a_destination_with_rows_to_send_is_not_removed(self):
        self.convey("destination", "pause", "a")
        self.project.insert([purchase(1)])
        with Sandbox(token="token") as sandbox:
            relay = self.project.start(sandbox)
            wait_until(lambda: self.project.query("SELECT 1 FROM waiting"), what="admission")
            relay.stop()
        config = self.export()
        del config["destinations"]["a"]
        self.import_(config, status=75)
        self.assertIn("a", self.export()["destinations"])


class Simulation(Case):
    def test_what_would_end_otherwise(self):
        self.project.insert([purchase(n, properties={"value": 10 * n, "currency": "EUR"})
                             for n in range(1, 11)] + [purchase(11, event="odd one")])
        config = self.export()
        self.assertEqual(self.simulate(config)["changed"], 0)
        config["events"]["odd one"] = "OddOne"
        config["routes"] = [{"to": "b", "min-value": 70}]
        told = self.simulate(config)
        self.assertEqual((told["rows"], told["changed"]), (11, 5))
        counts = {(row["destination"], row["reason"] or row["status"]):
                  (row["before"], row["after"]) for row in told["counts"]}
        self.assertEqual(counts, {("a", "sent"): (10, 7), ("b", "sent"): (10, 11),
                                  (None, "not_mapped"): (1, 0)})
        self.assertEqual(told["examples"][0], {"event_id": "id-7", "destination": "a",
                                               "before": "sent", "after": "nothing"})
        table = self.convey("simulate", "--config", "-", data=json.dumps(config))
        self.assertIn("id-7", table)
        self.assertEqual(self.project.statuses(), {"pending": 11})

    def test_other_content_is_told(self):
        self.project.insert([purchase(1)])
        config = self.export()
        config["events"]["purchase"] = "Bought"
        self.assertEqual([row["after"] for row in self.simulate(config)["examples"]],
                         ["sent with other content"] * 2)

    def test_rows_before_since_are_left_out(self):
        hour = 3600 * 1000
        now = int(time.time() * 1000)
        self.project.insert([dict(purchase(n), created_at=now - (20 - n) * hour)
                             for n in range(20)])
        self.project.insert([dict(purchase(20), created_at=now - 48 * hour)])
        config = {"format": 1, "routes": [{"to": "drop"}]}
        for since, rows in (("30m", 0), ("90m", 1), ("5h", 4), ("1d", 20)):
            self.assertEqual(self.simulate(config, "--since", since)["rows"], rows, since)
        for since in ("x", "7", "7y", "-1d", "1d2"):
            self.convey("simulate", "--config", "-", "--since", since, status=64, data="{}")

    def test_duplicates_are_left_out(self):
        self.project.insert([purchase(1), purchase(1)])
        with Sandbox(token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
        self.assertEqual(self.simulate({"format": 1})["rows"], 1)

    def test_a_bad_file_is_refused(self):
        self.convey("simulate", "--config", "-", status=65, data='{"format":1,"x":1}')
        self.convey("simulate", status=64)
        self.convey("simulate", "--config", "/nowhere.json", status=66)

    def test_destinations_that_are_not_there_yet(self):
        self.project.insert([purchase(1)])
        config = {"format": 1, "destinations": {"new": {"source": "web", "id": "N"}}}
        counts = {row["destination"]: (row["before"], row["after"])
                  for row in self.simulate(config)["counts"]}
        self.assertEqual(counts, {"a": (1, 0), "b": (1, 0), "new": (0, 1)})


class ByHand(Case):
    """What no command would have stored, and no request could hold."""
    def change(self, sql):
        db = self.project.connect()
        db.execute(sql)
        db.execute("UPDATE setting SET value = value + 1 WHERE name = 'config_version'")
        db.close()

    def test_a_test_event_code_that_is_no_utf_8(self):
        self.change("UPDATE destination SET test_event_code = CAST(x'ff' AS TEXT) WHERE name = 'a'")
        self.convey("run", "--drain", status=78)
        self.convey("destination", "set", "a", "--test-event-code", "")
        with Sandbox(token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)

    def test_an_event_of_a_name_that_is_no_utf_8_is_not_mapped(self):
        self.change("UPDATE event_name SET name = CAST(x'50ff' AS TEXT) WHERE name = 'Purchase'")
        self.project.insert([purchase(1), purchase(2, event="lead")])
        with Sandbox(token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
        self.assertEqual(self.project.reasons(), {"not_mapped": 1, "delivered": 2})
        self.assertEqual(self.project.statuses(), {"skipped": 1, "delivered": 1})


if __name__ == "__main__":
    unittest.main()
