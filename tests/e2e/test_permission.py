# SPDX-License-Identifier: MIT
"""Whose word on consent counts for a conversion, and since when."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent  # noqa: E402
from relay_case import Case  # noqa: E402

NOW = int(time.time())
IP = "93.184.216.34"


class Permission(Case):
    def state(self, ago, **columns):
        db = self.project.connect()
        db.execute(f"INSERT INTO consent (stated_at, {', '.join(columns)}) "
                   f"VALUES (?, {', '.join('?' * len(columns))})",
                   (NOW - ago, *columns.values()))
        db.close()

    def told(self):
        """By event_id, whether the person is told of."""
        return {event["event_id"]: "ip" in event.get("user", {})
                for _, event in sent(self.sandbox.ledger())}


class Shared(Permission):
    """Two persons have an address in common, and each an external_id."""

    def buy(self, number, external_id, email):
        self.project.insert([purchase(number, user={"external_id": external_id, "email": email,
                                                    "ip": IP})])

    def test_nobody_grants_for_another(self):
        self.state(100, external_id="a2", ad_user_data="DENIED")
        self.state(50, external_id="a1", email="a@family.example", ad_user_data="GRANTED")
        self.buy(1, "a2", "a@family.example")
        self.buy(2, "a1", "a@family.example")
        self.state(50, external_id="b1", email="b@family.example", ad_user_data="GRANTED")
        self.buy(3, "b2", "b@family.example")
        self.state(100, external_id="c2", ad_user_data="GRANTED")
        self.state(50, external_id="c1", email="c@family.example", ad_user_data="DENIED")
        self.buy(4, "c2", "c@family.example")
        self.state(50, email="d@family.example", ad_user_data="GRANTED")
        self.buy(5, "d2", "d@family.example")
        self.drain()
        self.assertEqual(self.told(), {"id-1": False, "id-2": True, "id-3": False,
                                       "id-4": False, "id-5": True})

    def test_whatever_another_says_a_withdrawal_stays(self):
        """Behind the person's own row, and behind a payload that granted before it."""
        words = (None, "GRANTED", "DENIED", "UNSPECIFIED")
        rows = [(a, b) for a in words for b in words]
        for number, (ad_user_data, ad_personalization) in enumerate(rows):
            email = f"{number}@family.example"
            self.state(100, external_id=f"a{number}", email=email, ad_user_data="DENIED")
            self.state(50, external_id=f"b{number}", email=email, ad_user_data=ad_user_data,
                       ad_personalization=ad_personalization, ad_storage="GRANTED")
            self.project.insert([purchase(number, event_time=NOW - 1000, user={
                "external_id": f"a{number}", "email": email, "ip": IP},
                consent={"ad_user_data": "GRANTED"})])
        self.drain()
        self.assertEqual(self.told(), {f"id-{number}": False for number in range(len(rows))})

    def test_a_grant_of_a_row_that_has_gone_is_still_another_s(self):
        self.state(50, external_id="b1", email="b@family.example", ad_user_data="GRANTED")
        self.buy(1, "b1", "b@family.example")
        self.drain()
        db = self.project.connect()
        db.execute("DELETE FROM consent")
        db.close()
        self.buy(2, "b2", "b@family.example")
        self.drain()
        self.assertEqual(self.told(), {"id-1": True, "id-2": False})

    def test_who_is_known_by_the_address_alone(self):
        self.state(50, external_id="a1", email="a@family.example", ad_user_data="GRANTED")
        self.project.insert([purchase(1, user={"email": "a@family.example", "ip": IP})])
        self.drain()
        self.assertEqual(self.told(), {"id-1": True})

    def test_storage(self):
        self.state(100, external_id="a2", ad_storage="DENIED")
        self.state(50, external_id="a1", email="a@family.example", ad_storage="GRANTED")
        self.buy(1, "a2", "a@family.example")
        self.drain()
        self.assertEqual(self.project.reasons(), {"consent_denied": 1})


class Later(Permission):
    """Who is known only since the event: somebody may have come to the same browser."""

    GUEST = {"email": "guest@shop.example", "ip": IP}

    def login(self, session_id, ago, **columns):
        db = self.project.connect()
        db.execute(f"INSERT INTO visit (session_id, seen_at, {', '.join(columns)}) "
                   f"VALUES (?, ?, {', '.join('?' * len(columns))})",
                   (session_id, NOW - ago, *columns.values()))
        db.close()

    def buy(self, number, consent=None, user=None):
        self.project.insert([purchase(number, event_time=NOW - 1000, session_id=f"s{number}",
                                      user=user or dict(self.GUEST, email=f"{number}@a.example"),
                                      consent=consent or {})])

    def test_a_grant_is_another_s_a_denial_counts(self):
        for number in range(1, 8):
            self.buy(number)
        # Whose account it is is known before the event, or only behind it.
        self.login("s1", 2000, external_id="u1")
        self.login("s2", 500, external_id="u2", email="owner@shop.example")
        self.login("s3", 500, external_id="u3")
        self.state(3000, external_id="u1", ad_user_data="GRANTED")
        self.state(3000, external_id="u2", ad_user_data="GRANTED")
        self.state(100, external_id="u3", ad_user_data="GRANTED")
        # By a row that has the browser beside the account, or the address.
        self.state(100, external_id="u4", session_id="s4", ad_user_data="GRANTED")
        self.state(100, external_id="u5", email="5@a.example", ad_user_data="GRANTED")
        self.state(100, session_id="s6", ad_user_data="GRANTED")
        self.login("s7", 500, external_id="u7")
        self.state(3000, session_id="s7", ad_user_data="GRANTED")
        self.state(2000, external_id="u7", ad_user_data="DENIED")
        self.drain()
        self.assertEqual(self.told(), {"id-1": True, "id-2": False, "id-3": False,
                                       "id-4": True, "id-5": True, "id-6": True, "id-7": False})

    def test_a_withdrawal_stays_whoever_grants_later(self):
        granted = {"ad_user_data": "GRANTED"}
        for number in range(1, 5):
            self.buy(number, granted)
            self.login(f"s{number}", 500, external_id=f"u{number}", email=f"{number}@b.example")
        self.state(100, external_id="u1", ad_user_data="DENIED")
        self.state(100, email="2@b.example", ad_user_data="DENIED")
        self.state(50, external_id="other", email="2@b.example", ad_user_data="GRANTED")
        self.state(100, session_id="s3", ad_user_data="DENIED")
        self.state(50, external_id="u3", ad_user_data="GRANTED")
        # The same person's, both known later: the newest is their word.
        self.state(100, email="4@b.example", ad_user_data="DENIED")
        self.state(50, external_id="u4", ad_user_data="GRANTED")
        self.drain()
        self.assertEqual(self.told(), {"id-1": False, "id-2": False, "id-3": False, "id-4": True})

    def test_who_shares_the_address_does_not_grant_a_denial_away(self):
        """Whether both rows are older than the event or newer, and in which order."""
        worlds = [(at, first, storage) for at in (2000, 900) for first in "ab"
                  for storage in (False, True)]
        for number, (at, first, storage) in enumerate(worlds):
            email = f"{number}@family.example"
            denied = {"ad_storage" if storage else "ad_user_data": "DENIED"}
            self.state(at - (first != "a"), external_id=f"a{number}", email=email, **denied)
            self.state(at - (first == "a"), external_id=f"b{number}", email=email,
                       ad_user_data="GRANTED")
            self.project.insert([purchase(number, event_time=NOW - 1000,
                                          user={"email": email, "ip": IP})])
        self.drain()
        self.assertEqual(self.told(), {f"id-{number}": False for number, world
                                       in enumerate(worlds) if not world[2]})

    def test_a_grant_by_the_address_stays_where_nobody_denies(self):
        self.state(900, external_id="a1", email="1@family.example", ad_user_data="GRANTED")
        self.state(800, external_id="b1", email="1@family.example", ad_user_data="GRANTED")
        self.project.insert([purchase(1, event_time=NOW - 1000,
                                      user={"email": "1@family.example", "ip": IP})])
        self.drain()
        self.assertEqual(self.told(), {"id-1": True})

    def test_who_comes_to_the_browser_later_does_not_grant_a_denial_away(self):
        """Neither a row that names an account nor one that names another's address."""
        payload = {"ad_user_data": "GRANTED"}
        worlds = [(denied, by, more, consent)
                  for denied in (1060, 995) for by in ("email", "session_id")
                  for more in ({"external_id": "u"}, {"email": "b"}, {"phone": "+4915123456"})
                  for consent in ({}, payload) if denied < 1000 or not consent]
        for number, (denied, by, more, consent) in enumerate(worlds):
            whose = {"email": f"{number}@a.example", "session_id": f"s{number}"}
            more = {kind: f"{value}{number:02}" + ("@b.example" if kind == "email" else "")
                    for kind, value in more.items()}
            self.buy(number, consent)
            if number % 2:
                self.login(f"s{number}", 970, **more)
            self.state(denied, ad_user_data="DENIED", **{by: whose[by]})
            self.state(940, session_id=whose["session_id"], ad_user_data="GRANTED", **more)
        self.drain()
        self.assertEqual(self.told(), {f"id-{number}": False for number in range(len(worlds))})

    def test_who_denied_grants_again(self):
        """In the same browser, by the address, or by a name that the event knows."""
        for number, row in enumerate(({"session_id": "s0"}, {"email": "1@a.example"},
                                      {"email": "2@a.example", "external_id": "u2"},
                                      {"session_id": "s3", "email": "3@a.example"},
                                      {"session_id": "s4", "external_id": "u4"},
                                      {"session_id": "s5", "email": "5@b.example"})):
            self.buy(number)
            self.state(1060, email=f"{number}@a.example", session_id=f"s{number}",
                       ad_user_data="DENIED")
            if number > 3:
                self.login(f"s{number}", 2000, external_id=f"u{number}",
                           email=f"{number}@b.example")
            self.state(940, ad_user_data="GRANTED", **row)
        self.drain()
        self.assertEqual(self.told(), {f"id-{number}": True for number in range(6)})

    def test_where_nobody_denies_whoever_grants_in_the_browser_does(self):
        self.buy(1)
        self.login("s1", 970, external_id="other")
        self.state(1060, email="1@a.example", ad_storage="GRANTED")
        self.state(940, session_id="s1", external_id="u1", ad_user_data="GRANTED")
        self.buy(2)
        self.state(940, session_id="s2", email="2@b.example", ad_user_data="GRANTED")
        self.drain()
        self.assertEqual(self.told(), {"id-1": True, "id-2": True})
        self.assertIn("what is denied stays denied", self.project.convey("why", "id-1"))

    def test_why_tells_by_what_a_row_was_come_to(self):
        self.buy(1)
        self.login("s1", 500, external_id="u1")
        self.state(3000, session_id="s1", ad_storage="GRANTED")
        self.state(2000, external_id="u1", ad_user_data="GRANTED")
        told = self.project.convey("why", "id-1")
        self.assertRegex(told, r"consent row +1, [^,]*, by session [0-9a-f]{8}\n")
        self.assertRegex(told, r"consent row +2, [^,]*, by external_id [0-9a-f]{8}, known as the "
                               r"person's only later: it can only deny\n")


class Older(Permission):
    """A file in which what is said for all stands among what names somebody."""

    TURNED = "(node | (1 << 63)) - (node & (1 << 63))"

    def test_is_migrated(self):
        self.state(100, email="a@family.example", ad_user_data="GRANTED")
        self.state(100, external_id="b2", ad_user_data="GRANTED")
        self.state(90, email="b@family.example", ad_user_data="DENIED")
        self.state(80, external_id="b1", email="b@family.example", ad_user_data="GRANTED")
        self.state(100, external_id="c2", ad_user_data="GRANTED")
        self.state(90, email="c@family.example", ad_user_data="DENIED", ad_storage="GRANTED")
        self.state(80, external_id="c1", email="c@family.example", ad_user_data="GRANTED")
        self.drain()
        db = self.project.connect()
        db.execute(f"UPDATE statement SET node = {self.TURNED} WHERE consent_id IN "
                   "(SELECT id FROM consent WHERE external_id IS NULL)")
        db.execute("DELETE FROM consent WHERE id = 6")
        db.close()
        self.project.undo_migrations()
        self.assertEqual(self.drain(), 78)
        self.project.convey("init")
        for number, person in enumerate(("a2", "b2", "c2")):
            self.project.insert([purchase(number, user={
                "external_id": person, "email": f"{person[0]}@family.example", "ip": IP})])
        self.drain()
        self.assertEqual(self.told(), {"id-0": True, "id-1": False, "id-2": False})


    def test_what_was_read_as_a_text_is_read_as_a_number(self):
        """An older version kept what is said by 4711.0 under that text."""
        self.state(100, external_id=4711.0, ad_storage="DENIED")
        self.state(100, session_id="77.0", ad_storage="DENIED")
        self.state(100, external_id="4712.0", ad_storage="DENIED")
        self.state(90, external_id="4712.0", ad_storage="GRANTED")
        self.state(100, external_id="4713.5", ad_storage="DENIED")
        self.state(100, external_id=" 4715.0 ", ad_storage="DENIED")
        # Of the same moment the denial counts.
        self.state(70, external_id="4716.0", ad_storage="GRANTED")
        self.state(70, external_id="4716", ad_storage="DENIED")
        db = self.project.connect()
        db.execute("INSERT INTO consent (external_id, ad_storage, stated_at) "
                   "VALUES ('4714.0', 'GRANTED', NULL)")
        self.drain()
        db.execute("INSERT INTO consent (external_id, ad_storage) VALUES ('4714', 'DENIED')")
        self.drain()
        before = self.project.query("SELECT count(*) FROM consent")[0][0]
        # As if under another node: that of the text.
        db.execute("UPDATE statement SET node = node + 8 WHERE consent_id NOT IN "
                   "(SELECT id FROM consent WHERE external_id IN ('4714', '4716'))")
        db.close()
        self.project.undo_migrations()
        self.project.convey("init")
        self.assertEqual(self.project.query("SELECT count(*) FROM consent"), [(before + 7,)])
        for number, more in enumerate(({"user": {"external_id": "4711.0"}},
                                       {"session_id": "77.0"}, {"user": {"external_id": 4712}},
                                       {"user": {"external_id": "4714"}},
                                       {"user": {"external_id": "4715"}},
                                       {"user": {"external_id": "4716"}})):
            self.project.insert([purchase(number, **more)])
        self.drain()
        self.assertEqual(self.project.reasons(), {"consent_denied": 5, "delivered": 1})


class Abroad(Permission):
    """A consent row tells no country: its number is read at home."""

    project_options = {"options": ("--default-country", "DE")}

    def test_the_same_digits_deny_and_grant_nothing(self):
        countries = ("Tirol, Austria", "AT", "Georgia, US", "DE", "AT", "AT")
        for number, country in enumerate(countries):
            phone = f"0664 123456{number}"
            email = {} if number in (1, 4) else {"email": f"{number}@shop.example"}
            if email:
                self.state(2000, ad_user_data="GRANTED", **email)
            self.state(1900, phone=phone, ad_user_data="GRANTED" if number == 4 else "DENIED")
            if number == 5:
                self.state(1800, ad_user_data="GRANTED", **email)
            self.project.insert([purchase(number, event_time=NOW - 1000, user=dict(
                email, phone=phone, country=country, ip=IP))])
        self.assertIn("as the number is read at home", self.project.convey("why", "id-0"))
        self.drain()
        self.assertEqual(self.told(), {"id-0": False, "id-1": False, "id-2": False, "id-3": False,
                                       "id-4": False, "id-5": True})


class Numbers(Permission):
    """JavaScript binds every number as a floating one: 4711.0 stands in a column of texts."""

    def test_they_name_whom_they_mean(self):
        self.state(100, external_id=4711.0, ad_user_data="GRANTED")
        self.state(100, session_id=77.0, ad_user_data="GRANTED")
        self.state(100, external_id="4713.5", ad_user_data="GRANTED")
        for number, more in enumerate(({"external_id": 4711}, {"external_id": "4711"},
                                       {"external_id": 4712}, {"external_id": "4713"})):
            self.project.insert([purchase(number, user=dict(more, ip=IP))])
        self.project.insert([purchase(4, session_id=77, user={"ip": IP})])
        self.drain()
        self.assertEqual(self.told(), {"id-0": True, "id-1": True, "id-2": False, "id-3": False,
                                       "id-4": True})

    def test_a_denial_is_heard_where_both_sides_have_the_text(self):
        """A payload made of the same column; and one that knows the number."""
        self.state(100, external_id="4711.0", ad_storage="DENIED")
        self.state(100, session_id="77.0", ad_storage="DENIED")
        for number, more in enumerate(({"user": {"external_id": "4711.0"}},
                                       {"user": {"external_id": 4711}}, {"session_id": "77.0"})):
            self.project.insert([purchase(number, **more)])
        self.drain()
        self.assertEqual(self.project.reasons(), {"consent_denied": 3})

    def test_they_are_forgotten(self):
        for asked in ("4711", "4711.0"):
            self.state(100, external_id=4711.0, ad_user_data="GRANTED")
            self.project.insert([purchase(1, user={"external_id": "4711.0", "locale": "de"})])
            self.project.convey("forget", "--external-id", asked)
            self.assertEqual(self.project.query("SELECT external_id FROM consent UNION ALL SELECT "
                                                "payload FROM outbox WHERE payload LIKE '%4711%'"),
                             [])


class Asked(Permission):
    def test_preview_and_why_heed_a_denial_that_no_relay_has_read(self):
        """Each counts from the moment it is read: one that tells no time, one of tomorrow."""
        db = self.project.connect()
        for number, stated_at in enumerate(("26.11.2026 12:00", 0, "", NOW + 86400)):
            db.execute("INSERT INTO consent (email, ad_user_data, stated_at) VALUES (?, ?, ?)",
                       (f"{number}@shop.example", "DENIED", stated_at))
        db.close()
        self.project.insert([purchase(number, event_time=NOW - 60,
                                      user={"email": f"{number}@shop.example", "ip": IP},
                                      consent={"ad_user_data": "GRANTED"})
                             for number in range(4)])
        for number in range(4):
            body = self.project.convey("preview", f"id-{number}")
            self.assertIn('"limited_data_use": true', body)
            self.assertNotIn(IP, body)
            self.assertIn("what it denies counts", self.project.convey("why", f"id-{number}"))
        self.drain()
        self.assertEqual(set(self.told().values()), {False})


class Since(Permission):
    """A payload says what was so at its event, whenever it is written."""

    GRANTED = {"ad_user_data": "GRANTED", "ad_storage": "GRANTED"}

    def buy(self, number, ago, **more):
        self.project.insert([dict(purchase(number, event_time=NOW - ago, consent=self.GRANTED,
                                           user={"external_id": f"a{number}", "ip": IP}), **more)])

    def test_a_withdrawal_between_the_event_and_its_row(self):
        self.state(100, external_id="a1", ad_user_data="DENIED")
        self.buy(1, 1000)
        self.state(2000, external_id="a2", ad_user_data="DENIED")
        self.buy(2, 1000)
        self.state(100, external_id="a3", ad_user_data="DENIED")
        self.state(50, external_id="a3", ad_user_data="GRANTED")
        self.buy(3, 1000)
        self.state(100, external_id="a4", ad_storage="DENIED")
        self.buy(4, 1000)
        # An event that is ahead of its row is told of when the row is written.
        self.state(100, external_id="a5", ad_user_data="DENIED")
        self.buy(5, 50, created_at=(NOW - 200) * 1000)
        self.drain()
        self.assertEqual(self.told(), {"id-1": False, "id-2": True, "id-3": True, "id-5": False})
        self.assertEqual(self.project.reasons(), {"consent_denied": 1, "delivered": 4})
        self.assertIn("after the conversion: what it denies counts",
                      self.project.convey("why", "id-1"))


if __name__ == "__main__":
    unittest.main()
