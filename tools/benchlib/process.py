# SPDX-License-Identifier: MIT
"""A process that is measured: CPU, peak memory, and what it writes into a WAL."""
import os
import signal
import struct
import subprocess
import threading
import time

SAMPLE_S = 0.002
FRAME_HEADER = 24


class WalMeter:
    """Counts the frames appended to a WAL by reading the index header in FILE-shm: its last
    frame, and the salt, which is new after each reset. What is appended between the last look
    and a reset (2 ms at most) is missed. The database file itself is never opened here."""

    def __init__(self, path):
        self.path = path + "-shm"
        self.descriptor = -1
        self.salt = None
        self.last = 0
        self.frames = 0
        self.page = 4096

    def look(self):
        if self.descriptor < 0:
            try:
                self.descriptor = os.open(self.path, os.O_RDONLY)
            except FileNotFoundError:
                return
        header = os.pread(self.descriptor, 48, 0)
        if len(header) < 48 or not header[12]:
            return
        page, last = struct.unpack_from("=HI", header, 14)
        salt = header[32:40]
        if salt != self.salt or last < self.last:
            self.salt, self.last = salt, 0
        self.page = 65536 if page == 1 else page
        self.frames += last - self.last
        self.last = last

    def bytes(self):
        return self.frames * (self.page + FRAME_HEADER)

    def close(self):
        if self.descriptor >= 0:
            os.close(self.descriptor)


class Measured:
    """with Measured([...]) as p: ...; afterwards p.wall_s, p.cpu_s, p.peak_mib, p.wal_bytes."""

    def __init__(self, words, wal_of=None, env=None, **options):
        self.meter = WalMeter(wal_of) if wal_of else None
        self.peak_kib = 0
        self.wall_s = self.cpu_s = 0.0
        self.status = None
        self.started_wall = time.time()
        self.started = time.monotonic()
        self.child = subprocess.Popen(words, env={**os.environ, **(env or {})}, **options)
        self.pid = self.child.pid
        self.over = threading.Event()
        self.sampler = threading.Thread(target=self._sample, daemon=True)
        self.sampler.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            self.stop()

    def _sample(self):
        turn = 0
        while not self.over.wait(SAMPLE_S if self.meter else 0.02):
            if self.meter:
                self.meter.look()
            if turn % 10 == 0 or not self.meter:
                self._look_at_memory()
            turn += 1

    def _look_at_memory(self):
        try:
            with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
                for line in file:
                    if line.startswith("VmHWM"):
                        self.peak_kib = max(self.peak_kib, int(line.split()[1]))
        except OSError:
            pass

    def cpu_now(self):
        """Seconds of CPU so far, to the nanosecond."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def wait(self):
        _, status, usage = os.wait4(self.pid, 0)
        self.wall_s = time.monotonic() - self.started
        self.status = self.child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.over.set()
        self.sampler.join()
        if self.meter:
            self.meter.look()
            self.meter.close()
        return self.status

    def stop(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        return self.wait()

    @property
    def peak_mib(self):
        return self.peak_kib / 1024

    @property
    def wal_bytes(self):
        return self.meter.bytes() if self.meter else None
