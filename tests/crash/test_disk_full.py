# SPDX-License-Identifier: MIT
"""The disk is full: nothing is sent whose outcome could not be stored, nothing is lost, and
the relay goes on by itself when there is room. On small file systems of their own, where this
process may mount them."""
import html
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
import history  # noqa: E402
from admin import Admin  # noqa: E402
from convey import Project, purchase, wait_until  # noqa: E402
from sandbox import Sandbox  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_clock import LIBRARY, set_clock, under  # noqa: E402

POINTS = int(os.environ.get("CONVEY_COUNT", "50"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
DISKS = 10  # at the same time; they mostly wait
MIB = 12


class SmallDisk(Project):
    """Its folder is a file system of MIB mebibytes."""

    def prepare(self, destinations):
        super().prepare(destinations)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MIB}m,mode=700",
                               "convey-test", self.directory], capture_output=True, text=True)
        if done.returncode != 0:
            self.folder.cleanup()
            raise unittest.SkipTest(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
        self.ballast = os.path.join(self.directory, "ballast")

    def close(self):
        for relay in self.relays:
            if relay.running():
                relay.kill()
        subprocess.run(["umount", "-l", self.directory], check=True)
        super().close()

    def left(self):
        return os.statvfs(self.directory).f_bavail * 4096

    def fill(self, leave=0):
        """All but so many bytes."""
        with open(self.ballast, "wb") as file:
            while True:  # others write meanwhile
                try:
                    return os.posix_fallocate(file.fileno(), 0, max(self.left() - leave, 1))
                except OSError:
                    time.sleep(0.001)

    def make_room(self):
        os.unlink(self.ballast)


def producing(project, first, count, every=0.004):
    """A producer that goes on whatever happens; what it was promised is in project.committed."""
    db = project.connect()
    for number in range(first, first + count):
        try:
            project.insert([purchase(number)], db=db)
        except Exception:  # the disk is full for it, too
            if db.in_transaction:
                db.rollback()
        time.sleep(every)
    db.close()


class Full(unittest.TestCase):
    def set_up(self):
        project = SmallDisk(options=("--batch", "10"))
        self.addCleanup(project.close)
        # The sandbox' ledger is elsewhere: TikTok has a disk of its own.
        sandbox = Sandbox(ledger=project.directory + ".jsonl", token="token",
                          faults=["slow:share=0.5,ms=30"]).start()
        self.addCleanup(os.unlink, project.directory + ".jsonl")
        self.addCleanup(sandbox.stop)
        return project, sandbox

    def fill_at(self, project, sandbox, chance, points):
        relay = project.start(sandbox)
        relay.wait_started()
        for point in range(points):
            before = len(project.committed)
            producer = threading.Thread(target=producing, args=(project, point * 60, 60))
            producer.start()
            time.sleep(chance.random() * 0.2)
            project.fill(leave=chance.choice((0, 4096, 16384, 65536, 200000, 800000, 1500000)))
            time.sleep(0.1 + chance.random() * 0.4)
            assert relay.running(), relay.log()
            project.make_room()
            producer.join()
            # One more that says when it works again.
            project.insert([purchase(point, prefix="more")])
            wait_until(lambda p=point: project.delivery(f"more-{p}")["status"] == "delivered",
                       what=f"after point {point}: going on")
            assert len(project.committed) > before
        assert relay.stop() == 0, relay.log()
        assert project.drain(sandbox) == 0
        self.broken += history.check(history.read(project, sandbox.ledger()))
        self.stopped += "disk_full" in relay.log() or "not_stored" in relay.log()

    def test_filled_at_random(self):
        print(f"seed {SEED}", file=sys.stderr)
        self.broken, self.stopped, errors = [], 0, []
        rigs = [self.set_up() for _ in range(min(DISKS, POINTS))]

        def one(number):
            try:
                self.fill_at(*rigs[number], random.Random(f"{SEED} {number}"),
                             POINTS // len(rigs))
            except Exception as e:
                errors.append(f"{number}: {e!r}")
        threads = [threading.Thread(target=one, args=(n,)) for n in range(len(rigs))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(self.broken, [])
        self.assertGreater(self.stopped, len(rigs) // 2, "no disk was full when it mattered")

    @unittest.skipIf(not LIBRARY, "no libfaketime")
    def test_an_end_with_a_clock_that_was_set(self):
        """What waits cannot be moved by the difference; it keeps no stop waiting."""
        project, sandbox = self.set_up()
        sandbox.set_faults(["50000"])
        clock = project.directory + ".clock"
        self.addCleanup(os.unlink, clock)
        set_clock(clock, "+0")
        project.insert(purchase(n) for n in range(3))
        relay = project.start(sandbox, "--retry-base-ms", "60000", "--retry-cap-ms", "60000",
                              under=under(clock))
        wait_until(lambda: project.statuses() == {"retrying": 3})
        project.fill()
        set_clock(clock, "+3600")
        wait_until(lambda: "clock_step_not_stored" in relay.log())
        at = time.monotonic()
        self.assertEqual(relay.stop(), 0)
        self.assertLess(time.monotonic() - at, 5 * convey.SLOW)
        project.make_room()
        sandbox.set_faults([])
        relay = project.start(sandbox, under=under(clock))
        wait_until(lambda: project.statuses() == {"delivered": 3})
        self.assertEqual(relay.stop(), 0)

    def test_what_is_under_way_is_kept_until_there_is_room(self):
        project, sandbox = self.set_up()
        sandbox.set_faults("slow:ms=500")
        project.insert(purchase(n) for n in range(10))
        relay = project.start(sandbox)
        wait_until(lambda: sandbox.stats()["requests"])
        project.fill()
        wait_until(lambda: "settlement_not_stored" in relay.log())
        self.assertIn("the disk is full; make room", relay.log())
        time.sleep(1.5)
        self.assertEqual(sandbox.stats()["requests"], 1)
        status = subprocess.run([convey.binary(), "status", "--db", project.db],
                                capture_output=True, text=True, check=False)
        self.assertEqual(status.returncode, 1, status.stderr)
        self.assertIn("Needs you. The disk is full: make room", " ".join(status.stdout.split()))
        project.make_room()
        wait_until(lambda: project.statuses() == {"delivered": 10})
        wait_until(lambda: "database_takes_writes" in relay.log())
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(sandbox.stats()["requests"], 1, "nothing is sent again")
        self.assertEqual(history.check(history.read(project, sandbox.ledger())), [])

    def test_nothing_is_claimed_without_room_for_its_outcome(self):
        project, sandbox = self.set_up()
        relay = project.start(sandbox)
        relay.wait_started()
        project.fill(leave=300000)  # enough for the row and its claim
        project.insert(purchase(n) for n in range(10))
        wait_until(lambda: "disk_full" in relay.log())
        time.sleep(1)
        self.assertEqual(sandbox.stats()["requests"], 0)
        self.assertEqual(project.query("SELECT count(*) FROM attempt_log"), [(0,)])
        project.make_room()
        wait_until(lambda: project.statuses() == {"delivered": 10})
        self.assertEqual(relay.stop(), 0)

    def test_a_relay_with_nothing_to_write_says_it_everywhere(self):
        project, sandbox = self.set_up()
        admin = Admin(project.start(sandbox))
        project.insert([purchase(1)])
        wait_until(lambda: project.statuses() == {"delivered": 1})

        def verdicts():
            told = subprocess.run([convey.binary(), "status", "--json", "--db", project.db],
                                  capture_output=True, text=True, check=False)
            page = re.search(r'id="verdict"><p>(.*?)</p>', admin.get("/", html=True).text).group(1)
            return (json.loads(told.stdout)["verdict"],
                    html.unescape(re.sub(r"<[^>]*>", "", page)))

        def seen():
            metric = re.search(r"^convey_database_writable (\d)$", admin.get("/metrics").text, re.M)
            return admin.get("/readyz").status, int(metric.group(1))
        self.assertEqual(verdicts(), ("Nothing waits; 1 delivered. Nothing needs you.",) * 2)
        self.assertEqual(seen(), (200, 1))
        # What one request may need is left, and then not.
        for leave, status, writable in ((800000, 200, 1), (300000, 503, 0)):
            with self.subTest(leave):
                project.fill(leave=leave)
                status_says, page_says = verdicts()
                self.assertEqual(page_says, status_says)
                self.assertEqual("The disk is full" in status_says, not writable, status_says)
                self.assertEqual(seen(), (status, writable))
                project.make_room()

    def test_it_ends_when_it_is_told_to(self):
        project, sandbox = self.set_up()
        sandbox.set_faults("slow:ms=300")
        project.insert(purchase(n) for n in range(10))
        relay = project.start(sandbox)
        wait_until(lambda: sandbox.stats()["requests"])
        project.fill()
        wait_until(lambda: "settlement_not_stored" in relay.log())
        relay.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "event=signal" in relay.log())
        relay.process.send_signal(signal.SIGTERM)  # no longer
        self.assertEqual(relay.wait(10), 74, relay.log())
        self.assertIn("event=outcome_not_recorded events=10", relay.log())
        project.make_room()
        project.kills.append(time.time() * 1000)  # its outcome was lost: sent once more
        self.assertEqual(project.drain(sandbox), 0)
        self.assertEqual(sandbox.stats()["requests"], 2)
        self.assertEqual(history.check(history.read(project, sandbox.ledger())), [])


if __name__ == "__main__":
    unittest.main()
