# SPDX-License-Identifier: MIT
"""Completions, as the shells themselves give them. The same questions to each."""
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from convey import Project  # noqa: E402
from source import ROOT  # noqa: E402

MADE = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "tools", "manual")

# The last word is the one to complete.
QUESTIONS = (
    (["dest"], ["destination"]),
    (["destination", "re"], ["remove", "resume"]),
    (["destination", "add", "new", "--so"], ["--source"]),
    (["destination", "add", "new", "--source", ""], ["app", "crm", "offline", "web"]),
    (["destination", "add", "new", "--source", "web", "--timez"], ["--timezone"]),
    (["destination", "add", "new", "--id", "list", "--pi"], ["--pii"]),
    (["list", "--status", "s"], ["sending", "skipped"]),
    (["list", "--reason", "paus"], ["paused", "paused_test"]),
    (["run", "--log", ""], ["json", "logfmt"]),
    (["run", "--dr"], ["--drain"]),
    (["config", "import", "one-f"], ["one-file"]),
    (["run", "--ca-file", "one-f"], ["one-file"]),
    (["destination", "show", ""], ["shop", "stores"]),
    (["token", "set", "sh"], ["shop"]),
    (["destination", "add", ""], []),
)

BASH = """
compopt() { :; } # bash has it while it completes only
source "$1"; shift
COMP_WORDS=(convey "$@") COMP_CWORD=$# COMPREPLY=()
_convey
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""
# zsh completes in its line editor only; these stand in for what it offers a function.
ZSH = """
_files() { print -l -- ${words[CURRENT]}*(N) }
compadd() { shift; print -l -- ${(M)@:#${words[CURRENT]}*} }
_describe() { local row; for row in ${(P)2}; do compadd -- ${row%%:*}; done }
file=$1; shift
words=(convey "$@") CURRENT=$((# + 1))
source $file
"""
FISH = 'source $argv[1]; complete -C "convey "(string join " " -- $argv[2..])'


class Completions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project({"shop": ("web", "P1"), "stores": ("offline", "P2")}, token=None)
        cls.addClassCleanup(cls.project.close)
        db = cls.project.connect()
        db.execute("INSERT INTO destination (name, source, pixel_id) SELECT 'sh; touch hacked', "
                   "source, 'P3' FROM destination LIMIT 1")
        db.close()
        bin = os.path.join(cls.project.directory, "bin")
        os.mkdir(bin)
        os.symlink(os.path.abspath(os.environ["CONVEY"]), os.path.join(bin, "convey"))
        with open(os.path.join(bin, "conveyctl"), "w", encoding="ascii") as file:
            file.write('#!/bin/sh\necho \'{"name": "services",\'\n')
        os.chmod(file.name, 0o755)
        open(os.path.join(cls.project.directory, "one-file"), "w").close()
        cls.env = dict(os.environ, CONVEY_DB=cls.project.db, HOME=cls.project.directory,
                       XDG_CONFIG_HOME=cls.project.directory, XDG_DATA_HOME=cls.project.directory,
                       PATH=bin + ":" + os.environ["PATH"])

    def ask(self, shell, script, file, words):
        name = shell[0]
        if not shutil.which(name):
            self.skipTest(f"no {name} here")
        after = [] if name == "fish" else [name]
        done = subprocess.run([*shell, "-c", script, *after, os.path.join(MADE, file), *words],
                              capture_output=True, text=True, env=self.env, timeout=30,
                              cwd=self.project.directory)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return sorted({line.partition("\t")[0].removeprefix("./") for line in
                       done.stdout.split("\n") if line})

    def check(self, *how):
        for words, answer in QUESTIONS:
            with self.subTest(words=words):
                self.assertEqual(self.ask(*how, words), answer)
        self.assertFalse(os.path.exists(os.path.join(self.project.directory, "hacked")))

    def test_bash(self):
        self.check(["bash", "--norc"], BASH, "convey")

    def test_zsh(self):
        self.check(["zsh", "-f"], ZSH, "_convey")

    def test_fish(self):
        self.check(["fish", "--no-config"], FISH, "convey.fish")

    def test_conveyctl_completes_the_same(self):
        for shell, script, file in ((["bash", "--norc"], BASH, "convey"),
                                    (["zsh", "-f"], ZSH, "_convey")):
            script = script.replace("(convey ", "(conveyctl ")
            self.assertEqual(self.ask(shell, script, file, ["destination", "show", ""]),
                             ["services"])
        self.assertIn("conveyctl", self.ask(["bash", "--norc"], 'source "$1"; complete -p '
                                            'conveyctl', "convey", [])[0])

    def test_another_database(self):
        other = Project({"elsewhere": ("web", "P1")}, token=None)
        self.addCleanup(other.close)
        words = ["--db", other.db, "destination", "show", ""]
        self.assertEqual(self.ask(["bash", "--norc"], BASH, "convey", words), ["elsewhere"])


if __name__ == "__main__":
    unittest.main()
