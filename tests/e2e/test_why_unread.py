# SPDX-License-Identifier: MIT
"""`convey why` of rows that cannot be read: what is wrong, and where."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import binary, purchase  # noqa: E402
from why_case import Case  # noqa: E402


class Unread(Case):
    def test_no_json(self):
        self.project.insert([dict(purchase(1), payload="{")])
        self.drain()
        steps = self.why("id-1")
        self.assertEqual(self.text(steps, "read"), "rejected: bad_json, line 1, column 2, its end")
        self.assertIn("rejected: bad_json", self.text(steps, "status"))

    def test_what_is_too_long_or_empty(self):
        payload = purchase(1)["payload"]
        rows = [({"event": " "}, "bad_event_name, it is empty"),
                ({"event": "x" * 201}, "bad_event_name, it is longer than 200 bytes"),
                ({"event": "a\x01"}, "bad_event_name, it has control characters or is no UTF-8"),
                ({"payload": payload + " " * (1 << 20)},
                 "payload_too_large, the payload is larger than 1 MiB"),
                ({"payload": "[" + "1," * 140000 + "1]"},
                 "payload_too_large, the payload has too many values"),
                ({"event_id": None, "payload": '{"transaction_id": "%s"}' %
                  ("i" * 4097)},
                 "payload_too_large, the event_id is longer than 4096 bytes"),
                ({"event_id": "i" * 4097},
                 "payload_too_large, the event_id is longer than 4096 bytes")]
        self.project.insert([dict(purchase(n), **row) for n, (row, _) in enumerate(rows)])
        self.drain()
        for number, (_, said) in enumerate(rows, 1):
            self.assertIn(f"read         rejected: {said}\n",
                          self.project.convey("why", "--row", str(number)))

    def test_where_a_payload_stops_being_json(self):
        self.project.insert([dict(purchase(1), payload='{\n "a": 1,\n "anna@shop.example" 2}'),
                             dict(purchase(2), payload="[1]")])
        self.drain()
        for event_id, place in (("id-1", "line 3, column 22"), ("id-2", "it is no object")):
            steps = self.why(event_id)
            self.assertEqual(self.text(steps, "read"), f"rejected: bad_json, {place}")
            done = subprocess.run([binary(), "preview", event_id, "--db", self.project.db],
                                  capture_output=True, text=True, check=False)
            self.assertIn(f"rejected: bad_json, {place}. The payload is no", done.stderr)
            self.assertNotIn("anna", done.stderr + str(steps))


if __name__ == "__main__":
    unittest.main()
