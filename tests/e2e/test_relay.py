# SPDX-License-Identifier: MIT
"""The relay against the sandbox: what is sent, once, and what every row says in the end."""
import json
import os
import socket
import sqlite3
import statistics
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tls  # noqa: E402
from convey import SLOW, applied_ids, purchase, sent, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402


class Sending(Case):
    def test_2502_rows_in_few_requests_once_each(self):
        self.project.insert(purchase(n) for n in range(2502))
        self.assertEqual(self.drain(), 0)
        lines = self.sandbox.ledger()
        self.assertLessEqual(len(lines), 6)
        self.assertLessEqual(max(line["count"] for line in lines), 1000)
        self.assertEqual(applied_ids(lines), {f"id-{n}": 1 for n in range(2502)})
        self.assertEqual(self.project.statuses(), {"delivered": 2502})
        self.check()

    def test_what_is_on_the_wire(self):
        self.project.insert([purchase(1, consent={"ad_user_data": "GRANTED"},
                                      user={"email": " Alice_abc@gmail.com", "ttclid": "E.C.P.x"})])
        self.drain()
        line = self.sandbox.ledger()[0]
        self.assertEqual((line["method"], line["path"], line["content_type"]),
                         ("POST", "/open_api/v1.3/event/track/", "application/json"))
        self.assertEqual((line["source"], line["source_id"]), ("web", "PIXEL1"))
        event = line["events"][0]
        self.assertIsInstance(event.pop("event_time"), int)
        self.assertEqual(event, {
            "event": "Purchase", "event_id": "id-1", "limited_data_use": False,
            "user": {"email": "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
                     "ttclid": "E.C.P.x"},
            "page": {"url": "https://shop.example/thanks?n=1"},
            "properties": {"value": 29.99, "currency": "EUR", "order_id": "id-1"}})

    def test_rows_that_come_while_it_runs(self):
        relay = self.start()
        for chunk in range(20):
            self.project.insert(purchase(n) for n in range(chunk * 50, chunk * 50 + 50))
            time.sleep(0.01)
        self.project.wait_for({"delivered": 1000})
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_200_one_row_commits(self):
        relay = self.start()
        producer = self.project.connect()
        for n in range(200):
            self.project.insert([purchase(n)], producer)
        self.project.wait_for({"delivered": 200})
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(sum(applied_ids(self.sandbox.ledger()).values()), 200)
        self.check()

    def test_gaps_in_the_ids(self):
        for number in (5, 1000, 1001, 5000, 250000, 10 ** 12):
            self.project.insert([dict(purchase(number), id=number)])
        self.project.insert([purchase(1)])  # AUTOINCREMENT goes on behind the highest
        self.drain()
        self.project.insert([dict(purchase(n, prefix="far"), id=2 * 10 ** 12 + n * 3)
                             for n in range(1500)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1507})
        self.check()

    def test_a_gap_while_it_runs(self):
        self.project.insert([dict(purchase(1), id=10), dict(purchase(2), id=3000)])
        relay = self.start()
        self.project.wait_for({"delivered": 2})
        self.project.insert([purchase(3)])
        self.project.wait_for({"delivered": 3})
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_from_commit_to_ledger(self):
        relay = self.start()
        relay.wait_started()
        time.sleep(0.3)
        producer, lags = self.project.connect(), []
        for n in range(20):
            self.project.insert([purchase(n)], producer)
            committed = time.time() * 1000
            line = wait_until(lambda: [line for line in self.sandbox.ledger()
                                       if f"id-{n}" in json.dumps(line["events"])])[0]
            lags.append(line["at_ms"] - committed)
            time.sleep(0.12)
        print(f"from COMMIT to the wire: median {statistics.median(lags):.0f} ms, "
              f"most {max(lags):.0f} ms", file=sys.stderr)
        self.assertLessEqual(statistics.median(lags), 50 * SLOW)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_idle_costs_nearly_nothing(self):
        relay = self.start()
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 1})
        time.sleep(0.3)
        before = relay.cpu_seconds()
        time.sleep(2)
        spent = relay.cpu_seconds() - before
        self.assertLessEqual(spent, 0.04 * SLOW, "CPU seconds in 2 s without work")
        relay.stop()

    def test_the_batch_of_a_destination(self):
        self.project.convey("destination", "set", "shop", "--batch", "100")
        self.project.insert(purchase(n) for n in range(1050))
        self.drain()
        self.assertLessEqual(max(line["count"] for line in self.sandbox.ledger()), 100)
        self.assertEqual(self.project.statuses(), {"delivered": 1050})
        self.check()

    def test_a_test_event_code(self):
        self.project.convey("destination", "set", "shop", "--test-event-code", "TEST1")
        self.project.insert([purchase(1)])
        self.drain()
        self.assertEqual(self.sandbox.ledger()[0]["test_event_code"], "TEST1")

    def test_two_destinations(self):
        self.add_destination("second", "PIXEL2")
        self.project.insert(purchase(n) for n in range(1200))
        self.drain()
        for pixel in ("PIXEL1", "PIXEL2"):
            lines = [line for line in self.sandbox.ledger() if line["source_id"] == pixel]
            self.assertEqual(applied_ids(lines), {f"id-{n}": 1 for n in range(1200)})
        self.assertEqual(self.project.query("SELECT destination, status, count(*) FROM "
                                            "delivery_status GROUP BY 1, 2"),
                         [("second", "delivered", 1200), ("shop", "delivered", 1200)])
        self.check()

    def test_one_of_two_destinations_is_in_trouble(self):
        self.add_destination("second", "PIXEL2")
        self.sandbox.set_faults("50000:source_id=PIXEL2")
        relay = self.start("--retry-base-ms", "400", "--retry-cap-ms", "800")
        self.project.insert(purchase(n) for n in range(300))
        wait_until(lambda: self.project.queue("shop")["delivered"] == 300)
        self.assertEqual(self.project.delivery("id-7", "shop")["status"], "delivered")
        # Any of these may find the next attempt under way.
        wait_until(lambda: self.project.queue("second")["retrying"] == 300)
        wait_until(lambda: self.project.delivery("id-7", "second")["status"] == "retrying")
        wait_until(lambda: self.project.statuses() == {"retrying": 300})
        self.sandbox.set_faults([])
        wait_until(lambda: self.project.queue("second")["delivered"] == 300)
        self.assertEqual(relay.stop(), 0)
        self.check()


    def test_delivered_at_one_and_under_way_to_the_other(self):
        self.add_destination("second", "PIXEL2")
        self.sandbox.set_faults("hang:source_id=PIXEL2")
        self.start()
        self.project.insert(purchase(n) for n in range(30))
        wait_until(lambda: self.project.queue("shop")["delivered"] == 30)
        self.assertEqual(self.project.delivery("id-7", "second")["status"], "sending")
        self.assertEqual(self.project.statuses(), {"sending": 30})


class Backlog(Case):
    sandbox_options = {"faults": ["50000:nth=1"]}

    def test_what_is_retried_goes_before_what_is_new(self):
        """Also where the destination has no place free: a request ten times a second."""
        self.project.convey("destination", "set", "shop", "--requests-per-second", "10")
        self.project.insert(purchase(n) for n in range(20000))
        self.assertEqual(self.drain(), 0)
        with_first = [number for number, line in enumerate(self.sandbox.ledger())
                      if any(event["event_id"] == "id-0" for event in line["events"])]
        self.assertEqual(len(with_first), 2)
        self.assertLess(with_first[1], 15)
        self.check()


class Rate(Case):
    def test_a_request_in_two_seconds(self):
        self.project.convey("destination", "set", "shop", "--requests-per-second", "0.5",
                            "--batch", "1")
        self.project.insert(purchase(n) for n in range(2))
        self.assertEqual(self.drain(), 0)
        first, second = [line["at_ms"] for line in self.sandbox.ledger()]
        self.assertGreaterEqual(second - first, 1900)
        self.check()


class Throttled(Case):
    def test_a_restart_waits_on_and_a_person_need_not(self):
        self.throttled_by("40100:nth=1,retry_after=600")

    def test_a_server_in_trouble_may_say_how_long(self):
        self.throttled_by("html-503:nth=1,retry_after=600")

    def throttled_by(self, fault):
        self.sandbox.set_faults(fault)
        self.project.insert([purchase(1)])
        for _ in range(2):
            relay = self.start()
            wait_until(lambda: self.project.queue()["state"] == "rate_limited")
            time.sleep(0.5)
            self.assertEqual(self.sandbox.stats()["requests"], 1)
            self.assertEqual(relay.stop(), 0)
        relay = self.start()
        self.project.convey("destination", "resume", "shop")
        self.project.wait_for({"delivered": 1})
        self.assertEqual(relay.stop(), 0)


class NoAuthority(Case):
    def test_refused_at_the_start(self):
        folder = self.project.directory
        empty = os.path.join(folder, "empty.pem")
        open(empty, "w", encoding="ascii").close()
        for file, status in ((os.path.join(folder, "nowhere"), 66), (empty, 65), (folder, 65)):
            relay = self.project.start("https://127.0.0.1:1", "--ca-file", file)
            self.assertEqual(relay.wait(), status, relay.log())
            self.assertIn(f"--ca-file '{file}'", relay.log())

    def test_gone_since_under_a_long_name(self):
        """libcurl names it in its words, which are cut."""
        folder = os.path.join(self.project.directory, "x" * 200)
        os.mkdir(folder)
        authority = tls.Authority(folder)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            relay = self.project.start(f"https://127.0.0.1:{listener.getsockname()[1]}",
                                       "--ca-file", authority.cert)
            relay.wait_started()
            os.remove(authority.cert)
            self.project.insert([purchase(1)])
            wait_until(lambda: "error setting certificate" in
                       (self.project.queue()["last_error"] or ""))
            self.assertEqual(self.project.queue()["state"], "tls")
            self.assertEqual(relay.stop(), 0)


class Dedup(Case):
    def test_in_one_chunk_in_a_later_one_and_after_a_restart(self):
        self.project.insert([purchase(1), purchase(1), purchase(2)])
        self.drain()
        self.project.insert([purchase(2), purchase(3)])
        self.drain()
        relay = self.start()
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 3, "duplicate": 3})
        self.project.insert([purchase(3)])
        self.project.wait_for({"delivered": 3, "duplicate": 4})
        relay.stop()
        self.assertEqual(applied_ids(self.sandbox.ledger()), {"id-1": 1, "id-2": 1, "id-3": 1})
        self.check()

    def test_sixteen_fill_what_the_first_left_empty(self):
        self.project.insert(
            dict(purchase(1, properties={"value": 1, "currency": "EUR", f"p{n}": n}),
                 event_id="id-1") for n in range(20))
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 1, "duplicate": 19})
        [event] = [event for _, event in sent(self.sandbox.ledger())]
        self.assertEqual(set(event["properties"]) - {"value", "currency"},
                         {f"p{n}" for n in range(17)})
        self.check()

    def test_a_thousand_duplicates(self):
        self.project.insert(purchase(n % 700) for n in range(2100))
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 700, "duplicate": 1400})
        self.assertEqual(self.project.queue()["duplicate"], 1400)
        self.check()

    def test_ids_that_are_derived(self):
        self.project.insert([purchase(1, None), purchase(1, None), purchase(2, None)])
        self.project.insert([dict(purchase(1, None), event_id="")])
        self.drain()
        self.project.insert([purchase(2, None)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"delivered": 2, "duplicate": 3})
        ids = applied_ids(self.sandbox.ledger())
        self.assertEqual(sorted(ids.values()), [1, 1])
        for name in ids:
            self.assertRegex(name, "^g1_[0-9a-f]{32}$")
            self.assertGreaterEqual(len(self.project.query(
                "SELECT 1 FROM delivery_status WHERE event_id = ?", name)), 2)
        self.check()

    def test_a_rejected_row_gives_its_id_up(self):
        self.project.insert([purchase(1, page=None)])
        self.drain()
        self.assertEqual(self.project.reasons(), {"missing_page_url": 1})
        self.project.insert([purchase(1)])
        self.drain()
        self.project.insert([purchase(1)])
        self.drain()
        self.assertEqual(self.project.query("SELECT status FROM outbox_status ORDER BY id"),
                         [("rejected",), ("delivered",), ("duplicate",)])
        self.check()

    def test_so_it_does_within_a_chunk(self):
        self.project.insert([purchase(1, properties={"value": "x"}), purchase(1), purchase(1),
                             purchase(2, event="unheard of"), purchase(2)])
        self.drain()
        self.assertEqual(self.project.query("SELECT status FROM outbox_status ORDER BY id"),
                         [("rejected",), ("delivered",), ("duplicate",), ("skipped",),
                          ("delivered",)])
        self.check()

    def test_so_does_a_row_that_was_not_mapped(self):
        self.project.insert([purchase(1, event="unheard of")])
        self.drain()
        self.project.insert([purchase(1)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"skipped": 1, "delivered": 1})
        self.check()

    def test_a_failed_row_keeps_its_id(self):
        self.sandbox.set_faults("poison:id=id-1")
        self.project.insert([purchase(1)])
        self.drain()
        self.sandbox.set_faults([])
        self.project.insert([purchase(1)])
        self.drain()
        self.assertEqual(self.project.statuses(), {"failed": 1, "duplicate": 1})
        self.check()

    def test_while_the_first_one_waits(self):
        self.sandbox.set_faults("50000")
        relay = self.start()
        self.project.insert([purchase(1)])
        wait_until(lambda: self.sandbox.stats()["requests"] > 0)
        self.project.insert([purchase(1)])
        wait_until(lambda: self.project.queue()["duplicate"] == 1)
        self.sandbox.set_faults([])
        self.project.wait_for({"delivered": 1, "duplicate": 1})
        relay.stop()
        self.check()


class Stopping(Case):
    def test_sigterm_ends_what_is_under_way(self):
        self.sandbox.set_faults("slow:ms=700")
        relay = self.start()
        self.project.insert(purchase(n) for n in range(500))
        wait_until(lambda: "sending" in self.project.statuses())
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 500})
        self.assertEqual(self.sandbox.stats()["requests"], 1)
        self.check()

    def test_a_second_relay(self):
        relay = self.start()
        relay.wait_started()
        second = self.start()
        self.assertEqual(second.wait(10), 75)
        self.assertIn(str(relay.pid), second.log())
        link = os.path.join(self.project.directory, "link.db")
        os.symlink(self.project.db, link)
        self.assertIn(str(relay.pid), self.refused(75, "run", "--db", link, "--drain"))
        self.assertTrue(relay.running())
        self.assertEqual(relay.stop(), 0)

    def test_a_file_of_two_names(self):
        """By the other one it would have another lock and another WAL."""
        link = os.path.join(self.project.directory, "link.db")
        os.link(self.project.db, link)
        self.assertIn("2 names", self.refused(78, "run", "--db", link, "--drain"))
        os.unlink(link)
        self.assertEqual(self.drain(), 0)

    def test_a_journal_mode_that_an_application_chose(self):
        db = self.project.connect()
        self.assertEqual(db.execute("PRAGMA journal_mode = DELETE").fetchone(), ("delete",))
        db.close()
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.query("PRAGMA journal_mode"), [("wal",)])
        self.check()

    def test_a_database_that_is_deleted(self):
        relay = self.start()
        self.project.insert([purchase(1)])
        self.project.wait_for({"delivered": 1})
        for end in ("", "-wal", "-shm"):
            os.unlink(self.project.db + end)
        # The file's owner starts anew; the relay must not go on with a file nobody sees.
        self.assertEqual(relay.wait(15), 66)
        self.assertIn("deleted or replaced", relay.log())

    def test_no_database(self):
        missing = os.path.join(self.project.directory, "missing.db")
        self.assertIn("missing.db", self.refused(66, "run", "--db", missing, "--drain"))
        self.assertFalse(os.path.exists(missing))

    def test_a_drain_without_a_destination(self):
        self.project.convey("destination", "remove", "shop")
        self.assertEqual(self.drain(), 0)
        self.project.insert([purchase(1)])
        relay = self.start("--drain")
        self.assertEqual(relay.wait(), 78)
        self.assertIn("convey destination add", relay.log())
        self.assertEqual(self.project.statuses(), {"pending": 1})

    def test_a_file_that_is_none_of_ours(self):
        path = os.path.join(self.project.directory, "text.db")
        with open(path, "w", encoding="ascii") as file:
            file.write("no database\n" * 1000)
        self.refused(65, "run", "--db", path, "--drain")
        other = os.path.join(self.project.directory, "other.db")
        connection = sqlite3.connect(other)
        connection.execute("CREATE TABLE own (x)")
        connection.close()
        with open(other, "rb") as file:
            before = file.read()
        self.refused(65, "run", "--db", other, "--drain")
        with open(other, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_a_schema_from_the_future(self):
        connection = self.project.connect()
        connection.execute("INSERT INTO schema_migration VALUES (99, 'x', 'x', 'x')")
        connection.close()
        self.refused(78, "run", "--db", self.project.db, "--drain")

    def test_an_endpoint_that_is_not_allowed(self):
        for url in ("http://shop.example", "http://127.0.0.1.shop.example", "ftp://127.0.0.1",
                    "http://localhost:1"):
            with self.subTest(url=url):
                relay = self.project.start(url, "--drain")
                self.assertEqual(relay.wait(5), 78)


if __name__ == "__main__":
    unittest.main()
