#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where requests go: to the endpoint and nowhere else, whatever the environment and the other
end say."""
import http.server
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import relay_case  # noqa: E402
from connecting import APP, SECRET, Connecting, get  # noqa: E402
from convey import purchase, wait_until  # noqa: E402
from test_relay_tls import Served  # noqa: E402


GRANT = b"""{"code": 0, "message": "OK", "request_id": "r", "data": {
    "access_token": "granted", "advertiser_ids": ["7100000000000000001"]}}"""


class Elsewhere:
    """An HTTP server that notes who came, and sends everybody on to `to`, but for who comes for
    a token where it grants one."""

    def __init__(self, to=None, grants=False):
        self.paths = []
        seen = self.paths

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append(self.path)
                granted = grants and "access_token" in self.path
                self.send_response(307 if to and not granted else 200)
                if to:
                    self.send_header("Location", to + self.path)
                self.send_header("Content-Length", str(len(GRANT) if granted else 0))
                self.end_headers()
                self.wfile.write(GRANT if granted else b"")

            do_POST = do_CONNECT = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Endpoint(relay_case.Case):
    sandbox_options = {"args": ["--oauth", f"app={APP}:{SECRET}"]}

    def elsewhere(self, *how):
        other = Elsewhere(*how)
        self.addCleanup(other.close)
        return other

    def test_another_host_is_refused_by_whoever_would_ask_it(self):
        with open(os.path.join(self.project.directory, "secret"), "w", encoding="ascii") as file:
            file.write(SECRET)
        for url in ("https://evil.example", "http://localhost:1", "http://127.0.0.1@evil.example",
                    "https://tiktok.com." + "x" * 500):
            for words in (("run", "--drain"), ("disconnect", "shop"),
                          ("connect", "shop", "--app-id", APP, "--secret-file", file.name)):
                self.project.convey(*words, status=78, env={"CONVEY_ENDPOINT": url})

    def test_case_tells_nothing(self):
        for url in "HTTPS://Business-API.TikTok.com/", "HTTP://127.0.0.1:1/Prefix":
            self.project.convey("disconnect", "shop", "--dry-run", env={"CONVEY_ENDPOINT": url})

    def test_proxies_of_the_environment_are_not_used(self):
        proxy = self.elsewhere()
        self.project.insert([purchase(1)])
        names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        self.project.convey("run", "--drain", env=dict(
            {name: proxy.url for name in names}, CONVEY_ENDPOINT=self.sandbox.url))
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.assertEqual(proxy.paths, [])

    def test_nobody_sends_us_on(self):
        thief = self.elsewhere()
        relay_to = self.elsewhere(thief.url)
        self.project.insert([purchase(1)])
        self.project.start(relay_to)
        wait_until(lambda: self.project.queue()["last_error"])
        with Connecting(self.project, relay_to) as connecting:
            self.assertEqual(
                get(f"{connecting.callback}?auth_code=x&state={connecting.state}")[0], 502)
            self.assertNotEqual(connecting.wait(), 0)
        self.assertTrue(any("access_token" in path for path in relay_to.paths))
        self.assertEqual(thief.paths, [])

    def test_nobody_sends_a_token_on(self):
        """curl would repeat it at any host: what is asked with it has no body to hold it back."""
        thief = self.elsewhere()
        granter = self.elsewhere(thief.url, True)
        with Connecting(self.project, granter) as connecting:
            get(f"{connecting.callback}?auth_code=x&state={connecting.state}")
            connecting.wait("")
        self.assertTrue(any("advertiser" in path for path in granter.paths), granter.paths)
        self.assertEqual(thief.paths, [])


class Sessions(Served):
    def test_their_keys_are_written_nowhere(self):
        self.serve(self.authority.server())
        self.project.insert([purchase(1)])
        keys = os.path.join(self.project.directory, "keys")
        self.project.convey("run", "--drain", *self.trust(), env={
            "CONVEY_ENDPOINT": self.sandbox.url, "SSLKEYLOGFILE": keys})
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.assertFalse(os.path.exists(keys))


if __name__ == "__main__":
    unittest.main()
