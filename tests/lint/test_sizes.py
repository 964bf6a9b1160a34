# SPDX-License-Identifier: MIT
"""Functions, files and headers stay readable; every file says what it is."""
import re
import statistics
import unittest

from source import c_files, functions, read, tree

FUNCTION, MEDIAN, FILE, HEADER = 60, 14, 450, 80


def own_code(path):
    return path.startswith(("src/", "tools/sandbox/"))


class Sizes(unittest.TestCase):
    def test_functions(self):
        bad = [f"{path}:{line}: {name} has {size} lines" for path in c_files()
               for name, line, size in functions(path) if size > FUNCTION]
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_median_of_functions(self):
        sizes = [size for path in c_files() if own_code(path) for _, _, size in functions(path)]
        self.assertGreater(len(sizes), 100)
        self.assertLessEqual(statistics.median(sizes), MEDIAN)

    def test_files(self):
        bad = [f"{path}: {lines} lines" for path in c_files() + [p for p in tree() if
                                                                 p.endswith(".py")]
               for lines in [read(path).count("\n")] if lines > FILE]
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_headers(self):
        bad = [f"{path}: {lines} lines" for path in c_files(".h")
               for lines in [read(path).count("\n")] if lines > HEADER]
        self.assertEqual(bad, [], "\n" + "\n".join(bad))


class Faces(unittest.TestCase):
    def test_spdx(self):
        bad = []
        for path in tree():
            script = path.startswith(("tools/", ".ci/")) and "." not in path.rsplit("/", 1)[1]
            if script or path.endswith((".c", ".h", ".cc", ".py", ".sql")) or \
                    path.endswith("meson.build") and path == "meson.build":
                if read(path) and "SPDX-License-Identifier: MIT" not in "\n".join(read(path).split("\n")[:3]):
                    bad.append(path)
        self.assertEqual(bad, [])

    def test_headers_say_what_they_are(self):
        form = re.compile(r"/\* SPDX-License-Identifier: MIT\n \* (\S+) - .*?"
                          r"Owns: .*?Thread: .*?Errors: .*?\*/\n#ifndef (\w+)\n#define \2\n", re.S)
        bad = []
        for path in c_files(".h", under=("src", "tools/sandbox")):
            found = form.match(read(path))
            if not found or found.group(1) != path.rsplit("/", 1)[1]:
                bad.append(path)
        self.assertEqual(bad, [])

    def test_every_folder_is_introduced(self):
        folders = {path.rsplit("/", 1)[0] for path in tree()
                   if path.startswith(("src/", "tests/", "tools/")) and path.count("/") > 0}
        bad = [f"{folder}/README.md is missing" for folder in sorted(folders)
               if folder != "src" and "/corpus/" not in folder  # fuzz/corpus says it of each
               and f"{folder}/README.md" not in tree()]
        bad += [f"{path}: more than 15 lines" for path in tree()
                if re.match(r"(src|tests|tools)/(.*/)?README\.md$", path)
                and read(path).count("\n") > 15]
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_links_of_documents_lead_somewhere(self):
        files, bad = set(tree()), []
        folders = {path[:at] for path in files for at in range(len(path)) if path[at] == "/"}
        for path in files:
            if not path.endswith(".md"):
                continue
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(path)):
                parts = (path.rsplit("/", 1)[0].split("/") if "/" in path else []) + \
                    target.rstrip("/").split("/")
                whole = []
                for part in parts:
                    if part == "..":
                        whole.pop()
                    elif part != ".":
                        whole.append(part)
                if "/".join(whole) not in files | folders:
                    bad.append(f"{path}: {target}")
        self.assertEqual(bad, [])


if __name__ == "__main__":
    unittest.main()
