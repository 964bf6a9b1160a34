/* SPDX-License-Identifier: MIT */
#include "store/counter.h"

#include "scene.h"

static void counts_up_and_down(void **state)
{
	static const struct {
		int64_t delta, now_ms, example, count, first, last, shown;
	} rows[] = {
		{5, 100, 1, 5, 100, 100, 1},
		{2, 200, 2, 7, 100, 200, 2},
		{-3, 300, 3, 4, 100, 200, 2}, /* leaving is not being seen */
		{-4, 400, 4, 0, 100, 200, 2},
		{1, 500, 5, 1, 500, 500, 5}, /* a new story */
	};
	struct scene *s = *state;
	struct counter c;

	assert_ok(s, counter_open(&c, &s->db, &s->e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_ok(s, counter_add(&c, 3, 81, rows[i].delta, rows[i].now_ms,
					 rows[i].example, &s->e));
		assert_int_equal(scene_int(s, "SELECT count FROM counter"),
				 rows[i].count);
		assert_int_equal(scene_int(s, "SELECT first_seen FROM counter"),
				 rows[i].first);
		assert_int_equal(scene_int(s, "SELECT last_seen FROM counter"),
				 rows[i].last);
		assert_int_equal(scene_int(s, "SELECT example_id FROM counter"),
				 rows[i].shown);
	}
	assert_ok(s, counter_add(&c, 4, 81, 1, 1, 1, &s->e));
	assert_int_equal(scene_int(s, "SELECT count(*) FROM counter"), 2);
	counter_close(&c);
}

enum { QUARTER_MS = 900000 };

/* What has ended counts in its quarter of an hour; what waits, or leaves, does not. */
static void ends_count_by_quarter(void **state)
{
	static const struct {
		int destination, state;
		int64_t delta, quarter, kept, count; /* rows; in the latest quarter */
	} rows[] = {
		{3, 160, 5, 1000, 1, 5},
		{3, 160, 2, 1000, 1, 7},
		{3, 81, 1, 1000, 2, 8},
		{3, 129, 4, 1001, 3, 4},
		{3, 130, 4, 1001, 3, 8}, /* one status */
		{4, 160, 1, 1001, 4, 9},
		{3, 16, 9, 1001, 4, 9},
		{3, 48, 9, 1001, 4, 9},
		{3, 129, -4, 1001, 4, 9},
		{3, 65, 1, 1002, 5, 1},
		{3, 160, 1, 1192, 6, 1}, /* two days later all are still there */
		{3, 160, 1, 1193, 5, 1}, /* and now two are not */
	};
	struct scene *s = *state;
	struct counter c;

	assert_ok(s, counter_open(&c, &s->db, &s->e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t now_ms = rows[i].quarter * QUARTER_MS + (int64_t)i;

		assert_ok(s, counter_add(&c, rows[i].destination, rows[i].state,
					 rows[i].delta, now_ms, 1, &s->e));
		assert_int_equal(scene_int(s, "SELECT count(*) FROM quarter"),
				 rows[i].kept);
		assert_int_equal(scene_int(s, "SELECT sum(count) FROM quarter WHERE "
					      "quarter = (SELECT max(quarter) FROM "
					      "quarter)"),
				 rows[i].count);
	}
	counter_close(&c);
}

/* A row that begins anew will end once more: it has one end in all. */
static void who_begins_anew_has_one_end(void **state)
{
	static const struct {
		int destination, state;
		int64_t since, in_1000, in_1002; /* what is left in the quarters */
	} rows[] = {
		{3, 81, 1001, 2, 1}, /* the first that it may have been */
		{3, 81, 1000, 1, 1},
		{3, 82, 999, 0, 1},   /* one status */
		{3, 160, 1000, 0, 1}, /* another */
		{4, 81, 1000, 0, 1},
		{3, 81, 1003, 0, 1}, /* later than it ended: it was not counted */
		{3, 81, 810, 0, 1},  /* too long ago to say */
		{3, 81, 811, 0, 0},
		{3, 81, 811, 0, 0}, /* never below nothing */
	};
	struct scene *s = *state;
	struct counter c;

	assert_ok(s, counter_open(&c, &s->db, &s->e));
	assert_ok(s, counter_add(&c, 3, 81, 2, 1000 * QUARTER_MS, 1, &s->e));
	assert_ok(s, counter_add(&c, 3, 81, 2, 1002 * QUARTER_MS, 1, &s->e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_ok(s, counter_begin_anew(&c, rows[i].destination, rows[i].state,
						rows[i].since * QUARTER_MS,
						(int64_t)1003 * QUARTER_MS, &s->e));
		assert_int_equal(scene_int(s, "SELECT count FROM quarter WHERE quarter "
					      "= 1000"),
				 rows[i].in_1000);
		assert_int_equal(scene_int(s, "SELECT count FROM quarter WHERE quarter "
					      "= 1002"),
				 rows[i].in_1002);
	}
	counter_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(counts_up_and_down),
					   T(ends_count_by_quarter),
					   T(who_begins_anew_has_one_end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
