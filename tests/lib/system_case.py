# SPDX-License-Identifier: MIT
"""A unittest.TestCase with a machine, the package in it, and a sandbox for its relay."""
import json
import os
import time
import unittest

import deb
import machine

DB = "/var/lib/convey/outbox.db"
SANDBOX = "http://127.0.0.1:8099"  # the machine's own loopback: nobody else is there
INSERT = ("INSERT INTO conversion (event_id, event, page_url, value, currency, ad_user_data, email)"
          " VALUES ('{0}', 'purchase', 'https://shop.example/thanks', '29.99', 'EUR', 'GRANTED',"
          " '{0}@example.com')")


@unittest.skipIf(machine.missing(), machine.missing())
class Case(unittest.TestCase):
    binds = ()

    @classmethod
    def setUpClass(cls):
        cls.deb = deb.package()
        cls.machine = machine.Machine([cls.deb], cls.binds)
        cls.machine.__enter__()
        cls.addClassCleanup(cls.machine.__exit__)
        cls.inside, cls.sh = cls.machine.run, cls.machine.sh

    @classmethod
    def install(cls, path, *options):
        return cls.inside("apt-get", "install", "-y", "--no-install-recommends", *options, path)

    @classmethod
    def install_and_set_up(cls):
        cls.install("/srv/" + os.path.basename(cls.deb))
        cls.sh(f"echo CONVEY_ENDPOINT={SANDBOX} >> /etc/default/convey")
        cls.inside("systemd-run", "--unit=sandbox", "convey-sandbox", "--port", SANDBOX[-4:],
                "--token", "a-token", "--ledger", "/run/ledger.jsonl")
        cls.sh("conveyctl init && conveyctl destination add shop --source web --id PIXEL &&"
               " echo a-token | conveyctl token set shop")

    def show(self, *names):
        """Properties of the service."""
        said = self.inside("systemctl", "show", "convey", "-p", ",".join(names))
        return dict(line.split("=", 1) for line in said.splitlines())

    def wait(self, condition, seconds=60, what=None):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.fail(f"{what or 'it'} did not happen within {seconds} s:\n" +
                          self.inside("journalctl", "-u", "convey", "-n", "30", "--no-pager"))
            time.sleep(0.2)

    def query(self, sql):
        return self.inside("sqlite3", "-readonly", "-cmd", ".timeout 5000", DB, sql).strip()

    def insert(self, event_id, user="convey"):
        self.inside("runuser", "-u", user, "--", "sqlite3", "-cmd", ".timeout 5000", DB,
                 INSERT.format(event_id))

    def wait_delivered(self, event_id):
        self.wait(lambda: self.query("SELECT status FROM outbox_status WHERE event_id = "
                                     f"'{event_id}'") == "delivered", what=event_id)

    def ledger(self):
        return [json.loads(line) for line in self.inside("cat", "/run/ledger.jsonl").splitlines()]
