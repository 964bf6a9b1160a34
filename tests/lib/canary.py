# SPDX-License-Identifier: MIT
"""Every secret of every test carries a mark, and nothing that convey leaves behind may hold it.

Tokens that tests set (Project.set_token, Sandbox) get it from token(), an app's secret from
SECRET; what the sandbox mints is known by its form. It is looked for, also as hex and base64,
in three places:
    what a process printed     cases.py, in whatever a test reads by communicate() or run()
    a project's folder         Project.close(): database, WAL, index, logs, what is temporary;
                               and each key of the folder in all other files
    what a job printed         suite.py
Files of the test's own, with "secret" in their names, and the sandbox's ledger are left out."""
import base64
import os
import re
import subprocess

MARK = "canary-7c1e9d2f"
SECRET = MARK + "-app-secret"
CHUNK = 1 << 23
KEY = re.compile(rb"[0-9a-f]{64}")
MINTED = re.compile(rb"(?:act|rft|code)-[0-9a-f]{32}")


def token(word):
    """A test's token as it is set and sent; "T=ID,…" as the sandbox takes it."""
    name, equals, sources = word.partition("=")
    return name + equals + sources if name.startswith(MARK) else \
        f"{MARK}-{name}{equals}{sources}"


def forms(text):
    """The ways in which its bytes may be written down."""
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):  # base64 at any place of a longer text: the groups that are whole
        known = (shift + len(raw)) // 3 * 4
        yield base64.b64encode(b"\0" * shift + raw)[:known][4 if shift else 0:]


FORMS = list(forms(MARK))


def find(data, more=()):
    """What of it is in the bytes; None: nothing."""
    for form in (*FORMS, *more):
        if form in data:
            return form
    for start in (b"act-", b"rft-", b"code-"):
        at = data.find(start)
        while at >= 0:
            found = MINTED.match(data, at)
            if found:
                return found.group()
            at = data.find(start, at + 1)
    return None


def find_in_file(path, more):
    overlap = max(map(len, (*FORMS, *more))) + 40
    with open(path, "rb") as file:
        tail = b""
        while True:
            chunk = file.read(CHUNK)
            if not chunk:
                return None
            found = find(tail + chunk, more)
            if found:
                return found
            tail = chunk[-overlap:]


def files(folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path) and "secret" not in name and not name.endswith(".jsonl"):
                yield path


def keys(folder):
    """path -> what stands for the key in it, of each key file; the admin page's token too."""
    found = {}
    for path in files(folder):
        if path.endswith(".admin.token") or os.path.getsize(path) in (64, 65):
            with open(path, "rb") as file:
                content = file.read().strip()
            if KEY.fullmatch(content):
                found[path] = [content, bytes.fromhex(content.decode())]
            elif path.endswith(".admin.token") and content:
                found[path] = [content]
    return found


def search(folder):
    """[(path, what was found)] of a project's folder."""
    leaks, known = [], keys(folder)
    for path in files(folder):
        own = known.get(path, ())
        found = find_in_file(path, [form for each in known.values() for form in each
                                    if form not in own])
        if found:
            leaks.append((path, found))
    return leaks


class Watched(subprocess.Popen):
    def communicate(self, *args, **more):
        printed = super().communicate(*args, **more)
        for text in printed:
            found = find(text.encode(errors="replace") if isinstance(text, str) else text or b"")
            if found:
                raise AssertionError(f"{self.args} printed {found}")
        return printed


def watch_processes():
    subprocess.Popen = Watched
