# SPDX-License-Identifier: MIT
"""The network fails at every byte of a request and of its answer, and in other ways: what was
not sent and what is unknown are told apart, nothing is lost and nothing delivered that was
not, a request ends in time, and memory stays as it was.

    tools/torture cuts
"""
import os
import random
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import history  # noqa: E402
from convey import SLOW, purchase, wait_until  # noqa: E402
from fault_proxy import Fate, FaultProxy  # noqa: E402
from relay_case import Case  # noqa: E402

EVERY = 40  # CI: one in so many points; torture's slices: all of theirs
FIRST = int(os.environ.get("CONVEY_FIRST", "0"))
COUNT = int(os.environ.get("CONVEY_COUNT", "0"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
ROWS = 4
QUICK = ("--retry-base-ms", "1", "--retry-cap-ms", "5")


def rss_kib(pid, what="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(file.read().partition(what + ":")[2].split()[0])


class Proxied(Case):
    def setUp(self):
        super().setUp()
        self.proxy = FaultProxy(self.sandbox)
        self.addCleanup(self.proxy.__exit__)
        self.rows = 0

    def insert(self, count=ROWS, **more):
        """Rows whose request is always as long; the event_ids."""
        rows = [purchase(f"{n:07}", **more) for n in range(self.rows, self.rows + count)]
        self.rows += count
        self.project.insert(rows)
        return [row["event_id"] for row in rows]

    def start(self, *args):
        return self.project.start(self.proxy, *args)

    def last_attempt(self):
        return self.project.query("SELECT coalesce(max(id), 0) FROM attempt_log")[0][0]

    def one(self, fate, within_s=15, **more):
        """Sends a batch into the fate; the outcomes, in order, and what the proxy saw."""
        before, seen_before = self.last_attempt(), len(self.proxy.seen)
        self.proxy.next(fate)
        ids = self.insert(**more)
        wait_until(lambda: self.project.query(
            "SELECT count(*) FROM delivery_status WHERE status = 'delivered' AND event_id >= ?",
            ids[0])[0][0] == len(ids), within_s, f"delivery after {fate}")
        rows = self.project.query("SELECT outcome, ms FROM attempt_log WHERE id > ? ORDER BY id",
                                  before)
        self.slowest_ms = max(ms for _, ms in rows)
        self.assertEqual(rows[-1][0], "delivered", (fate, rows))
        return [outcome for outcome, _ in rows], self.proxy.seen[seen_before:]

    def finish(self, relay):
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": self.rows})
        self.assertEqual(self.sandbox.stats()["new"], self.rows)
        history.assert_true(self, self.project, self.proxy)


class Cuts(Proxied):
    def points(self):
        """(fate, whether the answer is cut), two for each byte."""
        _, seen = self.one(Fate())
        request, answer = seen[-1].request, seen[-1].answer
        self.bytes = request + answer
        fates = [Fate(request=n, reset=reset) for reset in (True, False)
                 for n in range(request + 1)]
        fates += [Fate(answer=n, reset=reset) for reset in (True, False)
                  for n in range(1, answer + 1)]
        if COUNT:  # the figure of torture may be more or less than there are bytes
            return [fates[i % len(fates)] for i in range(FIRST, FIRST + COUNT)]
        return fates[SEED % EVERY::EVERY]

    def check_cut(self, fate):
        outcomes, seen = self.one(fate)
        first = seen[0]
        self.assertLessEqual(len(outcomes), 4, (fate, outcomes))
        # Each is on the wire once, but for one that met a connection which had just ended.
        unseen = len(outcomes) - len(seen)
        self.assertGreaterEqual(unseen, 0, (fate, outcomes))
        self.assertEqual(outcomes[:unseen], ["not_sent"] * unseen, (fate, outcomes))
        outcomes = outcomes[unseen:]
        if fate.request is not None:
            self.assertIn(outcomes[0], ("not_sent", "unknown"), fate)
            if first.whole:
                self.assertEqual(outcomes[0], "unknown", fate)
        elif first.passed and outcomes[0] != "unknown":  # a reset may overtake the last byte
            self.assertEqual(outcomes[0], "delivered", fate)
        else:
            self.assertEqual(outcomes[0], "unknown", fate)
        return outcomes[0]

    def test_at_every_byte(self):
        relay = self.start(*QUICK)
        points, counted, rss = self.points(), {}, None
        for i, fate in enumerate(points):
            outcome = self.check_cut(fate)
            counted[outcome] = counted.get(outcome, 0) + 1
            if i == len(points) // 4:
                rss = rss_kib(relay.pid)
        grown = rss_kib(relay.pid) - rss
        print(f"{len(points)} cuts of {self.bytes} bytes, seed {SEED}: {counted}; RSS {rss_kib(relay.pid)} KiB, "
              f"{grown:+} since a quarter", file=sys.stderr)
        self.assertLess(grown, 2048 * SLOW)
        self.finish(relay)


class Whole(Proxied):
    """Other things that a network does."""

    def test_a_large_body_that_stops_half_way_was_not_sent(self):
        relay = self.start(*QUICK)
        self.one(Fate())
        seen = []
        for _ in range(5):  # what the proxy's socket has taken already counts as sent
            outcomes, _ = self.one(Fate(request=100_000), properties={
                "value": 1, "currency": "EUR", "description": "x" * 400_000}, count=20)
            seen.append(outcomes[0])
            if outcomes[0] == "not_sent":
                break
        self.assertIn("not_sent", seen)
        self.finish(relay)

    def test_success_before_the_body_was_sent_is_none(self):
        """Whoever says so has not seen all events."""
        relay = self.start(*QUICK)
        body = b'{"code":0,"message":"OK","request_id":"early","data":{}}'
        answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (
            len(body), body)
        outcomes, seen = self.one(
            Fate(own=lambda client: (client.sendall(answer), time.sleep(0.2)), early=True),
            properties={"value": 1, "currency": "EUR", "description": "x" * 400_000}, count=10)
        self.assertFalse(seen[0].whole)
        # What did not get through whole is sent in smaller ones.
        self.assertEqual(outcomes[0], "not_sent")
        self.assertEqual(set(outcomes[1:]), {"delivered"})
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.sandbox.stats()["new"], self.rows)

    def test_duplicates_of_a_request(self):
        relay = self.start(*QUICK)
        for _ in range(3):
            outcomes, _ = self.one(Fate(twice=True))
            self.assertEqual(outcomes, ["delivered"])
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.sandbox.stats()["new"], self.rows)
        self.assertEqual(len(self.sandbox.ledger()), 6)

    def test_an_answer_that_comes_twice_answers_one_request(self):
        relay = self.start(*QUICK)
        body = b'{"code":0,"message":"OK","request_id":"stale","data":{}}'
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        self.proxy.next(Fate(own=lambda client: (client.sendall(answer * 2), time.sleep(1))))
        self.insert()
        wait_until(lambda: self.project.statuses() == {"delivered": ROWS})
        self.one(Fate())
        self.assertEqual(relay.stop(), 0)
        self.assertEqual([row[0] for row in self.project.query(
            "SELECT request_id FROM attempt_log ORDER BY id")].count("stale"), 1)
        self.assertEqual(self.sandbox.stats()["new"], ROWS)  # the second batch

    def test_garbage_and_pieces(self):
        relay = self.start(*QUICK)
        chance = random.Random(SEED)
        garbage = [b"\0" * 100, b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 200\r\n\r\n", b"ICY 200 OK\r\n\r\n",
                   b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
                   b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                   b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{",
                   b"HTTP/1.1 200 OK\r\n\r\n{\"code\":0", b"{\"code\":0}", b"\r\n\r\n",
                   b"SSH-2.0-OpenSSH_9.2p1\r\n"]
        garbage += [chance.randbytes(chance.randrange(1, 3000)) for _ in range(7)]
        for piece in garbage:
            outcomes, _ = self.one(Fate(own=self.proxy.says(piece)))
            self.assertEqual(outcomes[0], "unknown", piece)
        self.assertEqual(self.one(Fate(chunk=1))[0], ["delivered"])
        self.assertEqual(self.one(Fate(late_s=0.5))[0], ["delivered"])
        self.finish(relay)

    def test_floods_leave_memory_flat(self):
        """Endless headers, one endless header, interim answers, a body without an end."""
        relay = self.start(*QUICK, "--timeout-ms", "30000")
        self.one(Fate())
        before = rss_kib(relay.pid, "VmHWM")
        for first, piece in ((b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"a" * 70 + b"\r\n"),
                             (b"HTTP/1.1 200 OK\r\nX: ", b"a" * 4096),
                             (b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
                             (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
                             (b"HTTP/1.1 200 OK\r\n\r\n", b"{" * 4096),
                             (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                              b"1000\r\n" + b"[" * 4096 + b"\r\n")):
            outcomes, _ = self.one(Fate(own=self.proxy.flood(piece, first)), 40)
            self.assertEqual(outcomes[0], "unknown", piece[:40])
            self.assertLessEqual(self.slowest_ms, 31000)
        grown = rss_kib(relay.pid, "VmHWM") - before
        print(f"after six floods the most RSS is {grown:+} KiB", file=sys.stderr)
        self.assertLess(grown, 4096 * SLOW)
        self.finish(relay)


class Patience(unittest.TestCase):
    """With the timeouts as they are by default a request ends within 31 s."""

    def full_backlog(self):
        """An address that answers no SYN."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            self.addCleanup(filler.close)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def lasts(self, fate, outcome, found):
        case = Proxied()
        case.setUp()
        self.addCleanup(case.doCleanups)
        url = self.full_backlog() if fate is None else case.proxy.url
        if fate:
            case.proxy.next(*[Fate(own=fate)] * 3)
        case.insert()
        relay = case.project.start(url, *QUICK, "--timeout-ms", "30000")
        for _ in range(80):
            time.sleep(0.5)
            if case.project.query("SELECT 1 FROM attempt_log WHERE outcome <> 'sending'"):
                break
        ended, ms = case.project.query("SELECT outcome, ms FROM attempt_log ORDER BY id")[0]
        found.append((outcome, ended, ms, relay.cpu_seconds()))
        relay.kill()

    def test_a_request_ends_in_time(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        fates = [(FaultProxy.black_hole, "unknown"), (None, "not_sent"),
                 (FaultProxy.flood(b"x", head, pause_s=0.2), "unknown"),
                 (FaultProxy.flood(b"X-A: b\r\n", pause_s=0.2), "unknown"),
                 (FaultProxy.flood(b"HTTP/1.1 100 Continue\r\n\r\n", b"", pause_s=0.2), "unknown")]
        found = []
        threads = [threading.Thread(target=self.lasts, args=(*fate, found)) for fate in fates]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(found), len(fates), found)
        for expected, ended, ms, cpu_s in found:
            self.assertEqual(ended, expected, found)
            self.assertLessEqual(ms, 31000, found)
            self.assertLess(cpu_s, 3 * SLOW, found)
        print(f"a request ends after {sorted(ms for _, _, ms, _ in found)} ms", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
