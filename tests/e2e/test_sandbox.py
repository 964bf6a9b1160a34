# SPDX-License-Identifier: MIT
"""convey-sandbox from the outside: its rules, its store, its ledger."""
import copy
import json
import os
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from sandbox import TRACK  # noqa: E402
from sandbox_case import GONE, HEADERS, Case, event, request  # noqa: E402

HASH = "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"


class Rules(Case):
    def check_rows(self, rows, base, source):
        for path, value, message in rows:
            item = copy.deepcopy(base)
            target, *keys = [item] + path.split(".")
            for key in keys[:-1]:
                target = target[int(key)] if key.isdigit() else target.setdefault(key, {})
            if value is GONE:
                del target[keys[-1]]
            else:
                target[keys[-1]] = value
            with self.subTest(source=source, path=path, value=value):
                answer = self.post(request(event(0, app={"app_id": "1"}, lead={"lead_id": "1"}),
                                           item, source=source))
                self.assertEqual(answer, (200, 0, "OK") if message is None else
                                 (400, 40002, f"data[1].{message}"))

    def test_members_of_an_item(self):
        string, integer, missing = "Not a valid string", "Not a valid integer", \
            "Missing required field"
        contents = [{"content_id": "a", "price": 1, "quantity": 1}]
        self.check_rows([
            ("event", GONE, f"event: {missing}"),
            ("event", "", "event: Empty string"),
            ("event", None, "event: Field may not be null"),
            ("event", 7, f"event: {string}"),
            ("event", "any name of one's own", None),
            ("event_time", GONE, f"event_time: {missing}"),
            ("event_time", "1700000000", f"event_time: {integer}"),
            ("event_time", 1700000000.0, f"event_time: {integer}"),
            ("event_time", True, f"event_time: {integer}"),
            ("event_time", 1700000000000, "event_time: Not a time in Unix seconds"),
            ("event_time", 0, "event_time: Not a time in Unix seconds"),
            ("event_id", GONE, None),
            ("event_id", 17, f"event_id: {string}"),
            ("event_id", "", "event_id: Empty string"),
            ("limited_data_use", True, None),
            ("limited_data_use", "true", "limited_data_use: Not a valid boolean"),
            ("limited_data_use", 1, "limited_data_use: Not a valid boolean"),
            ("user", {"email": HASH}, None),
            ("user", {"email": [HASH, HASH]}, None),
            ("user", {}, "user: Empty object"),
            ("user", [], "user: Not a valid object"),
            ("user.email", 1, f"user.email: {string}"),
            ("user.email", [], "user.email: Empty list"),
            ("user.phone", [HASH, 2], f"user.phone[1]: {string}"),
            ("user.external_id", {"a": 1}, f"user.external_id: {string}"),
            ("user.ip", 127, f"user.ip: {string}"),
            ("user.ttclid", "", "user.ttclid: Empty string"),
            ("user.user_agent", None, "user.user_agent: Field may not be null"),
            ("user.ttclidX", 1, None),
            ("properties", {"value": 0, "currency": "EUR"}, None),
            ("properties.value", "29.99", "properties.value: Not a valid number"),
            ("properties.value", False, "properties.value: Not a valid number"),
            ("properties.num_items", 1.5, f"properties.num_items: {integer}"),
            ("properties.currency", 978, f"properties.currency: {string}"),
            ("properties.order_id", 5, f"properties.order_id: {string}"),
            ("properties.content_ids", ["a", 1], f"properties.content_ids[1]: {string}"),
            ("properties.content_ids", "a", "properties.content_ids: Not a valid list"),
            ("properties.contents", contents, None),
            ("properties.contents", [], "properties.contents: Empty list"),
            ("properties.contents", {}, "properties.contents: Not a valid list"),
            ("properties.contents", [7], "properties.contents[0]: Not a valid object"),
            ("properties.contents", contents + [{"content_id": 2}],
             f"properties.contents[1].content_id: {string}"),
            ("properties.contents", [{"price": "1"}],
             "properties.contents[0].price: Not a valid number"),
            ("properties.contents", [{"quantity": 1.0}],
             f"properties.contents[0].quantity: {integer}"),
            ("properties.my_own", [{}], None),
            ("ad.attributed", "yes", "ad.attributed: Not a valid boolean"),
            ("page", GONE, f"page: {missing}"),
            ("page", {}, f"page.url: {missing}"),
            ("page.url", "", "page.url: Empty string"),
            ("page.referrer", 1, f"page.referrer: {string}"),
            ("test_event_code", 1, None),
        ], event(), "web")

    def test_members_by_source(self):
        missing, never = "Missing required field", "Not allowed with this event_source"
        bare = event(page=GONE)
        self.check_rows([
            ("app", {"app_id": "com.example"}, None),
            ("app", {"app_name": "x"}, f"app.app_id: {missing}"),
            ("event", "Purchase", f"app: {missing}"),
        ], bare, "app")
        self.check_rows([
            ("lead", {"lead_id": "7"}, None),
            ("lead", {"lead_id": 7}, "lead.lead_id: Not a valid string"),
            ("event", "Lead", f"lead: {missing}"),
        ], bare, "crm")
        self.check_rows([("limited_data_use", False, f"limited_data_use: {never}")],
                        event(page=GONE, lead={"lead_id": "7"}), "crm")
        self.check_rows([
            ("event", "Purchase", None),
            ("limited_data_use", False, f"limited_data_use: {never}"),
        ], bare, "offline")

    def test_the_envelope(self):
        for body, message in [
            ([], "body: Not an object"),
            (request(event_source=GONE), "event_source: Missing required field"),
            (request(source="Web"), "event_source: Not one of web, app, offline, crm"),
            (request(source=1), "event_source: Not a valid string"),
            (request(source_id=GONE), "event_source_id: Missing required field"),
            (request(source_id=123), "event_source_id: Not a valid string"),
            (request(source_id=""), "event_source_id: Empty string"),
            (request(test_event_code=""), "test_event_code: Empty string"),
            (request(data=GONE), "data: Missing required field"),
            (request(data={}), "data: Not a valid list"),
            (request(data=[]), "data: Empty list"),
            (request(data=["x"]), "data[0]: Not a valid object"),
            (request(*[event(i) for i in range(1001)]),
             "data: More than 1000 events in one request"),
        ]:
            with self.subTest(message=message):
                self.assertEqual(self.post(body), (400, 40002, message))
        self.assertEqual(self.post(request(*[event(i) for i in range(1000)])), (200, 0, "OK"))

    def test_one_bad_event_refuses_all(self):
        self.post(request(event(1), event(2, event_id=2)))
        self.assertEqual(self.sandbox.stats()["unique_ids"], 0)
        self.assertFalse(self.lines()[0]["applied"])
        self.assertEqual(self.post(request(event(1)))[1], 0)
        self.assertEqual(self.lines()[1]["new"], 1)

    def test_the_transport(self):
        good = json.dumps(request()).encode()
        for body, headers, message in [
            (b"{", {}, "body: Not valid JSON"),
            (b"", {}, "body: Not valid JSON"),
            (good + b"x", {}, "body: Not valid JSON"),
            (b"\xff" + good, {}, "body: Not valid JSON"),
            *((good.replace(b"Purchase", b"caf" + raw), {}, "body: Not valid JSON")
              for raw in (b"\xe9", b"\xc3", b"\xed\xa0\xbd", b"\xc0\xaf", b"\0", b"\\u0000")),
            (good, {"Content-Type": "text/plain"}, "Content-Type: Must be application/json"),
            (good, {"Content-Type": "application/jsonx"}, "Content-Type: Must be"),
            (good, {"Content-Encoding": "gzip"}, "Content-Encoding: Only identity"),
        ]:
            with self.subTest(message=message, body=body[:10]):
                status, code, got = self.post(body, {**HEADERS, **headers})
                self.assertEqual((status, code), (400, 40002))
                self.assertTrue(got.startswith(message), got)
        self.assertEqual(self.post(good, {**HEADERS, "Content-Type":
                                          "application/json; charset=utf-8"})[1], 0)

    def test_integers_of_more_than_64_bits(self):
        """JSON knows no largest integer, and a request is not refused for one row's."""
        big = {"value": 2 ** 64 - 1, "currency": "VND", "reference": -10 ** 30,
               "contents": [{"content_id": str(2 ** 64), "price": 2 ** 63}]}
        self.assertEqual(self.post(request(event(1), event(2, properties=big))), (200, 0, "OK"))
        self.assertEqual(self.lines()[0]["events"][1]["properties"], big)
        for item, message in [
            (event(2, properties={**big, "num_items": 2 ** 63}), "properties.num_items: Not a valid integer"),
            (event(2, properties=big, event_time=1700000000.0), "event_time: Not a valid integer"),
            (event(2, properties=big, event_id=2 ** 64), "event_id: Not a valid string"),
        ]:
            with self.subTest(message=message):
                self.assertEqual(self.post(request(event(1), item)),
                                 (400, 40002, f"data[1].{message}"))
        text = json.dumps(request(event(1, properties=big))).encode()
        self.assertTrue(self.post(text + b"x")[2].startswith("body: Not valid JSON"))

    def test_other_paths_are_plain_text(self):
        for method, path in [("POST", TRACK.rstrip("/")), ("GET", TRACK), ("PUT", TRACK),
                             ("POST", "/open_api/v1.2/event/track/"), ("GET", "/")]:
            with self.subTest(method=method, path=path):
                status, headers, text = self.send(b"{}" if method != "GET" else None,
                                                  path=path, method=method)
                self.assertEqual((status, text), (404, b"404 page not found"))
                self.assertEqual(headers["Content-Type"], "text/plain")

    def test_64_MiB_and_not_a_byte_more(self):
        space = b" " * ((64 << 20) - len(json.dumps(request())))
        self.assertEqual(self.post(json.dumps(request()).encode() + space)[1], 0)
        self.assertEqual(self.post(json.dumps(request()).encode() + space + b" "),
                         (413, 40002, "body: More than 64 MiB"))

    def test_keeps_connections_alive_and_takes_chunks(self):
        connection = self.connect()
        for _ in range(3):
            self.assertEqual(self.post(request(), connection=connection)[1], 0)
        chunks = (bytes([byte]) for byte in json.dumps(request()).encode())
        connection.request("POST", TRACK, chunks, HEADERS, encode_chunked=True)
        self.assertEqual(json.load(connection.getresponse())["code"], 0)

    def test_says_100_continue(self):
        connection = socket.create_connection(("127.0.0.1", self.sandbox.port), timeout=10)
        self.addCleanup(connection.close)
        body = json.dumps(request()).encode()
        connection.sendall(f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nAccess-Token: t\r\nExpect: "
                           "100-continue\r\nContent-Type: application/json\r\nContent-Length: "
                           f"{len(body)}\r\n\r\n".encode())
        self.assertIn(b"100 Continue", connection.recv(100))
        connection.sendall(body)
        self.assertIn(b'"code":0', connection.recv(1000))


class StrictHash(Case):
    options = {"args": ["--strict-hash"]}

    def test_personal_data_must_be_hashed(self):
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        for user, path in [
            ({"email": HASH, "ip": "127.0.0.1", "city": "bonn"}, None),
            ({"email": "a@example.org"}, "user.email"),
            ({"email": [HASH, HASH.upper()]}, "user.email[1]"),
            ({"phone": empty}, "user.phone"),
            ({"external_id": "7"}, "user.external_id"),
            ({"first_name": "jane"}, "user.first_name"),
            ({"zip_code": "95110"}, "user.zip_code"),
        ]:
            with self.subTest(user=user):
                status, code, message = self.post(request(event(user=user)))
                self.assertEqual((status, code), (400, 40062) if path else (200, 0))
                if path:
                    self.assertTrue(message.startswith(f"data[0].{path}: Not hashed"), message)


class Access(Case):
    options = {"pixels": ["PIXEL", "OTHER"]}

    def test_tokens(self):
        self.sandbox.set_tokens(["good", "narrow=OTHER,THIRD,PIXELS"])
        for token, source_id, expected in [
            (None, "PIXEL", (401, 40104)), ("", "PIXEL", (401, 40104)),
            ("bad", "PIXEL", (401, 40105)), ("goo", "PIXEL", (401, 40105)),
            ("good", "PIXEL", (200, 0)), ("narrow", "PIXEL", (400, 40001)),
            ("narrow", "OTHE", (400, 40001)), ("narrow", "OTHER", (200, 0)),
            ("narrow", "THIRD", (400, 40001)), ("good", "THIRD", (400, 40001)),
        ]:
            with self.subTest(token=token, source_id=source_id):
                headers = {"Content-Type": "application/json"}
                if token is not None:
                    headers["Access-Token"] = token
                status, code, message = self.post(request(source_id=source_id), headers)
                self.assertEqual((status, code), expected)
                if code == 40001:
                    self.assertIn(f"pixel code: {source_id}. You must be", message)
        self.assertEqual([line["token"] for line in self.lines()][:5],
                         [None, None, "bad…", "goo…", "good…"])

    def test_a_token_is_taken_back(self):
        self.assertEqual(self.post(request())[1], 0)
        self.sandbox.set_tokens(["another"])
        self.assertEqual(self.post(request())[1], 40105)
        self.sandbox.set_tokens([])
        self.assertEqual(self.post(request())[1], 0)

    def test_the_token_comes_before_the_content(self):
        self.sandbox.set_tokens(["another"])
        self.assertEqual(self.post(b"{")[1], 40105)
        self.assertEqual(self.post(request(event(event_id=1)))[1], 40105)


class Store(Case):
    def counts(self):
        line = self.lines()[-1]
        return line["count"], line["new"], line["duplicate"]

    def test_duplicates(self):
        rows = [
            (request(event(1), event(2)), (2, 2, 0)),
            (request(event(1), event(2), event(3)), (3, 1, 2)),
            (request(event(4), event(4)), (2, 1, 1)),
            (request(event(1, event="ViewContent")), (1, 1, 0)),
            (request(event(1), source_id="OTHER"), (1, 1, 0)),
            (request(event(event_id=GONE)), (1, 1, 0)),
            (request(event(event_id=GONE)), (1, 1, 0)),
            (request(event(event="a", event_id="bc"), event(event="ab", event_id="c")), (2, 2, 0)),
        ]
        for body, expected in rows:
            self.assertEqual(self.post(body), (200, 0, "OK"))
            self.assertEqual(self.counts(), expected)
        stats = self.sandbox.stats()
        self.assertEqual((stats["events"], stats["new"], stats["duplicates"],
                          stats["unique_ids"]), (13, 10, 3, 8))

    def test_test_events_are_apart(self):
        for expected in ((1, 1, 0), (1, 0, 1)):
            self.post(request(test_event_code="TEST1"))
            self.assertEqual(self.counts(), expected)
        self.assertEqual(self.lines()[0]["test_event_code"], "TEST1")
        stats = self.sandbox.stats()
        self.assertEqual((stats["events"], stats["test_events"], stats["unique_ids"]), (0, 2, 0))
        self.post(request())
        self.assertEqual(self.counts(), (1, 1, 0))

    def test_reset_forgets(self):
        self.post(request())
        self.sandbox.reset()
        self.assertEqual(self.sandbox.stats(), {
            "requests": 0, "bytes": 0, "events": 0, "new": 0, "duplicates": 0, "test_events": 0,
            "unique_ids": 0, "codes": {}})
        self.post(request())
        self.assertEqual(self.counts(), (1, 1, 0))

    def test_the_set_grows(self):
        for start in range(0, 20000, 1000):
            self.post(request(*[event(start + i) for i in range(1000)]))
        self.assertEqual(self.sandbox.stats()["unique_ids"], 20000)
        self.post(request(*[event(i) for i in range(19500, 20500)]))
        self.assertEqual(self.counts(), (1000, 500, 500))

    def test_many_at_once(self):
        def work():
            connection = self.connect()
            for i in range(20):
                self.post(request(*[event(i * 10 + j) for j in range(10)]),
                          connection=connection)
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = self.lines()
        self.assertEqual(len(lines), 160)
        self.assertEqual(sum(line["new"] for line in lines), 200)
        numbers = [line["n"] for line in lines]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 160)))
        self.assertEqual(self.sandbox.stats()["codes"], {"0": 160})


class Ledger(Case):
    def test_a_line_before_the_answer(self):
        before = time.time() * 1000
        body = json.dumps(request(event(properties={"value": 29.99})), indent=1).encode()
        for count in range(1, 4):
            self.post(body)
            self.assertEqual(len(self.lines()), count)
        line = self.lines()[0]
        self.assertEqual(list(line), [
            "n", "at_ms", "method", "path", "source", "source_id", "test_event_code", "count",
            "http_status", "code", "message", "request_id", "fault", "applied", "new",
            "duplicate", "token", "bytes", "content_type", "events"])
        self.assertTrue(before - 1 <= line["at_ms"] <= time.time() * 1000)
        for name, value in {"method": "POST", "path": TRACK, "source": "web", "count": 1,
                            "source_id": "PIXEL", "test_event_code": None, "http_status": 200,
                            "code": 0, "message": "OK", "fault": None, "applied": True,
                            "new": 1, "duplicate": 0, "token": "toke…", "bytes": len(body),
                            "content_type": "application/json"}.items():
            self.assertEqual(line[name], value, name)
        self.assertEqual(line["events"], json.loads(body)["data"])

    def test_events_as_they_were_received(self):
        data = '[ {"event":"a\\n\\u00e9é","event_time":1700000000,\r\n"page":{"url":"u"},' \
            '"properties":{"value":29.990,"x":["]","\\""]}} ]'
        body = '{"data":[],"event_source":"web","event_source_id":"P","x":{"data":1},"data":' \
            + data + ' , "y":"\\\\"}'
        self.assertEqual(self.post(body.encode())[1], 0)
        with open(self.sandbox.ledger_path, encoding="utf-8") as file:
            text = file.read().splitlines()[-1]
        self.assertTrue(text.endswith(data.replace("\r\n", "  ") + "}"), text)

    def test_refusals_are_lines(self):
        self.post(b"{", {"Content-Type": "text/\xe9", "Access-Token": "t\xe9"})
        self.post(request(), {})
        self.send(None, method="GET", path="/a%ff%00b")
        self.assertEqual([(line["code"], line["http_status"], line["applied"])
                          for line in self.lines()],
                         [(40002, 400, False), (40104, 401, False), (None, 404, False)])

    def test_a_client_that_leaves(self):
        connection = socket.create_connection(("127.0.0.1", self.sandbox.port))
        connection.sendall(f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
                           "{\"a".encode())
        time.sleep(0.1)
        connection.close()
        line = self.wait_line()
        for name, value in {"fault": "client_cut", "applied": False, "http_status": None,
                            "code": None, "message": None, "bytes": 3, "events": None}.items():
            self.assertEqual(line[name], value, name)

    def test_control_requests_are_not_lines(self):
        self.sandbox.stats()
        self.sandbox.set_faults(["slow:nth=1000"])
        self.assertEqual(self.lines(), [])


if __name__ == "__main__":
    unittest.main()
