#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No secret leaves the vault: plain, hex or base64, in no output, file, log or environment."""
import base64
import glob
import os
import subprocess
import sys
import unittest
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
import relay_case  # noqa: E402
from connecting import APP, SECRET, Connecting, get  # noqa: E402
from convey import purchase, wait_until  # noqa: E402

BY_HAND = "canary-token-by-hand-0815"


def forms(secret):
    """The ways in which bytes may be written down."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):  # base64 at any place of a longer text
        text = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0:-4]
        yield text[:len(text) // 4 * 4]
    yield raw[::-1]
    yield raw[:-4]


class Canary(relay_case.Case):
    token = None
    sandbox_options = {"args": ["--oauth", f"app={APP}:{SECRET}", "--oauth", "life=3"],
                       "token": BY_HAND}

    def setUp(self):
        super().setUp()
        self.said = []
        self.secrets = [SECRET, BY_HAND]

    def run_verb(self, *words, data=None):
        done = subprocess.run([convey.binary(), *words, "--db", self.project.db], input=data,
                              capture_output=True, text=True, timeout=60, check=False,
                              env=dict(os.environ, CONVEY_ENDPOINT=self.sandbox.url))
        self.said.append(done.stdout + done.stderr)

    def note_grants(self):
        for grant in self.sandbox.oauth()["grants"]:
            self.secrets += [text for text in (grant["access_token"], grant["refresh_token"])
                             if text and text not in self.secrets]

    def connect(self):
        with Connecting(self.project, self.sandbox) as connecting:
            self.note_grants()
            self.said.append(connecting.browse()[2])
            self.assertEqual(connecting.wait(), 0)
            self.said += [connecting.output, connecting.errors]
        os.unlink(connecting.secret_file)
        self.note_grants()

    def search(self):
        places = {"output": "\n".join(self.said).encode()}
        for path in glob.glob(self.project.directory + "/**", recursive=True):
            if os.path.isfile(path) and not path.endswith("ledger.jsonl"):
                with open(path, "rb") as file:
                    places[path] = file.read()
        self.assertTrue(any(path.endswith("-wal") for path in places))
        self.assertTrue(any(path.endswith("relay.log") for path in places))
        for secret in self.secrets:
            self.assertGreater(len(secret), 16)
            for form in forms(secret):
                for place, content in places.items():
                    self.assertNotIn(form, content, f"{secret} in {place}")

    def test_forms_find_what_they_should(self):
        for secret in ("canary-app-secret-4711",):
            for wrapped in (secret, f"x{secret}y", f"xy{secret}"):
                encoded = base64.b64encode(wrapped.encode())
                self.assertTrue(any(form in encoded for form in forms(secret)), wrapped)

    def test_nothing_anywhere(self):
        self.connect()
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.sandbox.oauth()["refreshed"] >= 2)
        self.note_grants()
        self.check_process(relay.pid)
        self.search()
        # TikTok's own words may repeat what they were sent.
        self.sandbox.set_oauth("expire=all")
        self.project.insert([purchase(2)])
        self.run_verb("token", "set", "shop", data=BY_HAND + "\n")
        self.run_verb("token", "set", "shop", data=BY_HAND + " and more\n")
        self.run_verb("key", "rotate")
        for words in (("destination", "list"), ("destination", "show", "shop", "--json"),
                      ("status", "--json"), ("doctor", "--json"), ("list",), ("why", "id-1"),
                      ("preview", "id-1"), ("config", "export"),
                      ("disconnect", "shop")):
            self.run_verb(*words)
        self.search()
        self.assertEqual(relay.stop(), 0)

    def fail_to_connect(self, secret, trouble):
        """Its page and its words; the code is noted."""
        self.sandbox.set_oauth(trouble)
        with Connecting(self.project, self.sandbox, secret=secret) as connecting:
            back = connecting.authorize()
            self.secrets += [secret, parse_qs(urlsplit(back).query)["auth_code"][0]]
            page = get(back)
            self.assertNotEqual(connecting.wait(), 0)
            self.said += [page[2], connecting.output, connecting.errors]
            self.assertIn("****", page[2])
        os.unlink(connecting.secret_file)

    def test_what_tiktok_repeats_is_not_kept(self):
        self.sandbox.set_oauth("echo=1")
        self.fail_to_connect("canary-of-no-such-app-2", "fails=0")
        self.fail_to_connect(SECRET, "loses=1")  # the same code again
        self.connect()
        relay = self.start()
        self.sandbox.set_oauth("loses=1")  # and the same refresh token
        wait_until(lambda: "refresh_refused" in relay.log(), 15)
        self.note_grants()
        self.sandbox.set_oauth("revoke=all")
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.queue()["state"] == "token_refused")
        self.assertIn("****", self.project.queue()["last_error"])
        self.run_verb("status")
        self.run_verb("why", "id-1")
        self.run_verb("disconnect", "shop")
        self.search()
        self.assertEqual(relay.stop(), 0)

    def check_process(self, pid):
        """Arguments and environment are the process's own; nothing else may be looked into."""
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    content = file.read()
            except PermissionError:
                continue
            for secret in self.secrets:
                self.assertNotIn(secret.encode(), content)
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            core = [line for line in file if line.startswith("Max core file size")][0]
        self.assertRegex(core, r"size\s+[01]\s")


if __name__ == "__main__":
    unittest.main()
