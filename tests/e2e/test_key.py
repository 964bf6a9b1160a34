#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The key file: who may have it, what happens without it, and sealed values that were changed."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import convey  # noqa: E402
import relay_case  # noqa: E402
from connecting import APP, SECRET, Connecting  # noqa: E402
from convey import purchase, wait_until  # noqa: E402


class Case(relay_case.Case):
    sandbox_options = {"token": ["token", "other-token"], "args": ["--oauth", f"app={APP}:{SECRET}"]}

    def setUp(self):
        super().setUp()
        self.key = self.project.db + ".key"

    def wait_for_delivery(self):
        self.project.wait_for({"delivered": 1}, 4)


class File(Case):
    def test_it_is_its_owner_s_alone(self):
        words = ("key", "rotate", "--dry-run", "--db", self.project.db)
        for mode in (0o600, 0o400):
            os.chmod(self.key, mode)
            self.project.convey("doctor", "--offline")
        for mode in (0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777):
            os.chmod(self.key, mode)
            self.assertIn(f"mode {mode:04o}", self.refused(77, *words))
            self.assertIn("chmod 600", self.refused(77, "run", "--drain", "--db", self.project.db))

    @unittest.skipIf(os.geteuid(), "only root gives files away")
    def test_another_user_s_is_refused(self):
        os.chown(self.key, 12345, 12345)
        self.assertIn("belongs to user 12345",
                      self.refused(77, "key", "rotate", "--db", self.project.db))

    def test_what_is_no_key_is_refused_and_left_alone(self):
        words = ("key", "rotate", "--db", self.project.db)
        for content in ("", "0" * 63, "0" * 65, "0" * 63 + "g", "0" * 64 + "\n\n"):
            with open(self.key, "w", encoding="ascii") as file:
                file.write(content)
            self.assertIn("is no key of convey", self.refused(65, *words))
            with open(self.key, encoding="ascii") as file:
                self.assertEqual(file.read(), content)
        os.unlink(self.key)
        os.mkdir(self.key)
        self.assertIn("is not a file", self.refused(65, *words))

    def test_behind_a_link_the_file_changes_and_the_link_stays(self):
        real = os.path.join(self.project.directory, "elsewhere", "k")
        os.mkdir(os.path.dirname(real))
        os.rename(self.key, real)
        os.symlink(real, self.key)
        with open(real, encoding="ascii") as file:
            before = file.read()
        self.project.convey("key", "rotate")
        with open(real, encoding="ascii") as file:
            self.assertNotEqual(file.read(), before)
        self.assertTrue(os.path.islink(self.key))
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)

    def test_an_old_copy_from_systemd_decides_nothing(self):
        """Between the two steps of a rotation it would have taken the first one back."""
        folder = os.path.join(self.project.directory, "credentials")
        os.mkdir(folder)
        shutil.copy(self.key, os.path.join(folder, "convey.key"))
        self.project.convey("key", "rotate")
        before = self.project.query("SELECT value FROM setting WHERE name = 'key_id'")
        env = {"CREDENTIALS_DIRECTORY": folder}
        done = subprocess.run([convey.binary(), "token", "set", "shop", "--db", self.project.db],
                              input="other-token\n", capture_output=True, text=True,
                              env=dict(os.environ, **env), check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("systemctl restart convey", done.stderr)
        with mock.patch.dict(os.environ, env):
            relay = self.start()
            self.project.insert([purchase(1)])
            wait_until(lambda: "sealed with another key" in
                       (self.project.queue()["last_error"] or ""))
            self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.query("SELECT value FROM setting WHERE name = 'key_id'"),
                         before)
        self.assertEqual(self.drain(), 0)  # with the new key
        self.assertEqual(self.project.statuses(), {"delivered": 1})

    def test_systemd_hands_it_over(self):
        folder = os.path.join(self.project.directory, "credentials")
        os.mkdir(folder)
        env = {"CREDENTIALS_DIRECTORY": folder, "CONVEY_ENDPOINT": self.sandbox.url}
        shutil.move(self.key, os.path.join(folder, "convey.key"))
        self.project.insert([purchase(1)])
        self.project.convey("run", "--drain", env=env)
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.project.convey("init", env=env)
        self.assertFalse(os.path.exists(self.key))


class Lost(Case):
    def lose(self):
        """A relay without its key; it says so where people look."""
        os.rename(self.key, self.key + ".away")
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.queue()["state"] == "needs_token")
        wait_until(lambda: self.project.queue()["last_error"])
        error = self.project.queue()["last_error"]
        self.assertIn("does not exist", error)
        # What is told there is not refused.
        words = error.partition("with: convey ")[2].split()
        self.assertEqual(words, ["init", "--key-lost"])
        self.project.convey(*words, "--dry-run")
        self.assertEqual(self.project.statuses(), {"pending": 1})
        return relay

    def test_put_back_it_is_taken_up_by_itself(self):
        relay = self.lose()
        os.rename(self.key + ".away", self.key)
        self.wait_for_delivery()
        self.assertIsNone(self.project.queue()["last_error"])
        self.assertEqual(relay.log().count("state=needs_token"), 1)

    def test_a_new_key_and_a_new_token_do_too(self):
        self.lose()
        said = json.loads(self.project.convey("init", "--key-lost", "--json"))
        self.assertEqual((said["key_created"], said["secrets_closed"]), (True, 1))
        wait_until(lambda: "another key" in self.project.queue()["last_error"])
        self.project.set_token("token")
        self.wait_for_delivery()

    def test_no_key_is_made_beside_secrets_of_another(self):
        """Most likely it is elsewhere: the service's is, and root forgot conveyctl."""
        os.rename(self.key, self.key + ".away")
        for words in ("init",), ("init", "--dry-run"):
            said = self.refused(66, *words, "--db", self.project.db)
            for part in ("CONVEY_KEY_FILE", "conveyctl", "convey init --key-lost", self.key):
                self.assertIn(part, said)
            self.assertFalse(os.path.exists(self.key))
        self.project.convey("init", env={"CONVEY_KEY_FILE": self.key + ".away"})
        self.project.convey("disconnect", "shop", env={"CONVEY_ENDPOINT": self.sandbox.url})
        said = self.refused(0, "init", "--db", self.project.db)  # nothing is sealed any more
        self.assertIn("if it has a key elsewhere, remove this one", said)
        self.assertTrue(os.path.exists(self.key))

    def other_key(self):
        """One that was made at the wrong place."""
        path = os.path.join(self.project.directory, "wrong.key")
        with open(path, "w", encoding="ascii", opener=lambda *a: os.open(*a, 0o600)) as file:
            file.write("5" * 64 + "\n")
        return path

    def test_a_key_that_opens_nothing_seals_nothing(self):
        before = self.project.query("SELECT * FROM credential")
        secret = os.path.join(self.project.directory, "secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET)
        for rotated in False, True:
            if rotated:  # then the database names its key
                self.project.convey("key", "rotate")
                before = self.project.query("SELECT * FROM credential")
            with mock.patch.dict(os.environ, {"CONVEY_KEY_FILE": self.other_key()}):
                for words in (("token", "set", "shop"), ("key", "rotate"),
                              ("key", "rotate", "--dry-run"),
                              ("connect", "shop", "--app-id", APP, "--secret-file", secret)):
                    said = self.refused(66, *words, "--db", self.project.db)
                    self.assertIn("convey init --key-lost", said, words)
                    self.assertIn("conveyctl", said, words)
            self.assertEqual(self.project.query("SELECT * FROM credential"), before)
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 1})

    def test_a_lost_key_is_said_to_be(self):
        self.add_destination("other", "PIXEL2", token="other-token")
        with mock.patch.dict(os.environ, {"CONVEY_KEY_FILE": self.other_key()}):
            self.project.convey("init", "--key-lost", "--dry-run")
            self.refused(66, "token", "set", "shop", "--db", self.project.db)
            self.project.convey("init", "--key-lost")
            self.project.set_token("token")
            self.project.set_token("other-token", "other")
            self.project.insert([purchase(1)])
            self.assertEqual(self.drain(), 0)
        self.refused(66, "token", "set", "shop", "--db", self.project.db)  # the old one, found again

    def test_the_old_one_may_be_found_again(self):
        with mock.patch.dict(os.environ, {"CONVEY_KEY_FILE": self.other_key()}):
            self.project.convey("init", "--key-lost")
        self.project.set_token("other-token")
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)

    def test_it_may_go_while_the_relay_runs(self):
        relay = self.start()
        self.project.insert([purchase(0)])
        self.wait_for_delivery()
        os.rename(self.key, self.key + ".away")
        self.project.convey("destination", "set", "shop", "--batch", "7")
        wait_until(lambda: self.project.queue()["state"] == "needs_token")
        os.rename(self.key + ".away", self.key)
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 2}, 4)
        self.assertEqual(relay.stop(), 0)

    def test_where_nothing_is_sealed_nothing_is_missed(self):
        self.project.convey("disconnect", "shop", env={"CONVEY_ENDPOINT": self.sandbox.url})
        os.unlink(self.key)
        self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.delivery("id-1")["destination"])
        self.assertIsNone(self.project.queue()["last_error"])


class Changed(Case):
    """By somebody who can write to the database."""
    token = None

    def setUp(self):
        super().setUp()
        self.sandbox.set_oauth("life=1000")
        self.add_destination("other", "PIXEL2", token="other-token")
        with Connecting(self.project, self.sandbox) as connecting:
            connecting.browse()
            self.assertEqual(connecting.wait(), 0, connecting.errors)
        self.rows = self.project.query("SELECT destination_id, field, sealed FROM credential")

    def put(self, rows):
        database = sqlite3.connect(self.project.db)
        with database:
            database.executemany("UPDATE credential SET sealed = ?3 WHERE destination_id = ?1 "
                                 "AND field = ?2", rows)
        database.close()

    def check_refused(self, field):
        """Said by doctor and by key rotate, which changes nothing."""
        before = self.project.query("SELECT * FROM credential ORDER BY 1, 2")
        found = {row["check"]: row for row in json.loads(
            self.project.convey("doctor", "--offline", "--json", status=1))}
        self.assertIn(field, found["secrets"]["detail"])
        rotation = subprocess.run([convey.binary(), "key", "rotate", "--db", self.project.db],
                                  capture_output=True, text=True, timeout=20, check=False)
        self.assertIn(rotation.returncode, (65, 74, 78))
        self.assertIn(f"{field} of destination", rotation.stderr)
        self.assertEqual(self.project.query("SELECT * FROM credential ORDER BY 1, 2"), before)

    def test_a_bit_of_any_secret(self):
        """tests/store/test_vault.c flips every bit of one."""
        self.assertEqual(len(self.rows), 8)
        for number, (destination, field, sealed) in enumerate(self.rows):
            changed = bytearray(sealed)
            changed[(0, 1, 5, 17, -1)[number % 5]] ^= 0x10
            for value in (bytes(changed), b""):
                self.put([(destination, field, value)])
                self.check_refused(field)
            self.put([(destination, field, sealed)])
        self.project.convey("doctor", "--offline")

    def test_values_at_each_other_s_place(self):
        sealed = {(row[0], row[1]): row[2] for row in self.rows}
        for a, b in ((("other", "token"), ("shop", "token")),
                     (("shop", "app_secret"), ("shop", "token")),
                     (("shop", "refresh_token"), ("shop", "token"))):
            ids = {"shop": 1, "other": 2}
            a, b = (ids[a[0]], a[1]), (ids[b[0]], b[1])
            self.put([(*a, sealed[b]), (*b, sealed[a])])
            self.check_refused(min(a, b)[1])
            self.put([(*a, sealed[a]), (*b, sealed[b])])
        self.project.convey("doctor", "--offline")

    def test_the_relay_sends_nothing_with_it_and_goes_on_with_the_others(self):
        sealed = {row[1]: row[2] for row in self.rows if row[0] == 1}
        self.put([(1, "token", sealed["app_secret"])])
        self.project.insert([purchase(1)])
        self.start()
        wait_until(lambda: self.project.queue("other")["delivered"] == 1)
        self.assertEqual(self.project.queue("shop")["state"], "needs_token")
        self.assertIn("does not open", self.project.queue("shop")["last_error"])


if __name__ == "__main__":
    unittest.main()
