# SPDX-License-Identifier: MIT
"""Producers that are other users than the relay: one group, as docs/service.md sets it up."""
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import canary  # noqa: E402
import convey  # noqa: E402
from convey import FAST, SLOW, wait_until  # noqa: E402
from sandbox import Sandbox  # noqa: E402

RELAY, SHOP, STRANGER, GROUP = 64001, 64002, 64003, 64010  # nobody's
INSERT = ("import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); "
          "db.execute(\"INSERT INTO conversion (event_id, event, page_url) "
          "VALUES (?, 'purchase', 'https://shop.example/')\", [sys.argv[2]]); db.commit()")


@unittest.skipUnless(os.geteuid() == 0, "only root can be several users")
class Group(unittest.TestCase):
    def setUp(self):
        outer = tempfile.TemporaryDirectory(prefix="convey-test-", dir="/var/tmp")
        self.addCleanup(outer.cleanup)
        os.chmod(outer.name, 0o755)
        self.binary = shutil.copy(convey.binary(), outer.name)
        self.folder = os.path.join(outer.name, "state")
        os.mkdir(self.folder)
        os.chown(self.folder, RELAY, GROUP)
        os.chmod(self.folder, 0o2770)
        self.db = os.path.join(self.folder, "outbox.db")
        self.sandbox = Sandbox(token="token").start()
        self.addCleanup(self.sandbox.stop)
        # The group is the relay's own; its umask is the unit's.
        self.relay_user = {"user": RELAY, "group": GROUP, "extra_groups": [], "umask": 0o077}
        self.shop_user = {"user": SHOP, "group": SHOP, "extra_groups": [GROUP], "umask": 0o022}
        self.convey("init")
        self.convey("destination", "add", "shop", "--source", "web", "--id", "P")
        self.convey("token", "set", "shop", data=canary.token("token") + "\n")
        os.chmod(self.db, 0o660)

    def run_as(self, user, words, data=None):
        return subprocess.run(words, input=data, text=True, capture_output=True, cwd="/",
                              timeout=30 * SLOW, **user)

    def convey(self, *words, data=None):
        done = self.run_as(self.relay_user, [self.binary, *words, "--db", self.db], data)
        self.assertEqual(done.returncode, 0, done.stderr)

    def insert(self, event_id, user=None):
        # The system's Python, which every user may run.
        return self.run_as(user or self.shop_user,
                           ["/usr/bin/python3", "-c", INSERT, self.db, event_id])

    def start(self):
        relay = subprocess.Popen([self.binary, "run", "--db", self.db, *FAST], cwd="/",
                                 stderr=subprocess.DEVNULL,
                                 env={"CONVEY_ENDPOINT": self.sandbox.url}, **self.relay_user)
        self.addCleanup(relay.wait)
        self.addCleanup(relay.kill)
        return relay

    def delivered(self):
        db = sqlite3.connect(self.db)
        try:
            return db.execute("SELECT count(*) FROM delivery_status WHERE status = 'delivered'"
                              ).fetchone()[0]
        finally:
            db.close()

    def check_beside(self, owner):
        for end in ("-wal", "-shm"):
            found = os.stat(self.db + end)
            self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)),
                             (owner, GROUP, 0o660), end)

    def good(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_relay_first_and_the_shop_first(self):
        relay = self.start()
        # SQLite makes a file first, and gives it the database's mode then.
        wait_until(lambda: os.path.exists(self.db + ".admin.sock"))
        self.check_beside(RELAY)
        self.good(self.insert("order-1"))
        wait_until(lambda: self.delivered() == 1)
        relay.terminate()
        self.assertEqual(relay.wait(30 * SLOW), 0)
        # Now the shop makes them, while no relay runs, and keeps them.
        keeper = subprocess.Popen(["/usr/bin/python3", "-ic", INSERT.replace("db.commit()",
                                   "db.commit(); print('ready', flush=True)"),
                                   self.db, "order-2"], text=True, cwd="/",
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, **self.shop_user)
        self.addCleanup(keeper.communicate)
        self.assertEqual(keeper.stdout.readline(), "ready\n")
        self.check_beside(SHOP)
        self.start()
        wait_until(lambda: self.delivered() == 2)

    def test_a_stranger_does_not_even_read(self):
        self.start()
        wait_until(lambda: os.path.exists(self.db + "-wal"))
        stranger = {"user": STRANGER, "group": STRANGER, "extra_groups": []}
        self.assertIn("unable to open database file", self.insert("order-1", stranger).stderr)

    def test_the_shop_neither_reads_the_key_nor_is_the_relay(self):
        key = self.run_as(self.shop_user, ["cat", self.db + ".key"])
        self.assertIn("Permission denied", key.stderr)
        self.start()
        wait_until(lambda: os.path.exists(self.db + ".lock"))
        second = self.run_as(self.shop_user, [self.binary, "run", "--db", self.db])
        self.assertEqual(second.returncode, 73, second.stderr)


if __name__ == "__main__":
    unittest.main()
