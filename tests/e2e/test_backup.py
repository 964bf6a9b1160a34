#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/operators.md: a backup while the relay runs, what an older one means once it is restored,
and a replicator that keeps a reader open: one of ours, and Litestream itself."""
import glob
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import Project, purchase, wait_until  # noqa: E402
from sandbox import ROOT, Sandbox  # noqa: E402


class Case(unittest.TestCase):
    def setUp(self):
        self.project = Project()
        self.addCleanup(self.project.close)
        self.sandbox = Sandbox().start()
        self.addCleanup(self.sandbox.stop)

    def insert(self, first, end):
        self.project.insert([purchase(n) for n in range(first, end)])

    def drain(self):
        self.assertEqual(self.project.drain(self.sandbox), 0)

    def seen(self):
        """Events that TikTok counted, and those that it knew by their event_id."""
        stats = self.sandbox.stats()
        return stats["new"], stats["duplicates"]


class Backup(Case):
    def backup(self):
        """As the document says it."""
        path = os.path.join(self.project.directory, "backup.db")
        subprocess.run(["sh", "-ec", f"umask 077; sqlite3 '{self.project.db}' '.timeout 5000' "
                        f"\"VACUUM INTO '{path}'\""], check=True)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        return path

    def restore(self, path):
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.project.db + suffix):
                os.remove(self.project.db + suffix)
        shutil.copy(path, self.project.db)

    def test_what_waited_is_sent_again_and_counted_once(self):
        self.insert(0, 30)
        self.drain()
        self.insert(30, 50)
        path = self.backup()
        self.insert(50, 60)
        self.drain()
        self.assertEqual(self.seen(), (60, 0))
        self.restore(path)
        self.assertEqual(self.project.statuses(), {"delivered": 30, "pending": 20})
        self.drain()
        self.assertEqual(self.seen(), (60, 20))
        self.assertEqual(self.project.statuses(), {"delivered": 50})
        # What came after the backup is not in it; the producer inserts it again, and more.
        self.insert(45, 60)
        self.drain()
        self.assertEqual(self.seen(), (60, 30))
        self.assertEqual(self.project.statuses(), {"delivered": 60, "duplicate": 5})

    def test_of_a_relay_that_runs(self):
        relay = self.project.start(self.sandbox)
        for first in range(0, 300, 100):
            self.insert(first, first + 100)
            path = self.backup()
            os.rename(path, f"{path}.{first}")
        self.project.wait_for({"delivered": 300})
        self.assertEqual(relay.stop(), 0)
        self.restore(f"{path}.200")
        self.assertEqual(self.project.query("PRAGMA integrity_check"), [("ok",)])
        self.drain()
        self.assertEqual(self.seen()[0], 300)
        self.assertEqual(self.project.statuses(), {"delivered": 300})
        self.assertEqual(self.project.query("PRAGMA journal_mode"), [("wal",)])

    def test_what_waited_in_an_old_one_can_be_given_up(self):
        self.insert(0, 20)
        path = self.backup()
        self.drain()
        self.restore(path)
        for status in ("pending", "retrying"):
            self.project.convey("cancel", "--status", status)
        self.drain()
        self.assertEqual(self.seen(), (20, 0))
        self.project.convey("retry", "id-7")
        self.drain()
        self.assertEqual(self.seen(), (20, 1))


class Replicator(Case):
    def follow(self, stop):
        """Keeps a read transaction open, but for a moment now and then, as Litestream does;
        ours and the producers' checkpoints meet it. Its own are left out: this SQLite may be
        one of those that must not."""
        db = sqlite3.connect(self.project.db, timeout=5, isolation_level=None)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        while not stop.is_set():
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM outbox").fetchall()
            self.reading.set()
            stop.wait(0.3)
            db.execute("ROLLBACK")
        db.close()

    def test_beside_a_reader_that_never_ends(self):
        self.reading = threading.Event()
        stop = threading.Event()
        thread = threading.Thread(target=self.follow, args=(stop,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        self.reading.wait(10)
        relay = self.project.start(self.sandbox)
        for first in range(0, 2000, 200):
            self.insert(first, first + 200)
        wait_until(lambda: self.project.statuses() == {"delivered": 2000}, 30)
        self.assertEqual(relay.stop(), 0)
        stop.set()
        thread.join()
        self.assertEqual(self.seen(), (2000, 0))
        self.drain()
        self.assertEqual(self.project.query("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(os.path.getsize(self.project.db + "-wal")
                         if os.path.exists(self.project.db + "-wal") else 0, 0)


LITESTREAM = shutil.which("litestream") or next(iter(glob.glob(os.path.join(
    ROOT, "build-test", "litestream", "node_modules", "@flydotio", "litestream-*",
    "litestream"))), None)


@unittest.skipUnless(LITESTREAM, "Litestream is not here: npm could not install it")
class Litestream(Case):
    def setUp(self):
        super().setUp()
        self.replica = "file://" + os.path.join(self.project.directory, "replica")

    def replicate(self):
        process = subprocess.Popen([LITESTREAM, "replicate", self.project.db, self.replica],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def restore(self):
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self.project.db + suffix):
                os.remove(self.project.db + suffix)
        subprocess.run([LITESTREAM, "restore", "-o", self.project.db, self.replica], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_beside_a_relay_that_is_killed(self):
        """Its checkpoints do not look like another's writing over the file, and what it
        restores is whole: nothing of it is sent a second time."""
        replicator, rows = self.replicate(), 0
        for end in (False, True):
            relay = self.project.start(self.sandbox)
            stop = time.monotonic() + 3
            while time.monotonic() < stop:
                self.insert(rows, rows + 100)
                rows += 100
            if not end:
                self.assertTrue(relay.running())
                relay.kill()
        wait_until(lambda: self.project.statuses() == {"delivered": rows}, 60)
        self.assertEqual(relay.stop(), 0)
        again = self.seen()[1]
        replicator.terminate()
        # It writes what is left and then checkpoints, which its end can cancel: status 1.
        replicator.wait(30)
        before = self.project.query("SELECT * FROM outbox_status ORDER BY 1")
        self.restore()
        self.assertEqual(self.project.query("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(self.project.query("SELECT * FROM outbox_status ORDER BY 1"), before)
        self.drain()
        self.assertEqual(self.seen(), (rows, again))


class Sizes(Case):
    """The table of docs/operators.md, within a fifth."""
    ROWS = 20000

    def payload(self, number, chance, user):
        payload = {"page": {"url": f"https://shop.example/checkout/thanks?n={number}"},
                   "properties": {"value": "29.99", "currency": "EUR", "order_id": str(number)}}
        if user:
            payload["consent"] = {"ad_user_data": "GRANTED", "ad_personalization": "GRANTED"}
            payload["user"] = {
                "email": f"jane.{chance.getrandbits(40)}@example.com", "ip": "203.0.113.9",
                "phone": f"+4930{chance.randrange(10**7):07}",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
                              "Firefox/128.0", "ttclid": f"E.C.P.{chance.getrandbits(128):032x}"}
            payload["properties"]["contents"] = [
                {"content_id": f"sku-{chance.randrange(10**5)}", "price": 29.99, "quantity": 1}]
        return json.dumps(payload)

    def bytes(self):
        db = self.project.connect()
        db.execute("PRAGMA wal_checkpoint").fetchall()
        pages, = db.execute("PRAGMA page_count").fetchone()
        size, = db.execute("PRAGMA page_size").fetchone()
        db.close()
        return pages * size

    def test_bytes_a_conversion(self):
        with open(os.path.join(ROOT, "docs", "operators.md"), encoding="utf-8") as file:
            said = re.findall(r"^\| (\d+) bytes: [^|]*\| (\d+) \| (\d+) \|", file.read(), re.M)
        self.assertEqual(len(said), 2)
        for user, numbers in enumerate(said):
            chance = random.Random(1)
            self.project.close()
            self.project = Project()
            self.addCleanup(self.project.close)
            rows = [self.payload(number, chance, user) for number in range(self.ROWS)]
            empty = self.bytes()
            self.project.insert([{"event_id": f"order-{number}", "event": "purchase",
                                  "payload": row} for number, row in enumerate(rows)])
            waiting = self.bytes()
            self.drain()
            found = [sum(map(len, rows)), waiting - empty, self.bytes() - empty]
            for expected, size in zip(map(int, numbers), found):
                self.assertLess(abs(size / self.ROWS / expected - 1), 0.2, (said, found))


if __name__ == "__main__":
    unittest.main()
