/* SPDX-License-Identifier: MIT */
#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

#include "store/backup.h"

static const char history_sql[] =
	"CREATE TABLE IF NOT EXISTS schema_migration ("
	"version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, "
	"applied_at TEXT NOT NULL)";

static bool is_ours(struct str table)
{
	for (int i = 0; migration_names[i]; i++)
		if (str_eq(table, str_of(migration_names[i])))
			return true;
	return str_eq(table, STR("schema_migration"));
}

/* Whether an application keeps tables there, too. */
static enum err_code is_shared(struct db *db, bool *shared, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row = true;

	*shared = false;
	if (db_prepare(db,
		       "SELECT name FROM sqlite_master WHERE type = 'table' "
		       "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		       &stmt, e) != ERR_OK)
		return e->code;
	while (!*shared && db_step(db, stmt, &row, e) == ERR_OK && row)
		*shared = !is_ours(db_column(stmt, 0));
	sqlite3_finalize(stmt);
	return e->code;
}

/* The version a file is at: 0 where it has no table of ours. */
static enum err_code version_of(struct db *db, int64_t *version, struct err *e)
{
	int64_t known;
	int64_t application;

	*version = 0;
	if (db_int(db,
		   "SELECT count(*) FROM sqlite_master WHERE type = 'table' "
		   "AND name = 'schema_migration'",
		   0, &known, e) != ERR_OK)
		return e->code;
	if (known && db_int(db, "SELECT max(version) FROM schema_migration", 0, version,
			    e) != ERR_OK)
		return e->code;
	if (db_int(db, "PRAGMA application_id", 0, &application, e) != ERR_OK)
		return e->code;
	/* A file that convey has made carries its application_id. There user_version is ours
	 * too, as long as no application has moved in and counts its own versions. */
	if (application == DB_APPLICATION_ID) {
		int64_t mark;
		bool shared;

		if (db_int(db, "PRAGMA user_version", 0, &mark, e) != ERR_OK ||
		    is_shared(db, &shared, e) != ERR_OK)
			return e->code;
		if (mark > *version && !shared)
			*version = mark;
	}
	if (*version > migration_count)
		return err_set(e, ERR_CONFIG,
			       "the schema of '%s' is version %lld, this convey knows up "
			       "to %d: install the newer convey",
			       db->path, (long long)*version, migration_count);
	return ERR_OK;
}

/* Step 6 had other forms for a day. They leave the same tables, and other rows only where an older
 * version had kept an identifier as 4711.0 or strangers' refused rows: files that they brought here
 * are whole. */
static const struct {
	int version;
	const char *sha256;
} earlier_forms[] = {
	{6, "c9e580b7108dbce088730cc5623b3c9275414bdb70f8067a582cb3781812229f"},
	{6, "17f8b13d8b16f0200a1d3f05da69414eeb1626b7f9ada006333c3c92a49013e4"},
	{6, "d97d2fb85491c969b2b94e2373976d7b08bf90cb7c3879a538217906d526756e"},
	{6, "a581b5f6049c55aa04310b818f9b4d4c7ff51198ff5430945b2d73f51d5245f0"},
	{6, "63b65385c230558ae14598380e355728207e8212d38a19e9e1c110e3ff5fb1ad"},
};

static bool is_a_form_of(int version, struct str hash)
{
	if (str_eq(hash, str_of(migrations[version - 1].sha256)))
		return true;
	for (size_t i = 0; i < sizeof(earlier_forms) / sizeof(earlier_forms[0]); i++)
		if (earlier_forms[i].version == version &&
		    str_eq(hash, str_of(earlier_forms[i].sha256)))
			return true;
	return false;
}

static enum err_code check_hashes(struct db *db, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row = false;

	if (db_prepare(db,
		       "SELECT version, sha256 FROM schema_migration ORDER BY version",
		       &stmt, e) != ERR_OK)
		return e->code;
	while (db_step(db, stmt, &row, e) == ERR_OK && row) {
		int version = sqlite3_column_int(stmt, 0);
		struct str hash = db_column(stmt, 1);

		if (version >= 1 && version <= migration_count &&
		    !is_a_form_of(version, hash)) {
			err_set(e, ERR_CORRUPT,
				"migration %d was changed after it was applied", version);
			break;
		}
	}
	sqlite3_finalize(stmt);
	return e->code;
}

/* In a file with our history all our tables and views are there; in one without, a table of
 * a name that we need belongs to somebody else. */
static enum err_code check_names(struct db *db, bool ours, struct err *e)
{
	sqlite3_stmt *stmt;
	bool there;

	if (db_prepare(db, "SELECT 1 FROM sqlite_master WHERE name = ?1", &stmt, e) !=
	    ERR_OK)
		return e->code;
	for (int i = 0; migration_names[i]; i++) {
		db_bind(stmt, 1, str_of(migration_names[i]));
		if (db_step(db, stmt, &there, e) != ERR_OK)
			break;
		sqlite3_reset(stmt);
		if (there == ours)
			continue;
		err_set(e, ERR_DATA,
			ours ? "'%s' has lost the table or view '%s'; restore a backup"
			     : "'%s' has a table '%s' that is not convey's; "
			       "give convey a file of its own",
			db->path, migration_names[i]);
		break;
	}
	sqlite3_finalize(stmt);
	return e->code;
}

/* All texts are read as the bytes they are. */
static enum err_code check_encoding(struct db *db, struct err *e)
{
	int64_t other;

	if (db_int(db, "SELECT count(*) FROM pragma_encoding WHERE encoding <> 'UTF-8'",
		   0, &other, e) != ERR_OK)
		return e->code;
	if (!other)
		return ERR_OK;
	return err_set(e, ERR_DATA,
		       "the database keeps its text as UTF-16, and convey reads UTF-8; "
		       "copy it (sqlite3 OLD .dump | sqlite3 NEW), or give convey a file "
		       "of its own: '%s'",
		       db->path);
}

/* Of a file that is at `version`. */
static enum err_code check_schema(struct db *db, int64_t version, struct err *e)
{
	if (check_encoding(db, e) != ERR_OK)
		return e->code;
	if (version > 0 && check_hashes(db, e) != ERR_OK)
		return e->code;
	if (version > 0 && version < migration_count)
		return ERR_OK;
	return check_names(db, version > 0, e);
}

static enum err_code record(struct db *db, const struct migration *m, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db,
		       "INSERT INTO schema_migration VALUES (?1, ?2, ?3, "
		       "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, m->version);
	db_bind(stmt, 2, str_of(m->name));
	db_bind(stmt, 3, str_of(m->sha256));
	if (db_run(db, stmt, e) != ERR_OK)
		err_wrap(e, "record migration %d", m->version);
	sqlite3_finalize(stmt);
	return e->code;
}

static enum err_code mark_file(struct db *db, int version, struct err *e)
{
	int64_t application;
	char sql[64];
	bool shared;

	if (db_int(db, "PRAGMA application_id", 0, &application, e) != ERR_OK ||
	    is_shared(db, &shared, e) != ERR_OK)
		return e->code;
	if (application != DB_APPLICATION_ID || shared)
		return ERR_OK;
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d",
		 version); /* no binding here */
	return db_exec(db, sql, e);
}

static enum err_code apply(struct db *db, const struct migration *m, bool *done,
			   struct err *e)
{
	int64_t version;

	*done = false;
	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (db_exec(db, history_sql, e) != ERR_OK ||
	    version_of(db, &version, e) != ERR_OK)
		goto rollback;
	if (version >= m->version) { /* another process was faster */
		db_rollback(db);
		return ERR_OK;
	}
	if (db_exec(db, m->sql, e) != ERR_OK || record(db, m, e) != ERR_OK ||
	    mark_file(db, m->version, e) != ERR_OK || db_commit(db, e) != ERR_OK)
		goto rollback;
	*done = true;
	return ERR_OK;

rollback:
	db_rollback(db);
	return err_wrap(e, "migration %d (%s)", m->version, m->name);
}

/* A fresh file is marked as ours and can give space back; an application's file keeps its
 * own application_id and user_version. */
static enum err_code prepare_file(struct db *db, struct err *e)
{
	int64_t objects;
	char sql[64];

	if (db_int(db, "SELECT count(*) FROM sqlite_master", 0, &objects, e) != ERR_OK)
		return e->code;
	if (objects == 0) {
		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d",
			 DB_APPLICATION_ID);
		if (db_exec(db, "PRAGMA auto_vacuum = INCREMENTAL", e) != ERR_OK ||
		    db_exec(db, sql, e) != ERR_OK)
			return e->code;
	}
	return db_exec(db, "PRAGMA journal_mode = WAL", e);
}

/* Versions only grow: the copy is of this one where the file is still at it. */
static enum err_code back_up(struct db *db, int64_t version, struct err *e)
{
	struct backup b;
	int64_t now;

	if (backup_make(db, (int)version, &b, e) != ERR_OK)
		return e->code;
	if (version_of(db, &now, e) == ERR_OK && now == version)
		return backup_keep(&b, e);
	backup_drop(&b); /* another process was faster */
	return e->code;
}

enum err_code migrate(struct db *db, bool dry_run, int *applied, struct err *e)
{
	int64_t version;

	e->code = ERR_OK;
	*applied = 0;
	if (version_of(db, &version, e) != ERR_OK)
		return e->code;
	if (check_schema(db, version, e) != ERR_OK)
		return e->code;
	if (dry_run) {
		*applied = migration_count - (int)version;
		return ERR_OK;
	}
	if (version == 0 && prepare_file(db, e) != ERR_OK)
		return e->code;
	if (version > 0 && version < migration_count && back_up(db, version, e) != ERR_OK)
		return e->code;
	for (int i = (int)version; i < migration_count; i++) {
		bool done;

		if (apply(db, &migrations[i], &done, e) != ERR_OK)
			return e->code;
		*applied += done;
	}
	return ERR_OK;
}

enum err_code migrate_check(struct db *db, struct err *e)
{
	int64_t version;

	e->code = ERR_OK;
	if (version_of(db, &version, e) != ERR_OK)
		return e->code;
	if (version == 0)
		return err_set(e, ERR_DATA,
			       "'%s' has no tables of convey; make them with: "
			       "convey init --db %s",
			       db->path, db->path);
	if (version < migration_count)
		return err_set(e, ERR_CONFIG,
			       "'%s' has an older schema; migrate it with: "
			       "convey init --db %s",
			       db->path, db->path);
	return check_schema(db, version, e);
}
