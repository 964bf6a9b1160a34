/* SPDX-License-Identifier: MIT */
#include "store/requeue_event.h"

#include <stdio.h>
#include <string.h>

#include "queue_scene.h"
#include "scene.h"
#include "store/dedup.h"

static enum err_code move_event(struct scene *s, struct requeue *q, const char *event_id,
				int64_t row)
{
	struct requeue_found found;

	assert_ok(s, requeue_find(&s->db, event_id, row, &found, &s->e));
	return requeue_event(q, &found, &s->e);
}

/* The status number of a row's only delivery; -1 where it has none. */
static int64_t status_of(struct scene *s, int id)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		 "SELECT state / 16 FROM delivery WHERE key / 1024 = %d UNION ALL "
		 "SELECT status FROM waiting WHERE key / 1024 = %d",
		 id, id);
	return scene_int(s, sql);
}

struct row {
	int id;
	enum requeue_refusal refusal;
	int status; /* afterwards; -1: no row of its own */
};

static void move_rows(struct scene *s, enum requeue_move move, const struct row *rows,
		      size_t count)
{
	struct requeue q;

	scene_exec(s, queue_scene);
	assert_int_equal(scene_miscounted(s), 0);
	for (size_t i = 0; i < count; i++) {
		assert_ok(s, requeue_open(&q, &s->db, move, &s->e));
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, requeue_row(&q, rows[i].id, &s->e));
		assert_ok(s, db_commit(&s->db, &s->e));
		assert_int_equal(q.moved, rows[i].refusal == REQUEUE_MOVED);
		assert_int_equal(q.why, rows[i].refusal);
		assert_int_equal(status_of(s, rows[i].id), rows[i].status);
		assert_int_equal(scene_miscounted(s), 0);
		requeue_close(&q);
	}
}

static void retries_what_is_finished(void **state)
{
	static const struct row rows[] = {
		{1, REQUEUE_DELIVERED, 10}, {2, REQUEUE_MOVED, 1},
		{3, REQUEUE_MOVED, 1},      {4, REQUEUE_MOVED, 1},
		{5, REQUEUE_DUPLICATE, 9},  {6, REQUEUE_MOVED, 1},
		{7, REQUEUE_MOVED, 3},      {8, REQUEUE_PENDING, 1},
		{9, REQUEUE_MOVED, 1},      {10, REQUEUE_IN_FLIGHT, -1},
		{11, REQUEUE_PENDING, -1},  {99, REQUEUE_ABSENT, -1},
	};
	struct scene *s = *state;

	move_rows(s, REQUEUE_RETRY, rows, sizeof(rows) / sizeof(rows[0]));
	/* What was known stays, what was spent does not. */
	assert_int_equal(
		scene_int(s, "SELECT count(*) FROM waiting WHERE key = 2049 AND "
			     "destination_id = 1 AND name_id = 1 AND event_hash = 12 "
			     "AND utc_offset = 3600 AND attempts = 0 AND "
			     "first_sent_at IS NULL AND due_at < 9999999999999"),
		1);
	assert_int_equal(
		scene_int(s, "SELECT destination_id FROM waiting WHERE key = 3072"), 0);
	assert_int_equal(scene_int(s,
				   "SELECT count(*) FROM waiting WHERE key = 6145 AND "
				   "first_sent_at IS NULL AND unknown IS NULL AND "
				   "attempts = 0 AND reason IS NULL AND due_at NOT NULL"),
			 1);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM waiting WHERE key = 7169 AND "
				      "attempts = 2 AND due_at < 9999999999999"),
			 1);
}

static void cancels_what_waits_and_settles_what_failed(void **state)
{
	static const struct row rows[] = {
		{1, REQUEUE_DELIVERED, 10}, {2, REQUEUE_MOVED, 7},
		{3, REQUEUE_MOVED, 7},      {4, REQUEUE_FINISHED, 8},
		{5, REQUEUE_DUPLICATE, 9},  {6, REQUEUE_MOVED, 7},
		{7, REQUEUE_MOVED, 7},      {8, REQUEUE_MOVED, 7},
		{9, REQUEUE_MOVED, 7},      {10, REQUEUE_IN_FLIGHT, -1},
		{11, REQUEUE_MOVED, 7},     {11, REQUEUE_FINISHED, 7},
	};
	struct scene *s = *state;

	move_rows(s, REQUEUE_CANCEL, rows, sizeof(rows) / sizeof(rows[0]));
	/* It was sent: its id stays taken. */
	assert_int_equal(scene_int(s, "SELECT attempts FROM delivery WHERE key = 6145"),
			 3);
	/* What ended without being read again may have been mended: 2, 3, 6, 7, 8 and 9. */
	assert_int_equal(
		scene_int(s, "SELECT count(*) * 100 + sum(first_id) FROM redaction WHERE "
			     "hex(members) = printf('%02X', first_id)"),
		635);
}

/* It is no duplicate yet, and nobody asked for it. */
static void what_nobody_has_read_is_not_cancelled_with_its_twin(void **state)
{
	struct scene *s = *state;
	struct requeue q;
	uint64_t seed;
	char sql[200];

	scene_exec(s, queue_scene);
	assert_ok(s, dedup_seed(&s->db, &seed, &s->e));
	snprintf(sql, sizeof(sql),
		 "UPDATE delivery SET event_hash = %lld WHERE key = 1025;"
		 "INSERT INTO outbox (id, event_id, event) VALUES (13, 'e1', 'purchase')",
		 (long long)dedup_hash(seed, STR("e1")));
	scene_exec(s, sql);
	assert_ok(s, requeue_open(&q, &s->db, REQUEUE_CANCEL, &s->e));
	assert_int_equal(move_event(s, &q, "e1", 0), ERR_DATA);
	assert_non_null(strstr(s->e.msg, "was delivered"));
	assert_int_equal(q.moved, 0);
	assert_int_equal(status_of(s, 13), -1);
	requeue_close(&q);
}

/* Row `id` is known by its event_id. */
static void enter_hash(struct scene *s, const char *event_id, int id)
{
	uint64_t seed;
	char sql[300];
	long long hash;

	assert_ok(s, dedup_seed(&s->db, &seed, &s->e));
	hash = (long long)dedup_hash(seed, str_of(event_id));
	snprintf(sql, sizeof(sql),
		 "UPDATE waiting SET event_hash = %lld WHERE key / 1024 = %d;"
		 "UPDATE delivery SET event_hash = %lld WHERE key / 1024 = %d",
		 hash, id, hash, id);
	scene_exec(s, sql);
}

static void who_would_take_the_id_is_cancelled_too(void **state)
{
	struct scene *s = *state;
	struct requeue q;

	scene_exec(s, queue_scene);
	enter_hash(s, "e8", 8);
	enter_hash(s, "e6", 6);
	scene_exec(s, "INSERT INTO outbox (id, event_id, event) VALUES (13, 'e8', 'x'), "
		      "(14, 'e6', 'x'), (15, 'e8', 'x'), (16, 'e11', 'x')");
	assert_ok(s, requeue_open(&q, &s->db, REQUEUE_CANCEL, &s->e));
	/* What is said to be one row is one row. */
	assert_ok(s, move_event(s, &q, NULL, 15));
	assert_int_equal(q.moved, 1);
	assert_ok(s, move_event(s, &q, "e8", 0));
	assert_int_equal(q.moved, 3);
	assert_int_equal(status_of(s, 8), 7);
	assert_int_equal(status_of(s, 13), 7);
	assert_ok(s, move_event(s, &q, "e11", 0));
	assert_int_equal(q.moved, 5);
	assert_int_equal(status_of(s, 16), 7);
	/* It may have arrived and keeps its id: the other will be its duplicate. */
	assert_ok(s, move_event(s, &q, "e6", 0));
	assert_int_equal(q.moved, 6);
	assert_int_equal(status_of(s, 14), -1);
	assert_int_equal(q.refused, 0);
	assert_int_equal(scene_miscounted(s), 0);
	requeue_close(&q);
}

static void what_is_in_flight_elsewhere_has_not_ended(void **state)
{
	struct scene *s = *state;
	struct requeue q;

	scene_exec(s, queue_scene);
	enter_hash(s, "e4", 4);
	scene_exec(s, "INSERT INTO attempt (id, destination_id, started_at, events, "
		      "first_id, last_id) VALUES (9, 2, 1, 1, 4, 4)");
	assert_ok(s, requeue_open(&q, &s->db, REQUEUE_CANCEL, &s->e));
	assert_int_equal(move_event(s, &q, "e4", 0), ERR_BUSY);
	scene_exec(s, "UPDATE attempt SET outcome = 'refused' WHERE id = 9");
	assert_int_equal(move_event(s, &q, "e4", 0), ERR_DATA);
	assert_int_equal(q.moved, 0);
	requeue_close(&q);
}

static void a_row_not_reached_yet_is_only_uncancelled(void **state)
{
	struct scene *s = *state;
	struct requeue q;

	scene_exec(s, queue_scene);
	scene_exec(s, "INSERT INTO delivery (key, state) VALUES (11 * 1024, 113);"
		      "INSERT INTO counter VALUES (0, 113, 1, 1, 1, 11)");
	assert_ok(s, requeue_open(&q, &s->db, REQUEUE_RETRY, &s->e));
	assert_ok(s, requeue_row(&q, 11, &s->e));
	assert_int_equal(q.moved, 1);
	assert_int_equal(status_of(s, 11), -1);
	assert_int_equal(scene_miscounted(s), 0);
	requeue_close(&q);
}

static void nothing_goes_back_to_a_removed_destination(void **state)
{
	struct scene *s = *state;
	struct requeue q;

	scene_exec(s, queue_scene);
	scene_exec(s, "UPDATE destination SET removed = 1;"
		      "UPDATE delivery SET state = 116 WHERE key = 9217;"
		      "UPDATE counter SET state = 116 WHERE state = 82");
	assert_ok(s, requeue_open(&q, &s->db, REQUEUE_RETRY, &s->e));
	assert_ok(s, requeue_row(&q, 2, &s->e));
	assert_int_equal(q.why, REQUEUE_REMOVED);
	assert_ok(s, requeue_row(&q, 9, &s->e));
	assert_int_equal(q.why, REQUEUE_ERASED);
	assert_int_equal(q.moved, 0);
	assert_int_equal(scene_miscounted(s), 0);
	requeue_close(&q);
}

static int64_t move_many(struct scene *s, enum requeue_move move, int status, int reason,
			 bool commit)
{
	struct requeue_filter f = {(enum status)status, (enum reason)reason};
	struct requeue q;
	int64_t moved;
	bool more = true;

	assert_ok(s, requeue_open(&q, &s->db, move, &s->e));
	while (more) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, requeue_some(&q, &f, &more, &s->e));
		if (commit)
			assert_ok(s, db_commit(&s->db, &s->e));
		else
			db_rollback(&s->db);
		assert_int_equal(scene_miscounted(s), 0);
	}
	moved = q.moved;
	requeue_close(&q);
	return moved;
}

/* What a dry run says. */
static int64_t count_many(struct scene *s, enum requeue_move move, int status, int reason)
{
	struct requeue_filter f = {(enum status)status, (enum reason)reason};
	struct requeue q;
	int64_t moved;

	assert_ok(s, requeue_open(&q, &s->db, move, &s->e));
	assert_ok(s, requeue_count(&q, &f, &s->e));
	moved = q.moved;
	requeue_close(&q);
	return moved;
}

static void moves_all_of_a_status_in_slices(void **state)
{
	struct scene *s = *state;

	scene_exec(
		s,
		"INSERT INTO destination (id, name, source, pixel_id) VALUES "
		"(1, 'shop', 'web', 'P');"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
		"WHERE i < 5000) INSERT INTO outbox (event) SELECT 'x' FROM n;"
		"UPDATE queue SET cursor = 4500;"
		"INSERT INTO delivery (key, state) SELECT id * 1024 + 1, "
		"CASE id % 2 WHEN 1 THEN 129 ELSE 135 END FROM outbox WHERE id <= 4500;"
		"INSERT INTO counter VALUES (1, 129, 2250, 1, 1, 1), "
		"(1, 135, 2250, 1, 1, 1)");
	assert_int_equal(move_many(s, REQUEUE_RETRY, STATUS_SKIPPED, 0, false), 4500);
	assert_int_equal(
		move_many(s, REQUEUE_RETRY, STATUS_SKIPPED, REASON_TOO_OLD, true), 2250);
	assert_int_equal(move_many(s, REQUEUE_RETRY, STATUS_SKIPPED, 0, true), 2250);
	assert_int_equal(
		move_many(s, REQUEUE_CANCEL, STATUS_PENDING, REASON_PAUSED, true), 0);
	assert_int_equal(move_many(s, REQUEUE_CANCEL, STATUS_PENDING, 0, true), 5000);
	assert_int_equal(move_many(s, REQUEUE_RETRY, STATUS_CANCELLED, 0, true), 5000);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM waiting"), 4500);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM delivery"), 0);
}

/* In every case as many as are moved then. */
static void counts_what_it_would_move(void **state)
{
	static const struct {
		enum requeue_move move;
		int status, reason;
	} moves[] = {
		{REQUEUE_CANCEL, STATUS_PENDING, REASON_PAUSED},
		{REQUEUE_CANCEL, STATUS_RETRYING, REASON_NETWORK},
		{REQUEUE_CANCEL, STATUS_RETRYING, REASON_TLS},
		{REQUEUE_CANCEL, STATUS_PENDING, 0},
		{REQUEUE_CANCEL, STATUS_HELD, REASON_OUTCOME_UNKNOWN},
		{REQUEUE_CANCEL, STATUS_FAILED, 0},
		{REQUEUE_RETRY, STATUS_CANCELLED, 0},
		{REQUEUE_RETRY, STATUS_SKIPPED, REASON_NOT_MAPPED},
		{REQUEUE_RETRY, STATUS_REJECTED, 0},
		{REQUEUE_RETRY, STATUS_HELD, 0},
		{REQUEUE_RETRY, STATUS_RETRYING, 0},
	};
	struct scene *s = *state;
	int64_t all = 0;

	scene_exec(s, queue_scene);
	scene_exec(
		s,
		"INSERT INTO destination (id, name, source, pixel_id, removed) VALUES "
		"(2, 'gone', 'web', 'Q', 1); INSERT INTO delivery (key, state) VALUES "
		"(2 * 1024 + 2, 81), (3 * 1024 + 2, 129), (4 * 1024 + 2, 116);"
		"INSERT INTO counter VALUES (2, 81, 1, 1, 1, 2), (2, 129, 1, 1, 1, 3), "
		"(2, 116, 1, 1, 1, 4)");
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		int64_t said =
			count_many(s, moves[i].move, moves[i].status, moves[i].reason);

		assert_int_equal(move_many(s, moves[i].move, moves[i].status,
					   moves[i].reason, true),
				 said);
		all += said;
	}
	assert_int_equal(all, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(retries_what_is_finished),
		T(cancels_what_waits_and_settles_what_failed),
		T(a_row_not_reached_yet_is_only_uncancelled),
		T(what_nobody_has_read_is_not_cancelled_with_its_twin),
		T(who_would_take_the_id_is_cancelled_too),
		T(what_is_in_flight_elsewhere_has_not_ended),
		T(nothing_goes_back_to_a_removed_destination),
		T(moves_all_of_a_status_in_slices),
		T(counts_what_it_would_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
