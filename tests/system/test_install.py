# SPDX-License-Identifier: MIT
"""Installed, set up, upgraded over an older database, removed, purged: one machine's life."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import deb  # noqa: E402
from system_case import DB, Case  # noqa: E402


class Life(Case):
    def test_from_install_to_purge(self):
        self.installed()
        self.set_up()
        self.upgraded()
        self.removed()
        self.installed_again()
        self.purged()

    def exists(self, path):
        return self.inside("sh", "-c", f"test -e '{path}' && echo yes || true").strip() == "yes"

    def installed(self):
        said = self.install("/srv/" + os.path.basename(self.deb))
        self.assertNotIn("rror", said)
        self.assertEqual(self.show("ActiveState", "ConditionResult", "UnitFileState", "Result"),
                         {"ActiveState": "inactive", "ConditionResult": "no",
                          "UnitFileState": "enabled", "Result": "success"})
        self.assertEqual(self.inside("systemctl", "is-system-running").strip(), "running")
        self.assertEqual(self.inside("stat", "-c", "%U:%G %a %n", "/var/lib/convey", "/etc/convey"),
                         "convey:convey 2770 /var/lib/convey\nconvey:convey 700 /etc/convey\n")
        self.assertEqual(self.inside("ls", "-A", "/var/lib/convey", "/etc/convey").split(),
                         ["/etc/convey:", "/var/lib/convey:"])

    def set_up(self):
        self.install_and_set_up()
        self.inside("systemctl", "start", "convey")
        self.assertEqual(self.show("ActiveState")["ActiveState"], "active")
        self.insert("order-1")
        self.wait_delivered("order-1")

    def upgraded(self):
        """Another version with one migration more: the database goes along, nothing is asked."""
        with tempfile.TemporaryDirectory() as folder:
            later = deb.later_package(folder)
            self.machine.put(later, "/srv/later.deb")
        before = self.show("MainPID")["MainPID"]
        self.insert("order-2")
        self.install("/srv/later.deb")
        self.assertEqual(self.inside("convey", "--version"), "convey 0.1.1\n")
        self.assertEqual(self.show("ActiveState")["ActiveState"], "active")
        self.assertNotEqual(self.show("MainPID")["MainPID"], before)
        steps = len(deb.migrations())
        self.assertEqual(self.query("SELECT max(version) FROM schema_migration"), str(steps + 1))
        self.assertTrue(self.exists(f"{DB}.bak-v{steps}"))
        self.insert("order-3")
        for event_id in ("order-1", "order-2", "order-3"):
            self.wait_delivered(event_id)
        self.assertIn("CONVEY_ENDPOINT=http", self.inside("cat", "/etc/default/convey"))
        # And not back: an older convey leaves a newer database alone.
        self.install("/srv/" + os.path.basename(self.deb), "--allow-downgrades")
        self.assertEqual(self.show("ActiveState", "ExecMainStatus", "NRestarts"),
                         {"ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"})
        self.assertIn("install the newer convey", self.inside("journalctl", "-u", "convey", "-p", "err"))
        self.install("/srv/later.deb")
        self.assertEqual(self.show("ActiveState")["ActiveState"], "active")

    def removed(self):
        self.inside("apt-get", "remove", "-y", "convey")
        self.assertEqual(self.inside("sh", "-c", "grep -lx convey /proc/[0-9]*/comm 2>/dev/null || true"), "")
        for path, there in (("/usr/bin/convey", False), ("/lib/systemd/system/convey.service", False),
                            ("/etc/default/convey", True), ("/etc/convey/convey.key", True), (DB, True)):
            self.assertEqual(self.exists(path), there, path)

    def installed_again(self):
        self.install("/srv/later.deb")
        self.assertEqual(self.show("ActiveState")["ActiveState"], "active")
        self.insert("order-4")
        self.wait_delivered("order-4")

    def purged(self):
        self.assertTrue(self.exists(DB + ".admin.token"))
        said = self.inside("apt-get", "purge", "-y", "convey")
        self.assertIn(f"convey: {DB} is kept", said)
        self.assertEqual(self.inside("sh", "-c", "ls -d /var/lib/convey/*.token /var/lib/convey/*.lock "
                                     "2>/dev/null || true"), "")
        for path, there in (("/etc/default/convey", False), ("/etc/convey", False), (DB, True)):
            self.assertEqual(self.exists(path), there, path)
        self.assertEqual(self.query("SELECT count(*) FROM outbox"), "4")
        self.assertEqual(self.inside("dpkg-query", "-W", "-f", "${db:Status-Status}", "convey",
                                  check=False).count("installed"), 0)


if __name__ == "__main__":
    unittest.main()
