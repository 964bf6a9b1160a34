/* SPDX-License-Identifier: MIT
 *
 * How much of the outbox one load reads, on a database of its own. */
#include "scene.h"

#include "run/shaper.h"

/* Nobody maps them, so that they leave no body. */
static void what_leaves_no_body_fills_a_load_too(void **state)
{
	struct scene *s = *state;
	struct load *load = load_new();
	struct judge judge;

	scene_exec(s,
		   "INSERT INTO destination (name, source, pixel_id) VALUES ('shop', "
		   "'web', 'P');"
		   "INSERT INTO outbox (event_id, event, payload) WITH RECURSIVE n(i) AS "
		   "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12) SELECT i, "
		   "'scrolled', '{\"a\":\"' || hex(zeroblob(500000)) || '\"}' FROM n");
	assert_ok(s, judge_open(&judge, s->path, &s->e));
	load->lot.kind = LOT_FRESH;
	load->limit = LOAD_ROWS;
	load->now_ms = 1;
	shaper_work(&load->job, &judge);
	assert_int_equal(load->job.err.code, ERR_OK);
	assert_true(load->cut);
	assert_int_equal(load->rows, 9);
	assert_int_equal(load->lot.last_id, 9);
	load->after = 9;
	shaper_work(&load->job, &judge);
	assert_false(load->cut);
	assert_int_equal(load->rows, 3);
	judge_close(&judge);
	load_free(load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_leaves_no_body_fills_a_load_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
