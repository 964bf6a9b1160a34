# SPDX-License-Identifier: MIT
"""The arrow of rooms, one owner for each foreign header, headers that stand alone."""
import concurrent.futures
import functools
import json
import os
import re
import shlex
import subprocess
import unittest

from source import ROOT, c_files, code, includes, read

ARROW = {
    "base": {"base"},
    "core": {"base", "core"},
    "store": {"base", "core", "store"},
    "net": {"base", "core", "net"},
    "run": {"base", "core", "store", "net", "run"},
    "cmd": {"base", "core", "store", "net", "run", "cmd"},
}

# Who may include a foreign header; for all others it does not exist.
OWNERS = {
    "sqlite3.h": ("src/store/db.h", "src/store/db_value.h"),
    "curl/": ("src/net/http.c", "src/net/http_header.c"),
    "microhttpd.h": ("src/net/admin.c", "src/net/callback.c", "src/net/reply.c",
                     "tools/sandbox/server.c"),
    "jansson.h": ("src/cmd/", "tools/manual/", "tools/sandbox/", "tests/"),
    "uv.h": ("src/net/", "src/run/", "src/cmd/", "tests/"),
    "openssl/": ("src/core/digest.c", "src/core/secret.h", "src/net/", "src/store/vault.c"),
    "unicode/": ("src/core/",),
    "phonenumbers/": ("src/core/phone_number.cc",),
    "absl/": ("src/core/zone_rules.cc",),
    "xxhash.h": ("src/core/", "src/store/dedup.c", "tools/sandbox/dedup.c"),
    "jsmn.h": ("src/core/json.c",),
}


class Layers(unittest.TestCase):
    def test_the_arrow(self):
        bad = []
        for path in c_files(under=("src",)):
            room = path.split("/")[1] if path.count("/") > 1 else "main"
            allowed = ARROW.get(room, {"base", "cmd"})
            for quote, header, line in includes(path):
                if quote == '"' and header.split("/")[0] not in allowed:
                    bad.append(f"{path}:{line}: {room}/ must not know {header}")
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_includes_name_their_room(self):
        bad = [f"{path}:{line}: {header}" for path in c_files(under=("src",))
               for quote, header, line in includes(path)
               if quote == '"' and not os.path.exists(os.path.join(ROOT, "src", header))]
        self.assertEqual(bad, [])

    def test_the_sandbox_knows_only_base(self):
        bad = [f"{path}:{line}: {header}" for path in c_files(under=("tools/sandbox",))
               for quote, header, line in includes(path)
               if quote == '"' and "/" in header and not header.startswith("base/")]
        self.assertEqual(bad, [])

    def test_foreign_headers_have_owners(self):
        bad = []
        for path in c_files():
            for quote, header, line in includes(path):
                for foreign, owners in OWNERS.items():
                    if quote == "<" and header.startswith(foreign) and \
                            not path.startswith(owners) and not path.startswith("tests/"):
                        bad.append(f"{path}:{line}: {header} belongs to {', '.join(owners)}")
        self.assertEqual(bad, [], "\n" + "\n".join(bad))


class Headers(unittest.TestCase):
    @functools.cache
    def flags(self):
        """The compiler's words for a file of the tree, without what names that file."""
        words = ["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Isrc", "-Itools/sandbox", "-Itests/lib"]
        build = os.environ.get("BUILD", "")
        path = os.path.join(build, "compile_commands.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for entry in json.load(file):
                    words += [word for word in shlex.split(entry["command"])
                              if word.startswith("-I/") and word not in words]
        return words

    def compile(self, path):
        base = [*self.flags(), "-Wall", "-Wextra", "-Wpedantic", "-Wno-unused-function",
                "-Werror", "-fsyntax-only", "-x", "c", "-"]
        done = subprocess.run(base, input=f'#include "{os.path.join(ROOT, path)}"\n'
                              "typedef int not_empty;\n", cwd=ROOT, capture_output=True, text=True)
        return None if done.returncode == 0 else f"{path}: {done.stderr}"

    @staticmethod
    def is_first_of_its_source(path):
        """Then the build has compiled it with nothing before it."""
        for end in (".c", ".cc"):
            source = path.removesuffix(".h") + end
            if os.path.exists(os.path.join(ROOT, source)):
                first = includes(source)[0][1]
                return os.path.basename(first) == os.path.basename(path)
        return False

    def test_each_compiles_alone(self):
        others = [path for path in c_files(".h") if not self.is_first_of_its_source(path)]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            bad = [words for words in pool.map(self.compile, others) if words]
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_each_may_come_twice(self):
        guard = re.compile(r"\s*#ifndef (\w+)\n#define \1\n.*\n#endif\s*", re.S)
        bad = [path for path in c_files(".h") if not guard.fullmatch(code(read(path)))]
        self.assertEqual(bad, [])


if __name__ == "__main__":
    unittest.main()
