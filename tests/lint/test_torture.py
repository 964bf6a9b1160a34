# SPDX-License-Identifier: MIT
"""tools/torture: each part names a program that is there; each mutant changes what is there."""
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import unittest

from source import ROOT, read

TOOL = os.path.join(ROOT, "tools", "torture")


def load():
    loader = importlib.machinery.SourceFileLoader("torture", TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("torture", loader))
    loader.exec_module(module)
    return module


class Torture(unittest.TestCase):
    def test_list(self):
        done = subprocess.run([TOOL, "--list", "--scale", "0.5", "kills"], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^kills +5000 kills\n$")
        self.assertNotEqual(subprocess.run([TOOL, "--list", "kill"],
                                           capture_output=True).returncode, 0)

    def test_programs_are_there(self):
        for part in load().PARTS:
            for word in part.command:
                if word.startswith("build-test/"):
                    folder, stem = os.path.split(word.split("/", 2)[2])
                    made = read(os.path.join(folder, "meson.build"))
                    self.assertRegex(made, rf"'(test_)?{re.escape(stem.removeprefix('test_'))}'", part.name)
                elif word.startswith("tests/"):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, word)), part.name)

    def test_mutants_change_what_is_there(self):
        mutants = load().mutants
        gone = [f"{mutant[0]}: {path}" for mutant in mutants.MUTANTS
                for path, before, _ in mutants.edits(mutant) if read(path).count(before) != 1]
        self.assertEqual(gone, [], "\n" + "\n".join(gone))
        self.assertEqual(set(mutants.ELSEWHERE) - {mutant[0] for mutant in mutants.MUTANTS}, set())

    def test_slices_cover_the_figure_once(self):
        module = load()
        for part in module.PARTS:
            pieces = module.slices_of(part, 1)
            self.assertEqual(sum(count for _, _, count, _ in pieces), part.figure)
            self.assertEqual([first for _, first, _, _ in pieces],
                             list(range(0, part.figure, part.slice)))


if __name__ == "__main__":
    unittest.main()
