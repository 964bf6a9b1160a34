# SPDX-License-Identifier: MIT
"""A disk that cannot keep what was written: fdatasync fails. The kernel forgets such pages after
telling once, so that a second fdatasync would succeed and prove nothing: the relay closes the
database, reads it again as after a crash, and gives a disk up that fails three times."""
import datetime
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

ROWS = 12


def failing(path, when):
    """strace beside the process, not above it: signals and the exit status are the relay's."""
    return ("strace", "-D", "-f", "-qq", "-o", path, "-e", "trace=fdatasync,fsync,close,openat",
            "-e", f"inject=fdatasync,fsync:error=EIO:when={when}")


def failed_at(log):
    """When, Unix ms, by the relay's log."""
    for stamp in re.findall(r"^time=(\S+)Z level=\S+ event=sync_failed", log, re.M):
        yield datetime.datetime.fromisoformat(stamp + "+00:00").timestamp() * 1000


def repeated(trace):
    """Handles that were synced again after a sync of theirs had failed."""
    failed = set()
    with open(trace, encoding="utf-8", errors="replace") as file:
        for call, fd, rest in re.findall(r"^\d+ +(close|fdatasync|fsync)\((\d+)\)(.*)$",
                                         file.read(), re.M):
            if call == "close":
                failed.discard(fd)
            elif fd in failed:
                yield fd
            elif "INJECTED" in rest:
                failed.add(fd)


@unittest.skipIf(subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode,
                 "no strace")
class Sync(Case):
    def setUp(self):
        super().setUp()
        self.trace = os.path.join(self.project.directory, "trace")
        self.project.convey("destination", "set", "shop", "--batch", "3")

    def test_one_that_fails(self):
        """A claim or a settlement, whichever it hits. strace counts each thread's own calls, and
        the relay that begins again has new ones: too early a failure would come three times."""
        for when in (12, 14, 16, 19):
            with self.subTest(when=when):
                self.setUp()
                relay = self.project.start(self.sandbox, under=failing(self.trace, when))
                for number in range(ROWS):  # a claim and a settlement each
                    self.project.insert([purchase(number)])
                    wait_until(lambda n=number: self.project.delivery(f"id-{n}")["status"]
                               == "delivered" or not relay.running())
                self.assertEqual(relay.stop(), 0, relay.log())
                failures = list(failed_at(relay.log()))
                self.assertIn(len(failures), (1, 2), relay.log())
                self.project.kills += failures
                self.assertEqual(list(repeated(self.trace)), [])
                self.assertEqual(self.project.statuses(), {"delivered": ROWS})
                self.check()
                self.doCleanups()

    def test_a_disk_that_never_keeps_anything(self):
        self.project.insert(purchase(n) for n in range(ROWS))
        relay = self.project.start(self.sandbox, under=failing(self.trace, "1+"))
        self.assertEqual(relay.wait(), 74, relay.log())
        self.assertEqual(len(list(failed_at(relay.log()))), 2)
        self.assertEqual(list(repeated(self.trace)), [])
        self.assertEqual(self.sandbox.stats()["requests"], 0, "without a claim on the disk")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": ROWS})
        self.check()

    def test_told_to_stop_it_does_not_begin_again(self):
        self.sandbox.set_faults("slow:ms=500")
        self.project.insert(purchase(n) for n in range(5))
        relay = self.project.start(self.sandbox, under=failing(self.trace, "2+"))
        wait_until(lambda: self.sandbox.stats()["requests"])
        self.assertEqual(relay.stop(), 74, relay.log())
        self.sandbox.set_faults([])
        self.project.kills += [line["at_ms"] + 1 for line in self.sandbox.ledger()]
        self.assertEqual(self.drain(), 0)
        self.check()


if __name__ == "__main__":
    unittest.main()
