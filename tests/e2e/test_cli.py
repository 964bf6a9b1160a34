#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line from outside: verbs, exit statuses, --json, and what is left untouched.

The binary is CONVEY, default build/convey."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONVEY = os.path.abspath(os.environ.get("CONVEY", os.path.join(ROOT, "build", "convey")))
NOBODY = 65534


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="convey-cli-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.db = os.path.join(self.dir, "outbox.db")

    def run_(self, *args, stdin=b"", env=None, **more):
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith("CONVEY") and k != "CREDENTIALS_DIRECTORY"}
        environment.update(env or {})
        if isinstance(stdin, str):
            stdin = stdin.encode()
        return subprocess.run([CONVEY, *args], input=stdin, capture_output=True, cwd=self.dir,
                              env=environment, timeout=60, check=False, **more)

    def ok(self, *args, **more):
        done = self.run_(*args, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def fails(self, status, *args, says=None, **more):
        done = self.run_(*args, **more)
        self.assertEqual(done.returncode, status, (args, done.stdout, done.stderr))
        lines = done.stderr.decode().strip().splitlines()
        self.assertTrue(lines and lines[-1].startswith("convey: "), done.stderr)
        if says:
            self.assertIn(says, done.stderr.decode())
        return done

    def json(self, *args, status=0, **more):
        done = self.run_(*args, "--json", **more)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def init(self):
        self.ok("init")
        self.ok("destination", "add", "shop", "--source", "web", "--id", "C4ABC")

    def sql(self, text, *args):
        with sqlite3.connect(self.db) as db:
            rows = db.execute(text, args).fetchall()
        db.close()
        return rows

    def digest(self):
        found = {}
        for name in sorted(os.listdir(self.dir)):
            path = os.path.join(self.dir, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found[name] = hashlib.sha256(file.read()).hexdigest()
        return found


class Usage(Case):
    def test_what_cannot_be_meant_is_64_and_says_what_could(self):
        for args, says in (
                ((), "which verb"),
                (("statsu",), "'status'"),
                (("zzz",), "convey -h"),
                (("status", "--wacth"), "'--watch'"),
                (("destination", "lst"), "'list'"),
                (("destination",), "which verb"),
                (("--db",), "--db needs a value"),
                (("--db", "", "status"), "--db"),
                (("status", "--watch=x"), "takes no value"),
                (("status", "-x"), "-x"),
                (("init", "extra"), "too much"),
                (("token", "set"), "missing"),
                (("list", "--status", "deliverd"), "'delivered'"),
                (("list", "--reason", "not_maped"), "'not_mapped'"),
                (("list", "--limit", "0"), "--limit"),
                (("list", "--limit", "x"), "--limit"),
                (("list", "--destination", "x", "--status", "FALED"), "'failed'"),
                (("retry",), "EVENT_ID or --status"),
                (("retry", "x", "--status", "failed"), "EVENT_ID or --status"),
                (("retry", "--status", "duplicate"), "event_id of its own"),
                (("cancel", "--status", "skipped"), "only: pending, retrying, held, failed, rejected"),
                (("destination", "add", "x"), "--source")):
            with self.subTest(args=args):
                done = self.fails(64, *args, says=says)
                self.assertEqual(done.stdout, b"")
        self.assertEqual(os.listdir(self.dir), [])

    def test_names_of_ones_own_and_of_tiktok(self):
        self.init()
        add = ("destination", "add", "x", "--id", "C4ABC", "--source")
        for status, args, says in (
                (66, ("destination", "show", "shpo"), "'shop'"),
                (66, ("list", "--destination", "shops"), "'shop'"),
                (66, ("token", "set", "Shop"), "'shop'"),
                (66, ("map", "set", "x", "Purchase", "--destination", "sho"), "'shop'"),
                (66, ("map", "remove", "purchas"), "'purchase'"),
                (66, ("route", "add", "--to", "shop,shpo"), "'shop'"),
                (64, ("route", "add", "--to", "shop", "--has", "emial"), "'email'"),
                (64, ("route", "add", "--to", "shop", "--consent", "ad_userdata=GRANTED"),
                 "'ad_user_data'"),
                (64, ("route", "add", "--to", "shop", "--consent", "ad_user_data=grant"),
                 "'GRANTED'"),
                (64, (*add, "wbe"), "'web'"),
                (64, (*add, "web", "--deliver", "onlywon"), "'only-won'"),
                (64, (*add, "web", "--timezone", "Europe/Berln"), "'Europe/Berlin'"),
                (64, ("run", "--log", "jsno"), "'json'")):
            with self.subTest(args=args):
                self.fails(status, *args, says="did you mean " + says)
        self.fails(66, "destination", "show", "zzz", says="convey destination list")
        for word, says in (("Purchse", b"did you mean 'Purchase'?"), ("TrialDay3", None),
                           ("Purchase", None)):
            done = self.ok("map", "set", "x", word)
            if says:
                self.assertIn(says, done.stderr)
            else:
                self.assertNotIn(b"did you mean", done.stderr)

    def test_help_leads_with_examples(self):
        verbs = ["init", "enqueue", "status", "list", "retry", "cancel", "doctor", "token set",
                 "destination", "destination add", "destination list", "destination show",
                 "destination set", "destination pause", "destination resume",
                 "destination remove", "map list", "map set", "map remove"]
        for verb in verbs:
            for args in ((*verb.split(), "-h"), (*verb.split(), "--help"),
                         ("help", *verb.split())):
                with self.subTest(args=args):
                    text = self.ok(*args).stdout.decode()
                    self.assertIn("\nExamples:\n  ", text)
                    self.assertLess(text.index("Examples:"), text.index("Usage: convey"))
                    self.assertIn("--db FILE", text)
        everything = self.ok("-h").stdout.decode()
        for word in [verb.split()[0] for verb in verbs] + ["verbs that change something: say"]:
            self.assertIn("  " + word + " ", everything)
        self.assertRegex(self.ok("--version").stdout.decode(), r"^convey \d+\.\d+\.\d+\n$")

    def test_options_stand_before_or_after_the_verb(self):
        self.ok("init", "--db", "a.db")
        self.ok("--db", "b.db", "init")
        self.ok("init", env={"CONVEY_DB": "c.db"})
        self.ok("--json", "destination", "--db", "a.db", "list")
        self.assertEqual(self.json("list", "--db=a.db"), [])
        for name in "abc":
            self.assertTrue(os.path.exists(os.path.join(self.dir, name + ".db.key")))

    def test_a_reader_that_has_seen_enough_is_no_crash(self):
        self.init()
        self.ok("enqueue", stdin='{"event":"purchase"}\n' * 3000)
        for args in ("list --limit 3000", "list --limit 3000 --json", "status", "-h"):
            done = subprocess.run(f"'{CONVEY}' {args} | head -c 1; echo ${{PIPESTATUS[0]}}",
                                  shell=True, executable="/bin/bash", cwd=self.dir,
                                  capture_output=True, check=False)
            self.assertIn(done.stdout.decode().split("\n")[-2][-1], "01")
            self.assertEqual(done.stderr, b"")
        done = subprocess.run(f"'{CONVEY}' list >/dev/full; test $? = 74 && '{CONVEY}' status "
                              "--json >/dev/full", shell=True, cwd=self.dir, capture_output=True)
        self.assertEqual(done.returncode, 74)
        done = subprocess.run(f"'{CONVEY}' init >&- 2>&- <&-", shell=True, cwd=self.dir,
                              check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])


class Init(Case):
    def test_makes_database_and_key_once(self):
        planned = self.json("init", "--dry-run")
        self.assertEqual(os.listdir(self.dir), [])
        done = self.json("init")
        for what in "created", "key_created", "migrations", "events_mapped":
            self.assertTrue(done[what] and done[what] == planned[what], what)
        for name, size in (("outbox.db", None), ("outbox.db.key", 65)):
            stat = os.stat(os.path.join(self.dir, name))
            self.assertEqual((stat.st_mode & 0o7777, stat.st_size), (0o600, size or stat.st_size))
        before = self.digest()
        done = self.json("init")
        self.assertFalse(done["created"] or done["key_created"] or done["events_mapped"])
        self.assertEqual(self.digest(), before)

    def test_producers_insert_at_once(self):
        self.ok("init")
        self.sql("INSERT INTO outbox (event) VALUES ('purchase')")
        self.sql("INSERT INTO conversion (event, email, value, currency) VALUES (?,?,?,?)",
                 "purchase", "a@example.com", 29.99, "EUR")
        self.assertEqual(self.sql("SELECT count(*) FROM outbox"), [(2,)])

    def test_the_key_comes_from_where_it_is_said_to_be(self):
        self.ok("init", env={"CONVEY_KEY_FILE": "other.key"})
        self.assertTrue(os.path.exists(os.path.join(self.dir, "other.key")))
        self.assertFalse(os.path.exists(self.db + ".key"))
        os.mkdir(os.path.join(self.dir, "credentials"))
        self.fails(66, "init", env={"CREDENTIALS_DIRECTORY": "credentials"},
                   says="credentials/convey.key")
        self.assertEqual(os.listdir(os.path.join(self.dir, "credentials")), [])

    def test_a_symbolic_link_is_no_second_database(self):
        self.init()
        os.symlink("outbox.db", os.path.join(self.dir, "link.db"))
        self.ok("token", "set", "shop", "--db", "link.db", stdin="abc\n")
        before = self.digest()
        self.ok("init", "--db", "link.db")
        self.ok("run", "--drain", "--db", "link.db")
        self.assertEqual({*self.digest()} - {*before},
                         {"outbox.db.lock", "outbox.db.admin.token"})

    def test_a_key_that_others_may_read_is_refused(self):
        self.init()
        os.chmod(self.db + ".key", 0o640)
        self.fails(77, "init", says="chmod 600")
        self.fails(77, "token", "set", "shop", stdin="abc", says="chmod 600")


class WrongFiles(Case):
    VERBS = (("init",), ("status",), ("list",), ("doctor",), ("enqueue",), ("run", "--drain"),
             ("destination", "list"), ("retry", "x"), ("map", "list"))

    def untouched(self, status, verbs=VERBS, says=None):
        before = self.digest()
        for verb in verbs:
            with self.subTest(verb=verb):
                self.fails(status, *verb, says=says)
                self.assertEqual(self.digest(), before)

    def test_a_text_file(self):
        with open(self.db, "w", encoding="ascii") as file:
            file.write("not a database\n" * 100)
        self.untouched(65)

    def test_somebody_elses_database(self):
        self.sql("CREATE TABLE outbox (id INTEGER PRIMARY KEY, body TEXT)")
        self.untouched(65)

    def test_a_newer_schema(self):
        self.init()
        self.sql("INSERT INTO schema_migration VALUES (999, 'later', 'x', 'now')")
        self.untouched(78, says="the schema of '")

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    def test_a_network_file_system(self):
        """strace has the kernel say so: NFS, CIFS, SMB2, SMB, 9P, Ceph, AFS."""
        self.init()
        before = self.digest()
        trace = os.path.join(tempfile.gettempdir(), f"convey-strace-{os.getpid()}")
        self.addCleanup(lambda: os.path.exists(trace) and os.unlink(trace))
        env = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") +
                   ":detect_leaks=0")  # it cannot look under strace
        for magic in (0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997, 0x00c36400, 0x5346414f):
            poke = magic.to_bytes(8, "little").hex()
            under = ["strace", "-qq", "-f", "-o", trace, "-e", "trace=statfs", "-e",
                     f"inject=statfs:poke_exit=@arg2={poke}", CONVEY]
            for words in (("init", "--db", "new.db"), ("status",), ("run", "--drain"))[
                    :3 if magic == 0x6969 else 1]:
                with self.subTest(magic=hex(magic), words=words):
                    done = subprocess.run([*under, *words], cwd=self.dir, env=env,
                                          capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 78, done.stderr)
                    self.assertIn("on a network file system", done.stderr)
                    self.assertEqual(self.digest(), before)

    def test_a_migration_that_was_changed(self):
        self.init()
        self.sql("UPDATE schema_migration SET sha256 = 'x'")
        self.untouched(74)

    def test_a_table_that_is_gone(self):
        self.init()
        self.sql("DROP TABLE counter")
        self.untouched(65, says="'counter'")

    def test_nothing_there(self):
        self.untouched(66, self.VERBS[1:], says="convey init")

    def test_a_folder_without_write_permission(self):
        self.init()
        folder = os.path.join(self.dir, "closed")
        os.mkdir(folder)
        shutil.copy(self.db, folder)
        os.chmod(folder, 0o555)
        os.chmod(self.dir, 0o755)
        os.chmod(os.path.join(folder, "outbox.db"), 0o666)
        more = {}
        if os.geteuid() == 0:  # the build may lie where nobody else may look
            more = {"user": NOBODY, "group": NOBODY, "executable": shutil.copy(CONVEY, self.dir)}
        self.fails(73, "init", "--db", "closed/new.db", says="not writable", **more)
        for verb in ("enqueue", "run"):
            self.fails(77, verb, "--db", "closed/outbox.db", says="not writable", **more)
        self.fails(77, "status", "--db", "closed/outbox.db", says="this user cannot", **more)
        self.assertEqual(os.listdir(folder), ["outbox.db"])

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_somebody_elses_key(self):
        self.init()
        os.chown(self.db + ".key", NOBODY, NOBODY)
        self.fails(77, "token", "set", "shop", stdin="abc", says="belongs to user")


class Configuration(Case):
    def test_a_destination_from_add_to_remove(self):
        self.init()
        self.fails(65, "destination", "add", "shop", "--source", "web", "--id", "X")
        self.fails(66, "destination", "show", "nope")
        self.fails(64, "destination", "set", "shop", "--timezone", "Mars/X")
        self.ok("destination", "set", "shop", "--timezone", "Europe/Berlin", "--batch", "10",
                "--consent-strict", "--requests-per-second", "0.5")
        shown = self.json("destination", "show", "shop")
        self.assertEqual((shown["timezone"], shown["batch"], shown["consent_strict"],
                          shown["requests_per_second"], shown["state"], shown["token_set_at"]),
                         ("Europe/Berlin", 10, 1, 0.5, "needs_token", None))
        self.ok("destination", "set", "shop", "--no-consent-strict", "--dry-run")
        self.assertEqual(self.json("destination", "list"), [shown])
        self.ok("destination", "pause", "shop")
        self.assertEqual(self.json("destination", "list")[0]["state"], "paused")
        self.ok("destination", "resume", "shop")
        self.sql("INSERT INTO outbox (event) VALUES ('purchase')")
        self.fails(75, "destination", "remove", "shop", says="with: convey disconnect shop")
        self.sql("DELETE FROM outbox")
        self.ok("destination", "remove", "shop")
        self.assertEqual(self.json("destination", "list"), [])

    def test_a_token_goes_in_and_never_comes_out(self):
        self.init()
        self.ok("token", "set", "shop", "--dry-run", stdin="canary4711")
        self.assertEqual(self.sql("SELECT count(*) FROM credential"), [(0,)])
        for stdin, status in ((b"", 65), (b" \n", 65), (b"a b", 65), (b"a\0b", 65),
                              ("ä", 65), (b"x" * 4097, 65), (b"x" * 4096, 0),
                              (b"\n canary4711 \r\n", 0)):
            done = self.run_("token", "set", "shop", stdin=stdin)
            self.assertEqual(done.returncode, status, stdin[:20])
        self.fails(66, "token", "set", "nope", stdin="canary4711")
        self.assertEqual(self.sql("SELECT reason FROM destination"), [(None,)])
        for args in (("destination", "show", "shop"), ("destination", "list", "--json"),
                     ("doctor",), ("status", "--json")):
            done = self.run_(*args)
            self.assertNotIn(b"canary", done.stdout + done.stderr)
        for name in os.listdir(self.dir):
            with open(os.path.join(self.dir, name), "rb") as file:
                self.assertNotIn(b"canary", file.read())

    def test_the_map(self):
        self.init()
        self.assertIn(b"Purchase", self.run_("map", "set", "paid", "CompletePayment").stderr)
        self.ok("map", "set", "paid", "Purchase", "--destination", "shop")
        rows = [row for row in self.json("map", "list") if row["event"] == "paid"]
        self.assertEqual(sorted((r["tiktok_event"], r["destination"] or "") for r in rows),
                         [("CompletePayment", ""), ("Purchase", "shop")])
        self.assertEqual([self.run_("map", "remove", "paid").returncode for _ in range(3)],
                         [0, 0, 66])  # the one for all, then shop's own
        self.fails(66, "map", "set", "x", "Purchase", "--destination", "nope")


class Queue(Case):
    def test_enqueue_keeps_bytes_and_names_bad_lines(self):
        self.init()
        lines = ('\ufeff{"event":"purchase","event_id":"o-1","event_time":1700000000,'
                 '"properties":{"value":29.990,"currency":"EUR"}, "x\\"y":"\\u00e9"}\n'
                 '\n{"event":1}\nnope\n[]\n{"event":""}\n'
                 '{"event":"a","event_id":17,"event_time":"2025-01-01T00:00:00",'
                 '"payload":{"page":{"url":"u"}}}\r\n'
                 '{"event":"b","event_id":{},"event_time":1}\n'
                 '{"event":"b","event_time":1700000000.25}')
        self.fails(65, "enqueue", "--dry-run", stdin=lines)
        self.assertEqual(self.sql("SELECT count(*) FROM outbox"), [(0,)])
        done = self.fails(65, "enqueue", stdin=lines, says="line 4:")
        for number in (3, 4, 5, 6, 8):
            self.assertIn(f"line {number}: ".encode(), done.stderr)
        self.assertEqual(self.sql("SELECT event_id, event, event_time, payload FROM outbox"), [
            ("o-1", "purchase", 1700000000,
             '{"properties":{"value":29.990,"currency":"EUR"},"x\\"y":"\\u00e9"}'),
            ("17", "a", "2025-01-01T00:00:00", '{"page":{"url":"u"}}'),
            (None, "b", 1700000000.25, "{}")])
        with open(os.path.join(self.dir, "in.jsonl"), "w", encoding="ascii") as file:
            file.write('{"event":"c"}\n' * 2500)
        self.assertEqual(self.json("enqueue", "in.jsonl"),
                         {"lines": 2500, "enqueued": 2500, "bad": 0, "dry_run": False})
        self.fails(66, "enqueue", "absent.jsonl")
        self.fails(66, "enqueue", ".")
        self.fails(64, "enqueue", "outbox.db", says="is the database")

    def test_status_tells_whether_a_person_is_needed(self):
        self.ok("init")
        self.assertIn(b"no destination", self.run_("status").stdout)
        self.ok("destination", "add", "shop", "--source", "web", "--id", "C4ABC")
        found = self.json("status", status=1)
        self.assertTrue(found["needs_person"])
        self.assertEqual(found["queue"][0]["state"], "needs_token")
        self.assertEqual(found["problems"][0]["reason"], "needs_token")
        self.ok("token", "set", "shop", stdin="abc")
        self.ok("enqueue", stdin='{"event":"purchase"}')
        found = self.json("status")
        self.assertEqual((found["needs_person"], found["queue"][0]["pending"]), (False, 1))
        self.assertIn(b"1 pending", self.ok("status").stdout.splitlines()[0])
        self.sql("INSERT INTO counter VALUES (1, 81, 3, 1, 1, 1)")
        self.assertIn(b"3 failed", self.run_("status").stdout.splitlines()[0])
        self.json("status", status=1)

    def test_list_retry_and_cancel(self):
        self.init()
        self.ok("enqueue", stdin="".join(f'{{"event":"purchase","event_id":"o-{i}"}}\n'
                                         for i in range(60)))
        self.assertEqual(len(self.json("list")), 50)
        self.assertEqual([row["event_id"] for row in self.json("list", "--limit", "2")],
                         ["o-59", "o-58"])
        self.assertEqual([row["event_id"] for row in self.json("list", "--limit", "2",
                                                               "--oldest")], ["o-0", "o-1"])
        self.assertEqual(len(self.json("list", "--limit", "60")), 60)
        self.fails(66, "list", "--destination", "nope")
        said = self.json("cancel", "--status", "pending", "--dry-run")
        self.assertEqual(said, {"cancelled": 60, "refused": 0, "dry_run": True})
        self.assertEqual(self.json("list", "--status", "cancelled"), [])
        self.fails(66, "retry", "nope")
        self.fails(65, "retry", "o-1", says="pending already")
        self.ok("cancel", "o-1", "--dry-run")
        self.assertEqual(self.json("list", "--status", "cancelled"), [])
        self.ok("cancel", "o-1")
        row, = self.json("list", "--status", "cancelled")
        self.assertEqual((row["event_id"], row["reason"]), ("o-1", "by_operator"))
        self.fails(65, "cancel", "o-1")
        self.ok("retry", "o-1")
        self.assertEqual(self.json("cancel", "--status", "pending"),
                         {"cancelled": 60, "refused": 0, "dry_run": False})
        self.assertEqual(self.json("retry", "--status", "cancelled", "--reason",
                                   "by_operator")["retried"], 60)
        self.assertEqual(self.sql("SELECT count(*) FROM delivery"), [(0,)])

    def test_a_hostile_name_does_not_reach_the_terminal(self):
        self.init()
        self.sql("INSERT INTO outbox (event, event_id) VALUES (?, ?)", "a\x1b[2Jb\u009b", "i\nj")
        text = self.ok("list").stdout
        self.assertNotIn(b"\x1b", text)
        self.assertNotIn("\u009b".encode(), text)
        self.assertEqual(len(text.splitlines()), 2)
        self.assertEqual(self.json("list")[0]["event"], "a\x1b[2Jb\u009b")


if __name__ == "__main__":
    unittest.main()
