# SPDX-License-Identifier: MIT
"""Under a service manager: sd_notify over a real socket, and the watchdog."""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import binary, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402


class Manager:
    """The end of systemd: one datagram, some lines."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name[0] == "@" else name)
        self.lines = []

    def read(self, seconds=0.0):
        """All lines until now and so many seconds."""
        end = time.monotonic() + seconds
        while select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
            self.lines += self.socket.recv(65536).decode().split("\n")
            if time.monotonic() > end + 0.01:  # it goes on speaking
                break
        return self.lines

    def wait(self, line, seconds=10):
        wait_until(lambda: line in self.read(0.01), seconds, f"{line} in {self.lines}")

    def forget(self):
        self.read()
        self.lines = []


class Init(Case):
    """The unit's one command, whose exit status says whether it is tried again."""

    def change(self, sql):
        db = self.project.connect()
        db.executescript(sql)
        db.close()

    def test_an_older_database_is_migrated(self):
        self.project.undo_migrations()
        self.change("UPDATE destination SET default_country = 'UK'")
        self.project.insert([purchase(1)])
        self.refused(78, "run", "--db", self.project.db, "--drain")
        relay = self.start("--drain", "--init")
        self.assertEqual(relay.wait(), 0, relay.log())
        self.assertEqual(self.project.statuses(), {"delivered": 1})
        self.assertTrue(os.path.exists(self.project.db + ".bak-v1"))
        self.assertEqual(self.project.query("SELECT default_country FROM destination"), [("GB",)])

    def test_what_it_says_is_in_the_log(self):
        name = os.path.join(self.project.directory, "new.db")
        for said in "created the database", "is up to date":
            done = subprocess.run([binary(), "run", "--init", "--drain", "--log", "json", "--db", name],
                                  capture_output=True, text=True, timeout=20, check=True)
            lines = [json.loads(line) for line in done.stderr.splitlines()]
            self.assertIn(said, lines[0]["said"])
            self.assertEqual({line["event"] for line in lines if "said" in line}, {"init"})
            self.assertIn("started", [line["event"] for line in lines])

    def test_a_newer_one_is_left_alone(self):
        self.change("INSERT INTO schema_migration VALUES (99, 'x', 'x', 'x')")
        self.assertIn("install the newer convey",
                      self.refused(78, "run", "--db", self.project.db, "--drain", "--init"))


class Service(Case):
    def setUp(self):
        super().setUp()
        self.manager = self.listen(os.path.join(self.project.directory, "notify"))

    def listen(self, name):
        manager = Manager(name)
        self.addCleanup(manager.socket.close)
        return manager

    def start(self, *args, manager=None, **environment):
        with mock.patch.dict(os.environ, NOTIFY_SOCKET=(manager or self.manager).name,
                             **environment):
            return super().start(*args)

    def ready(self, **environment):
        relay = self.start(**environment)
        self.manager.wait("READY=1")
        return relay


class Notify(Service):
    def test_ready_comes_when_it_can_send(self):
        other = self.project.connect()
        other.execute("BEGIN IMMEDIATE")  # the relay cannot take up what a dead one left
        relay = self.start()
        self.assertEqual(self.manager.read(0.5), [])
        self.assertNotIn("started", relay.log())
        other.execute("ROLLBACK")
        self.manager.wait("READY=1")
        # It has the destinations by then.
        self.manager.wait("STATUS=All destinations are open; nothing is to be sent now.")
        self.assertEqual(self.manager.lines[0], "READY=1")
        self.assertNotIn("no destination", " ".join(self.manager.lines))
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 1})
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.manager.read().count("READY=1"), 1)
        self.check()

    def test_advice_names_conveyctl_where_the_service_runs(self):
        """As convey.service and conveyctl have it; the views and --json stay as they are."""
        with mock.patch.dict(os.environ, CONVEY_COMMAND="conveyctl"):
            said = self.refused(64, "list", "--status", "no", "--db", self.project.db)
            self.assertIn("conveyctl list -h", said)
            self.project.insert([purchase(1)])
            self.assertIn("(no relay runs: systemctl start convey)", self.project.convey("status"))
            self.assertIn("none runs; to send: systemctl start convey",
                          self.project.convey("why", "id-1"))
            self.add_destination("other", "PIXEL2", token=None)
            self.assertIn("then: conveyctl token set other < token.txt",
                          self.project.convey("status", status=1))
            self.assertIn("then: convey token set other < token.txt",
                          self.project.convey("status", "--json", status=1))
            self.ready()
            self.manager.wait("STATUS=1 of 2 destinations waits: other (needs_token). "
                              "See conveyctl status.")

    def test_a_relay_that_cannot_run_is_never_ready(self):
        self.ready()
        second = self.listen(os.path.join(self.project.directory, "second"))
        self.assertEqual(self.start(manager=second).wait(), 75)
        os.rename(self.project.db, self.project.db + ".away")
        self.assertEqual(self.start(manager=second).wait(), 66)
        self.assertEqual(second.read(), [])

    def test_an_abstract_socket(self):
        manager = self.listen(f"@convey-test-{os.getpid()}")
        self.start(manager=manager)
        manager.wait("READY=1")

    def test_stopping(self):
        relay = self.ready()
        self.manager.forget()
        self.assertEqual(relay.stop(), 0)
        lines = self.manager.read()
        self.assertIn("STOPPING=1", lines[:2], "but for what it may have said as ready")
        self.assertNotIn("READY=1", lines)

    def test_drained(self):
        self.assertEqual(self.start("--drain").wait(), 0)
        self.assertEqual([line for line in self.manager.read() if "STATUS" not in line],
                         ["READY=1", "STOPPING=1"])

    def test_what_ends_it_is_said(self):
        relay = self.ready()
        os.unlink(self.project.db)
        self.assertNotEqual(relay.wait(), 0)
        lines = self.manager.read()
        self.assertEqual(lines.count("STOPPING=1"), 1)
        self.assertIn("Cannot go on: ", lines[lines.index("STOPPING=1") + 1])

    def test_reload(self):
        relay = self.ready()
        for change in (lambda: relay.process.send_signal(signal.SIGHUP),
                       lambda: self.project.convey("destination", "set", "shop", "--batch", "7")):
            self.manager.forget()
            before = time.clock_gettime(time.CLOCK_MONOTONIC)
            change()
            self.manager.wait("READY=1")
            lines = [line for line in self.manager.read() if "STATUS" not in line]
            self.assertEqual([line.split("=")[0] for line in lines],
                             ["RELOADING", "MONOTONIC_USEC", "READY"])
            usec = int(lines[1].split("=")[1])
            self.assertTrue(before <= usec / 1e6 <= time.clock_gettime(time.CLOCK_MONOTONIC))

    def test_a_receiver_that_does_not_read(self):
        filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(filler.close)
        filler.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                filler.sendto(b"FILLER=1", self.manager.name)
        relay = self.start(WATCHDOG_USEC="4000")
        relay.wait_started()
        self.project.insert(purchase(n) for n in range(100))
        self.project.wait_for({"delivered": 100})
        self.manager.wait("READY=1")  # it was not lost

    def test_a_name_with_a_line_in_it(self):
        db = self.project.connect()
        db.execute("UPDATE destination SET name = 'a' || char(10) || 'MAINPID=1', paused = 1")
        db.close()
        self.ready()
        wait_until(lambda: any("(paused)" in line for line in self.manager.read(0.01)))
        self.assertNotIn("MAINPID=1) (paused)", " ".join(self.manager.lines))
        self.assertEqual([line for line in self.manager.lines if line.startswith("MAINPID")], [])


class Sentence(Service):
    token = None

    def test_what_needs_a_person(self):
        self.ready()
        self.manager.wait("STATUS=1 of 1 destination waits: shop (needs_token). "
                          "See convey status.")
        self.project.set_token("token")
        self.manager.wait("STATUS=All destinations are open; nothing is to be sent now.")
        self.project.convey("destination", "pause", "shop")
        self.manager.wait("STATUS=1 of 1 destination waits: shop (paused). See convey status.")

    def test_no_destination(self):
        self.project.convey("destination", "remove", "shop")
        self.ready()
        self.manager.wait("STATUS=There is no destination: convey destination add.")


class Watchdog(Service):
    def beats(self, seconds):
        self.manager.forget()
        time.sleep(seconds)
        return self.manager.read().count("WATCHDOG=1")

    def test_fed_at_half_of_the_time_while_the_loop_turns(self):
        relay = self.ready(WATCHDOG_USEC="200000")
        self.manager.wait("WATCHDOG=1")
        self.manager.forget()
        times = []
        for n in range(1, 11):
            wait_until(lambda n=n: self.manager.read(0.005).count("WATCHDOG=1") >= n)
            times.append(time.monotonic())
        gaps = [b - a for a, b in zip(times, times[1:])]
        # A busy machine is late once, not each time; the time itself is 200 ms.
        self.assertTrue(0.08 < sorted(gaps)[len(gaps) // 2] < 0.15, gaps)
        relay.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, relay.pid, os.WSTOPPED | os.WNOWAIT)
        self.assertEqual(self.beats(0.6), 0)
        relay.process.send_signal(signal.SIGCONT)
        self.manager.wait("WATCHDOG=1")

    def test_only_where_it_is_asked_for(self):
        relay = self.ready()
        self.assertEqual(self.beats(0.3), 0)
        self.assertEqual(relay.stop(), 0)
        self.ready(WATCHDOG_USEC="20000", WATCHDOG_PID="1")
        self.assertEqual(self.beats(0.3), 0)


if __name__ == "__main__":
    unittest.main()
