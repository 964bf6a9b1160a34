#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kill -9 at each step of a token's refresh: the grant survives, one asks at a time, and the
next relay goes on at once.

    CONVEY_COUNT=20 python3 tests/lib/cases.py tests/crash/test_token_refresh.py
"""
import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import relay_case  # noqa: E402
from connecting import APP, SECRET, Connecting  # noqa: E402
from convey import SLOW, binary, purchase, wait_until  # noqa: E402
from gate import Gate  # noqa: E402

ROUNDS = int(os.environ.get("CONVEY_COUNT", "2"))
GRANT = {"token", "refresh_token", "app_id", "app_secret", "refresh_at", "expires_at"}


class Refresh(relay_case.Case):
    token = None
    life = 2  # seconds; the refresh is due after 1.6
    sandbox_options = {"args": ["--oauth", f"app={APP}:{SECRET}", "--oauth", f"life={life}",
                                "--oauth", "keep=1"], "token": "none"}

    def setUp(self):
        super().setUp()
        self.gate = Gate(self.sandbox, "/refresh_token/")
        self.addCleanup(self.gate.__exit__)
        self.count = 0

    def connect(self):
        with Connecting(self.project, self.sandbox) as connecting:
            connecting.browse()
            self.assertEqual(connecting.wait(), 0, connecting.errors)

    def start(self, *args):
        return self.project.start(self.gate, *args)

    def sealed(self, field):
        return dict(self.project.query("SELECT field, sealed FROM credential")).get(field)

    def refreshed(self):
        return self.sandbox.oauth()["refreshed"]

    def deliver(self):
        self.count += 1
        self.project.insert([purchase(self.count)])
        wait_until(lambda: self.project.delivery(f"id-{self.count}")["status"] == "delivered",
                   what=f"delivery {self.count}")

    def check_survived(self):
        """What is in the file after the kill."""
        self.assertLessEqual(GRANT, {row[0] for row in self.project.query(
            "SELECT field FROM credential")})
        doctor = subprocess.run([binary(), "doctor", "--offline", "--json", "--db", self.project.db],
                                capture_output=True, text=True, timeout=60)
        # On a slow machine the token has expired by now.
        self.assertLessEqual({line["check"] for line in json.loads(doctor.stdout)
                              if line["finding"] == "wrong"}, {"token"}, doctor.stdout)

    def check_goes_on(self, refreshed):
        """A new relay refreshes at once, long before the lease of the dead one ends."""
        relay = self.start()
        wait_until(lambda: self.refreshed() > refreshed, 5, "a refresh by the next relay")
        self.deliver()
        self.assertEqual(self.sealed("refresh_asked_at"), None)
        self.assertEqual(self.gate.most, 1)
        self.assertNotIn("refresh_refused", relay.log())
        self.assertEqual(relay.stop(), 0)

    def rounds(self):
        for number in range(ROUNDS):
            with self.subTest(number):
                self.connect()
                yield self.refreshed()

    def test_before_it_is_due(self):
        for refreshed in self.rounds():
            relay = self.start()
            self.deliver()
            time.sleep(random.random() * 0.3)
            relay.kill()
            self.check_survived()
            self.assertIsNone(self.sealed("refresh_asked_at"))
            self.check_goes_on(refreshed)

    def test_the_intent_is_durable_and_tiktok_does_not_have_the_request(self):
        for refreshed in self.rounds():
            self.gate.hold("request")
            relay = self.start()
            wait_until(lambda: self.gate.held)
            self.assertIsNotNone(self.sealed("refresh_asked_at"))
            relay.kill()
            self.check_survived()
            wait_until(lambda: self.gate.now == 0)
            self.gate.release()
            self.assertEqual(self.refreshed(), refreshed)
            self.check_goes_on(refreshed)

    def test_tiktok_has_refreshed_and_nobody_knows(self):
        for refreshed in self.rounds():
            self.gate.hold("answer")
            relay = self.start()
            wait_until(lambda: self.gate.held)
            before = self.sealed("token")
            relay.kill()
            self.check_survived()
            self.assertEqual(self.sealed("token"), before)
            wait_until(lambda: self.gate.now == 0)
            self.gate.release()
            self.check_goes_on(refreshed + 1)

    def test_the_answer_has_come_and_is_not_stored(self):
        for refreshed in self.rounds():
            self.gate.hold("answer")
            relay = self.start()
            wait_until(lambda: self.gate.held)
            before = self.sealed("token")
            os.kill(relay.pid, signal.SIGSTOP)
            self.gate.release()
            wait_until(lambda: self.gate.now == 0)  # it lies in the socket
            relay.kill()
            self.check_survived()
            self.assertEqual(self.sealed("token"), before)
            self.check_goes_on(refreshed + 1)

    def test_the_new_pair_is_stored(self):
        for refreshed in self.rounds():
            relay = self.start()
            before = self.sealed("token")
            wait_until(lambda: self.sealed("token") != before)
            relay.kill()
            self.check_survived()
            self.assertIsNone(self.sealed("refresh_asked_at"))
            asked = self.gate.asked
            relay = self.start()
            self.deliver()  # with it, and without another refresh
            self.assertNotIn("token_refused", relay.log())
            if SLOW == 1 and self.refreshed() == refreshed + 1:
                self.assertEqual(self.gate.asked, asked)
            self.assertEqual(relay.stop(), 0)

    def test_a_token_that_died_with_its_answer_needs_a_person_and_nothing_else(self):
        """Where TikTok takes a refresh token once, and nobody has what came for it."""
        self.sandbox.set_oauth("keep=0")
        self.connect()
        self.gate.hold("answer")
        relay = self.start()
        wait_until(lambda: self.gate.held)
        relay.kill()
        self.gate.release()
        relay = self.start()
        wait_until(lambda: "refresh_refused" in relay.log())
        self.check_survived()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.queue()["state"] == "token_refused")
        self.connect()
        self.project.wait_for({"delivered": 1}, 3)


if __name__ == "__main__":
    unittest.main()
