# SPDX-License-Identifier: MIT
"""convey-sandbox from the outside: every fault as a client meets it, and which requests do."""
import http.client
import json
import os
import sys
import time
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from sandbox import Sandbox  # noqa: E402
from sandbox_case import GONE, Case, event, request  # noqa: E402


class Faults(Case):
    def only(self, spec):
        self.sandbox.set_faults(spec)

    def lost(self, spec, body=None):
        """The request ends without an answer; its line."""
        self.only(spec)
        with self.assertRaises((ConnectionError, http.client.RemoteDisconnected)) as caught:
            self.post(request() if body is None else body)
        self.assertIsInstance(caught.exception, (ConnectionResetError, BrokenPipeError))
        line = self.wait_line()
        self.assertEqual((line["http_status"], line["code"], line["message"]), (None,) * 3)
        return line

    def test_codes(self):
        for name, status, code in [
            ("40100", 200, 40100), ("40100-401", 401, 40100), ("40001", 400, 40001),
            ("40002", 400, 40002), ("40105", 401, 40105), ("20001", 200, 20001),
            ("40133", 200, 40133), ("50000", 200, 50000), ("50002", 200, 50002),
            ("60001", 200, 60001), ("51305:status=503", 503, 51305), ("code0-502", 502, 0),
            ("40002:status=200", 200, 40002),
        ]:
            with self.subTest(name=name):
                self.only(name)
                self.assertEqual(self.post(request())[:2], (status, code))
                line = self.lines()[-1]
                self.assertEqual((line["http_status"], line["code"], line["fault"],
                                  line["applied"], line["new"], line["count"]),
                                 (status, code, name.split(":")[0], False, 0, 1))
        self.assertEqual(self.sandbox.stats()["events"], 0)

    def test_20001_lists_what_failed(self):
        self.only("20001")
        self.assertEqual(json.loads(self.send(request())[2])["data"], [{"index": 0}])

    def test_answers_that_are_not_tiktoks(self):
        for name, status, kind in [("html-502", 502, "text/html"), ("html-503", 503, "text/html"),
                                   ("http-429", 429, "text/plain"), ("http-413", 413, "text/plain"),
                                   ("garbage", 200, "application/json"),
                                   ("empty", 200, "application/json")]:
            with self.subTest(name=name):
                self.only(name)
                got, headers, text = self.send(request())
                self.assertEqual((got, headers["Content-Type"]), (status, kind))
                with self.assertRaises(ValueError):
                    json.loads(text)
                self.assertEqual(text == b"", name == "empty")
                self.assertEqual(self.lines()[-1]["code"], None)
                self.assertFalse(self.lines()[-1]["applied"])

    def test_retry_after(self):
        for name in ("http-429", "40100", "50000", "html-503"):
            self.only(f"{name}:retry_after=7")
            self.assertEqual(self.send(request())[1]["Retry-After"], "7")
        self.only("40100")
        self.assertIsNone(self.send(request())[1]["Retry-After"])

    def test_json_that_is_not_usable(self):
        self.only("wrong-type")
        self.assertEqual(json.loads(self.send(request())[2])["code"], "0")
        self.only("deep")
        self.assertIn(b"[" * 100000, self.send(request())[2])
        self.only("huge")
        text = self.send(request())[2]
        self.assertTrue(50_000_000 < len(text) <= 50 << 20)
        self.assertEqual(list(json.loads(text)), ["data"])
        self.assertEqual({line["code"] for line in self.lines()}, {None})

    def test_gzip_bomb(self):
        self.only("gzip-bomb")
        _, headers, packed = self.send(request())
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertLess(len(packed), 2 << 20)
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        text = unpacker.decompress(packed[10:])
        self.assertTrue(unpacker.eof)
        self.assertEqual(len(text), 1 + 258 * (640 << 10))
        self.assertEqual(text.strip(), b"")

    def test_reset_before(self):
        line = self.lost("reset-before", request(*[event(i) for i in range(1000)]))
        self.assertEqual((line["fault"], line["applied"], line["bytes"]),
                         ("reset-before", False, 0))

    def test_reset_within(self):
        body = request(*[event(i, x="y" * 2000) for i in range(1000)])
        line = self.lost("reset-within", body)
        self.assertEqual((line["fault"], line["applied"]), ("reset-within", False))
        half = len(json.dumps(body)) // 2
        self.assertTrue(half <= line["bytes"] < half + (1 << 20), line["bytes"])

    def test_reset_after(self):
        line = self.lost("reset-after:count=1")
        self.assertEqual((line["fault"], line["applied"], line["new"]), ("reset-after", True, 1))
        self.assertEqual(self.post(request())[1], 0)
        self.assertEqual(self.lines()[-1]["duplicate"], 1)

    def test_cut_answer(self):
        self.only("cut-answer")
        connection = self.raw()
        text = b""
        with self.assertRaises(ConnectionResetError):
            while True:
                got = connection.recv(4096)
                self.assertNotEqual(got, b"", "closed politely")
                text += got
        head, _, body = text.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200"))
        self.assertTrue(0 < len(body) < int(head.lower().partition(b"content-length: ")[2]
                                            .split(b"\r")[0]))
        self.assertTrue(body.startswith(b'{"code":0'))
        line = self.wait_line()
        self.assertEqual((line["http_status"], line["code"], line["applied"], line["new"]),
                         (200, None, True, 1))

    def test_slow(self):
        self.only("slow:ms=300")
        start = time.monotonic()
        self.assertEqual(self.post(request())[1], 0)
        self.assertTrue(0.3 <= time.monotonic() - start < 5)
        self.assertTrue(self.lines()[0]["applied"])

    def test_hang(self):
        self.only("hang")
        connection = self.raw()
        connection.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            connection.recv(1)
        self.assertEqual(self.wait_line()["applied"], False)

    def test_trickle(self):
        self.only("trickle:ms=5")
        start = time.monotonic()
        self.assertEqual(self.post(request())[1], 0)
        self.assertGreater(time.monotonic() - start, 0.3)

    def flood(self, spec, what):
        self.only(spec)
        connection = self.raw()
        text = b""
        while len(text) < 1 << 20:
            text += connection.recv(1 << 16)
        connection.close()
        self.assertGreater(text.count(what), 1000)
        self.assertFalse(self.wait_line()["applied"])
        return text

    def test_endless_headers(self):
        text = self.flood("endless-headers", b"\r\nX-Endless: ")
        self.assertTrue(text.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertNotIn(b"\r\n\r\n", text)

    def test_informational_flood(self):
        text = self.flood("1xx", b"HTTP/1.1 103 Early Hints\r\n")
        self.assertNotIn(b"HTTP/1.1 2", text)

    def test_poison(self):
        self.only("poison:id=bad-*")
        bad = [event(i, event_id=f"bad-{i}" if i == 7 else f"good-{i}") for i in range(10)]
        self.assertEqual(self.post(request(*bad)), (400, 40002, "Invalid parameter"))
        self.assertEqual(self.lines()[-1]["fault"], "poison")
        self.assertEqual(self.post(request(*bad[:7])), (200, 0, "OK"))
        self.only(["poison-named:id=bad-?", "poison:value=13.37"])
        self.assertEqual(self.post(request(*bad)),
                         (400, 40002, "data.7.event_id: Not a valid string"))
        for value, code in [(13.37, 40002), (13.38, 0), (GONE, 0)]:
            properties = GONE if value is GONE else {"value": value}
            self.assertEqual(self.post(request(event(properties=properties)))[1], code)

    def test_a_bad_token_comes_before_poison(self):
        self.sandbox.set_tokens(["another"])
        self.only("poison:id=*")
        self.assertEqual(self.post(request())[1], 40105)

    def test_the_server_outlives_them(self):
        for spec in ("reset-before", "reset-after", "cut-answer", "hang", "1xx"):
            self.only(spec)
            for _ in range(5):
                self.raw().close()
        self.only([])
        self.assertEqual(self.post(request())[1], 0)


class Choice(Case):
    def codes(self, count, faults, **more):
        self.sandbox.set_faults(faults)
        connection = self.connect()
        return [self.post(request(**more), connection=connection)[1] for _ in range(count)]

    def test_by_number(self):
        self.assertEqual(self.codes(4, "40100:nth=3"), [0, 0, 40100, 0])
        self.assertEqual(self.codes(5, "40100:nth=2-4"), [0, 40100, 40100, 40100, 0])
        self.assertEqual(self.codes(6, "50000:every=3"), [0, 0, 50000, 0, 0, 50000])
        self.assertEqual(self.codes(4, "50000:count=2"), [50000, 50000, 0, 0])
        self.assertEqual(self.codes(6, "50000:every=2,count=2"), [0, 50000, 0, 50000, 0, 0])

    def test_the_first_that_fits(self):
        self.assertEqual(self.codes(3, ["40100:nth=2", "50000:every=2", "60001:nth=1"]),
                         [60001, 40100, 0])
        self.assertEqual(self.codes(2, ["40100", "50000"]), [40100, 40100])

    def test_other_paths_do_not_count(self):
        self.sandbox.set_faults("40100:nth=1")
        self.send(None, path="/", method="GET")
        self.assertEqual(self.post(request())[1], 40100)

    def test_by_chance_and_seed(self):
        got = self.codes(400, "50000:share=0.1")
        self.assertTrue(15 <= got.count(50000) <= 75, got.count(50000))
        self.assertEqual(self.codes(400, "50000:share=0.1"), got)
        with Sandbox(args=["--seed", "5"], faults="50000:share=0.1") as other:
            connection = http.client.HTTPConnection("127.0.0.1", other.port)
            self.assertNotEqual([self.post(request(), connection=connection)[1]
                                 for _ in range(400)], got)
            connection.close()
        self.assertEqual(self.codes(5, "50000:share=0"), [0] * 5)
        self.assertEqual(self.codes(5, "50000:share=1"), [50000] * 5)

    def test_by_time(self):
        self.assertEqual(self.codes(1, "50000:for=300ms"), [50000])
        time.sleep(0.35)
        self.assertEqual(self.post(request())[1], 0)
        self.assertEqual(self.codes(1, "50000:after=200ms,for=1m"), [0])
        time.sleep(0.25)
        self.assertEqual(self.post(request())[1], 50000)

    def test_by_source(self):
        self.assertEqual(self.codes(1, "50000:source_id=OTHER"), [0])
        self.assertEqual(self.codes(1, "50000:source_id=OTHER", source_id="OTHER"), [50000])

    def test_reset_counts_again(self):
        self.assertEqual(self.codes(2, "40100:nth=1"), [40100, 0])
        self.sandbox.reset()
        self.assertEqual(self.post(request())[1], 40100)
        self.assertEqual(self.codes(2, "50000:count=1"), [50000, 0])
        self.sandbox.reset()
        self.assertEqual(self.post(request())[1], 50000)

    def test_what_is_no_fault_is_explained(self):
        self.sandbox.set_faults("40100")
        for spec, words in [
            ("nonsense", "'nonsense' is no fault"), ("40100:nth=0", "'nth' is no key, or"),
            ("40100:nth=5-4", "'nth'"), ("40100:share=2", "'share'"), ("slow:ms=-1", "'ms'"),
            ("40100:for=soon", "'for'"), ("40100:x=1", "'x' is no key"), ("40100:nth", "'nth'"),
            ("poison", "wants id=GLOB or value=N"), ("http-99", "is no fault"),
            ("reset-before:source_id=P", "source_id stands in the body"),
            ("40100:status=101", "'status'"), ("x" * 600, "too long"),
        ]:
            with self.subTest(spec=spec[:40]):
                status, code, message = self.post(spec.encode(), path="/sandbox/fault")
                self.assertEqual((status, code), (400, 40002))
                self.assertIn(words, message)
        self.assertEqual(self.post(request())[1], 40100, "the faults before stay")


if __name__ == "__main__":
    unittest.main()
