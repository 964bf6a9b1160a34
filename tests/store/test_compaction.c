/* SPDX-License-Identifier: MIT
 *
 * Runs against a plain table of pairs: whatever is added, merged, rolled back, erased or cut
 * off by a restart, a key leads where it led. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

#include "store/compaction.h"

enum { KEYS = 4000, STEP = 3 };

static uint64_t seed;

static uint64_t chance(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* The k-th of the keys in use, spread evenly, in bits that both kinds tell apart. */
static uint64_t key_of(uint64_t k)
{
	return (k + 1) * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xffff);
}

struct stage {
	struct scene *s;
	enum runs_kind kind;
	struct run_filters filters;
	struct compaction c;
	/* what is true: the newest value, and how many there are */
	uint64_t newest[KEYS];
	uint32_t count[KEYS];
	uint64_t next_value;
};

static void open_runs(struct stage *t)
{
	run_filters_init(&t->filters);
	assert_ok(t->s,
		  compaction_open(&t->c, &t->s->db, t->kind, &t->filters, &t->s->e));
}

static void close_runs(struct stage *t)
{
	compaction_close(&t->c);
	run_filters_fini(&t->filters);
}

static void begin(struct stage *t)
{
	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
}

static void commit(struct stage *t)
{
	assert_ok(t->s, db_commit(&t->s->db, &t->s->e));
	compaction_committed(&t->c);
}

static void check(struct stage *t, uint64_t every);

static void add(struct stage *t, size_t count, bool roll_back)
{
	struct pair *pairs = calloc(2 * count, sizeof(*pairs));
	bool used[KEYS] = {false};
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t k = chance(KEYS);

		if (used[k])
			continue;
		used[k] = true;
		pairs[n++] = (struct pair){key_of(k), ++t->next_value};
		if (roll_back)
			continue;
		t->newest[k] = t->next_value;
		t->count[k]++;
	}
	pairs_sort(pairs, pairs + n, n);
	for (size_t i = 1; i < n; i++)
		assert_true(pairs[i - 1].key < pairs[i].key);
	begin(t);
	assert_ok(t->s, compaction_add(&t->c, pairs, n, &t->s->e));
	if (roll_back) {
		check(t, 500);
		db_rollback(&t->s->db);
		compaction_rolled_back(&t->c);
	} else {
		commit(t);
	}
	free(pairs);
}

/* Hashes that go need not be overwritten; what the connection deletes otherwise must. */
static void step(struct stage *t, bool roll_back)
{
	begin(t);
	assert_ok(t->s, compaction_step(&t->c, STEP, &t->s->e));
	assert_int_equal(scene_int(t->s, "PRAGMA secure_delete"), 1);
	if (roll_back) {
		db_rollback(&t->s->db);
		compaction_rolled_back(&t->c);
	} else {
		commit(t);
	}
}

static void erase(struct stage *t)
{
	uint64_t k = chance(KEYS), key = key_of(k);

	begin(t);
	assert_ok(t->s, compaction_erase(&t->s->db, t->kind, &key, 1, &t->s->e));
	commit(t);
	t->newest[k] = t->count[k] = 0;
}

static void check(struct stage *t, uint64_t every)
{
	static uint64_t values[4096];
	size_t count;

	for (uint64_t k = chance(every); k < KEYS; k += every) {
		assert_ok(t->s, compaction_find(&t->c, key_of(k), values, 4096, &count,
						&t->s->e));
		if (!t->count[k]) {
			assert_int_equal(count, 0);
			continue;
		}
		assert_true(count > 0 && values[0] == t->newest[k]);
		if (t->kind == RUNS_IDENTIFIER)
			assert_int_equal(count, t->count[k]);
	}
}

static void finish(struct stage *t)
{
	for (int i = 0; compaction_wanted(&t->c); i++) {
		assert_true(i < 100000);
		step(t, false);
	}
}

static void run_model(struct stage *t, uint64_t with_seed)
{
	seed = with_seed;
	open_runs(t);
	for (int i = 0; i < 1500; i++) {
		switch (chance(16)) {
		case 0:
		case 1: add(t, 1 + chance(400), chance(8) == 0); break;
		case 2: erase(t); break;
		case 3:
			if (chance(20) == 0) {
				close_runs(t);
				open_runs(t);
			}
			break;
		default:
			if (compaction_wanted(&t->c))
				step(t, chance(12) == 0);
		}
		check(t, 500);
	}
	check(t, 1);
	finish(t);
	check(t, 1);
	close_runs(t);
	open_runs(t);
	check(t, 1);
	close_runs(t);
}

static void the_newest_counts(void **state)
{
	struct stage *t = calloc(1, sizeof(*t));

	*t = (struct stage){.s = *state, .kind = RUNS_EVENT_ID};
	run_model(t, 11);
	/* Levels were climbed, and what was merged has gone, blocks and all. */
	assert_true(scene_int(t->s, "SELECT max(level) FROM index_run") >= 2);
	assert_int_equal(
		scene_int(t->s, "SELECT count(*) FROM index_run WHERE state <> 0"), 0);
	assert_int_equal(scene_int(t->s,
				   "SELECT count(*) FROM index_block WHERE key >> 23 "
				   "NOT IN (SELECT id FROM index_run)"),
			 0);
	free(t);
}

static void all_are_kept(void **state)
{
	struct stage *t = calloc(1, sizeof(*t));

	*t = (struct stage){.s = *state, .kind = RUNS_IDENTIFIER};
	run_model(t, 12);
	free(t);
}

/* Of two values of a key the newer run's counts, also while they are being merged. */
static void what_is_below_the_floor_goes(void **state)
{
	struct stage *t = calloc(1, sizeof(*t));
	uint64_t floor, kept = 0;

	*t = (struct stage){.s = *state, .kind = RUNS_EVENT_ID};
	seed = 13;
	open_runs(t);
	for (int i = 0; i < COMPACTION_FANOUT; i++)
		add(t, 500, false);
	floor = t->c.floor[0] = t->next_value / 2;
	finish(t);
	for (uint64_t k = 0; k < KEYS; k++) {
		if (t->newest[k] < floor)
			t->newest[k] = t->count[k] = 0;
		kept += t->newest[k] != 0;
	}
	check(t, 1);
	assert_int_equal(scene_int(t->s, "SELECT sum(pairs) FROM index_run"), kept);
	close_runs(t);
	free(t);
}

/* Also where the list of runs is read for the first time behind what is undone. */
static void what_was_undone_was_never_there(void **state)
{
	struct stage *t = calloc(1, sizeof(*t));

	*t = (struct stage){.s = *state, .kind = RUNS_EVENT_ID};
	seed = 15;
	open_runs(t);
	for (int i = 0; i < 3; i++) {
		add(t, 300, false);
		add(t, 10, true);
		add(t, 300, false);
		check(t, 1);
	}
	close_runs(t);
	free(t);
}

/* A reader whose transaction is older than a merge finds all where it was. */
static void an_older_reader_sees_what_was(void **state)
{
	struct stage *t = calloc(1, sizeof(*t));
	struct runs r;
	struct db db;
	uint64_t value;
	size_t count;

	*t = (struct stage){.s = *state, .kind = RUNS_EVENT_ID};
	seed = 14;
	open_runs(t);
	for (int i = 0; i < COMPACTION_FANOUT; i++)
		add(t, 300, false);
	assert_ok(t->s, db_open(&db, t->s->path, DB_READ, &t->s->e));
	assert_ok(t->s, runs_open(&r, &db, t->kind, &t->filters, &t->s->e));
	assert_ok(t->s, db_exec(&db, "BEGIN", &t->s->e));
	assert_ok(t->s, runs_refresh(&r, &t->s->e));
	assert_int_equal(r.count, COMPACTION_FANOUT);
	finish(t);
	for (uint64_t k = 0; k < KEYS; k++) {
		assert_ok(t->s, runs_find(&r, key_of(k), &value, 1, &count, &t->s->e));
		assert_int_equal(count, t->count[k] > 0);
		assert_true(!count || value == t->newest[k]);
	}
	db_rollback(&db);
	assert_ok(t->s, runs_refresh(&r, &t->s->e));
	assert_int_equal(r.count, 1);
	assert_non_null(r.run[0].filter);
	runs_close(&r);
	db_close(&db);
	assert_int_equal(t->filters.count, 1);
	close_runs(t);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_newest_counts),
		T(all_are_kept),
		T(what_is_below_the_floor_goes),
		T(what_was_undone_was_never_there),
		T(an_older_reader_sees_what_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
