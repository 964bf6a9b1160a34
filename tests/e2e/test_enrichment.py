# SPDX-License-Identifier: MIT
"""What a conversion gains from visits, consent rows and other conversions, seen on the wire."""
import hashlib
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

NOW = int(time.time())
DAY = 86400
GRANTED = {"ad_user_data": "GRANTED", "ad_storage": "GRANTED"}
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def listed(value):
    return value if isinstance(value, list) else [value]


class Enrichment(Case):
    def put(self, table, db=None, **row):
        producer = db or self.project.connect()
        producer.execute(f"INSERT INTO {table} ({', '.join(row)}) "
                         f"VALUES ({', '.join('?' * len(row))})", list(row.values()))
        if not db:
            producer.close()

    def visit(self, session_id=None, ago=60, **row):
        self.put("visit", seen_at=NOW - ago, **({"session_id": session_id} if session_id else {}),
                 **row)

    def convert(self, number, ago=0, consent=GRANTED, page=None, **more):
        self.project.insert([purchase(number, event_time=NOW - ago, page=page,
                                      consent=consent, **more)])

    def bodies(self):
        """What was sent last, by event_id."""
        return {event["event_id"]: event for _, event in sent(self.sandbox.ledger())}

    def users(self):
        return {key: event.get("user", {}) for key, event in self.bodies().items()}

    def reasons(self):
        return {row["event_id"]: row["reason"] or row["status"]
                for row in self.project.rows("SELECT * FROM delivery_status")}


class Pages(Enrichment):
    def test_the_latest_before_the_event_else_the_first_else_the_default(self):
        shop = "https://shop.example/"
        for ago, name in ((300, "old"), (200, "latest"), (50, "behind")):
            self.visit("s1", ago, page_url=shop + name)
        self.visit("s2", 10, page_url="")
        self.visit("s2", 9, page_url=shop + "first")
        self.visit("s2", 5, page_url=shop + "second")
        self.convert(1, 100, session_id="s1")
        self.convert(2, 100, session_id="s2")
        self.convert(3, 100, session_id="s3")
        self.convert(4, 100, session_id="s1", page={"url": shop + "own"})
        self.convert(5, 200, session_id="s1")
        self.drain()
        pages = {key: event["page"]["url"] for key, event in self.bodies().items()}
        self.assertEqual(pages, {"id-1": shop + "latest", "id-2": shop + "first",
                                 "id-4": shop + "own", "id-5": shop + "latest"})
        self.assertEqual(self.reasons()["id-3"], "missing_page_url")

    def test_within_a_second_milliseconds_tell(self):
        shop, at = "https://shop.example/", (NOW - 100) * 1000
        for ms, name in ((900, "behind?ttclid=LATER"), (400, "latest?ttclid=C"), (100, "old")):
            self.put("visit", session_id="s1", seen_at=at + ms, page_url=shop + name)
        for number, ms in ((1, at + 500), (2, at // 1000)):  # of a second: the whole of it
            self.project.insert([purchase(number, event_time=ms, page=None, session_id="s1")])
        self.drain()
        self.assertEqual([(event["page"]["url"], event["user"]["ttclid"])
                          for _, event in sorted(self.bodies().items())],
                         [(shop + "latest?ttclid=C", "C"), (shop + "behind?ttclid=LATER", "LATER")])

    def test_default_url(self):
        self.project.convey("destination", "set", "shop", "--default-url", "https://shop.example/d")
        self.convert(1, session_id="nobody")
        self.drain()
        self.assertEqual(self.bodies()["id-1"]["page"]["url"], "https://shop.example/d")

    def test_what_the_session_knows_of_the_browser(self):
        self.visit("s1", 90, page_url="https://shop.example/a", ip="203.0.113.7",
                   user_agent=AGENT, ttp="ttp-1",
                   referrer="android-app://com.google.android.gm/?id=5")
        self.visit("s1", 80, page_url="https://shop.example/b", ip="203.0.113.8")
        self.visit("s1", 10, page_url="https://shop.example/c", ip="203.0.113.9")
        self.convert(1, 50, session_id="s1")
        self.convert(2, 50, session_id="s1", user={"ip": "198.51.100.1"})
        self.convert(3, 50, session_id="s1", consent={"ad_user_data": "DENIED"})
        self.drain()
        one = self.bodies()["id-1"]
        self.assertEqual(one["page"], {"url": "https://shop.example/b",
                                       "referrer": "android-app://com.google.android.gm/"})
        self.assertEqual(one["user"], {"ip": "203.0.113.8", "user_agent": AGENT, "ttp": "ttp-1"})
        self.assertEqual(self.users()["id-2"]["ip"], "198.51.100.1")
        self.assertEqual(self.users()["id-3"], {})


class Clicks(Enrichment):
    def test_the_event_the_url_the_session_the_person(self):
        shop = "https://shop.example/"
        self.visit("s1", 300, page_url=shop + "?ttclid=URL", ttclid="")
        self.visit("s1", 200, page_url=shop, ttclid="COLUMN")
        self.visit("s1", 10, page_url=shop, ttclid="LATER")
        self.visit("s2", 400, page_url=shop, ttclid="PERSON", email="ann@shop.example")
        self.visit("s2", 900, page_url=shop, ttclid="OLDER", email="ann@shop.example")
        self.visit("s3", 30 * DAY, page_url=shop, ttclid="STALE", email="bob@shop.example")
        self.visit("s4", 100, page_url=shop, email="bob@shop.example")
        email = {"user": {"email": "Ann@Shop.Example "}}
        self.convert(1, 100, session_id="s1", user={"ttclid": "OWN"})
        self.convert(2, 100, session_id="s1", page={"url": shop + "?ttclid=PAGE"})
        self.convert(3, 100, session_id="s1")
        self.convert(4, 250, session_id="s1")
        self.convert(5, 100, page={"url": shop}, **email)
        self.convert(6, 500, page={"url": shop}, **email)
        self.convert(7, 10, session_id="s4")
        self.drain()
        found = {key: user.get("ttclid") for key, user in self.users().items()}
        self.assertEqual(found, {"id-1": "OWN", "id-2": "PAGE", "id-3": "COLUMN", "id-4": "URL",
                                 "id-5": "PERSON", "id-6": "OLDER", "id-7": None})

    def test_none_of_a_page_behind_the_event(self):
        self.visit("s1", 10, page_url="https://shop.example/?ttclid=LATER")
        self.convert(1, 100, session_id="s1", page={"url": "https://shop.example/own"})
        self.drain()
        self.assertNotIn("ttclid", self.users()["id-1"])

    def test_a_first_page_behind_the_event_goes_without_its_click(self):
        shop = "https://shop.example/"
        pages = {"?ttclid=LATER": "", "?a=1&TtClid=LATER": "?a=1", "?ttclid=LATER&a=1": "?a=1",
                 "?a=1&ttclid=LATER&b=2": "?a=1&b=2", "?ttclid=L&ttclid=M;a=1": "?a=1",
                 "?ttclid=LATER#top": "", "?a=ttclid": "?a=ttclid", "ttclid=L": "ttclid=L",
                 "?a=1&ttclid=L&ttclid=M": "?a=1", "?a=1&ttclid=": "?a=1&ttclid="}
        self.visit("s0", 900, page_url=shop, ttclid="BEFORE", email="ann@shop.example")
        for number, page in enumerate(pages, 1):
            self.visit(f"s{number}", 10, page_url=shop + page)
            self.convert(number, 100, session_id=f"s{number}", user={"email": "ann@shop.example"})
        self.drain()
        self.assertEqual([self.bodies()[f"id-{number}"]["page"]["url"]
                          for number in range(1, len(pages) + 1)],
                         [shop + page for page in pages.values()])
        self.assertEqual({user["ttclid"] for user in self.users().values()}, {"BEFORE"})

    def test_the_click_window_is_the_destinations(self):
        self.add_destination("narrow", "PIXEL2", options=("--click-window", "1"))
        self.visit("s1", 3 * DAY, page_url="https://shop.example/", ttclid="C",
                   email="ann@shop.example")
        self.convert(1, page={"url": "https://shop.example/"}, user={"email": "ann@shop.example"})
        self.drain()
        found = {line["source_id"]: event["user"].get("ttclid")
                 for line, event in sent(self.sandbox.ledger())}
        self.assertEqual(found, {"PIXEL1": "C", "PIXEL2": None})


class Persons(Enrichment):
    def test_email_and_phone_through_the_session_as_of_the_event(self):
        self.visit("s1", 100, page_url="https://shop.example/", email="ann@shop.example",
                   phone="+49 30 123456", external_id="A-1")
        self.visit("s1", 20, page_url="https://shop.example/", email="late@shop.example")
        self.convert(1, 50, session_id="s1")
        self.convert(2, 150, session_id="s1")
        self.convert(3, 0, session_id="s1", user={"email": "own@shop.example"})
        self.convert(4, 50, session_id="s1", consent={"ad_user_data": "DENIED"})
        self.drain()
        users = self.users()
        self.assertEqual(users["id-1"]["email"], sha("ann@shop.example"))
        self.assertEqual(users["id-1"]["phone"], sha("+4930123456"))
        self.assertEqual(users["id-1"]["external_id"], sha("A-1"))
        self.assertNotIn("email", users["id-2"])
        self.assertEqual(listed(users["id-3"]["email"])[0], sha("own@shop.example"))
        self.assertEqual(users["id-4"], {})

    def test_conversions_join_identifiers_also_within_one_load(self):
        page = {"url": "https://shop.example/"}
        email, phone = "ann@shop.example", "+4930123456"
        self.convert(1, 90, page=page, user={"email": email, "phone": phone})
        self.convert(2, 50, page=page, user={"phone": phone})
        self.convert(3, 95, page=page, user={"phone": phone})
        self.drain()
        self.convert(4, 10, page=page, user={"phone": sha(phone)})
        self.drain()
        found = {key: user.get("email") for key, user in self.users().items()}
        self.assertEqual(found, dict.fromkeys(("id-1", "id-2", "id-4"), sha(email)) |
                         {"id-3": None})

    def test_a_duplicate_joins_nothing(self):
        page, phone = {"url": "https://shop.example/"}, "+4930123456"
        self.convert(1, 50, page=page, user={"email": "ann@shop.example"})
        self.convert(1, 50, user={"email": "bob@shop.example", "phone": phone})
        self.drain()
        self.convert(2, 10, page=page, user={"phone": phone})
        self.drain()
        self.assertEqual(self.users()["id-1"], {"email": sha("ann@shop.example"),
                                                "phone": sha(phone)})
        self.assertNotIn("bob", str(self.users()["id-2"]))
        self.assertNotEqual(self.users()["id-2"].get("email"), sha("bob@shop.example"))

    def test_far_apart_in_a_backlog(self):
        page = {"url": "https://shop.example/"}
        rows = [purchase(n, page=page, user={"email": f"p{n}@shop.example",
                                             "phone": f"+4930{2000000 + n}"},
                         consent=GRANTED, event_time=NOW - 100) for n in range(3000)]
        rows += [purchase(n, prefix="b", page=page, user={"phone": f"+4930{2000000 + n}"},
                          consent=GRANTED, event_time=NOW - 50) for n in range(3000)]
        self.project.insert(rows)
        self.drain()
        users = self.users()
        self.assertEqual([n for n in range(3000)
                          if users[f"b-{n}"].get("email") != sha(f"p{n}@shop.example")], [])

    def test_weak_identifiers_never_join_two_persons(self):
        for name in ("A-1", "B-2"):
            self.visit("shared", 100, page_url="https://shop.example/", external_id=name,
                       ip="203.0.113.7", user_agent=AGENT, ttp="same",
                       email=f"{name.lower()}@shop.example")
        self.convert(1, 10, page={"url": "https://shop.example/"}, user={"external_id": "A-1"})
        self.convert(2, 10, page={"url": "https://shop.example/"}, user={"external_id": "B-2"})
        self.drain()
        self.assertEqual(self.users()["id-1"]["email"], sha("a-1@shop.example"))
        self.assertEqual(self.users()["id-2"]["email"], sha("b-2@shop.example"))

    def test_placeholders_are_nobody(self):
        for number in range(3):
            self.visit(f"s{number}", 100, page_url="https://shop.example/", external_id="guest",
                       email="test@example.com", phone=f"+493012345{number}")
        self.convert(1, 10, page={"url": "https://shop.example/"}, user={"external_id": "guest"})
        self.convert(2, 10, session_id="s1")
        self.drain()
        self.assertNotIn("phone", self.users()["id-1"])
        self.assertEqual(self.users()["id-2"]["phone"], sha("+4930123451"))
        self.assertNotIn("email", self.users()["id-2"])

    def test_national_numbers_in_visits_are_the_destinations_countrys(self):
        self.project.convey("destination", "set", "shop", "--default-country", "DE")
        # A number is one person's, whoever else is told of it: the first destination's counts.
        self.add_destination("later", "PIXEL2")
        self.project.convey("destination", "set", "later", "--default-country", "AT")
        self.visit("s1", 100, page_url="https://shop.example/", phone="030 123456",
                   email="ann@shop.example")
        self.convert(1, 10, page={"url": "https://shop.example/"}, user={"phone": "+4930123456"})
        self.drain()
        self.assertEqual(self.users()["id-1"]["email"], sha("ann@shop.example"))


class Consent(Enrichment):
    def state(self, ago=10, **row):
        self.put("consent", stated_at=NOW - ago, **row)

    def limited(self):
        return {key: event["limited_data_use"] for key, event in self.bodies().items()}

    def test_the_latest_row_of_any_identifier_where_the_payload_says_nothing(self):
        page = {"url": "https://shop.example/"}
        self.visit("s1", 500, page_url="https://shop.example/", email="ann@shop.example")
        self.state(300, session_id="s1", ad_user_data="denied")
        self.state(200, email="ann@shop.example", ad_user_data="granted")
        self.state(100, session_id="s2", ad_user_data="granted")
        self.state(50, session_id="s2", ad_user_data="denied")
        self.state(40, external_id="X-1", ad_user_data="GRANTED", ad_storage="denied")
        self.state(-500, phone="+4930123456", ad_user_data="granted")
        self.state(200, phone="+4930123456", ad_user_data="denied")
        self.convert(1, 10, consent=None, session_id="s1")
        self.convert(2, 10, consent=None, page=page, session_id="s2")
        self.convert(3, 10, consent=None, page=page, user={"external_id": "X-1"})
        self.convert(4, 10, consent=None, page=page, user={"phone": "+4930123456"})
        self.convert(5, 10, consent=None, page=page, session_id="s9")
        self.convert(6, 10, consent={"ad_user_data": "GRANTED"}, page=page, session_id="s2")
        self.drain()
        self.assertEqual(self.limited(), {"id-1": False, "id-2": True, "id-4": True,
                                          "id-5": True, "id-6": False})
        self.assertEqual(self.reasons()["id-3"], "consent_denied")

    def test_a_placeholder_can_only_deny(self):
        page = {"url": "https://shop.example/"}
        self.state(300, email="guest@shop.example", ad_storage="denied")
        self.state(300, email="test@example.com", ad_user_data="granted", ad_storage="denied")
        self.state(200, email="Test@Example.com", ad_user_data="granted")
        self.state(100, external_id="C-1", ad_user_data="granted")
        # a guest whose session is known speaks for that session
        self.state(50, session_id="s1", external_id="guest", ad_storage="denied")
        self.convert(5, 10, consent=None, page=page, user={"external_id": "guest"})
        self.convert(1, 10, consent=None, page=page, user={"email": "guest@shop.example"})
        self.convert(2, 10, consent=None, page=page, user={"email": "test@example.com"})
        self.convert(3, 10, consent=None, page=page,
                     user={"external_id": "C-1", "email": "guest@shop.example"})
        self.convert(4, 10, consent=None, page=page, user={"email": "nobody@shop.example"})
        self.drain()
        self.assertEqual(self.reasons()["id-1"], "consent_denied")
        self.assertEqual(self.limited(), {"id-2": True, "id-3": False, "id-4": True,
                                          "id-5": True})

    def waiting(self, **more):
        """A conversion that waits, and a relay that has gone."""
        self.sandbox.set_faults(["http-500"])
        self.convert(1, 10, page={"url": "https://shop.example/"},
                     user={"email": "ann@shop.example"}, session_id="s1", **more)
        relay = self.start("--retry-base-ms", "1500", "--retry-cap-ms", "1500")
        wait_until(lambda: self.project.statuses() == {"retrying": 1}, what="a first attempt")
        return relay

    def test_a_denial_by_a_number_with_a_remark_is_heard(self):
        for n, phone in enumerate(["+1 213 373 4253 Bob", "+49 30 1234567 (mobile)",
                                   "+65\u00a09123 4567 8"]):
            self.put("consent", external_id=f"x{n}", phone=phone, stated_at=NOW - 300, **GRANTED)
            self.put("consent", phone=phone, stated_at=NOW - 200, ad_user_data="DENIED",
                     ad_storage="DENIED")
            self.convert(n, consent=None, user={"external_id": f"x{n}", "phone": phone})
        self.drain()
        self.assertEqual(self.project.statuses(), {"skipped": 3})

    def test_a_withdrawal_strips_what_still_waits(self):
        relay = self.waiting()
        self.put("consent", email="ann@shop.example", ad_user_data="denied")
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.statuses() == {"delivered": 1}, what="delivery")
        relay.stop()
        last = list(sent(self.sandbox.ledger()))[-1][1]
        self.assertIs(last["limited_data_use"], True)
        self.assertNotIn("email", last.get("user", {}))

    def test_a_withdrawal_of_storage_cancels_what_still_waits(self):
        relay = self.waiting()
        self.put("consent", session_id="s1", ad_storage="denied")
        wait_until(lambda: self.reasons() == {"id-1": "consent_withdrawn"}, what="cancelling")
        relay.stop()

    def test_a_withdrawal_of_a_placeholder_strips_what_still_waits(self):
        self.sandbox.set_faults(["http-500"])
        self.convert(1, 10, page={"url": "https://shop.example/"},
                     user={"email": "test@example.com"})
        relay = self.start("--retry-base-ms", "1500", "--retry-cap-ms", "1500")
        wait_until(lambda: self.project.statuses() == {"retrying": 1}, what="a first attempt")
        self.put("consent", email="test@example.com", ad_user_data="denied")
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.statuses() == {"delivered": 1}, what="delivery")
        relay.stop()
        first, *_, last = [event for _, event in sent(self.sandbox.ledger())]
        self.assertEqual(first["user"]["email"], sha("test@example.com"))
        self.assertNotIn("email", last.get("user", {}))

    def test_a_later_grant_does_not_turn_a_denial_of_the_payload(self):
        relay = self.waiting(consent={"ad_user_data": "DENIED"})
        self.put("consent", email="ann@shop.example", ad_user_data="granted")
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.statuses() == {"delivered": 1}, what="delivery")
        relay.stop()
        self.assertIs(list(sent(self.sandbox.ledger()))[-1][1]["limited_data_use"], True)

    def test_granted_later_while_it_waits(self):
        relay = self.waiting(consent=None)
        self.put("consent", email="ann@shop.example", ad_user_data="granted")
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.statuses() == {"delivered": 1}, what="delivery")
        relay.stop()
        last = list(sent(self.sandbox.ledger()))[-1][1]
        self.assertEqual(last["user"]["email"], sha("ann@shop.example"))

    def test_the_row_that_is_committed_with_the_conversion_counts(self):
        relay = self.start()
        relay.wait_started()
        for number in range(30):
            producer = self.project.connect()
            producer.execute("BEGIN IMMEDIATE")
            self.put("consent", db=producer, email=f"p{number}@shop.example", ad_user_data="granted")
            self.put("outbox", db=producer, event="purchase", event_id=f"id-{number}",
                     payload=json.dumps({"page": {"url": "https://shop.example/"},
                                         "user": {"email": f"p{number}@shop.example"},
                                         "properties": {"value": 1, "currency": "EUR"}}))
            producer.execute("COMMIT")
            producer.close()
        wait_until(lambda: self.project.statuses() == {"delivered": 30}, what="delivery")
        relay.stop()
        self.assertEqual(set(self.limited().values()), {False})


class Attribution(Enrichment):
    shop = "https://shop.example/"

    def journey(self, number, *steps):
        for ago, query, referrer in steps:
            self.visit(f"s{number}", ago, page_url=self.shop + query, referrer=referrer)
        self.convert(number, 0, page={"url": self.shop}, session_id=f"s{number}")

    def journeys(self):
        self.journey(1, (500, "?ttclid=T1", ""))
        self.journey(2, (500, "?ttclid=T2", ""), (100, "?gclid=G2", ""))
        self.journey(3, (500, "?gclid=G3", ""), (100, "?ttclid=T3", ""))
        self.journey(4, (500, "", "https://www.google.com/"))
        self.journey(5)
        self.journey(6, (2 * DAY, "?ttclid=T6", ""), (100, "", ""))
        self.journey(7, (500, "?utm_source=facebook&utm_medium=paid", ""))
        self.drain()
        return {int(key[3:]) for key, reason in self.reasons().items() if reason == "delivered"}

    def deliver(self, *options):
        self.project.convey("destination", "set", "shop", *options)

    def test_all(self):
        self.assertEqual(self.journeys(), {1, 2, 3, 4, 5, 6, 7})

    def test_attributed(self):
        self.deliver("--deliver", "attributed")
        self.assertEqual(self.journeys(), {1, 3, 4, 5, 6})
        self.assertEqual(self.reasons()["id-2"], "not_attributed")

    def test_only_won(self):
        self.deliver("--deliver", "only-won")
        self.assertEqual(self.journeys(), {1, 3, 6})

    def test_only_won_by_the_first(self):
        self.deliver("--deliver", "only-won", "--model", "first")
        self.assertEqual(self.journeys(), {1, 2, 6})

    def test_the_window(self):
        self.deliver("--deliver", "only-won", "--click-window", "1")
        self.assertEqual(self.journeys(), {1, 3})

    def test_touches_of_the_persons_other_sessions(self):
        self.deliver("--deliver", "only-won")
        self.visit("phone", 500, page_url=self.shop + "?ttclid=T", email="ann@shop.example")
        self.convert(1, 0, page={"url": self.shop}, user={"email": "ann@shop.example"})
        self.convert(2, 600, page={"url": self.shop}, user={"email": "ann@shop.example"})
        self.drain()
        self.assertEqual(self.reasons(), {"id-1": "delivered", "id-2": "not_attributed"})

    def test_why_tells(self):
        self.visit("s1", 500, page_url=self.shop + "?ttclid=T", email="ann@shop.example")
        self.convert(1, 0, session_id="s1")
        self.drain()
        text = self.project.convey("why", "id-1")
        for words in ("latest page is visit 1", "email " + sha("ann@shop.example")[:8],
                      "in visit 1", "tiktok paid_click by ttclid", "tiktok wins"):
            self.assertIn(words, text)
        self.assertNotIn("ann@shop.example", text)


if __name__ == "__main__":
    unittest.main()
