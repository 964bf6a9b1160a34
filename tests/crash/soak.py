# SPDX-License-Identifier: MIT
"""All of it at once, for long: producers, TikTok's faults, kills and restarts, readers that pin
the WAL, a disk that fills up, storms of SIGHUP. Then a quiet last third in one life of the
relay, in which nothing may grow; and the history checker.

    tools/torture soak          an hour; soak=600: ten minutes
"""
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import history  # noqa: E402
import test_disk_full  # noqa: E402: it lies beside this file
from convey import wait_until  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from test_kill import Producers  # noqa: E402

SECONDS = int(os.environ.get("CONVEY_COUNT", "60"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
PAUSE_S = 0.2           # of a producer between two transactions, on average half of it
RSS_MAX_KIB = 64 * 1024
WEATHERS = (
    ["slow:share=0.4,ms=40", "reset-after:share=0.03", "50000:share=0.03", "40100:share=0.02"],
    ["50000"], ["40100"], ["hang:share=0.05"], ["html-502:share=0.5", "garbage:share=0.1"], [], [],
    ["reset-before:share=0.2", "reset-within:share=0.2", "cut-answer:share=0.2"],
    ["1xx:share=0.02", "endless-headers:share=0.05", "gzip-bomb:share=0.05", "deep:share=0.05"],
)


class Vitals:
    """What may not grow, of one process."""

    def __init__(self, relay, wal):
        with open(f"/proc/{relay.pid}/status", encoding="ascii") as file:
            self.rss_kib = int(file.read().partition("VmRSS:")[2].split()[0])
        self.files = len(os.listdir(f"/proc/{relay.pid}/fd"))
        self.wal_kib = os.path.getsize(wal) // 1024


class Soak(unittest.TestCase):
    def set_up(self):
        test_disk_full.MIB = 128 + SECONDS // 2
        self.project = test_disk_full.SmallDisk(options=("--batch", "100"))
        self.addCleanup(self.project.close)
        self.sandbox = Sandbox(ledger=self.project.directory + ".jsonl", token="token").start()
        self.addCleanup(os.unlink, self.project.directory + ".jsonl")
        self.addCleanup(self.sandbox.stop)
        notes = tempfile.TemporaryDirectory(prefix="convey-test-")
        self.addCleanup(notes.cleanup)
        self.producers = Producers(self.project, SEED, PAUSE_S, notes.name)
        self.addCleanup(self.producers.kill)
        self.counts = {"kills": 0, "restarts": 0, "full disks": 0, "readers": 0, "storms": 0}

    def start(self):
        return self.project.start(self.sandbox)

    def vitals(self, relay):
        return Vitals(relay, self.project.db + "-wal")

    def kill(self, relay, _):
        relay.kill()
        self.counts["kills"] += 1
        return self.start()

    def restart(self, relay, _):
        # Before it has begun to listen, the signal ends it as it ends everybody.
        ends = (0, -signal.SIGTERM) if time.monotonic() - relay.started < 2 else (0,)
        self.assertIn(relay.stop(), ends, relay.log()[-2000:])
        self.counts["restarts"] += 1
        return self.start()

    def fill_disk(self, relay, chance):
        self.project.fill(leave=chance.choice((0, 16384, 200000)))
        time.sleep(0.2 + chance.random())
        self.project.make_room()
        self.counts["full disks"] += 1
        return relay

    def read_long(self, relay, chance):
        """A reader whose transaction stays open."""
        def read(seconds):
            db = sqlite3.connect(self.project.db, timeout=30, isolation_level=None)
            db.execute("BEGIN")
            db.execute("SELECT max(id) FROM outbox").fetchone()
            time.sleep(seconds)
            db.close()
        threading.Thread(target=read, args=(1 + 4 * chance.random(),), daemon=True).start()
        self.counts["readers"] += 1
        return relay

    def storm(self, relay, _):
        relay.wait_started()  # before, one ends it as it ends everybody
        for _ in range(50):
            os.kill(relay.pid, signal.SIGHUP)
        self.counts["storms"] += 1
        return relay

    def rough(self, relay, end, chance):
        most = 0
        deeds = (self.kill, self.kill, self.restart, self.fill_disk, self.read_long, self.storm)
        while time.monotonic() < end:
            self.sandbox.set_faults(chance.choice(WEATHERS))
            for _ in range(chance.randint(1, 4)):
                time.sleep(chance.random() * 2)
                self.assertTrue(relay.running(), relay.log()[-4000:])
                most = max(most, self.vitals(relay).rss_kib)
                relay = chance.choice(deeds)(relay, chance)
        return relay, most

    def quiet(self, relay, end):
        """Vitals soon after the start of this life, and at its end."""
        self.sandbox.set_faults(WEATHERS[0])
        time.sleep(min(15, SECONDS / 10))
        early = self.vitals(relay)
        while time.monotonic() < end:
            time.sleep(0.5)
            self.assertTrue(relay.running(), relay.log()[-4000:])
        return early, self.vitals(relay)

    def test_soak(self):
        self.set_up()
        chance, began = random.Random(SEED), time.monotonic()
        relay, most = self.rough(self.start(), began + SECONDS * 2 / 3, chance)
        relay = self.restart(relay, chance)
        early, late = self.quiet(relay, began + SECONDS)
        worst = self.producers.stop()
        self.sandbox.set_faults([])
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.drain(self.sandbox, timeout=300), 0)
        print(f"{SECONDS} s, seed {SEED}: {len(self.project.committed)} rows, "
              f"{len(self.sandbox.ledger())} requests, {self.counts}; RSS at most {most} KiB, in "
              f"the quiet third {early.rss_kib} -> {late.rss_kib} KiB, files {early.files} -> "
              f"{late.files}, WAL {early.wal_kib} -> {late.wal_kib} KiB; the longest COMMIT "
              f"{worst:.0f} ms", file=sys.stderr)
        self.assertEqual(set(self.project.statuses()), {"delivered", "duplicate"})
        broken = history.check(history.read(self.project, self.sandbox.ledger()))
        self.assertEqual(broken, [], "\n".join(f"{name}: {text}" for name, text in broken))
        self.assertLessEqual(most, RSS_MAX_KIB)
        self.assertLessEqual(late.rss_kib, max(early.rss_kib * 1.15, early.rss_kib + 4096))
        self.assertLessEqual(late.files, early.files + 16)  # requests under way
        self.assertLessEqual(late.wal_kib, 16 * 1024)


if __name__ == "__main__":
    unittest.main()
