# SPDX-License-Identifier: MIT
"""`convey preview` from outside: the bytes that would go, masked or not, and why."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import Project, binary, purchase, sent  # noqa: E402
from sandbox import Sandbox  # noqa: E402

GRANTED = {"ad_user_data": "GRANTED", "ad_storage": "GRANTED"}
EMAIL = "anna@shop.example"
USER = {"email": EMAIL, "phone": "+4930123456789", "external_id": "u-77", "first_name": "Anna",
        "zip_code": "10117", "ip": "203.0.113.9", "user_agent": "Mozilla/5.0 (X11)",
        "ttp": "ttp-abc-123", "ttclid": "E.C.P.1"}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Case(unittest.TestCase):
    def setUp(self):
        self.project = Project()
        self.addCleanup(self.project.close)

    def preview(self, *words, status=0, data=None):
        """(stdout, stderr)"""
        done = subprocess.run([binary(), "preview", *words, "--db", self.project.db],
                              input=data, text=True, capture_output=True, timeout=60,
                              cwd=self.project.directory)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def file(self, text):
        path = os.path.join(self.project.directory, "event.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))
        return path


class Body(Case):
    def test_it_is_what_is_sent_byte_for_byte(self):
        self.project.insert([purchase(1, user=USER, consent=GRANTED,
                                      properties={"value": 29.90, "currency": "eur"})])
        shown, _ = self.preview("id-1", "--reveal")
        ledger = os.path.join(self.project.directory, "ledger.jsonl")
        with Sandbox(ledger=ledger, token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
            (line, event), = sent(sandbox.ledger())
        body = json.loads(shown)
        self.assertEqual(body["data"], [event])
        self.assertEqual((body["event_source"], body["event_source_id"]), ("web", "PIXEL1"))
        self.assertEqual(len(shown.encode()) - 1, line["bytes"])

    def test_identifiers_are_hidden_unless_revealed(self):
        self.project.insert([purchase(1, user=USER, consent=GRANTED)])
        out, err = self.preview("id-1")
        both = out + err + self.preview("id-1", "--json")[0]
        for value in USER:
            if value != "ttclid":
                self.assertNotIn(USER[value], both, value)
        user = json.loads(out)["data"][0]["user"]
        revealed = json.loads(self.preview("id-1", "--reveal")[0])["data"][0]["user"]
        self.assertEqual(set(user), set(revealed))
        self.assertEqual(user["email"], revealed["email"][:8] + "…")
        for name in ("email", "phone", "external_id", "first_name", "zip_code", "ip",
                     "user_agent", "ttp"):
            self.assertRegex(user[name], "^[0-9a-f]{8}…$")
        self.assertEqual(user["ttclid"], "E.C.P.1")
        self.assertEqual(revealed["ip"], "203.0.113.9")

    def test_amounts_stay_as_they_were_written(self):
        path = self.file('{"event":"purchase","page":{"url":"https://shop.example/"},'
                         '"properties":{"value":29.90,"currency":"EUR"}}')
        self.assertIn('"value": 29.90,', self.preview(path)[0])
        self.assertIn('"value":29.90,', self.preview(path, "--reveal")[0])

    def test_the_test_event_code_is_in_it(self):
        self.project.convey("destination", "set", "shop", "--test-event-code", "TEST1")
        path = self.file({"event": "purchase", "page": {"url": "https://shop.example/"}})
        self.assertEqual(json.loads(self.preview(path)[0])["test_event_code"], "TEST1")

    def test_several_destinations_one_body_each(self):
        self.project.convey("destination", "add", "stores", "--source", "offline", "--id", "OFF1")
        self.project.insert([purchase(1)])
        out, err = self.preview("id-1")
        decoder = json.JSONDecoder()
        first, end = decoder.raw_decode(out)
        second, _ = decoder.raw_decode(out[end:].lstrip())
        self.assertEqual([first["event_source_id"], second["event_source_id"]],
                         ["PIXEL1", "OFF1"])
        self.assertNotIn("limited_data_use", second["data"][0])
        self.assertIn("shop:\n", err)
        self.assertIn("stores:\n", err)
        rows = json.loads(self.preview("id-1", "--json")[0])
        self.assertEqual([row["destination"] for row in rows], ["shop", "stores"])
        self.project.convey("route", "add", "--to", "stores")
        self.assertEqual(json.loads(self.preview("id-1")[0])["event_source_id"], "OFF1")


class Forms(Case):
    """What forms, templates and exports write."""

    def event(self, **payload):
        row = {"event": "purchase", "consent": {"ad_user_data": "GRANTED"},
               "page": {"url": "https://shop.example/"}, **payload}
        return json.loads(self.preview("-", "--reveal", data=json.dumps(row))[0])["data"][0]

    def test_an_address_in_a_place_is_left_out(self):
        user = self.event(user={"city": "+4915123456789", "state": "jane@buyer.example",
                                "country": "de"})["user"]
        self.assertEqual(user, {"country": "de"})

    def test_a_guest_is_nobody(self):
        for nobody in (0, "0", -1, "-1", "00000000-0000-0000-0000-000000000000"):
            self.assertNotIn("user", self.event(user={"external_id": nobody,
                                                      "ttp": str(nobody)}), nobody)
        for somebody in ("100", "0100", "-10"):
            self.assertIn("user", self.event(user={"external_id": somebody}))

    def test_an_order_is_the_same_however_its_number_is_written(self):
        ids = {self.event(properties={"order_id": order})["event_id"]
               for order in (1001, 1001.0, "1001")}
        self.assertEqual(len(ids), 1)

    def test_a_word_that_only_looks_like_consent_is_none(self):
        event = self.event(consent={"ad_user_data": "CONSENT_GRANTED"}, user={"email": "a@b.de"})
        self.assertTrue(event["limited_data_use"])
        self.assertNotIn("user", event)


class Inputs(Case):
    def test_a_file_of_one_object_or_of_lines(self):
        row = {"event": "purchase", "event_id": "f-1", "page": {"url": "https://shop.example/"}}
        for text in (json.dumps(row), json.dumps(row, indent=2), "\n" + json.dumps(row) + "\n",
                     "\ufeff" + json.dumps(row)):
            self.assertEqual(
                json.loads(self.preview(self.file(text))[0])["data"][0]["event_id"], "f-1")
        lines = "".join(json.dumps(dict(row, event_id=f"f-{n}")) + "\n" for n in range(3))
        rows = json.loads(self.preview(self.file(lines), "--json")[0])
        self.assertEqual([row["event_id"] for row in rows], ["f-0", "f-1", "f-2"])
        self.assertEqual(json.loads(self.preview("-", data=json.dumps(row))[0])["data"][0]
                         ["event_id"], "f-1")

    def test_an_event_id_that_nobody_has(self):
        _, err = self.preview("nobody", status=66)
        self.assertIn("nobody", err)

    def test_what_is_no_conversion(self):
        for text in ("", "[1]", "{", '{"event_id":"x"}', '{"event":"purchase"}\n{"event":1}'):
            self.preview(self.file(text), status=65)

    def test_bad_lines_are_named_and_the_others_shown(self):
        row = {"event": "purchase", "page": {"url": "https://shop.example/"}}
        lines = [json.dumps(dict(row, event_id="l-1")), '{"event":1}', "",
                 json.dumps(dict(row, event_id="l-4")), "{"]
        path = self.file("\n".join(lines))
        out, err = self.preview(path, "--json", status=65)
        self.assertEqual([row["event_id"] for row in json.loads(out)], ["l-1", "l-4"])
        for word in ("line 2: ", "line 5: ", "2 of 5 lines"):
            self.assertIn(word, err)
        self.assertEqual(self.preview(self.file("{\n" * 99), status=65)[1].count("\n"), 11)

    def test_a_derived_event_id(self):
        path = self.file({"event": "purchase", "page": {"url": "https://shop.example/"}})
        self.assertRegex(json.loads(self.preview(path)[0])["data"][0]["event_id"],
                         "^g1_[0-9a-f]{32}$")


class Unread(Case):
    """No relay has run yet, and it is told what it will send."""

    def write(self):
        now = int(time.time())
        producer = self.project.connect()
        for table, row in (
                ("visit", {"session_id": "s1", "page_url": "https://shop.example/a?ttclid=E.C.P.7",
                           "ip": "203.0.113.9", "user_agent": "UA", "seen_at": now - 90}),
                ("visit", {"session_id": "s1", "email": EMAIL, "seen_at": now - 80}),
                ("visit", {"session_id": "s1", "email": "late@shop.example", "seen_at": now + 60}),
                ("consent", {"email": EMAIL, "ad_user_data": "GRANTED", "stated_at": now - 70})):
            producer.execute(f"INSERT INTO {table} ({', '.join(row)}) "
                             f"VALUES ({', '.join('?' * len(row))})", list(row.values()))
        producer.close()
        person = {"email": EMAIL, "phone": "+493090182034"}
        self.project.insert([
            purchase(1, user=person, event_time=now - 50),
            purchase(2, page=None, session_id="s1", event_time=now - 40),
            # The same again: fills what is empty, overwrites nothing, joins nobody.
            dict(purchase(2, page=None, session_id="s9",
                          properties={"value": 1, "shop_id": "b", "order_id": "id-2"},
                          user={"email": "other@shop.example", "external_id": "u-7"}),
                 event_id="id-2"),
            purchase(3, user={"phone": "+493090182034"}, event_time=now - 45)])

    def test_visits_consents_and_the_rows_before_count(self):
        self.write()
        shown = {n: self.preview(f"id-{n}", "--reveal")[0] for n in (1, 2, 3)}
        with Sandbox(ledger=os.path.join(self.project.directory, "l"), token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
            found = {event["event_id"]: event for _, event in sent(sandbox.ledger())}
        for n, text in shown.items():
            self.assertEqual(json.loads(text)["data"], [found[f"id-{n}"]])
        second = found["id-2"]
        self.assertEqual(second["page"], {"url": "https://shop.example/a?ttclid=E.C.P.7"})
        self.assertEqual(second["user"]["email"],
                         [sha256("other@shop.example"), sha256(EMAIL)])
        self.assertEqual(second["user"]["ttclid"], "E.C.P.7")
        self.assertEqual(second["properties"]["value"], 29.99)
        self.assertEqual(second["properties"]["shop_id"], "b")
        self.assertEqual(found["id-3"]["user"]["email"], sha256(EMAIL))
        self.assertEqual(found["id-1"]["user"]["email"], sha256(EMAIL))

    def test_a_duplicate_says_that_it_is_one(self):
        self.write()
        self.assertNotIn("dedup", self.preview("--row", "3", status=1)[1])
        with Sandbox(ledger=os.path.join(self.project.directory, "l"), token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
        said = self.preview("--row", "3", status=1)[1]
        self.assertIn("a duplicate of row 2: it is not sent itself", said)
        self.assertIn("nothing would be sent: duplicate. If it is another", said)
        self.assertNotIn("dedup", self.preview("--row", "2")[1])

    def test_a_duplicate_has_no_body(self):
        """Of an id that is given, and of one that is derived; before it is read, too."""
        rows = [purchase(1), purchase(2, event_id=None), purchase(1), purchase(2, event_id=None)]
        self.project.insert(rows)
        self.assertNotIn("dedup", self.preview("--row", "3")[1])
        with Sandbox(ledger=os.path.join(self.project.directory, "l"), token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
        self.project.insert(rows[:2] + [purchase(3), purchase(3)])
        for row, first in (3, 1), (4, 2), (5, 1), (6, 2):
            shown, said = self.preview("--row", str(row), "--json", status=1)
            (answer,) = json.loads(shown)
            self.assertEqual((answer["status"], answer["body"]), ("duplicate", None))
            self.assertIn("under an event_id of its own", answer["advice"])
            shown, said = self.preview("--row", str(row), status=1)
            self.assertEqual(shown, "")
            self.assertIn(f"a duplicate of row {first}: it is not sent itself", said)
        for row in ("1", "7", "8"):
            self.assertIsNone(json.loads(self.preview("--row", row, "--json")[0])[0]["status"])

    def test_who_gave_its_id_up_makes_no_duplicate(self):
        self.project.insert([purchase(1, event="unknown"), purchase(2)])
        with Sandbox(ledger=os.path.join(self.project.directory, "l"), token="token") as sandbox:
            self.assertEqual(self.project.drain(sandbox), 0)
        self.project.insert([purchase(1)])
        self.assertNotIn("dedup", self.preview("--row", "3")[1])

    def test_the_file_stays_as_it_is(self):
        self.write()
        with open(self.project.db, "rb") as file:
            before = file.read()
        self.preview("id-2")
        self.assertEqual(self.project.query("SELECT count(*) FROM page_view"), [(0,)])
        with open(self.project.db, "rb") as file:
            self.assertEqual(file.read(), before)


class Nothing(Case):
    def test_reasons_and_advice(self):
        page = {"page": {"url": "https://shop.example/"}}
        for row, reason in (
                ({"event": "not known"}, "skipped: not_mapped"),
                ({"event": "purchase"}, "rejected: missing_page_url"),
                (dict(page, event="purchase", event_time="soon"), "rejected: bad_time"),
                (dict(page, event="purchase", event_time=1000000000), "skipped: too_old"),
                (dict(page, event="purchase", consent={"ad_storage": "DENIED"}),
                 "skipped: consent_denied"),
                (dict(page, event="purchase", properties={"value": "x"}), "rejected: bad_value")):
            out, err = self.preview(self.file(row), status=1)
            self.assertEqual(out, "", reason)
            self.assertIn(reason, err)
            self.assertTrue(err.splitlines()[-2].endswith("."), err)
            told, = json.loads(self.preview(self.file(row), "--json", status=1)[0])
            self.assertEqual(f"{told['status']}: {told['reason']}", reason)
            self.assertIsNone(told["body"])

    def test_a_route_that_drops(self):
        self.project.convey("route", "add", "drop")
        self.project.insert([purchase(1)])
        _, err = self.preview("id-1", status=1)
        self.assertIn("skipped: routed_away", err)
        self.assertIn("route 1 matches", err)

    def test_without_a_destination(self):
        """It waits: no relay reads it before there is one."""
        self.project.convey("destination", "remove", "shop")
        self.project.insert([purchase(1)])
        for word in ("id-1", self.file({"event": "purchase"})):
            _, said = self.preview(word, status=1)
            self.assertIn("there is no destination yet: convey destination add", said)
            self.assertNotIn("no_route", said)
        (shown,) = json.loads(self.preview("id-1", "--json", status=1)[0])
        self.assertEqual((shown["status"], shown["reason"], shown["body"]),
                         ("pending", None, None))
        self.assertIn("convey destination add", shown["advice"])

    def test_it_changes_nothing(self):
        self.project.insert([purchase(1)])
        self.preview("id-1")
        self.assertEqual(self.project.statuses(), {"pending": 1})


class NoFile(Case):
    def test_a_folder(self):
        self.assertIn("it is a folder", self.preview(self.project.directory, status=66)[1])

    def test_none(self):
        for name in ("gone.json", "gone/gone.json"):
            self.assertIn("there is no such file", self.preview(name, status=66)[1])

    def test_a_file_in_a_folder_of_others(self):
        self.project.insert([purchase(1)])
        folder = os.path.join(self.project.directory, "closed")
        os.mkdir(folder, mode=0o700)
        path = os.path.join(folder, "event.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write("{}")
        more = {}
        if os.geteuid() == 0:  # nothing is closed to root; the build may be to everybody else
            os.chmod(self.project.directory, 0o777)
            os.chmod(self.project.db, 0o666)
            more = {"user": 65534, "group": 65534,
                    "executable": shutil.copy(binary(), self.project.directory)}
        else:
            os.chmod(folder, 0)
            self.addCleanup(os.chmod, folder, 0o700)
        done = subprocess.run([binary(), "preview", path, "--db", self.project.db], text=True,
                              capture_output=True, timeout=60, check=False, **more)
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertIn("Permission denied", done.stderr)


if __name__ == "__main__":
    unittest.main()
