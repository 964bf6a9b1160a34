# SPDX-License-Identifier: MIT
"""No file can be opened any more, or memory cannot be had: the rows stay, nothing that was not
answered is called delivered, and the relay goes on when there is room again, or says by its
exit status what is missing.

    tools/torture memory
"""
import datetime
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import ROOT, binary, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

RUNS = int(os.environ.get("CONVEY_COUNT", "60"))
SEED = int(os.environ.get("CONVEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


def files_at_rest(relay):
    """The numbers of its open files, once none comes or goes any more."""
    looks = []

    def same():
        looks.append({int(name) for name in os.listdir(f"/proc/{relay.pid}/fd")})
        time.sleep(0.1)
        return len(looks) > 5 and all(look == looks[-1] for look in looks[-5:])
    wait_until(same, what="files at rest")
    return looks[-1]


class Files(Case):
    def test_too_few_to_begin_with(self):
        """Refused at once, by name; the rows stay."""
        self.project.insert(purchase(n) for n in range(20))
        for files in (5, 8, 12, 16, 20, 24, 40, 127):
            relay = self.project.start(self.sandbox, under=("prlimit", f"--nofile={files}"))
            self.assertEqual(relay.wait(), 78, relay.log())
            self.assertIn(f"it may open {files} files and needs 128", relay.log())
        self.assertEqual(self.project.statuses(), {"pending": 20})
        relay = self.project.start(self.sandbox, "--drain",
                                   under=("prlimit", "--nofile=20:1024"))  # it raises it
        self.assertEqual(relay.wait(), 0, relay.log())
        self.assertEqual(self.project.statuses(), {"delivered": 20})
        self.check()

    def test_none_left_while_it_runs(self):
        """At every number of files that it may have open, with connections to make anew."""
        relay = self.start("--retry-base-ms", "5", "--retry-cap-ms", "20")
        relay.wait_started()
        self.project.insert([purchase(0)])
        self.project.wait_for({"delivered": 1})
        was = resource.prlimit(relay.pid, resource.RLIMIT_NOFILE)
        busy = len(os.listdir(f"/proc/{relay.pid}/fd"))
        rows = 1
        for files in range(0, busy + 6):
            resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, (files, was[1]))
            self.sandbox.set_faults(["reset-after:nth=1", "reset-before:nth=2"])
            self.project.insert(purchase(n) for n in range(rows, rows + 5))
            rows += 5
            time.sleep(0.05)
            self.assertTrue(relay.running(), f"{files} files: {relay.log()[-2000:]}")
            resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, was)
            wait_until(lambda: self.project.statuses() == {"delivered": rows}, 15,
                       f"going on after {files} files")
        after = len(os.listdir(f"/proc/{relay.pid}/fd"))
        print(f"{busy + 6} limits, {rows} rows; {busy} files open before, {after} after",
              file=sys.stderr)
        self.assertLessEqual(after, busy + 3)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_none_left_for_a_time_zone(self):
        """It is read when there are some again, and is not called unknown meanwhile."""
        relay = self.start()
        relay.wait_started()
        was = resource.prlimit(relay.pid, resource.RLIMIT_NOFILE)
        busy = files_at_rest(relay)
        none = min(set(range(len(busy) + 1)) - busy)
        resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, (none, was[1]))
        self.project.convey("destination", "set", "shop", "--timezone", "Asia/Tokyo")
        self.project.insert([purchase(1)])
        wait_until(lambda: "the time zone 'Asia/Tokyo' cannot be read" in relay.log(),
                   what="a zone that cannot be read")
        self.assertTrue(relay.running())
        resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, was)
        self.project.wait_for({"delivered": 1})
        self.assertEqual(relay.stop(), 0)
        self.check()


@unittest.skipIf(shutil.which("strace") is None, "no strace")
class Watches(Case):
    def test_none_left_while_it_runs(self):
        """The kernel gives no second one: new rows are found by looking, at rest."""
        call = "inotify_add_watch"
        relay = self.project.start(self.sandbox, under=(
            "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:error=ENOSPC:when=2+"))
        relay.wait_started()
        for first in range(0, 60000, 20000):  # many: it does not watch while it reads them
            self.project.insert(purchase(n) for n in range(first, first + 20000))
            self.project.wait_for({"delivered": first + 20000}, 60)
        time.sleep(2)
        before = relay.wakeups()
        time.sleep(2)
        self.assertLess(relay.wakeups() - before, 150)
        self.project.insert([purchase(60000)])
        self.project.wait_for({"delivered": 60001})
        self.assertEqual(relay.stop(), 0)
        self.check()


class Sizes(Case):
    def test_a_file_that_may_not_grow(self):
        """An error with a status of its own, not the end by a signal."""
        with self.assertRaises(subprocess.CalledProcessError) as ended:
            subprocess.run(["prlimit", "--fsize=40000", binary(), "init", "--db",
                            os.path.join(self.project.directory, "small.db")],
                           check=True, capture_output=True)
        self.assertEqual(ended.exception.returncode, 74, ended.exception.stderr)


class Memory(Case):
    """An allocation of the process fails, or some: whichever of its libraries asked, it ends
    by its own abort (which is a kill -9) or by a named status, or goes on. Three libraries of
    Debian 12 do worse: OpenSSL where its own beginning failed and ICU's regular expressions,
    which libphonenumber has, read from NULL, and libcurl divides by a table's size of zero."""
    PRELOADED = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "tests", "lib",
                             "libno_memory.so")
    ENDS = {0, 70, 73, 74, 75, 77, 78, -signal.SIGABRT, -signal.SIGFPE}
    ROWS = 5

    def run_with(self, **settings):
        """A drain of some new rows; its status."""
        self.project.insert(
            purchase(n, user=dict({"email": f"jane{n}@x.de"}, **self.more),
                     consent={"ad_user_data": "GRANTED"})
            for n in range(self.rows, self.rows + self.ROWS))
        self.rows += self.ROWS
        relay = self.project.start(
            self.sandbox, "--drain", under=["env", f"LD_PRELOAD={self.PRELOADED}"] +
            [f"{name}={value}" for name, value in settings.items()])
        status = relay.wait(60)  # a request that nobody hears of any more ends after 30 s
        # As good as killed: what it had sent is sent again.
        if status < 0 or "event=outcome_not_recorded" in relay.log():
            self.project.kills.append(time.time() * 1000)
        # An answer that libcurl had no memory for is none.
        self.project.kills += [
            datetime.datetime.fromisoformat(at).timestamp() * 1000
            for at in re.findall("^time=(\\S+) .* outcome=unknown ", relay.log(), re.M)]
        if status == -signal.SIGSEGV and (self.more or "event=started" not in relay.log()):
            return status  # a library that reads from NULL: as good as a kill -9
        self.assertIn(status, self.ENDS, f"{settings}\n{relay.log()[-4000:]}")
        return status

    def run_failing(self, runs, **more):
        """Runs with failures at random, and what became of the rows."""
        chance, ends, self.rows, self.more = random.Random(SEED), {}, 0, more
        counted = os.path.join(self.project.directory, "count")
        self.assertEqual(self.run_with(NO_MEMORY_COUNT=counted), 0)
        with open(counted, encoding="ascii") as file:
            allocations = int(file.read())
        for _ in range(runs):
            # Most are made before it has begun, and end alike: the later the likelier.
            first = allocations - int(allocations * chance.random() ** 3)
            failing = f"{first} {chance.choice((1, 1, 3, 10))}"
            status = self.run_with(NO_MEMORY=failing)
            ends[status] = ends.get(status, 0) + 1
        print(f"{runs} runs, one in {allocations} allocations fails first, seed {SEED}: {ends}",
              file=sys.stderr)
        self.assertGreater(runs - ends.get(0, 0), runs // 10, "too few failures were felt")
        self.assertEqual(self.drain(), 0)
        self.assertEqual(self.project.statuses(), {"delivered": self.rows})
        self.check()

    def test_an_allocation_fails(self):
        self.run_failing(RUNS)

    def test_libcurl_has_none_for_a_request(self):
        """Each of the last that it asks for, when all has begun, and two more: what it did not
        get to say, when it wants to be asked again, let the relay wait for ever."""
        self.rows, self.more = 0, {}
        counted = os.path.join(self.project.directory, "count")
        meant = {"NO_MEMORY_OF": "libcurl"}
        self.assertEqual(self.run_with(NO_MEMORY_COUNT=counted, **meant), 0)
        with open(counted, encoding="ascii") as file:
            allocations = int(file.read())
        for first in range(allocations - 26, allocations):
            self.run_with(NO_MEMORY=f"{first} 3", **meant)
        self.assertEqual(self.drain(), 0)
        self.check()

    def test_with_phone_numbers(self):
        self.run_failing(RUNS // 4, phone="+49 30 1234567")


if __name__ == "__main__":
    unittest.main()
