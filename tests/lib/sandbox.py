# SPDX-License-Identifier: MIT
"""Starts convey-sandbox and speaks with it.

    with Sandbox(ledger="ledger.jsonl", faults=["40100:nth=1"], token="t") as sandbox:
        run_something(sandbox.url)
        assert sandbox.stats()["new"] == 1000
        assert [line["code"] for line in sandbox.ledger()] == [40100, 0]
"""
import json
import os
import signal
import ssl
import subprocess
import urllib.request

import canary

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRACK = "/open_api/v1.3/event/track/"


def binary():
    return os.environ.get("CONVEY_SANDBOX", os.path.join(ROOT, "build", "convey-sandbox"))


def listed(value):
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


class Sandbox:
    """Tokens get the canary's mark (canary.py), but for raw=True. faults, token and pixels are a string or a list of them; tls is a pair of PEM files,
    (certificate, key). port=0 takes a free port, and keeps it over stop() and start()."""

    def __init__(self, port=0, ledger=None, faults=(), token=None, tls=None, pixels=(), args=(),
                 raw=False):
        self.port = port
        self.ledger_path = os.fspath(ledger) if ledger else None
        self.faults = listed(faults)
        self.marked = (lambda word: word) if raw else canary.token
        self.token = [self.marked(word) for word in listed(token)]
        self.pixels = listed(pixels)
        self.tls = tls
        self.args = list(args)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def command(self):
        words = [binary(), "--quiet", "--port", str(self.port)]
        for option, values in (("--fault", self.faults), ("--token", self.token),
                               ("--pixel", self.pixels)):
            for value in values:
                words += [option, value]
        if self.ledger_path:
            words += ["--ledger", self.ledger_path]
        if self.tls:
            words += ["--tls", *map(os.fspath, self.tls)]
        return words + self.args

    def start(self):
        self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"convey-sandbox did not start: exit {self.process.wait()}")
        self.port = int(line.rsplit(":", 1)[1])
        return self

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def _end(self, number):
        if self.process is None:
            return None
        self.process.send_signal(number)
        self.output = self.process.stdout.read()
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.process = None
        return status

    def stop(self):
        """Ends it politely; the exit status, None where it was not running."""
        return self._end(signal.SIGTERM)

    def kill(self):
        return self._end(signal.SIGKILL)

    def _control(self, path, lines=None):
        body = None if lines is None else ("\n".join(listed(lines)) + "\n").encode()
        # The control paths are the test's own; whether to trust is the client's question.
        trust = ssl._create_unverified_context() if self.tls else None
        with urllib.request.urlopen(self.url + path, body, timeout=30, context=trust) as answer:
            return json.load(answer)

    def stats(self):
        return self._control("/sandbox/stats")

    def reset(self):
        """Forgets the events and the counts; faults start to count again."""
        return self._control("/sandbox/reset", [])

    def set_faults(self, faults):
        """In place of those before; nth, count, for and after count from now."""
        return self._control("/sandbox/fault", faults)

    def set_tokens(self, tokens):
        """In place of those before; none at all: every token is good."""
        return self._control("/sandbox/token", [self.marked(word) for word in listed(tokens)])

    def set_oauth(self, *settings):
        """life=S, deny=1, fails=N, loses=N, revoke=all, expire=all, …"""
        return self._control("/sandbox/oauth", settings)

    def oauth(self):
        """The grants, and how often what was asked."""
        return self._control("/sandbox/oauth")

    def ledger(self):
        """Its lines as dicts. A kill may leave a piece of a last line, of a request that was
        never answered: that one is left out."""
        with open(self.ledger_path, "rb") as file:
            whole = file.read().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.split(b"\n") if line]
