#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""disconnect, watched at both ends."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
from connecting import Case  # noqa: E402
from convey import purchase  # noqa: E402
from gate import Gate  # noqa: E402
from sandbox import TRACK  # noqa: E402


class Disconnect(Case):
    def disconnect(self, *words, status=0, endpoint=None):
        done = subprocess.run([convey.binary(), "disconnect", "shop", "--db", self.project.db,
                               *words], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ,
                                       CONVEY_ENDPOINT=endpoint or self.sandbox.url))
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def wait_in_the_queue(self, count):
        """Rows that the relay has read and may not send."""
        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(n) for n in range(count)])
        relay = self.start()
        convey.wait_until(lambda: self.project.query("SELECT count(*) FROM waiting")[0][0]
                          == count)
        self.assertEqual(relay.stop(), 0)
        self.project.convey("destination", "resume", "shop")

    def test_both_ends_let_go(self):
        self.connect()
        self.wait_in_the_queue(3)
        said = self.disconnect()
        self.assertIn("revoked", said)
        self.assertIn("business.tiktok.com", said)
        self.assertEqual(self.codes(), [40105])
        self.assertEqual(self.fields(), set())
        self.assertEqual(self.project.reasons(), {"disconnected": 3})
        self.assertEqual(self.project.queue()["state"], "needs_token")
        self.assertEqual(self.project.queue()["cancelled"], 3)
        self.assertEqual(os.path.getsize(self.project.db + "-wal")
                         if os.path.exists(self.project.db + "-wal") else 0, 0)
        self.connect()
        self.project.convey("retry", "--status", "cancelled", "--reason", "disconnected")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 3})

    def test_what_waits_may_stay(self):
        self.connect()
        self.wait_in_the_queue(2)
        self.disconnect("--keep-pending")
        self.assertEqual(self.project.statuses(), {"pending": 2})
        self.connect()
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 2})

    def test_what_nobody_has_read_yet_ends_too(self):
        """One slice of them and more; retry brings them back, read or not."""
        self.connect()
        self.project.insert([purchase(n) for n in range(5001)])
        self.assertIn("5001 waiting conversions are cancelled", self.disconnect())
        self.assertEqual(self.project.statuses(), {"cancelled": 5001})
        self.assertEqual(self.project.reasons(), {"disconnected": 5001})
        queue = self.project.queue()
        self.assertEqual((queue["pending"], queue["cancelled"]), (0, 5001))
        self.assertEqual(self.project.query("SELECT count FROM problem WHERE reason = "
                                            "'disconnected'"), [(5001,)])
        self.connect()
        self.project.insert([purchase(6000)])
        self.project.convey("retry", "id-7")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"cancelled": 5000, "delivered": 2})
        self.project.convey("retry", "--status", "cancelled", "--reason", "disconnected")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 5002})
        self.check()

    def test_what_others_want_too_ends_for_this_one_only(self):
        self.add_destination("other", "PIXEL2", token="none")
        self.connect()
        self.project.insert([purchase(n) for n in range(3)])
        self.disconnect()
        self.project.insert([purchase(n) for n in range(3, 5)])
        relay = self.start()
        convey.wait_until(lambda: self.project.queue("other")["delivered"] == 5)
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.reasons(), {"delivered": 5, "disconnected": 3,
                                                  "needs_token": 2})
        self.connect()
        self.project.convey("retry", "--status", "cancelled", "--reason", "disconnected")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.queue("shop")["delivered"], 5)

    def test_what_is_under_way_ends_when_it_comes_back(self):
        self.connect()
        self.project.convey("destination", "set", "shop", "--batch", "5")
        with Gate(self.sandbox, TRACK) as gate:
            relay = self.project.start(gate)
            self.project.insert([purchase(1000)])
            self.project.wait_for({"delivered": 1})
            gate.hold("request")
            self.project.insert([purchase(n) for n in range(60)])
            convey.wait_until(lambda: gate.held == 8)
            self.disconnect()
            gate.release()
            self.project.wait_for({"delivered": 1, "cancelled": 60})
            self.assertEqual(self.project.reasons()["disconnected"], 60)
            self.project.insert([purchase(n) for n in range(2000, 2002)])
            self.project.wait_for({"delivered": 1, "cancelled": 60, "pending": 2})
            self.assertEqual(self.project.queue()["state"], "needs_token")
            self.assertEqual(relay.stop(), 0)
        self.connect()
        self.project.convey("retry", "--status", "cancelled", "--reason", "disconnected")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 63})
        self.check()

    def part_behind_a_relay(self, then="COMMIT"):
        """As disconnect leaves the file when the relay parks rows behind its back."""
        self.project.set_token("wrong")
        relay = self.start()
        self.project.insert([purchase(n) for n in range(3)])
        convey.wait_until(lambda: self.project.queue()["state"] == "token_refused")
        convey.wait_until(lambda: self.project.queue()["pending"] == 3)
        database = self.project.connect()
        self.addCleanup(database.close)
        database.executescript(
            "BEGIN IMMEDIATE; DELETE FROM credential; UPDATE destination SET reason = 17, "
            "cancelled_through = 2; UPDATE setting SET value = value + 1 WHERE name = "
            "'config_version'; " + then)
        return relay, database

    def test_what_was_on_its_way_into_the_queue_ends_there(self):
        relay, _ = self.part_behind_a_relay()
        self.project.wait_for({"cancelled": 2, "pending": 1})
        self.assertEqual(relay.stop(), 0)

    def test_a_database_that_is_locked_meanwhile(self):
        """Longer than the writer waits for it."""
        relay, database = self.part_behind_a_relay("COMMIT; BEGIN IMMEDIATE")
        convey.wait_until(lambda: "event=disconnect_incomplete" in relay.log(), 20)
        database.execute("COMMIT")
        self.project.wait_for({"cancelled": 2, "pending": 1})
        self.assertEqual(relay.stop(), 0)

    def test_a_removed_destination_s_token_is_revoked_too(self):
        self.is_revoked_by("destination", "remove", "shop")

    def test_and_one_that_an_import_does_not_name(self):
        self.is_revoked_by("config", "import", "-", data='{"format": 1, "destinations": {}}')

    def is_revoked_by(self, *words, **more):
        self.connect()
        self.project.convey(*words, **more)
        self.assertNotIn("token", self.fields())
        self.start()
        convey.wait_until(lambda: self.codes() == [40105])
        convey.wait_until(lambda: self.fields() == set())

    def test_a_dry_run_changes_nothing(self):
        self.connect()
        self.project.insert([purchase(n) for n in range(3)])
        said = self.disconnect("--dry-run")
        self.assertIn("would revoke", said)
        self.assertIn("3 waiting conversions would be cancelled", said)
        self.assertNotIn("cancelled", self.disconnect("--dry-run", "--keep-pending"))
        self.assertEqual(self.project.statuses(), {"pending": 3})
        self.assertEqual(self.codes(), [0])
        self.assertIn("token", self.fields())

    def test_what_no_relay_has_read_is_told_where_others_may_want_it(self):
        self.connect()
        self.wait_in_the_queue(2)
        self.project.convey("destination", "add", "next", "--source", "web", "--id", "P2")
        self.project.insert(purchase(n) for n in range(10, 13))
        for more, would in (["--dry-run"], "would be"), ([], "will be"):
            self.assertIn(f"3 that no relay has read yet {would} cancelled for it when they are "
                          "read", self.disconnect(*more))

    def test_unreachable_the_local_half_is_done_and_the_other_is_tried_again(self):
        self.connect()
        self.sandbox.stop()
        self.disconnect(status=69)
        self.assertNotIn("token", self.fields())
        self.assertIn("revoke_token", self.fields())
        self.disconnect(status=69)  # again: it is tried at once
        self.sandbox.start()
        self.sandbox.set_oauth("fails=1")
        self.assertIn("cannot answer now", self.disconnect(status=69))
        self.disconnect()  # the stand-in has forgotten the token, which is as good
        self.assertEqual(self.fields(), set())

    def test_a_token_that_tiktok_has_forgotten_is_no_trouble(self):
        self.connect()
        self.sandbox.set_oauth("revoke=all")
        self.disconnect()
        self.assertEqual(self.fields(), set())

    def test_a_token_without_an_app_is_erased_and_said_so(self):
        self.project.set_token("none")
        self.assertIn("Events Manager", self.disconnect())
        self.assertIn("had no token", self.disconnect())
        self.assertEqual(self.fields(), set())
        self.assertEqual(self.sandbox.oauth()["requests"], 0)

    def test_a_running_relay_stops_sending(self):
        self.connect()
        self.start()
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 1})
        self.disconnect()
        convey.wait_until(lambda: self.project.queue()["state"] == "needs_token")
        before = len(self.sandbox.ledger())
        self.project.insert([purchase(2)])
        convey.wait_until(lambda: self.project.delivery("id-2")["reason"] == "needs_token")
        self.assertEqual(len(self.sandbox.ledger()), before)

    def test_a_lost_key_keeps_nobody_from_leaving(self):
        self.connect()
        os.unlink(self.project.db + ".key")
        self.disconnect()
        self.assertEqual(self.fields(), set())


if __name__ == "__main__":
    unittest.main()
