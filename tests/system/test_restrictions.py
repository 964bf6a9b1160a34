# SPDX-License-Identifier: MIT
"""The black-box tests once more, each file inside a unit with convey.service's restrictions.

The tests are restricted with the program: they are its children's parents. Only where programs
may be run from is wider (/usr, for Python and openssl); user, capabilities, system calls, address
families, namespaces and files are the unit's, as this systemd applies them."""
import glob
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from source import ROOT, read  # noqa: E402
from system_case import Case  # noqa: E402

TREE = "/srv/tree"
# What makes it a service; the rest restricts it.
SERVICE = re.compile("Type|Environment|Exec|Timeout|Watchdog|Restart|LoadCredential|StateDirectory|"
                     "RuntimeDirectory|TasksMax")
# Node, PHP and the other languages are not in the machine.
ELSEWHERE = {"snippets"}
# They look into the relay's /proc from another process, which the restrictions are there to
# prevent; each has to fail by just that.
FORBIDDEN = {"test_canary.Canary.test_nothing_anywhere",
             "test_relay.Sending.test_idle_costs_nearly_nothing"}
LOOKED = "No such file or directory: '/proc/"


def restrictions():
    part = read("tools/systemd/convey.service.in").partition("[Service]\n")[2].partition("\n[")[0]
    return [line for line in part.split("\n") if re.match(r"\w+=", line) and not SERVICE.match(line)]


class Restrictions(Case):
    binds = (f"{ROOT}:{TREE}",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.install("/srv/" + os.path.basename(cls.deb))
        cls.options = [word for line in restrictions() for word in ("-p", line)]

    def restricted(self, *words):
        """Runs it restricted; what it printed, and how it ended."""
        said = self.inside(
            "systemd-run", "--quiet", "--pipe", "--wait", "--collect", *self.options,
            "-p", "ExecPaths=/usr", f"--working-directory={TREE}",
            "--setenv=CONVEY=/usr/bin/convey", "--setenv=CONVEY_SANDBOX=/usr/bin/convey-sandbox",
            "--setenv=PYTHONDONTWRITEBYTECODE=1", "--setenv=CONVEY_SLOW=2",
            "sh", "-c", '"$@"; echo "status $?"', "sh", *words, timeout=3600)
        return said, int(re.search(r"^status (\d+)$", said, re.M).group(1))

    def test_they_hold(self):
        self.assertGreater(len(self.options), 60)
        said, _ = self.restricted("/usr/bin/python3", "-c", (
            "import os, socket\n"
            "def no(what, *words):\n"
            "    try: what(*words); print('allowed', what, words)\n"
            "    except OSError: print('refused')\n"
            "no(open, '/var/lib/convey/x', 'w'); no(open, '/usr/x', 'w'); no(open, '/etc/convey/x')\n"
            "no(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW); no(os.chown, '/tmp', 0, 0)\n"
            "no(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))\n"
            "print(open('/proc/self/status').read())\n"))
        self.assertEqual(said.count("refused"), 6, said)
        for line in ("Seccomp:\t2", "NoNewPrivs:\t1", "CapBnd:\t0000000000000000"):
            self.assertIn(line, said)

    def test_the_suite(self):
        paths = sorted(glob.glob(os.path.join(ROOT, "tests", "e2e", "test_*.py")))
        self.assertGreater(len(paths), 20)
        for path in paths:
            name = os.path.basename(path)[len("test_"):-len(".py")]
            if name in ELSEWHERE:
                continue
            with self.subTest(name):
                said, status = self.restricted("/usr/bin/python3", "tests/lib/cases.py",
                                               f"tests/e2e/test_{name}.py")
                lines = re.findall(r"^(?:ok|not ok|skip) .*$", said, re.M)
                print(f"{name}: " + ", ".join(
                    f"{sum(line.startswith(word) for line in lines)} {word}"
                    for word in ("ok", "not ok", "skip")), flush=True)
                self.assertTrue(lines, said[-6000:])
                failed = {line.split()[2] for line in lines if line.startswith("not ok")}
                self.assertEqual(failed - FORBIDDEN, set(), said[-6000:])
                self.assertEqual(said.count(LOOKED), len(failed))
                self.assertEqual(status, 1 if failed else 0)


if __name__ == "__main__":
    unittest.main()
