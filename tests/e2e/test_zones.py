# SPDX-License-Identifier: MIT
"""Noon without an offset, told to destinations in two zones: each judges by its own instant."""
import datetime
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

DAY = datetime.datetime.now(datetime.timezone.utc).replace(
    hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=3)
NOON = DAY.strftime("%Y-%m-%dT12:00:00")
ZONES = {"tokyo": "Asia/Tokyo", "la": "America/Los_Angeles"}  # noon is 03:00Z and 19:00Z or 20:00Z
ONLY_WON = ("--deliver", "only-won")
SHOP = "https://shop.example/"


class Zones(Case):
    def add(self, *names, **more):
        self.project.convey("destination", "remove", "shop")
        for name in names:
            self.add_destination(name, name.upper(), options=("--timezone", ZONES[name], *ONLY_WON),
                                 **more)

    def put(self, table, **row):
        db = self.project.connect()
        db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                   list(row.values()))
        db.close()

    def at(self, hour):
        return int((DAY + datetime.timedelta(hours=hour)).timestamp())

    def fill(self):
        """The click is at 11:00Z, the denial and the login at 14:00Z."""
        self.put("visit", session_id="s1", page_url=SHOP + "early", seen_at=self.at(2))
        self.put("visit", session_id="s1", page_url=SHOP + "late?ttclid=E.C.P.1",
                 seen_at=self.at(11))
        for number in (2, 3):
            self.put("visit", session_id=f"s{number}", page_url=SHOP + f"?ttclid=E.C.P.{number}",
                     seen_at=self.at(2))
            self.put("visit", session_id=f"s{number}", external_id=f"u{number}",
                     seen_at=self.at(14))
        self.put("consent", email="jane@shop.example", ad_user_data="DENIED", stated_at=self.at(14))
        granted = {"ad_user_data": "GRANTED"}
        self.project.insert([
            purchase(1, event_time=NOON, page=None, session_id="s1", consent=granted),
            purchase(2, event_time=NOON, page=None, session_id="s2", consent=granted),
            purchase(3, event_time=NOON, page=None, session_id="s3", consent=granted,
                     user={"email": "jane@shop.example"})])

    def told(self):
        return {(event["event_id"], line["source_id"]):
                (event["page"]["url"].split("/")[-1], sorted(event.get("user", {})),
                 event["limited_data_use"]) for line, event in sent(self.sandbox.ledger())}

    WANT = {("id-1", "LA"): ("late?ttclid=E.C.P.1", ["ttclid"], False),
            ("id-2", "LA"): ("?ttclid=E.C.P.2", ["external_id", "ttclid"], False),
            ("id-2", "TOKYO"): ("?ttclid=E.C.P.2", ["ttclid"], False),
            ("id-3", "LA"): ("?ttclid=E.C.P.3", ["email", "external_id", "ttclid"], False),
            ("id-3", "TOKYO"): ("?ttclid=E.C.P.3", ["ttclid"], True)}

    def check_alike(self, *names):
        self.add(*names)
        self.fill()
        self.drain()
        self.assertEqual(self.told(), {key: value for key, value in self.WANT.items()
                                       if key[1].lower() in names})

    def test_tokyo_first(self):
        self.check_alike("tokyo", "la")

    def test_los_angeles_first(self):
        self.check_alike("la", "tokyo")

    def test_tokyo_alone(self):
        self.check_alike("tokyo")

    def test_los_angeles_alone(self):
        self.check_alike("la")

    def test_what_waited_is_judged_by_the_same(self):
        self.add("tokyo", "la", token=None)
        self.fill()
        relay = self.start()
        wait_until(lambda: self.project.reasons() == {"needs_token": 5, "not_attributed": 1})
        relay.stop()
        for name in ZONES:
            self.project.set_token("token", name)
        self.drain()
        self.assertEqual(self.told(), self.WANT)

    def test_each_of_many_gets_whole_texts(self):
        """One row's texts for all are more than one zone may have, and a zone may have two."""
        zones = [*ZONES.values()] * 5 + ["Asia/Tokyo"] * 2
        self.project.convey("destination", "remove", "shop")
        for number, zone in enumerate(zones):
            self.add_destination(f"d{number}", f"D{number}", options=("--timezone", zone))
        url, agent = SHOP + "p/" * 15000, "Agent " * 600
        self.put("visit", session_id="s1", page_url=url, referrer=url, ip="93.184.216.34",
                 user_agent=agent, seen_at=self.at(-48))
        self.project.insert([purchase(1, event_time=NOON, page=None, session_id="s1",
                                      consent={"ad_user_data": "GRANTED"})])
        told = json.loads(self.project.convey("preview", "--json", "id-1"))
        self.assertEqual({row["reason"] for row in told}, {None})
        self.drain()
        got = [(event["page"].get("url"), event["page"].get("referrer"),
                event["user"].get("user_agent")) for _, event in sent(self.sandbox.ledger())]
        self.assertEqual(len(got), len(zones))
        self.assertEqual(set(got), {(url, url, agent.strip())})

    def test_preview_and_why_tell_both(self):
        self.add("tokyo", "la")
        self.fill()
        told = self.project.convey("preview", "id-1")
        self.assertIn("late?ttclid=E.C.P.1", told)
        self.assertNotIn("/early", told)
        steps = [(row["step"], row["destination"])
                 for row in json.loads(self.project.convey("why", "--json", "id-3"))
                 if row["step"] not in ("identity", "touch", "relay")]
        self.assertEqual(steps[steps.index(("map", None)):], [
            ("map", None), ("time", "tokyo"), ("consent row", "tokyo"), ("consent", "tokyo"),
            ("session", None), ("attribution", "tokyo"), ("time", "la"), ("consent row", "la"),
            ("consent", "la"), ("attribution", "la"), ("route", None), ("left out", "tokyo"),
            ("identifiers", "tokyo"), ("validate", "tokyo"), ("identifiers", "la"),
            ("validate", "la")])


if __name__ == "__main__":
    unittest.main()
