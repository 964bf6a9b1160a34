/* SPDX-License-Identifier: MIT
 *
 * The schema comes into a fresh file and into an application's own, and leaves alone what it
 * does not know. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/migrate.h"

struct file {
	char path[160];
	struct db db;
};

/* A file beside the scene's, as an application has made it; sql NULL: absent. */
static void make(struct scene *s, struct file *f, const char *sql)
{
	snprintf(f->path, sizeof(f->path), "%s/app.db", s->folder);
	unlink(f->path);
	if (sql) {
		sqlite3 *app;

		assert_int_equal(sqlite3_open(f->path, &app), SQLITE_OK);
		assert_int_equal(sqlite3_exec(app, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(app);
	}
	assert_ok(s, db_open(&f->db, f->path, DB_CREATE, &s->e));
}

static int64_t ask(struct scene *s, struct file *f, const char *sql)
{
	int64_t value;

	assert_ok(s, db_int(&f->db, sql, -1, &value, &s->e));
	return value;
}

static void a_fresh_file(void **state)
{
	struct scene *s = *state;
	struct file f;
	int applied;

	make(s, &f, NULL);
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_int_equal(applied, migration_count);
	assert_int_equal(ask(s, &f, "PRAGMA application_id"), DB_APPLICATION_ID);
	assert_int_equal(ask(s, &f, "PRAGMA user_version"), migration_count);
	assert_int_equal(ask(s, &f, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(ask(s, &f, "SELECT count(*) FROM schema_migration"),
			 migration_count);
	assert_ok(s, migrate_check(&f.db, &s->e));
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_int_equal(applied, 0);
	/* An application that moves in counts versions of its own. */
	assert_ok(s, db_exec(&f.db,
			     "CREATE TABLE orders (id INTEGER PRIMARY KEY);"
			     "PRAGMA user_version = 99",
			     &s->e));
	assert_ok(s, migrate_check(&f.db, &s->e));
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_int_equal(applied, 0);
	db_close(&f.db);
}

static void an_application_s_file(void **state)
{
	struct scene *s = *state;
	struct file f;
	int applied;

	make(s, &f,
	     "PRAGMA user_version = 7; PRAGMA application_id = 99;"
	     "CREATE TABLE orders (id INTEGER PRIMARY KEY, total);"
	     "INSERT INTO orders VALUES (1, 29.99)");
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_int_equal(applied, migration_count);
	assert_int_equal(ask(s, &f, "PRAGMA application_id"), 99);
	assert_int_equal(ask(s, &f, "PRAGMA user_version"), 7);
	assert_int_equal(ask(s, &f, "SELECT count(*) FROM orders"), 1);
	assert_ok(s, migrate_check(&f.db, &s->e));
	assert_ok(s, db_exec(&f.db,
			     "PRAGMA user_version = 8;"
			     "INSERT INTO outbox (event) VALUES ('purchase')",
			     &s->e));
	assert_ok(s, migrate_check(&f.db, &s->e));
	db_close(&f.db);
}

static const char *const taken[] = {
	"CREATE TABLE outbox (id)",  "CREATE TABLE visit (id)",
	"CREATE TABLE consent (id)", "CREATE TABLE destination (id)",
	"CREATE TABLE status (id)",  "CREATE VIEW conversion AS SELECT 1",
};

static void names_that_are_taken(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		struct file f;
		int applied;

		make(s, &f, taken[i]);
		assert_int_equal(migrate(&f.db, false, &applied, &s->e), ERR_DATA);
		assert_int_equal(ask(s, &f, "SELECT count(*) FROM sqlite_master"), 1);
		assert_int_equal(migrate_check(&f.db, &s->e), ERR_DATA);
		db_close(&f.db);
	}
}

static void text_of_16_bits(void **state)
{
	struct scene *s = *state;
	struct file f;
	int applied;

	make(s, &f, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE orders (id INTEGER)");
	for (int dry = 0; dry < 2; dry++) {
		assert_int_equal(migrate(&f.db, dry, &applied, &s->e), ERR_DATA);
		assert_non_null(strstr(s->e.msg, "UTF-16"));
	}
	assert_int_equal(ask(s, &f, "SELECT count(*) FROM sqlite_master"), 1);
	db_close(&f.db);
}

static void names_that_are_gone(void **state)
{
	static const char *const drops[] = {"DROP VIEW problem", "DROP TABLE counter",
					    "DROP VIEW conversion"};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
		struct file f;
		int applied;

		make(s, &f, NULL);
		assert_ok(s, migrate(&f.db, false, &applied, &s->e));
		assert_ok(s, db_exec(&f.db, drops[i], &s->e));
		assert_int_equal(migrate_check(&f.db, &s->e), ERR_DATA);
		assert_int_equal(migrate(&f.db, false, &applied, &s->e), ERR_DATA);
		db_close(&f.db);
	}
}

static void a_dry_run(void **state)
{
	struct scene *s = *state;
	struct file f;
	int applied;

	make(s, &f, NULL);
	assert_ok(s, migrate(&f.db, true, &applied, &s->e));
	assert_int_equal(applied, migration_count);
	assert_int_equal(ask(s, &f, "SELECT count(*) FROM sqlite_master"), 0);
	assert_int_equal(migrate_check(&f.db, &s->e), ERR_DATA);
	db_close(&f.db);
}

static const struct {
	const char *sql;
	enum err_code code;
	const char *says;
} changes[] = {
	{"INSERT INTO schema_migration VALUES (99, 'x', 'x', 'x')", ERR_CONFIG,
	 "newer convey"},
	{"PRAGMA user_version = 99", ERR_CONFIG, "newer convey"},
	{"UPDATE schema_migration SET sha256 = 'x' WHERE version = 1", ERR_CORRUPT,
	 "changed after"},
};

static void what_another_convey_did(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		int64_t before, after;
		struct file f;
		int applied;

		make(s, &f, NULL);
		assert_ok(s, migrate(&f.db, false, &applied, &s->e));
		assert_ok(s, db_exec(&f.db, changes[i].sql, &s->e));
		before = ask(s, &f, "PRAGMA data_version");
		assert_int_equal(migrate(&f.db, false, &applied, &s->e), changes[i].code);
		assert_non_null(strstr(s->e.msg, changes[i].says));
		assert_int_equal(migrate_check(&f.db, &s->e), changes[i].code);
		after = ask(s, &f, "PRAGMA data_version");
		assert_int_equal(before, after);
		db_close(&f.db);
	}
}

/* What a step was before it was mended is no damage; of another step it is. */
static void an_earlier_form(void **state)
{
	static const char *const sixth[] = {
		"c9e580b7108dbce088730cc5623b3c9275414bdb70f8067a582cb3781812229f",
		"17f8b13d8b16f0200a1d3f05da69414eeb1626b7f9ada006333c3c92a49013e4",
		"d97d2fb85491c969b2b94e2373976d7b08bf90cb7c3879a538217906d526756e",
		"a581b5f6049c55aa04310b818f9b4d4c7ff51198ff5430945b2d73f51d5245f0",
		"63b65385c230558ae14598380e355728207e8212d38a19e9e1c110e3ff5fb1ad",
	};
	struct scene *s = *state;
	struct file f;
	int applied;
	char sql[200];

	make(s, &f, NULL);
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	for (size_t i = 0; i < sizeof(sixth) / sizeof(sixth[0]); i++) {
		snprintf(sql, sizeof(sql),
			 "UPDATE schema_migration SET sha256 = '%s' WHERE version = 6",
			 sixth[i]);
		assert_ok(s, db_exec(&f.db, sql, &s->e));
		assert_ok(s, migrate_check(&f.db, &s->e));
		assert_ok(s, migrate(&f.db, false, &applied, &s->e));
		assert_int_equal(applied, 0);
	}
	assert_ok(s, db_exec(&f.db,
			     "UPDATE schema_migration SET sha256 = (SELECT sha256 FROM "
			     "schema_migration WHERE version = 6) WHERE version = 5",
			     &s->e));
	assert_int_equal(migrate_check(&f.db, &s->e), ERR_CORRUPT);
	db_close(&f.db);
}

/* Names that ICU knew, and only ICU. */
static void zones_of_old(void **state)
{
	static const char *const zones[][2] = {{"PST", "America/Los_Angeles"},
					       {"SystemV/EST5", "America/Panama"},
					       {"UTC", "UTC"},
					       {"Europe/Berlin", "Europe/Berlin"}};
	struct scene *s = *state;
	struct file f;
	int applied;
	char sql[300];

	make(s, &f, NULL);
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_ok(s, db_exec(&f.db,
			     "DELETE FROM schema_migration WHERE version >= 8; "
			     "DROP TABLE given_up; "
			     "PRAGMA user_version = 7",
			     &s->e));
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO destination (id, name, source, pixel_id, timezone) "
			 "VALUES (%zu, 'd%zu', 'web', 'P', '%s')",
			 i + 1, i, zones[i][0]);
		assert_ok(s, db_exec(&f.db, sql, &s->e));
	}
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_int_equal(applied, migration_count - 7);
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT timezone = '%s' FROM destination WHERE id = %zu",
			 zones[i][1], i + 1);
		assert_int_equal(ask(s, &f, sql), 1);
	}
	db_close(&f.db);
}

static void two_at_once(void **state)
{
	struct scene *s = *state;
	struct file f;
	struct db other;
	int applied;

	make(s, &f, NULL);
	assert_ok(s, db_open(&other, f.path, DB_CREATE, &s->e));
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_ok(s, migrate(&other, false, &applied, &s->e));
	assert_int_equal(applied, 0);
	db_close(&other);
	db_close(&f.db);
}

/* A file as the first convey left it, with a row; `copy`: the path of what it is copied to. */
static void make_old(struct scene *s, struct file *f, char copy[200])
{
	sqlite3_stmt *stmt;

	make(s, f, "PRAGMA journal_mode = WAL");
	assert_ok(s, db_exec(&f->db, migrations[0].sql, &s->e));
	assert_ok(s,
		  db_exec(&f->db,
			  "CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, "
			  "name TEXT NOT NULL, sha256 TEXT NOT NULL, "
			  "applied_at TEXT NOT NULL);"
			  "INSERT INTO outbox (event, payload) VALUES ('kept', '{}')",
			  &s->e));
	assert_ok(s, db_prepare(&f->db,
				"INSERT INTO schema_migration VALUES (1, ?1, ?2, '')",
				&stmt, &s->e));
	db_bind(stmt, 1, str_of(migrations[0].name));
	db_bind(stmt, 2, str_of(migrations[0].sha256));
	assert_ok(s, db_run(&f->db, stmt, &s->e));
	sqlite3_finalize(stmt);
	snprintf(copy, 200, "%s.bak-v1", f->path);
	unlink(copy);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_is_copy(struct scene *s, const char *copy)
{
	struct stat file;
	int64_t value;
	struct db db;

	assert_int_equal(stat(copy, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_ok(s, db_open(&db, copy, DB_READ, &s->e));
	assert_ok(s, db_int(&db,
			    "SELECT count(*) FROM outbox, schema_migration, "
			    "pragma_integrity_check WHERE event = 'kept' AND version = 1 "
			    "AND integrity_check = 'ok'",
			    -1, &value, &s->e));
	assert_int_equal(value, 1);
	db_close(&db);
}

/* What waits in it is as its producers wrote it. */
static void the_copy_is_its_owner_s_alone(void **state)
{
	struct scene *s = *state;
	char copy[200], part[220];
	mode_t mask = umask(022);
	struct file f;
	int applied;

	make_old(s, &f, copy);
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	umask(mask);
	assert_int_equal(applied, migration_count - 1);
	assert_is_copy(s, copy);
	snprintf(part, sizeof(part), "%s.part", copy);
	assert_int_equal(access(part, F_OK), -1);
	db_close(&f.db);
}

/* Half a copy, its journal, and a whole one of another day. */
static void the_copy_is_whole_whatever_lay_there(void **state)
{
	struct scene *s = *state;
	char copy[200], part[220], journal[240];
	struct file f;
	int applied;

	make_old(s, &f, copy);
	snprintf(part, sizeof(part), "%s.part", copy);
	snprintf(journal, sizeof(journal), "%s-journal", part);
	write_file(copy, "of another day");
	write_file(part, "SQLite format 3");
	write_file(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7");
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_is_copy(s, copy);
	assert_int_equal(access(journal, F_OK), -1);
	db_close(&f.db);
}

/* To empty it would empty the database. */
static void another_name_of_the_database_is_no_place_for_a_copy(void **state)
{
	struct scene *s = *state;
	char copy[200], part[220];
	struct file f;
	int applied;

	make_old(s, &f, copy);
	snprintf(part, sizeof(part), "%s.part", copy);
	unlink(part);
	assert_int_equal(link(f.path, part), 0);
	assert_int_equal(migrate(&f.db, false, &applied, &s->e), ERR_IO);
	assert_non_null(strstr(s->e.msg, part));
	assert_int_equal(ask(s, &f, "SELECT count(*) FROM outbox WHERE event = 'kept'"),
			 1);
	unlink(part);
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_is_copy(s, copy);
	db_close(&f.db);
}

static void without_a_copy_nothing_is_migrated(void **state)
{
	struct scene *s = *state;
	char copy[200], part[220];
	struct file f;
	int applied;

	make_old(s, &f, copy);
	snprintf(part, sizeof(part), "%s.part", copy);
	assert_int_equal(mkdir(part, 0700), 0);
	assert_int_equal(migrate(&f.db, false, &applied, &s->e), ERR_CANTCREAT);
	assert_non_null(strstr(s->e.msg, part));
	assert_int_equal(ask(s, &f, "SELECT max(version) FROM schema_migration"), 1);
	rmdir(part);
	/* The name that it shall have cannot be given: what was copied goes. */
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_int_equal(migrate(&f.db, false, &applied, &s->e), ERR_IO);
	assert_int_equal(ask(s, &f, "SELECT max(version) FROM schema_migration"), 1);
	assert_int_equal(access(part, F_OK), -1);
	rmdir(copy);
	assert_ok(s, migrate(&f.db, false, &applied, &s->e));
	assert_is_copy(s, copy);
	db_close(&f.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_fresh_file),
		T(an_application_s_file),
		T(names_that_are_taken),
		T(text_of_16_bits),
		T(names_that_are_gone),
		T(a_dry_run),
		T(what_another_convey_did),
		T(an_earlier_form),
		T(zones_of_old),
		T(two_at_once),
		T(the_copy_is_its_owner_s_alone),
		T(the_copy_is_whole_whatever_lay_there),
		T(another_name_of_the_database_is_no_place_for_a_copy),
		T(without_a_copy_nothing_is_migrated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
