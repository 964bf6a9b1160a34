# SPDX-License-Identifier: MIT
"""Rows of one event_id that make one conversion only together."""
import hashlib
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

GRANTED = {"ad_user_data": "GRANTED"}
PAGE = {"url": "https://shop.example/thanks?ttclid=E.C.P.1"}
SERVER = {"consent": GRANTED, "page": None, "user": {"email": "ada@buyer.example"},
          "properties": {"value": 59.9, "currency": "EUR", "order_id": "9"}}
BROWSER = {"page": PAGE, "user": None, "properties": None}


def email(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Parts(Case):
    """Committed before the relay reads them."""

    def events(self):
        return {event["event_id"]: event for _, event in sent(self.sandbox.ledger())}

    def statuses(self):
        return self.project.query("SELECT status, reason FROM outbox_status ORDER BY id")

    def test_of_the_server_and_of_the_browser(self):
        self.project.insert([purchase(1, **SERVER), purchase(1, **BROWSER),
                             purchase(2, **BROWSER), purchase(2, **SERVER)])
        self.drain()
        self.assertEqual(self.statuses(), [("delivered", None), ("duplicate", None)] * 2)
        for event in self.events().values():
            self.assertEqual(event["page"]["url"], PAGE["url"])
            self.assertEqual(event["properties"]["value"], 59.9)
            self.assertEqual((event["user"]["ttclid"], event["user"]["email"]),
                             ("E.C.P.1", email("ada@buyer.example")))
        self.check()

    def test_one_id_for_all_orders_is_told_in_the_log(self):
        relay = self.start()
        self.project.insert([purchase(1), purchase(1), purchase(1, **BROWSER)])
        self.project.wait_for({"delivered": 1, "duplicate": 2})
        self.assertNotIn("duplicate_differs", relay.log())
        for n in range(2, 5):
            self.project.insert([purchase(n, event_id="id-1")] * 3)
            self.project.wait_for({"delivered": 1, "duplicate": 3 * n - 1})
        lines = [line for line in relay.log().splitlines() if "duplicate_differs" in line]
        self.assertEqual(len(lines), 1, lines)  # in a minute
        self.assertIn("row=4 first=1 ", lines[0])

    def test_neither_could_be_sent_alone(self):
        self.project.insert([
            purchase(1, properties={"value": 5}), purchase(1, page=None,
                                                           properties={"currency": "EUR"}),
            purchase(2, page=None, properties={"value": "x"}), purchase(2, page=None),
            purchase(2, properties={"currency": "EUR"})])
        self.drain()
        # What is broken is not mended by others, and does not break them.
        self.assertEqual(self.statuses(), [
            ("delivered", None), ("duplicate", None), ("rejected", "missing_page_url"),
            ("delivered", None), ("duplicate", None)])
        self.assertEqual({name: event["properties"]["value"]
                          for name, event in self.events().items()},
                         {"id-1": 5, "id-2": 29.99})
        self.check()

    def test_what_one_destination_lacks(self):
        self.add_destination("till", "P2", source="offline")
        self.project.insert([purchase(1, page=None), purchase(1, user=None)])
        self.drain()
        self.assertEqual(self.project.query(
            "SELECT outbox_id, destination, status FROM delivery_status ORDER BY 1, 2"),
            [(1, "shop", "delivered"), (1, "till", "delivered"), (2, None, "duplicate")])
        self.check()

    def test_consent_and_routes(self):
        self.project.convey("destination", "set", "shop", "--consent-strict")
        self.project.convey("route", "add", "--to", "shop", "--has", "email")
        granted = dict.fromkeys(("ad_user_data", "ad_personalization", "ad_storage",
                                 "analytics_storage"), "GRANTED")
        self.project.insert([
            purchase(1, consent=None, user={"email": "ada@buyer.example"}),
            purchase(1, consent=granted, user=None),
            purchase(2, consent=granted, user=None),
            purchase(2, consent=None, user={"email": "ada@buyer.example"})])
        self.drain()
        self.assertEqual(self.statuses(), [("delivered", None), ("duplicate", None)] * 2)
        self.check()

    def test_a_time_that_could_not_be_sent_fills_nothing(self):
        """The first row says no time; what would make it too old, or of the future, is left."""
        now = int(time.time())
        self.project.insert([purchase(1), purchase(1, event_time=now - 40 * 86400),
                             purchase(2), purchase(2, event_time=now + 86400),
                             purchase(3), purchase(3, event_time=now - 86400)])
        self.drain()
        self.assertEqual(self.statuses(), [("delivered", None), ("duplicate", None)] * 3)
        times = {name: event["event_time"] for name, event in self.events().items()}
        self.assertLess(abs(times["id-1"] - now), 60)
        self.assertLess(abs(times["id-2"] - now), 60)
        self.assertEqual(times["id-3"], now - 86400)
        self.check()

    def test_one_that_was_cancelled_adds_nothing(self):
        self.project.insert([purchase(1, page=None), purchase(1), purchase(2)])
        (first,) = self.project.query("SELECT min(id) FROM outbox")[0]
        db = self.project.connect()
        db.execute("INSERT INTO delivery (key, state) SELECT (? + 1) * 1024, id FROM reason "
                   "WHERE word = 'by_operator'", (first,))
        db.close()
        self.drain()
        self.assertEqual(self.statuses(), [("rejected", "missing_page_url"),
                                           ("cancelled", "by_operator"), ("delivered", None)])


class Another(Case):
    """Of another conversion under the same event_id nothing is taken, least of all its consent."""

    def ended(self, first, second, statuses):
        ann = {"user": {"email": "ann@buyer.example"}}
        bob = {"user": {"phone": "+4915123456789", "locale": "de-DE"}, "consent": GRANTED}
        self.project.insert([purchase(1, **{**ann, **first}), purchase(1, **{**bob, **second})])
        self.relay = self.start("--drain")
        self.assertEqual(self.relay.wait(60), 0)
        self.project.wait_for(statuses)
        return [event for _, event in sent(self.sandbox.ledger())]

    def lends_nothing(self, first, second):
        (event,) = self.ended(first, second, {"delivered": 1, "duplicate": 1})
        self.assertTrue(event["limited_data_use"])
        self.assertNotIn("user", event)
        self.assertIn("not all have the same event, order_id and value",
                      self.project.convey("why", "id-1"))
        self.assertIn("duplicate_differs", self.relay.log())
        return event

    def lends_all(self, first, second):
        (event,) = self.ended(first, second, {"delivered": 1, "duplicate": 1})
        self.assertFalse(event["limited_data_use"])
        self.assertEqual(event["user"]["locale"], "de-DE")
        self.assertNotIn("not all", self.project.convey("why", "id-1"))
        return event

    def test_another_order(self):
        self.lends_nothing({}, {"properties": {"value": 29.99, "currency": "EUR", "order_id": "B",
                                               "description": "x"}})

    def test_another_value(self):
        money = {"currency": "EUR"}
        self.lends_nothing({"properties": {**money, "value": 10}},
                           {"properties": {**money, "value": "20", "order_id": "B"}})

    def test_another_value_of_persons_with_several_addresses(self):
        for n, (ann, bob) in enumerate(((["a@x.example", "b@x.example"], ["c@y.example", "d@y.example"]),
                                        ({"0": "a@x.example", "2": "b@x.example"}, "c@y.example"))):
            self.project.insert([
                purchase(n, properties={"value": 10, "currency": "EUR"}, user={"email": ann}),
                purchase(n, properties={"value": 20, "currency": "EUR"}, user={"email": bob},
                         consent=GRANTED)])
        self.drain()
        for _, event in sent(self.sandbox.ledger()):
            self.assertNotIn("user", event)

    def test_another_value_of_the_same_person(self):
        """Net and gross, or not known yet: what she denies counts."""
        jane = {"user": {"email": "jane@buyer.example"}}
        self.project.insert([
            purchase(1, consent=GRANTED, properties={"value": 0, "currency": "EUR"}),
            purchase(1, properties={"value": 119, "currency": "EUR", "order_id": "A"},
                     page={"url": "https://shop.example/?ttclid=E.C.P.1"}, **jane),
            purchase(2, properties={"value": 10, "currency": "EUR"}, **jane),
            purchase(2, properties={"value": 10.5, "currency": "EUR"}, **jane,
                     consent={"ad_user_data": "DENIED"})])
        self.drain()
        events = {event["event_id"]: event for _, event in sent(self.sandbox.ledger())}
        self.assertIn("email", events["id-1"]["user"])
        self.assertEqual(events["id-1"]["properties"]["order_id"], "A")
        self.assertNotIn("email", events["id-2"].get("user", {}))

    def test_a_consent_event_of_the_same_id(self):
        """Of an event that is not sent, and no other conversion therefore."""
        self.project.insert([
            purchase(1, user={"email": "jane@buyer.example"}),
            purchase(1, event="purchase_consent_update", properties=None,
                     consent={"ad_user_data": "DENIED", "ad_storage": "DENIED"})])
        self.drain()
        self.assertEqual([event for _, event in sent(self.sandbox.ledger())], [])

    def test_another_event(self):
        event = self.lends_nothing({"event": "add_to_cart", "properties": None}, {})
        self.assertEqual(event["event"], "AddToCart")
        self.assertNotIn("properties", event)

    def test_no_order_in_common(self):
        money = {"currency": "EUR", "order_id": "undefined"}
        self.lends_nothing({"properties": {**money, "value": 10}},
                           {"properties": {**money, "value": 20}})

    def test_its_currency(self):
        """The first is rejected, and gives its id up."""
        (event,) = self.ended({"properties": {"value": 1500}},
                              {"properties": {"value": 20, "currency": "EUR"}},
                              {"delivered": 1, "rejected": 1})
        self.assertEqual(event["properties"], {"value": 20, "currency": "EUR"})

    def test_net_and_gross_of_one_order(self):
        money = {"currency": "EUR"}
        event = self.lends_all({"properties": {**money, "order_id": 7, "value": 10}},
                               {"properties": {**money, "order_id": "7", "value": 11.9}})
        self.assertEqual(event["properties"]["value"], 10)

    def test_two_spellings_of_one_value(self):
        self.lends_all({"properties": {"currency": "EUR", "value": "10.0"}},
                       {"properties": {"currency": "EUR", "value": 10}})

    def test_two_names_of_one_event(self):
        event = self.lends_all({"event": "Order Completed"}, {"event": "purchase"})
        self.assertEqual(event["event"], "Purchase")


class NoOrder(Case):
    def test_what_stands_for_no_order_is_none(self):
        """Else all the orders without a number were one."""
        words = ("undefined", "null", "NaN", "(not set)", "{{order_id}}", "[object Object]", "-1",
                 "0", 0)
        self.project.insert([
            purchase(n, event_id=None, consent=GRANTED, user={"email": f"b{n}@buyer.example"},
                     properties={"value": n, "currency": "EUR", "order_id": word})
            for n, word in enumerate(word for word in words for _ in range(3))])
        self.drain()
        self.project.wait_for({"delivered": 3 * len(words)})
        events = [event for _, event in sent(self.sandbox.ledger())]
        self.assertEqual({event["properties"].get("order_id") for event in events}, {None})
        for event in events:
            self.assertEqual(event["user"]["email"],
                             email(f"b{event['properties']['value']}@buyer.example"))
        (event_id,) = self.project.query("SELECT event_id FROM outbox_status LIMIT 1")[0]
        self.assertRegex(self.project.convey("why", event_id),
                         "left out .*order_id: nothing readable in it")
        self.check()


class Again(Case):
    def test_a_retry_says_what_was_said_before(self):
        """Of the duplicates those count that came before the first was sent, at every attempt."""
        self.sandbox.set_faults("50000")
        self.project.insert([purchase(1), purchase(1, user={"locale": "de-DE"})])
        relay = self.start("--retry-base-ms", "200")
        wait_until(lambda: self.project.query(
            "SELECT 1 FROM waiting WHERE status = 3 AND attempts > 0"), what="the retry")
        self.project.insert([purchase(1, user={"locale": "fr-FR"}, properties={"note": "late"})])
        self.project.insert([{**purchase(1, user={"email": "ada@buyer.example"},
                                         properties={"note": "it says it is old"}),
                              "created_at": 1000}])
        wait_until(lambda: self.project.queue()["duplicate"] == 3)
        self.sandbox.set_faults([])
        self.project.wait_for({"delivered": 1, "duplicate": 3})
        self.assertEqual(relay.stop(), 0)
        events = [event for _, event in sent(self.sandbox.ledger())]
        self.assertGreater(len(events), 1)
        for event in events:
            self.assertEqual(event["user"]["locale"], "de-DE")
            self.assertNotIn("note", event["properties"])
            self.assertNotIn("email", event["user"])
        self.check()


class Elsewhere(Case):
    """The first row is skipped at one destination and waits at the other."""

    def setUp(self):
        super().setUp()
        self.add_destination("won", "P2", options=("--deliver", "only-won"))
        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(1)])
        relay = self.start()
        wait_until(lambda: self.project.query("SELECT 1 FROM waiting"), what="the first row")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.deliveries(), [(1, "shop", "pending"), (1, "won", "skipped")])
        self.project.insert([purchase(1)])

    def deliveries(self):
        return self.project.query(
            "SELECT outbox_id, destination, status FROM delivery_status ORDER BY 1, 2")

    def test_the_next_one_is_foretold_as_its_duplicate(self):
        self.project.convey("preview", "--row", "2", status=1)
        self.assertIn("when it is read it will be a duplicate of row 1;",
                      self.project.convey("why", "--row", "2"))
        self.assertIn("received     row 1, ", self.project.convey("why", "id-1"))
        self.project.convey("destination", "resume", "shop")
        self.drain()
        self.assertEqual(self.deliveries(), [(1, "shop", "delivered"), (1, "won", "skipped"),
                                             (2, None, "duplicate")])
        self.check()

    def test_what_is_cancelled_is_the_row_that_waits(self):
        """And with it the one that would take its place."""
        self.project.convey("cancel", "id-1")
        self.project.convey("destination", "resume", "shop")
        self.drain()
        self.assertEqual(self.deliveries(), [(1, "shop", "cancelled"), (1, "won", "skipped"),
                                             (2, None, "cancelled")])
        self.assertEqual(list(sent(self.sandbox.ledger())), [])


if __name__ == "__main__":
    unittest.main()
