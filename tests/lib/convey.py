# SPDX-License-Identifier: MIT
"""A project with convey in it: a database, its destinations, a producer, a relay.

    with Sandbox(ledger="l.jsonl", token="t") as sandbox, Project(token="t") as project:
        project.insert(purchase(n) for n in range(1000))
        assert project.drain(sandbox) == 0
        assert project.statuses() == {"delivered": 1000}

The producer has a connection of its own and does nothing but INSERT; everything else is
asked through the commands and the views.
"""
import collections
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time

import canary

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FAST = ("--retry-base-ms", "20", "--retry-cap-ms", "200", "--timeout-ms", "5000")
SANITIZER = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
             "WARNING: ThreadSanitizer")
# Sanitized binaries are slower; what is asserted in milliseconds holds for the plain one.
SLOW = int(os.environ.get("CONVEY_SLOW", "1"))


def binary():
    return os.environ.get("CONVEY", os.path.join(ROOT, "build", "convey"))


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def write_file(path, content):
    """As a database and its key are: for its owner alone."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def purchase(number, event_id=True, event="purchase", prefix="id", event_time=None, **more):
    """A row of a producer; its order_id says which, however it is sent. event_id None: none."""
    payload = {"page": {"url": f"https://shop.example/thanks?n={number}"},
               "properties": {"value": 29.99, "currency": "EUR", "order_id": f"{prefix}-{number}"}}
    payload.update(more)
    return {"event_id": f"{prefix}-{number}" if event_id is True else event_id, "event": event,
            "event_time": event_time,
            "payload": json.dumps({k: v for k, v in payload.items() if v is not None})}


def wait_until(condition, seconds=10, what="it"):
    """The first value of condition() that is true; fails after the time."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds * SLOW} s")
        time.sleep(0.005)


class Relay:
    """`convey run`, until it ends or is ended; `under` are words before it, such as strace's."""

    def __init__(self, project, url, args, under=()):
        self.project = project
        self.log_path = os.path.join(project.directory, "relay.log")
        self.log_from = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        environment = dict(os.environ, CONVEY_ENDPOINT=url)
        with open(self.log_path, "ab") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen([*under, binary(), "run", "--db", project.db, *args],
                                            env=environment, stderr=log,
                                            stdin=subprocess.DEVNULL)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            file.seek(self.log_from)
            return file.read()

    def running(self):
        return self.process.poll() is None

    def wait(self, timeout=30):
        try:
            status = self.process.wait(timeout * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the relay did not end within {timeout * SLOW} s:\n"
                                 + self.log()[-4000:]) from None
        log = self.log()
        if any(mark in log for mark in SANITIZER):
            raise AssertionError(log[-20000:])
        return status

    def wait_started(self):
        wait_until(lambda: "started" in self.log() or not self.running(),
                   what="the relay's start")

    def stop(self, timeout=30):
        """Ends it politely; its exit status."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        """kill -9; the history checker learns when."""
        if self.running():
            self.process.kill()
            self.project.kills.append(time.time() * 1000)
        return self.process.wait()

    def wakeups(self):
        """How often its loop went to sleep so far."""
        with open(f"/proc/{self.pid}/task/{self.pid}/status", encoding="ascii") as file:
            return int(file.read().partition("voluntary_ctxt_switches:")[2].split()[0])

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Project:
    """destinations: name -> (source, event source id); token None: none is set. The folder is
    on a disk (a tmpfs would make every fsync free). What init and the verbs after it left for the
    first project of a kind is copied for the others of this process, keys and all."""

    made = {}   # what a project was asked for -> its files: name -> bytes

    def __init__(self, destinations=None, token="token", options=()):
        self.prepare(destinations or {"shop": ("web", "PIXEL1")})
        kind = (binary(), tuple(self.destinations.items()), token, tuple(options))
        if kind not in self.made:
            self.convey("init")
            self.add_destinations(token, options)
            self.made[kind] = {name: read_file(os.path.join(self.directory, name))
                               for name in os.listdir(self.directory)}
        else:
            for name, content in self.made[kind].items():
                write_file(os.path.join(self.directory, name), content)

    def prepare(self, destinations):
        self.destinations = destinations
        self.folder = tempfile.TemporaryDirectory(prefix="convey-test-", dir="/var/tmp")
        self.directory = self.folder.name
        self.db = os.path.join(self.directory, "shop.db")
        self.committed = []
        self.relays = []
        self.kills = []

    def add_destinations(self, token, options=()):
        for name, (source, pixel) in self.destinations.items():
            self.convey("destination", "add", name, "--source", source, "--id", pixel, *options)
            if token is not None:
                self.set_token(token, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for relay in self.relays:
            if relay.running():
                relay.kill()
        leaks = canary.search(self.directory)
        self.folder.cleanup()
        if leaks:
            raise AssertionError(f"secrets in files: {leaks}")

    def convey(self, *words, status=0, data=None, env=None):
        """Runs a verb; its stdout. Fails where the exit status is another."""
        done = subprocess.run([binary(), *words, "--db", self.db], input=data, text=True,
                              capture_output=True, timeout=60 * SLOW,
                              env=dict(os.environ, **(env or {})))
        if done.returncode != status or any(mark in done.stderr for mark in SANITIZER):
            raise AssertionError(f"convey {' '.join(words)}: exit {done.returncode}, not "
                                 f"{status}\n{done.stdout}{done.stderr}")
        return done.stdout

    def said(self, *words):
        """What a verb that works has to say, on stderr."""
        return subprocess.run([binary(), *words, "--db", self.db], text=True, timeout=60 * SLOW,
                              stderr=subprocess.PIPE, check=True).stderr

    def set_token(self, token, name=None):
        self.convey("token", "set", name or next(iter(self.destinations)), data=canary.token(token) + "\n")

    # The producer.

    def connect(self):
        return sqlite3.connect(self.db, timeout=30, isolation_level=None)

    def insert(self, rows, db=None):
        """One transaction; the rows count as committed when COMMIT has returned. Their ids."""
        producer = db or self.connect()
        made = []
        producer.execute("BEGIN IMMEDIATE")
        for row in rows:
            row = {key: value for key, value in row.items() if value is not None}
            cursor = producer.execute(
                f"INSERT INTO outbox ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                list(row.values()))
            made.append({"outbox_id": cursor.lastrowid, "event_id": row.get("event_id"),
                         "tag": tag_of(row)})
        producer.execute("COMMIT")
        self.committed += made
        if not db:
            producer.close()
        return [row["outbox_id"] for row in made]

    # The relay.

    def start(self, sandbox, *args, under=()):
        """sandbox: a Sandbox or an endpoint. Later options override the fast ones."""
        relay = Relay(self, getattr(sandbox, "url", sandbox), [*FAST, *args], under)
        self.relays.append(relay)
        return relay

    def drain(self, sandbox, *args, timeout=60):
        """Runs until nothing waits; the exit status."""
        return self.start(sandbox, "--drain", *args).wait(timeout)

    # The admin.

    def undo_migrations(self):
        """The file is at version 1, as far as the later steps need it to be."""
        db = self.connect()
        db.execute("ALTER TABLE derived_id DROP COLUMN redacted")
        db.execute("DROP VIEW creation")
        db.execute("DROP TABLE given_up")
        db.execute("DELETE FROM schema_migration WHERE version > 1")
        db.execute("PRAGMA user_version = 1")
        db.close()

    def query(self, sql, *values):
        admin = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True, timeout=30)
        try:
            return admin.execute(sql, values).fetchall()
        finally:
            admin.close()

    def rows(self, sql, *values):
        """The same, as dicts."""
        admin = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True, timeout=30)
        admin.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in admin.execute(sql, values)]
        finally:
            admin.close()

    def statuses(self):
        return dict(self.query("SELECT status, count(*) FROM outbox_status GROUP BY status"))

    def reasons(self):
        return dict(self.query("SELECT coalesce(reason, status), count(*) FROM delivery_status "
                               "GROUP BY 1"))

    def delivery(self, event_id, destination=None):
        """The one row of delivery_status."""
        rows = self.rows("SELECT * FROM delivery_status WHERE event_id = ? AND "
                         "(?2 IS NULL OR destination = ?2)", event_id, destination)
        if len(rows) != 1:
            raise AssertionError(f"{event_id} has {len(rows)} rows: {rows}")
        return rows[0]

    def queue(self, name=None):
        return self.rows("SELECT * FROM queue_status WHERE destination = ?",
                         name or next(iter(self.destinations)))[0]

    def wait_for(self, statuses, seconds=10):
        """Until outbox_status counts exactly these."""
        wait_until(lambda: self.statuses() == statuses, seconds,
                   f"{statuses}, now {self.statuses()},")


def tag_of(row):
    """What tells a committed row from others on the wire, whatever its event_id."""
    try:
        return json.loads(row["payload"])["properties"]["order_id"]
    except (KeyError, TypeError, ValueError):
        return None


def sent(ledger):
    """(line, event) for each event that reached the sandbox."""
    for line in ledger:
        for event in line["events"] or ():
            yield line, event


def applied_ids(ledger):
    """How often each event_id was stored by the sandbox, as new or as a duplicate."""
    return collections.Counter(event["event_id"] for line, event in sent(ledger)
                               if line["applied"])
