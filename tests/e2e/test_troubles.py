# SPDX-License-Identifier: MIT
"""docs/troubles.md: each trouble is made, and what status, log, doctor and exit status say of it
are the page's words."""
import http.server
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "crash")]
import convey  # noqa: E402
import tls  # noqa: E402
from convey import Project, purchase, wait_until  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from test_disk_full import SmallDisk  # noqa: E402
from test_doctor import Clock  # noqa: E402
import test_clock  # noqa: E402
import test_replaced  # noqa: E402
import test_sync  # noqa: E402

PAGE = os.path.join(convey.ROOT, "docs", "troubles.md")
NOBODY = 65534


def chapters():
    """heading -> [(where, words)]"""
    with open(PAGE, encoding="utf-8") as file:
        parts = re.split(r"^## (.*)$", file.read(), flags=re.M)[1:]
    return {heading: re.findall(r"^\| ([\w, ]+) \| `(.*)` \|$", text, re.M)
            for heading, text in zip(parts[::2], parts[1::2])}


CHAPTERS = chapters()


class Troubles(unittest.TestCase):
    project_type, token = Project, "token"

    def setUp(self):
        self.said = {}
        self.project = self.project_type(token=self.token)
        self.addCleanup(self.project.close)
        self.sandbox = Sandbox(token="token").start()
        self.addCleanup(self.sandbox.stop)

    def run_(self, *words, **more):
        """Any verb; its log is stderr."""
        done = subprocess.run([convey.binary(), *words], capture_output=True, text=True,
                              timeout=60, check=False, **more)
        self.said["log"] = done.stderr
        self.said["exit"] = str(done.returncode)

    def ended(self, relay):
        self.said["exit"] = str(relay.wait(20))
        self.said["log"] = relay.log()

    def look(self, relay=None):
        """status as a script sees it: in one line each."""
        done = subprocess.run([convey.binary(), "status", "--db", self.project.db],
                              capture_output=True, text=True, check=False)
        self.said["status"] = " ".join(done.stdout.split())
        if relay:
            self.said["log"] = relay.log()
        return done.returncode

    def doctor(self, *words, endpoint=None):
        env = dict(os.environ, **({"CONVEY_ENDPOINT": endpoint} if endpoint else {}))
        done = subprocess.run([convey.binary(), "doctor", "--json", "--db", self.project.db, *words],
                              capture_output=True, text=True, check=False, env=env)
        rows = json.loads(done.stdout)
        self.said["doctor"] = " ".join(row["check"] for row in rows if row["finding"] != "ok")

    def page(self, heading):
        for where, words in CHAPTERS[heading]:
            said = self.said[where.partition(",")[0]]
            if where == "exit":
                self.assertEqual(said, words)
            else:
                self.assertIn(words, said)

    def start(self, *args):
        relay = self.project.start(self.sandbox, *args)
        relay.wait_started()
        return relay

    def waiting(self, state):
        self.project.insert([purchase(1)])
        relay = self.start()
        wait_until(lambda: self.project.queue()["state"] == state and
                   f"state={state}" in relay.log())
        self.look(relay)
        return relay


class Full(Troubles):
    project_type = SmallDisk

    def test_a_full_disk(self):
        relay = self.start()
        self.project.fill(leave=300000)
        self.project.insert([purchase(1)])
        wait_until(lambda: "disk_full" in relay.log())
        self.assertEqual(self.look(), 1)
        self.project.make_room()
        self.project.wait_for({"delivered": 1})
        wait_until(lambda: "database_takes_writes" in relay.log())
        self.said["log"] = relay.log()
        self.page("The disk is full")
        relay.stop()
        self.project.fill()
        self.run_("run", "--db", self.project.db)
        self.assertEqual(self.said["exit"], "74", self.said)
        self.project.make_room()


class Refused(Troubles):
    def test_a_relay_that_cannot_write(self):
        relay = self.start()
        _, hard = resource.prlimit(relay.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(relay.pid, resource.RLIMIT_FSIZE, (8192, hard))
        self.project.insert(purchase(n) for n in range(9))
        wait_until(lambda: "claim_not_stored" in relay.log())
        self.assertEqual(self.look(), 1)
        self.doctor("--offline")
        resource.prlimit(relay.pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.project.wait_for({"delivered": 9})
        wait_until(lambda: "database_takes_writes" in relay.log())
        self.said["log"] = relay.log()
        self.page("The relay cannot write")
        self.assertEqual(relay.stop(), 0)

    def test_a_relay_that_does_nothing(self):
        relay = self.start()
        db = self.project.connect()
        db.execute("BEGIN IMMEDIATE")  # else it may hold the lock
        relay.process.send_signal(signal.SIGSTOP)
        db.execute("INSERT INTO outbox (event_id, event, payload, created_at) VALUES (?, ?, ?, ?)",
                   (*(purchase(1)[key] for key in ("event_id", "event", "payload")),
                    int(time.time() - 3600) * 1000))
        db.execute("COMMIT")
        db.close()
        os.utime(self.project.db + ".lock", (time.time() - 1800,) * 2)
        self.assertEqual(self.look(), 1)
        self.doctor("--offline")
        self.page("The relay does nothing")
        relay.process.send_signal(signal.SIGCONT)
        self.project.wait_for({"delivered": 1})
        self.assertEqual(relay.stop(), 0)


class Files(Troubles):
    @unittest.skipIf(not shutil.which("strace"), "no strace")
    def test_a_disk_that_keeps_nothing(self):
        self.project.insert([purchase(1)])
        trace = os.path.join(self.project.directory, "trace")
        self.ended(self.project.start(self.sandbox, under=test_sync.failing(trace, "1+")))
        self.page("The disk does not keep what is written")

    def become(self, event, heading):
        relay = self.start()
        self.project.insert(purchase(n) for n in range(20))
        self.project.wait_for({"delivered": 20})
        old = self.project.db + ".old"
        test_replaced.backup(self.project.db, old)
        self.project.insert([purchase(20)])
        self.project.wait_for({"delivered": 21})
        time.sleep(1.3)  # the relay has looked
        event(self.project.db, old)
        self.ended(relay)
        self.page(heading)

    def test_deleted(self):
        self.become(test_replaced.delete, "The database was deleted or replaced")

    def test_without_its_wal(self):
        self.become(test_replaced.delete_wal, "The database was deleted or replaced")

    def test_without_its_lock(self):
        relay = self.start()
        os.unlink(self.project.db + ".lock")
        self.ended(relay)
        self.page("The lock file was deleted")

    def test_copied_over(self):
        self.become(test_replaced.copy_over, "A backup was copied over the database")

    def test_restored(self):
        self.become(test_replaced.restore, "A backup was restored")

    def test_a_damaged_page(self):
        db = self.project.connect()
        page, = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outbox'").fetchone()
        size, = db.execute("PRAGMA page_size").fetchone()
        db.close()
        with open(self.project.db, "r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xa5" * size)
        self.doctor("--integrity", "--offline")
        self.ended(self.project.start(self.sandbox))
        self.page("The database is damaged")

    def test_a_stranger(self):
        path = test_replaced.foreign(os.path.join(self.project.directory, "own.db"))
        self.run_("run", "--db", path)
        self.page("The file is not convey's")

    def test_two_names(self):
        link = os.path.join(self.project.directory, "link.db")
        os.link(self.project.db, link)
        self.run_("run", "--db", link)
        self.page("The database has two names")
        os.unlink(link)

    def test_no_database(self):
        path = os.path.join(self.project.directory, "text.db")
        with open(path, "w", encoding="ascii") as file:
            file.write("not a database\n" * 100)
        self.run_("run", "--db", path)
        self.page("The file is no database")
        os.unlink(path)
        self.run_("run", "--db", path)
        self.page("There is no database")

    def test_a_newer_schema(self):
        test_replaced.migrate(self.project.db, None)
        self.run_("run", "--db", self.project.db)
        self.page("The database is a newer convey's")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_read_only(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = shutil.copy(self.project.db, folder)
            os.chmod(path, 0o644)
            self.run_("run", "--db", path, user=NOBODY, group=NOBODY,
                      executable=shutil.copy(convey.binary(), folder))
        self.page("The file or its folder is read-only")

    def test_a_second_relay(self):
        relay = self.start()
        self.run_("run", "--db", self.project.db)
        self.assertIn(str(relay.pid), self.said["log"])
        self.page("A second relay")
        relay.stop()
        self.look()
        self.page("No relay runs")


class Others(Troubles):
    def test_a_reader_that_never_ends(self):
        reader = self.project.connect()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outbox").fetchone()
        self.project.insert(purchase(n, user={"email": f"jane{n}@shop.example"})
                            for n in range(500))
        relay = self.start("--drain")
        wait_until(lambda: "wal_not_cut" in relay.log(), 30)
        self.said["log"] = relay.log()
        self.page("A reader that never ends")
        reader.close()
        self.assertEqual(relay.wait(), 0)

    def test_an_end_while_somebody_holds_the_database(self):
        self.sandbox.set_faults("slow:ms=500")
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.sandbox.stats()["requests"])
        writer = self.project.connect()
        writer.execute("BEGIN IMMEDIATE")
        time.sleep(1)
        for _ in range(2):  # now, and not in twenty seconds
            relay.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        self.ended(relay)
        writer.execute("COMMIT")
        self.page("The relay had to end while somebody held the database")

    def test_a_writer_that_never_ends(self):
        self.sandbox.set_faults("slow:ms=3000")
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.sandbox.stats()["requests"])
        writer = self.project.connect()
        writer.execute("BEGIN IMMEDIATE")
        wait_until(lambda: "_not_stored" in relay.log(), 60)
        self.said["log"] = relay.log()
        self.page("A writer that never ends")
        writer.execute("ROLLBACK")
        writer.close()
        self.project.wait_for({"delivered": 1})
        self.assertEqual(relay.stop(), 0)


class Destination(Troubles):
    def test_a_lost_key(self):
        os.rename(self.project.db + ".key", self.project.db + ".kept")
        self.project.insert([purchase(1)])
        relay = self.start()
        wait_until(lambda: self.project.queue()["state"] == "needs_token")
        self.assertEqual(self.look(relay), 1)
        self.doctor("--offline")
        self.page("The key is lost")
        os.rename(self.project.db + ".kept", self.project.db + ".key")
        self.project.wait_for({"delivered": 1})
        relay.stop()

    def test_another_key(self):
        with open(self.project.db + ".key", "w", encoding="ascii") as file:
            file.write("5" * 64 + "\n")
        self.run_("token", "set", "shop", "--db", self.project.db, input="token")
        self.doctor("--offline")
        self.page("The key is another, or looked for elsewhere")

    def test_a_refused_token(self):
        self.sandbox.set_tokens("other")
        self.waiting("token_refused").stop()
        self.page("A token is refused")

    def test_no_permission(self):
        self.sandbox.set_tokens(["token=OTHER"])
        self.waiting("permission").stop()
        self.page("The token may not write to the pixel")

    def test_no_network(self):
        url = self.sandbox.url
        self.sandbox.stop()
        self.waiting("network").stop()
        self.doctor(endpoint=url)
        self.page("No network")

    def doctor_at(self, answers):
        with http.server.HTTPServer(("127.0.0.1", 0), answers) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.doctor(endpoint=f"http://127.0.0.1:{server.server_address[1]}")
            server.shutdown()

    def test_a_wrong_endpoint(self):
        self.sandbox.set_faults(["http-404"])
        relay = self.waiting("server_error")
        self.assertIn("Nothing needs you", self.said["status"])
        writer = self.project.connect()
        writer.execute("UPDATE outbox SET created_at = created_at - 700000")
        writer.execute("UPDATE attempt SET started_at = started_at - 700000 WHERE id = 1")
        writer.close()
        wait_until(lambda: self.look(relay) == 1)
        self.doctor_at(Clock)
        self.page("Somebody else answers")
        relay.stop()

    def test_one_event_id_for_all_orders(self):
        relay = self.start()
        self.project.insert([purchase(n, event_id="undefined") for n in range(3)])
        self.project.wait_for({"delivered": 1, "duplicate": 2})
        self.assertEqual(self.look(relay), 0)
        self.page("Orders are missing, and nothing needs you")
        relay.stop()

    def age(self, days):
        writer = self.project.connect()
        writer.execute("UPDATE outbox SET created_at = created_at - ?", (days * 86400000,))
        writer.close()

    def test_rows_that_become_too_old(self):
        self.project.convey("destination", "pause", "shop")
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.query("SELECT count(*) FROM waiting") == [(1,)])
        self.age(20)
        self.assertEqual(self.look(), 0, self.said)
        self.assertIn("1 destination paused; 0 delivered. Nothing needs you", self.said["status"])
        self.age(2)
        self.assertEqual(self.look(), 1)
        self.page("Rows become too old")
        relay.stop()

    def test_no_network_for_a_day(self):
        self.sandbox.stop()
        relay = self.waiting("network")
        self.assertIn("Nothing needs you", self.said["status"])
        self.age(1)  # as rows are behind a pause that has just ended
        self.assertEqual(self.look(), 0, self.said)
        writer = self.project.connect()
        writer.execute("UPDATE attempt SET started_at = started_at - 86400000 WHERE id = 1")
        writer.close()
        wait_until(lambda: self.look() == 1)
        self.assertIn("Needs you: 1 destination cannot send.", self.said["status"])
        relay.stop()

    def test_no_trust(self):
        with tempfile.TemporaryDirectory() as folder:
            self.sandbox.stop()
            self.sandbox.tls = tls.Authority(folder).server()
            self.sandbox.start()
            self.waiting("tls").stop()
        self.page("The certificate is not trusted")

    @unittest.skipIf(not test_clock.LIBRARY, "no libfaketime")
    def test_the_clock(self):
        self.said["log"] = test_clock.set_under_a_relay(self.project, self.sandbox)
        class Late(Clock):
            off = 3600
        self.doctor_at(Late)
        self.page("The clock is wrong")


class Whole(unittest.TestCase):
    def test_every_chapter_is_shown(self):
        with open(__file__, encoding="utf-8") as file:
            here = file.read()
        for heading, rows in CHAPTERS.items():
            self.assertTrue(rows, heading)
            self.assertIn(f'"{heading}")', here)


if __name__ == "__main__":
    unittest.main()
