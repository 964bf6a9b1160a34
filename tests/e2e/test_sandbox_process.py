# SPDX-License-Identifier: MIT
"""convey-sandbox as a process: its options, TLS, ends, and what a kill leaves."""
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tls as certificates  # noqa: E402
from sandbox import TRACK, Sandbox, binary  # noqa: E402
from sandbox_case import HEADERS, event, request  # noqa: E402


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.authority = certificates.Authority(cls.directory.name)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def post(self, sandbox, host="127.0.0.1"):
        trust = ssl.create_default_context(cafile=self.authority.cert)
        connection = http.client.HTTPSConnection(host, sandbox.port, timeout=10, context=trust)
        self.addCleanup(connection.close)
        connection.request("POST", TRACK, json.dumps(request()), HEADERS)
        return json.load(connection.getresponse())["code"]

    def test_a_good_certificate(self):
        with Sandbox(tls=self.authority.server()) as sandbox:
            self.assertTrue(sandbox.url.startswith("https://"))
            self.assertEqual(self.post(sandbox), 0)
            self.assertEqual(self.post(sandbox, "localhost"), 0)
            self.assertEqual(sandbox.stats()["requests"], 2)

    def test_bad_certificates(self):
        for pair, why in [(self.authority.expired(), "expired"),
                          (self.authority.not_yet_valid(), "not yet valid"),
                          (self.authority.wrong_host(), "IP address mismatch"),
                          (certificates.self_signed(self.directory.name), "self-signed")]:
            with self.subTest(why=why), Sandbox(tls=pair) as sandbox:
                with self.assertRaisesRegex(ssl.SSLCertVerificationError, why):
                    self.post(sandbox)

    def test_faults(self):
        ledger = os.path.join(self.directory.name, "faults.jsonl")
        with Sandbox(tls=self.authority.server(), ledger=ledger) as sandbox:
            for name in ("reset-before", "reset-within", "reset-after", "cut-answer"):
                sandbox.set_faults(name)
                with self.subTest(name=name), \
                        self.assertRaises((OSError, http.client.IncompleteRead)):
                    self.post(sandbox)
            sandbox.set_faults("trickle:ms=1")
            self.assertEqual(self.post(sandbox), 0)
            self.assertEqual([line["applied"] for line in sandbox.ledger()],
                             [False, False, True, True, True])

    def test_raw_faults_are_refused(self):
        cert, key = self.authority.server()
        done = subprocess.run([binary(), "--port", "0", "--tls", cert, key, "--fault", "1xx"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 64)
        with Sandbox(tls=(cert, key)) as sandbox, self.assertRaises(OSError):
            sandbox.set_faults("endless-headers")


class Process(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.ledger = os.path.join(self.directory.name, "ledger.jsonl")

    def run_it(self, *words):
        done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout, done.stderr

    def test_help(self):
        status, out, _ = self.run_it("-h")
        self.assertEqual(status, 0)
        self.assertIn("\n  convey-sandbox --port 8080", out)
        self.assertIn("\n  reset-after ", out)

    def test_exit_statuses(self):
        missing = os.path.join(self.directory.name, "no", "file")
        for words, status in [(["--nonsense"], 64), (["word"], 64), (["--port", "70000"], 64),
                              (["--port", "x"], 64), (["--fault", "x"], 64), (["--token", ""], 64),
                              (["--ledger", missing], 73), (["--tls", missing], 64),
                              (["--tls", missing, missing], 66),
                              (["--tls", os.devnull, os.devnull], 65),
                              (["--sink", "--ledger", self.ledger], 64)]:
            with self.subTest(words=words):
                got, out, err = self.run_it(*words)
                self.assertEqual((got, out), (status, ""))
                self.assertTrue(err.startswith("convey-sandbox: ") or "convey-sandbox:" in err)

    def test_a_taken_port(self):
        with Sandbox() as sandbox:
            for more in ([], ["--sink"]):
                status, _, err = self.run_it("--port", str(sandbox.port), *more)
                self.assertEqual(status, 69)
                self.assertIn(f"127.0.0.1:{sandbox.port}", err)

    def test_ends_politely(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            sandbox = Sandbox(faults="hang").start()
            idle = socket.create_connection(("127.0.0.1", sandbox.port))
            hanging = http.client.HTTPConnection("127.0.0.1", sandbox.port)
            hanging.request("POST", TRACK, json.dumps(request()), HEADERS)
            time.sleep(0.1)
            start = time.monotonic()
            self.assertEqual(sandbox._end(number), 0)
            self.assertLess(time.monotonic() - start, 3)
            idle.close()
            hanging.close()

    def test_print_port(self):
        sandbox = Sandbox(args=["--print-port"]).start()
        sandbox.stop()
        self.assertEqual(sandbox.output, f"{sandbox.port}\n")

    def post(self, sandbox, *events):
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
        try:
            connection.request("POST", TRACK, json.dumps(request(*events)), HEADERS)
            return json.load(connection.getresponse())["code"]
        finally:
            connection.close()

    def test_a_kill_leaves_every_answered_line(self):
        sandbox = Sandbox(ledger=self.ledger)
        answered = []

        def work(number):
            for i in range(10000):
                name = f"{number}-{i}"
                try:
                    self.post(sandbox, *[event(name, x="y" * 500) for _ in range(100)])
                except (OSError, http.client.HTTPException):
                    return
                answered.append(name)
        for run in range(5):
            sandbox.start()
            threads = [threading.Thread(target=work, args=(f"{run}-{i}",)) for i in range(3)]
            for thread in threads:
                thread.start()
            time.sleep(0.2)
            sandbox.kill()
            for thread in threads:
                thread.join()
        sandbox.start()  # cuts a piece of a line off
        sandbox.stop()
        with open(self.ledger, "rb") as file:
            text = file.read()
        self.assertTrue(text.endswith(b"\n"))
        written = {line["events"][0]["event_id"] for line in map(json.loads, text.splitlines())
                   if line["events"]}
        self.assertGreater(len(answered), 10)
        self.assertEqual({f"id-{name}" for name in answered} - written, set())

    def test_a_piece_of_a_line_is_cut_off(self):
        for text, kept in [(b"", b""), (b"{}\n", b"{}\n"), (b'{}\n{"n":1', b"{}\n"),
                           (b'{"n', b""), (b"{}\n" + b"x" * 9000, b"{}\n"),
                           (b"x" * 4095 + b"\n" + b"y" * 4096, b"x" * 4095 + b"\n")]:
            with open(self.ledger, "wb") as file:
                file.write(text)
            Sandbox(ledger=self.ledger).start().stop()
            with open(self.ledger, "rb") as file:
                self.assertEqual(file.read(), kept)

    def test_a_full_disk_ends_it(self):
        sandbox = Sandbox(ledger="/dev/full").start()
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.post(sandbox, event())
        self.assertEqual(sandbox.process.wait(timeout=10), 74)
        sandbox.process.stdout.close()

    def test_a_line_on_stderr_for_each_request(self):
        process = subprocess.Popen([binary(), "--port", "0"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        sandbox = Sandbox(int(process.stdout.readline().rsplit(":", 1)[1]))
        self.post(sandbox, event(1), event(2))
        process.terminate()
        out, err = process.communicate(timeout=10)
        self.assertEqual(err, f"POST {TRACK}: 2 events, 2 new, HTTP 200, code 0\n")
        self.assertEqual(out, "")

    def test_sink(self):
        sandbox = Sandbox(args=["--sink"]).start()
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
        for body in (b"x" * 600_000, b"", b"{}", b"y" * (5 << 20)):
            connection.request("POST", TRACK, body, HEADERS)
            self.assertEqual(json.load(connection.getresponse())["code"], 0)
        connection.close()
        waiting = socket.create_connection(("127.0.0.1", sandbox.port), timeout=10)
        waiting.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        self.assertIn(b"100 Continue", waiting.recv(100))
        waiting.sendall(b"abc")
        self.assertIn(b'"code":0', waiting.recv(1000))
        waiting.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(waiting.recv(100), b"", "closed: no Content-Length")
        waiting.close()
        self.assertEqual(sandbox.stop(), 0)
        self.assertEqual(sandbox.output, f"5 requests, {600_000 + 2 + (5 << 20) + 3} bytes\n")


if __name__ == "__main__":
    unittest.main()
