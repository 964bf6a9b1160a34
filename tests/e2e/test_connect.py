#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""connect and disconnect, through a real callback, watched at both ends."""
import json
import os
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
import relay_case  # noqa: E402
from connecting import APP, SECRET, Connecting, get  # noqa: E402
from convey import purchase  # noqa: E402
from gate import Gate  # noqa: E402
from sandbox import TRACK  # noqa: E402


class Case(relay_case.Case):
    token = None
    sandbox_options = {"args": ["--oauth", f"app={APP}:{SECRET}"], "token": "none"}

    def connecting(self, **more):
        connecting = Connecting(self.project, self.sandbox, **more)
        self.addCleanup(connecting.__exit__)
        return connecting

    def connect(self):
        connecting = self.connecting()
        self.assertEqual(connecting.browse()[0], 200)
        self.assertEqual(connecting.wait(), 0, connecting.errors)
        return connecting

    def fields(self):
        return {row[0] for row in self.project.query("SELECT field FROM credential")}

    def codes(self):
        return [grant["code"] for grant in self.sandbox.oauth()["grants"]]

    def set_destination(self, *words):
        self.project.convey("destination", "set", "shop", *words)


class Connect(Case):
    def test_a_person_allows_it_and_conversions_go_out(self):
        connecting = self.connecting()
        self.assertTrue(connecting.url.startswith(self.sandbox.url + "/portal/auth?"))
        self.assertRegex(connecting.state, "^[0-9a-f]{64}$")
        status, headers, page = connecting.browse()
        self.assertEqual(status, 200)
        self.assertIn("Done", page)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(connecting.wait(), 0)
        self.assertIn("7100000000000000001", connecting.errors)
        self.assertEqual(self.project.query("SELECT timezone FROM destination"),
                         [("Europe/Berlin",)])
        self.assertEqual(self.fields(), {"token", "app_id", "app_secret", "advertiser_ids"})
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 1})

    def test_strangers_are_turned_away_and_the_waiting_goes_on(self):
        connecting = self.connecting()
        back = connecting.authorize()
        base = connecting.callback
        port = base.split(":")[2].split("/")[0]
        wrong = "0" * 64
        for url, host, method, status in (
                (back.replace(connecting.state, wrong), None, "GET", 400),
                (back.replace(connecting.state, connecting.state[:-1]), None, "GET", 400),
                (back.replace(connecting.state, connecting.state + "0"), None, "GET", 400),
                (base + "?auth_code=x", None, "GET", 400),
                (back + "%00", None, "GET", 400),
                (back.replace(connecting.state, connecting.state.upper()), None, "GET", 400),
                (base + f"?state={connecting.state}", None, "GET", 400),
                (base + f"?error=denied&state={wrong}", None, "GET", 400),
                (back, "evil.example", "GET", 421),
                (back, f"127.0.0.1.evil.example:{port}", "GET", 421),
                (back, "127.0.0.1", "GET", 421),
                (back, None, "POST", 405),
                (back.replace("/callback", "/callback/"), None, "GET", 404),
                (back.replace("/callback", "/"), None, "GET", 404)):
            self.assertEqual(get(url, host, method)[0], status, (url, host, method))
            self.assertIsNone(connecting.process.poll())
        self.assertEqual(self.sandbox.oauth()["exchanged"], 0)
        self.assertEqual(get(back)[0], 200)
        self.assertEqual(connecting.wait(), 0)
        self.assertEqual(self.sandbox.oauth()["exchanged"], 1)

    def test_it_listens_on_the_loopback_only_and_survives_garbage(self):
        connecting = self.connecting()
        port = int(connecting.callback.split(":")[2].split("/")[0])
        for garbage in (b"\0" * 100, b"GET " + b"A" * 100000, b"GET / HTTP/1.1\r\nHost: x"):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as other:
                try:
                    other.sendall(garbage)
                except OSError:
                    pass
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.2", port), timeout=1).close()
        self.assertEqual(connecting.browse()[0], 200)
        self.assertEqual(connecting.wait(), 0)

    def test_a_person_who_says_no(self):
        self.sandbox.set_oauth("deny=1")
        connecting = self.connecting()
        self.assertIn("denied", connecting.browse()[2])
        self.assertEqual(connecting.wait(), 77)
        self.assertEqual(self.fields(), set())

    def test_what_tiktok_refuses_is_said_and_nothing_is_kept(self):
        connecting = self.connecting(secret="not-the-secret")
        self.assertEqual(connecting.browse()[0], 502)
        self.assertEqual(connecting.wait(), 77)
        self.assertIn("40101", connecting.errors)
        self.assertNotIn("not-the-secret", connecting.errors)
        self.assertEqual(self.fields(), set())

    def test_a_passing_fault_does_not_lose_the_code(self):
        self.sandbox.set_oauth("fails=1")
        self.connect()

    def test_pasted_on_a_machine_without_a_browser(self):
        connecting = self.connecting(words=("--paste",))
        back = connecting.authorize()
        self.assertTrue(back.startswith("http://127.0.0.1:8765/callback?"))
        wrong = back.replace(connecting.state, "0" * 64)
        self.assertEqual(connecting.wait(f"hello\n\n{wrong}\n  {back}  \n"), 0,
                         connecting.errors)
        self.assertEqual(connecting.errors.count("its state is wrong"), 3)
        self.assertIn("token", self.fields())

    def test_a_paste_that_ends_too_soon(self):
        connecting = self.connecting(words=("--paste",))
        self.assertEqual(connecting.wait("http://127.0.0.1/callback?state=x&code=y"), 65)

    def test_json_is_one_object_and_dry_run_asks_nobody(self):
        with open(os.path.join(self.project.directory, "s"), "w", encoding="ascii") as file:
            file.write(SECRET)
        words = ("connect", "shop", "--app-id", APP, "--secret-file", file.name)
        out = self.project.convey(*words, "--dry-run", "--json",
                                  env={"CONVEY_ENDPOINT": self.sandbox.url})
        self.assertEqual(json.loads(out)["destination"], "shop")
        self.assertEqual(self.sandbox.oauth()["requests"], 0)
        for wrong, status in ((words[:4], 64), (words[:2] + words[4:], 64),
                              (words[:5] + ("/nonexistent",), 66),
                              (("connect", "nobody") + words[2:], 66),
                              (words + ("--paste", "--port", "1"), 64)):
            self.project.convey(*wrong, status=status,
                                env={"CONVEY_ENDPOINT": self.sandbox.url})
        self.project.convey(*words, status=78, env={"CONVEY_ENDPOINT": "http://example.com"})

    def test_pixels_of_the_account_are_named_when_ours_is_none_of_them(self):
        self.sandbox.set_oauth("pixels=CODE7,CODE8")
        errors = self.connect().errors
        self.assertIn("CODE7", errors)
        self.assertIn("destination set shop --id", errors)

    def test_ours_is_found_on_the_last_page(self):
        self.sandbox.set_oauth("pixels=" + ",".join(f"C{n}" for n in range(45)) + ",PIXEL1")
        errors = self.connect().errors
        self.assertNotIn("C7", errors)
        self.assertIn("set the time zone", errors)

    def test_the_only_pixel_is_taken_where_there_is_none(self):
        self.set_destination("--id", "")
        self.sandbox.set_oauth("pixels=ONLY1")
        self.assertIn("set the pixel to ONLY1", self.connect().errors)
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.sandbox.ledger()[0]["source_id"], "ONLY1")

    def test_several_are_offered_and_nothing_is_sent_without_one(self):
        self.set_destination("--id", "")
        self.sandbox.set_oauth("pixels=CODE7,CODE8")
        self.start()
        self.project.insert([purchase(1)])
        errors = self.connect().errors
        self.assertIn("  2  CODE8", errors)
        self.assertIn("destination set shop --id PIXEL", errors)
        convey.wait_until(lambda: "no pixel" in (self.project.queue()["last_error"] or ""))
        self.assertEqual(self.project.statuses(), {"pending": 1})
        self.assertEqual(self.sandbox.ledger(), [])
        self.set_destination("--id", "CODE8")
        self.project.wait_for({"delivered": 1}, 3)

    def test_on_a_terminal_one_is_chosen(self):
        self.sandbox.set_oauth("pixels=CODE7,CODE8,CODE9")
        for said, pixel in (("2\n", "CODE8"), ("9\nx\n 3 \n", "CODE9"), ("\n", ""),
                            ("0\n4\n-1\n", "")):
            with self.subTest(said):
                self.set_destination("--id", "")
                person, terminal = os.openpty()
                connecting = self.connecting(stdin=terminal, stderr=terminal)
                self.assertEqual(connecting.browse()[0], 200)
                os.write(person, said.encode())
                self.assertEqual(connecting.process.wait(30), 0)
                os.close(terminal)
                self.assertIn(b"which pixel is for 'shop'", os.read(person, 65536))
                os.close(person)
                self.assertEqual(self.project.query("SELECT pixel_id FROM destination"),
                                 [(pixel,)])

    def test_what_may_not_be_read_is_left_out_and_said(self):
        self.sandbox.set_oauth("narrow=1")
        connecting = self.connect()
        self.assertIn("time zone may not be read", connecting.errors)
        self.assertIn("token", self.fields())

    def test_ctrl_c_leaves_nothing(self):
        connecting = self.connecting()
        connecting.process.send_signal(signal.SIGINT)
        self.assertEqual(connecting.process.wait(10), -signal.SIGINT)
        with self.assertRaises(OSError):
            get(connecting.callback)
        self.assertEqual(self.fields(), set())

    def test_a_time_zone_that_somebody_chose_stays(self):
        self.set_destination("--timezone", "Asia/Tokyo")
        self.assertIn("Europe/Berlin", self.connect().errors)
        self.assertEqual(self.project.query("SELECT timezone FROM destination"),
                         [("Asia/Tokyo",)])

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            connecting = self.connecting(words=("--port", str(taken.getsockname()[1])))
            self.assertEqual(connecting.wait(), 69)

    def test_a_running_relay_takes_the_token_up_within_a_second(self):
        self.project.insert([purchase(1)])
        self.start()
        convey.wait_until(lambda: self.project.queue()["state"] == "needs_token")
        self.connect()
        self.project.wait_for({"delivered": 1}, seconds=2)


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

    def test_what_was_on_its_way_into_the_queue_ends_there(self):
        """As disconnect leaves the file when the relay parks rows behind its back."""
        self.project.set_token("wrong")
        relay = self.start()
        self.project.insert([purchase(n) for n in range(3)])
        convey.wait_until(lambda: self.project.queue()["state"] == "token_refused")
        convey.wait_until(lambda: self.project.queue()["pending"] == 3)
        database = self.project.connect()
        database.executescript(
            "BEGIN IMMEDIATE; DELETE FROM credential; UPDATE destination SET reason = 17, "
            "cancelled_through = 2; UPDATE setting SET value = value + 1 WHERE name = "
            "'config_version'; COMMIT")
        database.close()
        self.project.wait_for({"cancelled": 2, "pending": 1})
        self.assertEqual(relay.stop(), 0)

    def test_a_removed_destination_s_token_is_revoked_too(self):
        self.connect()
        self.project.convey("destination", "remove", "shop")
        self.assertNotIn("token", self.fields())
        self.start()
        convey.wait_until(lambda: self.codes() == [40105])
        convey.wait_until(lambda: self.fields() == set())

    def test_a_dry_run_changes_nothing(self):
        self.connect()
        self.assertIn("would revoke", self.disconnect("--dry-run"))
        self.assertEqual(self.codes(), [0])
        self.assertIn("token", self.fields())

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
