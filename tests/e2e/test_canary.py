#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No secret leaves the vault: plain, hex or base64, in no output, file, log or environment."""
import base64
import glob
import os
import subprocess
import sys
import tempfile
import unittest
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import canary  # noqa: E402
import convey  # noqa: E402
import relay_case  # noqa: E402
from connecting import APP, SECRET, Connecting, get  # noqa: E402
from convey import purchase, wait_until  # noqa: E402

BY_HAND = canary.token("by-hand-0815")


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
            for form in (*canary.forms(secret), secret[::-1].encode(), secret[:-4].encode()):
                for place, content in places.items():
                    self.assertNotIn(form, content, f"{secret} in {place}")

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


class Nets(unittest.TestCase):
    """The nets that are under the whole suite (tests/lib/canary.py) hold what falls."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, content):
        with open(os.path.join(self.folder.name, name), "wb") as file:
            file.write(content)

    def test_every_form_of_every_secret(self):
        secret, hexadecimal = canary.token("x").encode(), b"0123456789abcdef" * 2
        fallen = [secret, secret.hex().encode(), secret.hex().upper().encode(),
                  canary.SECRET.encode(), *(kind + hexadecimal
                                            for kind in (b"act-", b"rft-", b"code-"))]
        fallen += [base64.b64encode(b"?" * shift + secret) for shift in range(5)]
        for content in fallen:
            self.assertIsNotNone(canary.find(b"x" * 1000 + content + b"y"), content)
        for content in (b"", b"canary", b"act-" + hexadecimal[:-1], b"fact-ory code-name"):
            self.assertIsNone(canary.find(content), content)

    def test_files_and_where_a_file_is_cut(self):
        for at in (0, canary.CHUNK - 20, canary.CHUNK - 1, canary.CHUNK + 5):
            self.write("shop.db", b"." * at + canary.MARK.encode() + b"." * 9)
            self.assertEqual(len(canary.search(self.folder.name)), 1)
        self.write("shop.db", b"." * canary.CHUNK)
        self.write("app-secret.txt", canary.MARK.encode())
        self.write("ledger.jsonl", canary.MARK.encode())
        self.assertEqual(canary.search(self.folder.name), [])

    def test_keys(self):
        key = os.urandom(32)
        self.write("shop.db.key", key.hex().encode() + b"\n")
        self.assertEqual(canary.search(self.folder.name), [])
        for content in (key, key.hex().encode()):
            self.write("shop.db-wal", b"..." + content + b"...")
            self.assertEqual(len(canary.search(self.folder.name)), 1)
        self.write("shop.db-wal", b"")
        self.write("shop.db.admin.token", b"a-bearer's-token\n")
        self.assertEqual(canary.search(self.folder.name), [])
        self.write("relay.log", b"a-bearer's-token")
        self.assertEqual(len(canary.search(self.folder.name)), 1)

    def test_a_project_s_folder(self):
        project = convey.Project()
        with open(os.path.join(project.directory, "tmp"), "w", encoding="ascii") as file:
            file.write(canary.token("token"))
        with self.assertRaisesRegex(AssertionError, "secrets in files"):
            project.close()

    def test_what_a_process_says(self):
        self.assertIs(subprocess.Popen, canary.Watched)
        for stream in ("1", "2"):
            with self.assertRaisesRegex(AssertionError, "printed"):
                subprocess.run(["sh", "-c", f"echo {canary.SECRET} >&{stream}"],
                               capture_output=True, check=False)


if __name__ == "__main__":
    unittest.main()
