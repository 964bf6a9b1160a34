# SPDX-License-Identifier: MIT
"""Runs the unittest cases of one file and prints a line for each: ok, not ok or skip."""
import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import canary  # noqa: E402


class Result(unittest.TextTestResult):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.lines, self.bad = [], set()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def note(self, word, test, more=""):
        took = time.monotonic() - getattr(self, "began", time.monotonic())
        self.lines.append(f"{word} {test.id()} {more or f'({took:.2f} s)'}")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note("ok", test)

    def fail_once(self, test):
        # Several subtests of one test may fail; the test fails once.
        if test.id() not in self.bad:
            self.bad.add(test.id())
            self.note("not ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.fail_once(test)

    def addError(self, test, err):
        super().addError(test, err)
        self.fail_once(test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.fail_once(test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note("skip", test, reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.fail_once(test)


def main():
    # A background job of a script inherits it ignored, and so would what tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    canary.watch_processes()
    path = os.path.abspath(sys.argv[1])
    sys.path.insert(0, os.path.dirname(path))
    name = os.path.splitext(os.path.basename(path))[0]
    tests = unittest.defaultTestLoader.loadTestsFromNames([name] if len(sys.argv) < 3 else
                                                          [f"{name}.{word}" for word in sys.argv[2:]])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0, resultclass=Result).run(tests)
    print("\n".join(result.lines))
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)


if __name__ == "__main__":
    main()
