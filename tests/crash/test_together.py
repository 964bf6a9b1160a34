# SPDX-License-Identifier: MIT
"""Many at one file: relays of which one may run, producers that write all the time, programs that
hold the lock for long, readers that never end. Nobody waits for the relay for long, and the WAL
is short again when the last reader has gone.

    tools/torture load
"""
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
from convey import SLOW, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

RELAYS = 200
SECONDS = int(os.environ.get("CONVEY_COUNT", "4"))
WHOLE = SECONDS >= 30   # on a machine that does nothing else: the limits as they are promised
WRITERS, RATE = (8, 200) if WHOLE else (4, 50)
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
WAL_SHORT = 8 << 20


# Tells of each of the relay's own write transactions, guarded checkpoints too, how long it was.
LOCK_TIMES = os.path.join(os.environ.get("BUILD", os.path.join(convey.ROOT, "build")), "tests", "lib",
                          "liblock_times.so")


def quantile(times, share):
    return sorted(times)[int(len(times) * share)]


class Relays(Case):
    def start_all(self):
        paths = [self.project.db]
        for name in ("link.db", "another.db"):
            paths.append(os.path.join(self.project.directory, name))
            os.symlink(self.project.db, paths[-1])
        folder = os.path.join(self.project.directory, "folder")
        os.symlink(self.project.directory, folder)
        paths.append(os.path.join(folder, "shop.db"))
        env = dict(os.environ, CONVEY_ENDPOINT=self.sandbox.url,
                   CONVEY_KEY_FILE=self.project.db + ".key")
        processes = [subprocess.Popen(
            [convey.binary(), "run", "--db", paths[n % len(paths)], "--admin", "off"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env) for n in range(RELAYS)]
        self.addCleanup(lambda: [process.kill() for process in processes
                                 if process.poll() is None])
        return processes

    def test_one_of_two_hundred_runs(self):
        """By whatever name they know the file; the others name it."""
        self.project.insert(purchase(n) for n in range(100))
        processes = self.start_all()
        wait_until(lambda: sum(process.poll() is None for process in processes) == 1, 120,
                   "all but one ending")
        winner = next(process for process in processes if process.poll() is None)
        for process in processes:
            if process is winner:
                continue
            said = process.communicate()[1].decode()
            self.assertEqual(process.returncode, 75, said)
            self.assertRegex(said, rf"another relay runs on this database: process {winner.pid}\b")
        self.project.wait_for({"delivered": 100}, 30)
        self.assertIsNone(winner.poll())
        winner.send_signal(signal.SIGTERM)
        self.assertEqual((winner.communicate(timeout=30), winner.returncode)[1], 0)
        self.check()


class Load(Case):
    def write(self, number):
        """One transaction after the other; how long each took from BEGIN to COMMIT, in ms."""
        db, due, count = self.project.connect(), time.monotonic(), 0
        while not self.ending:
            count += 1
            due += 1 / RATE
            time.sleep(max(0, due - time.monotonic()))
            due = max(due, time.monotonic() - 1)
            start = time.monotonic()
            before = self.holding
            self.project.insert([purchase(count, prefix=f"w{number}")], db=db)
            if not before and not self.holding:  # what another program kept is not ours
                self.times.append((time.monotonic() - start) * 1000)
        db.close()

    def hold(self, seconds):
        """Another program, with the lock."""
        db = self.project.connect()
        db.execute("BEGIN IMMEDIATE")
        self.holding = True
        time.sleep(seconds)
        db.execute("ROLLBACK")
        self.holding = False
        db.close()

    def wal(self):
        try:
            return os.path.getsize(self.project.db + "-wal")
        except FileNotFoundError:
            return 0

    def test_writers_beside_the_relay(self):
        print(f"seed {SEED}", file=sys.stderr)
        chance = random.Random(SEED)
        self.times, self.ending, self.holding = [], False, False
        kept = os.path.join(self.project.directory, "kept")
        relay = self.project.start(self.sandbox, "--timeout-ms", "30000", under=(
            "env", f"LD_PRELOAD={LOCK_TIMES}", f"LOCK_TIMES={kept}"))
        self.sandbox.set_faults("slow:share=0.3,ms=50")
        reader = self.project.connect()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outbox").fetchone()
        writers = [threading.Thread(target=self.write, args=(n,)) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(chance.random() * SECONDS / 4)
            self.hold(chance.random() * (10 if WHOLE else 1))
        self.ending = True
        for writer in writers:
            writer.join()
        db = self.project.connect()  # an application writes what is its own, too
        db.execute("CREATE TABLE own (x)")
        db.execute("INSERT INTO own VALUES (zeroblob(?))", [2 * WAL_SHORT])
        db.close()
        grown = self.wal()
        self.assertGreater(grown, 2 * WAL_SHORT)
        reader.execute("COMMIT")
        reader.close()
        start = time.monotonic()
        wait_until(lambda: self.wal() <= WAL_SHORT, 30, "the WAL's end")
        took = time.monotonic() - start
        self.project.wait_for({"delivered": len(self.project.committed)}, 60)
        print(f"{len(self.times)} transactions of {WRITERS} writers: median "
              f"{quantile(self.times, 0.5):.1f} ms, 99 % {quantile(self.times, 0.99):.1f} ms; WAL of "
              f"{grown >> 10} KiB short after {took:.1f} s", file=sys.stderr)
        kept = self.own(kept)
        self.assertTrue(relay.running(), relay.log())
        self.assertLess(quantile(self.times, 0.99), 100 if WHOLE else 1000 * SLOW)
        self.assertLess(took, 5 if WHOLE else 15 * SLOW)
        self.assertLess(quantile(kept, 0.99), 20 if WHOLE else 500 * SLOW)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def own(self, path):
        """Of the relay's own transactions, how long each kept the lock, in ms."""
        with open(path, encoding="ascii") as file:
            kept = [int(line) / 1000 for line in file]
        print(f"{len(kept)} write transactions of the relay: median {quantile(kept, 0.5):.1f} ms, "
              f"99 % {quantile(kept, 0.99):.1f} ms, longest {max(kept):.1f} ms", file=sys.stderr)
        self.assertGreater(len(kept), self.sandbox.stats()["requests"] // 8, "each has a claim")
        return kept


if __name__ == "__main__":
    unittest.main()
