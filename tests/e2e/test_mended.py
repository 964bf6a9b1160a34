# SPDX-License-Identifier: MIT
"""Rows that were refused and are mended where they stand: found, and sent once."""
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import applied_ids, purchase, wait_until  # noqa: E402
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

    def content(self, **changes):
        """Of a row that has neither an event_id nor an order's number."""
        payload = json.loads(purchase(1)["payload"])
        del payload["properties"]["order_id"]
        payload["properties"].update(changes)
        return json.dumps(payload)

    def test_an_id_is_derived_of_what_was_mended(self):
        """The right content, inserted anew, is the same conversion."""
        now = int(time.time())
        rows = [{"event": "purchase", "event_time": "soon", "payload": self.content(n=1)},
                {"event": "purchase", "event_time": now, "payload": self.content(n=2, value="x")}]
        self.project.insert(rows)
        self.drain()
        self.assertEqual(self.project.reasons(), {"bad_time": 1, "bad_value": 1})
        before = self.project.query("SELECT event_id FROM outbox_status ORDER BY id")
        self.mend(1, event_time=now)
        self.mend(2, payload=self.content(n=2))
        mended = [dict(rows[0], event_time=now), dict(rows[1], payload=self.content(n=2))]
        for (event_id,), row in zip(before, mended):
            self.assertNotIn(event_id, self.project.convey("preview", event_id))
            self.project.convey("retry", event_id)
        self.drain()
        after = self.project.query("SELECT event_id FROM outbox_status ORDER BY id")
        self.assertFalse(set(after) & set(before))
        self.project.insert(mended)
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 2, "duplicate": 2})
        self.assertEqual(self.sent(), {event_id: 1 for (event_id,) in after})
        self.assertIn("delivered", self.project.convey("why", after[0][0]))

    def test_an_id_of_what_was_redacted_is_kept(self):
        """It cannot be derived again, and nothing but the mending has changed it."""
        payload = json.loads(self.content())
        payload["user"] = {"email": "jane@shop.example"}
        self.project.insert([{"event": "purchase", "event_time": "soon",
                              "payload": json.dumps(payload)}])
        self.drain()
        before = self.project.query("SELECT event_id FROM outbox_status")
        self.mend(1, event_time=int(time.time()))
        self.project.convey("retry", before[0][0])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.assertEqual(self.sent(), {before[0][0]: 1})

    def test_an_id_is_kept_where_only_a_url_was_redacted(self):
        """Retried as redaction left it, it is the conversion that it was: no hash says so."""
        payload = json.loads(self.content())
        payload["page"]["url"] += "?email=jane@shop.example&n=1"
        soon = int(time.time()) + 303
        row = {"event": "purchase", "event_time": soon, "payload": json.dumps(payload)}
        self.project.insert([row])
        self.drain()
        self.assertEqual(self.project.reasons(), {"future_time": 1})
        self.assertNotIn("jane", self.project.query("SELECT payload FROM outbox")[0][0])
        before = self.project.query("SELECT event_id FROM outbox_status")
        wait_until(lambda: time.time() > soon - 299)
        self.project.convey("retry", before[0][0])
        self.drain()
        self.project.insert([row])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1, "duplicate": 1})
        self.assertEqual(self.sent(), {before[0][0]: 1})

    def test_an_id_is_derived_where_who_it_was_is_in_it_again(self):
        """The whole payload was put in anew: inserted once more, it is that conversion."""
        rows = []
        for n in range(3):
            payload = json.loads(self.content(n=n, value="x"))
            if n < 2:
                payload["page"]["url"] += "?email=jane@shop.example"
            if n > 0:
                payload["user"] = {"email": "jane@shop.example"}
            rows.append({"event": "purchase", "payload": json.dumps(payload)})
        self.project.insert(rows)
        self.drain()
        before = self.project.query("SELECT event_id FROM outbox_status")
        for n, row in enumerate(rows):
            row["payload"] = row["payload"].replace('"x"', "29.99")
            self.mend(n + 1, payload=row["payload"])
        self.project.convey("retry", "--status", "rejected")
        self.drain()
        after = self.project.query("SELECT event_id FROM outbox_status")
        self.assertFalse(set(after) & set(before))
        self.project.insert(rows)
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 3, "duplicate": 3})
        self.assertEqual(self.sent(), {event_id: 1 for (event_id,) in after})

    def refuse_strangers(self, **user):
        """What is left of them is the same."""
        rows = []
        for n in range(5):
            payload = json.loads(self.content(value="x"))
            payload["page"]["referrer"] = f"https://mail.example/?email=u{n}@shop.example"
            payload.setdefault("user", {}).update(user)
            rows.append({"event": "purchase", "payload": json.dumps(payload)})
        self.project.insert(rows)
        self.drain()
        self.assertEqual(self.project.query("SELECT count(DISTINCT payload) FROM outbox"), [(1,)])

    def mend_value(self):
        db = self.project.connect()
        db.execute("UPDATE outbox SET payload = json_set(payload, '$.properties.value', 7)")
        db.close()
        self.project.convey("retry", "--status", "rejected")
        self.drain()

    def test_strangers_are_not_one_another(self):
        """Who they were is gone from what is left of them, also where they were mended."""
        self.refuse_strangers()
        self.mend_value()
        self.assertEqual(self.project.statuses(), {"delivered": 5})

    def test_strangers_of_one_city_are_not_one_another(self):
        """It has to be written again, as TikTok takes it plain; it is not who they were."""
        self.refuse_strangers(city="Berlin", state="Berlin")
        db = self.project.connect()
        db.execute("UPDATE outbox SET payload = json_set(payload, '$.user.city', 'Berlin', "
                   "'$.user.state', 'Berlin')")
        db.close()
        self.mend_value()
        self.assertEqual(self.project.statuses(), {"delivered": 5})

    def test_strangers_of_an_older_version_are_not_one_another(self):
        """It did not note what redaction had rewritten. What has no URL was not, where no hash is."""
        self.refuse_strangers()
        bare = json.dumps({"properties": {"value": "x", "currency": "EUR"}})
        self.project.insert([{"event": "purchase", "payload": bare}])
        self.drain()
        before = self.project.query("SELECT event_id FROM outbox_status")
        self.project.undo_migrations()
        self.project.convey("init")
        self.project.convey("destination", "set", "shop", "--default-url", "https://shop.example/")
        self.mend_value()
        self.assertEqual(self.project.statuses(), {"delivered": 6})
        after = self.project.query("SELECT event_id FROM outbox_status")
        self.assertEqual([one == other for one, other in zip(before, after)], [True] * 5 + [False])

    def test_a_relay_that_dies_behind_the_mending(self):
        """What was on its way under the new id goes out under it again."""
        self.project.insert([{"event": "purchase", "payload": self.content(value="x")}])
        self.drain()
        self.mend(1, payload=self.content())
        self.project.convey("retry", "--row", "1")
        self.sandbox.set_faults("hang:count=1")
        relay = self.start()
        wait_until(lambda: self.project.statuses() == {"sending": 1})
        relay.kill()
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.assertEqual(list(self.sent().values()), [1])

    def test_an_id_of_its_own(self):
        """Given when it was mended: the same row once more is its duplicate."""
        self.project.insert([{"event": "purchase", "payload": self.content(value="x")}])
        self.drain()
        self.mend(1, event_id="own-1", payload=self.content())
        self.project.convey("retry", "own-1")
        self.drain()
        self.project.insert([{"event": "purchase", "event_id": "own-1",
                              "payload": self.content()}])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1, "duplicate": 1})
        self.assertEqual(self.sent(), {"own-1": 1})

    def test_mended_again_when_it_was_sent_to_one(self):
        """It goes to the other under the id that the first has it by."""
        self.add_destination("later", "LATER")
        self.project.insert([{"event": "purchase", "payload": self.content(value="x")}])
        self.drain()
        self.project.convey("destination", "pause", "later")
        self.mend(1, payload=self.content(n=1))
        self.project.convey("retry", "--row", "1")
        relay = self.start()
        wait_until(lambda: len(self.sent()) == 1)
        self.assertEqual(relay.stop(), 0)
        sent = self.project.query("SELECT event_id FROM outbox_status")
        self.mend(1, payload=self.content(n=2))
        self.project.convey("destination", "resume", "later")
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.assertEqual(self.project.query("SELECT event_id FROM outbox_status"), sent)
        self.assertEqual(self.sent(), {sent[0][0]: 2})

    def test_an_id_that_was_sent_is_kept(self):
        """At one destination it is refused, at another it has arrived."""
        self.add_destination("crm", "CRM1", "crm")
        self.project.insert([{"event": "purchase", "payload": self.content()}])
        self.drain()
        self.assertEqual(self.project.reasons(), {"delivered": 1, "missing_lead_id": 1})
        before = self.project.query("SELECT event_id FROM outbox_status")
        payload = json.loads(self.content())
        payload["lead"] = {"lead_id": "7", "lead_event_source": "x"}
        self.mend(1, payload=json.dumps(payload))
        self.project.convey("retry", before[0][0])
        self.drain()
        self.assertEqual(self.project.query("SELECT event_id FROM outbox_status"), before)
        self.assertEqual(self.sent(), {before[0][0]: 2})


if __name__ == "__main__":
    unittest.main()
