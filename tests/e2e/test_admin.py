# SPDX-License-Identifier: MIT
"""The admin listener from outside: where it is, who may ask, health and metrics."""
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from admin import FORM, Admin, samples  # noqa: E402
from connecting import APP, SECRET, Connecting  # noqa: E402
from convey import SLOW, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

GRANTED = {"ad_user_data": "GRANTED"}
SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin", "Connection": "close"}


class Doors(Case):
    def beside(self, suffix):
        return os.path.realpath(self.project.db) + suffix

    def test_a_socket_of_ones_own_by_default(self):
        relay = self.start()
        admin = Admin(relay)
        self.assertEqual(admin.address, self.beside(".admin.sock"))
        self.assertEqual(admin.token_file, self.beside(".admin.token"))
        for path in (admin.address, admin.token_file):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        self.assertRegex(admin.token, r"\A[0-9a-f]{64}\Z")
        self.assertEqual(admin.get("/livez").text, "ok\n")
        token = admin.token
        self.assertEqual(relay.stop(), 0)
        self.assertFalse(os.path.exists(admin.address))
        self.assertEqual(Admin(self.start()).token, token)

    def test_a_dead_relays_socket_is_taken_over(self):
        relay = self.start()
        admin = Admin(relay)
        relay.kill()
        self.assertTrue(os.path.exists(admin.address))
        self.assertEqual(Admin(self.start()).get("/livez").status, 200)

    def test_what_is_in_the_way_stays_and_the_relay_works(self):
        with open(self.beside(".admin.sock"), "w", encoding="ascii") as file:
            file.write("mine")
        self.project.insert([purchase(1)])
        relay = self.start()
        self.project.wait_for({"delivered": 1})
        self.assertIn("admin_page_unavailable", relay.log())
        self.assertEqual(relay.stop(), 0)
        with open(self.beside(".admin.sock"), encoding="ascii") as file:
            self.assertEqual(file.read(), "mine")

    def test_a_token_that_others_may_read_is_refused(self):
        Admin(self.start()).get("/livez")
        self.project.relays[-1].stop()
        os.chmod(self.beside(".admin.token"), 0o644)
        relay = self.start()
        relay.wait_started()
        self.assertRegex(relay.log(), "admin_page_unavailable.*delete it")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.start("--admin", "127.0.0.1:0").wait(), 77)

    def test_a_path_of_ones_choice_two_relays_and_off(self):
        path = os.path.join(self.project.directory, "a.sock")
        first = self.start("--admin", path)
        self.assertEqual(Admin(first).address, path)
        other = type(self.project)()
        self.addCleanup(other.close)
        second = other.start(self.sandbox, "--admin", path)
        self.assertEqual(second.wait(), 69)
        self.assertIn("another process listens", second.log())
        self.assertEqual(Admin(first).get("/livez").status, 200)
        first.stop()
        self.assertEqual(self.drain("--admin", "off"), 0)
        self.assertNotIn("admin_page", self.project.relays[-1].log())

    def test_a_path_that_is_too_long(self):
        path = "/tmp/" + "a" * 120 + "/b.sock"
        self.assertEqual(self.start("--admin", path).wait(), 64)

    def test_only_loopback_literals(self):
        for address in ("0.0.0.0:0", "localhost:0", "192.0.2.1:9464", "[::]:0", "9464", ""):
            said = self.refused(64, "run", "--db", self.project.db, "--admin", address)
            self.assertIn("--admin takes 127.0.0.1:PORT", said)

    def test_tcp(self):
        for address, host in (("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "[::1]")):
            with self.subTest(address):
                relay = self.start("--admin", address)
                admin = Admin(relay)
                self.assertTrue(admin.url.startswith(f"http://{host}:"), admin.url)
                self.assertEqual(admin.get("/livez").status, 200)
                self.assertEqual(admin.get("/metrics").status, 401)
                self.assertEqual(admin.get("/metrics", admin.token).status, 200)
                self.assertEqual(relay.stop(), 0)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            relay = self.start("--admin", f"127.0.0.1:{port}")
            self.assertEqual(relay.wait(), 69)
            self.assertIn("Address already in use", relay.log())


class Gate(Case):
    """(door, headers besides the method's own) -> status; contract and table of threats."""

    def check(self, admin, rows):
        for method, target, headers, status in rows:
            with self.subTest(f"{method} {target} {headers}"):
                body = b"destination=shop" if method == "POST" else None
                answer = admin.ask(method, target, headers, body)
                self.assertEqual(answer.status, status, answer)
                for name, value in SAFE.items():
                    self.assertEqual(answer.headers[name], value)
                self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
                self.assertIn("frame-ancestors 'none'",
                              answer.headers["Content-Security-Policy"])
                self.assertNotIn("Set-Cookie", answer.headers)
                self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
                self.assertEqual("WWW-Authenticate" in answer.headers, status == 401)

    def test_over_a_unix_socket(self):
        admin = Admin(self.start())
        self.check(admin, [
            ("GET", "/metrics", [], 200),
            ("GET", "/metrics", [("Host", "127.0.0.1:9464")], 200),
            ("GET", "/metrics", [("Host", "evil.example")], 421),
            ("GET", "/metrics", [("Host", None)], 421),
            ("GET", "/metrics", [("Origin", "http://evil.example")], 403),
            ("GET", "/metrics", [("Origin", "null")], 403),
            ("GET", "/metrics", [("Origin", "http://localhost")], 200),
            ("GET", "/metrics", [("Sec-Fetch-Site", "cross-site")], 403),
            ("POST", "/metrics", [("Content-Type", FORM)], 405),
            ("DELETE", "/metrics", [], 405),
            ("OPTIONS", "/metrics", [("Access-Control-Request-Method", "POST")], 405),
            ("GET", "/etc/passwd", [], 404),
            ("GET", "/../shop.db", [], 404),
        ])

    def test_over_tcp(self):
        admin = Admin(self.start("--admin", "127.0.0.1:0"))
        port = admin.url.rsplit(":", 1)[1].rstrip("/")
        good = ("Authorization", f"Bearer {admin.token}")
        wrong = ("Authorization", "Bearer " + "0" * 64)
        self.check(admin, [
            ("GET", "/livez", [], 200),
            ("GET", "/metrics", [good], 200),
            ("GET", "/metrics", [], 401),
            ("GET", "/metrics", [wrong], 401),
            ("GET", "/metrics", [("Authorization", f"Basic {admin.token}")], 401),
            ("GET", "/metrics", [good, good], 400),
            ("GET", f"/metrics?token={admin.token}", [], 401),
            ("GET", "/metrics", [("Cookie", f"token={admin.token}")], 401),
            ("GET", "/metrics", [good, ("Host", f"localhost:{port}")], 200),
            ("GET", "/metrics", [good, ("Host", "127.0.0.1")], 421),
            ("GET", "/metrics", [good, ("Host", f"127.0.0.1:{int(port) ^ 1}")], 421),
            ("GET", "/metrics", [good, ("Host", f"evil.example:{port}")], 421),
            ("GET", "/livez", [("Host", f"evil.example:{port}")], 421),
            ("GET", "/metrics", [good, ("Host", admin.host), ("Host", admin.host)], 400),
            ("GET", "/metrics", [good, ("Origin", f"http://{admin.host}")], 200),
            ("GET", "/metrics", [good, ("Origin", f"https://{admin.host}")], 403),
            ("GET", "/metrics", [good, ("Origin", "http://127.0.0.1:1")], 403),
            ("GET", "/metrics", [good, ("Sec-Fetch-Site", "same-site")], 403),
        ])

    def test_ready_says_why_to_who_may_know(self):
        self.project.convey("destination", "pause", "shop")
        relay = self.start("--admin", "127.0.0.1:0")
        admin = Admin(relay)
        wait_until(lambda: "paused" in admin.get("/readyz", admin.token).text)
        answer = admin.get("/readyz")
        self.assertEqual((answer.status, "shop" in answer.text), (503, False))


class Ready(Case):
    token = None

    def test_reasons_until_it_is_ready(self):
        admin = Admin(self.start())
        answer = wait_until(lambda: (a := admin.get("/readyz")) and "needs_token" in a.text and a)
        self.assertEqual((answer.status, answer.text),
                         (503, "destination shop waits: needs_token\n"))
        self.project.set_token("token")
        wait_until(lambda: admin.get("/readyz").status == 200)
        self.project.convey("destination", "add", "more", "--source", "web", "--id", "P2")
        time.sleep(0.2)
        self.assertEqual(admin.get("/readyz").text, "ready\n")  # one is enough
        self.project.convey("destination", "remove", "more")
        self.project.convey("destination", "remove", "shop")
        answer = wait_until(lambda: (a := admin.get("/readyz")).status == 503 and a)
        self.assertEqual(answer.text, "there is no destination: convey destination add\n")

    def test_livez_needs_nothing(self):
        admin = Admin(self.start())
        self.assertEqual((admin.get("/livez").status, admin.get("/livez").text), (200, "ok\n"))
        self.assertEqual(admin.ask("HEAD", "/livez").text, "")


class Metrics(Case):
    def told(self, admin):
        answer = admin.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        return answer.text

    def test_they_say_what_the_database_says(self):
        self.add_destination("app", "PIXEL2", token=None)
        rows = [purchase(n, consent=GRANTED) for n in range(20)]
        rows += [purchase(n, event="nothing known", prefix="u") for n in range(3)]
        rows += [purchase(n, prefix="r", page=None) for n in range(2)] + [purchase(1)]
        # One status of several reasons is their sum.
        rows += [purchase(n, prefix="v", properties={"value": "x"}) for n in range(4)]
        self.project.insert(rows)
        admin = Admin(self.start())
        wait_until(lambda: samples(self.told(admin)).get(
            'convey_events_delivered_total{destination="shop"}') == 20)
        wait_until(lambda: samples(self.told(admin))["convey_unclaimed"] == 0)
        said = samples(self.told(admin))
        for destination, status, count in self.project.query(
                "SELECT coalesce(destination, ''), status, count(*) FROM delivery_status "
                "GROUP BY 1, 2"):
            name = f'convey_deliveries{{destination="{destination}",status="{status}"}}'
            self.assertEqual(said.pop(name), count, name)
        self.assertFalse(any(value for name, value in said.items()
                             if name.startswith("convey_deliveries")), said)
        self.assertEqual(said["convey_events_received_total"], 30)
        self.assertEqual(said['convey_undelivered{destination="",status="skipped",'
                              'reason="not_mapped"}'], 3)
        self.assertEqual(said['convey_backlog{destination="app"}'], 20)
        self.assertEqual(said['convey_destination_sending{destination="shop"}'], 1)
        self.assertEqual(said['convey_destination_sending{destination="app"}'], 0)
        self.assertEqual(said['convey_destination_state{destination="app",'
                              'state="needs_token"}'], 1)
        self.assertEqual(said['convey_delivery_latency_seconds_count{destination="shop"}'], 20)
        requests = self.project.query("SELECT count(*) FROM attempt_log")[0][0]
        self.assertEqual(said['convey_attempts_total{destination="shop",outcome="delivered",'
                              'code_class="2xx"}'], requests)
        self.assertEqual(said['convey_request_duration_seconds_count{destination="shop"}'],
                         requests)
        self.assertEqual(said["convey_database_readable"], 1)
        self.assertEqual(said["convey_database_writable"], 1)
        for name in ("convey_database_bytes", "convey_wal_bytes", "convey_disk_free_bytes",
                     "process_resident_memory_bytes", "process_open_fds",
                     "process_start_time_seconds"):
            self.assertGreater(said[name], 0, name)

    def test_attempts_by_class_and_age(self):
        self.sandbox.set_faults("html-502")
        self.project.insert([purchase(1, consent=GRANTED)])
        admin = Admin(self.start("--retry-base-ms", "3600000", "--retry-cap-ms", "3600000"))
        wait_until(lambda: 'code_class="5xx"' in self.told(admin))
        time.sleep(1.1)
        said = samples(self.told(admin))
        self.assertEqual(said['convey_attempts_total{destination="shop",outcome="server_error",'
                              'code_class="5xx"}'], 1)
        self.assertEqual(said['convey_deliveries{destination="shop",status="retrying"}'], 1)
        self.assertGreaterEqual(said['convey_oldest_pending_seconds{destination="shop"}'], 1)

    @unittest.skipUnless(shutil.which("promtool"), "promtool (package prometheus) is not here")
    def test_promtool_finds_nothing(self):
        self.add_destination("app", "PIXEL2")
        self.project.insert([purchase(n, consent=GRANTED) for n in range(5)] +
                            [purchase(9, event="nothing known")])
        admin = Admin(self.start())
        self.project.wait_for({"delivered": 5, "skipped": 1})
        done = subprocess.run(["promtool", "check", "metrics"], input=self.told(admin), text=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


class Expiry(Case):
    token = None
    sandbox_options = {"args": ["--oauth", f"app={APP}:{SECRET}"], "token": "good"}

    def test_when_a_token_ends(self):
        self.sandbox.set_oauth("life=7200")
        with Connecting(self.project, self.sandbox) as connecting:
            connecting.browse()
            self.assertEqual(connecting.wait(), 0)
        admin, name = Admin(self.start()), 'convey_token_expires_timestamp_seconds{destination="shop"}'
        wait_until(lambda: name in samples(admin.get("/metrics").text))
        left = samples(admin.get("/metrics").text)[name] - time.time()
        self.assertTrue(7000 < left <= 7200, left)


class Hostile(Case):
    """What a client does badly costs the client, not the relay."""

    def deliver(self, prefix, count=50):
        self.project.insert([purchase(n, consent=GRANTED, prefix=prefix) for n in range(count)])
        wait_until(lambda: self.project.query(
            "SELECT count(*) FROM delivery_status WHERE event_id LIKE ? AND status = 'delivered'",
            prefix + "-%")[0][0] == count, 10)

    def test_slow_ones_are_hung_up_on(self):
        relay = self.start()
        admin = Admin(relay)
        socks = [admin.connect() for _ in range(32)]
        stop = threading.Event()

        def dribble():
            text = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1000
            for byte in text:
                for sock in socks:
                    try:
                        sock.send(bytes([byte]))
                    except OSError:
                        pass
                if stop.wait(0.3):
                    return

        began = time.monotonic()
        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            time.sleep(0.5)
            self.deliver("a")
            answer = admin.get("/livez")  # waits until a place is free
            took = time.monotonic() - began
            self.deliver("b")
        finally:
            stop.set()
            thread.join()
            for sock in socks:
                sock.close()
        self.assertEqual(answer.status, 200)
        self.assertGreater(took, 5)
        self.assertLess(took, 15 * SLOW)
        self.assertEqual(relay.stop(), 0)

    def test_too_much_is_refused(self):
        relay = self.start()
        admin = Admin(relay)
        head = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
        many = b"".join(b"X-%d: 1\r\n" % n for n in range(5000))
        for name, data, allowed in (
                ("a long target", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 (414, 404)),
                ("a long header", head + b"X: " + b"a" * 200000 + b"\r\n\r\n", (413, 431, 414)),
                ("many headers", head + many + b"\r\n", (413, 431, 414)),
                ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 100 + b"\r\n\r\n", (400,)),
                ("no end", head, ())):
            with self.subTest(name):
                sock = admin.connect(timeout=3 if name == "no end" else 20)
                try:
                    sock.sendall(data)
                    got = sock.recv(4096)
                except (ConnectionResetError, BrokenPipeError, socket.timeout):
                    got = b""
                sock.close()
                if got:
                    self.assertIn(int(got.split()[1]), allowed, got)
        self.deliver("a")
        self.assertEqual(admin.get("/livez").status, 200)
        self.assertEqual(relay.stop(), 0)

    def test_a_long_body_is_refused(self):
        relay = self.start()
        admin = Admin(relay)
        head = (b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + FORM.encode() +
                b"\r\nContent-Length: %d\r\n\r\n")
        self.assertIn(b" 405 ", admin.raw(head % 100000 + b"a" * 100000).split(b"\r\n")[0])
        self.assertEqual(admin.raw(head % 3000000 + b"a" * 3000000), b"")
        self.assertEqual(relay.stop(), 0)

    def test_many_at_once_and_gone_before_the_answer(self):
        relay = self.start()
        admin = Admin(relay)
        for _ in range(200):
            sock = admin.connect()
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sock.close()
        self.deliver("a")
        self.assertEqual(admin.get("/metrics").status, 200)
        self.assertEqual(relay.stop(), 0)

    def test_a_stop_ends_those_who_wait(self):
        relay = self.start()
        admin = Admin(relay)
        sock = admin.connect()
        sock.sendall(b"GET /metrics HTTP/1.1\r\n")
        time.sleep(0.1)
        began = time.monotonic()
        self.assertEqual(relay.stop(), 0)
        self.assertLess(time.monotonic() - began, 5 * SLOW)
        self.assertEqual(sock.recv(10), b"")
        sock.close()

    def test_it_costs_nothing_when_nobody_asks(self):
        relay = self.start()
        admin = Admin(relay)
        admin.get("/metrics")
        time.sleep(0.5)
        before = relay.cpu_seconds()
        time.sleep(2)
        self.assertLess(relay.cpu_seconds() - before, 0.2 * SLOW)


if __name__ == "__main__":
    unittest.main()
