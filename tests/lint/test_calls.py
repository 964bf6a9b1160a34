# SPDX-License-Identifier: MIT
"""Calls that are not made here, and the one format of C."""
import difflib
import re
import shutil
import subprocess
import unittest

from source import ROOT, c_files, code, read

# what it looks like, why not, where it may be
BANNED = (
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets)\s*\(", "writes without a limit", ()),
    (r"\b(strtok|atoi|atol|atoll|atof)\s*\(", "no way to tell an error", ()),
    (r"\b(localtime|localtime_r|mktime|gmtime)\s*\(", "depends on the machine's zone", ()),
    (r"\b(time|gettimeofday|clock_gettime)\s*\(", "base/clock.h has the clocks", ("src/base/clock.c",)),
    (r"\b(rand|srand|random|rand_r)\s*\(", "base/clock.h has chance", ("src/base/clock.c",)),
    (r"\b_?exit\s*\(", "errors go up to main", ("src/main.c", "tools/sandbox/main.c")),
    (r"\bsystem\s*\(|\bpopen\s*\(", "no shell", ()),
    (r"\balloca\s*\(", "input must not size the stack", ()),
    (r"\btypedef\s+(struct|enum|union)\s*(\w+\s*)?(\{|\w+\s*;)", "struct and enum keep their names", ()),
    (r"\bCURLOPT_VERBOSE\b", "would print tokens", ()),
)
SQL = re.compile(r'"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP)\b[^"]*%[^"]*"')
FORMATS = re.compile(r"\b(?:snprintf|vsnprintf|asprintf|buf_addf|sqlite3_v?mprintf|sqlite3_snprintf)\s*\(")
DEFERRED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


TABLE = re.compile(r'\s*([{&"]|X\(|\},?;?$)')


def misformatted(tool, path):
    """Where clang-format would change something but tables: a row a line, aligned by hand."""
    old = read(path)
    new = subprocess.run([tool, path], cwd=ROOT, capture_output=True, text=True).stdout
    lines, changed = old.split("\n"), new.split("\n")
    moves = difflib.SequenceMatcher(None, lines, changed, autojunk=False).get_opcodes()
    return [f"{path}:{a + 1}" for kind, a, b, _, _ in moves if kind != "equal" and
            (a == b or not all(map(TABLE.match, lines[a:b])))]


class Calls(unittest.TestCase):
    def test_banned(self):
        bad = []
        for path in c_files(".c", ".h", ".cc", under=("src", "tools/sandbox")):
            text = code(read(path))
            for pattern, why, allowed in BANNED:
                if path in allowed:
                    continue
                for found in re.finditer(pattern, text):
                    line = text.count("\n", 0, found.start()) + 1
                    bad.append(f"{path}:{line}: {found.group()} ({why})")
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_only_run_and_cmd_log(self):
        bad = [f"{path}: {found.group()}"
               for path in c_files(".c", ".h", under=("src",))
               if path.startswith(("src/core/", "src/store/", "src/net/"))
               for found in re.finditer(r"\b(log_begin|printf|puts|perror|fprintf)\s*\(",
                                        code(read(path)))]
        self.assertEqual(bad, [])

    def test_sql_is_constant(self):
        bad = []
        for path in c_files(".c", under=("src",)):
            text = read(path)
            for found in FORMATS.finditer(text):
                call = text[found.start():text.find(";", found.start())]
                if SQL.search(call) or "mprintf" in found.group():
                    bad.append(f"{path}:{text.count(chr(10), 0, found.start()) + 1}")
        self.assertEqual(bad, [])

    def test_nothing_is_put_off(self):
        bad = [path for path in c_files() if DEFERRED.search(read(path))]
        self.assertEqual(bad, [])

    def test_format(self):
        tool = shutil.which("clang-format-14") or shutil.which("clang-format")
        said = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout \
            if tool else ""
        if "version 14." not in said:
            self.skipTest("clang-format 14 is not here; others format otherwise")
        done = subprocess.run([tool, "--dry-run", "--ferror-limit=1", *c_files(".c", ".h")],
                              cwd=ROOT, capture_output=True, text=True)
        files = sorted(set(re.findall(r"^([^:\s]+):\d+:\d+: ", done.stderr, re.M)))
        bad = sum((misformatted(tool, path) for path in files), [])
        self.assertEqual(bad, [], "\n" + "\n".join(bad))


if __name__ == "__main__":
    unittest.main()
