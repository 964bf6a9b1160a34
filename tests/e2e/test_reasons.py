# SPDX-License-Identifier: MIT
"""The closed list of reasons: each is produced, and `problem` has a sentence for it."""
import json
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from tls import self_signed  # noqa: E402

CLOSED = {
    "skipped": "not_mapped consent_denied not_attributed no_route routed_away sampled_out too_old "
               "paused_test",
    "rejected": "bad_json bad_event_name bad_time future_time missing_page_url bad_value "
                "missing_currency missing_app_id missing_lead_id payload_too_large",
    "failed": "refused_by_tiktok retries_exhausted",
    "held": "outcome_unknown",
    "cancelled": "by_operator disconnected consent_withdrawn erased",
    "pending": "needs_token token_refused permission rate_limited network server_error tls paused "
               "circuit_open"}
NOW = int(time.time())
DAY_MS = 86_400_000
ADVICE = r"^\w.{20,}"


class Reasons(Case):
    def assert_advised(self, *reasons):
        """`problem` has each of them, with a sentence."""
        found = {row["reason"]: row for row in self.project.rows("SELECT * FROM problem")}
        for reason in reasons:
            self.assertIn(reason, found)
            self.assertRegex(found[reason]["advice"], ADVICE, reason)
            self.assertGreater(found[reason]["count"], 0, reason)

    def ends(self):
        return {row["event_id"]: f"{row['status']}: {row['reason']}" for row in self.project.rows(
            "SELECT * FROM outbox_status")}


class TheList(Reasons):
    def test_it_is_the_contracts(self):
        words = dict(self.project.query("SELECT word, advice FROM reason"))
        self.assertEqual(sorted(words), sorted(" ".join(CLOSED.values()).split()))
        for word, advice in words.items():
            self.assertRegex(advice, ADVICE, word)
            self.assertEqual(advice, advice.strip())


class Rows(Reasons):
    def add(self, reason, event="purchase", payload=None, event_time=None, **more):
        row = purchase(reason, event=event, event_time=event_time, **more)
        self.rows.append(dict(row, event_id=reason, payload=payload or row["payload"]))

    def rejected_and_skipped(self):
        self.rows = []
        self.add("not_mapped", event="nothing known")
        self.add("consent_denied", consent={"ad_storage": "DENIED"})
        self.add("too_old", event_time=NOW - 29 * 86400)
        self.add("routed_away", event="search")
        self.add("sampled_out", event="lead")
        self.add("no_route", event="contact")
        self.add("bad_json", payload="{'a': 1}")
        self.add("bad_event_name", event="a\u0001b")
        self.add("bad_time", event_time="soon")
        self.add("future_time", event_time=NOW + 3600)
        self.add("missing_page_url", page=None)
        self.add("bad_value", properties={"value": "29,99", "currency": "EUR"})
        self.add("missing_currency", properties={"value": 0})
        self.add("payload_too_large", description="x" * 1_100_000)
        return self.rows

    def test_what_is_not_sent(self):
        self.add_destination("gone", "PIXEL2")
        for words in (("--to", "drop", "--event", "Search"), ("--to", "gone", "--event", "Contact"),
                      ("--to", "shop", "--event", "Lead", "--sample", "0")):
            self.project.convey("route", "add", *words)
        self.project.convey("destination", "remove", "gone")
        rows = self.rejected_and_skipped()
        self.project.insert(rows)
        self.assertEqual(self.drain(), 0)
        names = [row["event_id"] for row in rows]
        self.assertEqual(self.ends(), {name: next(
            f"{status}: {name}" for status in CLOSED if name in CLOSED[status].split())
            for name in names})
        self.assert_advised(*names)
        self.assertEqual(self.sandbox.ledger(), [])

    def test_what_the_source_needs(self):
        for name, source in (("app", "app"), ("leads", "crm")):
            self.add_destination(name, "7123", source=source)
        self.project.convey("destination", "remove", "shop")
        self.project.insert([purchase(1)])
        self.assertEqual(self.drain(), 0)
        self.assertEqual({name: self.project.delivery("id-1", name)["reason"]
                          for name in ("app", "leads")},
                         {"app": "missing_app_id", "leads": "missing_lead_id"})
        self.assert_advised("missing_app_id", "missing_lead_id")

    def test_not_attributed(self):
        self.project.convey("destination", "set", "shop", "--deliver", "only-won")
        self.project.insert([purchase(1, user={"external_id": "u1"})])
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.ends(), {"id-1": "skipped: not_attributed"})
        self.assert_advised("not_attributed")

    def test_a_paused_test(self):
        self.add_destination("other", "PIXEL2")
        self.project.convey("destination", "set", "shop", "--test-event-code", "TEST1")
        self.project.convey("destination", "pause", "shop")
        self.project.insert([purchase(1)])
        relay = self.start()
        wait_until(lambda: self.project.queue("other")["delivered"] == 1)
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.delivery("id-1", "shop")["reason"], "paused_test")
        self.assert_advised("paused_test")
        self.project.convey("destination", "set", "shop", "--test-event-code", "")
        self.project.convey("destination", "resume", "shop")
        self.project.convey("retry", "--status", "skipped", "--reason", "paused_test")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.delivery("id-1", "shop")["status"], "delivered")


class Sent(Reasons):
    def later(self, hours):
        """The file as it is then: what waits was sent that long ago."""
        producer = self.project.connect()
        producer.execute("UPDATE waiting SET due_at = 1, first_sent_at = first_sent_at - ?",
                         (hours * DAY_MS // 24,))
        producer.close()

    def wait_for_a_failure(self, faults):
        self.sandbox.set_faults(faults)
        self.project.insert([purchase(1)])
        relay = self.start("--retry-base-ms", "60000", "--retry-cap-ms", "60000")
        wait_until(lambda: self.project.delivery("id-1")["status"] == "retrying")
        return relay

    def test_refused(self):
        self.sandbox.set_faults("poison:id=id-1")
        self.project.insert(purchase(n) for n in range(3))
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.delivery("id-1")["reason"], "refused_by_tiktok")
        self.assert_advised("refused_by_tiktok")

    def test_a_server_in_trouble_until_it_is_too_late(self):
        relay = self.wait_for_a_failure("50000")
        self.assertEqual(self.project.delivery("id-1")["reason"], "server_error")
        self.assert_advised("server_error")
        self.assertEqual(relay.stop(), 0)
        self.later(46)
        self.sandbox.set_faults("50000:count=1")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.delivery("id-1")["status"], "delivered")

    def test_retries_exhausted(self):
        self.assertEqual(self.wait_for_a_failure("50000").stop(), 0)
        self.later(48)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.ends(), {"id-1": "failed: retries_exhausted"})
        self.assert_advised("retries_exhausted")
        for told in ("why", "id-1"), ("status",):
            self.assertIn("47 hours", " ".join(self.project.convey(
                *told, status=int(told == ("status",))).split()))
        self.assertEqual(len(self.sandbox.ledger()), 1)

    def test_outcome_unknown(self):
        self.assertEqual(self.wait_for_a_failure("reset-after").stop(), 0)
        self.later(48)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.ends(), {"id-1": "held: outcome_unknown"})
        self.assert_advised("outcome_unknown")

    def test_a_gateway_knows_of_no_outcome(self):
        self.assertEqual(self.wait_for_a_failure("html-504").stop(), 0)
        self.assertEqual(self.project.delivery("id-1")["reason"], "server_error")
        self.later(48)
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.ends(), {"id-1": "held: outcome_unknown"})

    def test_paused_between_the_halves_of_a_refused_batch(self):
        self.sandbox.set_faults("poison:id=id-1")
        self.project.convey("destination", "set", "shop", "--requests-per-second", "1")
        self.project.insert(purchase(n) for n in range(4))
        relay = self.start()
        wait_until(lambda: len(self.sandbox.ledger()) == 1)
        self.project.convey("destination", "pause", "shop")
        wait_until(lambda: {row["reason"] for row in self.project.rows(
            "SELECT reason FROM delivery_status WHERE status = 'retrying'")} == {"paused"})
        self.assertEqual(relay.stop(), 0)

    def test_cancelled(self):
        relay = self.wait_for_a_failure("50000")
        self.project.convey("cancel", "id-1")
        self.assertEqual(self.ends(), {"id-1": "cancelled: by_operator"})
        self.assertEqual(relay.stop(), 0)
        self.project.insert([purchase(2, consent={"ad_user_data": "GRANTED"},
                                      user={"email": "ann@shop.example"})])
        self.project.convey("forget", "--email", "ann@shop.example")
        self.assertEqual(self.ends()["id-2"], "cancelled: erased")
        self.assert_advised("by_operator", "erased")

    def test_consent_withdrawn_and_disconnected(self):
        relay = self.wait_for_a_failure("50000")
        self.project.insert([purchase(2, user={"email": "ann@shop.example"})])
        wait_until(lambda: self.project.delivery("id-2")["status"] == "retrying")
        self.assertEqual(relay.stop(), 0)
        producer = self.project.connect()
        producer.execute("INSERT INTO consent (email, ad_storage) VALUES (?, 'DENIED')",
                         ("ann@shop.example",))
        producer.close()
        self.later(0)
        self.project.start(self.sandbox, "--retry-base-ms", "60000", "--retry-cap-ms", "60000")
        wait_until(lambda: self.ends()["id-2"] == "cancelled: consent_withdrawn")
        self.project.convey("disconnect", "shop")
        wait_until(lambda: self.ends()["id-1"] == "cancelled: disconnected")
        self.assert_advised("consent_withdrawn", "disconnected")

    def test_a_row_without_an_event_id_is_mended_as_the_advice_says(self):
        self.project.insert([purchase(1, event_id=None, properties={"value": "29,99",
                                                                    "currency": "EUR"})])
        self.assertEqual(self.drain(), 0)
        (event_id, advice), = self.project.query("SELECT example_event_id, advice FROM problem")
        self.assertTrue(event_id.startswith("g1_"))
        received = self.project.convey("why", event_id).splitlines()[0]
        mend = re.search(r"UPDATE outbox SET … WHERE id = …", advice)[0].split("…")
        admin = self.project.connect()
        admin.execute("payload = json_set(payload, '$.properties.value', '29.99')".join(mend[:2])
                      + re.search(r"row (\d+),", received)[1])
        admin.close()
        self.project.convey("retry", event_id)
        self.assertEqual(self.drain(), 0)
        (mended, end), = self.ends().items()
        self.assertEqual(end, "delivered: None")
        self.assertNotEqual(mended, event_id)  # it is derived of what the row holds now

    def test_what_a_removed_destination_left_needs_nobody(self):
        self.project.insert([purchase(1, page=None)])
        self.assertEqual(self.drain(), 0)
        self.project.convey("status", status=1)
        self.project.convey("destination", "add", "next", "--source", "web", "--id", "P2")
        self.project.set_token("token", "next")
        self.project.convey("destination", "remove", "shop")
        status = json.loads(self.project.convey("status", "--json"))
        self.assertEqual((status["needs_person"], status["problems"]), (False, []))
        for more in ("--dry-run",), ():
            said = self.project.said("retry", "--status", "rejected", *more)
            self.assertIn("1 stay as they are, as their destination was removed", said)
            self.assertNotIn("in flight", said)
        self.assertIn("would be given up", self.project.said("cancel", "id-1", "--dry-run"))


class WaitingCase(Reasons):
    def waits_for(self, reason, faults=(), endpoint=None):
        self.sandbox.set_faults(list(faults))
        relay = self.project.start(endpoint or self.sandbox, "--timeout-ms", "1000")
        relay.wait_started()
        (advice, example), = wait_until(lambda: self.project.query(
            "SELECT advice, example_event_id FROM problem WHERE reason = ? AND count > 0",
            reason), what=reason)
        self.assertRegex(advice, ADVICE)
        self.assertEqual(example, "id-1")
        self.assertEqual(relay.stop(), 0)


class Waiting(WaitingCase):
    def test_what_a_destination_waits_for(self):
        self.project.insert([purchase(1)])
        for reason, fault in (("token_refused", "40105"), ("permission", "40001"),
                              ("rate_limited", "40100:retry_after=30")):
            self.project.set_token("token")  # what was refused is tried again
            self.waits_for(reason, [fault])
        self.project.set_token("token")
        self.project.convey("destination", "resume", "shop")  # now, not in half a minute
        self.waits_for("network", endpoint="http://127.0.0.1:9")
        self.project.convey("destination", "pause", "shop")
        self.waits_for("paused")

    def test_what_was_answered_does_not_wait_for_the_network(self):
        self.project.insert([purchase(1)])
        for fault, told in (("20001", "HTTP 200, code 20001: Partial success"),
                            ("code0-502", "HTTP 502, code 0: OK"),
                            ("wrong-type", "HTTP 200, an answer without a code: OK"),
                            ("empty", "HTTP 200 without TikTok's answer: from a proxy or a "
                                      "firewall?"),
                            ("huge", "the answer is too long")):
            self.sandbox.set_faults(fault)
            relay = self.project.start(self.sandbox)
            wait_until(lambda told=told: self.project.queue()["last_error"] == told, what=told)
            # It is sent again and again meanwhile.
            row = wait_until(lambda: [row for row in [self.project.delivery("id-1")]
                                      if row["status"] == "retrying"])[0]
            self.assertEqual(row["reason"], "server_error", fault)
            relay.stop()

    def test_an_answer_that_is_not_tiktoks_is_told_as_such(self):
        for n, (status, reason) in enumerate(((401, "token_refused"), (403, "permission"),
                                              (400, "refused_by_tiktok"))):
            told = f"HTTP {status} without TikTok's answer: from a proxy or a firewall?"
            self.project.insert([purchase(n)])
            self.sandbox.set_faults(f"html-{status}")
            relay = self.project.start(self.sandbox)
            wait_until(lambda told=told: self.project.queue()["last_error"] == told, what=told)
            (advice,), = wait_until(lambda reason=reason: self.project.query(
                "SELECT advice FROM problem WHERE reason = ?", reason), what=reason)
            self.assertIn("a proxy or a firewall may have answered", advice)
            self.assertIn("then retry" if status == 400 else "destination resume", advice)
            self.sandbox.set_faults([])
            self.project.convey(*(("destination", "resume", "shop") if status != 400 else
                                  ("retry", "--status", "failed", "--reason", reason)))
            self.project.wait_for({"delivered": n + 1})
            wait_until(lambda: not self.project.queue()["last_error"], what="cleared")
            self.assertEqual(relay.stop(), 0)

    def test_a_certificate_that_nobody_signed(self):
        self.project.insert([purchase(1)])
        with Sandbox(tls=self_signed(self.project.directory)) as stranger:
            self.waits_for("tls", endpoint=stranger)

    def test_a_circuit_opens(self):
        self.project.insert([purchase(1)])
        self.waits_for("circuit_open", ["50000"])


class NoToken(WaitingCase):
    token = None

    def test_it_needs_one(self):
        self.project.insert([purchase(1)])
        self.waits_for("needs_token")


if __name__ == "__main__":
    unittest.main()
