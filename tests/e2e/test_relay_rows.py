# SPDX-License-Identifier: MIT
"""Rows that are not sent, and why; what an operator does about them."""
import json
import os
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

NOW = int(time.time())
PAGE = {"page": {"url": "https://shop.example/thanks"}}


def row(payload, event="purchase", event_time=None):
    if isinstance(payload, dict):
        payload = json.dumps({**PAGE, **payload})
    return {"event": event, "event_time": event_time, "payload": payload}


def properties(**values):
    return row({"properties": values})


# name, row, reason; each stands among good rows, which are delivered
BAD_WEB = [
    ("no JSON", row("{"), "bad_json"),
    ("no object", row("[1]"), "bad_json"),
    ("a string", row('"purchase"'), "bad_json"),
    ("text behind it", row("{} {}"), "bad_json"),
    ("bad UTF-8", row(b'{"page": {"url": "https://shop.example/\xff"}}'), "bad_json"),
    ("no text at all", row(""), "bad_json"),
    ("a NUL", row('{"a": "\0"}'), "bad_json"),
    ("an empty name", row({}, event=""), "bad_event_name"),
    ("a control byte in the name", row({}, event="pur\nchase"), "bad_event_name"),
    ("no time", row({}, event_time="soon"), "bad_time"),
    ("no date", row({}, event_time="2026-13-45"), "bad_time"),
    ("a time that is a list", row({"conversion_date_time": [1]}), "bad_time"),
    ("a time that is none", row({"conversion_date_time": False}), "bad_time"),
    ("a currency's number", properties(value=1, currency=978), "bad_value"),
    ("tomorrow", row({}, event_time=NOW + 86400), "future_time"),
    ("six minutes ahead", row({}, event_time=NOW + 600), "future_time"),
    ("no page", row({"page": None}), "missing_page_url"),
    ("a value that is none", properties(value="lots", currency="EUR"), "bad_value"),
    ("a value without a currency", properties(value=1.5), "missing_currency"),
    ("5 MB", row({"properties": {"description": "x" * 5_000_000}}), "payload_too_large"),
    ("not mapped", row({}, event="page scrolled"), "not_mapped"),
    ("a month ago", row({}, event_time=NOW - 29 * 86400), "too_old"),
    ("no consent to storage", row({"consent": {"ad_storage": "DENIED"}}), "consent_denied"),
]


class NotSent(Case):
    def run_rows(self, rows):
        good = len(rows)
        for n, (_, bad, _) in enumerate(rows):
            self.project.insert([purchase(n), dict(bad, event_id=f"bad-{n}")])
        before = self.project.query("SELECT id, event, event_time, payload FROM outbox")
        self.drain()
        self.assertEqual(before, self.project.query("SELECT id, event, event_time, payload "
                                                    "FROM outbox"), "bytes are kept")
        self.assertEqual(self.project.statuses()["delivered"], good)
        for n, (name, _, reason) in enumerate(rows):
            with self.subTest(name=name):
                found = self.project.delivery(f"bad-{n}")
                self.assertEqual(found["reason"], reason)
                self.assertEqual(found["status"], "skipped" if reason in
                                 ("not_mapped", "too_old", "consent_denied") else "rejected")
                self.assertEqual(found["attempts"], 0)
        self.check()

    def test_web(self):
        self.run_rows(BAD_WEB)
        problems = {(p["reason"], p["count"]) for p in
                    self.project.rows("SELECT * FROM problem")}
        for reason in {reason for _, _, reason in BAD_WEB}:
            count = sum(reason == other for _, _, other in BAD_WEB)
            self.assertIn((reason, count), problems)

    def test_a_name_that_is_no_text_or_null(self):
        db = self.project.connect()
        db.execute("INSERT INTO outbox (event_id, event, payload) VALUES ('x', x'ff00', '{}')")
        db.execute("INSERT INTO outbox (event_id, event, payload) VALUES ('y', 'purchase', 5)")
        db.execute("INSERT INTO outbox (event_id, event, payload) VALUES ('z', 'purchase', NULL)")
        db.execute("INSERT INTO outbox (event_id, event, payload, event_time) "
                   "VALUES ('t', 'purchase', ?, x'00')", (json.dumps(PAGE),))
        db.execute("INSERT INTO outbox (event_id, event, payload) VALUES (x'fe', 'purchase', ?)",
                   (json.dumps(PAGE),))
        db.close()
        self.project.insert([purchase(1)])
        self.drain()
        self.assertEqual(self.project.delivery("id-1")["status"], "delivered")
        self.assertEqual([row[0] for row in self.project.query(
            "SELECT status FROM outbox_status ORDER BY id")][:4], ["rejected"] * 4)

    def test_a_producer_that_names_every_column(self):
        """An object mapper writes NULL where the table has a default."""
        db = self.project.connect()
        for n, created in enumerate((None, "2026-01-31 12:00:00", -5)):
            db.execute("INSERT INTO outbox (id, event_id, event, event_time, payload, created_at) "
                       "VALUES (NULL, ?, 'purchase', NULL, ?, ?)",
                       (f"n-{n}", json.dumps(PAGE), created))
        db.close()
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 3})
        for _, event in sent(self.sandbox.ledger()):
            self.assertAlmostEqual(event["event_time"], time.time(), delta=60)

    def test_a_row_that_was_made_at_no_time_or_in_another_unit(self):
        hour_ago = int(NOW) - 3600
        told = [hour_ago, hour_ago * 1000, hour_ago * 10 ** 6, hour_ago * 10 ** 9, str(hour_ago),
                time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(hour_ago))]
        untold = [0, -5, "x", "", b"ab", float("inf"), "2026-01-31 12:00:00"]
        self.project.insert(dict(purchase(n), created_at=at) for n, at in enumerate(told + untold))
        self.drain()
        times = {event["event_id"]: event["event_time"] for line in self.sandbox.ledger()
                 for event in line["events"]}
        for n in range(len(told)):
            self.assertEqual(times.pop(f"id-{n}"), hour_ago, told[n])
        self.assertEqual(len(times), len(untold))
        self.assertTrue(all(at >= int(NOW) for at in times.values()), times)
        self.assertIn("when the row was made", self.project.convey("why", "id-0"))
        for n in range(len(told), len(told + untold)):
            self.assertIn("as created_at holds no time", self.project.convey("why", f"id-{n}"))

    def test_an_id_that_no_delivery_could_name(self):
        db = self.project.connect()
        for number in (2**62, 2**52, 0, -1):
            with self.assertRaises(sqlite3.IntegrityError):
                db.execute("INSERT INTO outbox (id, event) VALUES (?, 'purchase')", (number,))
        db.execute("INSERT INTO outbox (id, event_id, event, payload) VALUES (?, 'last', "
                   "'purchase', ?)", (2**52 - 1, json.dumps(PAGE)))
        self.drain()
        self.assertEqual(self.project.delivery("last")["status"], "delivered")
        db.execute("PRAGMA ignore_check_constraints = 1")
        db.execute("INSERT INTO outbox (event) VALUES ('purchase')")
        db.close()
        relay = self.start("--drain")
        self.assertEqual(relay.wait(), 65)
        self.assertIn("too large", relay.log())

    def test_app_and_crm(self):
        self.add_destination("app", "APP1", "app")
        self.add_destination("crm", "CRM1", "crm")
        self.add_destination("offline", "OFF1", "offline")
        self.project.insert([purchase(1)])
        self.drain()
        self.assertEqual(
            dict(self.project.query("SELECT destination, coalesce(reason, status) FROM "
                                    "delivery_status")),
            {"shop": "delivered", "app": "missing_app_id", "crm": "missing_lead_id",
             "offline": "delivered"})
        self.assertEqual(self.project.statuses(), {"rejected": 1})
        self.check()

    def test_an_event_that_is_mapped_afterwards(self):
        self.project.insert(dict(purchase(n), event="page scrolled") for n in range(3))
        relay = self.start()
        self.project.wait_for({"skipped": 3})
        unmapped = self.project.rows("SELECT * FROM unmapped_event")
        self.assertEqual([(u["event"], u["count"]) for u in unmapped], [("page scrolled", 3)])
        self.project.convey("retry", "--status", "skipped")  # counted already
        self.project.wait_for({"skipped": 3})
        wait_until(lambda: self.project.query("SELECT count(*) FROM waiting") == [(0,)])
        self.assertEqual(self.project.query("SELECT count FROM unmapped_event"), [(3,)])
        self.project.convey("map", "set", "Page_Scrolled", "ViewContent")
        self.assertEqual(self.project.query("SELECT count(*) FROM unmapped_event"), [(0,)])
        self.project.insert([dict(purchase(3), event="page scrolled")])
        self.project.wait_for({"skipped": 3, "delivered": 1})
        self.project.convey("retry", "--status", "skipped", "--reason", "not_mapped")
        self.project.wait_for({"delivered": 4})
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_a_request_has_4_mib_at_most(self):
        """However many events its destination takes at once."""
        large = {"value": 1, "currency": "EUR", "description": "x" * 400_000}
        self.project.insert([purchase(n, properties=large) for n in range(15)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 15})
        self.assertEqual(self.project.query("SELECT events FROM attempt_log ORDER BY id"),
                         [(10,), (5,)])

    def test_a_row_that_is_deleted_while_it_waits(self):
        self.sandbox.set_faults("50000:count=2")
        self.project.insert(purchase(n) for n in range(4))
        relay = self.start("--retry-base-ms", "1000", "--retry-cap-ms", "1000")
        self.project.wait_for({"retrying": 4})
        admin = self.project.connect()
        admin.execute("DELETE FROM outbox WHERE id IN (2, 3)")
        admin.close()
        self.project.wait_for({"delivered": 2})
        wait_until(lambda: self.project.queue()["cancelled"] == 2)
        self.assertEqual(self.project.queue()["retrying"], 0)
        self.assertEqual(self.project.query("SELECT reason, count FROM problem"), [("erased", 2)])
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.drain(), 0)

    def test_a_mended_row_takes_nothing_from_the_broken_one(self):
        broken = properties(value="12,50", currency="EUR", description="broken")
        self.project.insert([dict(broken, event_id="id-1")])
        self.drain()
        self.assertEqual(self.project.statuses(), {"rejected": 1})
        self.project.convey("destination", "pause", "shop")
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.query("SELECT 1 FROM waiting"), what="the wait")
        self.project.convey("destination", "resume", "shop")
        self.project.wait_for({"rejected": 1, "delivered": 1})
        self.assertEqual(relay.stop(), 0)
        self.assertNotIn("broken", json.dumps(self.sandbox.ledger()))
        steps = json.loads(self.project.convey("why", "id-1", "--json"))
        self.assertEqual([step["text"].split(",")[0] for step in steps
                          if step["step"] in ("received", "another")], ["row 2", "row 1"])
        self.check()
        # Nobody needs to look at the broken one any more, once somebody has said so.
        self.project.convey("status", status=1)
        self.project.convey("cancel", "id-1")
        self.assertEqual(self.project.query("SELECT status, reason FROM outbox_status ORDER BY id"),
                         [("cancelled", "by_operator"), ("delivered", None)])
        self.project.convey("cancel", "id-1", status=65)

    def test_a_row_is_mended_where_it_stands(self):
        hour_ago = (NOW - 3600) * 1000
        broken = properties(value="12,50", currency="EUR")
        self.project.insert([dict(broken, event_id="id-1", created_at=hour_ago)])
        self.drain()
        self.assertEqual(self.project.reasons(), {"bad_value": 1})
        db = self.project.connect()
        db.execute("UPDATE outbox SET payload = json_set(payload, '$.properties.value', '12.50') "
                   "WHERE event_id = 'id-1'")
        db.close()
        self.project.convey("retry", "id-1")
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        (event,) = [event for line in self.sandbox.ledger() for event in line["events"]]
        self.assertEqual((event["event_time"], event["properties"]["value"]), (NOW - 3600, 12.5))
        self.check()

    def test_its_id_is_free_while_its_neighbours_are_under_way(self):
        """A request lies around a rejected row; the one that mends it is no duplicate."""
        relay = self.start()
        self.project.insert(purchase(n) for n in range(10, 20))
        self.project.wait_for({"delivered": 10})  # one by one until the first has arrived
        self.sandbox.set_faults("slow:ms=1500")
        broken = dict(purchase(2), payload="{")
        self.project.insert([purchase(1), broken, purchase(3)])
        wait_until(lambda: self.project.statuses() == {"delivered": 10, "sending": 2,
                                                         "rejected": 1})
        (mended,) = self.project.insert([purchase(2)])
        wait_until(lambda: self.project.query("SELECT status FROM outbox_status WHERE id = ?",
                                              mended) == [("sending",)])
        self.project.convey("cancel", "id-2", status=75)  # neither it nor the broken one
        self.project.wait_for({"delivered": 13, "rejected": 1})
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_a_page_url_that_comes_afterwards(self):
        self.project.insert(purchase(n, page=None) for n in range(3))
        self.drain()
        self.assertEqual(self.project.reasons(), {"missing_page_url": 3})
        self.project.convey("destination", "set", "shop", "--default-url",
                            "https://shop.example/")
        self.project.convey("retry", "--status", "rejected", "--reason", "missing_page_url")
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 3})
        self.check()


class Operator(Case):
    def test_cancelled_before_it_is_claimed(self):
        self.project.insert(purchase(n) for n in range(5))
        self.project.convey("cancel", "id-2")
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 4, "cancelled": 1})
        self.assertEqual(self.project.delivery("id-2")["reason"], "by_operator")
        self.assertNotIn("id-2", json.dumps(self.sandbox.ledger()))
        self.check()

    def test_what_nobody_has_read_waits_unless_it_is_cancelled_or_deleted(self):
        def waits():
            status = json.loads(self.project.convey("status", "--json"))
            doctor = json.loads(self.project.convey("doctor", "--offline", "--json"))
            told, = (line["detail"] for line in doctor if line["check"] == "relay")
            queue, = status["queue"]
            planned = json.loads(self.project.convey("cancel", "--status", "pending",
                                                     "--dry-run", "--json"))
            self.assertEqual([status["backlog"], queue["pending"], planned["cancelled"],
                              told], [queue["pending"]] * 3 + [
                                  f"none runs; {queue['pending']} rows wait"])
            return queue["pending"], self.project.query(
                "SELECT count, example_event_id FROM problem WHERE reason = 'paused'")

        self.project.convey("destination", "pause", "shop")
        self.project.insert(dict(purchase(n), created_at=int(time.time() * 1000) - 300000)
                            for n in range(3))
        self.project.insert(purchase(n) for n in range(3, 6))
        self.assertEqual(waits(), (6, [(6, "id-0")]))
        for n in range(3):
            self.project.convey("cancel", f"id-{n}")
        self.assertEqual(waits(), (3, [(3, "id-3")]))
        self.assertLess(self.project.queue()["oldest_pending_s"], 100)
        for gone, left in (("id-3", 2), ("id-5", 1)):
            admin = self.project.connect()
            admin.execute("DELETE FROM outbox WHERE event_id = ?", (gone,))
            admin.close()
            self.assertEqual(waits(), (left, [(left, "id-4")]))
        self.project.convey("cancel", "id-4")
        self.assertEqual((waits()[0], self.project.queue()["oldest_pending_s"]), (0, 0))

    def test_cancelled_while_it_waits(self):
        self.sandbox.set_faults("50000")
        self.project.insert(purchase(n) for n in range(5))
        relay = self.start("--retry-base-ms", "60000", "--retry-cap-ms", "60000")
        self.project.wait_for({"retrying": 5})
        relay.stop()
        self.project.convey("cancel", "id-2")
        self.sandbox.set_faults([])
        self.project.convey("retry", "--status", "retrying")
        self.drain(timeout=90)
        self.assertEqual(self.project.statuses(), {"delivered": 4, "cancelled": 1})
        self.check()

    def test_a_failed_row_is_tried_again(self):
        self.sandbox.set_faults("poison:id=id-2")
        self.project.insert(purchase(n) for n in range(5))
        relay = self.start()
        self.project.wait_for({"delivered": 4, "failed": 1})
        self.sandbox.set_faults([])
        self.project.convey("retry", "id-2")
        self.project.wait_for({"delivered": 5})
        relay.stop()
        self.check()

    def test_a_removed_destination(self):
        self.add_destination("second", "PIXEL2")
        self.project.convey("destination", "pause", "second")
        self.project.insert(purchase(n) for n in range(5))
        relay = self.start()
        wait_until(lambda: self.project.queue("shop")["delivered"] == 5)
        self.project.convey("destination", "remove", "second", status=75)
        self.project.convey("cancel", "--status", "pending")
        self.project.convey("destination", "remove", "second")
        self.project.insert([purchase(5)])
        wait_until(lambda: self.project.queue("shop")["delivered"] == 6)
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.query("SELECT status FROM outbox_status WHERE id = 6"),
                         [("delivered",)])


class Renamed(Case):
    def sent_and_renamed(self, fault):
        self.sandbox.set_faults(fault)
        self.project.insert([purchase(1)])
        relay = self.start("--retry-base-ms", "60000", "--retry-cap-ms", "60000")
        wait_until(lambda: self.project.delivery("id-1")["status"] == "retrying")
        self.assertEqual(relay.stop(), 0)
        admin = self.project.connect()
        admin.executescript("UPDATE outbox SET event_id = 'x'; UPDATE waiting SET due_at = 1")
        admin.close()
        self.assertEqual(self.drain(), 0)
        return self.project.delivery("x")["status"], len(self.sandbox.ledger())

    def test_what_may_have_arrived_is_not_sent_under_a_second_id(self):
        self.assertEqual(self.sent_and_renamed("empty:nth=1"), ("held", 1))
        self.assertIn("event_id was another when it was sent", self.project.convey("why", "x"))
        self.project.convey("retry", "x")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.delivery("x")["status"], "delivered")

    def test_nor_is_one_given_an_id_after_a_kill(self):
        """It came without, and its derived id is known."""
        self.sandbox.set_faults("hang")
        self.project.insert([purchase(1, event_id=None)])
        relay = self.start("--timeout-ms", "20000")
        wait_until(lambda: self.sandbox.ledger() and self.project.statuses() == {"sending": 1})
        relay.kill()
        self.sandbox.set_faults([])
        admin = self.project.connect()
        admin.execute("UPDATE outbox SET event_id = 'x'")
        admin.close()
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.delivery("x")["status"], "held")
        self.assertEqual(len(self.sandbox.ledger()), 1)

    def test_what_tiktok_did_not_take_is(self):
        self.assertEqual(self.sent_and_renamed("50000:nth=1"), ("delivered", 2))


if __name__ == "__main__":
    unittest.main()
