# SPDX-License-Identifier: MIT
"""What is older than it is to be kept goes, and only that."""
import json
import os
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402


class Retention(Case):
    def a_day_passes(self, days):
        """As if the relay had noted that many days ago what it has come to by now."""
        db = self.project.connect()
        db.execute("DELETE FROM milestone")
        db.execute(
            "INSERT INTO milestone SELECT CAST(strftime('%s', 'now') AS INTEGER) / 86400 - ?, "
            "cursor, 0, (SELECT max(id) FROM attempt) FROM queue", (days,))
        # It ran yesterday, too: else its clock is not believed to be so far ahead.
        db.execute("INSERT INTO milestone SELECT day + ? - 1, outbox_id, visit_id, attempt_id "
                   "FROM milestone", (days,))
        db.close()

    def test_settled_rows_go_and_their_ids_stay(self):
        rows = [purchase(n) for n in range(1500)] + [purchase(9000, event="nothing_mapped")]
        self.project.insert(rows)
        self.drain()
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1500, "skipped": 1})
        self.a_day_passes(31)
        self.drain()
        self.assertEqual(self.project.query("SELECT count(*) FROM outbox"), [(0,)])
        self.assertEqual(self.project.query("SELECT count(*) FROM delivery"), [(0,)])
        self.assertEqual(self.project.query("SELECT count(*) FROM attempt"), [(0,)])
        self.assertEqual(self.project.rows("SELECT * FROM problem"), [])
        self.assertEqual(self.project.queue("shop")["delivered"], 0)
        self.project.insert([purchase(n) for n in range(1490, 1510)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"duplicate": 10, "delivered": 10})
        self.assertEqual(len(self.sandbox.ledger()), 3)

    def test_who_has_the_id_of_a_row_that_is_gone_is_foretold(self):
        """Deleted, or too old to be kept, or too old for its id to be."""
        self.project.insert([purchase(1), purchase(2, event_id=None), purchase(3)])
        self.drain()
        db = self.project.connect()
        db.execute("DELETE FROM outbox WHERE id = 3")
        db.close()
        self.assert_foretold([purchase(3), purchase(4)], [True, False])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 3, "duplicate": 1})
        self.a_day_passes(31)
        self.drain()
        self.assertEqual(self.project.query("SELECT count(*) FROM outbox"), [(0,)])
        self.assert_foretold([purchase(1), purchase(2, event_id=None), purchase(5)],
                             [True, True, False])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1, "duplicate": 2})
        self.a_day_passes(426)
        self.drain()
        self.assert_foretold([purchase(1)], [False])
        self.drain()
        self.assertEqual(self.project.query(
            "SELECT status FROM outbox_status ORDER BY id DESC LIMIT 1"), [("delivered",)])

    def assert_foretold(self, rows, duplicates):
        for row, duplicate in zip(self.project.insert(rows), duplicates):
            said = self.project.convey("why", "--row", str(row))
            shown = json.loads(self.project.convey("preview", "--row", str(row), "--json",
                                                   status=int(duplicate)))
            self.assertEqual(("be a duplicate of a row that is kept no more; if" in said,
                              shown[0]["status"]),
                             (duplicate, "duplicate" if duplicate else None))

    def test_what_is_told_of_them_goes_too(self):
        """Derived ids, and duplicates that came before and after the first was sent."""
        self.project.insert([purchase(n, event_id=None, user={"email": f"a{n}@buyer.example"})
                             for n in range(3)] + [purchase(7), purchase(7)])
        self.drain()
        self.project.insert([purchase(7)])
        self.drain()
        tables = ("derived_id", "duplicate")
        self.assertEqual([self.project.query(f"SELECT count(*) FROM {table}")[0][0]
                          for table in tables], [3, 2])
        self.a_day_passes(31)
        self.drain()
        self.assertEqual([self.project.query(f"SELECT count(*) FROM {table}")[0][0]
                          for table in tables], [0, 0])

    def test_what_waits_stays_and_arrives(self):
        relay = self.start()
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 1})
        relay.stop()
        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(2)])
        relay = self.start()
        self.project.wait_for({"delivered": 1, "pending": 1})
        wait_until(lambda: self.project.query("SELECT 1 FROM waiting"), what="the second's turn")
        relay.stop()
        self.a_day_passes(31)
        relay = self.start()
        wait_until(lambda: self.project.statuses() == {"pending": 1}, what="the first's end")
        self.project.convey("destination", "resume", "shop")
        self.project.wait_for({"delivered": 1})
        relay.stop()

    def test_other_ages(self):
        self.project.insert([purchase(1)])
        self.drain()
        self.a_day_passes(31)
        for words, left in ((("--retention-days", "0"), 1), (("--retention-days", "32"), 1),
                            (("--retention-days", "31"), 0)):
            with self.subTest(words=words):
                self.drain(*words)
                self.assertEqual(self.project.query("SELECT count(*) FROM outbox"), [(left,)])

    def test_nothing_is_tried_again_in_a_damaged_file(self):
        """The relay ends with it, and does not say that it goes on."""
        self.project.insert([purchase(n) for n in range(3)])
        self.drain()
        self.a_day_passes(31)
        db = self.project.connect()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,), (root,) = db.execute("SELECT page_size FROM pragma_page_size UNION ALL SELECT "
                                      "rootpage FROM sqlite_master WHERE name = 'duplicate'")
        db.close()
        with open(self.project.db, "r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * size)
        for words in ((), ("--drain",)):
            with self.subTest(words=words):
                relay = self.start(*words)
                self.assertNotEqual(relay.wait(), 0)
                told, = [line for line in relay.log().splitlines() if "pruning_failed" in line]
                self.assertNotIn("tried again", told)

    def test_ids_have_an_age_of_their_own(self):
        self.project.insert([purchase(1)])
        self.drain()
        self.a_day_passes(31)
        self.drain("--dedup-days", "31")
        self.project.insert([purchase(1)])
        self.drain("--dedup-days", "31")
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.assertEqual(len(self.sandbox.ledger()), 2)

    def test_an_application_with_tables_of_its_own(self):
        """Nothing but convey's rows goes."""
        db = sqlite3.connect(self.project.db, isolation_level=None)
        db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        db.execute("INSERT INTO orders VALUES (1), (2)")
        db.close()
        self.project.insert([purchase(1)])
        self.drain()
        self.a_day_passes(40)
        self.drain()
        self.assertEqual(self.project.query("SELECT count(*) FROM orders"), [(2,)])
        self.assertEqual(self.project.query("SELECT count(*) FROM outbox"), [(0,)])


if __name__ == "__main__":
    unittest.main()
