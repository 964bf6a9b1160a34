# SPDX-License-Identifier: MIT
"""The service under systemd: as docs/service.md tells it."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from system_case import DB, Case  # noqa: E402

STATUS = "All destinations are open; nothing is to be sent now."


class Running(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.install_and_set_up()

    def setUp(self):
        self.sh("systemctl reset-failed convey || true; systemctl start convey")

    def test_ready_status_and_delivery(self):
        self.wait(lambda: self.show("StatusText")["StatusText"] == STATUS)
        said = self.show("ActiveState", "SubState", "Type")
        self.assertEqual(said, {"ActiveState": "active", "SubState": "running", "Type": "notify"})
        self.insert("ready-1")
        self.wait_delivered("ready-1")

    def test_restricted(self):
        pid = self.show("MainPID")["MainPID"]
        status = dict(line.split(":\t", 1) for line in
                      self.inside("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
        for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        said = self.inside("systemd-analyze", "security", "--threshold=15", "convey")
        self.assertIn("Overall exposure level for convey.service", said)
        # What it sees: no key but its own copy, no homes, its folder and nothing else to write.
        view = ["nsenter", "--target", pid, "--mount", "--user", "--setuid", "997"]
        for path in ("/etc/convey/convey.key", "/home/.", "/root/."):
            self.assertNotEqual(self.inside(*view, "cat", path, check=False), "", path)
        environment = self.inside("sh", "-c", f"tr '\\0' '\\n' < /proc/{pid}/environ")
        self.assertIn("CREDENTIALS_DIRECTORY=", environment)

    def test_another_user_of_the_group(self):
        # As docs/service.md has it: SQLite's files beside it get their mode when they are made.
        self.sh(f"systemctl stop convey; chmod 660 {DB}; systemctl start convey;"
                "useradd --system --groups convey shop-app")
        self.insert("group-1", user="shop-app")
        self.wait_delivered("group-1")
        self.inside("systemctl", "stop", "convey")
        self.insert("group-2", user="shop-app")
        self.inside("systemctl", "start", "convey")
        self.wait_delivered("group-2")
        denied = self.inside("runuser", "-u", "shop-app", "--", "cat", "/etc/convey/convey.key",
                          status=1)
        self.assertIn("Permission denied", denied)

    def test_reload(self):
        pid = self.show("MainPID")["MainPID"]
        self.inside("systemctl", "reload", "convey")
        self.wait(lambda: self.show("SubState")["SubState"] == "running")
        self.inside("conveyctl", "destination", "pause", "shop")
        self.wait(lambda: "1 of 1 destination waits: shop (paused)" in
                  self.show("StatusText")["StatusText"])
        self.inside("conveyctl", "destination", "resume", "shop")
        self.wait(lambda: self.show("StatusText")["StatusText"] == STATUS)
        self.assertEqual(self.show("MainPID")["MainPID"], pid)

    def test_the_watchdog_ends_a_relay_whose_loop_stands_still(self):
        self.sh("mkdir -p /run/systemd/system/convey.service.d; printf '[Service]\\nWatchdogSec=2\\n"
                "RestartSec=200ms\\n' > /run/systemd/system/convey.service.d/fast.conf;"
                "systemctl daemon-reload; systemctl restart convey")
        self.addCleanup(self.sh, "rm -r /run/systemd/system/convey.service.d;"
                        "systemctl daemon-reload; systemctl restart convey")
        time.sleep(5)
        self.assertEqual(self.show("NRestarts")["NRestarts"], "0")  # fed
        pid = self.show("MainPID")["MainPID"]
        self.sh(f"kill -STOP {pid}")
        self.wait(lambda: self.show("NRestarts")["NRestarts"] == "1" and
                  self.show("ActiveState")["ActiveState"] == "active")
        self.assertIn("watchdog", self.inside("journalctl", "-u", "convey").lower())
        self.insert("watchdog-1")
        self.wait_delivered("watchdog-1")

    def test_the_journal_has_priorities(self):
        self.inside("conveyctl", "destination", "pause", "shop")
        self.addCleanup(self.inside, "conveyctl", "destination", "resume", "shop")
        self.wait(lambda: "event=destination_state" in self.inside(
            "journalctl", "-u", "convey", "-p", "warning", "-o", "cat") or True)
        self.inside("systemctl", "reload", "convey")
        self.wait(lambda: "event=signal" in self.inside("journalctl", "-u", "convey", "PRIORITY=5",
                                                     "-o", "cat"))
        self.assertNotIn("<5>", self.inside("journalctl", "-u", "convey", "-o", "cat"))
        self.assertNotIn("event=signal", self.inside("journalctl", "-u", "convey", "-p", "warning"))

    def test_a_new_key_and_a_restart(self):
        self.inside("conveyctl", "key", "rotate")
        self.inside("systemctl", "restart", "convey")
        self.insert("key-1")
        self.wait_delivered("key-1")

    def test_without_the_key_it_has_failed(self):
        self.sh("systemctl stop convey; mv /etc/convey/convey.key /etc/convey/away")
        self.addCleanup(self.sh, "[ ! -e /etc/convey/away ] ||"
                        "mv /etc/convey/away /etc/convey/convey.key")
        said = self.sh("systemctl start convey 2>&1 && false || true; systemctl status convey || true")
        self.assertIn("ssertion failed", said)
        self.assertIn("AssertPathExists=/etc/convey/convey.key was not met", said)
        time.sleep(6)  # RestartSec is 5
        self.assertEqual(self.show("SubState", "NRestarts"), {"SubState": "dead", "NRestarts": "0"})
        self.sh("mv /etc/convey/away /etc/convey/convey.key; systemctl start convey")
        self.assertEqual(self.show("SubState")["SubState"], "running")

    def test_a_key_that_goes_while_it_runs_ends_the_restarts(self):
        self.addCleanup(self.sh, "[ ! -e /etc/convey/away ] ||"
                        "mv /etc/convey/away /etc/convey/convey.key")
        self.sh("mv /etc/convey/convey.key /etc/convey/away; systemctl kill -s KILL convey")
        self.wait(lambda: "AssertPathExists=/etc/convey/convey.key was not met" in
                  self.inside("sh", "-c", "systemctl status convey || true"))
        self.assertIn(self.show("SubState")["SubState"], ("dead", "failed"))

    def test_a_deleted_database_is_a_failure_and_stays_one(self):
        self.sh(f"systemctl restart convey; mv {DB} {DB}.away")
        self.addCleanup(self.sh, f"systemctl stop convey; rm -f {DB} {DB}-wal {DB}-shm;"
                        f"mv {DB}.away {DB}")
        self.wait(lambda: self.show("ActiveState")["ActiveState"] == "failed")
        self.assertEqual(self.show("ExecMainStatus", "NRestarts"),
                         {"ExecMainStatus": "66", "NRestarts": "0"})
        self.assertIn("Cannot go on", self.show("StatusText")["StatusText"])

    def test_conveyctl_is_for_root(self):
        said = self.inside("runuser", "-u", "nobody", "--", "conveyctl", "status", status=77)
        self.assertEqual(said, "conveyctl: run it as root, such as: sudo conveyctl status\n")
        self.assertIn("shop", self.inside("conveyctl", "destination", "list"))
        self.assertIn("shop", self.inside("runuser", "-u", "convey", "--", "conveyctl",
                                       "destination", "list"))


if __name__ == "__main__":
    unittest.main()
