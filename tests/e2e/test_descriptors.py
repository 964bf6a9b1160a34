# SPDX-License-Identifier: MIT
"""A relay that may open no more files: that is no trouble of the network's, and is not told as
one."""
import os
import resource
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

FEW = 8  # all below are taken, whatever else is closed
WORDS = "Too many open files: there is none left for a connection"


class Descriptors(Case):
    def test_none_is_left(self):
        relay = self.start()
        self.project.insert([purchase(0)])
        self.project.wait_for({"delivered": 1})
        self.sandbox.stop()  # and with it the connection that is kept
        limits = resource.prlimit(relay.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, (FEW, limits[1]))
        self.sandbox.start()
        self.project.insert(purchase(n) for n in range(1, 5))
        wait_until(lambda: self.project.queue()["state"] == "network")
        wait_until(lambda: WORDS in (self.project.queue()["last_error"] or ""))
        wait_until(lambda: WORDS in relay.log())
        for words in (("why", "id-1"), ("status",)):
            wait_until(lambda w=words: WORDS in self.project.convey(*w))
        resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, limits)
        self.project.wait_for({"delivered": 5})
        self.assertEqual(relay.stop(), 0)
        self.check()


if __name__ == "__main__":
    unittest.main()
