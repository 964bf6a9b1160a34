/* SPDX-License-Identifier: MIT
 *
 * What one load reads of the outbox, on a database of its own. */
#include "scene.h"

#include <stdio.h>

#include "base/clock.h"
#include "run/shaper.h"

/* `judge` is opened for it. */
static void shape_load(struct scene *s, struct judge *judge, struct load *load,
		       enum lot_kind kind)
{
	assert_ok(s, judge_open(judge, s->path, &s->e));
	load->lot.kind = kind;
	load->destination_id = kind == LOT_RETRY;
	load->limit = LOAD_ROWS;
	load->now_ms = 1;
	shaper_work(&load->job, judge);
	assert_int_equal(load->job.err.code, ERR_OK);
}

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
	shape_load(s, &judge, load, LOT_FRESH);
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

/* It was sent with the time of its first reading; the second with its own. The third's is so
 * late that none can be behind it. */
static void a_row_without_a_time_keeps_its_first(void **state)
{
	struct scene *s = *state;
	struct load *load = load_new();
	struct judge judge;

	scene_exec(s,
		   "INSERT INTO destination (name, source, pixel_id, default_url) VALUES "
		   "('shop', 'web', 'P', 'https://shop.example/');"
		   "INSERT INTO outbox (event_id, event, created_at) VALUES "
		   "('a', 'Purchase', NULL), ('b', 'Purchase', 1790000000000), "
		   "('c', 'Purchase', 9223372036854775807);"
		   "UPDATE queue SET cursor = 3;"
		   "INSERT INTO waiting (key, destination_id, status, due_at, attempts, "
		   "first_sent_at, event_time) VALUES "
		   "(1 * 1024 + 1, 1, 3, 1, 1, 1780000000000, 1780000000), "
		   "(2 * 1024 + 1, 1, 3, 1, 1, 1780000000000, 1780000000), "
		   "(3 * 1024 + 1, 1, 1, 1, 0, NULL, NULL)");
	shape_load(s, &judge, load, LOT_RETRY);
	assert_int_equal(load->rows, 3);
	assert_int_equal(load->lot.entries[0].event_time, 1780000000);
	assert_int_equal(load->lot.entries[1].event_time, 1790000000);
	assert_int_equal(load->lot.entries[2].reason, REASON_FUTURE_TIME);
	judge_close(&judge);
	load_free(load);
}

/* Sent by a clock that was ahead: known to have failed, unknown, unknown and set a little since. */
static void what_seems_to_be_sent_later_is_old(void **state)
{
	struct scene *s = *state;
	struct load *load = load_new();
	struct judge judge;
	int64_t now_ms = clock_wall_ms();
	char sql[600];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO destination (name, source, pixel_id, default_url) VALUES "
		 "('shop', 'web', 'P', 'https://shop.example/');"
		 "INSERT INTO outbox (event_id, event) VALUES ('a', 'Purchase'), "
		 "('b', 'Purchase'), ('c', 'Purchase');"
		 "UPDATE queue SET cursor = 3;"
		 "INSERT INTO waiting (key, destination_id, status, due_at, attempts, "
		 "first_sent_at, unknown) VALUES "
		 "(1 * 1024 + 1, 1, 3, 1, 1, %lld, NULL), "
		 "(2 * 1024 + 1, 1, 3, 1, 1, %lld, 1), "
		 "(3 * 1024 + 1, 1, 3, 1, 1, %lld, 1)",
		 (long long)now_ms + 3600000, (long long)now_ms + 3600000,
		 (long long)now_ms + 1000);
	scene_exec(s, sql);
	load->since_ms = now_ms - 5000;
	shape_load(s, &judge, load, LOT_RETRY);
	assert_int_equal(load->rows, 3);
	assert_int_equal(load->lot.entries[0].first_sent_ms, now_ms - 5000);
	assert_int_equal(load->lot.entries[1].first_sent_ms, now_ms - 3610000);
	assert_int_equal(load->lot.entries[2].first_sent_ms, now_ms + 1000);
	judge_close(&judge);
	load_free(load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_leaves_no_body_fills_a_load_too),
		T(a_row_without_a_time_keeps_its_first),
		T(what_seems_to_be_sent_later_is_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
