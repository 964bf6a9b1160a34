# SPDX-License-Identifier: MIT
"""Rows of any size, that any producer can write: one ends by itself, and nothing else for it."""
import hashlib
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

MIB = 1 << 20
HUGE = 48 * MIB
PERSON = {"consent": {"ad_user_data": "GRANTED"}, "user": {"email": "ann@shop.example"}}


def rss_mb(relay, peak=False):
    with open(f"/proc/{relay.pid}/status", encoding="ascii") as file:
        return int(file.read().partition("VmHWM:" if peak else "VmRSS:")[2].split()[0]) // 1024


class Large(Case):
    def test_what_is_good_alone_is_good_beside_others_and_for_many(self):
        for n in range(15):
            self.add_destination(f"d{n}", f"PIX{n}")
        self.project.insert(purchase(n, properties={
            "value": 1, "currency": "EUR", "order_id": f"id-{n}", "description": "y" * size})
            for n, size in enumerate((600_000, 100, 950_000)))
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.reasons(), {"delivered": 3 * 16})
        self.check()

    def test_waiting_rows_are_read_one_by_one(self):
        self.project.convey("destination", "pause", "shop")
        self.project.insert(purchase(n, junk="x" * 900_000) for n in range(80))
        relay = self.start()
        wait_until(lambda: self.project.query("SELECT count(*) FROM waiting") == [(80,)])
        self.project.convey("destination", "resume", "shop")
        self.project.wait_for({"delivered": 80})
        self.assertLess(rss_mb(relay, peak=True), 50)
        relay.stop()


class Huge(Case):
    def test_values_that_are_longer_than_any_body(self):
        db = self.project.connect()
        db.execute("INSERT INTO visit (session_id, page_url, email) VALUES "
                   "('s', cast(zeroblob(?) AS text), 'bob@shop.example')", (HUGE,))
        db.execute("INSERT INTO outbox (event_id, event, payload) VALUES ('huge', 'purchase', "
                   "zeroblob(?))", (HUGE,))
        db.close()
        self.project.insert([purchase(1, **PERSON)])
        relay = self.start()
        self.project.wait_for({"rejected": 1, "delivered": 1})
        self.assertEqual(self.project.delivery("huge")["reason"], "payload_too_large")
        wait_until(lambda: rss_mb(relay) < 100, what="memory is given back")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.drain(), 0)
        self.assertNotIn("ann@", self.project.query("SELECT payload FROM outbox WHERE id = 2")[0][0])
        self.assertEqual(self.project.query("SELECT email, page_url FROM visit"),
                         [(hashlib.sha256(b"bob@shop.example").hexdigest(), " ")])

    def put(self, db, table, **row):
        """HUGE is a text that long."""
        values = ("cast(zeroblob(?) AS text)" if value == HUGE else "?" for value in row.values())
        db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(values)})",
                   list(row.values()))

    def test_they_cost_no_memory_whichever_column_has_them(self):
        db = self.project.connect()
        for column in ("payload", "event_id", "event", "event_time", "created_at"):
            self.put(db, "outbox", **{"event_id": column, "event": "purchase", column: HUGE})
        self.put(db, "visit", session_id="s", email="bob@shop.example", ttclid=HUGE)
        self.put(db, "visit", session_id="s", email="bob@shop.example", page_url=HUGE)
        self.put(db, "visit", session_id="s", email="bob@shop.example", seen_at=HUGE)
        self.put(db, "consent", email="bob@shop.example", ad_storage="GRANTED", session_id=HUGE)
        self.put(db, "consent", email="bob@shop.example", ad_user_data=HUGE)
        db.close()
        self.project.insert([purchase(1, session_id="s")])
        ends = [("rejected", "payload_too_large"), ("rejected", "payload_too_large"),
                ("rejected", "bad_event_name"), ("rejected", "bad_time"),
                ("rejected", "missing_page_url"), ("delivered", None)]
        query = "SELECT status, reason FROM outbox_status ORDER BY id"
        relay = self.start()
        wait_until(lambda: self.project.query(query) == ends, 60, "their ends")
        self.project.convey("retry", "payload")
        wait_until(lambda: self.project.query(query) == ends, 60, "their ends again")
        wait_until(lambda: not self.project.query(
            "SELECT 1 FROM visit WHERE email LIKE '%@%' UNION SELECT 1 FROM consent "
            "WHERE email LIKE '%@%'"), 60, "no plain identifiers")
        self.assertLess(rss_mb(relay, peak=True), 64)
        self.assertEqual(relay.stop(), 0)

    def test_an_id_that_is_too_long_leaves_the_others_known(self):
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.project.insert([dict(purchase(2), event_id="x" * 17 * MIB), purchase(1),
                             purchase(3), purchase(4, event_id=None)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.query("SELECT status FROM outbox_status ORDER BY id"), [
            ("delivered",), ("rejected",), ("duplicate",), ("delivered",), ("delivered",)])
        self.assertEqual(len(self.project.query("SELECT 1 FROM derived_id")), 1)


if __name__ == "__main__":
    unittest.main()
