# SPDX-License-Identifier: MIT
"""`convey why` from outside: every decision about a conversion, in order."""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import binary, purchase, wait_until  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from why_case import Case  # noqa: E402

GRANTED = {"ad_user_data": "GRANTED"}


class One(Case):
    def test_delivered_in_order(self):
        self.project.insert([purchase(1, consent=GRANTED, user={"email": "anna@shop.example"})])
        self.drain()
        steps = self.why("id-1")
        names = [step for step, _, _ in steps]
        order = ["received", "status", "map", "time", "consent", "route", "identifiers",
                 "validate", "attempt"]
        self.assertEqual([name for name in names if name in order], order)
        self.assertIn('event "purchase"', self.text(steps, "received"))
        self.assertIn('"Purchase"', self.text(steps, "map"))
        self.assertRegex(self.text(steps, "time"), r"\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        self.assertRegex(self.text(steps, "identifiers"), "email [0-9a-f]{8}…")
        self.assertRegex(self.text(steps, "attempt"),
                         r"delivered, HTTP 200, code 0, OK, request \w+, in a request of 1")
        self.assertIn("delivered", self.text(steps, "status"))
        self.assertNotIn("now", names)

    def test_what_is_known_of_the_person_in_its_place(self):
        """It is looked up before all, and told where it is used."""
        self.project.convey("destination", "add", "second", "--source", "web", "--id", "P2",
                            "--consent-strict")
        self.project.convey("route", "add", "--to", "shop,second")
        db = self.project.connect()
        db.execute("INSERT INTO visit (session_id, page_url, email, external_id) VALUES "
                   "('s-1', 'https://shop.example/?utm_source=news', 'anna@shop.example', 'c-1')")
        db.execute("INSERT INTO consent (external_id, ad_user_data) VALUES ('c-1', 'GRANTED')")
        db.close()
        known = {"page": None, "session_id": "s-1"}
        self.project.insert([purchase(1, **known), purchase(2, event="Nobody Maps This", **known)])
        self.drain()
        found = [("session", None), ("identity", None), ("identity", None)]
        steps = [(step, to) for step, to, _ in self.why("id-1")]
        self.assertEqual(
            [step for step in steps if step[0] not in ("touch", "identifiers", "validate")][3:],
            [("map", None), ("time", None), ("consent row", None), ("consent", "shop"), *found,
             ("attribution", "shop"), ("consent", "second"), ("decision", "second"),
             ("route", None), ("attempt", "shop")])
        self.assertEqual([(step, to) for step, to, _ in self.why("id-2")][2:],
                         [("map", None), ("consent row", None), *found, ("decision", None)])

    def test_no_plain_identifier_unless_asked_for(self):
        user = {"email": "anna@shop.example", "phone": "+4930123456789", "ip": "203.0.113.9",
                "user_agent": "Mozilla/5.0 (X11)", "external_id": "customer-77"}
        self.project.insert([purchase(1, consent=GRANTED, user=user)])
        told = self.project.convey("why", "id-1") + self.project.convey("why", "id-1", "--json")
        for value in user.values():
            self.assertNotIn(value, told)
        self.assertRegex(self.text(self.why("id-1", "--reveal"), "identifiers"),
                         "email [0-9a-f]{64}, .*ip 203.0.113.9, user_agent Mozilla")

    def test_nobody_has_it(self):
        self.assertEqual(self.project.convey("why", "nobody", status=66), "")

    def test_pending_says_what_it_waits_for(self):
        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(1)])
        status = self.text(self.why("id-1"), "status")
        self.assertIn("pending: paused", status)
        self.assertIn("convey destination resume shop", status)

    def test_rejected_with_advice(self):
        self.project.insert([purchase(1, page=None), purchase(2, page=None)])
        self.drain()
        steps = self.why("id-1")
        self.assertIn("missing_page_url", self.text(steps, "validate"))
        self.assertIn("--default-url", self.text(steps, "status"))
        self.project.convey("destination", "set", "shop", "--default-url",
                            "https://shop.example/")
        self.assertIn("would be sent", self.text(self.why("id-1"), "now"))

    def test_strict_consent_that_nobody_stated(self):
        def status(event_id):
            return self.text(self.why(event_id), "status", name)

        self.project.insert([purchase(1, user={"external_id": "c-1"}),
                             purchase(2, consent={"ad_storage": "DENIED"})])
        strict, name = ("shop", "--consent-strict"), None
        self.project.convey("destination", "set", *strict)
        self.drain()
        for event_id in "id-1", "id-2":
            self.assertIn("must both be GRANTED", status(event_id))
            self.assertNotIn("The person denied", status(event_id))
            self.assertRegex(self.text(self.why(event_id), "consent"), "; strict: what nobody")
        for words in ("status",), ("preview", "id-1"):
            done = subprocess.run([binary(), *words, "--db", self.project.db], text=True,
                                  capture_output=True, check=False)
            self.assertIn("both be GRANTED", " ".join((done.stdout + done.stderr).split()))
        db = self.project.connect()
        db.execute("INSERT INTO consent (external_id, ad_storage, analytics_storage) "
                   "VALUES ('c-1', 'GRANTED', 'GRANTED')")
        db.close()
        self.project.convey("retry", "id-1")
        self.drain()
        self.assertEqual(self.project.reasons(), {"delivered": 1, "consent_denied": 1})
        # Beside one that is not strict each has its own sentence, and there only denials count.
        self.project.convey("destination", "add", "two", "--source", "offline", "--id", "P2")
        self.project.insert([purchase(3)])
        self.project.convey("destination", "set", "shop", "--no-consent-strict")
        name = None
        self.assertIn("The person denied", status("id-2"))
        self.project.convey("destination", "set", *strict)
        self.project.set_token("token", "two")
        self.drain()
        name = "shop"
        self.assertIn("must both be GRANTED", status("id-3"))
        name = "two"
        self.assertIn("delivered", status("id-3"))

    def test_the_value_that_is_bad(self):
        for n, properties in enumerate(({"value": "29,99", "currency": "EUR"},
                                        {"value": 1, "currency": "EURO"},
                                        {"contents": [{"price": 1, "quantity": "two"}]},
                                        {"value": "jane@mail.example", "currency": "EUR"},
                                        {"value": {"first_name": "Jane"}, "currency": "EUR"},
                                        {"value": "+49 151 23456789", "currency": "EUR"})):
            self.project.insert([purchase(n, properties=properties)])
        self.drain()
        self.assertEqual(self.project.reasons(), {"bad_value": 6})
        for n, told in enumerate(("value is '29,99'", "currency is 'EURO'", "quantity is 'two'",
                                  "bad_value, value", "bad_value, value", "bad_value, value")):
            text = self.text(self.why(f"id-{n}"), "validate")
            self.assertTrue(text.endswith(told), text)

    def test_a_decision_is_told_once(self):
        self.project.insert([purchase(1, event="Nobody Maps This"),
                             dict(purchase(2), event_time="yesterday")])
        self.drain()
        for name in "two", "three":
            for event_id, told in (("id-1", "skipped: not_mapped"), ("id-2", "rejected: bad_time")):
                self.assertEqual([line for line in self.why(event_id) if line[0] == "decision"],
                                 [("decision", None, told)])
            self.project.convey("destination", "add", name, "--source", "web", "--id", "P2")

    def test_what_is_left_out(self):
        granted = {"consent": GRANTED, "properties": {}}
        rows = [purchase(1, **granted, user={"email": ["anna@shop.example", "none"], "phone": "12",
                                             "idfa": "x", "vorname": "Anna"}),
                purchase(2, user={"email": "anna@shop.example", "ip": "203.0.113.9"},
                         properties={"contents": ["sku1"], "order_id": ""}),
                purchase(3, properties={"contents": [{"item_id": "a", "item_name": "Mug", "size": 1}, {"size": 2}]}),
                purchase(4, page={"url": "shop.example/anna"}),
                dict(purchase(5), event_time="2026-13-01 10:00+02:00"),
                dict(purchase(6), event_time="anna@shop.example"),
                purchase(7, **granted, user={"email": "anna@shop.example", "city": "Berlin"}),
                purchase(8, properties={"contents": {"1": {"id": 7, "quantity": 1.5, "size": 1}}})]
        self.project.insert(rows)
        left_out = [
            ["email: 1 of its 2 values: not readable, or the same as another",
             "phone: nothing readable in it", "idfa: none are sent for the source web",
             "vorname: not among the documented names"],
            ["contents: nothing readable in it", "email, ip: ad_user_data is not granted"],
            ["contents: 1 of its 2 values: not readable, or the same as another",
             "size: not among the documented names"],
            ["page.url: it does not begin with http:// or https://"], [], [], [],
            ["quantity: not a whole number", "size: not among the documented names"]]
        for _ in range(2):
            for n, told in enumerate(left_out, 1):
                self.assertEqual([text for step, _, text in self.why(f"id-{n}")
                                  if step == "left out"], told)
            self.drain()
        self.assertEqual([self.text(self.why(f"id-{n}"), "time") for n in (5, 6)],
                         ["no time can be read from '2026-13-01 10:00+02:00'",
                          "no time can be read from it"])
        self.assertIn("begins with http", self.text(self.why("id-4"), "status"))

    def test_duplicates_are_told(self):
        rows = self.project.insert([purchase(1), purchase(2), purchase(1)])
        self.drain()
        steps = self.why("id-1")
        self.assertIn(f"row {rows[0]},", self.text(steps, "received"))
        self.assertRegex(self.text(steps, "another"), f"row {rows[2]},.* duplicate")

    def test_a_duplicate_names_the_row_that_it_is_one_of(self):
        rows = self.project.insert([purchase(1), purchase(1, page=None),
                                    purchase(2, event_id=None), purchase(2, event_id=None)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 2, "duplicate": 2})
        for row, first in (rows[1], rows[0]), (rows[3], rows[2]):
            steps = self.why("--row", str(row))
            self.assertRegex(self.text(steps, "received"),
                             f"^row {row},.*, a duplicate of row {first}; if it is another "
                             "conversion, insert it again under an event_id of its own$")
            self.assertRegex(self.text(steps, "another"), f"^row {first},.*, delivered$")
            self.assertNotIn("now", [step for step, _, _ in steps])
            told = self.text(self.why("--row", str(first)), "received")
            self.assertNotIn("duplicate", told)

    def test_duplicates_that_are_other_conversions(self):
        """A producer has given one id to all its orders."""
        self.project.insert([purchase(n, event_id="undefined", properties={
            "value": n, "currency": "EUR", "order_id": f"o-{n}"}) for n in range(70)])
        self.drain()
        told = [text for step, _, text in self.why("undefined") if step == "another"]
        self.assertEqual(len(told), 64)
        self.assertEqual(told[-1], "and 6 more; not all have the same event, order_id and value; if it is "
                         "another conversion, insert it again under an event_id of its own")

    def test_what_will_be_a_duplicate(self):
        """No relay has read it yet, and its id is derived."""
        rows = self.project.insert([purchase(2, event_id=None), purchase(3)])
        self.drain()
        row, other = self.project.insert([purchase(2, event_id=None), purchase(4)])
        steps = self.why("--row", str(row))
        self.assertEqual([step for step, _, _ in steps][1:4], ["status", "dedup", "map"])
        self.assertEqual(self.text(steps, "dedup"),
                         f"when it is read it will be a duplicate of row {rows[0]}; if it is "
                         "another conversion, insert it again under an event_id of its own")
        self.assertNotIn("dedup", [step for step, _, _ in self.why("--row", str(other))])

    def test_the_row_that_counts_is_found_behind_many_duplicates(self):
        rows = self.project.insert([purchase(1)] + [purchase(1)] * 70)
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1, "duplicate": 70})
        steps = self.why("id-1")
        self.assertIn(f"row {rows[0]},", self.text(steps, "received"))
        self.assertIn("delivered", self.text(steps, "status"))
        self.assertEqual([text for step, _, text in steps if step == "another"][63:],
                         ["and 7 more"])
        self.project.insert([purchase(1)] * 70 + [purchase(2)] * 70)
        for event_id, row in ("id-1", 1), ("id-2", 142):
            self.assertIn(f"row {row},", self.text(self.why(event_id), "received"))

    def test_of_rows_without_a_relay_the_latest_are_asked_about_the_person(self):
        """An answer at once is worth more than a whole one, where it says what it left out."""
        customer = {"external_id": "customer-7"}
        self.project.insert(
            [purchase(0, user=dict(customer, email="anna@shop.example"))] +
            [purchase(n) for n in range(1, 20000)] +
            [purchase(n, user=customer) for n in (20000, 20001)])
        seen, = [text for step, _, text in self.why("id-20000") if step == "identity"]
        self.assertRegex(seen, "email .* seen with external_id .* in conversion 1,")
        told = [text for step, _, text in self.why("id-20001") if step == "identity"]
        self.assertTrue(told[0].startswith("1 earlier conversion that no relay has taken up was"),
                        told)
        self.assertNotIn("seen with", " ".join(told))

    def test_an_id_of_blanks_is_none(self):
        self.project.insert([dict(purchase(1, page=None, transaction_id="T-1"), event_id=" \t\n "),
                             dict(purchase(2, page=None), event_id="\r\v\f")])
        self.drain()
        ids = [name for name, in self.project.query("SELECT event_id FROM outbox_status")]
        self.assertEqual(ids[0], "T-1")
        self.assertRegex(ids[1], "^g1_[0-9a-f]{32}$")
        for name in ids:
            self.assertIn("missing_page_url", self.text(self.why(name), "status"))
            self.project.convey("retry", name)
        self.drain()
        for view in ("outbox_status", "delivery_status"):
            self.assertEqual([name for name, in self.project.query(f"SELECT event_id FROM {view}")],
                             ids)

    def test_a_derived_id(self):
        self.project.insert([purchase(1, event_id=None)])
        self.drain()
        event_id, = self.project.query("SELECT event_id FROM outbox_status")[0]
        self.assertIn("derived", self.text(self.why(event_id), "received"))

    def test_an_id_of_the_payload(self):
        self.project.insert([purchase(1, event_id=None, transaction_id="T-1")])
        self.drain()
        told = self.text(self.why("T-1"), "received")
        self.assertIn("event_id from transaction_id", told)
        self.assertNotIn("derived", told)

    def test_refused_by_tiktok(self):
        self.project.insert([purchase(1)])
        self.drain(faults=["40002"])
        steps = self.why("id-1")
        self.assertIn("code 40002", self.text(steps, "attempt"))
        self.assertIn("failed: refused_by_tiktok", self.text(steps, "status"))

    def test_each_attempt_that_carried_it(self):
        """A batch that is refused is cut until the bad row stands alone: each row tells of the
        requests that it was in, and of no other."""
        self.carried("poison:id=id-6")

    def test_not_an_attempt_that_carried_its_neighbours(self):
        """The bad row is named and goes alone; the others, on both sides of it, fail once more."""
        self.carried("poison-named:id=id-6", "50000:nth=2-3")

    def carried(self, *faults):
        rows = self.project.insert([purchase(n) for n in range(10)])
        with Sandbox(token="token", faults=list(faults),
                     ledger=os.path.join(self.project.directory, "ledger")) as server:
            self.assertEqual(self.project.drain(server), 0)
            ledger = server.ledger()
        for number in range(len(rows)):
            said = [text for step, _, text in self.why(f"id-{number}") if step == "attempt"]
            carried = [line for line in ledger for event in line["events"] or ()
                       if event["event_id"] == f"id-{number}"]
            self.assertEqual(len(said), self.project.delivery(f"id-{number}")["attempts"])
            self.assertEqual([line["request_id"] in text for line, text in zip(carried, said)],
                             [True] * len(said))
            self.assertEqual(len(carried), len(said))
        self.assertGreater(len(said), 1)

    def test_what_waits_says_what_for(self):
        self.project.insert([purchase(1)])
        self.assertIn("none runs; to send: convey run", self.text(self.why("id-1"), "relay"))
        with Sandbox(token="another") as server:
            relay = self.project.start(server)
            wait_until(lambda: self.project.queue()["state"] == "token_refused")
            steps = self.why("id-1")
            advice = "convey token set shop < token.txt"
            self.assertIn(advice, self.text(steps, "status"))
            self.assertNotIn("relay", [step for step, _, _ in steps])
            self.assertIn(advice, self.project.query("SELECT advice FROM problem")[0][0])
            self.assertEqual(relay.stop(), 0)
        self.assertIn("relay", [step for step, _, _ in self.why("id-1")])
        self.project.set_token("token")
        self.drain()
        self.assertNotIn("relay", [step for step, _, _ in self.why("id-1")])

    def test_when_what_waits_for_a_person_is_tried_again(self):
        def listed():
            shown = json.loads(self.project.convey("list", "--json"))[0]["next_attempt_at"]
            self.assertEqual(self.project.query("SELECT next_attempt_at FROM delivery_status"),
                             [(shown,)])
            return shown

        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(1)])
        with Sandbox(token="another") as server:
            relay = self.project.start(server, "--retry-base-ms", "60000",
                                       "--retry-cap-ms", "60000")
            wait_until(lambda: self.project.query("SELECT count(*) FROM waiting") == [(1,)])
            self.assertIn("pending: paused, next attempt once the destination is resumed",
                          self.text(self.why("id-1"), "status"))
            self.assertIsNone(listed())
            self.project.convey("destination", "resume", "shop")
            wait_until(lambda: self.project.queue()["state"] == "token_refused")
            # The relay looks again by itself, after a quarter of an hour.
            self.assertIn(f"next attempt {listed()}, or once the destination has another token",
                          self.text(self.why("id-1"), "status"))
            self.assertRegex(listed(), r"^\d{4}-")
            server.set_tokens(["token"])
            server.set_faults(["50000"])
            self.project.convey("destination", "resume", "shop")
            wait_until(lambda: self.project.statuses() == {"retrying": 1})
            self.assertRegex(self.text(self.why("id-1"), "status"), r"next attempt \d{4}-")
            self.assertRegex(listed(), r"^\d{4}-")
            # What it failed with is told by its attempt, what it waits for here.
            self.project.convey("destination", "pause", "shop")
            self.assertIn("retrying: paused, attempts 1",
                          self.text(self.why("id-1"), "status"))
            self.assertIn("next attempt once the destination is resumed",
                          self.text(self.why("id-1"), "status"))
            relay.stop()

    def test_what_would_be_decided_otherwise_today(self):
        self.project.insert([purchase(1), purchase(2, event="unheard_of")])
        self.drain()
        self.project.convey("route", "add", "drop")
        self.assertIn("skipped: routed_away", self.text(self.why("id-1"), "now"))
        self.project.convey("route", "remove", "1")
        self.project.convey("map", "set", "unheard_of", "Heard")
        self.assertIn("would be sent", self.text(self.why("id-2"), "now"))

    def test_a_row_that_reached_no_destination_is_decided_for_each_today(self):
        self.project.insert([dict(purchase(1, page=None), payload="{"),
                             purchase(2, event="unheard_of", page=None)])
        self.drain()
        db = self.project.connect()
        db.execute("UPDATE outbox SET payload = '{}' WHERE event_id = 'id-1'")
        db.close()
        self.project.convey("map", "set", "unheard_of", "Heard")
        for event_id in "id-1", "id-2":
            self.assertEqual(self.text(self.why(event_id), "now", "shop"),
                             "decided today it would end rejected: missing_page_url")
        self.project.convey("destination", "add", "two", "--source", "offline", "--id", "P2")
        self.assertEqual([self.text(self.why("id-2"), "now", name) for name in ("shop", "two")],
                         ["decided today it would end rejected: missing_page_url",
                          "decided today it would be sent; see convey retry"])
        self.project.convey("destination", "set", "shop", "--default-url",
                            "https://shop.example/")
        self.assertEqual([line for line in self.why("id-2") if line[0] == "now"],
                         [("now", None, "decided today it would be sent; see convey retry")])

    def test_nothing_is_decided_for_a_removed_destination(self):
        self.project.insert([purchase(1, page=None)])
        self.drain()
        self.project.convey("destination", "remove", "shop")
        self.project.convey("destination", "add", "two", "--source", "web", "--id", "P2")
        self.assertNotIn("now", [step for step, _, _ in self.why("id-1")])

    def test_a_running_relay_does_not_mind(self):
        with Sandbox(token="token") as sandbox:
            relay = self.project.start(sandbox)
            self.project.insert([purchase(1)])
            self.project.wait_for({"delivered": 1})
            self.assertIn("delivered", self.text(self.why("id-1"), "status"))
            self.assertEqual(relay.stop(), 0)


class Several(Case):
    destinations = {"a": ("web", "PIXELA"), "b": ("offline", "PIXELB"), "c": ("web", "PIXELC")}

    def test_each_destination_and_the_route(self):
        self.project.convey("route", "add", "--to", "a", "--country", "FR")
        self.project.convey("route", "add", "--to", "a,b", "--event", "purchase")
        self.project.insert([purchase(1)])
        self.drain()
        steps = self.why("id-1")
        self.assertEqual([(to, text) for step, to, text in steps if step == "route"],
                         [(None, "route 1 does not match: country"), (None, "route 2 matches"),
                          ("c", "not among the route's destinations")])
        self.assertEqual([to for step, to, _ in steps if step == "attempt"], ["a", "b"])
        self.assertEqual([to for step, to, _ in steps if step == "status"], ["a", "b"])
        self.assertEqual([step for step, _, _ in steps[:3]], ["received", "status", "status"])

    def test_what_is_the_same_for_all_is_told_once(self):
        self.project.convey("destination", "set", "b", "--timezone", "Asia/Tokyo")
        self.project.insert([purchase(1, event_time="2026-03-01T12:00:00")])
        steps = self.why("id-1")
        self.assertIn('"Purchase"', self.text(steps, "map"))
        self.assertEqual([to for step, to, _ in steps if step == "map"], [None])
        self.assertEqual([to for step, to, _ in steps if step == "time"], ["a", "b", "c"])
        self.project.convey("destination", "set", "b", "--timezone", "UTC")
        self.assertEqual([to for step, to, _ in self.why("id-1") if step == "time"], [None])


class NoDestination(Case):
    def test_it_says_so(self):
        self.project.convey("destination", "remove", "shop")
        self.project.insert([purchase(1)])
        steps = self.why("id-1")
        self.assertIn("pending", self.text(steps, "status"))
        self.assertIn("there is no destination yet", self.text(steps, "route"))
        self.assertNotIn("decision", [step for step, _, _ in steps])


if __name__ == "__main__":
    unittest.main()
