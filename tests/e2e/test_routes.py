# SPDX-License-Identifier: MIT
"""Routes from outside: conditions, order, sampling, and what becomes of what they leave out."""
import hashlib
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import Project, purchase, sent  # noqa: E402
from sandbox import Sandbox  # noqa: E402

THREE = {name: ("web", f"PIXEL{name.upper()}") for name in ("a", "b", "c")}


class Case(unittest.TestCase):
    def setUp(self):
        self.project = Project(THREE)
        self.addCleanup(self.project.close)
        self.convey = self.project.convey

    def add(self, *words):
        return json.loads(self.convey("route", "add", *words, "--json"))["id"]

    def run_relay(self, *rows):
        """Where each event went: {event_id: {destination: reason or status}}."""
        ledger = os.path.join(self.project.directory, "ledger.jsonl")
        self.project.insert(rows)
        with Sandbox(ledger=ledger, token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
            self.ledger = sandbox.ledger()
        found = {}
        for row in self.project.rows("SELECT * FROM delivery_status"):
            found.setdefault(row["event_id"], {})[row["destination"]] = (
                row["reason"] or row["status"])
        return found


class Words(Case):
    def test_a_condition_given_twice_is_no_wider_route(self):
        for twice in (("--consent", "ad_user_data=GRANTED", "--consent", "ad_storage=GRANTED"),
                      ("--has", "email", "--has", "phone"), ("--to", "b")):
            self.convey("route", "add", "--to", "a", *twice, status=64)
        self.assertEqual(json.loads(self.convey("route", "list", "--json")), [])


class Delivery(Case):
    def test_without_routes_every_destination_gets_it(self):
        self.assertEqual(self.run_relay(purchase(1)),
                         {"id-1": dict.fromkeys("abc", "delivered")})

    def test_where_no_destination_is_left_no_route_is_asked(self):
        self.convey("destination", "set", "a", "--deliver", "only-won")
        self.convey("destination", "set", "b", "--consent-strict")
        self.add("--to", "drop")
        said = {"ad_storage": "DENIED"}
        self.assertEqual(self.run_relay(purchase(1), purchase(2, consent=said)),
                         {"id-1": {None: "routed_away"}, "id-2": {None: "consent_denied"}})
        self.convey("destination", "remove", "c")
        self.assertEqual(self.run_relay(purchase(3))["id-3"],
                         {"a": "not_attributed", "b": "consent_denied"})
        self.assertNotIn("routed_away", self.convey("why", "id-3"))

    def test_a_country_by_its_name(self):
        self.add("--to", "a", "--country", "AT")
        self.add("--to", "a", "--country", "UK")
        self.add("--to", "b")
        names = ["AT", "Austria", "\u00d6sterreich", ["AUT"], "uk", "United Kingdom (UK)",
                 "Austria, Republic of", "United Kingdom (UK) - London", "Australia", "", "Nowhere", "Austria, Australia"]
        self.assertEqual(
            self.run_relay(*(purchase(n, user={"country": name}) for n, name in enumerate(names))),
            {f"id-{n}": {"a" if n < 8 else "b": "delivered"} for n in range(len(names))})

    def test_what_stands_for_no_country_is_none(self):
        self.add("--to", "a", "--country", "NA")
        self.add("--to", "a", "--country", "NO")
        self.add("--to", "a", "--country", "EU")
        self.add("--to", "b")
        names = ["NA", "no", "eu", "N/A", "n.a.", "(no)", "E.U."]
        self.assertEqual(
            self.run_relay(*(purchase(n, user={"country": name}) for n, name in enumerate(names))),
            {f"id-{n}": {"a" if n < 3 else "b": "delivered"} for n in range(len(names))})

    def test_what_stands_for_nobody_is_no_external_id(self):
        self.add("--to", "a", "--has", "external_id")
        self.add("--to", "b")
        ids = ["null", " Undefined ", 0, "-1", "{{uid}}", hashlib.sha256(b"").hexdigest().upper(),
               hashlib.sha256(b"None").hexdigest(), []]
        people = ["u1", 4711, ["null", "u1"], hashlib.sha256(b"u1").hexdigest()]
        self.assertEqual(
            self.run_relay(*(purchase(n, user={"external_id": value})
                             for n, value in enumerate(ids + people))),
            {f"id-{n}": {"b" if n < len(ids) else "a": "delivered"}
             for n in range(len(ids + people))})

    def test_the_last_of_many_destinations_is_retried_as_the_first(self):
        db = self.project.connect()
        db.executemany("INSERT INTO destination (name, source, pixel_id) VALUES (?, 'web', ?)",
                       ((f"d{n}", f"PIX{n}") for n in range(100)))
        db.close()
        self.project.set_token("token", "d99")
        self.add("--to", "d99")
        self.project.insert([purchase(1)])
        with Sandbox(token="token", faults=["50000:nth=1"]) as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
        found = self.project.delivery("id-1")
        self.assertEqual((found["destination"], found["status"], found["attempts"]),
                         ("d99", "delivered", 2))

    def test_each_condition_and_the_pixels_of_the_targets(self):
        user = {"email": "x@shop.example", "country": "de"}
        granted = {"ad_user_data": "GRANTED"}
        self.add("--to", "a", "--event", "lead*")
        self.add("--to", "b", "--country", "DE", "--consent", "ad_user_data=granted")
        self.add("--to", "a, c", "--min-value", "100", "--currency", "EUR")
        self.add("--to", "c", "--has", "phone,email")
        self.add("--to", "drop", "--has", "ttclid")
        money = {"value": "100.00", "currency": "eur"}
        rows = [
            purchase(1, event="Lead Form"),
            purchase(2, user=user, consent=granted),
            purchase(3, properties=money),
            purchase(4, properties={"value": 99.99, "currency": "EUR"}),
            purchase(5, user={"email": ["", "y@shop.example"], "phone": "+4930123456"}),
            purchase(6, page={"url": "https://shop.example/?ttclid=E.C.P.1"}),
            purchase(7, user={"email": "  ", "phone": []}),
            purchase(8, user={"phone": "+4930888888"}),
            # known is what would be sent
            purchase(9, user={"email": "n/a", "phone": "+4930999999"}),
            purchase(10, user={"email": "z@shop.example", "phone": ["+1", "0000000000"]}),
            purchase(11, user={"ttclid": "__CLICKID__"}),
            purchase(12, user={"ttclid": "E.C.P.2"}),
        ]
        self.convey("map", "set", "Lead Form", "Lead")
        found = self.run_relay(*rows)
        everywhere = dict.fromkeys("abc", "delivered")
        self.assertEqual(found, {
            "id-1": {"a": "delivered"},
            "id-2": {"b": "delivered"},
            "id-3": {"a": "delivered", "c": "delivered"},
            "id-4": everywhere,
            "id-5": {"c": "delivered"},
            "id-6": {None: "routed_away"},
            "id-7": everywhere,
            "id-8": everywhere,
            "id-9": everywhere,
            "id-10": everywhere,
            "id-11": everywhere,
            "id-12": {None: "routed_away"},
        })
        pixels = {}
        for line, event in sent(self.ledger):
            pixels.setdefault(event["event_id"], set()).add(line["source_id"])
        self.assertEqual(pixels["id-3"], {"PIXELA", "PIXELC"})
        self.assertNotIn("id-6", pixels)

    def test_small_priority_first_then_the_older(self):
        self.add("--to", "a", "--priority", "5")
        self.add("--to", "b", "--priority", "-1", "--event", "purchase")
        self.add("--to", "c", "--priority", "-1")
        self.assertEqual(self.run_relay(purchase(1)), {"id-1": {"b": "delivered"}})

    def test_tiktoks_name_matches_too(self):
        self.add("--to", "a", "--event", "Purch?se")
        self.convey("map", "set", "bought", "Purchase")
        self.assertEqual(self.run_relay(purchase(1, event="bought")),
                         {"id-1": {"a": "delivered"}})

    def test_a_route_to_removed_destinations_leads_nowhere(self):
        self.add("--to", "a")
        self.convey("destination", "remove", "a")
        self.assertEqual(self.run_relay(purchase(1)), {"id-1": {None: "no_route"}})

    def test_sampling_is_stable_and_near_its_share(self):
        self.add("--to", "a", "--sample", "25%")
        rows = [purchase(n) for n in range(2000)]
        found = self.run_relay(*rows)
        sent_to = {event for event, to in found.items() if to == {"a": "delivered"}}
        left = {event for event, to in found.items() if to == {None: "sampled_out"}}
        self.assertEqual(len(sent_to) + len(left), 2000)
        self.assertTrue(400 < len(sent_to) < 600, len(sent_to))
        other = Project(THREE)
        self.addCleanup(other.close)
        other.convey("route", "add", "--to", "a", "--sample", "25")
        self.project = other
        again = self.run_relay(*rows)
        self.assertEqual({e for e, to in again.items() if to == {"a": "delivered"}}, sent_to)

    def test_a_change_reaches_a_running_relay(self):
        with Sandbox(token="token") as sandbox:
            relay = self.project.start(sandbox)
            self.project.insert([purchase(1)])
            self.project.wait_for({"delivered": 1})
            route = self.add("--to", "drop")
            self.project.insert([purchase(2)])
            self.project.wait_for({"delivered": 1, "skipped": 1})
            self.convey("route", "remove", str(route))
            self.project.insert([purchase(3)])
            self.project.wait_for({"delivered": 2, "skipped": 1})
            self.assertEqual(relay.stop(), 0)


class Verbs(Case):
    def test_list_shows_them_in_order(self):
        self.add("--to", "b", "--priority", "2", "--country", "at", "--sample", "12.5%")
        self.add("drop", "--event", "page_view")
        rows = json.loads(self.convey("route", "list", "--json"))
        self.assertEqual([row["targets"] for row in rows], ["drop", "b"])
        self.assertEqual((rows[1]["country"], rows[1]["sample"]), ("AT", 12.5))
        self.assertIn("page_view", self.convey("route", "list"))

    def test_bad_conditions_are_refused(self):
        for words in (["--to", "a", "--country", "DEU"], ["--to", "a", "--min-value", "1,5"],
                      ["--to", "a", "--currency", "E"], ["--to", "a", "--has", "ip"],
                      ["--to", "a", "--consent", "ad_user_data"],
                      ["--to", "a", "--sample", "101"], ["--to", "a", "--sample", ""],
                      ["--to", "a", "--priority", "1.5"], [], ["nowhere"], ["--to", ""],
                      ["drop", "--to", "a"], ["--to", "drop", "--sample", "50"],
                      ["drop", "--sample", "0"]):
            self.convey("route", "add", *words, status=64)
        for mixed in "drop,a", "a, DROP":
            self.convey("route", "add", "--to", mixed, status=64)
        self.convey("route", "add", "--to", "a,nobody", status=66)
        self.convey("route", "add", "--to", "a,b, a", status=64)
        self.convey("route", "remove", "1", status=66)
        self.convey("route", "remove", "one", status=64)
        self.assertEqual(json.loads(self.convey("route", "list", "--json")), [])

    def test_dry_run_changes_nothing(self):
        self.convey("route", "add", "--to", "a", "--dry-run")
        self.assertEqual(json.loads(self.convey("route", "list", "--json")), [])
        route = self.add("--to", "a")
        self.convey("route", "remove", str(route), "--dry-run")
        self.assertEqual(len(json.loads(self.convey("route", "list", "--json"))), 1)


if __name__ == "__main__":
    unittest.main()
