# SPDX-License-Identifier: MIT
"""An event_id that a person gives up, and its rows that no relay has read yet."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

GRANTED = {"ad_user_data": "GRANTED"}
ADA = {"email": "ada@buyer.example"}


def costing(value, **more):
    row = purchase(1, consent=GRANTED, **more)
    payload = json.loads(row["payload"])
    payload["properties"]["value"] = value
    return dict(row, payload=json.dumps(payload))


class Paused(Case):
    """What is read waits behind a pause; then no relay runs, and more comes."""

    def setUp(self):
        super().setUp()
        self.project.convey("destination", "pause", "shop")

    def read(self):
        def all_read():
            return self.project.query("SELECT 1 FROM queue WHERE cursor = "
                                      "(SELECT max(id) FROM outbox)")
        relay = self.start()
        wait_until(all_read, what="the reading")
        self.assertEqual(relay.stop(), 0)

    def send(self):
        self.project.convey("destination", "resume", "shop")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.query("SELECT count(*) FROM given_up WHERE last_id > "
                                            "(SELECT cursor FROM queue)"), [(0,)])
        return [event for _, event in sent(self.sandbox.ledger())]

    def statuses(self):
        return self.project.query("SELECT id, coalesce(reason, status) FROM outbox_status "
                                  "ORDER BY id")


class Cancelled(Paused):
    def test_whatever_the_id_stands_in(self):
        rows = [purchase(1), purchase(2, event_id=None, transaction_id="tx-2"),
                purchase(3, event_id=None)]
        self.project.insert(rows)
        self.read()
        ids = [row[0] for row in self.project.query("SELECT event_id FROM outbox_status "
                                                    "ORDER BY id")]
        self.project.insert(rows)
        for event_id in ids:
            self.project.convey("cancel", event_id)
        anew = self.project.insert([purchase(2, event_id=None, transaction_id="tx-2")])
        self.assertEqual([event["event_id"] for event in self.send()], ["tx-2"])
        self.assertEqual(self.statuses(), [(n, "by_operator") for n in range(1, 7)]
                         + [(anew[0], "delivered")])
        self.assertEqual(self.project.queue()["cancelled"], 6)

    def test_however_many_there_are(self):
        self.project.insert([purchase(1)])
        self.read()
        self.project.insert([purchase(1) for _ in range(150)])
        self.project.convey("cancel", "id-1")
        self.assertEqual(self.send(), [])
        self.assertEqual(self.project.statuses(), {"cancelled": 151})

    def test_by_the_reason_that_it_waits_for(self):
        self.add_destination("other", "P2")
        self.project.convey("route", "add", "--to", "shop")
        self.project.insert([purchase(1)])
        self.read()
        self.project.insert([purchase(1), purchase(2)])
        self.project.convey("cancel", "--status", "pending", "--reason", "paused")
        self.assertEqual([event["event_id"] for event in self.send()], ["id-2"])
        self.assertEqual(self.statuses(), [(1, "by_operator"), (2, "by_operator"),
                                           (3, "delivered")])

    def test_ids_that_begin_again_are_others(self):
        self.project.insert([purchase(n) for n in range(10)])
        self.read()
        self.project.insert([purchase(n) for n in range(50)])
        for n in (3, 4):
            self.project.convey("cancel", f"id-{n}")
        anew = self.project.connect()
        anew.executescript("DELETE FROM outbox WHERE id > 5; "
                           "UPDATE sqlite_sequence SET seq = 5 WHERE name = 'outbox'")
        anew.close()
        anew = [purchase(n, event_id=None, transaction_id=f"id-{n}") for n in (3, 4, 20)]
        self.project.insert(anew)
        self.read()
        self.assertLessEqual({"id-3", "id-4", "id-20"}, {e["event_id"] for e in self.send()})

    def test_a_twin_that_cannot_be_read(self):
        self.project.insert([purchase(1)])
        self.read()
        self.project.insert([dict(purchase(1), payload="{")] * 80)
        self.project.convey("cancel", "id-1")
        self.assertEqual(self.send(), [])
        self.assertEqual(self.project.statuses(), {"cancelled": 81})

    def test_what_is_not_there_costs_nobody_the_lock(self):
        self.project.insert([purchase(1)])
        writer = self.project.connect()
        writer.execute("BEGIN IMMEDIATE")
        for verb in ("cancel", "retry"):
            self.project.convey(verb, "id-2", status=66)
            self.project.convey(verb, "id-2", "--dry-run", status=66)
        writer.close()


class TakenBack(Paused):
    """The first row comes back, whatever took it back and when it was read."""

    def give_up(self, read_before, twins=1):
        self.project.insert([costing(100, user=ADA)])
        if read_before:
            self.read()
        self.project.insert([costing(1)] * twins)
        self.project.convey("cancel", "id-1")

    def assert_first(self):
        event, = self.send()
        self.assertEqual(event["properties"]["value"], 100)
        self.assertIn("email", event["user"])
        self.assertEqual(self.statuses()[0], (1, "delivered"))

    def test_by_its_id(self):
        self.give_up(True)
        self.project.convey("retry", "id-1")
        self.assert_first()

    def test_by_its_id_once_all_were_read(self):
        self.give_up(True)
        self.read()
        self.project.convey("retry", "id-1")
        self.assert_first()

    def test_by_its_id_of_more_than_are_looked_at(self):
        self.give_up(True, 100)
        self.read()
        self.project.convey("retry", "id-1")
        self.assert_first()

    def test_by_its_status_once_all_were_read(self):
        self.give_up(True)
        self.read()
        self.project.convey("retry", "--status", "cancelled")
        self.assert_first()
        self.assertEqual(self.statuses()[1], (2, "duplicate"))

    def test_never_read(self):
        self.give_up(False)
        self.project.convey("retry", "id-1")
        self.assert_first()

    def test_never_read_by_its_status(self):
        self.give_up(False)
        self.read()
        self.project.convey("retry", "--status", "cancelled")
        self.assert_first()

    def test_the_mended_row_stays_in_place_of_a_rejected_one(self):
        self.project.insert([costing("x")])
        self.read()
        self.project.insert([costing(100, user=ADA), costing(1)])
        self.project.convey("cancel", "id-1")
        self.read()
        self.project.convey("retry", "id-1")
        event, = self.send()
        self.assertEqual(event["properties"]["value"], 100)
        self.assertEqual(self.statuses()[0], (1, "bad_value"))

    def test_an_id_of_the_payload(self):
        row = purchase(1, event_id=None, transaction_id="tx-1")
        for words in (["tx-1"], ["--status", "cancelled"], ["--row", "1"]):
            with self.subTest(words):
                self.setUp()
                self.project.insert([row])
                self.read()
                self.project.insert([row])
                self.project.convey("cancel", "tx-1")
                self.project.convey("retry", *words)
                self.assertEqual(len(self.send()), 1)
                self.assertEqual(self.statuses(), [(1, "delivered"), (2, "duplicate")])

    def test_one_row_that_nobody_has_read(self):
        row = purchase(1, event_id=None, transaction_id="tx-1")
        self.project.insert([row])
        self.read()
        self.project.insert([row, row])
        self.project.convey("cancel", "--row", "2")
        self.project.convey("cancel", "tx-1")
        self.project.convey("retry", "--row", "2")
        self.assertEqual(len(self.send()), 1)
        self.assertEqual(self.statuses(), [(1, "by_operator"), (2, "delivered"),
                                           (3, "duplicate")])


    def test_a_rejected_row_takes_back_no_other(self):
        self.project.insert([costing("x")])
        self.read()
        row = purchase(1, event_id=None, transaction_id="id-1")
        self.project.insert([costing(100), row])
        self.project.convey("cancel", "id-1")
        self.project.convey("retry", "--row", "1")
        self.assertEqual(self.send(), [])
        self.assertEqual(self.statuses(), [(1, "bad_value"), (2, "by_operator"),
                                           (3, "by_operator")])


class Erased(Paused):
    def test_its_twins_are_not_sent(self):
        click = {"ttclid": "E.C.P.ada"}
        for event_id in (True, None):
            for read_before in (True, False):
                with self.subTest(event_id=event_id, read_before=read_before):
                    self.setUp()
                    self.project.insert([purchase(1, event_id, consent=GRANTED, user=ADA)])
                    if read_before:
                        self.read()
                    self.project.insert([purchase(1, event_id, consent=GRANTED, user=click)])
                    self.project.convey("forget", "--email", ADA["email"])
                    self.project.convey("retry", "--status", "cancelled")
                    self.project.insert([purchase(1, event_id, value=5)])
                    self.assertEqual(len(self.send()), 1)
                    self.assertEqual(self.statuses(), [(1, "erased"), (2, "erased"),
                                                       (3, "delivered")])

    def test_what_comes_later_is_not(self):
        self.project.insert([costing(100, user=ADA)])
        self.read()
        self.project.insert([costing(1, user=ADA)])
        self.project.convey("forget", "--email", ADA["email"])
        self.project.insert([costing(7)])
        self.project.convey("cancel", "id-1")
        self.project.convey("retry", "id-1")
        event, = self.send()
        self.assertEqual(event["properties"]["value"], 7)
        self.assertEqual(self.statuses(), [(1, "erased"), (2, "erased"), (3, "delivered")])


if __name__ == "__main__":
    unittest.main()
