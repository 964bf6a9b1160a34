#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a person at a terminal sees, on real pseudo-terminals: tables that fit, colours only
there, nothing hostile, and a watch that gives the terminal back."""
import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import sandbox  # noqa: E402
import terminal  # noqa: E402
from convey import Project, binary, purchase, wait_until  # noqa: E402

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
# Escape, C1's CSI, an override of direction, a zero-width joiner, a line separator.
HOSTILE = ["\x1b[31m", "\u009b31m", "\u202e", "\u200d", "\u2028", "\x07", "\r", "\x7f"]
NAME = "".join(HOSTILE) + "日本語のイベント" + "e\u0301" * 40


class Case(unittest.TestCase):
    def setUp(self):
        self.project = Project()
        self.addCleanup(self.project.close)

    def words(self, *words):
        return [binary(), *words, "--db", self.project.db]

    def on_terminal(self, *words, **more):
        return terminal.run(self.words(*words), **more)

    def piped(self, *words):
        done = subprocess.run(self.words(*words), capture_output=True, timeout=60, check=False)
        return done.stdout.decode()


class Shown(Case):
    def setUp(self):
        super().setUp()
        self.project.insert([purchase(1), purchase(2, event_id="id-" + NAME, event=NAME)])

    def test_tables_fit(self):
        for columns in (20, 40, 60, 80, 132, 250):
            for verb in ("list", "status", "destination list", "map list"):
                with self.subTest(columns=columns, verb=verb):
                    _, text = self.on_terminal(*verb.split(), columns=columns)
                    lines = [line for line in terminal.plain(text).split("\n")
                             if "more column" not in line]
                    longest = max(lines, key=terminal.width)
                    words = max(map(terminal.width, longest.split()), default=0)
                    self.assertLessEqual(terminal.width(longest), max(columns, words + 4),
                                         longest)
                    self.assertGreater(len(lines), 2)

    def test_what_has_no_room_is_told(self):
        _, text = self.on_terminal("destination", "list", columns=40)
        self.assertIn("in a wider terminal, or with --json", text)
        self.assertIn("…", self.on_terminal("list", columns=40)[1])
        self.assertNotIn("…", self.piped("list"))

    def test_colours_only_on_a_terminal(self):
        for verb in ("list", "status", "doctor"):
            with self.subTest(verb=verb):
                self.assertIn("\x1b[", self.on_terminal(verb)[1])
                for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
                    more = {"env": env} if "TERM" not in env else {"env": None}
                    words = self.words(verb) if "TERM" not in env else \
                        ["env", "TERM=dumb", *self.words(verb)]
                    self.assertNotIn("\x1b", terminal.run(words, **more)[1])
                self.assertNotIn("\x1b", self.piped(verb))

    def test_nothing_hostile_reaches_the_terminal(self):
        for words in (("list",), ("list", "--json"), ("status",), ("status", "--json"),
                      ("why", "id-" + NAME), ("why", "id-" + NAME, "--json"),
                      ("preview", "id-" + NAME), ("preview", "id-" + NAME, "--reveal"),
                      ("why", "no" + NAME), ("destination", "show", NAME), (NAME,),
                      ("map", "set", "x", "\u202eabc"), ("map", "list"),
                      ("list", "--status", NAME)):
            with self.subTest(words=words):
                text = terminal.plain(self.on_terminal(*words, columns=400)[1])
                self.assertTrue(text)
                for bad in HOSTILE:
                    self.assertNotIn(bad, text.replace("\r", "") if bad == "\r" else text)
        self.assertNotIn("e\u0301\u0301\u0301", text)
        shown = json.loads(self.piped("list", "--json"))
        self.assertEqual(shown[0]["event"], NAME)

    def test_an_id_is_shortened_in_the_middle(self):
        """Its ends tell it from others; the whole of it is in --json and where nothing is cut."""
        name = "first-" + "x" * 500 + "-last"
        self.project.insert([purchase(3, event_id=name, event="unheard of")])
        _, text = self.on_terminal("list", columns=100)
        self.assertRegex(terminal.plain(text), r"first-x*…x*-last +pending")
        lines = self.piped("list").split("\n")
        self.assertIn(name, [line.split()[0] for line in lines if line])
        self.assertLess(lines[0].index("status"), 90)
        self.assertEqual({row["event_id"] for row in json.loads(self.piped("list", "--json"))},
                         {"id-1", "id-" + NAME, name})


class Advice(Case):
    """What is printed to be pasted is one word to a shell, whoever has chosen the id."""
    IDS = ("plain-1", "order #1001", "it's", "-x", "$(touch pwned)`touch pwned`", "a  b", "ä#ö",
           'say "no"', "!!", "#", "first-" + "x " * 250 + "-last", "y" * 500, "\\", "~", "*")

    def commands(self, *words):
        said = self.piped("status")
        return said, [line.strip(" )").partition("convey why ")[2]
                      for line in said.replace("(convey why", "\n(convey why").split("\n")
                      if line.strip(" (").startswith("convey why ")]

    def test_it_finds_what_it_names(self):
        for event_id in self.IDS:
            self.project.insert([purchase(1, event_id=event_id, page=None)])
            with sandbox.Sandbox(token="token") as there:
                self.assertEqual(self.project.drain(there), 0)
            said, (command,) = self.commands()
            head = [line for line in said.split("\n") if line.startswith("missing_page_url")]
            self.assertLess(len(head[0]), 160)
            shell = f"convey() {{ CONVEY_DB='{self.project.db}' '{binary()}' \"$@\"; }}\n"
            words = f"set -- {command}; printf '%s\\n' $# \"$@\""
            done = subprocess.run(["sh", "-c", words], capture_output=True, text=True,
                                  cwd=self.project.directory, check=True)
            row = self.project.committed[-1]["outbox_id"]
            self.assertEqual(done.stdout, (f"2\n--row\n{row}\n" if len(event_id) > 64 else
                                           f"2\n--\n{event_id}\n" if event_id[0] == "-" else
                                           f"1\n{event_id}\n"), command)
            done = subprocess.run(["sh", "-c", f"{shell} convey why {command}"], check=False,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("missing_page_url", done.stdout)
        self.assertNotIn("pwned", os.listdir(self.project.directory))

    def test_the_row_of_what_nobody_can_paste(self):
        self.project.insert([purchase(1, event_id="a\x1b[31m", page=None)])
        with sandbox.Sandbox(token="token") as there:
            self.assertEqual(self.project.drain(there), 0)
        self.assertEqual(self.commands()[1], ["--row 1"])

    def test_the_row_of_a_long_id_that_waits(self):
        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(1), purchase(2, event_id="y" * 5000)])
        self.project.convey("cancel", "id-1")
        said, commands = self.commands()
        self.assertEqual(sorted(commands), ["--row 2", "id-1"])
        self.assertLess(max(len(line) for line in said.split("\n")), 300)


class Watch(Case):
    def watch(self, **more):
        return terminal.Terminal(self.words("status", "--watch", "--interval", "1"), **more)

    def assert_given_back(self, t, status):
        self.assertEqual(t.wait(), status)
        self.assertTrue(t.restored())
        self.assertTrue(t.output.rstrip().endswith(LEAVE), t.output[-60:])
        self.assertIn("\x1b[?25h", t.output)

    def test_q_and_ctrl_c_and_signals_end_it(self):
        for end in (lambda t: t.type("q"), lambda t: t.type("\x03"), lambda t: t.type("\x04"),
                    lambda t: t.send(signal.SIGTERM), lambda t: t.send(signal.SIGHUP)):
            with self.watch() as t:
                self.assertIn(ENTER, t.read_until("Nothing waits"))
                t.read_until("q quits")
                self.assertFalse(t.restored())
                end(t)
                self.assert_given_back(t, 0)

    def test_it_is_drawn_anew_in_place(self):
        with self.watch() as t:
            t.read_until("q quits")
            self.project.insert([purchase(n) for n in range(5)])
            seen = t.read_until("5 pending")
            self.assertIn("\x1b[H", seen)
            self.assertNotIn(ENTER, seen)
            self.assertIn("5 wait, 0.0 delivered a second", t.read_until("q quits"))
            t.type("q")
            self.assert_given_back(t, 0)

    def test_a_terminal_that_changes_its_size(self):
        with self.watch(columns=200) as t:
            t.read_until("q quits")
            for columns, rows in ((40, 24), (30, 8), (200, 60), (20, 3)):
                t.resize(columns, rows)
                frame = t.read_until("q quits").rpartition("\x1b[H")[2]
                lines = terminal.plain(frame).split("\n")
                self.assertLessEqual(max(map(terminal.width, lines)), columns)
                if rows > 7:
                    self.assertLessEqual(len(lines), rows)
            t.type("q")
            self.assert_given_back(t, 0)

    def test_ctrl_z_gives_the_terminal_to_the_shell(self):
        with self.watch() as t:
            t.read_until("q quits")
            t.send(signal.SIGTSTP)
            wait_until(t.stopped, what="the stop")
            t.read_until(LEAVE)
            self.assertTrue(t.restored())
            t.send(terminal.CONTINUE)
            t.read_until(ENTER)
            t.read_until("q quits")
            t.type("q")
            self.assert_given_back(t, 0)

    def test_status_1_where_somebody_is_needed(self):
        self.project.convey("destination", "remove", "shop")
        with self.watch() as t:
            t.read_until("there is no destination")
            t.read_until("q quits")
            t.type("q")
            self.assert_given_back(t, 1)

    def test_a_database_that_goes_away(self):
        with self.watch() as t:
            t.read_until("q quits")
            os.remove(self.project.db)
            self.assertEqual(t.wait(), 66)
            self.assertTrue(t.restored())
            self.assertIn("convey: ", t.output.rpartition(LEAVE)[2])

    def test_without_a_terminal(self):
        for more in ((), ("--json",)):
            process = subprocess.Popen(self.words("status", "--watch", "--interval", "1", *more),
                                       stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
            lines = [process.stdout.readline() for _ in range(2)]
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(10), 0)
            process.stdout.close()
            for line in lines:
                self.assertNotIn("\x1b", line)
                if more:
                    self.assertFalse(json.loads(line)["needs_person"])
                else:
                    self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 0 wait.*"
                                           r" Nothing waits; 0 delivered\.")

    def test_a_relay_that_does_not_run(self):
        self.project.insert([purchase(1)])
        self.assertIn("no relay runs", self.piped("status").splitlines()[0])
        self.assertFalse(json.loads(self.piped("status", "--json"))["needs_person"])
        db = self.project.connect()
        db.execute("UPDATE outbox SET created_at = ?", [int(time.time() * 1000) - 7200 * 1000])
        db.close()
        found = json.loads(self.piped("status", "--json"))
        self.assertEqual((found["needs_person"], found["relay"], found["backlog"]),
                         (True, False, 1))
        self.assertIn("no relay runs, and the oldest row has waited for 2 h", found["verdict"])
        relay = self.project.start("http://127.0.0.1:9")
        relay.wait_started()
        wait_until(lambda: json.loads(self.piped("status", "--json"))["relay"] == relay.pid,
                   what="the relay")
        self.assertEqual(relay.stop(), 0)


if __name__ == "__main__":
    unittest.main()
