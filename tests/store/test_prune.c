/* SPDX-License-Identifier: MIT */
#include "store/prune.h"

#include <stdio.h>

#include "queue_scene.h"
#include "scene.h"

#define DAY_MS INT64_C(86400000)
#define TODAY INT64_C(20000)

static const struct prune_limits month = {30, 425};

struct pruner {
	struct queue queue;
	struct prune prune;
};

static void pruner_open(struct scene *s, struct pruner *p)
{
	assert_ok(s, queue_open(&p->queue, &s->db, &s->e));
	assert_ok(s, prune_open(&p->prune, &p->queue, &s->e));
}

static void pruner_close(struct pruner *p)
{
	prune_close(&p->prune);
	queue_close(&p->queue);
}

/* A whole pass; returns the slices it took, 0 where nothing was old enough. */
static int leap(struct scene *s, struct pruner *p, const struct prune_limits *limits,
		int64_t now_ms)
{
	int slices = 0;
	bool more;

	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, prune_begin(&p->prune, limits, now_ms, &more, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	dedup_commit(&p->queue.dedup);
	while (more) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, prune_some(&p->prune, &more, &s->e));
		assert_ok(s, db_commit(&s->db, &s->e));
		prune_committed(&p->prune);
		slices++;
	}
	return slices;
}

/* The same of a relay that ran the day before, too. */
static int pass(struct scene *s, struct pruner *p, const struct prune_limits *limits,
		int64_t now_ms)
{
	sqlite3_bind_int64(p->prune.note, 1, now_ms / DAY_MS - 1);
	assert_ok(s, db_run(&s->db, p->prune.note, &s->e));
	return leap(s, p, limits, now_ms);
}

static int64_t rows(struct scene *s, const char *table)
{
	char sql[64];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	return scene_int(s, sql);
}

/* Its ten rows were taken up on a day that is 31 days ago; rows 11 and 12 never. */
static void set_scene(struct scene *s)
{
	scene_exec(s, queue_scene);
	scene_exec(s,
		   "INSERT INTO milestone VALUES (19969, 10, 0, 2), (19999, 10, 0, 2)");
}

static void what_is_settled_goes(void **state)
{
	struct scene *s = *state;
	struct pruner p;

	set_scene(s);
	pruner_open(s, &p);
	assert_true(pass(s, &p, &month, TODAY * DAY_MS) > 0);
	assert_int_equal(p.prune.at.rows_gone, 6);
	/* 6 held, 7 retrying, 8 pending, 10 sending, 11 and 12 not taken up. */
	assert_int_equal(rows(s, "outbox"), 6);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE id IN (6, 7, 8, "
				      "10, 11, 12)"),
			 6);
	assert_int_equal(rows(s, "delivery"), 0);
	assert_int_equal(rows(s, "waiting"), 3);
	assert_int_equal(rows(s, "derived_id"), 1);
	assert_int_equal(scene_miscounted(s), 0);
	assert_int_equal(
		scene_int(s, "SELECT total(count) FROM counter WHERE state IN (81, 82)"),
		0);
	pruner_close(&p);
}

static void open_requests_and_those_of_waiting_rows_stay(void **state)
{
	struct scene *s = *state;
	struct pruner p;

	set_scene(s);
	scene_exec(s, "INSERT INTO attempt (id, destination_id, started_at, ms, events, "
		      "outcome, first_id, last_id) VALUES (3, 1, 1, 1, 1, 'throttled', "
		      "7, 7), (4, 1, 1, 1, 1, 'throttled', 9, 9);"
		      "UPDATE waiting SET attempt_id = 3 WHERE key = 7 * 1024 + 1;"
		      "UPDATE milestone SET attempt_id = 4");
	pruner_open(s, &p);
	pass(s, &p, &month, TODAY * DAY_MS);
	assert_int_equal(rows(s, "attempt"), 2);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM attempt WHERE id IN (2, 3)"),
			 2);
	pruner_close(&p);
}

/* A transaction that is undone has taken nothing; the same slice comes again. */
static void what_is_undone_comes_again(void **state)
{
	struct scene *s = *state;
	struct pruner p;
	bool more = true;

	set_scene(s);
	pruner_open(s, &p);
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, prune_begin(&p.prune, &month, TODAY * DAY_MS, &more, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	for (int i = 0; more; i++) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, prune_some(&p.prune, &more, &s->e));
		if (i % 2 == 0) {
			db_rollback(&s->db);
			more = true;
			continue;
		}
		assert_ok(s, db_commit(&s->db, &s->e));
		prune_committed(&p.prune);
	}
	assert_int_equal(p.prune.at.rows_gone, 6);
	assert_int_equal(rows(s, "outbox"), 6);
	assert_int_equal(scene_miscounted(s), 0);
	assert_int_equal(
		scene_int(s, "SELECT value FROM setting WHERE name = 'pruned_day'"),
		19969);
	pruner_close(&p);
}

static void younger_days_and_zero_keep_all(void **state)
{
	static const struct prune_limits never = {0, 0}, longer = {32, 425};
	struct scene *s = *state;
	struct pruner p;

	set_scene(s);
	pruner_open(s, &p);
	assert_int_equal(pass(s, &p, &never, TODAY * DAY_MS), 0);
	assert_int_equal(pass(s, &p, &longer, TODAY * DAY_MS), 0);
	assert_true(pass(s, &p, &month, TODAY * DAY_MS) > 0);
	pruner_close(&p);
}

/* A clock that is years ahead costs a day an hour, not everything. */
static void an_hour_takes_one_day(void **state)
{
	const int64_t ahead = (TODAY + 3650) * DAY_MS;
	struct scene *s = *state;
	struct pruner p;

	set_scene(s);
	scene_exec(s, "UPDATE milestone SET outbox_id = 3 WHERE day = 19969");
	pruner_open(s, &p);
	assert_true(pass(s, &p, &month, ahead) > 0);
	assert_int_equal(p.prune.at.rows_gone, 3);
	assert_int_equal(pass(s, &p, &month, ahead + PRUNE_EVERY_MS - 1), 0);
	assert_int_equal(rows(s, "outbox"), 9);
	assert_true(pass(s, &p, &month, ahead + PRUNE_EVERY_MS) > 0);
	assert_int_equal(rows(s, "outbox"), 6);
	pruner_close(&p);
}

/* As that of a machine whose clock lost its battery: it starts years ago and says that all
 * had come by then. Neither rows nor ids go before their time, and later days go on. */
static void a_clock_that_was_behind_costs_nothing(void **state)
{
	struct scene *s = *state;
	struct prune_floors floors;
	struct pruner p;

	scene_exec(s, queue_scene);
	scene_exec(s, "INSERT INTO milestone VALUES (18262, 10, 0, 2), (19999, 0, 0, 0)");
	pruner_open(s, &p);
	assert_int_equal(pass(s, &p, &month, TODAY * DAY_MS), 0);
	assert_ok(s, prune_floors_read(&s->db, &floors, &s->e));
	assert_int_equal(floors.dedup_id, 0);
	pass(s, &p, &month, (TODAY + 30) * DAY_MS);
	assert_int_equal(rows(s, "outbox"), 12);
	pass(s, &p, &month, (TODAY + 31) * DAY_MS);
	assert_int_equal(rows(s, "outbox"), 6);
	pruner_close(&p);
}

/* Days that were noted ahead do not count until they come; nor is it believed at once. */
static void a_clock_that_was_ahead_stops_nothing(void **state)
{
	struct scene *s = *state;
	struct pruner p;

	set_scene(s);
	scene_exec(s, "INSERT INTO milestone VALUES (30000, 3, 0, 0)");
	pruner_open(s, &p);
	assert_true(pass(s, &p, &month, TODAY * DAY_MS) > 0);
	assert_int_equal(leap(s, &p, &month, (TODAY + 3650) * DAY_MS), 0);
	assert_int_equal(rows(s, "outbox"), 6);
	pruner_close(&p);
}

/* What a relay has begun the next one ends at once. */
static void a_day_that_was_begun_is_ended(void **state)
{
	struct scene *s = *state;
	struct pruner p;
	bool more;

	set_scene(s);
	pruner_open(s, &p);
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, prune_begin(&p.prune, &month, TODAY * DAY_MS, &more, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	assert_true(more);
	pruner_close(&p);
	pruner_open(s, &p);
	assert_true(pass(s, &p, &month, TODAY * DAY_MS + 1) > 0);
	assert_int_equal(rows(s, "outbox"), 6);
	pruner_close(&p);
}

static void plain_rows_wait_for_their_redaction(void **state)
{
	struct scene *s = *state;
	struct pruner p;

	set_scene(s);
	/* Rows 1 and 4: differences of seven bits. */
	scene_exec(s, "INSERT INTO redaction VALUES (1, x'0103')");
	pruner_open(s, &p);
	pass(s, &p, &month, TODAY * DAY_MS);
	assert_int_equal(p.prune.at.rows_gone, 4);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE id IN (1, 4)"),
			 2);
	pruner_close(&p);
}

static void visits_go_with_what_is_told_of_them(void **state)
{
	struct scene *s = *state;
	struct pruner p;
	char sql[200];

	set_scene(s);
	scene_exec(s,
		   "INSERT INTO visit (id, session_id, page_url) VALUES (1, 's1', 'u'), "
		   "(2, 's2', 'u');"
		   "INSERT INTO setting (name, value) VALUES ('visit_cursor', 2);"
		   "UPDATE milestone SET visit_id = 1");
	pruner_open(s, &p);
	for (int i = 1; i <= 2; i++) {
		struct sighting seen;

		assert_ok(s, sighting_read(&p.prune.sightings, IDENTITY_VISIT, i, &seen,
					   &s->e));
		assert_int_equal(seen.ids.count, 1);
		snprintf(sql, sizeof(sql),
			 "INSERT INTO page_view (node, seen_at, visit_id, click) VALUES "
			 "(%lld, 1, %d, 0)",
			 (long long)seen.ids.id[0].node, i);
		scene_exec(s, sql);
	}
	pass(s, &p, &month, TODAY * DAY_MS);
	assert_int_equal(p.prune.at.visits_gone, 1);
	assert_int_equal(scene_int(s, "SELECT id FROM visit"), 2);
	assert_int_equal(scene_int(s, "SELECT visit_id FROM page_view"), 2);
	assert_int_equal(rows(s, "page_view"), 1);
	pruner_close(&p);
}

/* What is left of rows that somebody deleted goes a piece at a time too. */
static void no_transaction_deletes_many(void **state)
{
	struct scene *s = *state;
	struct pruner p;
	bool more;

	scene_exec(s,
		   "INSERT INTO delivery (key, state) SELECT i * 1024 + 1, 160 FROM "
		   "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
		   "WHERE i < 5000) SELECT i FROM n); UPDATE queue SET cursor = 5000;"
		   "INSERT INTO counter VALUES (1, 160, 5000, 1, 1, 1);"
		   "INSERT INTO milestone VALUES (19969, 5e3, 0, 0), (19999, 5e3, 0, 0)");
	pruner_open(s, &p);
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, prune_begin(&p.prune, &month, TODAY * DAY_MS, &more, &s->e));
	assert_ok(s, prune_some(&p.prune, &more, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	assert_in_range(rows(s, "delivery"), 3000, 4999);
	prune_committed(&p.prune);
	pass(s, &p, &month, TODAY * DAY_MS);
	assert_int_equal(rows(s, "delivery"), 0);
	assert_int_equal(scene_miscounted(s), 0);
	pruner_close(&p);
}

static int64_t steps_of_all(struct scene *s)
{
	int64_t sum = 0;

	for (sqlite3_stmt *i = NULL; (i = sqlite3_next_stmt(s->db.handle, i));)
		sum += sqlite3_stmt_status(i, SQLITE_STMTSTATUS_VM_STEP, 0);
	return sum;
}

/* Also those that have no time of their own. */
static void a_session_of_many_visits_costs_a_bit_each(void **state)
{
	static const char *const times[] = {"1700000000000 + id", "NULL"};
	struct scene *s = *state;
	struct sighting seen;
	struct pruner p;
	char sql[300];

	scene_exec(s, "INSERT INTO visit (session_id) SELECT 's' FROM (WITH RECURSIVE "
		      "n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
		      "SELECT i FROM n);"
		      "INSERT INTO setting (name, value) VALUES ('visit_cursor', 4000)");
	pruner_open(s, &p);
	for (int i = 0; i < 2; i++) {
		snprintf(sql, sizeof(sql),
			 "UPDATE visit SET seen_at = %s;"
			 "INSERT OR REPLACE INTO milestone VALUES (%d, 0, %d, 0)",
			 times[i], 19968 + i, 2000 + 1500 * i);
		scene_exec(s, sql);
		assert_ok(s, sighting_read(&p.prune.sightings, IDENTITY_VISIT, 3999,
					   &seen, &s->e));
		snprintf(sql, sizeof(sql),
			 "DELETE FROM page_view; INSERT INTO page_view SELECT %lld, "
			 "1700000000000 + id, id, NULL FROM visit",
			 (long long)seen.ids.id[0].node);
		scene_exec(s, sql);
		pass(s, &p, &month, (TODAY + i) * DAY_MS);
		assert_int_equal(scene_int(s, "SELECT min(id) FROM visit"),
				 2001 + 1500 * i);
		assert_int_equal(scene_int(s, "SELECT min(visit_id) FROM page_view"),
				 2001 + 1500 * i);
	}
	assert_true(steps_of_all(s) < 3500 * 400);
	pruner_close(&p);
}

static int64_t holder(struct scene *s, struct pruner *p, int64_t hash)
{
	int64_t owner;

	assert_ok(s, dedup_find(&p->queue.dedup, hash, STR("e2"), &owner, &s->e));
	return owner;
}

/* Also by a relay that starts afterwards. */
static void ids_outlive_their_rows(void **state)
{
	struct scene *s = *state;
	struct pruner p;

	set_scene(s);
	pruner_open(s, &p);
	assert_int_equal(holder(s, &p, 12), 2);
	pass(s, &p, &month, TODAY * DAY_MS);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE id = 2"), 0);
	for (int restart = 0; restart < 2; restart++) {
		assert_int_equal(holder(s, &p, 12), 2);
		pruner_close(&p);
		pruner_open(s, &p);
	}
	pass(s, &p, &month, (TODAY + 395) * DAY_MS);
	assert_ok(s, dedup_set_floor(&p.queue.dedup, 11, false, &s->e));
	assert_int_equal(holder(s, &p, 12), 0);
	pruner_close(&p);
}

static void ids_are_forgotten_later(void **state)
{
	struct scene *s = *state;
	struct prune_floors floors;
	struct pruner p;

	set_scene(s);
	pruner_open(s, &p);
	pass(s, &p, &month, TODAY * DAY_MS);
	assert_ok(s, prune_floors_read(&s->db, &floors, &s->e));
	assert_int_equal(floors.outbox_id, 11);
	assert_int_equal(floors.visit_id, 1);
	assert_int_equal(floors.dedup_id, 0);
	pass(s, &p, &month, (TODAY + 395) * DAY_MS);
	assert_ok(s, prune_floors_read(&s->db, &floors, &s->e));
	assert_int_equal(floors.dedup_id, 11);
	pruner_close(&p);
}

static void space_is_given_back(void **state)
{
	struct scene *s = *state;
	struct pruner p;
	int64_t before;

	scene_exec(s, "INSERT INTO outbox (event, payload) SELECT 'purchase', "
		      "hex(zeroblob(1000)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION "
		      "ALL SELECT i + 1 FROM n WHERE i < 8000) SELECT i FROM n);"
		      "UPDATE queue SET cursor = 8000;"
		      "INSERT INTO milestone VALUES (19969, 8000, 0, 0)");
	before = scene_int(s, "PRAGMA page_count");
	pruner_open(s, &p);
	assert_true(pass(s, &p, &month, TODAY * DAY_MS) > 8000 / PRUNE_ROWS);
	assert_int_equal(rows(s, "outbox"), 0);
	assert_true(scene_int(s, "PRAGMA page_count") < before * 3 / 4);
	pruner_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_settled_goes),
		T(open_requests_and_those_of_waiting_rows_stay),
		T(what_is_undone_comes_again),
		T(younger_days_and_zero_keep_all),
		T(an_hour_takes_one_day),
		T(a_clock_that_was_behind_costs_nothing),
		T(a_clock_that_was_ahead_stops_nothing),
		T(a_day_that_was_begun_is_ended),
		T(plain_rows_wait_for_their_redaction),
		T(visits_go_with_what_is_told_of_them),
		T(no_transaction_deletes_many),
		T(a_session_of_many_visits_costs_a_bit_each),
		T(ids_outlive_their_rows),
		T(ids_are_forgotten_later),
		T(space_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
