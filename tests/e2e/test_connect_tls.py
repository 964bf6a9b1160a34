#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""OAuth's requests over TLS: not one byte of a code or a secret goes to a stranger."""
import os
import ssl
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tls  # noqa: E402
from connecting import APP, SECRET, Connecting, get  # noqa: E402
from convey import Project, wait_until  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from test_relay_tls import Served, Versions  # noqa: E402

listen = Versions.listen
del Versions  # its tests are run where they are


class Oauth(Served):
    def setUp(self):
        self.project = Project(token=None)
        self.addCleanup(self.project.close)

    def serve(self, pair):
        self.sandbox = Sandbox(tls=pair, args=["--oauth", f"app={APP}:{SECRET}"]).start()
        self.addCleanup(self.sandbox.stop)

    def serve_again(self, pair):
        """The same address, another certificate."""
        self.sandbox.stop()
        self.sandbox.tls = pair
        self.sandbox.start()

    def strangers(self):
        yield "a stranger's", self.stranger.server()
        yield "self-signed", tls.self_signed(self.project.directory)
        yield "of another host", self.authority.wrong_host()
        yield "expired", self.authority.expired()
        yield "not yet valid", self.authority.not_yet_valid()

    def come_back(self, url, code="no-such-code"):
        """A browser that brings a code; connect's exit status and words."""
        with Connecting(self.project, url, words=("--port", "0", *self.trust())) as connecting:
            page = get(f"{connecting.callback}?auth_code={code}&state={connecting.state}")
            self.assertEqual(page[0], 502)
            status = connecting.wait()
            self.assertNotIn(code, connecting.errors + page[2])
            return status, connecting.errors

    def connect(self):
        with Connecting(self.project, self.sandbox,
                        words=("--port", "0", *self.trust())) as connecting:
            status, headers, _ = self.sandbox_get(connecting.url)
            self.assertEqual(status, 302)
            self.assertEqual(get(headers["Location"])[0], 200)
            self.assertEqual(connecting.wait(), 0, connecting.errors)

    def sandbox_get(self, url):
        return get(url, context=ssl._create_unverified_context())

    def untouched(self):
        self.assertEqual(self.sandbox.oauth()["requests"], 0)

    def test_a_code_goes_to_nobody_else(self):
        for name, pair in self.strangers():
            with self.subTest(name):
                self.serve(pair)
                status, errors = self.come_back(self.sandbox)
                self.assertEqual(status, 69)
                self.assertRegex(errors, "certificate|SSL")
                self.untouched()
        self.serve(self.authority.server())
        self.assertEqual(self.come_back(self.sandbox)[0], 77)  # it was asked, and knows no code

    def test_tls_1_1_is_too_old(self):
        listener = listen(self, ssl.TLSVersion.TLSv1_1)
        self.assertEqual(self.come_back(listener.url)[0], 69)
        self.assertTrue(listener.failed.is_set())
        self.assertEqual(listener.received, [])

    def test_a_token_is_revoked_at_tiktok_only(self):
        self.serve(self.authority.server())
        for name, pair in self.strangers():
            with self.subTest(name):
                self.connect()
                self.serve_again(pair)
                self.project.convey("disconnect", "shop", *self.trust(), status=69,
                                    env={"CONVEY_ENDPOINT": self.sandbox.url})
                self.untouched()
                self.serve_again(self.authority.server())

    def test_a_token_is_refreshed_at_tiktok_only(self):
        self.serve(self.authority.server())
        self.sandbox.set_oauth("life=1")
        self.connect()
        self.serve_again(self.stranger.server())
        relay = self.project.start(self.sandbox, *self.trust())
        wait_until(lambda: "refresh_failed" in relay.log())
        self.untouched()
        self.assertIn("refresh_token", {row[0] for row in self.project.query(
            "SELECT field FROM credential")})


if __name__ == "__main__":
    unittest.main()
