# SPDX-License-Identifier: MIT
"""kill -9 of the relay: at random under load, and at named steps. Nothing that a producer
committed is lost, nothing is sent under two ids, and what was under way is taken up at once.

    tools/torture kills
"""
import collections
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
from convey import SLOW, Project, applied_ids, purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

KILLS = int(os.environ.get("CONVEY_COUNT", "300"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
PRODUCERS = 4
PRODUCER = os.path.join(convey.ROOT, "tests", "lib", "producer.py")


class Producers:
    """Four processes that commit; rows() is what they were promised."""

    def __init__(self, project, seed, pause_s=0.04, notes=None):
        """notes: a folder for what they say, where the project's own may be full."""
        self.project = project
        self.processes = []
        for i in range(PRODUCERS):
            path = os.path.join(notes or project.directory, f"producer{i}")
            with open(path, "wb") as out:
                self.processes.append((path, subprocess.Popen(
                    [sys.executable, PRODUCER, project.db, f"p{i}", f"{seed}-{i}",
                     str(pause_s)], stdout=out)))

    def stop(self):
        """What was committed, and the longest that a transaction took, in ms."""
        worst = 0
        for path, process in self.processes:
            process.send_signal(signal.SIGTERM)
        for path, process in self.processes:
            if process.wait(60) != 0:
                raise AssertionError("a producer failed")
            with open(path, encoding="ascii") as file:
                for line in map(json.loads, file):
                    if isinstance(line, dict):
                        worst = max(worst, line["worst_ms"])
                    else:
                        self.project.committed += line
        return worst

    def kill(self):
        for _, process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


class Random(Case):
    def open_attempts(self):
        return {row[0] for row in self.project.query("SELECT id FROM attempt_log "
                                                     "WHERE outcome = 'sending'")}

    def test_at_random_under_load(self):
        print(f"seed {SEED}", file=sys.stderr)
        chance = random.Random(SEED)
        self.sandbox.set_faults(["slow:share=0.4,ms=40", "reset-after:share=0.03",
                                 "50000:share=0.03", "40100:share=0.02"])
        self.project.convey("destination", "set", "shop", "--batch", "40")
        producers = Producers(self.project, SEED)
        self.addCleanup(producers.kill)
        taken_up, in_flight = [], 0
        relay = self.start()
        for _ in range(KILLS):
            time.sleep(chance.random() ** 2 * 0.3 * SLOW)
            relay.kill()
            left = self.open_attempts()
            in_flight += bool(left)
            start = time.monotonic()
            relay = self.start()
            if left:
                wait_until(lambda: not left & self.open_attempts())
                taken_up.append(time.monotonic() - start)
        worst = producers.stop()
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.drain(timeout=120), 0)
        print(f"{KILLS} kills, {in_flight} of them with requests under way; taken up after "
              f"{statistics.median(taken_up or [0]) * 1000:.0f} ms, at most "
              f"{max(taken_up, default=0) * 1000:.0f} ms; {len(self.project.committed)} rows, "
              f"the longest COMMIT {worst:.0f} ms", file=sys.stderr)
        self.assertEqual(set(self.project.statuses()), {"delivered", "duplicate"})
        self.check()
        # On a machine that has better things to do most kills come before the first request.
        self.assertGreaterEqual(in_flight, KILLS // 100, "too few kills met a request")
        # One in ten may meet a moment when the machine does something else.
        late = [seconds for seconds in taken_up if seconds >= 1 * SLOW]
        self.assertLessEqual(len(late), len(taken_up) // 10, "taken up within a second")


class Steps(Case):
    """Where a kill hurts, one after the other."""
    rounds = 3

    def finish(self, rows, **more):
        self.sandbox.set_faults([])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), dict({"delivered": rows}, **more))
        self.assertEqual(set(applied_ids(self.sandbox.ledger())),
                         {f"id-{n}" for n in range(rows)})
        self.assertEqual(self.sandbox.stats()["new"], rows)
        self.check()

    def test_before_the_first_claim(self):
        self.project.insert(purchase(n) for n in range(100))
        for _ in range(10):
            relay = self.start()
            time.sleep(random.random() * 0.02)
            relay.kill()
        self.finish(100)

    def test_right_after_a_claim(self):
        for i in range(self.rounds):
            relay = self.start()
            self.project.insert(purchase(n) for n in range(i * 100, i * 100 + 100))
            wait_until(lambda: self.project.query("SELECT 1 FROM attempt_log WHERE id > ?", i),
                       what="a claim")
            relay.kill()
        self.finish(self.rounds * 100)

    def test_while_the_answer_is_awaited(self):
        self.sandbox.set_faults("hang")
        self.project.insert(purchase(n) for n in range(100))
        for i in range(self.rounds):
            relay = self.start()
            wait_until(lambda: self.sandbox.stats()["requests"] > i)
            self.assertEqual(self.project.statuses(), {"sending": 100})
            relay.kill()
        self.finish(100)
        row = self.project.delivery("id-7")
        self.assertEqual(row["attempts"], self.rounds + 1)

    def test_between_the_answer_and_its_settlement(self):
        self.sandbox.set_faults("slow:ms=60")
        self.project.insert(purchase(n) for n in range(100))
        for i in range(self.rounds):
            relay = self.start()
            wait_until(lambda: len(self.sandbox.ledger()) > i)
            os.kill(relay.pid, signal.SIGSTOP)
            time.sleep(0.12)  # the answer lies in the socket
            relay.kill()
        self.assertEqual(self.sandbox.stats()["new"], 100)
        self.finish(100)
        self.assertEqual(self.project.query("SELECT outcome FROM attempt_log ORDER BY id")[0],
                         ("unknown",))

    def test_a_duplicate_of_what_was_under_way(self):
        self.sandbox.set_faults("hang")
        self.project.insert(purchase(n) for n in range(50))
        relay = self.start()
        wait_until(lambda: self.sandbox.stats()["requests"])
        relay.kill()
        self.project.insert(purchase(n) for n in range(50))
        self.finish(50, duplicate=50)

    def test_while_a_refused_request_is_cut(self):
        self.sandbox.set_faults("poison:id=id-77")
        self.project.insert(purchase(n) for n in range(1000))
        for _ in range(8):
            relay = self.start()
            time.sleep(0.02 + random.random() * 0.08)
            relay.kill()
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 999, "failed": 1})
        self.assertEqual(self.project.delivery("id-77")["reason"], "refused_by_tiktok")
        self.check()
        held = collections.Counter(event["event_id"] for _, event in sent(self.sandbox.ledger()))
        for event_id, attempts in self.project.query("SELECT event_id, attempts FROM "
                                                     "delivery_status"):
            self.assertGreaterEqual(attempts, held[event_id], event_id)

    def test_sigterm_then_kill(self):
        self.sandbox.set_faults("hang")
        self.project.insert(purchase(n) for n in range(20))
        relay = self.start()
        wait_until(lambda: self.sandbox.stats()["requests"])
        relay.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        self.assertTrue(relay.running(), "it waits for the request under way")
        relay.kill()
        self.finish(20)

    def test_sigterm_twice_gives_up(self):
        self.sandbox.set_faults("hang")
        self.project.insert(purchase(n) for n in range(20))
        relay = self.start()
        wait_until(lambda: self.sandbox.stats()["requests"])
        relay.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        relay.process.send_signal(signal.SIGTERM)
        self.assertEqual(relay.wait(5), 0)
        self.assertEqual(self.project.query("SELECT outcome FROM attempt_log"), [("unknown",)])
        self.finish(20)


class Migration(unittest.TestCase):
    def test_init(self):
        for _ in range(20):
            with Project.__new__(Project) as project:
                project.prepare({"shop": ("web", "PIXEL1")})
                process = subprocess.Popen([convey.binary(), "init", "--db", project.db],
                                           stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                time.sleep(random.random() * 0.02 * SLOW)
                process.kill()
                process.wait()
                project.convey("init")
                self.assertEqual(project.query("PRAGMA integrity_check"), [("ok",)])
                self.assertEqual(project.query("SELECT count(*) FROM outbox_status"), [(0,)])
                project.add_destinations("token")


if __name__ == "__main__":
    unittest.main()
