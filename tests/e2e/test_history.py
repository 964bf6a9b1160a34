# SPDX-License-Identifier: MIT
"""The history checker itself: a true history passes, each falsified one is found out."""
import copy
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import history  # noqa: E402
from history import History, check  # noqa: E402

HOUR_MS = 3600 * 1000


def event(name, tag=None):
    return {"event": "Purchase", "event_id": name, "properties": {"order_id": tag or name}}


def line(n, events, code=0, status=200, fault=None, applied=True, **more):
    made = {"n": n, "at_ms": 1700000000000 + n, "source_id": "P1", "count": len(events),
            "http_status": status, "code": code, "request_id": f"R{n}", "fault": fault,
            "applied": applied, "events": events}
    made.update(more)
    return made


def delivery(number, event_id, status="delivered", destination="shop", **more):
    made = {"outbox_id": number, "event_id": event_id, "status": status, "reason": None,
            "destination": destination, "http_status": 200, "api_code": 0}
    made.update(more)
    return made


def attempt(n, events, outcome="delivered", status=200, code=0, request_id=True):
    return {"id": n, "events": events, "outcome": outcome, "http_status": status,
            "api_code": code, "request_id": f"R{n}" if request_id else None}


def true_history():
    """a delivered; b sent twice, as the first answer was lost; c a duplicate of a; d, without an
    id, waits no more."""
    return History(
        committed=[{"outbox_id": 1, "event_id": "a", "tag": "a"},
                   {"outbox_id": 2, "event_id": "b", "tag": "b"},
                   {"outbox_id": 3, "event_id": "a", "tag": "a"},
                   {"outbox_id": 4, "event_id": None, "tag": "d"}],
        ledger=[line(1, [event("a"), event("g1_d", "d")]),
                line(2, [event("b")], fault="reset-after", request_id=None, http_status=None,
                     code=None),
                line(3, [event("b")])],
        outbox=[{"id": 1, "status": "delivered"}, {"id": 2, "status": "delivered"},
                {"id": 3, "status": "duplicate"}, {"id": 4, "status": "delivered"}],
        deliveries=[delivery(1, "a"), delivery(2, "b"),
                    delivery(3, "a", "duplicate", None, http_status=None, api_code=None),
                    delivery(4, "g1_d")],
        queue=[dict.fromkeys(history.STATUSES, 0)
               | {"destination": "shop", "delivered": 3, "duplicate": 1}],
        attempts=[attempt(1, 2), attempt(2, 1, "unknown", None, None, False), attempt(3, 1)],
        integrity="ok", pixels={"shop": "P1"})


def falsify(change):
    h = copy.deepcopy(true_history())
    change(h)
    return h


def update(rows, at, **more):
    rows[at].update(more)


FALSE = [
    ("lost", lambda h: h.outbox.pop(1)),
    ("lost", lambda h: update(h.outbox, 0, status=None)),
    ("lost", lambda h: update(h.deliveries, 0, status="sent")),
    ("lost", lambda h: h.deliveries.pop(2)),
    ("unfinished", lambda h: update(h.deliveries, 1, status="retrying")),
    ("unfinished", lambda h: update(h.attempts, 2, outcome="sending")),
    ("undelivered", lambda h: update(h.ledger, 2, applied=False)),
    ("undelivered", lambda h: update(h.ledger, 2, code=50000)),
    ("undelivered", lambda h: update(h.ledger, 2, http_status=502)),
    ("undelivered", lambda h: update(h.ledger, 2, source_id="P2")),
    ("undelivered", lambda h: update(h.deliveries, 1, api_code=40100)),
    ("undelivered", lambda h: update(h.deliveries, 1, http_status=502)),
    ("invented", lambda h: h.ledger[0]["events"].append(event("z"))),
    ("invented", lambda h: h.ledger[0]["events"].append(event("g1_z"))),
    ("invented", lambda h: update(h.ledger[2]["events"], 0, event_id="a")),
    ("two_ids", lambda h: h.ledger[2]["events"].append(event("g1_e", "b"))),
    ("too_late", lambda h: update(h.ledger, 2, at_ms=1700000000000 + 48 * HOUR_MS)),
    ("resent", lambda h: update(h.ledger, 1, fault=None, code=0, http_status=200)),
    ("resent", lambda h: h.ledger[2]["events"].append(event("a"))),
    ("requests", lambda h: h.attempts.pop(1)),
    ("requests", lambda h: h.ledger.pop(1) and h.ledger.pop(1)),
    ("requests", lambda h: update(h.attempts, 0, events=1)),
    ("requests", lambda h: update(h.attempts, 0, api_code=40002)),
    ("requests", lambda h: update(h.attempts, 0, request_id="R9")),
    ("requests", lambda h: update(h.attempts, 0, outcome="not_sent")),
    ("counters", lambda h: update(h.queue, 0, delivered=4)),
    ("counters", lambda h: update(h.queue, 0, duplicate=0)),
    ("counters", lambda h: update(h.queue, 0, sending=1)),
    ("least", lambda h: update(h.outbox, 2, status="delivered")),
    ("least", lambda h: h.deliveries.append(delivery(1, "a", "held", "other"))),
    ("corrupt", lambda h: setattr(h, "integrity", "row 3 missing from index")),
]


class Checker(unittest.TestCase):
    def test_the_true_history_passes(self):
        self.assertEqual(check(true_history()), [])

    def test_falsified_histories_are_found_out(self):
        for number, (name, change) in enumerate(FALSE):
            with self.subTest(number=number, name=name):
                self.assertIn(name, [found for found, _ in check(falsify(change))])

    def test_every_promise_is_tried(self):
        self.assertEqual({name for name, _ in FALSE},
                         {promise.__name__ for promise in history.PROMISES})

    def test_a_kill_explains_a_send_again(self):
        h = falsify(lambda h: update(h.ledger, 1, fault=None, code=0, http_status=200))
        self.assertEqual([name for name, _ in check(h)], ["resent"])
        h.kills = (h.ledger[1]["at_ms"] - history.LATE_MS - 1, h.ledger[2]["at_ms"] + 1)
        self.assertEqual([name for name, _ in check(h)], ["resent"])
        h.kills = (h.ledger[1]["at_ms"],)
        self.assertEqual(check(h), [])

    def test_what_waits_is_right_before_a_drain(self):
        def change(h):
            h.deliveries[1].update(status="retrying", http_status=None, api_code=None)
            h.outbox[1].update(status="retrying")
            h.queue[0].update(delivered=2, retrying=1)
            h.drained = False
        self.assertEqual(check(falsify(change)), [])


if __name__ == "__main__":
    unittest.main()
