# SPDX-License-Identifier: MIT
"""The database goes away under a running relay, or becomes another: deleted, replaced, a backup
copied over it or restored into it, migrated by a newer convey. It is noticed before the next
request, the exit status names it, and not a byte is written to what lies there now."""
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

POINTS = int(os.environ.get("CONVEY_COUNT", "30"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


def backup(db, path):
    """As an administrator makes one, while everything runs."""
    source, target = sqlite3.connect(db, timeout=30), sqlite3.connect(path)
    source.backup(target)
    target.close()
    source.close()


def foreign(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, event, payload)")
    db.execute("INSERT INTO outbox VALUES (1000000, 'purchase', '{}')")
    db.commit()
    db.close()
    return path


def delete(db, _):
    for end in ("", "-wal", "-shm"):
        os.unlink(db + end)


def delete_alone(db, _):
    os.unlink(db)


def move_over(db, old):
    os.rename(old, db)


def move_a_stranger_over(db, old):
    os.rename(foreign(old + ".foreign"), db)


def copy_over(db, old):
    shutil.copyfile(old, db)


def write_text_over(db, _):
    with open(db, "r+b") as file:
        file.write(b"not a database\n" * 1000)


def delete_wal(db, _):
    os.unlink(db + "-wal")


def delete_shm(db, _):
    os.unlink(db + "-shm")


def restore(db, old):
    subprocess.run(["sqlite3", "-cmd", ".timeout 20000", db, f".restore {old}"], check=True)


def migrate(db, _):
    newer = sqlite3.connect(db, timeout=30)
    newer.execute("INSERT INTO schema_migration VALUES (999, 'later', 'x', 'now')")
    newer.commit()
    newer.close()


# What happens, and what the relay may say of it: exit status, and words of the log. One that reads
# the new pages before it has to write meets a damaged database, or while they are copied none,
# which is true as well. Where a checkpoint had just emptied the WAL, a copied backup is as good as
# a restored one.
REPLACED = (66, "deleted or replaced while the relay ran; start the relay again")
DAMAGED = (74, "restore a backup")
NO_DATABASE = (65, "restore a backup")
RESTORED = (66, "was restored from a backup while the relay ran; start the relay again")
OVERWRITTEN = (66, "was overwritten while the relay ran; stop its writers, remove its -wal and "
                   "-shm, restore the backup again, start the relay")
EVENTS = [
    (delete, [REPLACED]),
    (delete_alone, [REPLACED]),
    (move_over, [REPLACED]),
    (move_a_stranger_over, [REPLACED]),
    (copy_over, [OVERWRITTEN, DAMAGED, NO_DATABASE, RESTORED,
                 (66, "or restored a backup while the relay ran")]),
    (write_text_over, [OVERWRITTEN, DAMAGED, NO_DATABASE]),
    (delete_wal, [REPLACED]),
    (delete_shm, [REPLACED]),
    (restore, [RESTORED]),
    (migrate, [(78, "was migrated by a newer convey while the relay ran")]),
]
# These leave a file that somebody else's writes may not reach.
KEPT = (move_over, move_a_stranger_over, copy_over, write_text_over)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Replaced(Case):
    def happen(self, event, ends, chance):
        """At a moment between two commits of a producer, with requests under way or without."""
        db, old = self.project.db, self.project.db + ".old"
        self.project.convey("destination", "set", "shop", "--batch", "5")
        self.sandbox.set_faults("slow:share=0.5,ms=30")
        self.project.insert(purchase(n) for n in range(20))
        relay = self.start()
        self.project.wait_for({"delivered": 20})
        backup(db, old)
        producer = self.project.connect()
        for number in range(20, 20 + chance.randrange(1, 40)):
            self.project.insert([purchase(number)], db=producer)
        # A relay that has nothing to do is as good as one that has.
        time.sleep(chance.choice((0, 0.05, 0.3)))
        if chance.random() < 0.5:
            # The relay looks once a second; what follows an application's checkpoint at once
            # is taken for a part of it.
            producer.execute("PRAGMA wal_checkpoint")
            time.sleep(1.3)
        event(db, old)
        kept = event in KEPT and digest(db)
        try:
            self.project.insert([purchase(1000)], db=producer)
        except sqlite3.Error:
            pass  # the producer's file is gone, too
        if event is restore and not self.behind(relay):
            return  # nothing had come since the backup
        status = relay.wait(20)
        self.assertIn(True, [status == code and words in relay.log() for code, words in ends],
                      f"exit {status}: {relay.log()}")
        self.assertNotIn("id-1000", [event["event_id"] for _, event in sent(self.sandbox.ledger())],
                         "sent without a claim that lasts")
        if kept:
            self.assertEqual(digest(db), kept, "bytes were written")
        producer.close()

    def behind(self, relay):
        """False where the relay rightly goes on: what it knows of is in the file."""
        wait_until(lambda: not relay.running() or
                   self.project.delivery("id-1000")["status"] == "delivered")
        return not relay.running()

    def test_at_any_moment(self):
        print(f"seed {SEED}", file=sys.stderr)
        for point in range(POINTS):
            event, ends = EVENTS[point % len(EVENTS)]
            with self.subTest(point=point, event=event.__name__):
                if point:
                    self.setUp()
                self.happen(event, ends, random.Random(f"{SEED} {point}"))
                self.doCleanups()


class Touched(Case):
    def test_only_its_time_was_set(self):
        """It cannot be told from a backup that was copied over: the relay ends, and loses nothing."""
        relay = self.start()
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 1})
        os.utime(self.project.db)
        self.project.insert([purchase(2)])
        self.assertEqual(relay.wait(20), 66, relay.log())
        self.assertIn("(if it was only touched, just start it)", relay.log())
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 2})
        self.check()


class Rightful(Case):
    """What an application may do to its own file is no reason to stop."""

    def test_rows_deleted_checkpoints_and_vacuum(self):
        db = self.project.connect()
        db.execute("BEGIN")
        for number in range(5000):
            db.execute("INSERT INTO outbox (event_id, event, payload) VALUES (?, ?, ?)",
                       [(row := purchase(number))["event_id"], row["event"], row["payload"]])
        db.execute("DELETE FROM outbox WHERE id BETWEEN 11 AND 4990")
        db.execute("COMMIT")
        relay = self.start()
        self.project.wait_for({"delivered": 20})
        for number in range(5000, 5060):
            self.project.insert([purchase(number)], db=db)
            db.execute(random.choice(("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint(FULL)",
                                      "PRAGMA wal_checkpoint(TRUNCATE)", "SELECT 1")))
            time.sleep(0.02)
        db.execute("DELETE FROM outbox WHERE id <= 4990")
        db.execute("VACUUM")
        self.project.insert([purchase(6000)], db=db)
        wait_until(lambda: self.project.delivery("id-6000")["status"] == "delivered")
        time.sleep(1.3)
        self.assertEqual(relay.stop(), 0, relay.log())
        db.close()


if __name__ == "__main__":
    unittest.main()
