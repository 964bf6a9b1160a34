/* SPDX-License-Identifier: MIT
 *
 * The clock is set: what moves with it, and what does not. */
#include "scene.h"

#include <stdio.h>

#include "store/shift.h"

#define DAY_MS INT64_C(86400000)
#define START_MS (1000 * DAY_MS)
#define SET_MS (1001 * DAY_MS)
#define CAP_MS INT64_C(900000)

/* An outcome, known or not; when it was sent first and is due, before and after. */
struct shift_case {
	int64_t by_ms;
	bool unknown;
	int64_t sent_ms, due_ms;
	int64_t sent_then_ms, due_then_ms;
};

static const struct shift_case cases[] = {
	/* This relay's: as young as they were. */
	{3 * DAY_MS, true, START_MS, SET_MS, START_MS + 3 * DAY_MS, SET_MS + 3 * DAY_MS},
	{3 * DAY_MS, true, SET_MS, SET_MS + 5, SET_MS + 3 * DAY_MS,
	 SET_MS + 3 * DAY_MS + 5},
	{-3 * DAY_MS, true, START_MS, SET_MS, START_MS - 3 * DAY_MS, SET_MS - 3 * DAY_MS},
	/* An earlier one's: never younger; but those that are known to have failed. */
	{3 * DAY_MS, true, START_MS - 1, SET_MS, START_MS - 1, SET_MS + 3 * DAY_MS},
	{3 * DAY_MS, false, START_MS - 1, SET_MS, START_MS - 1 + 3 * DAY_MS,
	 SET_MS + 3 * DAY_MS},
	{-3 * DAY_MS, true, START_MS - 1, SET_MS, START_MS - 1 - 3 * DAY_MS,
	 SET_MS - 3 * DAY_MS},
	/* Sent when the clock was right, before it was lost. */
	{3650 * DAY_MS, true, 4000 * DAY_MS, SET_MS, 4000 * DAY_MS,
	 SET_MS + 3650 * DAY_MS},
	/* Not sent yet, and not to be sent by time. */
	{3 * DAY_MS, false, 0, SET_MS, 0, SET_MS + 3 * DAY_MS},
	{-2000 * DAY_MS, false, START_MS, SET_MS, 1, 1},
	{3 * DAY_MS, true, START_MS, 0, START_MS + 3 * DAY_MS, 0},
	/* An earlier one's, by a clock that was right while this one is behind. */
	{3 * DAY_MS, false, SET_MS + 2 * DAY_MS, SET_MS + 2 * DAY_MS + CAP_MS,
	 SET_MS + 3 * DAY_MS, SET_MS + 3 * DAY_MS},
	{3 * DAY_MS, true, SET_MS + 2 * DAY_MS, SET_MS + CAP_MS, SET_MS + 2 * DAY_MS,
	 SET_MS + CAP_MS + 3 * DAY_MS},
	{-3 * DAY_MS, true, SET_MS + 2 * DAY_MS, SET_MS + CAP_MS + 1, SET_MS - DAY_MS,
	 SET_MS - 3 * DAY_MS},
	/* By one that was ahead, when this one is not set: nothing else is touched. */
	{0, false, SET_MS + DAY_MS, SET_MS + DAY_MS, SET_MS, SET_MS},
	{0, false, SET_MS + DAY_MS, SET_MS + CAP_MS, SET_MS, SET_MS + CAP_MS},
	{0, true, SET_MS + DAY_MS, SET_MS + DAY_MS, SET_MS + DAY_MS, SET_MS},
	{0, true, START_MS - DAY_MS, SET_MS - 1, START_MS - DAY_MS, SET_MS - 1},
};

/* When a pending row is due, before and after. */
static const struct {
	int64_t by_ms, due_ms, due_then_ms;
} pending[] = {
	{3 * DAY_MS, SET_MS - 7, SET_MS - 7 + 3 * DAY_MS},
	{-3 * DAY_MS, SET_MS, SET_MS - 3 * DAY_MS},
	/* Retried by a person, when the clock was set and the relay had not seen it. */
	{3 * DAY_MS, SET_MS + 3 * DAY_MS - 5, SET_MS + 3 * DAY_MS},
	{-3 * DAY_MS, SET_MS - 3 * DAY_MS - 5, SET_MS - 6 * DAY_MS - 5},
	{0, SET_MS + 1, SET_MS},
};

static int64_t slice(struct scene *s, const struct shift *shift, uint64_t most_ms)
{
	int64_t last;

	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, shift_some(&s->db, shift, most_ms, &last, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	return last;
}

static struct shift left(struct scene *s)
{
	struct shift shift = {0, 0, 0, CAP_MS, 0};

	assert_ok(s, shift_left(&s->db, &shift, &s->e));
	return shift;
}

static void insert_and_shift(struct scene *s, const char *insert, int64_t by_ms)
{
	const struct shift shift = {by_ms, START_MS, SET_MS, CAP_MS, 0};

	scene_exec(s, insert);
	assert_int_equal(slice(s, &shift, 60000), 0);
	assert_int_equal(left(s).key, 0);
}

static void pending_rows_stay_due(void **state)
{
	struct scene *s = *state;
	char sql[200];

	for (size_t i = 0; i < sizeof(pending) / sizeof(pending[0]); i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO waiting (key, destination_id, status, due_at) "
			 "VALUES (1025, 1, 1, %lld)",
			 (long long)pending[i].due_ms);
		insert_and_shift(s, sql, pending[i].by_ms);
		assert_int_equal(scene_int(s, "SELECT due_at FROM waiting"),
				 pending[i].due_then_ms);
		scene_exec(s, "DELETE FROM waiting");
	}
}

static void the_clock_is_set(void **state)
{
	struct scene *s = *state;
	char sql[300];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct shift_case *c = &cases[i];

		snprintf(sql, sizeof(sql),
			 "INSERT INTO waiting (key, destination_id, status, "
			 "first_sent_at, due_at, unknown) VALUES (1025, 1, 3, "
			 "nullif(%lld, 0), %lld, nullif(%d, 0))",
			 (long long)c->sent_ms, (long long)c->due_ms, c->unknown);
		insert_and_shift(s, sql, c->by_ms);
		assert_int_equal(scene_int(s, "SELECT coalesce(first_sent_at, 0) FROM "
					      "waiting"),
				 c->sent_then_ms);
		assert_int_equal(scene_int(s, "SELECT due_at FROM waiting"),
				 c->due_then_ms);
		scene_exec(s, "DELETE FROM waiting");
	}
}

static void the_last_is_found(void **state)
{
	struct scene *s = *state;
	int64_t due_ms;

	assert_ok(s, shift_farthest(&s->db, &due_ms, &s->e));
	assert_int_equal(due_ms, 0);
	scene_exec(s, "INSERT INTO destination (name, source, pixel_id, removed) VALUES "
		      "('a', 'web', 'P', 0), ('b', 'web', 'Q', 0);"
		      "INSERT INTO waiting (key, destination_id, status, due_at) VALUES "
		      "(1025, 1, 3, 8), (1026, 2, 3, 9), (2048, 0, 1, 7), "
		      "(3073, 1, 4, NULL)");
	assert_ok(s, shift_farthest(&s->db, &due_ms, &s->e));
	assert_int_equal(due_ms, 9);
	scene_exec(s, "UPDATE waiting SET due_at = 10 WHERE destination_id = 0");
	assert_ok(s, shift_farthest(&s->db, &due_ms, &s->e));
	assert_int_equal(due_ms, 10);
}

/* Whoever is killed or told to end in between leaves the rest to the next: no row moves twice. */
static void many_move_a_piece_at_a_time(void **state)
{
	const struct shift begun = {DAY_MS, START_MS, SET_MS, CAP_MS, 0};
	struct scene *s = *state;
	struct shift shift = begun;
	int slices = 1;

	scene_exec(s, "INSERT INTO waiting (key, destination_id, status, due_at, "
		      "first_sent_at) SELECT i * 1024 + 1, 1, 3, 1, 1 FROM (WITH "
		      "RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
		      "WHERE i < 2500) SELECT i FROM n)");
	while ((shift.key = slice(s, &shift, 0)) != 0) {
		shift = left(s);
		assert_int_equal(shift.key, slices++ * SHIFT_ROWS * 1024 + 1);
		assert_int_equal(shift.by_ms, begun.by_ms);
		assert_int_equal(shift.since_ms, begun.since_ms);
		assert_int_equal(shift.at_ms, begun.at_ms);
	}
	assert_int_equal(slices, 2500 / SHIFT_ROWS + 1);
	assert_int_equal(left(s).key, 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM waiting WHERE due_at = "
				      "86400001 AND first_sent_at = 86400001"),
			 2500);
}

/* Another look finds what is left of it. */
static void a_shift_by_nothing_is_not_kept(void **state)
{
	struct shift shift = {0, START_MS, SET_MS, CAP_MS, 0};
	struct scene *s = *state;

	scene_exec(s, "INSERT INTO waiting (key, destination_id, status, due_at) "
		      "VALUES (1025, 1, 3, 9999999999999)");
	assert_int_equal(slice(s, &shift, 0), 1025);
	assert_int_equal(left(s).key, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_clock_is_set),
		T(pending_rows_stay_due),
		T(the_last_is_found),
		T(many_move_a_piece_at_a_time),
		T(a_shift_by_nothing_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
