# SPDX-License-Identifier: MIT
"""Killed while old rows go: what is left is whole, what waits stays, what went is remembered."""
import os
import random
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase  # noqa: E402
from relay_case import Case  # noqa: E402

SETTLED, WAITING, KILLS = 6000, 300, 200

# Of rows that were taken up: one without a status, a status without its row.
TORN = ("SELECT (SELECT count(*) FROM outbox o, queue q WHERE o.id <= q.cursor AND NOT EXISTS "
        "(SELECT 1 FROM delivery d WHERE d.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023) AND "
        "NOT EXISTS (SELECT 1 FROM waiting w WHERE w.key BETWEEN o.id * 1024 AND "
        "o.id * 1024 + 1023)), (SELECT count(*) FROM delivery d WHERE NOT EXISTS "
        "(SELECT 1 FROM outbox o WHERE o.id = d.key / 1024))")
COUNTED = ("SELECT (SELECT count(*) FROM delivery) - (SELECT coalesce(sum(count), 0) FROM counter "
           "WHERE state / 16 > 4)")


class Retention(Case):
    def test_killed_anywhere(self):
        self.project.insert(purchase(n) for n in range(SETTLED))
        self.drain()
        self.project.convey("destination", "pause", "shop")
        self.project.insert(purchase(n) for n in range(SETTLED, SETTLED + WAITING))
        relay = self.start()
        self.project.wait_for({"delivered": SETTLED, "pending": WAITING})
        relay.stop()
        db = self.project.connect()
        db.execute("UPDATE milestone SET day = day - 40, attempt_id = (SELECT max(id) FROM attempt), "
                   "outbox_id = (SELECT cursor FROM queue)")
        db.execute("INSERT INTO milestone SELECT day + 39, outbox_id, visit_id, attempt_id "
                   "FROM milestone")
        between = kills = 0
        while kills < KILLS:
            left = db.execute("SELECT count(*) FROM delivery").fetchone()[0]
            between += 0 < left < SETTLED
            if left == 0:
                break
            relay = self.start()
            relay.wait_started()
            time.sleep(random.random() * 0.1)
            relay.kill()
            kills += 1
            self.assertEqual(db.execute(TORN).fetchone(), (0, 0))
            self.assertEqual(db.execute(COUNTED).fetchone(), (0,))
        self.assertGreater(between, 2, "few kills met rows that went")
        self.assertEqual(db.execute("SELECT count(*) FROM outbox").fetchone(), (WAITING,))
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        db.close()
        self.project.convey("destination", "resume", "shop")
        self.project.insert([purchase(7)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": WAITING, "duplicate": 1})
        self.assertEqual(self.sandbox.stats()["new"], SETTLED + WAITING)


if __name__ == "__main__":
    unittest.main()
