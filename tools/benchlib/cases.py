# SPDX-License-Identifier: MIT
"""The cases for convey; each returns one dict of figures."""
import functools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

from . import data
from .process import Measured
from .sink import Sink, SlowSink

HERE = os.path.dirname(os.path.abspath(__file__))
GIVE_UP_S = 900


class Bench:
    """What the cases share: the programs, the data and a folder to work in."""

    def __init__(self, root, build, folder, source, seed):
        self.root = root
        self.convey = os.path.join(build, "convey")
        self.sandbox = os.path.join(build, "convey-sandbox")
        self.folder = folder
        self.data = data.Data(self.convey, source, seed)

    def path(self, name):
        return os.path.join(self.folder, name)

    def relay(self, db, url, *words):
        return Measured([self.convey, "run", "--db", db, *words], wal_of=db,
                        env={"CONVEY_ENDPOINT": url}, stderr=subprocess.DEVNULL)

    def drain_quietly(self, db):
        sink = Sink(self.sandbox)
        with self.relay(db, sink.url, "--drain") as relay:
            relay.wait()
        sink.stop()

    def outbox(self, name, history, rows, ids, person="plain"):
        """A file with settled rows and waiting ones, neither in the page cache's dirty list."""
        path = self.path(name)
        if history:
            data.copy(self.data.history(self.root, history, ids, self.drain_quietly), path)
        else:
            self.data.fresh(path)
        if rows:
            data.fill(path, self.data.pool(rows, ids, person=person))
        return path


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


def settled(db):
    """Rows that reached an end: what the counters say."""
    link = sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=10)
    try:
        return link.execute(
            "SELECT coalesce(sum(count), 0) FROM counter WHERE state / 16 > 3").fetchone()[0]
    finally:
        link.close()


def last_answer(db):
    link = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        return link.execute("SELECT max(started_at + ms) FROM attempt").fetchone()[0] / 1000
    finally:
        link.close()


def drain(bench, rows, history, ids, person="plain"):
    """Rows that wait are sent; from the start of the process to its end."""
    db = bench.outbox("drain.db", history, rows, ids, person)
    sink = Sink(bench.sandbox)
    with bench.relay(db, sink.url, "--drain") as relay:
        relay.wait()
    got = settled(db) - history
    assert relay.status == 0 and got == rows, f"drain: {got} of {rows}, status {relay.status}"
    answered = last_answer(db) - relay.started_wall
    sink.stop()
    data.drop(db)
    return {"rate": rows / relay.wall_s, "answered": rows / answered,
            "cpu": relay.cpu_s / rows * 1e6, "rss": relay.peak_mib,
            "wal": relay.wal_bytes / rows, "sink": sink.process.cpu_s / relay.wall_s * 100}


def slow(bench, rows, delay_ms):
    """Answers come late: requests in flight make up for it. To the last answer."""
    db = bench.outbox("slow.db", 0, rows, "random")
    sink = SlowSink(delay_ms)
    with bench.relay(db, sink.url, "--drain") as relay:
        relay.wait()
    took = last_answer(db) - relay.started_wall
    data.drop(db)
    return {"rate": rows / took, "cpu": relay.cpu_s / rows * 1e6, "rss": relay.peak_mib,
            "flight": sink.stop()}


def produce(db, pool, size, transactions):
    return subprocess.Popen([sys.executable, os.path.join(HERE, "producer.py"), db, pool,
                             str(size), str(transactions)], stdout=subprocess.PIPE, text=True)


def producer_alone(bench, rows, size):
    """The producer's own speed: the file without a relay."""
    db = bench.outbox("alone.db", 0, 0, "random")
    said = json.loads(produce(db, bench.data.pool(rows, "random"), size,
                              rows // size).communicate()[0])
    data.drop(db)
    return {"rate": rows / said["s"], "p50": quantile(said["ms"], 0.5),
            "p99": quantile(said["ms"], 0.99), "worst": max(said["ms"])}


def end_to_end(bench, rows, size):
    """A producer commits while the relay sends; from the first commit to the last settlement."""
    db = bench.outbox("live.db", 0, 0, "random")
    pool = bench.data.pool(rows, "random")
    sink = Sink(bench.sandbox)
    with bench.relay(db, sink.url) as relay:
        time.sleep(0.3)
        begin = time.monotonic()
        said = json.loads(produce(db, pool, size, rows // size).communicate()[0])
        while settled(db) < rows and time.monotonic() - begin < GIVE_UP_S:
            time.sleep(0.01)
        took = time.monotonic() - begin
        relay.stop()
    sink.stop()
    data.drop(db)
    return {"rate": rows / max(took - start_up_s(), said["s"]), "cpu": relay.cpu_s / rows * 1e6,
            "rss": relay.peak_mib, "p50": quantile(said["ms"], 0.5),
            "p99": quantile(said["ms"], 0.99), "worst": max(said["ms"])}


@functools.lru_cache
def start_up_s():
    """Of the producer's interpreter, which is nobody's speed."""
    begin = time.monotonic()
    subprocess.run([sys.executable, "-c", "import json, sqlite3"], check=True)
    return time.monotonic() - begin


def latency(bench, inserts, idle_s):
    """From COMMIT's return to the first byte at the sink, one insert at a time on an idle
    relay; then the CPU of doing nothing."""
    db = bench.outbox("idle.db", 0, 0, "random")
    link = sqlite3.connect(db, isolation_level=None, timeout=10)
    link.execute("PRAGMA synchronous=FULL")
    sink = SlowSink()
    took = []
    with bench.relay(db, sink.url) as relay:
        time.sleep(0.5)
        for i, row in enumerate(data.rows(inserts, 7, "random")):
            link.execute("INSERT INTO outbox(event_id, event, payload) VALUES (?,?,?)", row)
            done = time.monotonic_ns()
            took.append((sink.next_stamp() - done) / 1e6)
            time.sleep(0.08 + random.Random(i).random() * 0.04)
        before = relay.cpu_now()
        time.sleep(idle_s)
        idle = (relay.cpu_now() - before) / idle_s * 100
        relay.stop()
    link.close()
    sink.stop()
    data.drop(db)
    return {"p50": quantile(took, 0.5), "p99": quantile(took, 0.99), "worst": max(took),
            "idle": idle, "rss": relay.peak_mib}


def timed(words):
    """Milliseconds of a whole process, the median of seven."""
    took = []
    for _ in range(7):
        begin = time.monotonic()
        subprocess.run(words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took.append((time.monotonic() - begin) * 1000)
    return quantile(took, 0.5)


def ask(bench, db):
    """What an administrator types; about a row in the middle."""
    link = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    event_id = link.execute("SELECT event_id FROM outbox WHERE id >= "
                            "(SELECT max(id) / 2 FROM outbox) LIMIT 1").fetchone()[0]
    link.close()
    return {key: timed([bench.convey, *words, "--db", db])
            for key, words in (("status", ["status"]), ("why", ["why", event_id]),
                               ("list", ["list"]), ("failed", ["list", "--status", "failed"]))}


def ask_history(bench, rows):
    """With so many rows settled."""
    db = bench.outbox("ask.db", rows, 0, "random")
    figures = ask(bench, db)
    data.drop(db)
    return figures


def start(bench, rows):
    """From exec to the first byte at the sink with many rows waiting; what is asked there."""
    db = bench.outbox("start.db", 0, rows, "random")
    figures = ask(bench, db)
    sink = SlowSink(1000)
    with bench.relay(db, sink.url) as relay:
        figures["first"] = sink.next_stamp() / 1e6 - relay.started * 1000
        relay.stop(signal.SIGTERM)
    sink.stop()
    data.drop(db)
    return figures
