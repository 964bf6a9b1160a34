# SPDX-License-Identifier: MIT
"""One event makes every request with it fail, and nobody says which: the others arrive. An answer
that nobody asked for is not the next request's."""
import http.server
import json
import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import FAST, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402


class Spoiled(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    spoiler = None

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        bad = self.spoiler in [event["event_id"] for event in body["data"]]
        answer = json.dumps({"code": 50000 if bad else 0, "message": "?"}).encode()
        self.send_response(500 if bad else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Closing(http.server.BaseHTTPRequestHandler):
    """Answers the first request of a connection, and closes it upon the second."""
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.answered = False

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.answered:
            self.close_connection = True
            return
        self.answered = True
        answer = b'{"code":0,"message":"OK","request_id":"r%d"}' % id(self)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Kept(Case):
    def test_a_connection_that_closes_without_an_answer_is_told_as_such(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closing)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        relay = self.project.start(f"http://127.0.0.1:{server.server_port}", *FAST)
        for number in (1, 2):
            self.project.insert([purchase(number)])
            self.project.wait_for({"delivered": number})
        self.assertEqual(relay.stop(), 0)
        server.shutdown()
        server.server_close()
        self.assertEqual([row["api_message"] for row in self.project.rows(
            "SELECT * FROM attempt_log WHERE outcome = 'unknown'")],
            ["the connection was closed before an answer came"])


class Spoilers(Case):
    def test_the_others_do_not_go_on_failing_with_it(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Spoiled)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Spoiled.spoiler = "id-7"
        self.project.convey("destination", "set", "shop", "--batch", "40")
        self.project.insert(purchase(n) for n in range(40))
        relay = self.project.start(f"http://127.0.0.1:{server.server_port}", *FAST)
        wait_until(lambda: self.project.statuses() == {"delivered": 39, "retrying": 1})
        self.assertNotEqual(self.project.delivery("id-7")["status"], "delivered")
        Spoiled.spoiler = None
        self.project.wait_for({"delivered": 40})
        self.assertEqual(relay.stop(), 0)
        server.shutdown()
        server.server_close()


class AnswersTwice(Spoiled):
    """The first request, the second time when the connection is idle; refuses what follows."""
    served = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        first = AnswersTwice.served == 0
        AnswersTwice.served += 1
        answer = json.dumps({"code": 0 if first else 40002, "message": "?"}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
        self.wfile.write(head + answer)
        if first:
            time.sleep(0.2)
            self.wfile.write(head + answer)


class Repeats(Spoiled):
    """From the third request on, the answer to the one before first; `constant`: all the same."""
    constant = False
    served, handled = 0, 0

    def do_POST(self):
        Repeats.served += 1
        again = Repeats.served == 3 and not self.constant
        number = 0 if self.constant else Repeats.served - again
        answer = json.dumps({"code": 0, "message": "OK", "request_id": f"r{number}"}).encode()
        if not again:
            self.rfile.read(int(self.headers["Content-Length"]))
            Repeats.handled += 1
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        if again:
            time.sleep(0.3)
            self.close_connection = True


class Repeated(Case):
    def requests(self, constant):
        Repeats.served = Repeats.handled = 0
        Repeats.constant = constant
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repeats)
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        relay = self.project.start(f"http://127.0.0.1:{server.server_port}", *FAST)
        for number in range(1, 5):
            self.project.insert([purchase(number)])
            self.project.wait_for({"delivered": number})
        self.assertEqual(relay.stop(), 0)
        server.shutdown()
        server.server_close()
        return self.project.query("SELECT outcome FROM attempt_log ORDER BY id")

    def test_an_answer_that_comes_again_is_not_this_requests(self):
        self.assertEqual(self.requests(constant=False),
                         [("delivered",)] * 2 + [("unknown",)] + [("delivered",)] * 2)
        self.assertEqual((Repeats.served, Repeats.handled), (5, 4))

    def test_a_server_that_has_one_request_id_for_all(self):
        self.assertEqual(self.requests(constant=True), [("delivered",)] * 4)


class Unasked(Case):
    def test_an_answer_on_an_idle_connection(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), AnswersTwice)
        server.handle_error = lambda *_: None  # the relay leaves the connection
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.project.insert([purchase(1)])
        relay = self.project.start(f"http://127.0.0.1:{server.server_port}", *FAST)
        self.project.wait_for({"delivered": 1})
        time.sleep(0.5)
        self.project.insert([purchase(2)])
        wait_until(lambda: self.project.delivery("id-2")["status"] == "failed")
        outcomes = self.project.query("SELECT outcome FROM attempt_log ORDER BY id")
        self.assertEqual(outcomes, [("delivered",), ("refused",)])
        self.assertEqual(AnswersTwice.served, 2)
        self.assertEqual(relay.stop(), 0)
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    unittest.main()
