# SPDX-License-Identifier: MIT
"""Plain identifiers leave the database once a row is settled: canaries are planted, and
searched for in every file and every line that convey writes."""
import json
import os
import random
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent, wait_until  # noqa: E402
from pii_case import GRANTED, PiiCase, canary, person, sha256  # noqa: E402


class Sent(PiiCase):
    def test_a_national_number_is_not_of_a_destination_that_is_gone(self):
        self.project.convey("destination", "set", "shop", "--default-country", "DE")
        self.add_destination("wien", "PIXEL2", options=("--default-country", "AT"))
        self.project.convey("destination", "remove", "shop")
        self.project.insert([purchase(1, consent=GRANTED, user={"phone": "0664 1234567"})])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.payload("id-1")["user"]["phone"], sha256("+436641234567"))

    def test_a_national_number_is_of_the_country_that_is_named(self):
        """Whatever stands behind its name; where a part of it is another country, not of the default."""
        self.project.convey("destination", "set", "shop", "--default-country", "DE")
        places = {"Netherlands (Kingdom of the)": "+31612345678", "Tirol": "+49612345678",
                  "Austria, Tirol": None, "N/A": "+49612345678", "Netherlands (NL) - c/o Ann": "+31612345678"}
        self.project.insert(purchase(n, consent=GRANTED, user={
            "phone": "06 12345678", "country": place, "external_id": f"x{n}"})
            for n, place in enumerate(places))
        self.assertEqual(self.drain(), 0)
        went = {event["event_id"]: event["user"] for _, event in sent(self.sandbox.ledger())}
        for n, number in enumerate(places.values()):
            user = self.payload(f"id-{n}")["user"]
            self.assertEqual(user["phone"], sha256(number) if number
                             else {"sha256": sha256("06 12345678")})
            self.assertEqual(went[f"id-{n}"].get("phone"), number and sha256(number))
        self.assertEqual(user["country"], "NL")  # a retry has it still

    def test_nobody_is_no_person(self):
        """What forms, SDKs and templates leave is the same for many; another number may be somebody's."""
        self.add_destination("app", "P2", source="app")
        words = ["null", "Undefined", "[object Object]", "{{uid}}", "N/A", "guest", "0"]
        ids = ["7", "-7", "user_1", "Nullman"]
        for n, word in enumerate(words + ids):
            self.project.insert([purchase(n, consent=GRANTED, app={"app_id": "x"},
                                          user={"external_id": word, "ttp": word})])
        for n, word in enumerate(("NULL", "undefined", "IDFA-1")):
            self.project.insert([purchase(n, consent=GRANTED, app={"app_id": "x"}, prefix="app",
                                          user={"idfa": word, "gaid": word, "idfv": word})])
        self.project.insert([purchase(1, consent=GRANTED, app={"app_id": "x"}, prefix="list",
                                      user={"external_id": ["null", "7"]})])
        self.drain()
        web, app = ({event["event_id"]: event.get("user", {}) for line in self.sandbox.ledger()
                     if line["source_id"] == pixel for event in line["events"]}
                    for pixel in (self.project.destinations["shop"][1], "P2"))
        for n, word in enumerate(words + ids):
            self.assertEqual(web[f"id-{n}"], {} if word in words else
                             {"external_id": sha256(word), "ttp": word})
        self.assertEqual((app["app-0"], app["app-1"]), ({}, {}))
        self.assertEqual(app["app-2"]["idfv"], "IDFA-1")
        self.assertEqual(web["list-1"], {"external_id": sha256("7")})

    def test_a_hash_of_nobody_is_no_person_either(self):
        """Who hashes what an SDK gives hashes its zeros too: they join nobody, and are not sent."""
        self.add_destination("app", "P2", source="app")
        words = ["00000000-0000-0000-0000-000000000000", "null", "None", "N/A", "Guest", "-1", ""]
        for n, word in enumerate(words):
            ids = dict.fromkeys(("external_id", "ttp", "idfa", "idfv", "gaid"), sha256(word))
            self.project.insert([
                purchase(n, consent=GRANTED, app={"app_id": "x"}, prefix="known",
                         user=dict(ids, email=f"p{n}@shop.example")),
                purchase(n, consent=GRANTED, app={"app_id": "x"}, user=ids)])
        self.project.insert([purchase(1, consent=GRANTED, prefix="name", user={
            "first_name": sha256("guest"), "last_name": sha256("")})])
        self.drain()
        users = {(line["source_id"], event["event_id"]): event.get("user", {})
                 for line in self.sandbox.ledger() for event in line["events"]}
        for pixel in (self.project.destinations["shop"][1], "P2"):
            for n in range(len(words)):
                self.assertEqual(users[pixel, f"id-{n}"], {})
                self.assertEqual(users[pixel, f"known-{n}"],
                                 {"email": sha256(f"p{n}@shop.example")})
        self.assertEqual(users[self.project.destinations["shop"][1], "name-1"],
                         {"first_name": sha256("guest")})


class Overlong(PiiCase):
    def test_in_a_visit_whatever_is_indexed(self):
        """An index of the administrator's own: the value cannot be blanked where it lies."""
        late = "y" * 5_000_000
        db = self.project.connect()
        db.execute("CREATE INDEX own ON visit (email)")
        db.execute("INSERT INTO visit (session_id, email, page_url) VALUES (?, ?, ?)",
                   ("s1", "canary1@mail.example", "https://shop.example/?q=canary2@mail.example&x="
                    + late))
        db.execute("INSERT INTO visit (session_id, email) VALUES (?, ?)",
                   ("s2", "canary3@mail.example" + " " * len(late)))
        db.close()
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assert_no_canary()
        self.assertEqual(self.project.reasons(), {"delivered": 1})


class AtRest(PiiCase):
    def test_a_drain_leaves_hashes_only(self):
        rows = [canary(n) for n in range(700)]
        rows += [canary(n, event_id=None) for n in range(700, 800)]
        rows += [canary(n, event="nobody_knows") for n in range(800, 820)]
        rows += [canary(n, page={"url": "nowhere"}) for n in range(820, 840)]
        rows += [canary(n, event_time="soon") for n in range(840, 860)]
        rows += [canary(n) for n in range(20)]
        rows += [canary(n, page={"url": f"https://u.example/?email=canary{n}%40mail.example"},
                        note=f"asked by canary{n}@mail.example",
                        more={"customer_name": "Canaria", "big": "x" * 9000})
                 for n in range(900, 920)]
        random.Random(1).shuffle(rows)
        self.project.insert(rows)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(),
                         {"delivered": 820, "skipped": 20, "rejected": 40, "duplicate": 20})
        self.assert_no_canary()
        user = self.payload("id-5")["user"]
        self.assertEqual(user, {
            "email": sha256("canary5@mail.example"), "phone": sha256("+491707770005"),
            "first_name": sha256("canariana5"), "last_name": sha256("canarsson"),
            "zip_code": sha256("canzip5"), "ip": "203.0.113.9"})
        sent = {event["event_id"]: event for line in self.sandbox.ledger()
                for event in line["events"]}
        self.assertEqual(sent["id-5"]["user"], user)
        self.check()

    def test_an_event_of_a_redacted_row_is_the_same(self):
        """Decided after redaction: same id, same user as a row that is sent at once."""
        same = {"event_time": int(time.time()) - 60, "event": "thing_x", "consent": GRANTED}
        shop = {"url": "https://shop.example/?q=1&email=canary@mail.example&ttclid=E.C.P.1"}
        users = [person(1), dict(person(2), email=[" A@CANARY.example ", "no address"]),
                 dict(person(3), phone="no phone", external_id="canary3@mail.example")]
        rows = []
        for n, user in enumerate(users):
            row = purchase(n, user=user, page=shop, event_id=None, **same)
            payload = json.loads(row["payload"])
            del payload["properties"]["order_id"]
            rows.append(dict(row, payload=json.dumps(payload)))
        self.project.insert(rows)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.reasons(), {"not_mapped": 3})
        self.assert_no_canary()
        ids = self.project.query("SELECT event_id FROM outbox_status ORDER BY id")
        self.project.convey("map", "set", "thing_x", "Purchase")
        self.project.convey("retry", "--status", "skipped")
        self.assertEqual(self.drain(), 0)
        later = [event for line in self.sandbox.ledger() for event in line["events"]]

        self.setUp()
        self.project.convey("map", "set", "thing_x", "Purchase")
        self.project.insert(rows)
        self.assertEqual(self.drain(), 0)
        at_once = [event for line in self.sandbox.ledger() for event in line["events"]]
        self.assertEqual(later, at_once)
        self.assertEqual([(event["event_id"],) for event in later], ids)
        self.assertEqual(len(later), 3)

    def test_what_waits_keeps_what_it_needs(self):
        self.add_destination("late", "PIXEL2", token=None)
        self.project.insert(canary(n) for n in range(3))
        relay = self.start()
        wait_until(lambda: len(self.sandbox.ledger()) > 0)
        self.project.insert([canary(9, page={"url": "?"}, event_time="soon")])
        wait_until(lambda: self.plain() == 3, 10, "the redaction of a rejected row")
        time.sleep(1)
        self.assertEqual(self.plain(), 3)
        self.project.set_token("token", "late")
        self.project.wait_for({"delivered": 3, "rejected": 1})
        late = [event for line in self.sandbox.ledger() if line["source_id"] == "PIXEL2"
                for event in line["events"]]
        self.assertEqual(sorted(event["user"]["email"] for event in late),
                         sorted(sha256(f"canary{n}@mail.example") for n in range(3)))
        wait_until(lambda: self.plain() == 0, 30, "the redaction of what has waited")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.drain(), 0)
        self.assert_no_canary()

    def test_a_running_relay_redacts_and_cuts_the_wal(self):
        relay = self.start()
        self.project.insert(canary(n) for n in range(50))
        self.project.wait_for({"delivered": 50})
        wait_until(lambda: self.plain() == 0, 5, "the redaction")
        wait_until(lambda: not self.places_of("canar"), 30, "the cut of the WAL")
        self.assert_no_canary()
        self.assertTrue(relay.running())
        self.assertEqual(relay.stop(), 0)

    def test_a_reader_holds_the_wal(self):
        """The rows are redacted; a snapshot that somebody reads is not taken from under him."""
        reader = sqlite3.connect(self.project.db, isolation_level=None)
        self.project.insert(canary(n) for n in range(300))
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outbox").fetchone()
        relay = self.start("--drain")
        self.project.wait_for({"delivered": 300})
        self.assertEqual(relay.wait(40), 0)
        self.assertIn("wal_not_cut", relay.log())
        self.assertEqual(self.plain(), 0)
        reader.close()
        self.project.insert([canary(1000)])
        self.assertEqual(self.drain(), 0)
        self.assert_no_canary()

    def test_killed_in_the_middle(self):
        whole = {}
        self.project.insert(canary(n) for n in range(6000))
        chance = random.Random(7)
        for _ in range(8):
            relay = self.start("--drain")
            relay.wait_started()
            time.sleep(chance.uniform(0.01, 0.15))
            relay.kill()
            for row, text in self.project.query("SELECT event_id, payload FROM outbox"):
                number = int(row.split("-")[1])
                payload = json.loads(text)
                plain = "canar" in text.lower()
                self.assertEqual(payload["user"]["email"],
                                 person(number)["email"] if plain
                                 else sha256(f"canary{number}@mail.example"))
                self.assertEqual("last_name" in payload["user"], True)
                if row in whole:
                    self.assertEqual(plain and not whole[row], False, "plain again")
                whole[row] = plain
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 6000})
        self.assert_no_canary()
        self.check()

    def test_hashed_rows_are_not_rewritten(self):
        user = {"email": sha256("a@b.example").upper(), "phone": sha256("+491701234567"),
                "external_id": "4711", "ip": "203.0.113.9", "country": "DE"}
        rows = [purchase(n, consent=GRANTED, user=user,
                         page={"url": "https://shop.example/a?n=1&utm_source=tiktok#top"})
                for n in range(300)]
        self.project.insert(rows)
        self.assertEqual(self.drain(), 0)
        self.assertEqual([text for text, in self.project.query(
            "SELECT payload FROM outbox ORDER BY id")], [row["payload"] for row in rows])
        # No pass has rewritten anything: the WAL was never cut.
        self.assertEqual(self.project.query(
            "SELECT count(*) FROM setting WHERE name = 'wal_shrunk'"), [(0,)])

    def test_visits_and_consents_that_were_read(self):
        producer = self.project.connect()
        for n in range(30):
            tells = (f"email=canary{n}%40mail.example&tel="
                     + person(n)["phone"].replace("+", "%2B").replace(" ", "%20"))
            producer.execute("INSERT INTO visit (session_id, page_url, referrer, email, phone) "
                             "VALUES (?, ?, ?, ?, ?)",
                             (f"s{n}", f"https://shop.example/?n={n}&{tells}",
                              f"https://mail.example/?{tells}", person(n)["email"],
                              person(n)["phone"]))
            producer.execute("INSERT INTO consent (email, phone, ad_user_data) "
                             "VALUES (?, ?, 'GRANTED')",
                             (person(n)["email"], person(n)["phone"]))
        producer.close()
        self.project.insert(purchase(n, session_id=f"s{n}", consent=GRANTED) for n in range(30))
        self.assertEqual(self.drain(), 0)
        self.assert_no_canary()
        self.assertEqual(self.project.query("SELECT count(*) FROM visit WHERE email = ?",
                                            sha256("canary7@mail.example")), [(1,)])
        event = [event for line in self.sandbox.ledger() for event in line["events"]
                 if event["event_id"] == "id-7"][0]
        self.assertEqual(event["user"]["email"], sha256("canary7@mail.example"))
        self.assertEqual(event["page"], {"url": "https://shop.example/thanks?n=7",
                                         "referrer": "https://mail.example/"})

    def test_what_is_no_identifier_does_not_become_one(self):
        """The hash of junk in a column would be taken for one of the producer's."""
        producer = self.project.connect()
        producer.execute("INSERT INTO visit (session_id, page_url, email, phone) VALUES "
                         "('s', 'https://shop.example/', 'no-email', 'call me 030 901820')")
        producer.execute("INSERT INTO visit (session_id, page_url, email) VALUES "
                         "('s', 'https://shop.example/', 'guest@shop.example')")
        producer.execute("INSERT INTO consent (session_id, email, ad_user_data) VALUES "
                         "('s', 'nope', 'GRANTED')")
        producer.close()
        for n in range(2):  # the second finds the rows at rest
            self.project.insert([purchase(n, session_id="s", consent=GRANTED)])
            self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.query(
            "SELECT email, phone FROM visit UNION ALL SELECT email, phone FROM consent"),
            [(None, None)] * 3)
        users = [event.get("user", {}) for line in self.sandbox.ledger() for event in line["events"]]
        self.assertEqual([sorted(user) for user in users], [[], []])


class WrongPlace(PiiCase):
    """An address where nobody looks for one."""
    places = {"user": "ttclid ttp ip user_agent locale idfa idfv gaid att_status",
              "properties": "value currency num_items customer_type order_id",
              "app": "app_version", "ad": "callback attribution_share",
              "consent": "ad_personalization"}

    def rows(self, address):
        for part, names in self.places.items():
            for number, name in enumerate(names.split()):
                what = {"consent": dict(GRANTED), "app": {"app_id": "a"}}
                what.setdefault(part, {})[name] = address
                yield purchase(number, prefix=part, **what)
        base = {"consent": GRANTED, "app": {"app_id": "a"}}
        for number, more in enumerate((
                {"session_id": address}, {"conversion_date_time": address},
                {"properties": {"contents": [{"content_id": "1", "price": address}]}},
                {"properties": {"contents": [{"content_id": "1", "quantity": address}]}})):
            yield purchase(number, prefix="more", **base, **more)
        yield purchase(1, prefix="time", event_time=f"by {address}", **base)
        yield purchase(1, prefix="name", event=f"Order by {address}", **base)

    def test_neither_stays_nor_leaves(self):
        self.add_destination("app", "PIXEL2", "app")
        for address in ("canary@mail.example", "+49 170 7770001"):
            self.project.insert(dict(row, event_id=row["event_id"] + address[:1])
                                for row in self.rows(address))
        for table, columns in (
                ("visit", "session_id ttclid ttp ip user_agent page_url referrer seen_at"),
                ("consent", "session_id ad_user_data ad_storage stated_at")):
            columns = columns.split()
            self.project.connect().execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
                f"({', '.join('?' * len(columns))})", ["canary@mail.example"] * len(columns))
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.places_of("canary@", "+49 170 777"), [])
        names = self.project.query("SELECT event FROM unmapped_event ORDER BY 1")
        self.assertEqual(names, sorted([
            ("Order by " + sha256("canary@mail.example"),),
            ("Order by " + sha256("+491707770001"),)]))
        said = self.project.convey("why", "name-1c") + self.project.convey("list")
        self.assertNotIn("canary@", said)

    def test_what_names_a_row_stays(self):
        self.project.insert([purchase(1, event_id="canary@mail.example"),
                             purchase(2, event_id=None, transaction_id="+49 170 7770001")])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.query("SELECT event_id FROM outbox_status ORDER BY id"),
                         [("canary@mail.example",), ("+49 170 7770001",)])


class Mended(PiiCase):
    """A payload that is changed in place brings plain identifiers back."""
    bad = {"properties": {"value": 5}}  # no currency

    def mend(self, number):
        self.project.connect().execute(
            "UPDATE outbox SET event = 'purchase', payload = ? WHERE event_id = ?",
            (canary(number)["payload"], f"id-{number}"))

    def test_retried(self):
        self.project.insert([canary(1, **self.bad), purchase(2, consent=GRANTED, **self.bad),
                             dict(canary(3), payload='{"user": canary@mail.example'),
                             canary(4, event="nobody_knows"), canary(5)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"rejected": 3, "skipped": 1, "delivered": 1})
        for number in range(1, 5):
            self.mend(number)
            self.project.convey("retry", f"id-{number}")
        self.assertEqual(self.plain(), 4)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 5})
        self.assert_no_canary()
        self.assertEqual(self.project.query("SELECT count(*) FROM redaction"), [(0,)])

    def test_while_a_relay_runs(self):
        relay = self.start()
        self.project.insert([canary(n, **self.bad) for n in range(5)])
        self.project.wait_for({"rejected": 5})
        wait_until(lambda: self.plain() == 0, 5, "the redaction")
        for number in range(5):
            self.mend(number)
        self.project.convey("retry", "--status", "rejected")
        self.project.wait_for({"delivered": 5})
        wait_until(lambda: self.plain() == 0, 30, "the redaction of what was mended")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.drain(), 0)
        self.assert_no_canary()

    def test_while_it_waits(self):
        self.add_destination("late", "PIXEL2", token=None)
        self.project.insert(purchase(n, consent=GRANTED) for n in range(3))
        relay = self.start()
        wait_until(lambda: self.project.reasons() == {"delivered": 3, "needs_token": 3})
        for number in range(3):
            self.mend(number)
        self.project.set_token("token", "late")
        self.project.wait_for({"delivered": 3})
        wait_until(lambda: self.plain() == 0, 30, "the redaction of what was changed")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.drain(), 0)
        self.assert_no_canary()

    def test_cancelled_while_it_waits(self):
        """The relay reads none of them again."""
        self.add_destination("late", "PIXEL2", token=None)
        self.project.insert(purchase(n, consent=GRANTED) for n in range(6))
        relay = self.start()
        wait_until(lambda: self.project.reasons() == {"delivered": 6, "needs_token": 6})
        for number in range(0, 6, 2):
            self.mend(number)
        self.project.convey("cancel", "id-2")
        self.project.convey("disconnect", "late")
        self.assertEqual(relay.stop(), 0)  # it may have redacted some by now
        self.assertEqual(self.drain(), 0)
        self.assert_no_canary()
        self.assertEqual(self.project.query("SELECT count(*) FROM redaction"), [(0,)])

    def test_cancelled_while_no_relay_runs(self):
        self.project.insert(purchase(n, consent=GRANTED, **self.bad) for n in range(4))
        self.assertEqual(self.drain(), 0)
        for number in (1, 2):
            self.mend(number)
        self.project.convey("retry", "id-1")
        self.project.convey("cancel", "--status", "pending")
        self.project.convey("cancel", "--status", "rejected")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"cancelled": 4})
        self.assert_no_canary()

    def test_cancelled_while_a_drain_waits_for_it(self):
        self.sandbox.set_faults(["50000"])
        self.project.insert([purchase(1, consent=GRANTED)])
        relay = self.start()
        self.project.wait_for({"retrying": 1})
        self.assertEqual(relay.stop(), 0)
        self.project.connect().execute("UPDATE waiting SET due_at = due_at + 300000")
        relay = self.start("--drain", "--retry-base-ms", "600000", "--retry-cap-ms", "600000")
        relay.wait_started()
        time.sleep(1)  # it has looked through what there is to redact
        self.mend(1)
        self.project.convey("cancel", "id-1")
        self.assertEqual(relay.wait(20), 0)
        self.assert_no_canary()


if __name__ == "__main__":
    unittest.main()
