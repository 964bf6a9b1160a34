/* SPDX-License-Identifier: MIT
 *
 * The database, its files and the disk. The file itself is never opened here: closing it again
 * would drop the locks that SQLite holds on it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cmd/doctor.h"
#include "store/credential.h"
#include "store/health.h"
#include "store/migrate.h"

#define MIB (INT64_C(1024) * 1024)

/* 3040001: "3.40.1" */
static void version_text(int number, char out[24])
{
	snprintf(out, 24, "%d.%d.%d", number / 1000000, number / 1000 % 1000,
		 number % 1000);
}

static void check_sqlite(struct doctor *d)
{
	bool bug = health_has_wal_reset_bug(health_sqlite_number());
	struct err e = {ERR_OK, ""};
	char text[24];
	int writer;

	doctor_tell(d, "sqlite", bug ? WARN : FINE,
		    "the relay guards its own checkpoints against it. Applications that "
		    "write "
		    "this file should use SQLite 3.51.3, 3.50.7 or 3.44.6, or PRAGMA "
		    "wal_autocheckpoint = 0",
		    "%s here%s", health_sqlite_version(),
		    bug ? ", which has the WAL-reset bug: a checkpoint that meets a "
			  "commit can "
			  "corrupt a database"
			: "");
	if (health_last_writer(d->db, &writer, &e) != ERR_OK) {
		doctor_failed(d, "last writer", &e);
		return;
	}
	version_text(writer, text);
	bug = writer && health_has_wal_reset_bug(writer);
	doctor_tell(
		d, "last writer", bug && writer != health_sqlite_number() ? WARN : FINE,
		"update the SQLite of that application to 3.51.3, 3.50.7 or 3.44.6, or "
		"let it set PRAGMA wal_autocheckpoint = 0",
		"the file was last extended by SQLite %s%s",
		writer ? text : "of a version that it does not say",
		bug && writer != health_sqlite_number() ? ", which has the WAL-reset bug"
							: "");
}

static void check_modes(struct doctor *d)
{
	struct err e = {ERR_OK, ""};
	int64_t page = 0;
	bool wal = false;

	doctor_tell(d, "schema", FINE, "", "version %d", migration_count);
	if (health_is_wal(d->db, &wal, &e) != ERR_OK ||
	    health_page_size(d->db, &page, &e) != ERR_OK) {
		doctor_failed(d, "journal_mode", &e);
		return;
	}
	/* A restored file may have another: it is not wrong until somebody works with it. */
	doctor_tell(d, "journal_mode", wal || d->relay.pid == 0 ? FINE : WRONG,
		    "stop all writers, then: sqlite3 FILE 'PRAGMA journal_mode = WAL'",
		    "%s, pages of %lld bytes",
		    wal ? "wal"
		    : d->relay.pid == 0
			    ? "not wal; the relay sets it when it starts"
			    : "not wal: producers and the relay block each other",
		    (long long)page);
}

/* -wal and -shm have the owner and the mode of the file, or other writers cannot use them. */
static void check_companion(struct doctor *d, const struct stat *db, const char *suffix)
{
	char path[sizeof(d->db->path) + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", d->db->path, suffix);
	if (stat(path, &st) != 0 || (st.st_uid == db->st_uid && st.st_gid == db->st_gid &&
				     ((st.st_mode ^ db->st_mode) & 0777) == 0))
		return;
	doctor_tell(d, "file mode", WARN,
		    "give it the owner, the group and the mode of the database, or other "
		    "writers fail",
		    "%s: %04o of user %u, while the database is %04o of user %u", path,
		    (unsigned)st.st_mode & 07777, (unsigned)st.st_uid,
		    (unsigned)db->st_mode & 07777, (unsigned)db->st_uid);
}

static void check_file_mode(struct doctor *d)
{
	struct stat st;

	if (stat(d->db->path, &st) != 0)
		return;
	doctor_tell(
		d, "file mode",
		st.st_mode & S_IRWXO   ? WRONG
		: st.st_mode & S_IRWXG ? WARN
				       : FINE,
		"it holds personal data: chmod 600, or 660 with a group of its own for "
		"producers",
		"%04o", (unsigned)st.st_mode & 07777);
	check_companion(d, &st, "-wal");
	check_companion(d, &st, "-shm");
}

static void check_disk(struct doctor *d)
{
	char path[sizeof(d->db->path) + 8];
	struct statvfs fs;
	struct stat st;
	int64_t room, wal = 0;

	if (statvfs(d->db->path, &fs) == 0) {
		room = (int64_t)(fs.f_bavail * fs.f_frsize) / MIB;
		doctor_tell(d, "free space",
			    room < 64    ? WRONG
			    : room < 512 ? WARN
					 : FINE,
			    "make room: a full disk stops producers and the relay",
			    "%lld MiB", (long long)room);
	}
	snprintf(path, sizeof(path), "%s-wal", d->db->path);
	if (stat(path, &st) == 0)
		wal = (int64_t)st.st_size / MIB;
	doctor_tell(
		d, "wal", wal > 256 ? WARN : FINE,
		"a reader that never ends its transaction keeps it, or no relay runs to "
		"empty it: look for old connections, then convey run",
		"%lld MiB", (long long)wal);
}

static void check_key(struct doctor *d)
{
	struct err e = {ERR_OK, ""}, first = {ERR_OK, ""};
	struct vault vault;
	struct stat st;
	int sealed, opened;

	if (vault_open(&vault, d->cmd->db_path, &e) != ERR_OK) {
		doctor_failed(d, "key", &e);
		return;
	}
	if (stat(vault.path, &st) == 0)
		doctor_tell(d, "key", FINE, "", "%s, mode %04o", vault.path,
			    (unsigned)st.st_mode & 07777);
	if (credential_check(d->db, &vault, &sealed, &opened, &first) != ERR_OK)
		doctor_failed(d, "secrets", &first);
	else
		doctor_tell(d, "secrets", opened == sealed ? FINE : WRONG,
			    "put the right key file back, or set the tokens again",
			    "%d of %d open with the key%s%s", opened, sealed,
			    opened == sealed ? "" : ": ",
			    opened == sealed ? "" : first.msg);
	vault_close(&vault);
}

/* An application may choose ids itself. */
static void check_cursor(struct doctor *d)
{
	struct err e = {ERR_OK, ""};
	int64_t behind;

	if (health_left_behind(d->db, &behind, &e) != ERR_OK)
		doctor_failed(d, "outbox", &e);
	else
		doctor_tell(d, "outbox", behind ? WRONG : FINE,
			    "they came with an id that had passed: insert them again "
			    "without one",
			    "%lld rows that the relay will not see", (long long)behind);
}

static void check_integrity(struct doctor *d)
{
	struct err e = {ERR_OK, ""};
	char finding[200];

	if (health_integrity(d->db, finding, &e) != ERR_OK)
		doctor_failed(d, "integrity", &e);
	else
		doctor_tell(
			d, "integrity", strcmp(finding, "ok") == 0 ? FINE : WRONG,
			"stop the relay, keep a copy of the file, then restore a backup, "
			"or save what can be read: docs/troubles.md",
			"%s", finding);
}

void doctor_file(struct doctor *d)
{
	check_sqlite(d);
	check_modes(d);
	check_file_mode(d);
	check_disk(d);
	check_key(d);
	if (!cmd_value(d->cmd, "integrity"))
		return;
	check_integrity(d);
	check_cursor(d);
}
