# SPDX-License-Identifier: MIT
"""An event_id that a person gives up, and its rows that no relay has read yet."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

GRANTED = {"ad_user_data": "GRANTED"}
ADA = {"email": "ada@buyer.example"}


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


if __name__ == "__main__":
    unittest.main()
