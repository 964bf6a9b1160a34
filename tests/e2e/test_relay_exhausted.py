# SPDX-License-Identifier: MIT
"""No file can be opened any more: the rows stay, nothing that was not answered is called
delivered, and the relay goes on when there is room again, or says by its exit status what is
missing."""
import os
import resource
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402


class Files(Case):
    def test_too_few_to_begin_with(self):
        """Refused at once, by name; the rows stay."""
        self.project.insert(purchase(n) for n in range(20))
        for files in (5, 8, 12, 16, 20, 24, 40, 127):
            relay = self.project.start(self.sandbox, under=("prlimit", f"--nofile={files}"))
            self.assertEqual(relay.wait(), 78, relay.log())
            self.assertIn(f"it may open {files} files and needs 128", relay.log())
        self.assertEqual(self.project.statuses(), {"pending": 20})
        relay = self.project.start(self.sandbox, "--drain",
                                   under=("prlimit", "--nofile=20:1024"))  # it raises it
        self.assertEqual(relay.wait(), 0, relay.log())
        self.assertEqual(self.project.statuses(), {"delivered": 20})
        self.check()

    def test_none_left_while_it_runs(self):
        """At every number of files that it may have open, with connections to make anew."""
        relay = self.start("--retry-base-ms", "5", "--retry-cap-ms", "20")
        relay.wait_started()
        self.project.insert([purchase(0)])
        self.project.wait_for({"delivered": 1})
        was = resource.prlimit(relay.pid, resource.RLIMIT_NOFILE)
        busy = len(os.listdir(f"/proc/{relay.pid}/fd"))
        rows = 1
        for files in range(0, busy + 6):
            resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, (files, was[1]))
            self.sandbox.set_faults(["reset-after:nth=1", "reset-before:nth=2"])
            self.project.insert(purchase(n) for n in range(rows, rows + 5))
            rows += 5
            time.sleep(0.05)
            self.assertTrue(relay.running(), f"{files} files: {relay.log()[-2000:]}")
            resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, was)
            wait_until(lambda: self.project.statuses() == {"delivered": rows}, 15,
                       f"going on after {files} files")
        after = len(os.listdir(f"/proc/{relay.pid}/fd"))
        print(f"{busy + 6} limits, {rows} rows; {busy} files open before, {after} after",
              file=sys.stderr)
        self.assertLessEqual(after, busy + 3)
        self.assertEqual(relay.stop(), 0)
        self.check()


if __name__ == "__main__":
    unittest.main()
