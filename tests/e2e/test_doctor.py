#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""convey doctor: each thing that can be wrong is found, and each finding says what to do."""
import email.utils
import http.server
import json
import os
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import Project, binary, purchase  # noqa: E402
from sandbox import Sandbox  # noqa: E402
import tls  # noqa: E402

OFFLINE = "--offline"


class Clock(http.server.BaseHTTPRequestHandler):
    """Answers with a time that is off by so many seconds; None: without one."""
    off = 0

    def do_GET(self):  # noqa: N802
        self.send_response_only(404)
        if self.off is not None:
            self.send_header("Date", email.utils.formatdate(time.time() + self.off, usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Case(unittest.TestCase):
    token = "token"

    def setUp(self):
        self.project = Project(token=self.token)
        self.addCleanup(self.project.close)

    def look(self, *words, status=0, endpoint=None):
        """check -> (finding, detail, advice); of several the worst."""
        env = {"CONVEY_ENDPOINT": endpoint} if endpoint else None
        found, rank = {}, ["ok", "warning", "wrong"]
        for row in json.loads(self.project.convey("doctor", "--json", *words, status=status,
                                                  env=env)):
            self.assertEqual(bool(row["advice"]), row["finding"] != "ok", row)
            before = found.get(row["check"], ("ok", "", None))
            if row["check"] not in found or rank.index(row["finding"]) > rank.index(before[0]):
                found[row["check"]] = (row["finding"], row["detail"], row["advice"])
        self.assertEqual(status == 1, "wrong" in [finding[0] for finding in found.values()])
        return found

    def assert_finding(self, check, finding, words, *args, **more):
        found = self.look(*args, status=int(finding == "wrong"), **more)[check]
        self.assertEqual(found[0], finding, found)
        self.assertIn(words, found[1] + (found[2] or ""))


class File(Case):
    def test_a_sound_installation(self):
        found = self.look(OFFLINE, "--integrity")
        self.assertEqual(found["integrity"][1], "ok")
        self.assertIn("0600", found["key"][1])
        self.assertIn("1 of 1", found["secrets"][1])
        self.assertIn("wal, pages of 4096", found["journal_mode"][1])
        self.assertIn("does not expire", found["token"][1])
        self.assertNotIn("endpoint", found)
        self.assertIn(sqlite3.sqlite_version, found["sqlite"][1])
        self.assertIn(sqlite3.sqlite_version, found["last writer"][1])

    def test_what_a_person_reads(self):
        text = self.project.convey("doctor", OFFLINE)
        self.assertRegex(text, r"(?m)^ok       schema +version \d+$")
        os.chmod(self.project.db, 0o644)
        text = self.project.convey("doctor", OFFLINE, status=1)
        self.assertRegex(text, r"(?m)^wrong    file mode +0644\n +it holds .*chmod 600")

    def test_another_sqlite_wrote_last(self):
        for version, finding, words in ((3045001, "warning", "3.45.1, which has the WAL-reset bug"),
                                        (3051003, "ok", "3.51.3"), (3050007, "ok", "3.50.7"),
                                        (3044006, "ok", "3.44.6"), (3007000, "warning", "3.7.0"),
                                        (0, "ok", "does not say")):
            with open(self.project.db, "r+b") as file:
                file.seek(96)
                file.write(struct.pack(">I", version))
            self.assert_finding("last writer", finding, words, OFFLINE)

    def test_modes(self):
        for mode, finding in ((0o660, "warning"), (0o604, "wrong"), (0o600, "ok")):
            os.chmod(self.project.db, mode)
            self.assert_finding("file mode", finding, f"{mode:04o}", OFFLINE)
        reader = self.project.connect()
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM outbox").fetchall()
        self.project.insert([purchase(1)])
        os.chmod(self.project.db, 0o660)
        os.chmod(self.project.db + "-shm", 0o600)
        self.assert_finding("file mode", "warning", "chmod 600", OFFLINE)
        rows = json.loads(self.project.convey("doctor", OFFLINE, "--json"))
        self.assertTrue([row for row in rows if "-shm: 0600 of user" in row["detail"]])
        reader.close()

    def test_a_journal_that_is_no_wal(self):
        db = self.project.connect()
        self.assertEqual(db.execute("PRAGMA journal_mode = DELETE").fetchone(), ("delete",))
        db.close()
        self.assert_finding("journal_mode", "ok", "the relay sets it when it starts", OFFLINE)
        with Sandbox() as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
        self.assertEqual(self.project.query("PRAGMA journal_mode"), [("wal",)])

    def test_the_key(self):
        with open(self.project.db + ".key", "w", encoding="ascii") as file:
            file.write("0" * 64 + "\n")
        self.assert_finding("secrets", "wrong", "put the right key file back", OFFLINE)
        os.chmod(self.project.db + ".key", 0o644)
        self.assert_finding("key", "wrong", "chmod 600", OFFLINE)
        os.remove(self.project.db + ".key")
        self.assert_finding("key", "wrong", "", OFFLINE)

    def test_the_zone_of_a_destination(self):
        """The relay would not start."""
        db = self.project.connect()
        db.execute("UPDATE destination SET timezone = 'Europe/Nowhere'")
        self.assert_finding("time zones", "wrong", "shop: 'Europe/Nowhere' is no time zone", OFFLINE)
        db.execute("UPDATE destination SET removed = 1")
        db.close()
        self.assertEqual(self.look(OFFLINE)["time zones"][0], "ok")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_file_system_that_is_read_only(self):
        folder = os.path.dirname(self.project.db)
        done = subprocess.run(["unshare", "--mount", "sh", "-ec",
                               'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; shift; '
                               'exec "$@"', "sh", folder, binary(), "status", "--db",
                               self.project.db], capture_output=True, text=True, check=False)
        if "mount:" in done.stderr or "unshare:" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 77, done)
        self.assertIn("is on a read-only file system", done.stderr)
        self.assertIn("name the copy", done.stderr)

    def test_a_folder_that_is_not_there(self):
        done = subprocess.run([binary(), "init", "--db", self.project.db + "x/y/o.db"], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 73)
        self.assertIn(f"mkdir -p {self.project.db}x/y", done.stderr)

    def test_a_damaged_page(self):
        self.project.insert(purchase(n) for n in range(2000))
        db = self.project.connect()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root, = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outbox'").fetchone()
        db.close()
        with open(self.project.db, "r+b") as file:
            file.seek((root - 1) * 4096 + 4000)
            file.write(b"\xff" * 90)
        self.assertNotIn("integrity", self.look(OFFLINE))
        self.assert_finding("integrity", "wrong", "save what can be read", OFFLINE, "--integrity")

    def test_rows_behind_the_cursor(self):
        db = self.project.connect()
        db.execute("UPDATE queue SET cursor = 10")
        self.assert_finding("outbox", "ok", "0 rows", OFFLINE, "--integrity")
        db.execute("INSERT INTO outbox (id, event) VALUES (5, 'purchase')")
        self.assert_finding("outbox", "wrong", "without one", OFFLINE, "--integrity")

    def test_the_relay(self):
        self.assert_finding("relay", "ok", "none runs", OFFLINE)
        self.project.insert([purchase(1)])
        self.assert_finding("relay", "warning", "none runs; 1 rows wait", OFFLINE)
        with Sandbox(token="token") as sandbox:
            relay = self.project.start(sandbox)
            relay.wait_started()
            self.assert_finding("relay", "ok", str(relay.pid), OFFLINE)
            # It looks where the relay sends to, which is told where it is not TikTok.
            self.assert_finding("endpoint", "ok", sandbox.url)
            self.assertIn(f"It sends to {sandbox.url}, which is not TikTok",
                          self.project.convey("status"))
            self.assertEqual(json.loads(self.project.convey("status", "--json"))["endpoint"],
                             sandbox.url)
            relay.stop()
        self.assertIsNone(json.loads(self.project.convey("status", "--json"))["endpoint"])


class Other(Case):
    def serve(self, off, answers=Clock):
        handler = type("Off", (answers,), {"off": off})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_the_clock_against_its_date(self):
        for off, finding, words in ((0, "ok", "0 s"), (-60, "warning", "s ahead of"),
                                    (60, "warning", "s behind"), (3600, "wrong", "behind"),
                                    (-3600, "wrong", "time service"),
                                    (None, "ok", "not compared")):
            with self.subTest(off=off):
                self.assert_finding("clock", finding, words, endpoint=self.serve(off))

    def test_nothing_of_ours_is_sent(self):
        with Sandbox(token="token", ledger=os.path.join(self.project.directory, "l")) as sandbox:
            found = self.look(endpoint=sandbox.url)
            self.assertEqual(found["endpoint"][0], "ok")
            self.assertEqual(found["clock"][0], "ok")
            for line in sandbox.ledger():
                self.assertEqual((line["method"], line["token"], line["bytes"]), ("GET", None, 0))

    def test_nobody_answers(self):
        self.assert_finding("endpoint", "wrong", "firewall", endpoint="http://127.0.0.1:9")
        self.project.convey("doctor", status=78, env={"CONVEY_ENDPOINT": "http://example.com"})

    def test_somebody_else_answers(self):
        class Page(Clock):
            status, body = 200, b"<html>Welcome"

            def do_GET(self):  # noqa: N802
                self.send_response(self.status)
                self.send_header("Content-Length", str(len(self.body)))
                self.end_headers()
                self.wfile.write(self.body)

        for status, body in ((404, b"<html>not found"), (200, b"<html>Welcome"), (200, b"[]"),
                             (502, b""), (200, b'{"error": "none"}')):
            with self.subTest(status=status, body=body):
                Page.status, Page.body = status, body
                url = self.serve(0, Page)
                self.assert_finding("endpoint", "warning", "not in TikTok's form", endpoint=url)
                self.assert_finding("endpoint", "warning", "CONVEY_ENDPOINT", endpoint=url)
        Page.status, Page.body = 401, b'{"code": 40104, "message": "no token", "data": {}}'
        self.assert_finding("endpoint", "ok", "HTTP 401", endpoint=self.serve(0, Page))

    def test_a_certificate_that_is_not_trusted(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = tls.Authority(folder)
            with Sandbox(token="token", tls=authority.server()) as sandbox:
                self.assert_finding("endpoint", "wrong", "ca-certificates", endpoint=sandbox.url)
                self.assert_finding("endpoint", "ok", "answers", "--ca-file", authority.cert,
                                    endpoint=sandbox.url)

    def test_tokens(self):
        self.project.convey("destination", "add", "bare", "--source", "web", "--id", "P2")
        self.assert_finding("token", "wrong", "bare has none", OFFLINE)
        self.project.convey("destination", "remove", "bare")
        db = self.project.connect()
        db.execute("UPDATE credential SET set_at = ?", [int(time.time() * 1000) - 40 * 86400000])
        db.close()
        self.assertIn("set 40 d ago", self.look(OFFLINE)["token"][1])
        db = self.project.connect()
        db.execute("UPDATE credential SET set_at = ?", [int(time.time() * 1000) + 7300000])
        db.close()
        self.assertIn("set 2 h ahead of this clock", self.look(OFFLINE)["token"][1])
        with Sandbox(token="other") as sandbox:
            relay = self.project.start(sandbox)
            self.project.insert([purchase(1)])
            self.project.wait_for({"pending": 1})
            while self.project.queue()["state"] != "token_refused":
                time.sleep(0.01)
            relay.stop()
        self.assert_finding("token", "wrong", "token_refused, last error: HTTP 401, code 40105", OFFLINE)


class Without(Case):
    token = None

    def test_a_destination_without_a_token_and_none_at_all(self):
        self.assert_finding("token", "wrong", "convey token set", OFFLINE)
        self.project.convey("destination", "set", "shop", "--id", "")
        self.assert_finding("pixel", "wrong", "--id PIXEL", OFFLINE)
        self.assertIn("has no pixel yet", self.project.convey("status", status=1))
        self.project.convey("destination", "remove", "shop")
        self.assert_finding("destinations", "warning", "convey destination add", OFFLINE)


if __name__ == "__main__":
    unittest.main()
