# SPDX-License-Identifier: MIT
"""The log in systemd's journal: each line with its priority, and never waited for."""
import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
from convey import SLOW, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402


class Journal(Case):
    """stderr as systemd connects it: a stream socket, named in JOURNAL_STREAM."""

    def run_with(self, stream, *words, named=None):
        """The lines on stderr of `convey run` with this stream as its stderr."""
        ours, theirs = stream
        at = os.fstat(theirs.fileno())
        env = dict(os.environ, CONVEY_ENDPOINT=self.sandbox.url,
                   JOURNAL_STREAM=named or f"{at.st_dev}:{at.st_ino}")
        process = subprocess.Popen([convey.binary(), "run", "--db", self.project.db, *words],
                                   stderr=theirs, env=env)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        theirs.close()
        return process, ours

    def lines(self, *words, status=0, **more):
        stream = socket.socketpair()
        process, ours = self.run_with(stream, *words, **more)
        with ours, ours.makefile(encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(process.wait(), status, lines)
        return lines

    def test_priorities(self):
        lines = self.lines("--drain")
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, r"^<6>time=\S+ level=info event=\w+")
        for line in self.lines("--drain", "--log", "json"):
            self.assertRegex(line, r'^<6>\{"time":"\S+","level":"info","event":"\w+".*\}$')
        os.unlink(self.project.db + ".key")
        self.project.convey("destination", "pause", "shop")
        found = {re.match(r"<(\d)>", line).group(1): line for line in self.lines("--drain")}
        self.assertIn("event=key_missing", found["3"])

    def test_what_does_not_send_is_told_at_every_start(self):
        self.project.convey("destination", "pause", "shop")
        self.project.convey("destination", "add", "bare", "--source", "web", "--id", "")
        for _ in range(2):
            found = [line for line in self.lines("--drain") if "event=destination_state" in line]
            self.assertEqual([line[:3] for line in found], ["<4>", "<4>"])
            self.assertIn("destination=bare state=needs_token error=\"there is no pixel",
                          "".join(found))
            self.assertIn("destination=shop state=paused", "".join(found))

    def test_what_is_paused_is_told_once(self):
        """What else it waits for when somebody resumes it."""
        self.project.convey("destination", "add", "bare", "--source", "web", "--id", "P2")
        self.project.convey("destination", "pause", "bare")
        relay = self.project.start(self.sandbox)
        wait_until(lambda: "state=paused" in relay.log())
        time.sleep(0.3)
        self.assertNotIn("state=needs_token", relay.log())
        self.project.convey("destination", "resume", "bare")
        wait_until(lambda: "destination=bare state=needs_token" in relay.log())
        self.assertEqual(relay.log().count("event=destination_state"), 2)
        self.assertEqual(relay.stop(), 0)

    def test_what_somebody_does_to_a_destination_is_told(self):
        relay = self.project.start(self.sandbox)
        relay.wait_started()

        def deeds():
            return re.findall(r"event=(destination_state destination=shop state=\w+|"
                              "configuration_changed)", relay.log())

        self.assertEqual(deeds(), [])
        shop = "destination_state destination=shop state="
        told = []
        for words, state in ((("pause", "shop"), "paused"), (("resume", "shop"), "active"),
                             (("set", "shop", "--batch", "9"), None), (("remove", "shop"), "removed")):
            self.project.convey("destination", *words)
            told += ["configuration_changed"] + ([shop + state] if state else [])
            wait_until(lambda: len(deeds()) >= len(told))
            self.assertEqual(deeds(), told)
        self.project.convey("map", "set", "x", "Purchase")
        wait_until(lambda: len(deeds()) > len(told))
        self.assertEqual(deeds(), told + ["configuration_changed"])
        self.assertEqual(relay.stop(), 0)

    def test_the_last_word_has_one_too(self):
        os.rename(self.project.db, self.project.db + ".away")
        self.assertRegex(self.lines(status=66)[-1], r"^<3>convey: '.*' does not exist; make it with: ")

    def test_elsewhere_there_are_none(self):
        for line in self.lines("--drain", named="1:1"):
            self.assertRegex(line, r"^time=")

    def test_a_journal_that_does_not_read(self):
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        theirs.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                theirs.send(b"full\n" * 100)
        theirs.setblocking(True)
        process, ours = self.run_with((ours, theirs))
        with ours:
            self.project.insert([purchase(1)])
            self.project.wait_for({"delivered": 1})
            for _ in range(30):  # each is a line of the log
                process.send_signal(signal.SIGHUP)
                time.sleep(0.01)
            self.project.insert([purchase(2)])
            self.project.wait_for({"delivered": 2})
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(30 * SLOW), 0)


if __name__ == "__main__":
    unittest.main()
