/* SPDX-License-Identifier: MIT
 *
 * What a file of an earlier version holds, after step 6 of the migrations. */
#include <stdio.h>
#include <string.h>

#include "persons.h"
#include "store/migrate.h"

#define STEP 6
#define READ "1699980000000"                 /* when what it holds was read in */
#define APPLIED "'2023-11-14T19:26:40.000Z'" /* step 4 */

/* The file as it was before the step, with those rows; all consent rows have been read. */
static void set_back(struct scene *s, const char *rows)
{
	scene_exec(s, "DELETE FROM schema_migration WHERE version >= 6;"
		      "DROP TABLE given_up;"
		      "UPDATE schema_migration SET applied_at = " APPLIED
		      " WHERE version = 4; PRAGMA user_version = 5");
	scene_exec(s, rows);
	scene_exec(s,
		   "INSERT OR REPLACE INTO setting (name, value) "
		   "SELECT 'consent_cursor', max(id) FROM consent HAVING count(*) > 0");
}

static void step(struct scene *s)
{
	int applied;

	assert_ok(s, migrate(&s->db, false, &applied, &s->e));
	assert_int_equal(applied, migration_count - STEP + 1);
}

/* What is put in once more is read anew. */
static void read_anew(struct scene *s)
{
	struct persons w;

	persons_open(s, &w);
	persons_read(s, &w);
	persons_close(&w);
}

/* How many statements stand under an identifier, of those that `where` asks for. */
static int64_t count_of(struct scene *s, uint64_t node, const char *where)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM statement WHERE node = %lld AND %s",
		 (long long)node, where);
	return scene_int(s, sql);
}

static const struct {
	const char *created_at;
	bool has_a_note; /* came since step 4 */
} units[] = {
	{"1699990001000", true},
	{"1699989999000", false},
	{"1699990001", true},
	{"1699989999", false},
	{"1699990001.5", true},
	{"1699990001000.5", true},
	{"1699990001000000", true},
	{"1699989999000000", false},
	{"1699990001000000000", true},
	{"1699989999000000000", false},
	{"'2023-11-14T19:26:41Z'", true},
	{"'2023-11-14 19:26:39'", false},
	{"'now'", false},
	{"'soon'", false},
	{"NULL", false},
};

/* Rows that redaction has rewritten, as far as can be told, by created_at in any unit. */
static void times_in_any_unit(void **state)
{
	struct scene *s = *state;
	const size_t count = sizeof(units) / sizeof(units[0]);
	char sql[400];

	set_back(s, "");
	for (size_t i = 0; i < count; i++) {
		snprintf(
			sql, sizeof(sql),
			"INSERT INTO outbox (event, payload, created_at) VALUES ('x', "
			"'{\"page\":{\"url\":\"https://a/\"}}', %s);"
			"INSERT INTO derived_id (outbox_id, event_id) SELECT max(id), id "
			"FROM outbox; INSERT INTO delivery (key, state) SELECT max(id) * "
			"1024 + 1, 97 FROM outbox",
			units[i].created_at);
		scene_exec(s, sql);
	}
	step(s);
	for (size_t i = 0; i < count; i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT redacted IS NULL FROM derived_id WHERE outbox_id = %zu",
			 i + 1);
		if (scene_int(s, sql) != units[i].has_a_note)
			fail_msg("created_at = %s", units[i].created_at);
	}
}

/* Few are not sent, and all others are not looked at: producers wait meanwhile. */
static void what_was_sent_is_not_looked_at(void **state)
{
	struct scene *s = *state;
	const char *update = strstr(migrations[STEP - 1].sql, "UPDATE");
	sqlite3_stmt *stmt;
	char sql[2000];
	bool row, found = false;

	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", update);
	*strchr(sql, ';') = '\0';
	assert_ok(s, db_prepare(&s->db, sql, &stmt, &s->e));
	while (db_step(&s->db, stmt, &row, &s->e) == ERR_OK && row)
		found |= strstr((const char *)sqlite3_column_text(stmt, 3),
				"delivery_unsent") != NULL;
	sqlite3_finalize(stmt);
	assert_true(found);
}

static int count_ops(void *ops)
{
	++*(int64_t *)ops;
	return 0;
}

/* Nobody has such a number: two statements of each row are passed by. */
static void what_others_have_said_is_passed_by(void **state)
{
	struct scene *s = *state;
	const int64_t rows = 5000;
	int64_t hundreds = 0;

	set_back(s,
		 "INSERT INTO consent (external_id, ad_storage) WITH RECURSIVE n(i) AS "
		 "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
		 "SELECT 'u' || i, 'DENIED' FROM n;"
		 "INSERT INTO statement (node, stated_at, consent_id, signals) "
		 "SELECT id * 7919 % 10007 + k * 20000, " READ ", id, 32 FROM consent, "
		 "(SELECT 0 AS k UNION ALL SELECT 1)");
	sqlite3_progress_handler(s->db.handle, 100, count_ops, &hundreds);
	step(s);
	sqlite3_progress_handler(s->db.handle, 0, NULL, NULL);
	assert_in_range(hundreds * 100, 1, rows * 60);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM consent"), rows);
}

/* By a clock that is ahead: heard since it was read, and not anew today. Step 4 may have been applied
 * by such a clock as well. */
static void a_time_to_come(void **state)
{
	struct scene *s = *state;
	uint64_t node = persons_node(IDENTITY_EXTERNAL_ID, "4711");
	uint64_t other = persons_node(IDENTITY_EXTERNAL_ID, "4712");

	set_back(s,
		 "UPDATE schema_migration SET applied_at = '2130-01-01T00:00:00.000Z' "
		 "WHERE version = 4;"
		 "INSERT INTO consent (external_id, ad_user_data, ad_storage, stated_at) "
		 "VALUES ('4711.0', 'DENIED', 'GRANTED', 4102444800000), "
		 "('4711.0', 'GRANTED', NULL, 4102444800000), "
		 "('4712.0', 'DENIED', NULL, 1699996000000);"
		 "INSERT INTO statement VALUES (1, " READ ", 1, 2), "
		 "(1, 4102444800000, 1, 18), (1, 4102444800000, 2, 1), "
		 "(2, 1699996000000, 3, 2)");
	step(s);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM consent"), 5);
	read_anew(s);
	assert_int_equal(count_of(s, node, "stated_at = " READ " - 1 AND signals = 2"),
			 1);
	assert_int_equal(count_of(s, node, "1"), 1);
	assert_int_equal(count_of(s, other, "stated_at = 1699995999999"), 1);
	assert_int_equal(count_of(s, other, "1"), 1);
}

/* The version with step 4 has heard it. */
static void what_was_said_since_step_4(void **state)
{
	struct scene *s = *state;

	set_back(s, "INSERT INTO consent (external_id, ad_user_data, stated_at) VALUES "
		    "('4711.0', 'DENIED', 1699990000001), "
		    "('4711.0', 'GRANTED', 1699990000001), "
		    "('4711.0', 'DENIED', 1699989999000);"
		    "INSERT INTO statement SELECT 1, stated_at, id, "
		    "CASE ad_user_data WHEN 'DENIED' THEN 2 ELSE 1 END FROM consent");
	step(s);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM consent"), 4);
	assert_int_equal(scene_int(s, "SELECT stated_at FROM consent WHERE id = 4"),
			 1699989998999);
}

/* Of one moment are a denial and, after it, what permits and was understood. */
static void what_is_put_in_again_overrides_nothing(void **state)
{
	struct scene *s = *state;
	uint64_t node = persons_node(IDENTITY_EXTERNAL_ID, "4711");

	set_back(s, "INSERT INTO consent (external_id, ad_user_data, stated_at) VALUES "
		    "('4711.0', 'GRANTED', " READ "), ('4711.0', 'DENIED', " READ "), "
		    "('4711', 'GRANTED', " READ ");"
		    "INSERT INTO statement SELECT 1, stated_at, id, "
		    "CASE ad_user_data WHEN 'DENIED' THEN 2 ELSE 1 END FROM consent "
		    "WHERE id < 3");
	step(s);
	read_anew(s);
	assert_int_equal(count_of(s, node, "stated_at < " READ), 2);
	assert_int_equal(count_of(s, node, "stated_at >= " READ), 0);
	assert_int_equal(count_of(s, node, "signals = 2 AND consent_id = 5"), 1);
}

/* Numbers that small are seconds, and these are milliseconds. */
static void times_of_the_first_years(void **state)
{
	static const int64_t at[] = {999,         86400000,     20240301000,
				     99999999999, 100000000000, 100000000001};
	struct scene *s = *state;
	uint64_t node = persons_node(IDENTITY_EXTERNAL_ID, "4711");
	char sql[300], where[80];

	set_back(s, "");
	for (int i = 0; i < 12; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO consent (external_id) VALUES ('4711.0');"
			 "INSERT INTO statement VALUES (1, %lld, %d, %d)",
			 (long long)at[i / 2], i + 1, 1 + i % 2);
		scene_exec(s, sql);
	}
	scene_exec(s, "UPDATE setting SET value = 12 WHERE name = 'consent_cursor'");
	scene_exec(s, "INSERT OR IGNORE INTO setting (name, value) VALUES "
		      "('consent_cursor', 12)");
	step(s);
	read_anew(s);
	for (int i = 0; i < 12; i++) {
		snprintf(where, sizeof(where), "stated_at = %lld AND signals = %d",
			 (long long)at[i / 2] - 1, 1 + i % 2);
		if (count_of(s, node, where) != 1)
			fail_msg("%s", where);
	}
	assert_int_equal(count_of(s, node, "1"), 12);
}

/* Behind whatever can be dated; what it denies, since it was read and not since today. */
static void what_cannot_be_dated(void **state)
{
	struct scene *s = *state;
	uint64_t node = persons_node(IDENTITY_EXTERNAL_ID, "4711");
	uint64_t grants = persons_node(IDENTITY_EXTERNAL_ID, "4712");

	set_back(s,
		 "INSERT INTO consent (external_id, ad_user_data, ad_storage, stated_at) "
		 "VALUES ('4711.0', 'GRANTED', 'DENIED', 'soon'), "
		 "('4712.0', 'GRANTED', 'UNSPECIFIED', 0);"
		 "INSERT INTO statement VALUES (1, " READ ", 1, 32), (1, 0, 1, 33), "
		 "(2, 0, 2, 1)");
	step(s);
	read_anew(s);
	assert_int_equal(count_of(s, node, "stated_at = " READ " - 1 AND signals = 32"),
			 1);
	assert_int_equal(count_of(s, node, "stated_at < 10000 AND signals = 33"), 1);
	assert_int_equal(count_of(s, node, "1"), 2);
	assert_int_equal(count_of(s, grants, "stated_at = 0 AND signals = 1"), 1);
	assert_int_equal(count_of(s, grants, "1"), 1);
}

/* What one person has said in a session that others share, and an administrator has parted. */
static void one_person_s_word_stays_theirs(void **state)
{
	struct scene *s = *state;
	uint64_t session = persons_node(IDENTITY_SESSION, "14");

	set_back(s,
		 "INSERT INTO consent (external_id, session_id, ad_user_data, stated_at) "
		 "VALUES ('u0', '13.0', 'GRANTED', " READ "), "
		 "('u1', '14.0', 'GRANTED', " READ "), "
		 "('u2', '14.0', 'DENIED', " READ ");"
		 "INSERT INTO statement SELECT id, stated_at, id, "
		 "CASE ad_user_data WHEN 'DENIED' THEN 2 ELSE 1 END FROM consent;"
		 "INSERT INTO identity_disabled VALUES (2, 2), (2, 3), (1, 1), (3, 3)");
	step(s);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM consent"), 6);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM identity_disabled d JOIN "
				      "consent c ON c.id = d.row_id WHERE source = 2 AND "
				      "id > 3 AND session_id = '14.0'"),
			 2);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM identity_disabled"), 6);
	read_anew(s);
	assert_int_equal(count_of(s, session, "consent_id > 3"), 2);
	assert_int_equal(count_of(s, statement_for_all(session), "1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(times_in_any_unit),
		T(what_was_sent_is_not_looked_at),
		T(what_others_have_said_is_passed_by),
		T(a_time_to_come),
		T(what_was_said_since_step_4),
		T(what_is_put_in_again_overrides_nothing),
		T(times_of_the_first_years),
		T(what_cannot_be_dated),
		T(one_person_s_word_stays_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
