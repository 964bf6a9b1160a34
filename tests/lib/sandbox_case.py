# SPDX-License-Identifier: MIT
"""A unittest.TestCase with a sandbox, and requests to send to it."""
import http.client
import json
import os
import socket
import tempfile
import time
import unittest

from sandbox import TRACK, Sandbox

HEADERS = {"Access-Token": "token", "Content-Type": "application/json"}
GONE = object()


def event(number=1, **more):
    item = {"event": "Purchase", "event_time": 1700000000, "event_id": f"id-{number}",
            "page": {"url": "https://shop.example/thanks"}}
    item.update(more)
    return {key: value for key, value in item.items() if value is not GONE}


def request(*events, source="web", source_id="PIXEL", **more):
    body = {"event_source": source, "event_source_id": source_id,
            "data": list(events) or [event()]}
    body.update(more)
    return {key: value for key, value in body.items() if value is not GONE}


class Case(unittest.TestCase):
    """One sandbox for a class; each test begins with an empty one."""
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.sandbox = Sandbox(ledger=os.path.join(cls.directory.name, "ledger.jsonl"),
                              raw=True, **cls.options).start()

    @classmethod
    def tearDownClass(cls):
        status = cls.sandbox.stop()
        cls.directory.cleanup()
        assert status == 0, f"exit {status}"

    def setUp(self):
        self.sandbox.set_faults([])
        self.sandbox.set_tokens([])
        self.sandbox.reset()
        self.before = len(self.sandbox.ledger())

    def lines(self):
        return self.sandbox.ledger()[self.before:]

    def connect(self, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=timeout)
        self.addCleanup(connection.close)
        return connection

    def send(self, body, headers=None, path=TRACK, method="POST", connection=None):
        """(status, headers, bytes) of the answer."""
        if not isinstance(body, (bytes, type(None))):
            body = json.dumps(body).encode()
        connection = connection or self.connect()
        connection.request(method, path, body, HEADERS if headers is None else headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def post(self, body, headers=None, **more):
        """(status, code, message) of TikTok's envelope."""
        status, got, text = self.send(body, headers, **more)
        self.assertEqual(got["Content-Type"], "application/json")
        envelope = json.loads(text)
        self.assertEqual(list(envelope), ["code", "message", "request_id", "data"])
        self.assertRegex(envelope["request_id"], r"^20\d{12}[0-9A-F]{20}$")
        return status, envelope["code"], envelope["message"]

    def raw(self, body=None):
        """A socket with a request on it."""
        connection = socket.create_connection(("127.0.0.1", self.sandbox.port), timeout=10)
        self.addCleanup(connection.close)
        body = json.dumps(request() if body is None else body).encode()
        head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        connection.sendall(f"POST {TRACK} HTTP/1.1\r\nHost: x\r\n{head}"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return connection

    def wait_line(self, count=1):
        end = time.monotonic() + 10
        while len(self.lines()) < count and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(len(self.lines()), count)
        return self.lines()[-1]
