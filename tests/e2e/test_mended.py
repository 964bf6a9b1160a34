# SPDX-License-Identifier: MIT
"""Rows that were refused and are mended where they stand: found, and sent once."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import applied_ids, purchase  # noqa: E402
from relay_case import Case  # noqa: E402


class Mended(Case):
    def mend(self, row, **columns):
        db = self.project.connect()
        for name, value in columns.items():
            db.execute(f"UPDATE outbox SET {name} = ? WHERE id = ?", (value, row))
        db.close()

    def sent(self):
        return applied_ids(self.sandbox.ledger())

    def test_an_id_that_was_mended_is_found(self):
        bad = ["L" * 5000, b"\xff\xfe", "a\0b"]
        self.project.insert(purchase(n, event_id=id) for n, id in enumerate(bad))
        self.drain()
        self.assertEqual(self.project.statuses(), {"rejected": 3})
        for row in (1, 2, 3):
            self.mend(row, event_id=f"mended-{row}")
            self.assertIn(f"received     row {row}, ",
                          self.project.convey("why", f"mended-{row}"))
            self.project.convey("preview", f"mended-{row}")
            self.project.convey("retry", f"mended-{row}")
            # It waits, and no relay has read it yet.
            self.assertIn("status       pending", self.project.convey("why", f"mended-{row}"))
        self.project.convey("cancel", "mended-3")
        self.drain()
        self.assertEqual(self.sent(), {"mended-1": 1, "mended-2": 1})
        self.assertIn("status       shop: delivered", self.project.convey("why", "mended-1"))
        self.project.convey("why", "L" * 5000, status=66)

    def test_an_id_that_tiktok_refused(self):
        self.sandbox.set_faults("poison:id=bad-*")
        self.project.insert([purchase(1, prefix="bad"), purchase(2)])
        self.drain()
        self.mend(1, event_id="good-1")
        self.project.convey("retry", "good-1")
        self.drain()
        self.assertEqual(self.sent(), {"id-2": 1, "good-1": 1})

    def test_a_row_is_found_by_its_number(self):
        """One of blanks that cannot be read has no id at all."""
        self.project.insert([dict(purchase(1, event_id="  "), payload="{"), purchase(2)])
        self.drain()
        self.assertIn("received     row 1, ", self.project.convey("why", "--row", "1"))
        self.project.convey("preview", "--row", "1", status=1)
        self.assertIn('"id-2"', self.project.convey("preview", "--row", "2"))
        self.project.convey("cancel", "--row", "1")
        self.assertEqual(self.project.statuses(), {"cancelled": 1, "delivered": 1})
        self.mend(1, payload=purchase(1)["payload"])
        self.project.convey("retry", "--row", "1")
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 2})

    def test_a_number_that_is_none(self):
        self.project.insert([purchase(1)])
        self.drain()
        for verb in ("why", "preview", "retry", "cancel"):
            for words in (("--row", "0"), ("--row", "x"), ("--row", "1", "id-1"), ()):
                self.project.convey(verb, *words, status=64)
            self.assertIn("has no row 7", self.refused(66, verb, "--row", "7", "--db",
                                                       self.project.db))
        self.assertIn("row 1 was delivered", self.refused(65, "retry", "--row", "1", "--db",
                                                          self.project.db))
        self.project.convey("retry", "--row", "1", "--status", "failed", status=64)


if __name__ == "__main__":
    unittest.main()
