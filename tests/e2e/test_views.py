# SPDX-License-Identifier: MIT
"""What the views say, and of which columns they are."""
import json
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

NOW = int(time.time())
COLUMNS = {
    "outbox_status": "id event_id event status reason created_at",
    "delivery_status": "outbox_id event_id event tiktok_event destination status reason attempts "
                       "first_sent_at next_attempt_at delivered_at http_status api_code "
                       "api_message request_id limited_data_use conversion_date_time",
    "queue_status": "destination state pending sending retrying delivered duplicate skipped "
                    "rejected failed held cancelled oldest_pending_s last_delivered_at last_error",
    "problem": "reason destination count first_seen last_seen example_event_id advice",
    "attempt_log": "id destination started_at ms events http_status api_code api_message "
                   "request_id outcome",
    "unmapped_event": "event count last_seen",
}
TABLES = {
    "outbox": "id event_id event event_time payload created_at",
    "visit": "session_id page_url referrer ttclid ttp ip user_agent external_id email phone "
             "seen_at",
    "consent": "external_id email phone session_id ad_user_data ad_personalization ad_storage "
               "analytics_storage stated_at",
    "conversion": "event_id event event_time page_url referrer session_id email phone external_id "
                  "ttclid ttp ip user_agent locale value currency order_id contents ad_user_data "
                  "ad_personalization",
}
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
ZONED = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")


class Views(Case):
    project_options = {"options": ("--timezone", "America/New_York")}

    def columns(self, name):
        return [row[1] for row in self.project.query(f"PRAGMA table_info({name})")]

    def test_columns(self):
        for name, columns in COLUMNS.items():
            self.assertEqual(self.columns(name), columns.split(), name)
        for name, columns in TABLES.items():
            self.assertEqual([c for c in self.columns(name) if c != "id" or name == "outbox"],
                             columns.split(), name)

    def test_created_at_in_any_unit(self):
        said = [1700000000, 1700000000.25, 1700000000000, 1700000000000000, 1700000000000000000,
                "2023-11-14T22:13:20Z", "2023-11-15T06:13:20+08:00", 0, "soon", "12:00", -5,
                -0.5, -2 ** 63, 2 ** 63 - 1, 1e300, b"\x01"]
        with self.project.connect() as db:
            db.executemany("INSERT INTO outbox (event, created_at) VALUES ('purchase', ?)",
                           [(moment,) for moment in said])
        shown = [row[0] for row in
                 self.project.query("SELECT created_at FROM outbox_status ORDER BY id")]
        self.assertEqual(shown.pop(1), "2023-11-14T22:13:20.250Z")
        self.assertEqual(shown[:6], ["2023-11-14T22:13:20.000Z"] * 6)
        self.assertEqual(shown.pop(12)[:4], "2262")
        self.assertEqual(shown[6:], [None] * 8)

    def test_the_oldest_is_as_old_as_it_is(self):
        """In seconds, milliseconds, microseconds; what holds no time is read now."""
        now = time.time()
        for made, age in ((int(now) - 90, 90), (int((now - 90) * 1e3), 90),
                          (int((now - 90) * 1e6), 90), (0, 0), (-2 ** 63, 0)):
            with self.project.connect() as db:
                db.execute("DELETE FROM outbox")
                db.execute("INSERT INTO outbox (event, created_at) VALUES ('purchase', ?)",
                           (made,))
            self.assertAlmostEqual(self.project.queue()["oldest_pending_s"], age, delta=30)

    def test_the_oldest_is_not_the_first_that_is_due(self):
        self.sandbox.set_faults(["50000:count=1"])
        relay = self.start("--retry-base-ms", "3600000", "--retry-cap-ms", "3600000")
        self.project.insert(dict(purchase(n), created_at=(NOW - 1000) * 1000) for n in range(2))
        self.project.wait_for({"retrying": 2})
        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(9)])
        wait_until(lambda: self.project.query("SELECT count(*) FROM waiting") == [(3,)])
        self.assertGreaterEqual(self.project.queue()["oldest_pending_s"], 1000)
        self.assertEqual(relay.stop(), 0)

    def test_what_is_on_its_way_waits_too(self):
        self.sandbox.set_faults("hang")
        relay = self.start()
        self.project.insert([dict(purchase(1), created_at=(NOW - 3600) * 1000)])
        wait_until(lambda: self.project.statuses() == {"sending": 1})
        relay.kill()
        self.assertGreaterEqual(self.project.queue()["oldest_pending_s"], 3600)
        self.assertIn("Needs you: no relay runs, and the oldest row has waited for 60 min",
                      " ".join(self.project.convey("status", status=1).split()))

    def test_retries_wait_for_whom_their_destination_waits_for(self):
        self.sandbox.set_faults("50000")
        relay = self.start("--retry-base-ms", "600000", "--retry-cap-ms", "600000")
        self.project.insert([purchase(1), purchase(2)])
        self.project.wait_for({"retrying": 2})
        self.project.convey("destination", "pause", "shop")
        for view in ("outbox_status", "delivery_status"):
            self.assertEqual(self.project.query(f"SELECT status, reason FROM {view}"),
                             [("retrying", "paused")] * 2, view)
        listed = self.project.convey("list", "--reason", "paused", "--json")
        self.assertEqual([row["event_id"] for row in json.loads(listed)], ["id-2", "id-1"])
        self.assertIn("2 deliveries would be given up", self.project.said(
            "cancel", "--status", "retrying", "--reason", "paused", "--dry-run"))
        self.assertNotIn("goes on by itself", self.project.convey("why", "id-1"))
        self.assertEqual(relay.stop(), 0)

    def test_app_events_by_their_own_names(self):
        self.add_destination("app", "7123456789012345678", source="app")
        names = {"InstallApp": ("InstallApp",) * 2, "install_app": (None, None),
                 "sign_up": ("CompleteRegistration", "Registration"),
                 "generate lead": ("Lead", "GenerateLead"), "purchase": ("Purchase",) * 2}
        self.project.insert([dict(purchase(n, app={"app_id": "x"}), event=name)
                             for n, name in enumerate(names)])
        self.drain()
        for n, (name, told) in enumerate(names.items()):
            found = {row["destination"]: row["tiktok_event"] for row in self.project.rows(
                "SELECT * FROM delivery_status WHERE event_id = ?", f"id-{n}")}
            self.assertEqual((found.get("shop"), found.get("app")), told, name)
        sent_names = {event["event"] for line in self.sandbox.ledger()
                      if line["source_id"] == "7123456789012345678" for event in line["events"]}
        self.assertEqual(sent_names, {told[1] for told in names.values() if told[1]})

    def test_what_they_say(self):
        self.sandbox.set_faults(["50000:nth=1", "poison:id=id-2"])
        self.project.insert([purchase(n, event_time=NOW - 60) for n in range(3)])
        self.project.insert([dict(purchase(3), event="unheard of")])
        self.drain()
        done = self.project.delivery("id-1")
        self.assertEqual((done["event"], done["tiktok_event"], done["destination"]),
                         ("purchase", "Purchase", "shop"))
        for name in ("first_sent_at", "delivered_at"):
            self.assertRegex(done[name], MOMENT)
        self.assertIsNone(done["next_attempt_at"])
        self.assertLess(done["first_sent_at"], done["delivered_at"])
        self.assertEqual((done["http_status"], done["api_code"], done["api_message"]),
                         (200, 0, "OK"))
        self.assertEqual(done["limited_data_use"], 1)
        self.assertRegex(done["conversion_date_time"], ZONED)
        self.assertIn(done["conversion_date_time"][-6:], ("-05:00", "-04:00"))
        self.assertGreaterEqual(done["attempts"], 2)
        for name in ("outbox_status", "problem", "attempt_log", "unmapped_event",
                     "queue_status"):
            for found in self.project.rows(f"SELECT * FROM {name}"):
                for column, value in found.items():
                    if column.endswith(("_at", "_seen")) and value is not None:
                        self.assertRegex(value, MOMENT, f"{name}.{column}")
        attempts = self.project.rows("SELECT * FROM attempt_log ORDER BY id")
        self.assertEqual([a["outcome"] for a in attempts][:2], ["server_error", "refused"])
        self.assertEqual({a["outcome"] for a in attempts},
                         {"server_error", "refused", "delivered"})
        self.assertEqual([(p["reason"], p["destination"], p["count"], p["example_event_id"])
                          for p in self.project.rows("SELECT * FROM problem ORDER BY reason")],
                         [("not_mapped", None, 1, "id-3"),
                          ("refused_by_tiktok", "shop", 1, "id-2")])
        queue = self.project.queue()
        self.assertEqual((queue["state"], queue["delivered"], queue["failed"], queue["skipped"],
                          queue["pending"], queue["oldest_pending_s"]),
                         ("active", 2, 1, 1, 0, 0))
        self.check()

    def test_while_it_waits(self):
        self.sandbox.set_faults("50000")
        self.project.insert([purchase(1)])
        relay = self.start("--retry-base-ms", "60000", "--retry-cap-ms", "60000")
        self.project.wait_for({"retrying": 1})
        found = self.project.delivery("id-1")
        self.assertEqual((found["status"], found["reason"], found["attempts"]),
                         ("retrying", "server_error", 1))
        self.assertRegex(found["next_attempt_at"], MOMENT)
        self.assertIsNone(found["delivered_at"])
        self.assertEqual(found["api_code"], 50000)
        self.assertEqual(self.project.query("SELECT reason FROM outbox_status"),
                         [("server_error",)])
        relay.stop()
        self.check(drained=False)

    def test_where_only_its_destination_waits(self):
        self.add_destination("second", "PIXEL2")
        self.project.convey("destination", "pause", "second")
        self.project.convey("route", "add", "--to", "second")
        self.project.insert([purchase(1)])
        relay = self.start()
        wait_until(lambda: self.project.query("SELECT 1 FROM waiting"), what="the wait")
        self.assertEqual(self.project.query("SELECT status, reason FROM outbox_status"),
                         [("pending", "paused")])
        self.assertEqual(self.project.delivery("id-1")["reason"], "paused")
        relay.stop()

    def test_conversion_is_for_people(self):
        db = self.project.connect()
        db.execute("INSERT INTO conversion (event_id, event, page_url, value, currency, email, "
                   "ad_user_data) VALUES ('c-1', 'purchase', 'https://shop.example/', 29.99, "
                   "'EUR', 'alice_abc@gmail.com', 'GRANTED')")
        db.close()
        self.drain()
        event = self.sandbox.ledger()[0]["events"][0]
        self.assertEqual(event["event_id"], "c-1")
        self.assertEqual(event["properties"], {"value": 29.99, "currency": "EUR"})
        self.assertEqual(event["user"]["email"],
                         "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f")

    def test_conversion_takes_whatever_a_driver_binds(self):
        """Python's bytes and Ruby's binary strings are BLOBs, and JavaScript has an Infinity: JSON
        holds neither, and the order is in the same transaction."""
        row = dict.fromkeys(TABLES["conversion"].split(), "x")
        row.update(contents='[{"content_id": "a", "price": 1.50}]', value="29.99", order_id="1001")
        db = self.project.connect()

        def payload(values):
            db.execute(f"INSERT INTO conversion ({', '.join(values)}) VALUES "
                       f"({', '.join('?' * len(values))})", list(values.values()))
            said, = db.execute("SELECT CAST(payload AS BLOB) FROM outbox ORDER BY id DESC").fetchone()
            return said.decode("utf-8", "replace")

        text = payload(row)
        self.assertEqual(payload({name: value.encode() for name, value in row.items()}), text)
        self.assertEqual(db.execute("SELECT count(*) FROM outbox WHERE event_id = 'x' AND "
                                    "event = 'x'").fetchall(), [(2,)])
        for name in row:
            for value in (b"", b"caf\xe9", b"\0", float("inf"), float("-inf")):
                with self.subTest(column=name, value=value):
                    json.loads(payload({"event": "purchase", name: value}))
        db.close()

    def test_a_conversions_numbers_stay_numbers(self):
        """In every column: the id that a row without one gets is derived from the payload's bytes."""
        holders = {"consent": "ad_user_data ad_personalization", "page": "page_url referrer",
                   "user": "email phone external_id ttclid ttp ip user_agent locale",
                   "properties": "value currency order_id contents"}
        empty = '{"consent":{},"page":{},"user":{},"properties":{}}'
        places = {name: empty.replace(f'"{holder}":{{', f'"{holder}":{{"{name.replace("page_", "")}":@')
                  for holder, names in holders.items() for name in names.split()}
        places["session_id"] = empty.replace('"page"', '"session_id":@,"page"')
        self.assertEqual(set(TABLES["conversion"].split()) - set(places),
                         {"event_id", "event", "event_time"})
        db = self.project.connect()
        for name, place in places.items():
            for value, said in ((5, "5"), (0, "0"), (-7, "-7"), (4711.0, "4711.0"), (29.99, "29.99"),
                                (2 ** 53 + 1, "9007199254740993"), (1e300, "1.0e+300")):
                with self.subTest(column=name, value=value):
                    db.execute(f"INSERT INTO conversion (event, {name}) VALUES ('purchase', ?)",
                               (value,))
                    self.assertEqual(
                        db.execute("SELECT payload FROM outbox ORDER BY id DESC").fetchone(),
                        (place.replace("@", said),))
        db.close()

    def test_bytes_of_a_conversion_are_its_own_trouble(self):
        rows = {"text": (b"Mozilla/5.0", b"29.99"), "latin": (b"caf\xe9", "29.99"),
                "nul": (b"a\0b", "29.99"), "endless": ("Mozilla/5.0", float("inf"))}
        db = self.project.connect()
        for name, (agent, value) in rows.items():
            db.execute("INSERT INTO conversion (event_id, event, page_url, user_agent, value, "
                       "currency, ad_user_data) VALUES (?, 'purchase', 'https://shop.example/', ?, "
                       "?, ?, ?)", (name, agent, value, b"EUR", b"GRANTED"))
        db.close()
        self.drain()
        event, = self.sandbox.ledger()[0]["events"]
        self.assertEqual(event["user"], {"user_agent": "Mozilla/5.0"})
        self.assertEqual(event["properties"], {"value": 29.99, "currency": "EUR"})
        self.assertEqual(self.project.query("SELECT event_id, status, reason FROM outbox_status"),
                         [("text", "delivered", None), ("latin", "rejected", "bad_json"),
                          ("nul", "rejected", "bad_json"), ("endless", "rejected", "bad_value")])


if __name__ == "__main__":
    unittest.main()
