# SPDX-License-Identifier: MIT
"""A program on a real pseudo-terminal, as a person at a keyboard has it.

    with Terminal([convey, "status", "--watch"], columns=80) as t:
        t.read_until("Nothing waits")
        t.type("q")
        assert t.wait() == 0
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

from convey import SLOW

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def width(text):
    """Columns of text without control sequences."""
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def plain(text):
    return CONTROL.sub("", text).replace("\r", "")


class Terminal:
    def __init__(self, words, columns=80, rows=24, stdin=True, env=None, **more):
        self.master, self.slave = pty.openpty()
        self.output = ""
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        environment = dict(os.environ, TERM="xterm", **(env or {}))
        environment.pop("COLUMNS", None)
        if not env or "NO_COLOR" not in env:
            environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            words, stdin=self.slave if stdin else subprocess.DEVNULL, stdout=self.slave,
            stderr=self.slave, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0), **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def resize(self, columns, rows=24):
        """The kernel tells the program by SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def restored(self):
        """Whether the terminal is as it was."""
        return termios.tcgetattr(self.slave) == self.before

    def read_some(self, seconds=0.05):
        if not select.select([self.master], [], [], seconds)[0]:
            return ""
        text = os.read(self.master, 65536).decode(errors="replace")
        self.output += text
        return text

    def read_until(self, word, seconds=10):
        """What came since the last call, up to and with the word."""
        end = time.monotonic() + seconds * SLOW
        while word not in self.output:
            if time.monotonic() > end:
                raise AssertionError(f"{word!r} did not come: {self.output!r}")
            self.read_some()
        at = self.output.index(word) + len(word)
        seen, self.output = self.output[:at], self.output[at:]
        return seen

    def wait(self, seconds=10):
        """Its exit status; all that it wrote is in `output`."""
        end = time.monotonic() + seconds * SLOW
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"it did not end: {self.output!r}")
            self.read_some()
        while self.read_some():
            pass
        return self.process.returncode

    def send(self, number):
        os.kill(self.process.pid, number)

    def stopped(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "T"

    def lines(self):
        return plain(self.output).split("\n")


def run(words, columns=80, **more):
    """(exit status, what it wrote) of a program that ends by itself."""
    with Terminal(words, columns, **more) as t:
        return t.wait(), t.output


STOP, CONTINUE = signal.SIGSTOP, signal.SIGCONT
