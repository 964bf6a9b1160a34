# SPDX-License-Identifier: MIT
"""The machine's clock is set while the relay runs, forwards or back, by a second or by ten years:
it waits by a clock of its own, so nothing stalls, nothing comes in a burst, nothing expires."""
import glob
import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
from admin import Admin  # noqa: E402
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

LIBRARY = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
STEPS = ["-3600", "+10y", "-10y", "+3d", "-3d", "+3600", "+1", "-1"]
COUNT = int(os.environ.get("CONVEY_COUNT", "4"))
FIRST = int(os.environ.get("CONVEY_FIRST", "0"))
ROWS = 20


def under(clock):
    return ("env", f"LD_PRELOAD={LIBRARY[0]}", "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "FAKETIME_NO_CACHE=1", f"FAKETIME_TIMESTAMP_FILE={clock}")


def set_clock(clock, step):
    with open(clock + ".new", "w", encoding="ascii") as file:
        file.write(step + "\n")
    os.rename(clock + ".new", clock)


def set_under_a_relay(project, sandbox):
    """The relay's log."""
    clock = os.path.join(project.directory, "clock")
    set_clock(clock, "+0")
    relay = project.start(sandbox, under=under(clock))
    relay.wait_started()
    set_clock(clock, "+3600")
    wait_until(lambda: "clock_set" in relay.log())
    relay.stop()
    said = relay.log()
    # The next one does not wait until a time has come that was never right.
    project.insert([purchase(0)])
    sandbox.set_faults(["50000"])
    set_clock(clock, "+20d")
    relay = project.start(sandbox, "--retry-base-ms", "400", "--retry-cap-ms", "400",
                          under=under(clock))
    wait_until(lambda: project.statuses() == {"retrying": 1})
    relay.stop()
    relay = project.start(sandbox)
    relay.wait_started()
    relay.stop()
    return said + relay.log()


@unittest.skipIf(not LIBRARY, "no libfaketime")
class Clock(Case):
    def set(self, step):
        set_clock(self.file, step)

    def start(self, *args, at="+0"):
        self.file = os.path.join(self.project.directory, "clock")
        self.set(at)
        return self.project.start(self.sandbox, *args, under=under(self.file))

    def step(self, step):
        """While rows wait for a retry; then it is set right again."""
        self.sandbox.set_faults("50000")
        relay = self.start("--retry-base-ms", "400", "--retry-cap-ms", "1000")
        self.project.insert(purchase(n) for n in range(ROWS))
        wait_until(lambda: self.sandbox.stats()["requests"])
        self.set(step)
        before = self.sandbox.stats()["requests"]
        time.sleep(2)
        self.assertLess(self.sandbox.stats()["requests"] - before, 20, "a burst")
        self.assertLessEqual(set(self.project.statuses()), {"retrying", "sending"}, "nothing expires")
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.statuses() == {"delivered": ROWS}, 60,
                   f"after {step} delivery")
        self.set("+0")
        self.project.insert(purchase(n) for n in range(ROWS, 2 * ROWS))
        wait_until(lambda: self.project.statuses() == {"delivered": 2 * ROWS}, 60,
                   "back again, delivery")
        if step not in ("+1", "-1"):
            self.assertIn("clock_set", relay.log())
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_what_an_earlier_relay_sent(self):
        """Whether so much time has passed since, only the clock says: a person decides."""
        self.sandbox.set_faults("reset-before")
        options = ("--retry-base-ms", "400", "--retry-cap-ms", "1000")
        relay = self.start(*options)
        self.project.insert(purchase(n) for n in range(ROWS))
        wait_until(lambda: self.project.statuses() == {"retrying": ROWS})
        self.assertEqual(relay.stop(), 0)
        relay = self.start(*options)
        self.project.insert(purchase(n) for n in range(ROWS, 2 * ROWS))
        wait_until(lambda: self.project.statuses() == {"retrying": 2 * ROWS})
        self.set("+3d")
        wait_until(lambda: "clock_set" in relay.log())
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.statuses() == {"held": ROWS, "delivered": ROWS}, 15)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def wait_behind(self, fault, at, status):
        """A relay at a time of its own leaves a row that waits."""
        self.sandbox.set_faults([fault])
        relay = self.start("--retry-base-ms", "400", "--retry-cap-ms", "20000", at=at)
        self.project.insert([purchase(0)])
        wait_until(lambda: self.project.statuses() == {status: 1})
        self.assertEqual(relay.stop(), 0)
        self.sandbox.set_faults([])

    def test_an_earlier_relay_was_ahead(self):
        """Its waits would last until its time has come."""
        self.wait_behind("50000", "+20d", "retrying")
        relay = self.start()
        wait_until(lambda: self.project.statuses() == {"delivered": 1}, 15)
        self.assertIn("waits_shortened", relay.log())
        self.assertLess(self.project.delivery("id-0")["first_sent_at"],
                        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60)))
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_what_was_sent_ahead_of_the_clock(self):
        """How old it is nobody knows: it may be too old to be sent again."""
        self.wait_behind("reset-before", "+20d", "retrying")
        relay = self.start()
        wait_until(lambda: self.project.statuses() == {"held": 1}, 15)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_a_later_relay_is_behind(self):
        """Then the clock is set right under it: nothing is moved past that."""
        self.wait_behind("50000", "+0", "retrying")
        self.sandbox.set_faults(["50000"])
        relay = self.start("--retry-base-ms", "400", "--retry-cap-ms", "20000", at="-2d")
        wait_until(lambda: self.project.delivery("id-0")["attempts"] > 1)
        self.set("+0")
        wait_until(lambda: "clock_set" in relay.log())
        self.sandbox.set_faults([])
        at = self.project.delivery("id-0")
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        self.assertLess(at["first_sent_at"], soon)
        self.assertLess(at["next_attempt_at"] or "", soon)
        wait_until(lambda: self.project.statuses() == {"delivered": 1}, 30)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def queue_rows(self, count, due_ms):
        """Retries of a destination that has no token, with the relay's own tables."""
        self.add_destination("other", "PIXEL2", token=None)
        db = self.project.connect()
        db.executescript(
            f"BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            "INSERT INTO outbox (id, event_id, event) SELECT i, 'e' || i, 'purchase' FROM n; "
            f"UPDATE queue SET cursor = {count}; "
            "INSERT INTO waiting (key, destination_id, status, reason, due_at, attempts, first_sent_at) "
            f"SELECT id * 1024 + 2, 2, 3, 22, {due_ms}, 1, {due_ms} - 700000 FROM outbox; "
            f"INSERT INTO counter VALUES (2, 48, {count}, {due_ms}, {due_ms}, 1); COMMIT")
        db.close()

    def begun(self):
        return self.project.query("SELECT coalesce(max(value), 0) FROM setting WHERE name = "
                                  "'clock_step_key'")[0][0]

    def test_an_end_in_the_middle(self):
        """It does not wait for all that waits, and the next relay goes on where this one came to."""
        due_ms = int(time.time() * 1000) + 600000
        self.queue_rows(150000, due_ms)
        relay = self.start("--retry-cap-ms", "900000")
        relay.wait_started()
        self.set("+3d")
        wait_until(self.begun, 20)
        at = time.monotonic()
        self.assertEqual(relay.stop(), 0)
        self.assertLess(time.monotonic() - at, 5 * convey.SLOW)
        self.assertNotIn("clock_set", relay.log())
        self.assertGreater(self.begun(), 0)
        relay = self.start("--retry-cap-ms", "900000", at="+3d")
        wait_until(lambda: "clock_set" in relay.log(), 60)
        self.assertEqual(relay.stop(), 0)
        moved = self.project.query("SELECT DISTINCT due_at - ?1, first_sent_at + 700000 - ?1 FROM waiting",
                                   due_ms)
        self.assertEqual(len(moved), 1, moved)
        self.assertAlmostEqual(moved[0][0], 3 * 86400000, delta=1000)
        self.assertEqual(moved[0][0], moved[0][1])
        self.assertEqual(self.begun(), 0)

    def test_set_under_a_request(self):
        """What is on its way is as young afterwards as it was."""
        self.sandbox.set_faults("hang")
        relay = self.start("--retry-base-ms", "400", "--retry-cap-ms", "1000", "--timeout-ms", "1000")
        self.project.insert(purchase(n) for n in range(ROWS))
        wait_until(lambda: self.project.statuses() == {"sending": ROWS})
        self.set("+3d")
        wait_until(lambda: "clock_set" in relay.log() and "request_failed" in relay.log())
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.statuses() == {"delivered": ROWS}, 15)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_the_page_tells_of_a_relay_that_sends_nothing(self):
        relay = self.start()
        admin = Admin(relay)
        db = self.project.connect()
        db.execute("BEGIN IMMEDIATE")  # else it may hold the lock
        relay.process.send_signal(signal.SIGSTOP)
        db.execute("INSERT INTO outbox (event_id, event) VALUES ('id-1', 'purchase')")
        db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")  # what it waits for; within a minute that needs nobody
        relay.process.send_signal(signal.SIGCONT)
        self.set("+3600")
        said = admin.get("/", html=True).text
        db.execute("ROLLBACK")
        db.close()
        self.assertIn("the relay runs and has begun no request for 60 min", said)
        self.assertEqual(relay.stop(), 0)

    def test_steps(self):
        for number in range(FIRST, FIRST + COUNT):
            with self.subTest(step=STEPS[number % len(STEPS)]):
                if number > FIRST:
                    self.setUp()
                self.step(STEPS[number % len(STEPS)])
                self.doCleanups()


if __name__ == "__main__":
    unittest.main()
