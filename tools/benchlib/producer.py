# SPDX-License-Identifier: MIT
"""A producer: commits rows of a pool into an outbox with synchronous=FULL, one transaction after
the other, and prints how long each took, from BEGIN to the end of COMMIT.

    producer.py DB POOL ROWS_A_TRANSACTION TRANSACTIONS   -> {"s":…, "ms":[…]} on stdout"""
import json
import sqlite3
import sys
import time


def main(path, pool, size, transactions):
    db = sqlite3.connect(path, isolation_level=None, timeout=60)
    db.execute("ATTACH ? AS source", (pool,))
    db.execute("PRAGMA main.synchronous=FULL")
    took = []
    begin = time.monotonic_ns()
    for at in range(transactions):
        start = time.monotonic_ns()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO outbox(event_id, event, payload) SELECT event_id, event, payload "
                   "FROM source.pool WHERE id > ? AND id <= ?", (at * size, (at + 1) * size))
        db.execute("COMMIT")
        took.append(round((time.monotonic_ns() - start) / 1e6, 4))
    print(json.dumps({"s": (time.monotonic_ns() - begin) / 1e9, "ms": took}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
