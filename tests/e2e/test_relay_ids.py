# SPDX-License-Identifier: MIT
"""Ids of the outbox that begin again: what came under ids of others is sent, not taken for it."""
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import applied_ids, purchase  # noqa: E402
from relay_case import Case  # noqa: E402

RESET = "DELETE FROM outbox; DELETE FROM sqlite_sequence WHERE name = 'outbox'"


class Ids(Case):
    def begin_again(self, rows, remains=0, **more):
        """The first `rows` are delivered; all but `remains` of them go, and new ones come."""
        self.project.insert(purchase(n, **more) for n in range(rows))
        self.assertEqual(self.drain(), 0)
        self.reset(remains)

    def reset(self, remains=0):
        admin = self.project.connect()
        admin.executescript(RESET.replace(";", f" WHERE id > {remains};", 1))
        admin.close()

    def insert(self, rows):
        return [made["outbox_id"] for made in self.insert_made(rows)]

    def insert_made(self, rows):
        before = len(self.project.committed)
        self.project.insert(rows)
        return self.project.committed[before:]

    def sent(self):
        return applied_ids(self.sandbox.ledger())

    def test_that_begin_again(self):
        self.begin_again(20)
        self.assertEqual(self.drain(), 0)  # nothing has come yet
        self.assertEqual(self.insert([purchase(20)]), [21])
        self.reset()
        self.assertEqual(self.insert([purchase(21)]), [1])
        relay = self.start("--drain")
        self.assertEqual(relay.wait(), 0)
        self.assertIn("ids_began_again moved=1", relay.log())
        self.assertEqual(self.project.delivery("id-21")["status"], "delivered")
        self.assertIn("id-21", self.sent())
        self.assertEqual(self.insert([purchase(22)]), [22])

    def test_that_have_passed_the_last_one_again(self):
        self.begin_again(10)
        self.assertEqual(self.insert(purchase(n, prefix="again") for n in range(1200)),
                         list(range(1, 1201)))
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 1200})
        self.assertEqual({id for id in self.sent() if id.startswith("again")},
                         {f"again-{n}" for n in range(1200)})
        self.assertEqual(self.drain(), 0)
        self.assertEqual(set(self.sent().values()), {1})

    def test_of_which_some_are_still_there(self):
        self.begin_again(10, remains=6)
        self.assertEqual(self.insert(purchase(n, prefix="again") for n in range(8)),
                         list(range(7, 15)))
        self.assertEqual(self.drain(), 0)
        self.assertEqual(set(self.sent().values()), {1})
        self.assertEqual(len(self.sent()), 18)

    def test_without_ids_of_their_own(self):
        self.begin_again(10, event_id=None)
        self.insert(purchase(n, event_id=None, prefix="again") for n in range(15))
        self.assertEqual(self.drain(), 0)
        self.assertEqual(len(self.sent()), 25)

    def test_an_order_s_number_that_was_redacted_is_no_sign_of_it(self):
        """A clock that was ahead when the row was written: it seems to be newer than all deeds."""
        row = dict(purchase(1, event_id=None), created_at=int(time.time() * 1000) + 2500)
        payload = json.loads(row["payload"])
        payload["properties"]["order_id"] = "bob@shop.example-7"
        self.project.insert([dict(row, payload=json.dumps(payload)),
                             dict(row, event="purchase ann@shop.example")])
        self.project.convey("map", "set", "purchase ann@shop.example", "Purchase")
        self.assertEqual(self.drain(), 0)
        time.sleep(3)
        self.assertEqual(self.drain(), 0)
        self.assertEqual([row["id"] for row in self.project.rows("SELECT id FROM outbox")], [1, 2])
        self.assertEqual(set(self.sent().values()), {1})
        self.assertEqual(len(self.sent()), 2)

    def test_more_than_a_transaction_moves(self):
        self.begin_again(1300)
        self.insert(purchase(n, prefix="again") for n in range(1200))
        self.assertEqual(self.drain(), 0)
        self.assertEqual(len(self.sent()), 2500)
        self.assertEqual(set(self.sent().values()), {1})

    def test_under_a_relay(self):
        self.project.insert(purchase(n) for n in range(10))
        relay = self.start()
        self.project.wait_for({"delivered": 10})
        self.reset()
        self.project.insert([purchase(10)])
        self.assertEqual(relay.wait(), 66)
        self.assertIn("its ids begin again", relay.log())
        self.assertEqual(self.drain(), 0)
        self.assertIn("id-10", self.sent())

    def test_that_cannot_be_told_apart(self):
        """Whose rows these are nobody knows: they were made before the others were sent."""
        self.begin_again(10)
        self.project.insert([dict(purchase(11), created_at=1)])
        relay = self.start()
        self.assertEqual(relay.wait(), 65)
        self.assertIn("the ids of outbox begin again", relay.log())
        admin = self.project.connect()
        admin.executescript("UPDATE sqlite_sequence SET seq = 10 WHERE name = 'outbox'; "
                            "INSERT INTO outbox (event_id, event, payload) "
                            "SELECT event_id, event, payload FROM outbox; "
                            "DELETE FROM outbox WHERE id = 1")
        admin.close()
        self.assertEqual(self.drain(), 0)
        self.assertIn("id-11", self.sent())

    def test_that_have_passed(self):
        """A producer that chooses ids itself: nobody reads it, and nobody says it was not there."""
        for id in (50, 40):
            self.project.insert([dict(purchase(id), id=id)])
            self.assertEqual(self.drain(), 0)
        self.assertEqual(self.sent(), {"id-50": 1})
        for verb in ("retry", "cancel", "why"):
            self.assertIn("or its id had passed (convey doctor --integrity)",
                          self.refused(66, verb, "id-40", "--db", self.project.db))
        self.assertIn("1 rows that the relay will not see",
                      self.project.convey("doctor", "--offline", "--integrity", status=1))

    def test_of_a_row_that_was_renamed(self):
        """Another event_id alone makes no other row of it."""
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        admin = self.project.connect()
        admin.execute("UPDATE outbox SET event_id = 'other'")
        admin.close()
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.sent(), {"id-1": 1})


if __name__ == "__main__":
    unittest.main()
