/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/guard.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "core/time_zone.h"
#include "store/credential.h"
#include "store/health.h"
#include "store/migrate.h"

#define MIB (INT64_C(1024) * 1024)

enum finding { FINE, WARN, WRONG };

struct doctor {
	const struct cmd *cmd;
	struct db *db;
	struct output out;
	int wrong;
};

static void tell(struct doctor *d, const char *check, enum finding finding,
		 const char *advice, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* `advice` is for what is not fine. */
static void tell(struct doctor *d, const char *check, enum finding finding,
		 const char *advice, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warning", "wrong"};
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	output_text(&d->out, str_of(check));
	output_text(&d->out, str_of(words[finding]));
	output_text(&d->out, str_of(text));
	if (finding == FINE)
		output_null(&d->out);
	else
		output_text(&d->out, str_of(advice));
	d->wrong += finding == WRONG;
}

static void failed(struct doctor *d, const char *check, struct err *e)
{
	tell(d, check, WRONG, "see the message", "%s", e->msg);
	e->code = ERR_OK;
}

static void check_sqlite(struct doctor *d)
{
	bool bug = health_has_wal_reset_bug(health_sqlite_number());

	tell(d, "sqlite", bug ? WARN : FINE,
	     "the relay guards its own checkpoints; applications that write this "
	     "database should "
	     "use SQLite 3.51.3, 3.50.7 or 3.44.6, or PRAGMA wal_autocheckpoint = 0",
	     "%s%s", health_sqlite_version(),
	     bug ? ": a checkpoint that meets a commit can corrupt a database" : "");
}

static void check_database(struct doctor *d)
{
	struct stat st;
	bool wal = false;
	struct err e = {ERR_OK, ""};

	tell(d, "schema", FINE, "", "version %d", migration_count);
	if (health_is_wal(d->db, &wal, &e) != ERR_OK)
		failed(d, "journal_mode", &e);
	else
		tell(d, "journal_mode", wal ? FINE : WRONG,
		     "stop all writers, then: sqlite3 FILE 'PRAGMA journal_mode = WAL'",
		     "%s", wal ? "wal" : "not wal");
	if (stat(d->cmd->db_path, &st) != 0)
		return;
	tell(d, "file mode",
	     st.st_mode & S_IRWXO   ? WRONG
	     : st.st_mode & S_IRWXG ? WARN
				    : FINE,
	     "it holds personal data: chmod 600, or 660 with a group of its own for "
	     "producers",
	     "%04o", (unsigned)st.st_mode & 07777);
}

static void check_integrity(struct doctor *d)
{
	struct err e = {ERR_OK, ""};
	char finding[200];
	int64_t behind;

	if (!cmd_value(d->cmd, "integrity"))
		return;
	if (health_integrity(d->db, finding, &e) != ERR_OK)
		failed(d, "integrity", &e);
	else
		tell(d, "integrity", strcmp(finding, "ok") == 0 ? FINE : WRONG,
		     "restore a backup, or recover with: sqlite3 FILE .recover", "%s",
		     finding);
	if (health_left_behind(d->db, &behind, &e) != ERR_OK)
		failed(d, "outbox", &e);
	else
		tell(d, "outbox", behind ? WRONG : FINE,
		     "they came with an id that had passed: insert them again without "
		     "one",
		     "%lld rows that the relay will not see", (long long)behind);
}

static void check_key(struct doctor *d)
{
	struct err e = {ERR_OK, ""}, first = {ERR_OK, ""};
	struct vault vault;
	int sealed, opened;

	if (vault_open(&vault, d->cmd->db_path, &e) != ERR_OK) {
		failed(d, "key", &e);
		return;
	}
	tell(d, "key", FINE, "", "%s", vault.path);
	if (credential_check(d->db, &vault, &sealed, &opened, &first) != ERR_OK)
		failed(d, "secrets", &first);
	else
		tell(d, "secrets", opened == sealed ? FINE : WRONG,
		     "put the right key file back, or set the tokens again",
		     "%d of %d open with the key%s%s", opened, sealed,
		     opened == sealed ? "" : ": ", opened == sealed ? "" : first.msg);
	vault_close(&vault);
}

static void check_destinations(struct doctor *d)
{
	struct err e = {ERR_OK, ""};
	int64_t all, without;

	if (health_tokens(d->db, &all, &without, &e) != ERR_OK)
		failed(d, "destinations", &e);
	else if (all == 0)
		tell(d, "destinations", WARN,
		     "convey destination add NAME --source web --id PIXEL",
		     "there is none");
	else
		tell(d, "destinations", without ? WRONG : FINE,
		     "convey token set NAME < token.txt", "%lld, %lld without a token",
		     (long long)all, (long long)without);
}

/* By stat: opening and closing the -wal ourselves would drop SQLite's locks. */
static void check_disk(struct doctor *d)
{
	char path[sizeof(d->db->path) + 8];
	struct statvfs fs;
	struct stat st;
	int64_t space, wal = 0;

	if (statvfs(d->cmd->db_path, &fs) == 0) {
		space = (int64_t)(fs.f_bavail * fs.f_frsize) / MIB;
		tell(d, "free space",
		     space < 64    ? WRONG
		     : space < 512 ? WARN
				   : FINE,
		     "make room: a full disk stops producers and the relay", "%lld MiB",
		     (long long)space);
	}
	snprintf(path, sizeof(path), "%s-wal", d->cmd->db_path);
	if (stat(path, &st) == 0)
		wal = (int64_t)st.st_size / MIB;
	tell(d, "wal", wal > 256 ? WARN : FINE,
	     "some reader never ends, or no relay runs to checkpoint", "%lld MiB",
	     (long long)wal);
}

static void check_time(struct doctor *d)
{
	const int64_t summer = 1751328000; /* 2025-07-01 */
	struct err e = {ERR_OK, ""};
	struct zone *zone = zone_open("Europe/Berlin", &e);
	int64_t now = clock_wall_ms() / 1000;
	struct stat st;
	bool behind;

	tell(d, "time zones", zone && zone_offset(zone, summer) == 7200 ? FINE : WRONG,
	     "install the zone data of ICU (libicu72, icu-data)", "%s",
	     zone ? "known" : "Europe/Berlin is not known");
	zone_free(zone);
	behind = now < summer ||
		 (stat(d->cmd->db_path, &st) == 0 && (int64_t)st.st_mtime > now + 300);
	tell(d, "clock", behind ? WRONG : FINE, "set it, and run a time service", "%s",
	     behind ? "it is behind" : "plausible");
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	static const char *const columns[] = {"check", "finding", "detail", "advice"};
	struct doctor d = {.cmd = c};
	struct db db;

	guard_process();
	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	d.db = &db;
	output_begin(&d.out, c->json, NULL, columns, 4, 0);
	check_sqlite(&d);
	check_database(&d);
	check_integrity(&d);
	check_key(&d);
	check_destinations(&d);
	check_disk(&d);
	check_time(&d);
	output_end(&d.out);
	db_close(&db);
	return d.wrong ? ERR_PROBLEM : ERR_OK;
}

static const struct cmd_option options[] = {
	{"integrity", NULL, "read the whole database and check it"},
	{NULL, NULL, NULL},
};

const struct command cmd_doctor = {
	.name = "doctor",
	.usage = "[--integrity]",
	.summary = "look at the installation; status 1 where something is wrong",
	.examples = "  convey doctor\n"
		    "  convey doctor --integrity --json\n",
	.options = options,
	.kind = CMD_READS,
	.run = run,
};
