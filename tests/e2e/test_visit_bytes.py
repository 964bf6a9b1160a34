# SPDX-License-Identifier: MIT
"""A visit holds what a browser sent: header bytes that are no UTF-8, characters cut in two, NULs.
No conversion is lost to them."""
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, sent  # noqa: E402
import relay_case  # noqa: E402
import why_case  # noqa: E402

NOW = int(time.time())
SHOP = "https://shop.example/"
BAD = {
    "user_agent": b"Mozilla/5.0 caf\xe9",
    "ttp": b"abcdefgh\xc3",
    "ttclid": b"E.C.P.\xff",
    "ip": b"203.0.113.6\0",
    "referrer": b"https://news.example/caf\xe9",
    "page_url": b"https://shop.example/caf\xe9?q=\xe4&email=ann@shop.example",
}
GOOD = {"user_agent": "Mozilla/5.0 café", "ttp": "ttp-1", "ttclid": "E.C.P.1", "ip": "203.0.113.7",
        "referrer": "https://news.example/x", "page_url": SHOP + "a"}


def visit(project, session, ago, **columns):
    db = project.connect()
    names = ", ".join(columns)
    values = ", ".join("CAST(? AS TEXT)" for _ in columns)
    db.execute(f"INSERT INTO visit (session_id, seen_at, {names}) VALUES (?, ?, {values})",
               (session, NOW - ago, *columns.values()))
    db.close()


def convert(project, number, session):
    project.insert([purchase(number, page=None, session_id=session, event_time=NOW - 10,
                             consent={"ad_user_data": "GRANTED"})])


class Sent(relay_case.Case):
    def test_in_one_request_with_the_others(self):
        for number, (column, value) in enumerate(BAD.items()):
            visit(self.project, f"s{number}", 60, **{"page_url": SHOP, column: value})
            convert(self.project, number, f"s{number}")
        visit(self.project, "nul", 60, page_url=SHOP, user_agent="UA\0hidden")
        convert(self.project, 7, "nul")
        visit(self.project, "good", 60, **GOOD)
        convert(self.project, 8, "good")
        self.drain()
        bodies = {event["event_id"]: event for _, event in sent(self.sandbox.ledger())}
        self.assertEqual(self.project.statuses(), {"delivered": 8})
        self.assertEqual(self.project.rows("SELECT outcome, events FROM attempt_log"),
                         [{"outcome": "delivered", "events": 8}])
        for number in (0, 1, 2, 3, 7):
            self.assertNotIn("user", bodies[f"id-{number}"])
            self.assertEqual(bodies[f"id-{number}"]["page"], {"url": SHOP})
        self.assertEqual(bodies["id-4"]["page"],
                         {"url": SHOP, "referrer": "https://news.example/caf%E9"})
        self.assertEqual(bodies["id-5"]["page"], {"url": SHOP + "caf%E9?q=%E4"})
        self.assertEqual(bodies["id-8"]["user"],
                         {name: GOOD[name] for name in ("ttclid", "ttp", "ip", "user_agent")})
        self.check()

    def test_another_page_of_the_session_may_have_the_text(self):
        visit(self.project, "s", 90, **GOOD)
        visit(self.project, "s", 60, **BAD)
        convert(self.project, 1, "s")
        self.drain()
        [(_, event)] = sent(self.sandbox.ledger())
        self.assertEqual(event["page"]["url"], SHOP + "caf%E9?q=%E4")
        self.assertEqual(event["user"],
                         {name: GOOD[name] for name in ("ttclid", "ttp", "ip", "user_agent")})


class Told(why_case.Case):
    def test_what_is_left_out_and_of_which_visit(self):
        visit(self.project, "s", 60, page_url=SHOP, user_agent=BAD["user_agent"])
        convert(self.project, 1, "s")
        self.assertIn("the user_agent of visit 1 is left out: it is no UTF-8, or holds a NUL",
                      [text for step, _, text in self.why("id-1") if step == "session"])
        shown = json.loads(self.project.convey("preview", "--json", "id-1"))
        self.assertNotIn("user_agent", json.dumps(shown))

    def test_once_for_all_pages(self):
        """Each page of a session has the same header."""
        for ago in range(90, 60, -1):
            visit(self.project, "s", ago, page_url=SHOP, user_agent=BAD["user_agent"], ip=BAD["ip"])
        convert(self.project, 1, "s")
        self.assertEqual(
            sorted(text for step, _, text in self.why("id-1") if "left out" in text),
            [f"the {column} of visit 30 is left out: it is no UTF-8, or holds a NUL"
             for column in ("ip", "user_agent")])


if __name__ == "__main__":
    unittest.main()
