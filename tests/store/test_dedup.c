/* SPDX-License-Identifier: MIT
 *
 * Who was first: in memory, in the runs, and after a restart. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/queue.h"

enum { PIECE = 1500 }; /* rows between two runs */

struct stage {
	struct scene *s;
	struct dedup d;
};

static void open_dedup(struct stage *t)
{
	assert_ok(t->s, dedup_open(&t->d, &t->s->db, &t->s->e));
}

static void set_up(struct stage *t, void **state)
{
	t->s = *state;
	scene_exec(t->s, "INSERT OR REPLACE INTO setting VALUES ('dedup_seed', 12345)");
	open_dedup(t);
}

static void begin(struct stage *t)
{
	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
}

static void commit(struct stage *t)
{
	assert_ok(t->s, db_commit(&t->s->db, &t->s->e));
	dedup_commit(&t->d);
}

static int64_t owner_of(struct stage *t, int64_t hash, struct str id)
{
	int64_t owner;

	assert_ok(t->s, dedup_find(&t->d, hash, id, &owner, &t->s->e));
	return owner;
}

static int64_t hash_of(struct stage *t, int64_t number)
{
	char id[32];

	return dedup_hash(t->d.seed,
			  str_make(id, (size_t)snprintf(id, sizeof(id), "order-%lld",
							(long long)number)));
}

static void enter(struct stage *t, int64_t hash, int64_t outbox_id)
{
	assert_ok(t->s, dedup_enter(&t->d, hash, outbox_id, &t->s->e));
}

/* Rows 1.. with their delivery, as a relay would have left them. */
static void fill(struct stage *t, int64_t from, int64_t to)
{
	sqlite3_stmt *row;

	begin(t);
	assert_ok(t->s,
		  db_prepare(&t->s->db,
			     "INSERT INTO delivery (key, state, event_hash, attempts) "
			     "VALUES (?1 * 1024 + 1, 160, ?2, 1)",
			     &row, &t->s->e));
	for (int64_t i = from; i <= to; i++) {
		enter(t, hash_of(t, i), i);
		sqlite3_bind_int64(row, 1, i);
		sqlite3_bind_int64(row, 2, hash_of(t, i));
		assert_ok(t->s, db_run(&t->s->db, row, &t->s->e));
	}
	sqlite3_finalize(row);
	commit(t);
}

static int64_t missing(struct stage *t, int64_t from, int64_t to)
{
	int64_t wrong = 0;

	for (int64_t i = from; i <= to; i++)
		wrong += owner_of(t, hash_of(t, i), STR_NONE) != i;
	return wrong;
}

static void tidy(struct stage *t)
{
	begin(t);
	assert_ok(t->s, dedup_tidy(&t->d, &t->s->e));
	commit(t);
}

static void an_id_has_one_owner(void **state)
{
	struct stage t;

	set_up(&t, state);
	begin(&t);
	assert_int_equal(owner_of(&t, 5, STR("a")), 0);
	enter(&t, 5, 1);
	enter(&t, -5, 2);
	commit(&t);
	assert_int_equal(owner_of(&t, 5, STR_NONE), 1);
	assert_int_equal(owner_of(&t, -5, STR_NONE), 2);
	enter(&t, 5, 3); /* the first gave it up */
	assert_int_equal(owner_of(&t, 5, STR_NONE), 3);
	dedup_close(&t.d);
}

static void the_hash_is_the_file_s_own(void **state)
{
	struct stage t;

	set_up(&t, state);
	assert_int_equal(t.d.seed, 12345);
	assert_int_not_equal(dedup_hash(t.d.seed, STR("a")),
			     dedup_hash(t.d.seed + 1, STR("a")));
	assert_int_not_equal(dedup_hash(t.d.seed, STR("a")),
			     dedup_hash(t.d.seed, STR("b")));
	assert_int_not_equal(dedup_hash(t.d.seed, STR("")), 0);
	dedup_close(&t.d);
}

static void a_rollback_forgets(void **state)
{
	struct stage t;

	set_up(&t, state);
	fill(&t, 1, 500);
	begin(&t);
	for (int64_t i = 400; i <= 5000; i++) /* some are known already */
		if (!owner_of(&t, hash_of(&t, i), STR_NONE))
			enter(&t, hash_of(&t, i), i);
	db_rollback(&t.s->db);
	dedup_rollback(&t.d);
	assert_int_equal(missing(&t, 1, 500), 0);
	assert_int_equal(missing(&t, 501, 5000), 4500);
	dedup_close(&t.d);
}

static void a_rollback_gives_the_id_back(void **state)
{
	struct stage t;

	set_up(&t, state);
	fill(&t, 1, 1);
	begin(&t);
	enter(&t, hash_of(&t, 1), 2); /* in place of row 1 */
	db_rollback(&t.s->db);
	dedup_rollback(&t.d);
	assert_int_equal(owner_of(&t, hash_of(&t, 1), STR_NONE), 1);
	dedup_close(&t.d);
}

static void a_restart_knows_them(void **state)
{
	struct stage t;

	set_up(&t, state);
	fill(&t, 1, 3000);
	dedup_close(&t.d);
	open_dedup(&t);
	assert_int_equal(missing(&t, 1, 3000), 0);
	dedup_close(&t.d);
}

static const struct {
	int state, attempts, known;
} states[] = {
	{160, 1, 1}, /* delivered */
	{81, 1, 1},  /* refused by TikTok */
	{144, 0, 0}, /* a duplicate */
	{97, 0, 1},  /* rejected, as below: has given its id up, and is found by it */
	{129, 0, 1}, /* skipped */
	{113, 0, 1}, /* cancelled, never sent */
	{113, 2, 1}, /* cancelled, may have arrived */
};

static void all_but_duplicates_come_back(void **state)
{
	char sql[200];
	struct stage t;

	set_up(&t, state);
	dedup_close(&t.d);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO delivery (key, state, event_hash, attempts) "
			 "VALUES (%zu * 1024 + 1, %d, %zu, %d)",
			 i + 1, states[i].state, i + 1, states[i].attempts);
		scene_exec(t.s, sql);
	}
	open_dedup(&t);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		assert_int_equal(owner_of(&t, (int64_t)i + 1, STR_NONE) != 0,
				 states[i].known);
	dedup_close(&t.d);
}

static void what_waits_comes_back(void **state)
{
	struct stage t;

	set_up(&t, state);
	dedup_close(&t.d);
	scene_exec(t.s, "INSERT INTO waiting (key, destination_id, status, event_hash) "
			"VALUES (1 * 1024 + 1, 1, 1, 11), (2 * 1024 + 1, 1, 3, 12), "
			"(3 * 1024 + 1, 1, 2, 13), (4 * 1024 + 1, 1, 4, 14)");
	open_dedup(&t);
	for (int i = 1; i <= 4; i++)
		assert_int_equal(owner_of(&t, 10 + i, STR_NONE), i);
	dedup_close(&t.d);
}

static void equal_hashes_are_told_apart(void **state)
{
	struct stage t;

	set_up(&t, state);
	scene_exec(t.s, "INSERT INTO outbox (event_id, event) VALUES ('a', 'purchase'), "
			"(NULL, 'purchase'); INSERT INTO derived_id (outbox_id, "
			"event_id) VALUES (2, 'g1_b')");
	enter(&t, 7, 1);
	enter(&t, 8, 2);
	assert_int_equal(owner_of(&t, 7, STR("a")), 1);
	assert_int_equal(owner_of(&t, 7, STR("other")), 0);
	assert_int_equal(owner_of(&t, 8, STR("g1_b")), 2);
	assert_int_equal(owner_of(&t, 8, STR("g1_c")), 0);
	dedup_close(&t.d);
}

/* At every point of their way into runs, and of those into larger ones, with a restart or
 * without, each key is known. */
static void keys_move_to_runs(void **state)
{
	struct stage t;
	int64_t last = 0;
	int steps = 0;

	set_up(&t, state);
	for (int run = 0; run < 3 * COMPACTION_FANOUT; run++) {
		fill(&t, last + 1, last + PIECE);
		last += PIECE;
		begin(&t);
		assert_ok(t.s, dedup_flush(&t.d, &t.s->e));
		commit(&t);
		assert_int_equal(t.d.used, 0);
		for (; dedup_wants_tidy(&t.d); steps++) {
			if (steps % 40 == 7) {
				dedup_close(&t.d);
				open_dedup(&t);
			}
			tidy(&t);
			assert_int_equal(missing(&t, last - 300, last), 0);
		}
		assert_int_equal(missing(&t, 1, last), 0);
	}
	assert_true(steps > 40);
	assert_int_equal(missing(&t, last + 1, last + 1000), 1000);
	assert_true(scene_int(t.s, "SELECT max(level) FROM index_run") > 0);
	dedup_close(&t.d);
	open_dedup(&t);
	assert_int_equal(t.d.used, 0);
	assert_int_equal(missing(&t, 1, last), 0);
	dedup_close(&t.d);
}

/* Enough of them go by themselves. */
static void memory_is_bounded(void **state)
{
	struct stage t;

	set_up(&t, state);
	while (dedup_wants_tidy(&t.d)) /* nothing is left of an earlier life */
		tidy(&t);
	fill(&t, 1, DEDUP_RECENT_MAX - 1);
	assert_false(dedup_wants_tidy(&t.d));
	fill(&t, DEDUP_RECENT_MAX, DEDUP_RECENT_MAX);
	assert_true(dedup_wants_tidy(&t.d));
	tidy(&t);
	assert_int_equal(t.d.used, 0);
	assert_int_equal(missing(&t, 1, 2000), 0);
	dedup_close(&t.d);
}

/* Row 10 gave its id up to a row behind it, or was decided anew. */
static void an_id_taken_over(void **state)
{
	struct stage t;

	set_up(&t, state);
	fill(&t, 1, PIECE);
	begin(&t);
	assert_ok(t.s, dedup_flush(&t.d, &t.s->e));
	commit(&t);
	begin(&t);
	enter(&t, hash_of(&t, 10), PIECE + 5);
	enter(&t, hash_of(&t, 11), 3);
	commit(&t);
	scene_exec(t.s, "INSERT INTO delivery (key, state, event_hash, attempts) "
			"SELECT 1505 * 1024 + 1, 160, event_hash, 1 FROM delivery "
			"WHERE key = 10 * 1024 + 1");
	for (int round = 0; round < 3; round++) {
		assert_int_equal(owner_of(&t, hash_of(&t, 10), STR_NONE), PIECE + 5);
		assert_int_equal(owner_of(&t, hash_of(&t, 11), STR_NONE), 3);
		dedup_close(&t.d);
		open_dedup(&t);
		if (round != 1)
			continue;
		begin(&t);
		assert_ok(t.s, dedup_flush(&t.d, &t.s->e));
		commit(&t);
		assert_int_equal(scene_int(t.s, "SELECT count(*) FROM dedup_late"), 0);
	}
	dedup_close(&t.d);
}

/* Others' rows may be admitted in the transaction in which the recent keys go to a run. */
static void entered_behind_a_flush(void **state)
{
	struct stage t;

	set_up(&t, state);
	fill(&t, 1, PIECE);
	scene_exec(t.s, "INSERT INTO delivery (key, state, event_hash, attempts) "
			"VALUES (1501 * 1024 + 1, 160, 77, 1)");
	begin(&t);
	assert_ok(t.s, dedup_flush(&t.d, &t.s->e));
	enter(&t, 77, PIECE + 1);
	enter(&t, hash_of(&t, 11), 3); /* decided anew: no restart reads it back */
	commit(&t);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(owner_of(&t, 77, STR_NONE), PIECE + 1);
		assert_int_equal(owner_of(&t, hash_of(&t, 11), STR_NONE), 3);
		assert_int_equal(owner_of(&t, hash_of(&t, 12), STR_NONE), 12);
		dedup_close(&t.d);
		open_dedup(&t);
	}
	begin(&t);
	assert_ok(t.s, dedup_flush(&t.d, &t.s->e));
	enter(&t, 78, PIECE + 2);
	db_rollback(&t.s->db);
	dedup_rollback(&t.d);
	assert_int_equal(owner_of(&t, 77, STR_NONE), PIECE + 1);
	assert_int_equal(owner_of(&t, 78, STR_NONE), 0);
	dedup_close(&t.d);
}

/* Two rows of 'a' and two of 'b'; the first of each was cancelled. What was never sent gives its
 * id up; what was, TikTok may have. */
static const char cancelled[] =
	"INSERT INTO outbox (event_id, event) VALUES ('a', 'purchase'), ('b', "
	"'purchase'), ('a', 'purchase'), ('b', 'purchase');"
	"UPDATE queue SET cursor = 2;"
	"INSERT INTO delivery (key, state, attempts) VALUES (1 * 1024 + 1, 113, 0), "
	"(2 * 1024 + 1, 113, 1);"
	"INSERT INTO counter VALUES (1, 113, 2, 1, 1, 1)";

static void what_was_sent_keeps_its_id(void **state)
{
	struct opening opening = {1, 1, 1, 0};
	struct entry entries[2] = {{0}};
	struct lot lot = {LOT_FRESH, 3, 4, entries, 2, "ab"};
	struct scene *s = *state;
	struct queue q;

	scene_exec(s, cancelled);
	assert_ok(s, queue_open(&q, &s->db, &s->e));
	q.now_ms = INT64_C(1790000000000);
	assert_ok(s, db_begin(&s->db, &s->e));
	for (uint32_t i = 0; i < 2; i++) {
		int64_t hash = dedup_hash(q.dedup.seed, str_make(&"ab"[i], 1));

		assert_ok(s, dedup_enter(&q.dedup, hash, 1 + i, &s->e));
		entries[i] = (struct entry){.outbox_id = 3 + i,
					    .destination_id = 1,
					    .id_at = i,
					    .id_len = 1,
					    .hash = hash,
					    .flags = ENTRY_FIRST,
					    .batch = 1};
	}
	assert_ok(s, queue_admit(&q, &lot, &opening, 1, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	dedup_commit(&q.dedup);
	assert_int_equal(opening.events, 1);
	assert_int_equal(
		scene_int(s, "SELECT key / 1024 FROM delivery WHERE state = 144"), 4);
	queue_close(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_id_has_one_owner),         T(the_hash_is_the_file_s_own),
		T(a_rollback_forgets),          T(a_rollback_gives_the_id_back),
		T(a_restart_knows_them),        T(all_but_duplicates_come_back),
		T(equal_hashes_are_told_apart), T(keys_move_to_runs),
		T(memory_is_bounded),           T(an_id_taken_over),
		T(entered_behind_a_flush),      T(what_waits_comes_back),
		T(what_was_sent_keeps_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
