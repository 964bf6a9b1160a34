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

int main(void)
{
	const struct CMUnitTest tests[] = {T(counts_up_and_down)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
