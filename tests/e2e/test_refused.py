# SPDX-License-Identifier: MIT
"""A relay that runs and cannot write, though the disk has room: its own limit of a file's size
stands for a quota and the like. status, doctor and /readyz say so from the first write that
fails until one succeeds; the log says it once."""
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
from admin import Admin  # noqa: E402
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

LIMIT = 8192  # bytes: the log stays below, no transaction does
HOUR_S = 3600


def traced(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return "TracerPid:\t0\n" not in file.read()


class Refused(Case):
    def limit(self, relay, size=LIMIT):
        _, hard = resource.prlimit(relay.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(relay.pid, resource.RLIMIT_FSIZE, (size, hard))

    def lift(self, relay):
        self.limit(relay, resource.RLIM_INFINITY)

    def start(self, *args):
        """One that has worked."""
        relay = super().start(*args)
        self.project.insert([purchase(0, user={"email": "jane@shop.example"})])
        self.project.wait_for({"delivered": 1})
        return relay

    def ask(self, *words):
        return subprocess.run([convey.binary(), *words, "--db", self.project.db], text=True,
                              capture_output=True, check=False)

    def doctor(self):
        done = self.ask("doctor", "--offline", "--json")
        return next(row for row in json.loads(done.stdout) if row["check"] == "relay")

    def refuse(self, relay, **more):
        self.limit(relay)
        self.project.insert(purchase(n, **more) for n in range(1, 20))
        wait_until(lambda: "claim_not_stored" in relay.log())

    def assert_well(self):
        done = self.ask("status")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.doctor()["finding"], "ok")

    def test_status_and_doctor(self):
        relay = self.start()
        self.refuse(relay)
        done = self.ask("status")
        said = " ".join(done.stdout.split())
        self.assertEqual(done.returncode, 1, said)
        self.assertIn("Needs you. The relay cannot write to", said)
        self.assertIn("(File too large), and sends nothing: raise", said)
        self.assertIn("File too large", relay.log())
        self.assertRegex(self.project.convey("why", "id-1"),
                         "(?m)^relay +runs, and sends nothing: .*File too large; raise")
        row = self.doctor()
        self.assertEqual(row["finding"], "wrong")
        self.assertIn("File too large", row["detail"])
        self.assertIn("ulimit -f", row["advice"])
        self.lift(relay)
        self.project.wait_for({"delivered": 20})
        wait_until(lambda: "database_takes_writes" in relay.log())
        self.assert_well()
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_a_second_relay_is_kept_out(self):
        relay = self.start()
        self.refuse(relay)
        said = self.refused(75, "run", "--db", self.project.db)
        self.assertIn(f"another relay runs on this database: process {relay.pid}", said)
        self.lift(relay)
        self.project.wait_for({"delivered": 20})
        self.assertEqual(relay.stop(), 0)

    def test_readyz_between_two_tries(self):
        relay = self.start()
        admin = Admin(relay)
        self.assertEqual(admin.get("/readyz").status, 200)
        self.refuse(relay)
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            self.assertEqual(admin.get("/readyz").status, 503)
            time.sleep(0.004)
        self.lift(relay)
        self.project.wait_for({"delivered": 20})
        wait_until(lambda: admin.get("/readyz").status == 200)
        self.assertEqual(relay.stop(), 0)

    def test_visits_come_first(self):
        """Rows wait until they are read in: what refuses them keeps all from being sent."""
        relay = self.start()
        self.limit(relay)
        with self.project.connect() as db:
            db.execute("INSERT INTO visit (session_id, page_url) VALUES ('s', 'https://s.example/')")
        self.project.insert(purchase(n) for n in range(1, 20))
        wait_until(lambda: "visits_not_read" in relay.log())
        done = self.ask("status")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("Needs you", done.stdout)
        self.assertEqual(self.doctor()["finding"], "wrong")
        self.assertEqual(Admin(relay).get("/readyz").status, 503)
        self.lift(relay)
        self.project.wait_for({"delivered": 20})
        wait_until(lambda: "database_takes_writes" in relay.log())
        self.assert_well()
        self.assertEqual(relay.stop(), 0)

    def test_what_could_not_be_written_is_cancelled(self):
        """Nothing is left to try with, and yet it is noticed that it works again."""
        relay = self.start()
        self.refuse(relay)
        self.project.convey("cancel", "--status", "pending")
        self.lift(relay)
        wait_until(lambda: "database_takes_writes" in relay.log())
        self.assert_well()
        self.assertEqual(Admin(relay).get("/readyz").status, 200)
        self.assertEqual(relay.stop(), 0)

    def test_the_log_says_it_once(self):
        relay = self.start()
        self.limit(relay)
        wait_until(lambda: "redaction_failed" in relay.log(), 5)
        self.project.insert(purchase(n) for n in range(1, 20))
        time.sleep(3.5)
        said = {re.search(r"event=(\w+)", line).group(1): "nothing new is sent" in line
                for line in relay.log().splitlines() if "level=error" in line}
        self.assertEqual(relay.log().count("level=error"), len(said), relay.log())
        self.assertEqual(said.pop("redaction_failed"), False)
        self.assertEqual(set(said.values()), {True}, said)
        self.lift(relay)
        self.project.wait_for({"delivered": 20})
        wait_until(lambda: relay.log().count("database_takes_writes") == 1)
        self.assertEqual(relay.stop(), 0)

    @unittest.skipIf(subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode,
                     "no strace")
    def test_a_read_that_fails_is_said_once(self):
        relay = self.start()
        with subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(relay.pid),
                               "-e", "inject=pread64:error=ETIMEDOUT"]) as strace:
            try:
                wait_until(lambda: traced(relay.pid))
                self.project.insert(purchase(n) for n in range(1, 20))
                wait_until(lambda: "read_failed" in relay.log(), 10)
                time.sleep(3.5)
            finally:
                strace.terminate()
        self.assertEqual(relay.log().count("read_failed"), 1, relay.log())
        self.project.wait_for({"delivered": 20})
        wait_until(lambda: "reading_goes_on" in relay.log())
        self.assertEqual(relay.stop(), 0)

    def test_one_that_does_nothing(self):
        """It holds the lock, and that is all."""
        relay = self.start()
        db = self.project.connect()
        db.execute("BEGIN IMMEDIATE")  # else it may hold the lock
        relay.process.send_signal(signal.SIGSTOP)
        db.execute("UPDATE attempt SET started_at = 0")
        db.execute("UPDATE counter SET last_seen = 0")
        db.execute("INSERT INTO outbox (event, created_at) VALUES ('purchase', ?)",
                   (int((time.time() - HOUR_S) * 1000),))
        db.execute("COMMIT")
        db.close()
        self.assert_well()  # it has only just started
        os.utime(self.project.db + ".lock", (time.time() - HOUR_S / 2,) * 2)
        done = self.ask("status")
        said = " ".join(done.stdout.split())
        self.assertEqual(done.returncode, 1, said)
        self.assertIn("Needs you: the relay runs and has begun no request for 30 min, while "
                      "rows are due", said)
        self.assertEqual(self.doctor()["finding"], "wrong")
        self.assertIn("begun no request for 30 min", self.doctor()["detail"])
        db = self.project.connect()  # it decided one a minute ago: it reads what is old already
        db.execute("UPDATE counter SET last_seen = ?", (int(time.time() - 60) * 1000,))
        db.close()
        self.assert_well()
        relay.process.send_signal(signal.SIGCONT)
        wait_until(lambda: self.ask("status").returncode == 0 or
                   "rejected" in self.project.statuses())
        self.assertEqual(self.doctor()["finding"], "ok")
        self.assertEqual(relay.stop(), 0)


if __name__ == "__main__":
    unittest.main()
