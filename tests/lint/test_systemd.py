# SPDX-License-Identifier: MIT
"""The unit, the user and the folders, as systemd's own tools read them."""
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from source import ROOT, read, tree

FOLDER = os.path.join(ROOT, "tools", "systemd")
EXPOSURE = 15  # tenths: what systemd-analyze security may say at most
# Trying again mends none of these (src/base/err.h).
FOR_A_PERSON = {"USAGE", "DATA", "NOINPUT", "PERM", "CONFIG"}


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


class Systemd(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def need(self, tool):
        if not shutil.which(tool):
            self.skipTest(f"no {tool} here")

    def unit(self):
        """The unit as it is installed, beside a program of its name."""
        self.need("systemd-analyze")
        program = os.path.join(self.root, "convey")
        shutil.copy("/bin/true", program)
        path = os.path.join(self.root, "convey.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(read("tools/systemd/convey.service.in").replace("@bindir@", self.root))
        return path

    def test_exposure(self):
        done = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                   f"--threshold={EXPOSURE}", self.unit())
        self.assertEqual(done.returncode, 0, done.stdout[-300:] + done.stderr)
        self.assertIn("Overall exposure level for convey.service", done.stdout)

    def test_every_line_is_understood(self):
        done = run("systemd-analyze", "verify", "--man=no", self.unit())
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def users(self):
        self.need("systemd-sysusers")
        os.mkdir(os.path.join(self.root, "etc"))
        done = run("systemd-sysusers", f"--root={self.root}", os.path.join(FOLDER, "convey.sysusers"))
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(self.root, "etc", "passwd"), encoding="utf-8") as file:
            fields = re.search("^convey:.*$", file.read(), re.M).group().split(":")
        return int(fields[2]), int(fields[3]), fields[5:]

    def test_the_user(self):
        uid, gid, more = self.users()
        self.assertTrue(0 < uid < 1000 and 0 < gid < 1000)
        self.assertEqual(more[0], "/var/lib/convey")
        self.assertTrue(more[1].endswith("/nologin"), more)

    def test_the_folders(self):
        self.need("systemd-tmpfiles")
        if os.geteuid() != 0:
            self.skipTest("only root can give them to a user")
        uid, gid, _ = self.users()
        done = run("systemd-tmpfiles", f"--root={self.root}", "--create",
                   os.path.join(FOLDER, "convey.tmpfiles"))
        self.assertEqual(done.returncode, 0, done.stderr)
        for path, mode in (("var/lib/convey", 0o2770), ("etc/convey", 0o700)):
            found = os.stat(os.path.join(self.root, path))
            self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)),
                             (uid, gid, mode), path)


class Agreement(unittest.TestCase):
    """What is said in more than one place."""

    def setUp(self):
        self.unit = read("tools/systemd/convey.service.in")

    def value(self, key):
        return re.search(f"^{key}=(.*)$", self.unit, re.M).group(1)

    def test_one_command(self):
        """RestartPreventExitStatus looks at no other's."""
        self.assertEqual(re.findall("^Exec(?:Start|Condition|Stop)[A-Za-z]*=.*$", self.unit, re.M),
                         ["ExecStart=@bindir@/convey run --init"])

    def test_paths(self):
        script = read("tools/systemd/conveyctl.in")
        database = re.search("^CONVEY_DB=(.*)$", script, re.M).group(1)
        key = re.search("^CONVEY_KEY_FILE=(.*)$", script, re.M).group(1)
        self.assertEqual(self.value("Environment"), f"CONVEY_DB={database}")
        self.assertEqual(self.value("ConditionPathExists"), database)
        self.assertEqual(self.value("LoadCredential"), f"convey.key:{key}")
        self.assertEqual(self.value("AssertPathExists"), key)
        folders = re.findall(r"^d (\S+) (\d+)", read("tools/systemd/convey.tmpfiles"), re.M)
        self.assertEqual(folders, [(os.path.dirname(database), self.value("StateDirectoryMode")),
                                   (os.path.dirname(key), "0700")])

    def test_advice_names_what_root_types(self):
        self.assertIn("\nEnvironment=CONVEY_COMMAND=conveyctl\n", self.unit)
        self.assertRegex(read("tools/systemd/conveyctl.in"),
                         "(?s)set -a\n.*\nCONVEY_COMMAND=conveyctl\\b.*set \\+a\n")
        verbs = set(re.findall(r'\.name = "(\w+)",\n', "".join(
            read(path) for path in tree() if re.fullmatch(r"src/cmd/\w+\.c", path))))
        listed = re.search(r"verbs\[\] = {(.*?)}", read("src/base/typed.c"), re.S).group(1)
        listed = set(re.findall(r'"(\w+)"', listed))
        families = set(re.findall(r"const struct command cmd_(\w+) = {", "".join(
            read(path) for path in tree() if re.fullmatch(r"src/cmd/\w+\.c", path))))
        self.assertEqual(listed, (families & verbs) - {"run"})

    def test_a_purge_leaves_the_database_and_its_copies(self):
        script = read("debian/convey.postrm")
        with tempfile.TemporaryDirectory() as root:
            for path in ("/etc/convey", "/var/lib/convey"):
                script = script.replace(path, root + path)
                os.makedirs(root + path)
            for name in ("/etc/convey/convey.key", "/etc/convey/convey.key.new", *(
                    "/var/lib/convey/outbox.db" + end for end in
                    ("", "-wal", "-shm", ".lock", ".admin.token", ".admin.sock", ".bak-v1"))):
                with open(root + name, "w", encoding="ascii"):
                    pass
            for verb in ("remove", "upgrade", "purge"):
                done = run("sh", "-c", script, "postrm", verb)
                self.assertEqual(done.returncode, 0, done.stderr)
                left = sorted(name for _, _, names in os.walk(root) for name in names)
                self.assertEqual(len(left), 4 if verb == "purge" else 9, (verb, left))
        self.assertEqual(left, ["outbox.db", "outbox.db-shm", "outbox.db-wal", "outbox.db.bak-v1"])

    def test_what_is_not_tried_again(self):
        statuses = dict(re.findall(r"X\((\w+),\s*(\d+)", read("src/base/err.h")))
        self.assertEqual(set(self.value("RestartPreventExitStatus").split()),
                         {statuses[name] for name in FOR_A_PERSON})

    def test_a_stop_takes_no_longer_than_it_may(self):
        ours = re.search(r"STOP_MS = (\d+)", read("src/run/relay.c")).group(1)
        self.assertGreater(int(self.value("TimeoutStopSec")), int(ours) / 1000 + 5)


if __name__ == "__main__":
    unittest.main()
