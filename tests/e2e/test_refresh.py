#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tokens with a life, tokens that TikTok takes back, revocations that did not get through."""
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
import relay_case  # noqa: E402
from connecting import APP, SECRET, Connecting  # noqa: E402
from convey import purchase, wait_until  # noqa: E402
from gate import Gate  # noqa: E402


class Case(relay_case.Case):
    token = None
    life = 0
    sandbox_options = {"args": ["--oauth", f"app={APP}:{SECRET}"], "token": "good"}

    def setUp(self):
        super().setUp()
        self.sandbox.set_oauth(f"life={self.life}")
        self.connect()

    def connect(self):
        with Connecting(self.project, self.sandbox) as connecting:
            connecting.browse()
            self.assertEqual(connecting.wait(), 0, connecting.errors)

    def refreshed(self):
        return self.sandbox.oauth()["refreshed"]

    def deliver(self, number):
        self.project.insert([purchase(number)])
        wait_until(lambda: self.project.delivery(f"id-{number}")["status"] == "delivered",
                   what=f"delivery of {number}")

    def fields(self):
        return {row[0] for row in self.project.query("SELECT field FROM credential")}


class Refresh(Case):
    life = 5

    def test_at_80_percent_of_its_life_a_new_pair_comes(self):
        started = time.monotonic()
        relay = self.start()
        self.deliver(1)
        wait_until(lambda: self.refreshed() == 1)
        if convey.SLOW == 1:
            self.assertAlmostEqual(time.monotonic() - started, 4, delta=0.9)
        wait_until(lambda: relay.log().count("token_refreshed") == 2)
        self.deliver(2)
        self.assertEqual(relay.stop(), 0)
        self.assertNotIn("token_refused", relay.log())
        self.assertEqual(len({grant["access_token"]
                              for grant in self.sandbox.oauth()["grants"]}), 1)

    def test_passing_faults_are_tried_again_within_its_life(self):
        relay = self.start()
        self.sandbox.set_oauth("fails=1")
        wait_until(lambda: self.refreshed() == 1)
        self.deliver(1)
        self.assertIn("refresh_failed", relay.log())

    def test_a_lost_answer_destroys_nothing_and_a_person_can_connect_again(self):
        relay = self.start()
        self.sandbox.set_oauth("loses=1")
        wait_until(lambda: "refresh_refused" in relay.log(), 15)
        self.assertTrue({"token", "refresh_token", "app_secret"} <= self.fields())
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.queue()["state"] == "token_refused")
        self.connect()
        self.project.wait_for({"delivered": 1}, 3)

    def test_one_that_cannot_be_read_does_not_keep_the_others_waiting(self):
        self.add_destination("other", "PIXEL2", token=None)
        with Connecting(self.project, self.sandbox, name="other") as connecting:
            connecting.browse()
            self.assertEqual(connecting.wait(), 0, connecting.errors)
        database = self.project.connect()
        database.execute("UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE "
                         "field = 'token') WHERE field = 'refresh_token' AND destination_id = 1")
        database.close()
        relay = self.start()
        wait_until(lambda: self.refreshed() == 1)
        self.assertEqual(relay.log().count("grant_unreadable"), 1)
        self.assertIn("destination=shop error=\"refresh_token of destination 1", relay.log())

    def test_a_pair_that_comes_after_the_parting_is_revoked(self):
        with Gate(self.sandbox, "/refresh_token/") as gate:
            gate.hold("answer")
            self.project.start(gate)
            wait_until(lambda: gate.held)
            self.project.convey("disconnect", "shop", env={"CONVEY_ENDPOINT": gate.url})
            self.assertEqual(self.fields(), set())
            self.assertEqual([g["code"] for g in self.sandbox.oauth()["grants"]], [0])
            gate.release()
            wait_until(lambda: [g["code"] for g in self.sandbox.oauth()["grants"]] == [40105])
            wait_until(lambda: self.fields() == set())

    def test_a_relay_that_is_told_twice_to_stop_does_not_wait_for_it(self):
        with Gate(self.sandbox, "/refresh_token/") as gate:
            gate.hold("answer")
            relay = self.project.start(gate, "--timeout-ms", "60000")
            wait_until(lambda: gate.held)
            for _ in range(2):
                relay.process.send_signal(signal.SIGTERM)
                time.sleep(0.1)
            self.assertEqual(relay.wait(5), 0)
            self.assertIn("refresh_token", self.fields())
            gate.release()

    def test_a_token_set_by_hand_is_not_refreshed_away(self):
        self.project.set_token("good")
        self.assertEqual(self.fields(), {"token"})
        self.start()
        self.deliver(1)
        time.sleep(4.5)
        self.assertEqual(self.refreshed(), 0)


class Refused(Case):
    """A token that should live for an hour more, by our clock."""
    life = 3600

    def test_one_that_tiktok_calls_expired_is_refreshed(self):
        for fault in ("40102", "40105"):
            with self.subTest(fault):
                self.setUp()
                self.sandbox.set_faults([f"{fault}:status=401,nth=1"])
                relay = self.start()
                self.deliver(1)
                self.assertEqual(self.refreshed(), 1)
                self.assertEqual(relay.stop(), 0)
                self.assertEqual(relay.log().count("token_refreshed"), 1)
                self.check()

    def test_nor_again_and_again(self):
        self.sandbox.set_faults(["40105:status=401"])
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: len(self.sandbox.ledger()) == 2)
        time.sleep(1)
        self.assertEqual((self.refreshed(), len(self.sandbox.ledger())), (1, 2))
        self.assertEqual(self.project.queue()["state"], "token_refused")
        self.assertTrue({"token", "refresh_token", "app_secret"} <= self.fields())
        self.assertEqual(relay.stop(), 0)


class LongLived(Case):
    def test_it_is_left_alone(self):
        self.start()
        self.deliver(1)
        self.assertNotIn("refresh_at", self.fields())
        self.assertEqual(self.sandbox.oauth()["refreshed"], 0)


class Revoked(Case):
    def requests(self):
        return len(self.sandbox.ledger())

    def check_waiting(self, word):
        """Ten more conversions, two seconds: at most one request more."""
        wait_until(lambda: self.project.queue()["state"] == word)
        before = self.requests()
        for number in range(100, 110):
            self.project.insert([purchase(number)])
            time.sleep(0.1)
        time.sleep(1)
        self.assertLessEqual(self.requests() - before, 1)
        self.assertEqual(self.project.queue()["pending"] + self.project.queue()["retrying"], 11)
        self.assertEqual({row["reason"]: row["destination"] for row in self.project.rows(
            "SELECT reason, destination FROM problem")}, {word: "shop"})
        self.project.convey("status", status=1)

    def test_revoked_at_tiktoks_end(self):
        relay = self.start()
        self.deliver(1)
        self.sandbox.set_oauth("revoke=all")
        self.project.insert([purchase(2)])
        self.check_waiting("token_refused")
        self.assertEqual(relay.log().count("token_refused"), 1)
        self.assertIn("revoked", self.project.queue()["last_error"])
        self.project.set_token("good")
        self.project.wait_for({"delivered": 12}, 2)

    def test_a_backlog_and_restarts_are_one_request(self):
        self.project.convey("destination", "set", "shop", "--batch", "10")
        self.sandbox.set_oauth("revoke=all")
        self.project.insert([purchase(number) for number in range(500)])
        for number in range(3):
            relay = self.start()
            wait_until(lambda: self.project.queue()["state"] == "token_refused")
            self.project.insert([purchase(1000 + number)])
            time.sleep(0.7)
            self.assertEqual(relay.stop(), 0)
            self.assertEqual(self.requests(), 1)
            self.assertEqual(self.project.queue()["state"], "token_refused")
        self.start()
        self.project.set_token("good")
        self.project.wait_for({"delivered": 503}, 5)

    def test_what_a_person_mends_is_tried_at_once(self):
        """The pixel's id, or TikTok's side of it; also while no relay runs."""
        for words in (("set", "shop", "--id", "PIXEL2"), ("resume", "shop")):
            for running in (True, False):
                with self.subTest(words=words, running=running):
                    self.setUp()
                    self.sandbox.set_faults(["40001:source_id=PIXEL1"])
                    self.project.insert([purchase(1)])
                    relay = self.start()
                    wait_until(lambda: self.project.queue()["state"] == "permission")
                    if not running:
                        self.assertEqual(relay.stop(), 0)
                    if words[0] == "resume":
                        self.sandbox.set_faults([])
                    self.project.convey("destination", *words)
                    if not running:
                        self.start()
                    self.project.wait_for({"delivered": 1}, 2)

    def test_late_refusals_of_the_old_token_do_not_stop_the_new_one(self):
        relay = self.start("--timeout-ms", "20000")
        self.deliver(1)
        self.project.convey("destination", "set", "shop", "--batch", "10")
        self.sandbox.set_oauth("revoke=all")
        # The first answer comes at once, the others after there is a new token.
        self.sandbox.set_faults(["slow:nth=2-100,ms=2500"])
        self.project.insert([purchase(number) for number in range(100, 180)])
        wait_until(lambda: self.project.queue()["state"] == "token_refused")
        self.project.set_token("good")
        self.sandbox.set_faults([])
        wait_until(lambda: self.requests() >= 9)
        self.project.wait_for({"delivered": 81}, 5)
        self.assertEqual(relay.log().count("state=token_refused"), 1)

    def test_every_word_for_it(self):
        for fault, word in (("40104", "token_refused"), ("40102", "token_refused"),
                            ("401", "token_refused"), ("40001", "permission")):
            with self.subTest(fault):
                self.setUp()
                self.sandbox.set_faults([fault + ":status=401"
                                         if fault != "401" else "http-401"])
                self.start()
                self.project.insert([purchase(2)])
                self.check_waiting(word)
                self.sandbox.set_faults([])
                self.connect()
                self.project.wait_for({"delivered": 11}, 2)


class Revocation(Case):
    def test_what_did_not_get_through_does_later(self):
        self.sandbox.set_oauth("fails=1")
        done = subprocess.run([convey.binary(), "disconnect", "shop", "--db", self.project.db],
                              env=dict(os.environ, CONVEY_ENDPOINT=self.sandbox.url),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertEqual(self.fields(), {"revoke_token", "revoke_app_id", "revoke_app_secret",
                                         "revoke_at"})
        self.start()
        wait_until(lambda: self.fields() == set())
        self.assertEqual(self.sandbox.oauth()["grants"][0]["code"], 40105)

    def test_nor_is_it_forgotten_when_somebody_connects_again(self):
        self.sandbox.set_oauth("fails=1")
        self.project.convey("disconnect", "shop", status=69,
                            env={"CONVEY_ENDPOINT": self.sandbox.url})
        self.connect()
        self.start()
        wait_until(lambda: "revoke_token" not in self.fields())
        self.assertEqual([g["code"] for g in self.sandbox.oauth()["grants"]], [40105, 0])
        self.deliver(1)


if __name__ == "__main__":
    unittest.main()
