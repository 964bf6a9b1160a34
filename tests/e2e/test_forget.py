# SPDX-License-Identifier: MIT
"""`convey forget`: nothing of a person is left, and what waits is not sent."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from pii_case import GRANTED, PiiCase, canary, person, sha256  # noqa: E402


class ForgetCase(PiiCase):
    def forget(self, *words, status=0):
        return json.loads(self.project.convey("forget", *words, "--json", status=status))

    def payloads(self):
        """Of the rows that hold JSON."""
        return {row: json.loads(text) for row, text in self.project.query(
            "SELECT event_id, payload FROM outbox WHERE json_valid(payload)")}


class Forget(ForgetCase):
    def test_everywhere(self):
        mine = [canary(0), canary(1, event="nobody_knows"),
                purchase(2, consent=GRANTED, note="from CANARY0@mail.example"),
                purchase(3, consent=GRANTED, user={"email": sha256("canary0@mail.example")}),
                dict(purchase(4), payload='{"user": {"email": "canary0@mail.example"')]
        mine[1] = dict(mine[1], payload=mine[0]["payload"])
        self.project.insert(mine + [canary(n) for n in range(10, 20)])
        producer = self.project.connect()
        for n in (0, 10):
            producer.execute("INSERT INTO visit (session_id, email) VALUES (?, ?)",
                             (f"s{n}", person(n)["email"]))
            producer.execute("INSERT INTO consent (session_id, email, ad_user_data) VALUES "
                             "(?, ?, 'GRANTED')", (f"s{n}", person(n)["email"]))
        producer.close()
        self.assertEqual(self.drain(), 0)
        before = self.payloads()
        counts = {"erased": 5, "cancelled": 2, "in_flight": 0, "visits": 1, "consents": 1}
        self.assertEqual(self.forget("--email", " Canary0@mail.example", "--dry-run"),
                         dict(counts, dry_run=True))
        self.assertEqual(self.payloads(), before)
        self.assertEqual(self.forget("--email", " Canary0@mail.example"),
                         dict(counts, dry_run=False))
        self.assertEqual(self.places_of("canary0", sha256("canary0@mail.example")),
                         [("ledger.jsonl", sha256("canary0@mail.example"))])
        after = self.payloads()
        self.assertEqual(after["id-0"], {"user": {}, "properties": {
            "value": 29.99, "currency": "EUR", "order_id": "id-0"}})
        self.assertEqual(after["id-15"], before["id-15"])
        self.assertEqual(self.forget("--email", "canary0@mail.example")["erased"], 0)
        self.assertEqual(self.project.statuses(), {"delivered": 13, "cancelled": 2})

    def test_what_ended_unsent_is_not_to_mend_any_more(self):
        rows = [canary(0, event="nobody_knows"), canary(1, event="purchase"), canary(2)]
        rows[1]["payload"] = rows[1]["payload"].replace('"currency": "EUR"', '"currency": "?"')
        self.project.insert(rows)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.reasons(),
                         {"not_mapped": 1, "bad_value": 1, "delivered": 1})
        for n in range(3):
            done = self.forget("--email", person(n)["email"])
            self.assertEqual((done["erased"], done["cancelled"]), (1, int(n < 2)))
        self.assertEqual(self.project.reasons(), {"erased": 2, "delivered": 1})
        queue = self.project.queue()
        self.assertEqual([queue[word] for word in
                          ("skipped", "rejected", "cancelled", "delivered")], [0, 0, 2, 1])
        self.assertIn("Nothing needs you", self.project.convey("status"))
        for status in ("skipped", "rejected", "cancelled"):
            self.project.convey("retry", "--status", status)
        self.project.convey("retry", "--row", "2", status=65)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.reasons(), {"erased": 2, "delivered": 1})


class ForgetInFlight(ForgetCase):
    def test_the_first_and_the_last_of_a_request(self):
        """What travels stays as it is, is told, and goes when it is asked for again."""
        self.sandbox.set_faults("slow:ms=3000")
        self.project.insert(canary(n) for n in range(3))
        relay = self.start()
        wait_until(lambda: self.project.query(
            "SELECT 1 FROM attempt WHERE outcome IS NULL AND events = 3"))
        for n in range(3):
            got = self.forget("--email", person(n)["email"], status=75)
            self.assertEqual((got["erased"], got["cancelled"], got["in_flight"]), (0, 0, 1))
        self.project.wait_for({"delivered": 3})
        self.assertEqual(relay.stop(), 0)
        for n in range(3):
            self.assertEqual(self.forget("--email", person(n)["email"])["erased"], 1)
        self.check()


class ForgetWaiting(ForgetCase):
    token = None

    def test_what_waits_is_cancelled(self):
        self.project.insert(canary(n) for n in range(4))
        relay = self.start()
        wait_until(lambda: self.project.query("SELECT count(*) FROM waiting") == [(4,)])
        got = self.forget("--phone", "+49 170 7770001")
        self.assertEqual((got["erased"], got["cancelled"]), (1, 1))
        self.assertEqual(relay.stop(), 0)
        self.project.insert(canary(n) for n in (1, 5, 6, 7))  # not claimed
        got = self.forget("--email", sha256("canary5@mail.example"))
        self.assertEqual((got["erased"], got["cancelled"]), (1, 1))
        self.assertEqual(self.project.query(
            "SELECT event_id, status, reason FROM outbox_status WHERE status = 'cancelled' "
            "ORDER BY id"), [("id-1", "cancelled", "erased"), ("id-5", "cancelled", "erased")])
        self.assertEqual(self.project.queue()["cancelled"], 2)
        self.project.set_token("token", "shop")
        self.assertEqual(self.drain(), 0)
        sent = sorted(event["event_id"] for line in self.sandbox.ledger()
                      for event in line["events"])
        # The shop inserted id-1 once more after it was erased: that is a new row.
        self.assertEqual(sent, ["id-0", "id-1", "id-2", "id-3", "id-6", "id-7"])
        self.assert_no_canary()

    def test_what_no_relay_has_taken_up(self):
        """The session is the person's by a row that was never read."""
        self.project.insert([canary(0, session_id="s0"), canary(1, session_id="s1")])
        producer = self.project.connect()
        for n in (0, 1):
            producer.execute("INSERT INTO visit (session_id, phone) VALUES (?, ?)",
                             (f"s{n}", f"+49170999000{n}"))
            producer.execute("INSERT INTO consent (phone, ad_user_data) VALUES (?, 'GRANTED')",
                             (f"+49170999000{n}",))
        producer.close()
        got = self.forget("--email", person(0)["email"])
        self.assertEqual(got, {"erased": 1, "cancelled": 1, "in_flight": 0, "visits": 1,
                               "consents": 1, "dry_run": False})
        self.assertEqual(self.project.query("SELECT session_id FROM visit"), [("s1",)])
        self.assertEqual(self.places_of("canary0", "+491709990000", sha256("+491709990000")), [])

    def test_what_was_read_of_visits_and_consents(self):
        """A later conversion of the same identifiers finds neither page nor permission."""
        producer = self.project.connect()
        for n in (0, 1):
            producer.execute("INSERT INTO visit (session_id, email, page_url, ip) VALUES "
                             "(?, ?, 'https://shop.example/secret', '203.0.113.77')",
                             (f"s{n}", person(n)["email"]))
            producer.execute("INSERT INTO consent (email, ad_user_data) VALUES (?, 'GRANTED')",
                             (person(n)["email"],))
        producer.close()
        self.project.set_token("token", "shop")
        self.assertEqual(self.drain(), 0)
        pages, statements = (self.project.query(f"SELECT count(*) FROM {table}")[0][0]
                             for table in ("page_view", "statement"))
        self.assertGreater(min(pages, statements), 0)
        upper = sha256(person(0)["email"].lower()).upper()
        got = self.forget("--email", upper)
        self.assertEqual((got["visits"], got["consents"]), (1, 1))
        self.assertEqual(self.project.query("SELECT count(*) FROM page_view"), [(pages // 2,)])
        self.assertEqual(self.project.query("SELECT count(*) FROM statement"),
                         [(statements // 2,)])
        self.project.insert([purchase(n, page=None, session_id=f"s{n}",
                                      user={"email": person(n)["email"]}) for n in (0, 1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.query(
            "SELECT event_id, status, reason FROM outbox_status ORDER BY id"),
            [("id-0", "rejected", "missing_page_url"), ("id-1", "delivered", None)])

    def test_whose_external_id_differs_in_case_is_another(self):
        producer = self.project.connect()
        for name in ("Kunde-A", "kunde-a"):
            producer.execute("INSERT INTO consent (external_id, ad_user_data) VALUES (?, 'DENIED')",
                             (name,))
            producer.execute("INSERT INTO visit (external_id) VALUES (?)", (name,))
        producer.close()
        self.forget("--external-id", "kunde-a")
        for table in ("consent", "visit"):
            self.assertEqual(self.project.query(f"SELECT external_id FROM {table}"), [("Kunde-A",)])

    def test_refuses_what_is_none(self):
        self.refused(64, "forget", "--db", self.project.db)
        self.refused(64, "forget", "--email", "a@x.de", "--phone", "+1", "--db", self.project.db)
        self.refused(65, "forget", "--email", "nobody", "--db", self.project.db)


class Beside(ForgetCase):
    """Rows that wait, in plain, among rows that grow as hashes take the place of what they told:
    SQLite moves those beside them in their page, and their erasure comes where they are then."""

    @staticmethod
    def row(n):
        """Of many lengths, so that pages come to be laid out anew in many ways."""
        if n % 2 == 0:
            return dict(purchase(n), payload=json.dumps({"user": {"email": f"o{n}@mail.example"}}))
        return purchase(n, event="lead", consent=GRANTED, note="n" * (n // 10 % 80),
                        user={"email": f"canary{n % 5}@mail.example"})

    def redacted(self):
        return self.project.query("SELECT count(*) FROM outbox WHERE event = 'purchase' "
                                  "AND payload LIKE '%@mail%'") == [(0,)]

    def test_nothing_is_left_where_a_row_was_before(self):
        self.add_destination("later", "PIXEL2")
        self.project.convey("route", "add", "--to", "later", "--event", "lead")
        self.project.convey("route", "add", "--to", "shop")
        self.project.convey("destination", "pause", "later")
        self.project.insert(map(self.row, range(4000)))
        relay = self.start()
        wait_until(self.redacted, 60, "the redaction")
        self.assertEqual(relay.stop(), 0)
        for n in range(5):
            self.forget("--email", f"canary{n}@mail.example")
        self.assertEqual(self.places_of("canary", "@mail.example"), [])
        self.assertEqual(self.project.query("PRAGMA integrity_check"), [("ok",)])


if __name__ == "__main__":
    unittest.main()
