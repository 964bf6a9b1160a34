# SPDX-License-Identifier: MIT
"""A producer as a process of its own: commits rows until it is told to stop.

    producer.py DATABASE NAME SEED [PAUSE_S]

After each COMMIT that returned it prints the rows as one line of JSON: what it was promised. A
twentieth of its rows repeats an event_id of before, a twentieth has none. Where the disk is full it was promised nothing, and tries again."""
import json
import random
import signal
import sqlite3
import sys
import time

from convey import purchase, tag_of


def insert(db, rows):
    db.execute("BEGIN IMMEDIATE")
    ids = [db.execute("INSERT INTO outbox (event_id, event, payload) VALUES (?, ?, ?)",
                      (row["event_id"], row["event"], row["payload"])).lastrowid
           for row in rows]
    db.execute("COMMIT")
    return ids


def main():
    path, name, seed = sys.argv[1:4]
    pause_s = float(sys.argv[4]) if len(sys.argv) > 4 else 0.04
    chance = random.Random(seed)
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    number, worst = 0, 0
    while not stopping:
        rows = []
        for _ in range(chance.choice((1, 1, 1, 3, 20))):
            number += 1
            kind = chance.random()
            if kind < 0.05:
                number_, event_id = chance.randint(1, number), True
            else:
                number_, event_id = number, (None if kind < 0.1 else True)
            rows.append(purchase(number_, event_id, prefix=name, event_time=1790000000))
        start = time.monotonic()
        try:
            ids = insert(db, rows)
        except sqlite3.OperationalError as e:
            if "full" not in str(e):
                raise
            if db.in_transaction:
                db.rollback()
            time.sleep(0.05)
            continue
        worst = max(worst, time.monotonic() - start)
        print(json.dumps([{"outbox_id": i, "event_id": row["event_id"], "tag": tag_of(row)}
                          for i, row in zip(ids, rows)]), flush=True)
        time.sleep(chance.random() * pause_s)
    print(json.dumps({"worst_ms": worst * 1000}), flush=True)


if __name__ == "__main__":
    main()
