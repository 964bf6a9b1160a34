# SPDX-License-Identifier: MIT
"""The Debian package: lintian is content, and everything is where it belongs."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import deb  # noqa: E402
from source import read, tree  # noqa: E402

INSTALLED = {
    "-rwxr-xr-x": ["usr/bin/convey", "usr/bin/convey-sandbox", "usr/sbin/conveyctl"],
    "-rw-r--r--": [
        "etc/default/convey", "lib/systemd/system/convey.service",
        "usr/lib/sysusers.d/convey.conf", "usr/lib/tmpfiles.d/convey.conf",
        "usr/share/man/man1/convey.1.gz", "usr/share/man/man1/convey-sandbox.1.gz",
        "usr/share/man/man5/convey-schema.5.gz", "usr/share/man/man8/conveyctl.8.gz",
        "usr/share/bash-completion/completions/convey", "usr/share/zsh/vendor-completions/_convey",
        "usr/share/fish/vendor_completions.d/convey.fish",
        "usr/share/fish/vendor_completions.d/conveyctl.fish",
        "usr/share/doc/convey/examples/convey.dashboard.json",
        "usr/share/doc/convey/examples/convey.rules.yml",
        "usr/share/doc/convey/examples/prometheus.yml",
        "usr/share/doc/convey/examples/schema.sql",
        "usr/share/doc/convey/examples/conversion.schema.json"],
}


@unittest.skipUnless(shutil.which("dpkg-buildpackage") and shutil.which("lintian"),
                     "no dpkg-buildpackage and lintian here; tools/setup package")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deb = deb.package(lintian=True)
        listed = subprocess.run(["dpkg-deb", "-c", cls.deb], capture_output=True, text=True,
                                check=True).stdout
        cls.files = {name: (mode, owner) for mode, owner, name in
                     re.findall(r"^(\S+) (\S+) .* \./(\S*[^/\s])$", listed, re.M)}
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        subprocess.run(["dpkg-deb", "-R", cls.deb, cls.folder], check=True)

    def control(self, name):
        with open(os.path.join(self.folder, "DEBIAN", name), encoding="utf-8") as file:
            return file.read()

    def test_everything_is_there(self):
        for mode, names in INSTALLED.items():
            for name in names:
                self.assertEqual(self.files.get(name), (mode, "root/root"), name)
        self.assertEqual(os.readlink(os.path.join(
            self.folder, "usr/share/bash-completion/completions/conveyctl")), "convey")

    def test_all_documents(self):
        names = {os.path.basename(name).removesuffix(".gz") for name in self.files
                 if name.startswith("usr/share/doc/convey/")}
        documents = {path.rsplit("/", 1)[-1] for path in tree()
                     if re.fullmatch(r"(docs/[^/]+|README|SECURITY|CHANGELOG)\.md", path)}
        self.assertEqual(documents - names, set())

    def test_its_documents_link_to_what_is_there(self):
        top = os.path.join(self.folder, "usr/share/doc/convey")
        checked = 0
        for folder, _, names in os.walk(top):
            for name in names:
                if not name.endswith(".md"):
                    self.assertFalse(name.endswith(".md.gz"), name)
                    continue
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = file.read()
                for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
                    if not link.startswith("https://"):
                        path = os.path.realpath(os.path.join(folder, link))
                        self.assertTrue(os.path.exists(path), f"{name}: {link}")
                        self.assertTrue(path.startswith(os.path.realpath(top)), f"{name}: {link}")
                        checked += 1
        self.assertGreater(checked, 20)

    def test_settings_of_the_administrator(self):
        self.assertEqual(self.control("conffiles").split(), ["/etc/default/convey"])
        with open(os.path.join(self.folder, "etc/default/convey"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual([line for line in lines if line and line[0] != "#"], [])
        # What stands there, commented out, is what holds without it.
        script, unit = read("tools/systemd/conveyctl.in"), read("tools/systemd/convey.service.in")
        for name in ("CONVEY_DB", "CONVEY_KEY_FILE"):
            value = [line[1:] for line in lines if line.startswith(f"#{name}=")]
            self.assertEqual(len(value), 1)
            self.assertIn(f"\n{value[0]}\n", script)
        self.assertIn(f"Environment={[ln[1:] for ln in lines if 'CONVEY_DB=' in ln][0]}\n", unit)

    def test_versions_agree(self):
        version = re.search(r"version: '([0-9.]+)'", read("meson.build")).group(1)
        self.assertIn(f"\nVersion: {version}\n", self.control("control"))
        said = subprocess.run([os.path.join(self.folder, "usr/bin/convey"), "--version"],
                              capture_output=True, text=True, check=True).stdout
        self.assertEqual(said, f"convey {version}\n")
        self.assertIn(f"## {version}", read("CHANGELOG.md"))

    def test_the_unit_runs_what_is_installed(self):
        with open(os.path.join(self.folder, "lib/systemd/system/convey.service"),
                  encoding="utf-8") as file:
            unit = file.read()
        self.assertIn("\nExecStart=/usr/bin/convey run --init\n", unit)
        self.assertNotIn("@", re.sub("@(system-service|privileged|resources|keyring|ipc)", "", unit))

    def test_hardened(self):
        said = subprocess.run(["readelf", "-dlW", os.path.join(self.folder, "usr/bin/convey")],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("GNU_RELRO", said)
        self.assertRegex(said, r"FLAGS_1\b.*\bNOW\b.*\bPIE\b")


if __name__ == "__main__":
    unittest.main()
