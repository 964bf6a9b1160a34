# SPDX-License-Identifier: MIT
"""The Debian package of this tree, made once for all tests that want it."""
import hashlib
import os
import shutil
import subprocess
import tempfile

from source import ROOT, tree

OUT = os.path.join(ROOT, "build-test", "deb")


def state(more):
    """A name for what is packed now; tests are not."""
    whole = hashlib.sha256(repr(more).encode())
    for path in (path for path in tree() if not path.startswith("tests/")):
        whole.update(path.encode() + b"\0")
        with open(os.path.join(ROOT, path), "rb") as file:
            whole.update(hashlib.sha256(file.read()).digest())
    return whole.hexdigest()[:16]


def make(folder, out, lintian):
    """Without what debuggers want, which would be thrown away."""
    env = dict(os.environ, DEB_BUILD_OPTIONS="nocheck noautodbgsym", DEB_CFLAGS_APPEND="-g0",
               DEB_CXXFLAGS_APPEND="-g0", LINTIAN="yes" if lintian else "no")
    done = subprocess.run([os.path.join(folder, "tools", "package"), out], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"tools/package: exit {done.returncode}\n{done.stderr[-6000:]}")
    return done.stdout.strip()


def package(lintian=False):
    out = os.path.join(OUT, state(lintian))
    if not os.path.isdir(out):
        shutil.rmtree(OUT, ignore_errors=True)  # of an older tree
        made = tempfile.mkdtemp(prefix="convey-deb-", dir="/var/tmp")
        make(ROOT, made, lintian)
        os.makedirs(OUT, exist_ok=True)
        shutil.move(made, out)
    return [os.path.join(out, name) for name in os.listdir(out) if name.endswith(".deb")][0]


def migrations():
    """The steps of this version, in order."""
    return sorted(name for name in os.listdir(os.path.join(ROOT, "migrations"))
                  if name.endswith(".sql"))


def later_package(out):
    """One of a later version, with one migration more."""
    with tempfile.TemporaryDirectory(prefix="convey-later-", dir="/var/tmp") as folder:
        for path in tree():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, path), os.path.join(folder, path))
        last = migrations()[-1]
        later = f"{len(migrations()) + 1:04}_later.sql"
        change(folder, "src/store/meson.build", f"{last}'", f"{last}', '../../migrations/{later}'")
        change(folder, "meson.build", "version: '0.1.0'", "version: '0.1.1'")
        change(folder, "debian/changelog", "convey (0.1.0)", "convey (0.1.1)")
        with open(os.path.join(folder, "migrations", later), "w", encoding="ascii") as file:
            file.write("CREATE TABLE later (id INTEGER PRIMARY KEY);\n")
        return make(folder, out, False)


def change(folder, path, old, new):
    path = os.path.join(folder, path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text, f"{path} has no {old}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new, 1))
