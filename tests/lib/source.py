# SPDX-License-Identifier: MIT
"""The tree as text, for tests that read it."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("src", "tools/manual", "tools/sandbox", "tests")


def tree():
    """Every file that belongs to the tree, as git knows it; without git, as the disk does."""
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "-C", ROOT, "ls-files", "-co",
                           "--exclude-standard"], capture_output=True, text=True)
    if done.returncode == 0:
        paths = done.stdout.splitlines()
    else:
        paths = [os.path.relpath(os.path.join(folder, name), ROOT)
                 for folder, names, files in os.walk(ROOT)
                 if not names.__setitem__(slice(None), [n for n in names if not
                                                        n.startswith((".git", "build"))])
                 for name in files]
    return sorted(path for path in paths if os.path.isfile(os.path.join(ROOT, path)))


def c_files(*ends, under=ROOMS):
    return [path for path in tree() if path.endswith(ends or (".c", ".h", ".cc"))
            and path.startswith(tuple(room + "/" for room in under))]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def code(text):
    """Without comments, and strings empty; lines stay where they are."""
    def blank(found):
        word = found.group()
        if word[0] in "\"'":
            return word[0] * 2
        return "\n" * word.count("\n") or " "
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def includes(path):
    """("<" or quote, header, line) of each include."""
    return [(found.group(1), found.group(2), text.count("\n", 0, found.start()) + 1)
            for text in [read(path)]
            for found in re.finditer(r'^#include ([<"])([^>"]+)', text, re.M)]


def functions(path):
    """(name, line, lines of the body): what begins and ends in the first column. The rows of
    a table inside do not count."""
    lines, found = code(read(path)).split("\n"), []
    for at, line in enumerate(lines):
        if line != "{":
            continue
        end = lines.index("}", at)
        start = at
        while start > 0 and lines[start - 1].strip() and lines[start - 1][0] not in "}#":
            start -= 1
        name = re.search(r"(\w+)\s*\(", " ".join(lines[start:at]))
        rows, table = 0, None
        for inside in lines[at + 1:end]:
            if table is not None and inside.startswith(table + "}"):
                table = None
            elif table is not None:
                rows += 1
            elif inside.endswith("= {"):
                table = inside[:len(inside) - len(inside.lstrip("\t"))]
        found.append((name.group(1) if name else "?", start + 1, end - at - 1 - rows))
    return found
