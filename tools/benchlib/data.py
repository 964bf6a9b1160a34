# SPDX-License-Identifier: MIT
"""The data: rows made from a seed, in a pool that producers insert from, and outboxes that
already hold settled rows."""
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess

VERSION = "3"  # of the rows; part of the cache's names
PIXEL = "C1234567890ABCDEFGHI"

PAYLOAD = (
    '{"consent":{"ad_user_data":"GRANTED","ad_personalization":"GRANTED"},'
    '%(session)s"page":{"url":"https://shop.example/checkout/done?utm_source=tiktok'
    '&ttclid=E.C.P.%(hex)s","referrer":"https://www.tiktok.com/"},'
    '"user":{%(who)s"ip":"203.0.113.%(ip)d",'
    '"user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"},'
    '"properties":{"value":%(euro)d.%(cent)02d,"currency":"EUR","order_id":"A-%(i)d",'
    '"contents":[{"content_id":"SKU-%(sku)d","price":%(euro)d.%(cent)02d,"quantity":1}]}}')


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def person_of(person, i, phone, text, era):
    """Plain: a session, an e-mail address and a phone number, which are replaced in the file
    afterwards; hashed: the latter two, hashed by the producer; or none, nobody. Returning: plain, with
    the e-mail address of a row of "old"; all others are new customers."""
    name = "customer" if era == "old" or person == "returning" else "buyer"
    email, phone = f"{name}{i}@example.de", f"+4917{phone}"
    if person == "none":
        return {"session": "", "who": ""}
    if person == "hashed":
        return {"session": "", "who": f'"email":"{sha256(email)}","phone":"{sha256(phone)}",'}
    return {"session": f'"session_id":"s-{text[:12]}",',
            "who": f'"email":"{email}","phone":"{phone}",'}


def rows(count, seed, ids, era="new", person="plain"):
    """(event_id, event, payload); the ids are random UUIDs or begin with a growing time. No id of
    one era is in the other, and the times of "old" are before those of "new"."""
    rand = random.Random(f"{seed}/{ids}/{era}")
    start = 1_700_000_000_000 if era == "old" else 1_750_000_000_000
    for i in range(count):
        bits = rand.getrandbits(128)
        text = f"{bits:032x}"
        if ids == "ordered":
            text = f"{start + i // 50:012x}" + text[12:]
        uuid = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        yield uuid, "purchase", PAYLOAD % {
            **person_of(person, i, 10_000_000 + bits % 90_000_000, text, era),
            "i": i, "hex": text[:12], "ip": bits % 250 + 1, "euro": bits % 400 + 1, "cent": bits % 100, "sku": bits % 977}


class Data:
    def __init__(self, convey, cache, seed):
        self.convey = convey
        self.cache = cache
        self.seed = seed
        os.makedirs(cache, exist_ok=True)

    def _path(self, name):
        return os.path.join(self.cache, name)

    def pool(self, count, ids, era="new", person="plain"):
        """A file with the table `pool`; inserting from it costs the producer no Python."""
        kind = "" if person == "plain" else f"-{person}"
        path = self._path(f"pool-{VERSION}-{self.seed}-{era}-{ids}{kind}-{count}.db")
        if not os.path.exists(path):
            db = sqlite3.connect(path + ".new")
            db.execute("PRAGMA journal_mode=OFF")
            db.execute("PRAGMA synchronous=OFF")
            db.execute("CREATE TABLE pool(id INTEGER PRIMARY KEY, event_id, event, payload)")
            db.executemany("INSERT INTO pool(event_id, event, payload) VALUES (?,?,?)",
                           rows(count, self.seed, ids, era, person))
            db.commit()
            db.close()
            os.rename(path + ".new", path)
        return path

    def fresh(self, path):
        """An outbox without rows, with one destination and its token."""
        drop(path)
        for words, given in ((["init"], ""),
                             (["destination", "add", "shop", "--source", "web", "--id", PIXEL], ""),
                             (["token", "set", "shop"], "token\n")):
            subprocess.run([self.convey, *words, "--db", path], input=given, text=True, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def schema_key(self, root):
        digest = hashlib.sha256(VERSION.encode())
        folder = os.path.join(root, "migrations")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                digest.update(file.read())
        return digest.hexdigest()[:12]

    def history(self, root, count, ids, drain):
        """An outbox with `count` rows that the relay has really drained; kept for later."""
        path = self._path(f"history-{self.schema_key(root)}-{self.seed}-{ids}-{count}.db")
        if not os.path.exists(path):
            half = path + ".new"
            self.fresh(half)
            pool = self.pool(count, ids, "old")
            fill(half, pool)
            os.unlink(pool)
            drain(half)
            os.rename(half + ".key", path + ".key")
            os.rename(half, path)
            drop(half)
        return path


def drop(path):
    for tail in ("", "-wal", "-shm", ".key", ".lock", ".admin.sock", ".admin.token"):
        if os.path.exists(path + tail):
            os.unlink(path + tail)


def copy(source, path):
    drop(path)
    shutil.copyfile(source, path)
    shutil.copyfile(source + ".key", path + ".key")
    os.chmod(path + ".key", 0o600)


def fill(path, pool):
    """All rows of the pool, committed and moved out of the WAL."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("ATTACH ? AS source", (pool,))
    db.execute("PRAGMA main.synchronous=OFF")
    db.execute("INSERT INTO outbox(event_id, event, payload) "
               "SELECT event_id, event, payload FROM source.pool ORDER BY id")
    db.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
    db.close()
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
