/* SPDX-License-Identifier: MIT
 *
 * Rows that are written many at once: nothing of what they differ in may get lost. */
#include "scene.h"

#include <string.h>

#include "store/queue.h"

#define NOW_MS INT64_C(1790000000000)

enum { MANY = 12 * QUEUE_PACK };

/* Each changes in the middle of what would otherwise be written at once. */
static void fill(struct entry *many)
{
	memset(many, 0, MANY * sizeof(*many));
	for (int i = 0; i < MANY; i++) {
		bool again = i == 65 || i == 66 || i == 205;

		many[i] = (struct entry){
			.outbox_id = 1 + i,
			.destination_id = 1,
			.hash = 1000 + i,
			.name_id = i % 5 ? 1 : 0,
			.event_time = i < 150 || i > 169 ? NOW_MS / 1000 + i : 0,
			.utc_offset_s = i < 30 ? 7200 : 3600,
			.limited_data_use = i < 100 ? 1 : -1,
			.attempts = again,
			.first_sent_ms = again ? NOW_MS - i : 0,
			.batch = 1,
		};
	}
}

static void settle(struct scene *s, struct queue *q, struct entry *many)
{
	static const struct answer ok = {TRANSPORT_ANSWERED, 200, true, 0, "OK", "R1"};
	struct lot lot = {LOT_FRESH, 1, MANY, many, MANY, "", 0};
	struct settlement settled = {.attempt_id = 1,
				     .batch = 1,
				     .disposition = SETTLE_DELIVERED,
				     .started_ms = NOW_MS,
				     .verdict = VERDICT_DELIVERED,
				     .answer = &ok};

	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, queue_settle(q, &lot, &settled, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
}

static bool is_column(sqlite3_stmt *row, int column, int64_t value, int64_t none)
{
	return value == none ? sqlite3_column_type(row, column) == SQLITE_NULL
			     : sqlite3_column_type(row, column) == SQLITE_INTEGER &&
				       sqlite3_column_int64(row, column) == value;
}

static bool is_as_settled(sqlite3_stmt *row, const struct entry *n)
{
	return is_column(row, 0, n->outbox_id * 1024 + 1, 0) &&
	       is_column(row, 1, STATUS_DELIVERED * 16, 0) && is_column(row, 2, 1, 0) &&
	       is_column(row, 3, n->name_id, 0) && is_column(row, 4, n->event_time, 0) &&
	       is_column(row, 5, n->event_time ? n->utc_offset_s : 0, 0) &&
	       is_column(row, 6, n->limited_data_use, -1) &&
	       is_column(row, 7, n->hash, 0) &&
	       is_column(row, 8, n->attempts ? 2 : 0, 0) &&
	       is_column(row, 9, n->first_sent_ms, 0);
}

static void rows_keep_what_is_theirs(void **state)
{
	struct scene *s = *state;
	struct entry many[MANY];
	sqlite3_stmt *row;
	struct queue q;
	bool any;

	scene_exec(s,
		   "INSERT INTO destination (id, name, source, pixel_id) VALUES (1, "
		   "'shop', 'web', 'P'); INSERT INTO event_name VALUES (1, 'Purchase')");
	assert_ok(s, queue_open(&q, &s->db, &s->e));
	q.now_ms = NOW_MS;
	fill(many);
	settle(s, &q, many);
	assert_ok(s, db_prepare(&s->db,
				"SELECT key, state, attempt_id, name_id, event_time, "
				"utc_offset, limited_data_use, event_hash, attempts, "
				"first_sent_at FROM delivery ORDER BY key",
				&row, &s->e));
	for (int i = 0; i < MANY; i++) {
		assert_ok(s, db_step(&s->db, row, &any, &s->e));
		if (!any || !is_as_settled(row, &many[i]))
			fail_msg("row %d", i);
	}
	sqlite3_finalize(row);
	assert_int_equal(scene_miscounted(s), 0);
	queue_close(&q);
}

/* Of three destinations the second was removed when the rows were decided, but not stored. */
static void what_a_removed_destination_would_get_ends(void **state)
{
	struct scene *s = *state;
	struct entry entries[3];
	struct lot lot = {LOT_FRESH, 1, 1, entries, 3, "", 0};
	struct opening openings[2] = {{1, 1, 1, 0}, {2, 2, 2, 0}};
	struct queue q;

	scene_exec(s, "INSERT INTO destination (id, name, source, pixel_id, removed) "
		      "VALUES (1, 'a', 'web', 'P', 0), (2, 'b', 'web', 'Q', 1), "
		      "(3, 'c', 'web', 'R', 0);"
		      "INSERT INTO outbox (event) VALUES ('purchase');"
		      "INSERT OR REPLACE INTO setting VALUES ('config_version', 7)");
	assert_ok(s, queue_open(&q, &s->db, &s->e));
	q.now_ms = NOW_MS;
	for (uint16_t i = 0; i < 3; i++)
		entries[i] = (struct entry){.outbox_id = 1,
					    .destination_id = (uint16_t)(i + 1),
					    .batch = i + 1u,
					    .flags = i == 0   ? ENTRY_FIRST
						     : i == 2 ? ENTRY_PARKED
							      : 0};
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, queue_admit(&q, &lot, openings, 2, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	assert_int_equal(openings[0].events, 1);
	assert_int_equal(openings[1].events, 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM attempt"), 1);
	assert_int_equal(scene_int(s, "SELECT state FROM delivery WHERE key = 1024 + 2"),
			 REASON_DISCONNECTED);
	assert_int_equal(scene_int(s, "SELECT destination_id FROM waiting"), 3);
	assert_int_equal(scene_miscounted(s), 0);
	queue_close(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(rows_keep_what_is_theirs),
		T(what_a_removed_destination_would_get_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
