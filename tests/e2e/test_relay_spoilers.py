# SPDX-License-Identifier: MIT
"""One event makes every request with it fail, and nobody says which: the others arrive."""
import http.server
import json
import os
import sys
import threading
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


class Spoilers(Case):
    def test_the_others_do_not_go_on_failing_with_it(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Spoiled)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Spoiled.spoiler = "id-7"
        self.project.convey("destination", "set", "shop", "--batch", "40")
        self.project.insert(purchase(n) for n in range(40))
        relay = self.project.start(f"http://127.0.0.1:{server.server_port}", *FAST)
        wait_until(lambda: self.project.statuses() == {"delivered": 39, "retrying": 1})
        self.assertEqual(self.project.delivery("id-7")["status"], "retrying")
        Spoiled.spoiler = None
        self.project.wait_for({"delivered": 40})
        self.assertEqual(relay.stop(), 0)
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    unittest.main()
