# SPDX-License-Identifier: MIT
"""The peers: a Node outbox and syslog-ng, each in the form its users would run."""
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

from . import data
from .cases import GIVE_UP_S, produce, quantile, start_up_s
from .process import Measured
from .sink import Sink

NODE_SCHEMA = """
CREATE TABLE outbox(id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL,
    event TEXT NOT NULL, payload TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending',
    created_at INTEGER NOT NULL
        DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)));
CREATE INDEX outbox_status ON outbox(status, id);
"""


class NodeOutbox:
    name = "node outbox"
    keeps = "no dedup, consent, hashing, retries"

    def __init__(self, bench, cache):
        self.bench = bench
        self.source = os.path.join(bench.root, "tools/bench-peers/node-outbox")
        self.folder = os.path.join(cache, "node-outbox")

    def install(self):
        os.makedirs(self.folder, exist_ok=True)
        shutil.copy(os.path.join(self.source, "package.json"), self.folder)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=self.folder, check=True)

    def missing(self):
        if not shutil.which("node"):
            return "node is not installed"
        if not os.path.isdir(os.path.join(self.folder, "node_modules/better-sqlite3/build")):
            return "its packages are not installed"
        shutil.copy(os.path.join(self.source, "index.js"), self.folder)
        return None

    def version(self):
        return "node " + subprocess.run(["node", "--version"], capture_output=True, text=True,
                                        check=True).stdout.strip()

    def _outbox(self, pool):
        path = self.bench.path("node.db")
        data.drop(path)
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(NODE_SCHEMA)
        db.close()
        if pool:
            data.fill(path, pool)
        return path

    def _run(self, path, url, *words):
        return Measured(["node", os.path.join(self.folder, "index.js"), path, url, *words],
                        wal_of=path, stderr=subprocess.DEVNULL)

    def drain(self, rows, ids):
        path = self._outbox(self.bench.data.pool(rows, ids))
        sink = Sink(self.bench.sandbox)
        with self._run(path, sink.url, "--drain") as node:
            node.wait()
        sink.stop()
        assert self._left(path) == 0, "node outbox: rows are left"
        data.drop(path)
        return {"rate": rows / node.wall_s, "cpu": node.cpu_s / rows * 1e6,
                "rss": node.peak_mib, "wal": node.wal_bytes / rows}

    @staticmethod
    def _left(path):
        db = sqlite3.connect(path, timeout=10)
        left = db.execute("SELECT count(*) FROM outbox WHERE status IN ('pending', 'sending')")
        left = left.fetchone()[0]
        db.close()
        return left

    def end_to_end(self, rows, size):
        path = self._outbox(None)
        pool = self.bench.data.pool(rows, "random")
        sink = Sink(self.bench.sandbox)
        with self._run(path, sink.url) as node:
            time.sleep(0.5)
            begin = time.monotonic()
            said = json.loads(produce(path, pool, size, rows // size).communicate()[0])
            while self._left(path) and time.monotonic() - begin < GIVE_UP_S:
                time.sleep(0.01)
            took = time.monotonic() - begin
            node.stop()
        sink.stop()
        data.drop(path)
        return {"rate": rows / max(took - start_up_s(), said["s"]),
                "cpu": node.cpu_s / rows * 1e6, "rss": node.peak_mib,
                "p50": quantile(said["ms"], 0.5), "p99": quantile(said["ms"], 0.99)}


CONFIGURATION = """@version: 3.38
options {{ stats-level(1); log-msg-size(65536); }};
source s {{ network(ip("127.0.0.1") port({port}) transport("tcp") flags(no-parse)
    log-fetch-limit(1000) log-iw-size(100000)); }};
destination d {{ http(url("{url}/open_api/v1.3/event/track/") method("POST")
    headers("Content-Type: application/json", "Access-Token: token") body("${{MSG}}")
    body-prefix('{{"event_source":"web","data":[') delimiter(",") body-suffix("]}}")
    batch-lines(1000) batch-timeout(100) workers({workers}) time-reopen(1) persist-name("d")
    disk-buffer(reliable(yes) disk-buf-size(8589934592) mem-buf-size(163840000)
        dir("{folder}"))); }};
log {{ source(s); destination(d); flags(flow-control); }};
"""


class SyslogNg:
    name = "syslog-ng"
    keeps = "no fsync, status, dedup, shaping"

    def __init__(self, bench, _cache):
        self.bench = bench
        self.folder = bench.path("syslog-ng")
        self.control = os.path.join(self.folder, "control")

    @staticmethod
    def install():
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "syslog-ng-core",
                        "syslog-ng-mod-http"], check=True)

    @staticmethod
    def missing():
        return None if shutil.which("syslog-ng") else "not installed"

    @staticmethod
    def version():
        words = subprocess.run(["syslog-ng", "--version"], capture_output=True, text=True,
                               check=True).stdout.split()
        return "syslog-ng " + words[2].strip("()")

    def lines(self, rows, ids):
        """One file of lines, a line an event, as a program would log it."""
        pool = self.bench.data.pool(rows, ids)
        path = pool[:-3] + ".lines"
        if not os.path.exists(path):
            db = sqlite3.connect(pool)
            with open(path + ".new", "w", encoding="utf-8") as file:
                for event_id, event, payload in db.execute(
                        "SELECT event_id, event, payload FROM pool ORDER BY id"):
                    file.write(f'{{"event":"{event}","event_id":"{event_id}",{payload[1:]}\n')
            db.close()
            os.rename(path + ".new", path)
        return path

    def _start(self, url, workers):
        os.makedirs(self.folder, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        path = os.path.join(self.folder, "syslog-ng.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(port=self.port, url=url, workers=workers,
                                            folder=self.folder))
        words = ["syslog-ng", "--foreground", "--no-caps", "--cfgfile", path, "--persist-file",
                 os.path.join(self.folder, "persist"), "--control", self.control, "--pidfile",
                 os.path.join(self.folder, "pid")]
        return Measured(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _count(self, what):
        """The destination's counter `what`: processed, queued, written or dropped."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            try:
                link.connect(self.control)
                link.sendall(b"STATS CSV\n")
                text = b""
                while not text.endswith(b"\n.\n"):
                    piece = link.recv(65536)
                    if not piece:
                        break
                    text += piece
            except OSError:
                return None
        for line in text.decode().splitlines():
            words = line.split(";")
            if words[0] == "dst.http" and words[4] == what:
                return int(words[5])
        return None

    def _wait_for(self, what, number):
        begin = time.monotonic()
        while (self._count(what) or 0) < number:
            assert time.monotonic() - begin < GIVE_UP_S, f"syslog-ng: {what} stands still"
            time.sleep(0.01)

    def _feed(self, path):
        for _ in range(500):
            try:
                link = socket.create_connection(("127.0.0.1", self.port))
                break
            except OSError:
                time.sleep(0.01)
        with link, open(path, "rb") as file:
            link.sendfile(file)

    def _result(self, rows, took, syslog, cpu):
        shutil.rmtree(self.folder)
        return {"rate": rows / took, "cpu": cpu / rows * 1e6, "rss": syslog.peak_mib}

    # The number of workers is the one that is faster: two for a drain, one beside a feeder.

    def drain(self, rows, ids):
        """The disk queue is filled while nobody listens; then it starts anew with a sink."""
        shutil.rmtree(self.folder, ignore_errors=True)
        lines = self.lines(rows, ids)
        with self._start("http://127.0.0.1:9", 2) as filling:
            self._feed(lines)
            self._wait_for("queued", rows)
            filling.stop()
        sink = Sink(self.bench.sandbox)
        with self._start(sink.url, 2) as syslog:
            self._wait_for("written", rows)
            took = time.monotonic() - syslog.started
            cpu = syslog.cpu_now()
            syslog.stop()
        sink.stop()
        return self._result(rows, took, syslog, cpu)

    def end_to_end(self, rows, _size):
        """Lines come by TCP as fast as they are taken."""
        shutil.rmtree(self.folder, ignore_errors=True)
        lines = self.lines(rows, "random")
        sink = Sink(self.bench.sandbox)
        with self._start(sink.url, 1) as syslog:
            while self._count("written") is None:
                time.sleep(0.01)
            begin = time.monotonic()
            feeder = threading.Thread(target=self._feed, args=(lines,))
            feeder.start()
            self._wait_for("written", rows)
            took = time.monotonic() - begin
            feeder.join()
            cpu = syslog.cpu_now()
            syslog.stop()
        sink.stop()
        return self._result(rows, took, syslog, cpu)
