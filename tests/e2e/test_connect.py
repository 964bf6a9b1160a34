#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""connect, through a real callback, and token set on a terminal."""
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import canary  # noqa: E402
import convey  # noqa: E402
from connecting import APP, SECRET, Case, get  # noqa: E402
from convey import purchase  # noqa: E402


def read_all(person):
    """What stands on a terminal whose program has ended."""
    said = b""
    while True:
        try:
            said += os.read(person, 4096)
        except OSError:
            return said.decode()


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
        with open(os.path.join(self.project.directory, "secret"), "w", encoding="ascii") as file:
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
                self.assertIn("which pixel is for 'shop'", read_all(person))
                os.close(person)
                self.assertEqual(self.project.query("SELECT pixel_id FROM destination"),
                                 [(pixel,)])

    def test_what_may_not_be_read_is_left_out_and_said(self):
        self.sandbox.set_oauth("narrow=1")
        connecting = self.connect()
        self.assertIn("time zone may not be read", connecting.errors)
        self.assertIn("token", self.fields())

    def test_on_a_desktop_the_browser_opens(self):
        folder = os.path.join(self.project.directory, "bin")
        os.mkdir(folder)
        opened = os.path.join(folder, "opened")
        with open(os.path.join(folder, "xdg-open"), "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\necho "$@" > {opened}.part; mv {opened}.part {opened}\n')
        os.chmod(file.name, 0o755)
        with open(os.path.join(folder, "secret"), "w", encoding="ascii") as file:
            file.write(SECRET)
        person, terminal = os.openpty()
        process = subprocess.Popen(
            [convey.binary(), "connect", "shop", "--app-id", APP, "--secret-file", file.name,
             "--port", "0", "--db", self.project.db], stdout=terminal, stderr=subprocess.DEVNULL,
            env=dict(os.environ, CONVEY_ENDPOINT=self.sandbox.url, DISPLAY=":99",
                     PATH=f"{folder}:{os.environ['PATH']}"))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        convey.wait_until(lambda: os.path.exists(opened))
        with open(opened, encoding="ascii") as file:
            url = file.read().strip()
        self.assertEqual(os.read(person, 4096).decode().strip(), url)
        self.assertTrue(url.startswith(self.sandbox.url + "/portal/auth?"))
        os.close(person)
        os.close(terminal)

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


class ByHand(Case):
    def ask(self, *end):
        """token set on a terminal, where `end` does something; its process and what it said."""
        person, terminal = os.openpty()
        process = subprocess.Popen([convey.binary(), "token", "set", "shop", "--db",
                                    self.project.db], stdin=terminal, stderr=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.kill)
        convey.wait_until(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO)
        for do in end:
            do(person, process)
        _, said = process.communicate(timeout=30)
        self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO)
        os.close(person)
        os.close(terminal)
        return process, said

    def test_a_terminal_does_not_show_it(self):
        process, said = self.ask(lambda person, _: os.write(person, canary.token("by-hand").encode() + b"\n"))
        self.assertEqual(process.returncode, 0)
        self.assertNotIn("by-hand", said)
        self.assertEqual(self.fields(), {"token"})

    def test_nor_does_it_stay_blind_when_somebody_gives_up(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process, _ = self.ask(lambda person, _: os.write(person, b"half"),
                                  lambda _, process, number=number: process.send_signal(number))
            self.assertEqual(process.returncode, -number)
        self.assertEqual(self.fields(), set())


if __name__ == "__main__":
    unittest.main()
