#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""key rotate, killed anywhere: every secret stays readable, and the next one goes through."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
import relay_case  # noqa: E402
from convey import purchase, wait_until  # noqa: E402

KILLS = int(os.environ.get("CONVEY_COUNT", "60"))


class Rotate(relay_case.Case):
    sandbox_options = {"token": "token"}

    def rotate(self, *words):
        return subprocess.Popen([convey.binary(), "key", "rotate", "--db", self.project.db,
                                 *words], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def key(self):
        with open(self.project.db + ".key", encoding="ascii") as file:
            return file.read()

    def readable(self):
        """As doctor sees it."""
        done = subprocess.run([convey.binary(), "doctor", "--offline", "--json", "--db",
                               self.project.db],
                              capture_output=True, text=True, timeout=60)
        self.assertNotIn("another key", done.stdout)
        self.assertNotIn("does not open", done.stdout)
        return done

    def test_the_key_changes_and_everything_opens(self):
        before = self.key()
        sealed = self.project.query("SELECT sealed, set_at FROM credential")
        self.assertEqual(self.rotate("--dry-run").wait(), 0)
        self.assertEqual(self.key(), before)
        self.assertEqual(self.rotate().wait(), 0)
        self.assertNotEqual(self.key(), before)
        self.assertEqual(os.stat(self.project.db + ".key").st_mode & 0o777, 0o600)
        after = self.project.query("SELECT sealed, set_at FROM credential")
        self.assertNotEqual(after[0][0][1:5], sealed[0][0][1:5])
        self.assertEqual(after[0][1], sealed[0][1])
        for path in (self.project.db, self.project.db + "-wal"):
            if os.path.exists(path):
                with open(path, "rb") as file:
                    self.assertNotIn(sealed[0][0], file.read())
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 1})

    def test_a_running_relay_goes_on(self):
        relay = self.start()
        for number in range(6):
            self.project.insert([purchase(number)])
            if number > 0:  # a first one tells that it has read its tokens
                self.assertEqual(self.rotate().wait(), 0)
            wait_until(lambda n=number: self.project.delivery(f"id-{n}")["status"]
                       == "delivered")
        self.project.set_token("other")
        self.sandbox.set_tokens(["other"])
        self.project.insert([purchase(9)])
        wait_until(lambda: self.project.delivery("id-9")["status"] == "delivered")
        self.assertNotIn("needs_token", relay.log())

    def test_killed_anywhere(self):
        took = time.monotonic()
        self.assertEqual(self.rotate().wait(), 0)
        took = time.monotonic() - took
        left = set()
        for number in range(KILLS):
            process = self.rotate()
            time.sleep(took * number / KILLS)
            process.send_signal(signal.SIGKILL)
            process.wait()
            left.add(os.path.exists(self.project.db + ".key.new"))
            self.readable()
            if number % 7 == 0:  # a secret kept in whatever state the kill left
                self.project.set_token("token")
                self.assertFalse(os.path.exists(self.project.db + ".key.new")
                                 and self.project.query(
                                     "SELECT count(*) FROM credential")[0][0] == 0)
                self.readable()
        self.assertEqual(self.rotate().wait(), 0)
        self.assertFalse(os.path.exists(self.project.db + ".key.new"))
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 1})

    def test_killed_at_each_system_call(self):
        """strace ends it at the n-th call that changes a file, for every n."""
        calls = "openat,write,pwrite64,fsync,fdatasync,rename,unlink,ftruncate"
        if subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode:
            self.skipTest("no strace")
        ended = 0
        for n in range(1, 400):
            done = subprocess.run(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e",
                 f"inject={calls}:signal=SIGKILL:when={n}", convey.binary(), "key", "rotate",
                 "--db", self.project.db], capture_output=True, check=False)
            self.readable()
            ended += done.returncode == 0
            if ended == 2:
                break
        self.assertEqual(ended, 2)
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 1})

    def test_systemds_key_is_not_ours_to_change(self):
        folder = os.path.join(self.project.directory, "credentials")
        os.mkdir(folder)
        os.rename(self.project.db + ".key", os.path.join(folder, "convey.key"))
        self.project.convey("key", "rotate", status=77, env={"CREDENTIALS_DIRECTORY": folder})
        self.project.insert([purchase(1)])

    def test_a_lost_key_stops_the_sending_and_destroys_nothing(self):
        os.rename(self.project.db + ".key", self.project.db + ".away")
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.queue()["state"] == "needs_token")
        self.assertEqual(relay.stop(), 0)
        os.rename(self.project.db + ".away", self.project.db + ".key")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 1})


@unittest.skipIf(subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode,
                 "no strace")
class Name(unittest.TestCase):
    """What is sealed with a key must not outlive the key's name at a power cut."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.keys = os.path.join(self.folder, "keys")
        os.mkdir(self.keys)

    def traced(self, *words, data=None):
        """(call, its line) of what makes names and syncs, in order."""
        trace = os.path.join(self.folder, "trace")
        subprocess.run(
            ["strace", "-f", "-y", "-qq", "-o", trace, "-e",
             "trace=openat,link,linkat,rename,fsync,fdatasync", convey.binary(), *words, "--db",
             os.path.join(self.folder, "o.db")], check=True, capture_output=True, input=data,
            env=dict(os.environ, CONVEY_KEY_FILE=os.path.join(self.keys, "key")))
        with open(trace, encoding="utf-8", errors="replace") as file:
            return re.findall(r"^\d+ +(\w+)(\(.*)$", file.read(), re.M)

    def check(self, calls):
        """The names that were made, each synced before the database is."""
        made, synced = 0, True
        for call, line in calls:
            if call in ("link", "linkat", "rename") or "O_CREAT" in line and "key.new" in line:
                if self.keys in line:
                    made, synced = made + 1, False
            elif call == "fsync" and f"<{self.keys}>" in line:
                synced = True
            elif call == "fdatasync" and "o.db" in line:
                self.assertTrue(synced, line)
        self.assertTrue(synced)
        return made

    def test_it_is_synced_before_anything_is_sealed(self):
        self.assertEqual(self.check(self.traced("init")), 1)
        self.traced("destination", "add", "shop", "--source", "web", "--id", "P1")
        self.assertEqual(self.check(self.traced("token", "set", "shop", data=b"token\n")), 0)
        self.assertEqual(self.check(self.traced("key", "rotate")), 2)


if __name__ == "__main__":
    unittest.main()
