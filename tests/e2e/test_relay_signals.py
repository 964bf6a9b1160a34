# SPDX-License-Identifier: MIT
"""Signals at any moment, and a log that nobody reads: what was under way is recorded, the relay
ends in time, and nothing of it waits for whoever reads its stderr."""
import fcntl
import os
import random
import shutil
import signal
import statistics
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

SIGNALS = int(os.environ.get("CONVEY_COUNT", "500"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
ENDS_IN_S = 25
LIVES = 25  # so many of the signals end it
# Of the rows a second of a log that is read: beside other tests a short run says no more.
LEAST = 0.95 if "CONVEY_COUNT" in os.environ else 0.6


class Signals(Case):
    def under_way(self):
        return self.project.query("SELECT count(*) FROM attempt_log WHERE outcome = 'sending'")[0][0]

    def end(self, relay, twice):
        """SIGTERM, perhaps another; how long it then took."""
        start = time.monotonic()
        os.kill(relay.pid, signal.SIGTERM)
        if twice:
            time.sleep(0.02)
            if relay.running():  # it gives up what is under way, perhaps just answered
                os.kill(relay.pid, signal.SIGTERM)
                self.project.kills.append(time.time() * 1000)
        self.assertEqual(relay.wait(ENDS_IN_S + 5), 0, relay.log()[-2000:])
        self.assertEqual(self.under_way(), 0, "all that was under way is recorded")
        return time.monotonic() - start

    def test_among_the_halves_of_a_refused_batch(self):
        """What has not been sent by itself yet waits with the answer that all of them had."""
        self.sandbox.set_faults(["poison:value=13"])
        self.project.convey("destination", "set", "shop", "--requests-per-second", "1")
        self.project.insert(purchase(n, properties={"value": 13 if n == 50 else 5, "currency": "EUR"})
                            for n in range(100))
        relay = self.start()
        wait_until(lambda: self.sandbox.stats()["requests"] == 2)
        self.end(relay, twice=False)
        waits = self.project.query(
            "SELECT DISTINCT status, reason, attempts > 0, http_status, api_code > 0, api_message <> '', "
            "first_sent_at <> '' FROM delivery_status WHERE status = 'retrying'")
        self.assertEqual(waits, [("retrying", "server_error", 1, 400, 1, 1, 1)])
        event = self.project.query("SELECT event_id FROM delivery_status WHERE status = 'retrying'")[0][0]
        self.project.convey("cancel", event)
        self.project.convey("retry", event)
        self.assertEqual(self.project.query("SELECT status, attempts, unknown FROM waiting JOIN outbox o "
                                            "ON o.id = key / 1024 WHERE event_id = ?", event),
                         [(1, 0, None)], "it was refused: it begins anew")
        self.project.convey("destination", "set", "shop", "--requests-per-second", "1000")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 99, "failed": 1})
        self.check()

    @unittest.skipIf(not shutil.which("strace"), "no strace")
    def test_before_it_has_begun(self):
        """At its first call that is not the loader's."""
        for number in ("TERM", "INT"):
            relay = self.project.start(self.sandbox, under=(
                "strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=rt_sigaction",
                "-e", f"inject=rt_sigaction:signal=SIG{number}:when=1"))
            self.assertEqual(relay.wait(), 0, relay.log())
            self.assertIn("stopped", relay.log())

    def test_at_random(self):
        chance, rows, took = random.Random(SEED), 0, []
        self.sandbox.set_faults(["slow:share=0.5,ms=60", "reset-after:share=0.03",
                                 "50000:share=0.03"])
        self.project.convey("destination", "set", "shop", "--batch", "10")
        for life in range(LIVES):
            relay = self.start()
            relay.wait_started()
            for _ in range(SIGNALS // LIVES - 1):
                if chance.random() < 0.3:
                    self.project.insert(purchase(n) for n in range(rows, rows + 20))
                    rows += 20
                os.kill(relay.pid, chance.choice((signal.SIGHUP, signal.SIGHUP, signal.SIGPIPE)))
                time.sleep(chance.choice((0, 0, 0.001, 0.02)))
            took.append(self.end(relay, twice=life % 3 == 0))
        print(f"{SIGNALS} signals, seed {SEED}: ended after {statistics.median(took):.2f} s, at "
              f"most {max(took):.2f} s; {rows} rows", file=sys.stderr)
        self.assertLess(max(took), ENDS_IN_S)
        self.sandbox.set_faults([])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": rows})
        self.check()

    def test_an_answer_that_never_comes(self):
        """One SIGTERM: it waits, but not for ever."""
        self.sandbox.set_faults("hang")
        self.project.insert([purchase(1)])
        relay = self.start("--timeout-ms", "60000")
        wait_until(lambda: self.sandbox.stats()["requests"])
        took = self.end(relay, twice=False)
        self.assertLess(took, ENDS_IN_S)
        self.assertEqual(self.project.query("SELECT outcome FROM attempt_log"), [("unknown",)])
        self.sandbox.set_faults([])
        self.assertEqual(self.drain(), 0)
        self.check()


class Killed(Case):
    def said(self, *words):
        return self.refused(75, *words, "--db", self.project.db)

    def test_what_it_had_in_flight_waits_for_the_next_relay(self):
        """Nobody is told to try again while no relay runs, and what is told works."""
        self.sandbox.set_faults(["hang"])
        self.project.insert([purchase(1, consent={"ad_user_data": "GRANTED"},
                                      user={"email": "anna@shop.example"})])
        relay = self.start("--timeout-ms", "60000")
        wait_until(lambda: self.project.statuses() == {"sending": 1})
        forget = ("forget", "--email", "anna@shop.example")
        for words in ("cancel", "id-1"), ("cancel", "--row", "1"), ("retry", "id-1"), forget:
            self.assertIn("in flight right now", self.said(*words))
        relay.kill()
        for words in ("cancel", "id-1"), ("retry", "--row", "1"), forget:
            told = self.said(*words)
            self.assertIn("no relay runs", told)
            self.assertIn("convey run", told)
            self.assertNotIn("right now", told)
        self.assertIn("pause its destination", self.said("cancel", "id-1"))
        self.project.convey("destination", "pause", "shop")
        relay = self.start()
        self.project.wait_for({"retrying": 1})
        self.project.convey("cancel", "id-1")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.statuses(), {"cancelled": 1})


class Locked(Case):
    def test_what_cannot_be_recorded_is_told(self):
        """Somebody holds the database until after the relay's end."""
        self.sandbox.set_faults("slow:ms=1000")
        self.project.insert(purchase(n) for n in range(3))
        relay = self.start()
        wait_until(lambda: self.sandbox.stats()["requests"])
        other = self.project.connect()
        other.execute("BEGIN IMMEDIATE")
        os.kill(relay.pid, signal.SIGTERM)
        time.sleep(1.5)
        os.kill(relay.pid, signal.SIGTERM)  # now, and not in twenty seconds
        self.assertEqual(relay.wait(ENDS_IN_S), 75, relay.log())
        self.assertIn("event=outcome_not_recorded events=3", relay.log())
        other.execute("COMMIT")
        other.close()
        self.project.kills.append(time.time() * 1000)
        self.sandbox.set_faults([])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 3})
        self.check()


class Unread(Case):
    """stderr is a pipe that is full."""
    ROWS = 5000

    def setUp(self):
        super().setUp()
        self.sandbox.set_faults(["50000:share=0.1"])
        self.project.convey("destination", "set", "shop", "--batch", "20")
        self.rows = 0

    def pipe(self):
        """(its name, our end, which also keeps it open)."""
        path = os.path.join(self.project.directory, f"pipe{self.rows}")
        os.mkfifo(path)
        end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, end)
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
        return path, end

    def deliver(self, full):
        """Seconds for ROWS rows, a SIGHUP a hundredth, and how much was written."""
        path, end = self.pipe()
        if full:
            self.assertEqual(os.write(end, b"." * 4096), 4096)
        self.project.insert(purchase(n) for n in range(self.rows, self.rows + self.ROWS))
        self.rows += self.ROWS
        start = time.monotonic()
        relay = self.project.start(
            self.sandbox, "--drain", under=("sh", "-c", f'exec "$@" 2>"{path}"', "sh"))
        written = 0
        while relay.running():
            time.sleep(0.01)
            if full:
                continue
            try:
                written += len(os.read(end, 65536))
            except BlockingIOError:
                pass
        self.assertEqual(relay.process.returncode, 0)
        return time.monotonic() - start, written

    def test_it_is_as_fast(self):
        """The best of a few of each; more where something else was going on."""
        read, unread, written = [], [], 0
        for _ in range(8):
            seconds, bytes_ = self.deliver(full=False)
            read.append(seconds)
            written += bytes_
            unread.append(self.deliver(full=True)[0])
            share = min(read) / min(unread)
            if len(read) >= 3 and share >= LEAST:
                break
        print(f"{self.ROWS} rows in {min(read):.2f} s when it is read, in {min(unread):.2f} s "
              f"when it is full: {share * 100:.0f} %", file=sys.stderr)
        self.assertGreater(written, 4096, "it had something to say")
        self.assertGreaterEqual(share, LEAST)
        self.assertEqual(self.project.statuses(), {"delivered": self.rows})
        self.check()

    def test_its_words_come_when_it_is_read_again(self):
        """Its reader stops for a while."""
        path, end = self.pipe()
        relay = self.project.start(
            self.sandbox, under=("sh", "-c", f'exec "$@" 2>"{path}"', "sh"))
        wait_until(lambda: self.words(end), what="its first words")
        for _ in range(100):
            os.kill(relay.pid, signal.SIGHUP)
            time.sleep(0.005)
        self.project.insert(purchase(n) for n in range(200))
        self.project.wait_for({"delivered": 200})
        self.words(end)

        def answers():
            """One that came while the pipe was full may be among those left out."""
            os.kill(relay.pid, signal.SIGHUP)
            time.sleep(0.05)
            return b"event=signal" in self.words(end)

        wait_until(answers, 10, "its next words")
        os.kill(relay.pid, signal.SIGTERM)
        self.assertEqual(relay.wait(), 0)
        self.check()

    @staticmethod
    def words(end):
        try:
            return os.read(end, 65536)
        except BlockingIOError:
            return b""


if __name__ == "__main__":
    unittest.main()
