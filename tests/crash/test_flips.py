# SPDX-License-Identifier: MIT
"""Bits of the database file that flip while nobody looks: no program of ours crashes, and what is sent
is what was inserted, or it is not sent. Only a bit of a payload's own text may change what it
says: neither SQLite nor a producer keeps a checksum of it.

    tools/torture flips
"""
import json
import os
import random
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
from convey import SANITIZER, SLOW, purchase, sent  # noqa: E402
from relay_case import Case  # noqa: E402

FLIPS = int(os.environ.get("CONVEY_COUNT", "24"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
STATUSES = (0, 1, 65, 66, 70, 74, 77, 78)  # what the contract has; above all, no signal
ROWS = 60


class Flips(Case):
    def setUp(self):
        super().setUp()
        self.project.insert(purchase(n) for n in range(ROWS))
        self.assertEqual(self.drain(), 0)
        self.project.insert(purchase(n) for n in range(ROWS, 2 * ROWS))
        self.good = self.project.db + ".good"
        shutil.copy(self.project.db, self.good)
        with open(self.good, "rb") as file:
            whole = file.read()
        texts = [text.encode() for _, text in self.project.query("SELECT id, event_id || event || "
                                                                 "payload FROM outbox")]
        self.texts = [(at, at + len(text)) for text in texts for at in [whole.find(text)] if at > 0]
        self.assertGreater(len(self.texts), ROWS)

    def sent_events(self):
        return [event for _, event in sent(self.sandbox.ledger())]

    def run_(self, *words):
        env = dict(os.environ, CONVEY_ENDPOINT=self.sandbox.url)
        done = subprocess.run([convey.binary(), *words, "--db", self.project.db], env=env,
                              capture_output=True, timeout=60 * SLOW, check=False)
        said = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
        self.assertIn(done.returncode, STATUSES, f"{words}: {said[-3000:]}")
        self.assertFalse([mark for mark in SANITIZER if mark in said], said[-3000:])
        return done.returncode

    def flip(self, bits):
        for end in ("-wal", "-shm"):
            if os.path.exists(self.project.db + end):
                os.unlink(self.project.db + end)
        shutil.copy(self.good, self.project.db)
        with open(self.project.db, "r+b") as file:
            for bit in bits:
                file.seek(bit // 8)
                byte = file.read(1)[0] ^ (1 << bit % 8)
                file.seek(bit // 8)
                file.write(bytes([byte]))

    def is_text(self, bit):
        return any(first <= bit // 8 < end for first, end in self.texts)

    def check_events(self, before):
        """Each is a purchase that somebody made: its number is the same in all of its parts."""
        for event in self.sent_events()[before:]:
            number = event["properties"]["order_id"].removeprefix("id-")
            self.assertLess(int(number), 2 * ROWS)
            self.assertEqual((event["event_id"], event["page"]["url"], event["properties"]["value"],
                              event["properties"]["currency"]),
                             (f"id-{number}", f"https://shop.example/thanks?n={number}", 29.99, "EUR"))

    def test_at_rest(self):
        print(f"seed {SEED}", file=sys.stderr)
        chance = random.Random(SEED)
        size = os.path.getsize(self.good) * 8
        ended = {}
        for point in range(FLIPS):
            bits = [chance.randrange(size) for _ in range(chance.choice((1, 1, 2, 16)))]
            with self.subTest(point=point, bits=bits):
                self.flip(bits)
                before = len(self.sent_events())
                self.run_("doctor", "--integrity", "--offline")
                self.run_("status")
                status = self.run_("run", "--drain", "--admin", "off", "--retry-base-ms", "5",
                                   "--retry-cap-ms", "20")
                ended[status] = ended.get(status, 0) + 1
                if not any(map(self.is_text, bits)):
                    self.check_events(before)
        print(f"{FLIPS} flips; run ended with {json.dumps(ended)}", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
