/* SPDX-License-Identifier: MIT
 *
 * From an event_id to its rows, wherever the rows stand: recent, merged, in flight, not taken
 * up, given up, cancelled, not readable. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

#include "store/lookup.h"
#include "store/queue.h"

struct stage {
	struct scene *s;
	struct queue q;
	int64_t attempt_id;
};

static void set_up(struct stage *t, void **state)
{
	*t = (struct stage){.s = *state};
	scene_exec(t->s,
		   "INSERT INTO destination (id, name, source, pixel_id) VALUES "
		   "(1, 'shop', 'web', 'P'); INSERT INTO event_name VALUES (1, 'X')");
	assert_ok(t->s, queue_open(&t->q, &t->s->db, &t->s->e));
	t->q.now_ms = INT64_C(1790000000000);
}

/* The relay ends, and another one starts. */
static void restart(struct stage *t)
{
	queue_close(&t->q);
	assert_ok(t->s, queue_open(&t->q, &t->s->db, &t->s->e));
}

static void begin(struct stage *t)
{
	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
}

static void commit(struct stage *t)
{
	assert_ok(t->s, db_commit(&t->s->db, &t->s->e));
	dedup_commit(&t->q.dedup);
}

/* What is recent becomes old. */
static void flush(struct stage *t)
{
	begin(t);
	assert_ok(t->s, dedup_flush(&t->q.dedup, &t->s->e));
	commit(t);
}

static int64_t insert(struct stage *t, const char *event_id)
{
	sqlite3_stmt *put;

	assert_ok(t->s,
		  db_prepare(&t->s->db,
			     "INSERT INTO outbox (event_id, event) VALUES (?1, 'x')",
			     &put, &t->s->e));
	db_bind(put, 1, str_of(event_id));
	assert_ok(t->s, db_run(&t->s->db, put, &t->s->e));
	sqlite3_finalize(put);
	return sqlite3_last_insert_rowid(t->s->db.handle);
}

/* The row is taken up: it ends with the reason, or is sent (REASON_NONE). */
static void admit(struct stage *t, int64_t row, const char *event_id, enum reason reason,
		  uint8_t flags)
{
	struct opening opening = {++t->attempt_id, 1, 1, 0};
	struct entry n = {.outbox_id = row,
			  .id_len = (uint32_t)strlen(event_id),
			  .limited_data_use = -1,
			  .reason = (uint8_t)reason,
			  .batch = 1,
			  .flags = (uint8_t)(ENTRY_FIRST | flags)};
	struct lot lot = {LOT_FRESH, row, row, &n, 1, event_id, 0};
	struct settlement s = {.attempt_id = opening.attempt_id, .batch = 1};

	n.destination_id = reason == REASON_NONE;
	n.hash = dedup_hash(t->q.dedup.seed, str_of(event_id));
	begin(t);
	assert_ok(t->s, queue_admit(&t->q, &lot, &opening, 1, &t->s->e));
	s.disposition = SETTLE_DELIVERED;
	s.verdict = VERDICT_DELIVERED;
	if (opening.events)
		assert_ok(t->s, queue_settle(&t->q, &lot, &s, &t->s->e));
	commit(t);
}

static int64_t arrive(struct stage *t, const char *event_id, enum reason reason,
		      uint8_t flags)
{
	int64_t row = insert(t, event_id);

	admit(t, row, event_id, reason, flags);
	return row;
}

static int64_t state_of(struct stage *t, int64_t row)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT state FROM delivery WHERE key / 1024 = %lld",
		 (long long)row);
	return scene_int(t->s, sql);
}

/* The rows, newest first, as "5 3 1", and the one that counts. */
static void assert_found(struct stage *t, const char *event_id, const char *rows,
			 int64_t holder)
{
	int64_t ids[LOOKUP_MAX], found = 0;
	char text[200] = "";
	int count;

	assert_ok(t->s, lookup_event(&t->s->db, event_id, ids, &count, &t->s->e));
	for (int i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lld",
			 i ? " " : "", (long long)ids[i]);
	assert_string_equal(text, rows);
	if (count > 0)
		assert_ok(t->s, lookup_holder(&t->s->db, ids, count, &found, &t->s->e));
	assert_int_equal(found, holder);
}

static void tear_down(struct stage *t)
{
	assert_int_equal(scene_miscounted(t->s), 0);
	queue_close(&t->q);
}

static void a_row_and_its_duplicates(void **state)
{
	struct stage t;

	set_up(&t, state);
	for (int i = 0; i < 3; i++)
		arrive(&t, "a", REASON_NONE, 0);
	arrive(&t, "b", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 3), 144);
	assert_found(&t, "a", "3 2 1", 1);
	flush(&t);
	assert_found(&t, "a", "3 2 1", 1);
	restart(&t);
	arrive(&t, "a", REASON_NONE, 0);
	assert_found(&t, "a", "5 3 2 1", 1);
	assert_found(&t, "b", "4", 4);
	assert_found(&t, "c", "", 0);
	assert_found(&t, "", "", 0);
	tear_down(&t);
}

/* By who has the lock: what has been read, come or gone since. */
static void what_is_looked_for_again(void **state)
{
	int64_t ids[LOOKUP_MAX];
	struct stage t;
	int count;

	set_up(&t, state);
	insert(&t, "a"); /* 1 is gone by then, 2 is taken up, and 3 has another id */
	insert(&t, "a");
	insert(&t, "a");
	insert(&t, "a");
	assert_ok(t.s, lookup_event(&t.s->db, "a", ids, &count, &t.s->e));
	assert_int_equal(count, 4);
	scene_exec(t.s, "DELETE FROM outbox WHERE id = 1;"
			"UPDATE outbox SET event_id = 'b' WHERE id = 3");
	admit(&t, 2, "a", REASON_NONE, 0);
	insert(&t, "a");
	insert(&t, "b");
	assert_ok(t.s, lookup_again(&t.s->db, "a", 4, ids, &count, &t.s->e));
	assert_int_equal(count, 3);
	assert_int_equal(ids[0], 5);
	assert_int_equal(ids[1], 4);
	assert_int_equal(ids[2], 2);
	tear_down(&t);
}

/* More than hang on a row and are read. */
enum { MANY = 1200 };

/* The row that counts is older than more duplicates than are looked at, and than who comes next. */
static void what_is_looked_for_again_of_many(void **state)
{
	int64_t ids[LOOKUP_MAX], holder = 0;
	struct stage t;
	int count;

	set_up(&t, state);
	scene_exec(t.s, "PRAGMA synchronous = OFF");
	arrive(&t, "a", REASON_BAD_VALUE, 0);
	arrive(&t, "a", REASON_NONE, 0);
	for (int i = 0; i < MANY; i++)
		arrive(&t, "a", REASON_NONE, 0);
	assert_ok(t.s, lookup_event(&t.s->db, "a", ids, &count, &t.s->e));
	insert(&t, "a");
	insert(&t, "a");
	assert_ok(t.s, lookup_again(&t.s->db, "a", MANY + 2, ids, &count, &t.s->e));
	assert_int_equal(count, LOOKUP_MAX);
	assert_ok(t.s, lookup_holder(&t.s->db, ids, count, &holder, &t.s->e));
	assert_int_equal(holder, 2);
	assert_int_equal(ids[LOOKUP_MAX - 1], 1);
	assert_int_equal(ids[LOOKUP_MAX - 3], MANY + 2 - (LOOKUP_MAX - 5));
	assert_int_equal(ids[0], MANY + 4);
	tear_down(&t);
}

static void an_id_that_was_given_up(void **state)
{
	struct stage t;

	set_up(&t, state);
	arrive(&t, "a", REASON_NOT_MAPPED, 0);
	arrive(&t, "a", REASON_TOO_OLD, 0);
	restart(&t); /* keys are read back, also of what was not sent */
	flush(&t);
	assert_found(&t, "a", "2 1", 2);
	arrive(&t, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 3), 160);
	restart(&t);
	arrive(&t, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 4), 144);
	assert_found(&t, "a", "4 3 2 1", 3);
	flush(&t);
	assert_found(&t, "a", "4 3 2 1", 3);
	tear_down(&t);
}

/* The older row takes its id back from a newer one, which must not come back as its holder. */
static void an_old_row_that_is_sent_after_all(void **state)
{
	struct stage t;

	set_up(&t, state);
	arrive(&t, "a", REASON_NOT_MAPPED, 0);
	flush(&t);
	arrive(&t, "a", REASON_NOT_MAPPED, 0);
	scene_exec(t.s, "DELETE FROM delivery WHERE key = 1024;"
			"UPDATE counter SET count = 1 WHERE state = 129");
	admit(&t, 1, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 1), 160);
	restart(&t);
	arrive(&t, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 3), 144);
	assert_found(&t, "a", "3 2 1", 1);
	tear_down(&t);
}

static void rows_that_cannot_be_read(void **state)
{
	struct stage t;

	set_up(&t, state);
	arrive(&t, "a", REASON_BAD_JSON, ENTRY_UNREAD);
	assert_found(&t, "a", "1", 1);
	flush(&t);
	assert_found(&t, "a", "1", 1);
	arrive(&t, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 2), 160);
	flush(&t);
	/* Rejected like any other, and no danger to the one that was sent. */
	arrive(&t, "a", REASON_BAD_JSON, ENTRY_UNREAD);
	assert_int_equal(state_of(&t, 3), REASON_BAD_JSON);
	restart(&t);
	arrive(&t, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 4), 144);
	assert_found(&t, "a", "4 3 2 1", 2);
	tear_down(&t);
}

static void rows_cancelled_before_they_were_taken_up(void **state)
{
	struct stage t;

	set_up(&t, state);
	insert(&t, "a");
	scene_exec(t.s,
		   "INSERT INTO delivery (key, state, attempts) VALUES (1024, 113, 0);"
		   "INSERT INTO counter VALUES (0, 113, 1, 1, 1, 1)");
	assert_found(&t, "a", "1", 1);
	admit(&t, 1, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 1), 113);
	assert_found(&t, "a", "1", 1);
	restart(&t);
	flush(&t);
	assert_found(&t, "a", "1", 1);
	arrive(&t, "a", REASON_NONE, 0);
	assert_int_equal(state_of(&t, 2), 160);
	assert_found(&t, "a", "2 1", 2);
	tear_down(&t);
}

static void rows_not_taken_up_or_in_flight(void **state)
{
	static const char text[] = "aab";
	struct entry entries[3] = {{0}};
	struct lot lot = {LOT_FRESH, 1, 3, entries, 3, text, 0};
	struct opening opening = {1, 1, 1, 0};
	struct stage t;

	set_up(&t, state);
	insert(&t, "ab");
	insert(&t, "a");
	insert(&t, "b");
	insert(&t, "ab");
	assert_found(&t, "ab", "4 1", 1); /* the first wins */
	for (uint32_t i = 0; i < 3; i++)
		entries[i] = (struct entry){.outbox_id = i + 1,
					    .hash = i + 100,
					    .destination_id = 1,
					    .id_at = i,
					    .id_len = 1,
					    .limited_data_use = -1,
					    .batch = 1,
					    .flags = ENTRY_FIRST};
	begin(&t);
	assert_ok(t.s, queue_admit(&t.q, &lot, &opening, 1, &t.s->e));
	commit(&t);
	assert_int_equal(opening.events, 3);
	assert_found(&t, "ab", "4 1", 1);
	assert_found(&t, "b", "3", 3);
	tear_down(&t);
}

/* Skipped at one destination: what it is at another counts, for it holds its id there. */
static void a_row_that_ended_at_one_destination_alone(void **state)
{
	struct stage t;

	set_up(&t, state);
	arrive(&t, "a", REASON_NOT_MAPPED, 0);
	insert(&t, "a");
	assert_found(&t, "a", "2 1", 2);
	scene_exec(t.s, "INSERT INTO waiting (key, destination_id, status) "
			"VALUES (1024 + 2, 2, 1)");
	assert_found(&t, "a", "2 1", 1);
	scene_exec(t.s, "DELETE FROM waiting;"
			"INSERT INTO attempt (id, destination_id, started_at, events, "
			"first_id, last_id) VALUES (9, 2, 1, 1, 1, 1)");
	assert_found(&t, "a", "2 1", 1);
	/* Of others alone: rows 3 and 5. */
	scene_exec(t.s, "UPDATE attempt SET first_id = 0, last_id = 5, "
			"members = x'0302' WHERE id = 9");
	assert_found(&t, "a", "2 1", 2);
	tear_down(&t);
}

/* Whether the id of a row that nobody has read is held by one that is kept no more. */
static void assert_before(struct stage *t, int64_t unread, const char *event_id,
			  bool by_gone)
{
	int64_t first;
	bool held;

	assert_ok(t->s, lookup_before(&t->s->db, unread, str_of(event_id), &held, &first,
				      &t->s->e));
	assert_int_equal(held, by_gone);
	assert_int_equal(first, 0);
}

static void an_id_of_a_row_that_is_gone(void **state)
{
	struct stage t;

	set_up(&t, state);
	arrive(&t, "a", REASON_NONE, 0);
	arrive(&t, "b", REASON_NOT_MAPPED, 0);
	arrive(&t, "c", REASON_NONE, 0);
	scene_exec(t.s, "DELETE FROM outbox WHERE id < 3; INSERT INTO derived_id "
			"(outbox_id, event_id) VALUES (1, 'a')");
	insert(&t, "x");
	for (int old = 0; old < 2; old++) {
		assert_before(&t, 4, "a", true);
		assert_before(&t, 4, "b", false); /* it gave the id up */
		assert_before(&t, 4, "d", false);
		assert_before(&t, 4, "", false);
		if (!old)
			flush(&t);
	}
	/* It was known by another id. */
	scene_exec(t.s, "UPDATE derived_id SET event_id = 'z'");
	assert_before(&t, 4, "a", false);
	scene_exec(t.s, "DELETE FROM derived_id");
	assert_before(&t, 4, "a", true);
	scene_exec(t.s, "INSERT OR REPLACE INTO setting (name, value) VALUES "
			"('dedup_floor', 2)");
	assert_before(&t, 4, "a", false);
	tear_down(&t);
}

static void another_id_of_the_same_hash(void **state)
{
	struct stage t;
	char sql[100];

	set_up(&t, state);
	arrive(&t, "a", REASON_NONE, 0);
	snprintf(sql, sizeof(sql), "UPDATE delivery SET event_hash = %lld",
		 (long long)dedup_hash(t.q.dedup.seed, STR("b")));
	scene_exec(t.s, sql);
	assert_found(&t, "b", "", 0);
	tear_down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_row_and_its_duplicates),
		T(what_is_looked_for_again),
		T(what_is_looked_for_again_of_many),
		T(an_id_that_was_given_up),
		T(an_old_row_that_is_sent_after_all),
		T(rows_that_cannot_be_read),
		T(rows_cancelled_before_they_were_taken_up),
		T(rows_not_taken_up_or_in_flight),
		T(a_row_that_ended_at_one_destination_alone),
		T(an_id_of_a_row_that_is_gone),
		T(another_id_of_the_same_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
