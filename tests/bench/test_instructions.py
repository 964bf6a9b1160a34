# SPDX-License-Identifier: MIT
"""The hot path does not grow: instructions an event, beside those that are kept."""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class Instructions(unittest.TestCase):
    def test_none_of_the_passes_has_grown(self):
        program = os.path.join(os.environ["BUILD"], "tests", "bench", "bench_instructions")
        done = subprocess.run([sys.executable, os.path.join(HERE, "instructions"), program],
                              capture_output=True, text=True)
        if done.returncode == 77:
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
