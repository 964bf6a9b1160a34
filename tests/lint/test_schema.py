# SPDX-License-Identifier: MIT
"""schema.sql is what the migrations end at, old SQLite can read it, and C knows its words."""
import glob
import os
import re
import sqlite3
import subprocess
import sys
import unittest

from source import ROOT, read

MIGRATIONS = sorted(glob.glob(os.path.join(ROOT, "migrations", "*.sql")))
# What SQLite 3.26 (2018) does not know; a file that holds one of these is closed to it.
NEWER = (
    r"\bSTRICT\b", r"\bGENERATED\b", r"\bSTORED\b", r"\bRETURNING\b", r"->>?", r"\bunixepoch\s*\(",
    r"\biif\s*\(", r"\bDROP\s+COLUMN\b", r"\bMATERIALIZED\b", r"\bFILTER\s*\(", r"\bNULLS\s+(FIRST|LAST)\b",
    r"\bRIGHT\s+JOIN\b", r"\bFULL\s+(OUTER\s+)?JOIN\b", r"\bIS\s+(NOT\s+)?DISTINCT\b", r"\bUPDATE\b[^;]*\bFROM\b",
    r"\b(concat|concat_ws|string_agg|octet_length|timediff|format|sign|ceil|floor|log|pow|sqrt)\s*\(",
    r"\bjson_(group|each|tree)?b\w*\s*\(", r"\bsubsec(ond)?\b", r"\b\d[\d_]*_\d+\b", r"\bGROUPS\b|\bEXCLUDE\b",
)


def plain(sql):
    """Without comments and white space that does not matter."""
    sql = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.S)
    return re.sub(r"\s*([(),;])\s*", r"\1", re.sub(r"\s+", " ", sql)).strip()


def database(*texts):
    db = sqlite3.connect(":memory:")
    for text in texts:
        db.executescript(text)
    return db


def objects(db):
    return {(kind, name): plain(sql) for kind, name, sql in
            db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")}


def macro(path, name):
    """The rows of an X-macro: lists of their arguments."""
    text = re.search(rf"#define {name}\(X\)((?:.*\\\n)*.*)\n", read(path)).group(1)
    return [[word.strip().strip('"') for word in row.split(",")]
            for row in re.findall(r"X\(([^)]*)\)", text)]


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A step may ask when one before it was applied; the table is migrate.c's.
        history = "CREATE TABLE schema_migration (version, applied_at)"
        cls.migrated = database(history, *[read(os.path.relpath(path, ROOT)) for path in MIGRATIONS],
                                "DROP TABLE schema_migration")
        cls.described = database(read("schema/schema.sql"))

    def test_schema_is_where_migrations_end(self):
        self.assertEqual(objects(self.described), objects(self.migrated))
        for query in ("SELECT * FROM queue", "SELECT * FROM status ORDER BY id",
                      "SELECT * FROM reason ORDER BY id", "SELECT name FROM setting"):
            self.assertEqual(self.described.execute(query).fetchall(),
                             self.migrated.execute(query).fetchall())

    def test_described_as_the_tool_would(self):
        tool = os.path.join(ROOT, "tools", "describe_schema")
        done = subprocess.run([sys.executable, tool, "--check"])
        self.assertEqual(done.returncode, 0, "run tools/describe_schema, then write its paragraphs")

    def test_nothing_newer_than_sqlite_3_26(self):
        for (kind, name), sql in objects(self.migrated).items():
            sql = re.sub(r"'[^']*'", "''", sql)
            for pattern in NEWER:
                self.assertIsNone(re.search(pattern, sql, re.I), f"{kind} {name}: {pattern}")

    def test_nothing_in_the_producers_way(self):
        for table in ("outbox", "visit", "consent"):
            unique = [row for row in self.migrated.execute(f"PRAGMA index_list({table})") if row[2]]
            self.assertEqual(unique, [])
            triggers = self.migrated.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"
                                             " AND tbl_name = ?", (table,)).fetchall()
            self.assertEqual(triggers, [])
            self.migrated.execute("SAVEPOINT here")
            self.migrated.execute(f"INSERT INTO {table} DEFAULT VALUES" if table != "outbox" else
                                  "INSERT INTO outbox (event) VALUES ('purchase')")
            self.migrated.execute("ROLLBACK TO here")

    def test_migrations_are_numbered_and_listed(self):
        names = [os.path.basename(path) for path in MIGRATIONS]
        for number, name in enumerate(names, 1):
            self.assertRegex(name, rf"^{number:04d}_[a-z0-9_]+\.sql$")
        self.assertEqual(re.findall(r"migrations/(\S+?\.sql)", read("src/store/meson.build")), names)


class Words(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = database(read("schema/schema.sql"))

    def test_statuses(self):
        ours = {(int(number), word) for _, number, word in macro("src/core/reason_list.h", "STATUSES")}
        self.assertEqual(ours, set(self.db.execute("SELECT id, word FROM status")))

    def test_reasons(self):
        numbers = {name: int(number) for name, number, _ in macro("src/core/reason_list.h", "STATUSES")}
        ours = {(numbers[status] * 16 + int(number), word)
                for _, status, number, word in macro("src/core/reason_list.h", "REASONS")}
        self.assertEqual(ours, set(self.db.execute("SELECT id, word FROM reason")))

    def test_each_reason_has_an_advice(self):
        for word, advice in self.db.execute("SELECT word, advice FROM reason"):
            self.assertTrue(20 < len(advice) <= 300, word)

    def test_documented(self):
        text = read("docs/administrators.md")
        statuses = {f"| `{word}` |" for word, in self.db.execute("SELECT word FROM status")}
        reasons = {f"| `{word}` | {advice} |" for word, advice in
                   self.db.execute("SELECT word, advice FROM reason")}
        self.assertEqual([row for row in statuses | reasons if row not in text], [])

    def test_default_names_are_tiktoks(self):
        standard = set(re.findall(r'^\t\{"(\w+)",\s*(?:WEB|APP)', read("src/core/event_map.c"), re.M))
        self.assertIn("Purchase", standard)
        used = set(re.findall(r'\{"[^"]+", "(\w+)"\}', read("src/core/event_map_defaults.c")))
        self.assertGreater(len(used), 5)
        self.assertEqual(used - standard, set())


if __name__ == "__main__":
    unittest.main()
