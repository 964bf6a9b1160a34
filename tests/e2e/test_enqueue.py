#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`convey enqueue`: JSON lines and CSV as people have them, bad lines by number, a terminal."""
import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import terminal  # noqa: E402
from convey import SLOW, Project, binary  # noqa: E402
from sandbox import Sandbox  # noqa: E402

# What the view has, a value that CSV has to quote or JSON to escape in each.
FLAT = {"event_id": 'o-"1"', "event": "Order, Completed", "event_time": 1700000000,
        "page_url": "https://shop.example/?a=1,2", "referrer": "https://t.example/\nx",
        "session_id": "s;1", "email": "jane@example.com", "phone": "+49 30 901820",
        "external_id": "4711", "ttclid": "E.C.P.1", "ttp": "t\\p", "ip": "203.0.113.9",
        "user_agent": "Mozilla/5.0 (X11; \"Linux\")", "locale": "de-DE", "value": "29.990",
        "currency": "EUR", "order_id": "0017", "contents": '[{"content_id":"17","price":9.90}]',
        "ad_user_data": "GRANTED", "ad_personalization": "DENIED"}


def quoted(cell, separator=","):
    cell = str(cell)
    if any(c in cell for c in '"\n\r' + separator):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def sheet(rows, separator=",", end="\n"):
    return "".join(separator.join(quoted(cell, separator) for cell in row) + end for row in rows)


class Case(unittest.TestCase):
    def setUp(self):
        self.project = Project()
        self.addCleanup(self.project.close)

    def path(self, name, text=None):
        path = os.path.join(self.project.directory, name)
        if text is not None:
            with open(path, "wb") as file:
                file.write(text.encode() if isinstance(text, str) else text)
        return path

    def words(self, *words):
        return [binary(), "enqueue", *words, "--db", self.project.db]

    def enqueue(self, *words, data=b"", status=0):
        """(stdout, stderr)"""
        done = subprocess.run(self.words(*words), capture_output=True, timeout=60, check=False,
                              input=data.encode() if isinstance(data, str) else data)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def ids(self):
        return [row for row, in self.project.query("SELECT event_id FROM outbox ORDER BY id")]

    def payloads(self):
        return [json.loads(row) for row, in
                self.project.query("SELECT payload FROM outbox ORDER BY id")]


class Csv(Case):
    def test_a_row_is_what_the_view_makes_of_it(self):
        db = self.project.connect()
        db.execute(f"INSERT INTO conversion ({', '.join(FLAT)}) VALUES "
                   f"({', '.join('?' * len(FLAT))})", list(FLAT.values()))
        for separator in ",;\t":
            for end in ("\n", "\r\n"):
                self.enqueue(data=sheet([FLAT, FLAT.values()], separator, end))
        rows = db.execute("SELECT event_id, event, event_time, payload FROM outbox").fetchall()
        db.close()
        self.assertEqual(len(rows), 7)
        for row in rows[1:]:
            self.assertEqual(row[:3], rows[0][:3])
            self.assertEqual(json.loads(row[3]), json.loads(rows[0][3]))

    def test_a_line_without_anything_is_none(self):
        for separator in ",;\t":
            self.enqueue(data=f"event,event_id,value\npurchase,o{ord(separator)},1\n,,\n\n , ,,\n"
                              .replace(",", separator))
        self.assertEqual(self.ids(), ["o44", "o59", "o9"])

    def test_it_is_delivered(self):
        with Sandbox() as sandbox:
            self.enqueue(data="event,event_id,page_url,value,currency\n"
                              "purchase,o-1,https://shop.example/,29.90,EUR\n"
                              "purchase,o-2,https://shop.example/,\"29,90\",EUR\n")
            self.assertEqual(self.project.drain(sandbox), 0)
        self.assertEqual(self.project.query("SELECT event_id, status, reason FROM outbox_status"),
                         [("o-1", "delivered", None), ("o-2", "rejected", "bad_value")])

    def test_names_are_the_views_or_paths(self):
        header = ("Event,EVENT_ID, Page_Url ,user.first_name,properties.note,properties.content_ids,"
                  "consent.ad_storage,app.app_id,lead.lead_id,transaction_id,session_id,email")
        self.enqueue(data="\ufeff" + header + "\n" + sheet([
            ["purchase", "o-1", "https://a.example/", "Jo", "a\nb", '["x"]', "GRANTED", "1", "2",
             "3", "s", '["a@b.example","c@d.example"]'],
            ["purchase", "o-2", "", "", "", "x", "", "", "", "", "", ""]]))
        self.assertEqual(self.payloads(), [
            {"transaction_id": "3", "session_id": "s", "consent": {"ad_storage": "GRANTED"},
             "page": {"url": "https://a.example/"}, "app": {"app_id": "1"}, "lead": {"lead_id": "2"},
             "user": {"first_name": "Jo", "email": ["a@b.example", "c@d.example"]},
             "properties": {"note": "a\nb", "content_ids": ["x"]}},
            {"properties": {"content_ids": "x"}}])

    def test_times(self):
        self.enqueue(data="event,event_time\n" + "".join(
            f"e,{text}\n" for text in ("1700000000", "1700000000.25", "2025-01-01T00:00:00", "")))
        self.assertEqual(self.project.query("SELECT event_time, typeof(event_time) FROM outbox"),
                         [(1700000000, "integer"), (1700000000.25, "real"),
                          ("2025-01-01T00:00:00", "text"), (None, "null")])

    def test_a_header_that_cannot_be(self):
        for header, says in (("event,valeu", "'valeu', is unknown; did you mean 'value'?"),
                             ("event,first_name", "did you mean 'user.first_name'?"),
                             ("event,user.nick", "column 2, 'user.nick', is unknown"),
                             ("event,email,user.email", "columns 2 and 3 are the same"),
                             ("event,", "column 2, '', is unknown")):
            with self.subTest(header=header):
                self.assertIn("line 1: ", self.enqueue(data=header + "\nx,y\n", status=65)[1])
                self.assertIn(says, self.enqueue(data=header + "\nx,y\n", status=65)[1])
        said = self.enqueue(data='\n{"event":"a",}\n', status=65)[1]
        self.assertRegex(said, r"line 2: it is no JSON .*: column 14\n")
        for text, says in ((b"evnt,event_id\na,b\n", "did you mean 'event'?"),
                           ("event_id\na\n", "there is no column 'event'"),
                           ("event,event_id\na,b\n".encode("utf-16"), "iconv -t UTF-8")):
            self.assertIn(says, self.enqueue(self.path("orders.csv", text), status=65)[1])
        self.assertEqual(self.ids(), [])
        self.enqueue("--ignore-columns", data="event,valeu,event_id\na,b,c\n")
        self.assertEqual((self.ids(), self.payloads()), (["c"], [{}]))

    def test_what_tells_the_format(self):
        self.enqueue(self.path("a.csv", '"event";event_id\na;1\n'))
        self.enqueue(self.path("b.txt", "event_id,event\n2,a\n"))
        self.enqueue(self.path("c.txt", '\n{"event":"a","event_id":"3"}\n'))
        self.enqueue("--format", "csv", data="event\tevent_id\na\t4\n")
        self.enqueue("--format", "jsonl", self.path("d.csv", '{"event":"a","event_id":"5"}'))
        self.assertEqual(self.ids(), list("12345"))
        self.assertIn("did you mean 'csv'?", self.enqueue("--format", "cvs", status=64)[1])
        said = self.enqueue(data="name,mail\nx,y\n", status=65)[1]
        self.assertIn("line 1: it is neither JSON nor a CSV header", said)
        self.assertIn("jq -c", self.enqueue(data='[{"event":"a"}]', status=65)[1])


class Bad(Case):
    ROWS = ("event,event_id,contents\n"      # 1
            "a,1,\n"                         # 2
            "a,2\n"                          # 3: a field too few
            "\n"
            "a,3,\"x\"y\n"                   # 5: text behind a quote
            ",4,\n"                          # 6: no event
            "a,5,[1\n"                       # 7: no JSON
            "a,6,\"[\n"                      # 8: two lines, and no JSON
            "1\"\n"
            "a,\0,\n"                        # 10: a NUL byte
            "a,7,\n")                        # 11
    BAD = [(3, 3), (5, 5), (6, 6), (7, 7), (8, 9), (10, 10)]

    def test_each_bad_line_is_named_and_left_out(self):
        out, said = self.enqueue("--json", data=self.ROWS, status=65)
        found = json.loads(out)
        self.assertEqual((found["lines"], found["enqueued"], found["bad"]), (10, 2, 6))  # the header is none
        self.assertEqual([(bad["line"], bad["last_line"]) for bad in found["errors"]], self.BAD)
        for line, last in self.BAD:
            self.assertIn(f"convey: lines {line} to {last}: " if last > line else
                          f"convey: line {line}: ", said)
        self.assertIn("it has 2 fields, the header 3", said)
        self.assertIn("6 bad lines: mend and enqueue them again", said)
        self.assertEqual(self.ids(), ["1", "7"])

    def test_the_first_bad_line_stops_it(self):
        said = self.enqueue("--on-error", "stop", data=self.ROWS, status=65)[1]
        self.assertIn("stopped at line 3", said)
        self.assertEqual(said.count("convey: line "), 1)
        self.assertEqual(self.ids(), ["1"])
        said = self.enqueue("--on-error", "stop", data='{"event":"a","event_id":"2"}\nx\n{}\n',
                            status=65)[1]
        self.assertIn("stopped at line 2", said)
        self.assertEqual(self.ids(), ["1", "2"])
        self.assertIn("did you mean 'stop'?", self.enqueue("--on-error", "stpo", status=64)[1])

    def test_what_stands_where_nobody_reads_it_is_told(self):
        lines = [{"event": "purchase", "note": 1}, {"event": "purchase", "value": 1},
                 {"event": "purchase", "payload": {"email": "jane@shop.example"}}]
        _, said = self.enqueue(data="\n".join(map(json.dumps, lines)))
        self.assertIn("warning: line 2 has at its top, where nobody reads it, what belongs into "
                      "properties.value; so have others", said)
        self.assertIn("warning: line 1 has at its top what nobody reads: note\n", said)
        self.assertEqual(len(self.payloads()), 3)

    def test_the_names_of_others_are_told(self):
        # Segment's and PostHog's: a time that is lost makes last week's orders today's.
        line = {"event": "Order Completed", "messageId": "m1", "timestamp": "2026-11-20T10:00:00Z", "userId": "7",
                "jane@shop.example": 1, "a\x1b[31m": 1, "x" * 500: 1, "context": {}, "properties": {"coupon": "X"}}
        _, said = self.enqueue(data="\n".join([json.dumps(line)] * 2))
        self.assertIn("warning: line 1 has at its top what nobody reads: messageId, timestamp, userId, "
                      "context; so have others", said)
        self.assertNotIn("jane", said)
        _, said = self.enqueue(data=json.dumps({"event": "purchase", "payload": "{}", "id": 7}))
        self.assertIn("nobody reads: payload, id\n", said)
        known = {"event": "purchase", "event_id": 1, "event_time": 1, "transaction_id": "1", "session_id": "s",
                 "conversion_date_time": 1, "consent": {}, "page": {}, "user": {"x": 1}, "properties": {"x": 1},
                 "app": {}, "ad": {}, "lead": {}}
        self.assertNotIn("warning", self.enqueue(data=json.dumps(known))[1])

    def test_a_dry_run_says_the_same_and_does_nothing(self):
        for more in ((), ("--on-error", "stop")):
            out, said = self.enqueue("--dry-run", "--json", *more, data=self.ROWS, status=65)
            self.assertEqual(json.loads(out)["bad"], 1 if more else 6)
        self.assertEqual(self.ids(), [])

    def test_a_quote_that_is_not_closed_says_how_far_it_goes(self):
        said = self.enqueue(data='event,event_id\na,1\na,"2\na,3\na,4', status=65)[1]
        self.assertIn("lines 3 to 5: a quote is not closed", said)
        self.assertEqual(self.ids(), ["1"])

    def test_what_no_destination_could_take_is_named(self):
        """The relay would reject it, whatever is set."""
        wrong = (({"event": "x" * 201}, "its event is longer than 200 bytes"),
                 ({"event": "a\tb"}, "control characters"),
                 ({"event": "a", "event_id": "i" * 4097}, "its event_id is longer than 4096"),
                 ({"event": "a", "transaction_id": "i" * 4097}, "its event_id is longer than 4096"),
                 ({"event": "a", "event_time": "nope"}, "its event_time is neither Unix time"),
                 ({"event": "a", "conversion_date_time": "x"}, "its conversion_date_time is neither"),
                 ({"event": "a", "properties": {"note": "x" * (1 << 20)}}, "larger than 1 MiB"))
        lines = [{"event": "a", "event_id": "i" * 4096, "event_time": "2026-01-31 12:00"},
                 *(line for line, _ in wrong)]
        out, said = self.enqueue("--json", data="\n".join(map(json.dumps, lines)), status=65)
        found = json.loads(out)
        self.assertEqual((found["enqueued"], found["bad"]), (1, len(wrong)))
        for error, (line, words) in zip(found["errors"], wrong):
            self.assertIn(words, error["error"], str(line)[:80])
        self.assertNotIn("every line was good", said)
        said = self.enqueue(data="event,event_time\na,31.12.2026\na,2026-12-31\n", status=65)[1]
        self.assertIn("line 2: its event_time is neither", said)

    def test_a_closed_stdin_is_no_empty_file(self):
        done = subprocess.run(f"'{binary()}' enqueue --db '{self.project.db}' <&-", shell=True,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 74, done)
        self.assertIn("Bad file descriptor", done.stderr)

    def test_only_so_many_errors_are_held(self):
        out, said = self.enqueue("--json", data="x\n" * 3000, status=65)
        found = json.loads(out)
        self.assertEqual((found["bad"], len(found["errors"])), (3000, 1000))
        self.assertEqual(said.count("\n"), 3001)

    def test_a_line_without_end(self):
        data = b'{"event":"a","event_id":"1"}\n' + b"x" * (17 << 20) + b'\n{"event":"a","event_id":"2"}'
        self.assertIn("line 2: it is longer than 16 MiB", self.enqueue(data=data, status=65)[1])
        self.assertEqual(self.ids(), ["1", "2"])


class OnATerminal(Case):
    ROWS = 20000

    def big(self, bad=""):
        return self.path("big.csv", "event,event_id,value,currency\n" + "".join(
            f"purchase,o-{n},29.90,EUR\n" for n in range(self.ROWS)) + bad)

    def held_back(self, seconds=0.8, **more):
        """On a terminal, while a producer holds the database for so long that a rate is known."""
        db = self.project.connect()
        db.execute("BEGIN IMMEDIATE")
        with terminal.Terminal(self.words(self.big(**more)), columns=100) as t:
            time.sleep(seconds)
            db.execute("ROLLBACK")
            db.close()
            return t.wait(30), t.output

    def test_a_bar_with_rate_and_remaining_time(self):
        status, text = self.held_back()
        self.assertEqual(status, 0)
        bars = text.split("\r\x1b[K")
        self.assertRegex(bars[1], r"^\[#* *\] +\d+ %  \d+ conversions, \d+/s, [\d.]+ m?s left$")
        self.assertEqual(bars[-1].strip(), f"enqueued {self.ROWS} conversions; every line was good")
        self.assertTrue(all(terminal.width(bar.strip()) < 100 for bar in bars))

    def test_bad_lines_do_not_run_into_it(self):
        status, text = self.held_back(bad="x\n")
        self.assertEqual(status, 65)
        self.assertIn(f"\r\x1b[Kconvey: line {self.ROWS + 2}: it has 1 field, the header 4\r\n", text)

    def test_nothing_is_drawn_elsewhere(self):
        out, said = self.enqueue(self.big())
        self.assertEqual((out, said), ("", f"enqueued {self.ROWS} conversions; every line was good\n"))
        status, text = terminal.run(self.words("--json", self.big()))
        self.assertEqual(status, 0)
        self.assertNotIn("\r\x1b[K", text)

    def test_ctrl_c_keeps_what_was_read(self):
        with terminal.Terminal(self.words()) as t:
            t.type('{"event":"a","event_id":"1"}\n')
            t.read_until("1 conversions")
            t.type("\x03")
            self.assertEqual(t.wait(), -signal.SIGINT)
            self.assertIn("enqueued 1 conversion, then it was interrupted", t.output)
        self.assertEqual(self.ids(), ["1"])

    def test_a_producer_does_not_wait_for_a_slow_file(self):
        reader, writer = os.pipe()
        process = subprocess.Popen(self.words(), stdin=reader, stderr=subprocess.DEVNULL)
        os.close(reader)
        os.write(writer, b'event,event_id\na,1\na,"2')
        end = time.monotonic() + 10 * SLOW
        while self.ids() != ["1"] and time.monotonic() < end:
            time.sleep(0.01)
        db = self.project.connect()
        db.execute("PRAGMA busy_timeout = 0")
        db.execute("INSERT INTO outbox (event, event_id) VALUES ('a', 'mine')")
        db.close()
        os.write(writer, b'"\n')
        os.close(writer)
        self.assertEqual(process.wait(30), 0)
        self.assertEqual(self.ids(), ["1", "mine", "2"])


if __name__ == "__main__":
    unittest.main()
