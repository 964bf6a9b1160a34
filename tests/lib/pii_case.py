# SPDX-License-Identifier: MIT
"""Persons whose data must be found nowhere."""
import glob
import hashlib
import json
import os

from convey import purchase
from relay_case import Case

GRANTED = {"ad_user_data": "GRANTED"}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def person(number):
    return {"email": f"Canary{number}@mail.example", "phone": f"+49170{7770000 + number}",
            "first_name": f"Canariana{number}", "last_name": "Canarsson",
            "zip_code": f"canzip{number}", "ip": "203.0.113.9"}


def canary(number, **more):
    return purchase(number, consent=GRANTED, user=person(number), **more)


class PiiCase(Case):
    def places_of(self, *words):
        """Which files hold one of the words, in any case."""
        found = []
        for path in glob.glob(os.path.join(self.project.directory, "*")):
            if not os.path.isfile(path):
                continue  # a running relay's socket
            with open(path, "rb") as file:
                content = file.read().lower()
            found += [(os.path.basename(path), word) for word in words
                      if word.lower().encode() in content]
        return found

    def assert_no_canary(self):
        self.assertEqual(self.places_of("canar", "canzip", "+4917077"), [])

    def payload(self, event_id):
        return json.loads(self.project.query(
            "SELECT payload FROM outbox WHERE event_id = ? ORDER BY id", event_id)[0][0])

    def plain(self):
        return self.project.query("SELECT count(*) FROM outbox WHERE payload LIKE '%canar%'")[0][0]
