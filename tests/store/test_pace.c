/* SPDX-License-Identifier: MIT
 *
 * For how long others are let at the database. On the real clock: a rest may be longer where the
 * machine is busy, never shorter. */
#include "scene.h"

#include "base/clock.h"
#include "store/pace.h"

enum { HELD_US = 20000, REST_US = 40000, LONG_US = 1000000, LONGEST_US = 100000 };
enum { DUE = 600 }; /* frames */

static const struct wal_index no_index;

static uint64_t rest_after(uint64_t held_us, uint64_t others_ago_ms)
{
	struct pace p = {0};

	pace_locked(&p);
	pace_unlocked(&p);
	p.held_us += held_us;
	pace_rest(&p, &no_index, DUE, clock_mono_ms() - others_ago_ms);
	assert_int_equal(p.held_us, 0);
	return clock_mono_us() - p.unlocked_us;
}

static void others_get_twice_as_long(void **state)
{
	(void)state;
	assert_true(rest_after(HELD_US, 0) >= REST_US - 1000);
}

static void a_long_time_is_answered_by_a_bounded_one(void **state)
{
	uint64_t rested_us = rest_after(LONG_US, 0);

	(void)state;
	assert_true(rested_us >= LONGEST_US - 1000);
	assert_true(rested_us < LONG_US);
}

static void nobody_is_waited_for_who_is_not_there(void **state)
{
	(void)state;
	assert_true(rest_after(HELD_US, 1500) < REST_US);
}

/* While it was locked nobody could commit: they may wait all the same. */
static void our_own_time_does_not_count(void **state)
{
	struct pace p = {0};
	uint64_t others_ms = clock_mono_ms();

	(void)state;
	pace_locked(&p);
	pace_unlocked(&p);
	p.held_us = LONG_US;
	p.first_us -= LONG_US;
	others_ms -= LONG_US / 1000;
	pace_rest(&p, &no_index, DUE, others_ms);
	assert_true(clock_mono_us() - p.unlocked_us >= LONGEST_US - 1000);
}

/* Between two transactions the others had it already. */
static void what_has_passed_counts(void **state)
{
	struct pace p = {0};
	uint64_t from_us;

	(void)state;
	pace_locked(&p);
	pace_unlocked(&p);
	p.held_us = HELD_US;
	p.unlocked_us -= REST_US;
	from_us = clock_mono_us();
	pace_rest(&p, &no_index, DUE, clock_mono_ms());
	assert_true(clock_mono_us() - from_us < REST_US);
}

/* Who commits briskly is to meet us rarely, however short we are. */
static void brisk_commits_get_longer(void **state)
{
	struct scene *s = *state;
	struct wal_index index;
	struct pace p = {0};

	assert_true(wal_index_open(&index, &s->db));
	pace_rest(&p, &index, DUE, clock_mono_ms());
	for (int i = 0; i < 20; i++)
		scene_exec(s, "INSERT INTO outbox (event) VALUES ('purchase')");
	p.rested_us = clock_mono_us() - 20 * 200; /* 200 us each */
	pace_locked(&p);
	pace_unlocked(&p);
	pace_rest(&p, &index, DUE, clock_mono_ms());
	assert_true(clock_mono_us() - p.unlocked_us >= 45000);
	/* Nobody since: then there is no reason. */
	pace_locked(&p);
	pace_unlocked(&p);
	pace_rest(&p, &index, DUE, clock_mono_ms());
	assert_true(clock_mono_us() - p.unlocked_us < 45000);
}

/* How long it rests where 700 frames wait for a checkpoint. */
static uint64_t rest_beside_a_long_wal(struct scene *s, uint32_t due_frames)
{
	struct wal_index index;
	struct pace p = {0};

	assert_true(wal_index_open(&index, &s->db));
	scene_exec(s, "CREATE TABLE own (a BLOB);"
		      "INSERT INTO own VALUES (zeroblob(4096 * 700))");
	pace_locked(&p);
	pace_unlocked(&p);
	p.held_us = LONG_US;
	pace_rest(&p, &index, due_frames, clock_mono_ms());
	return clock_mono_us() - p.unlocked_us;
}

/* A checkpoint that is due does not wait: at 1000 pages the application would begin its own. */
static void a_long_wal_ends_the_rest(void **state)
{
	assert_true(rest_beside_a_long_wal(*state, DUE) < LONGEST_US - 1000);
}

/* But not one that a reader keeps from moving them. */
static void one_that_is_held_back_does_not(void **state)
{
	assert_true(rest_beside_a_long_wal(*state, 700 + DUE) >= LONGEST_US - 1000);
}

/* What several transactions held it for is one sum. */
static void transactions_add_up(void **state)
{
	struct pace p = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		pace_locked(&p);
		sqlite3_sleep(2);
		pace_unlocked(&p);
	}
	assert_true(p.held_us >= 6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_get_twice_as_long),
		cmocka_unit_test(a_long_time_is_answered_by_a_bounded_one),
		cmocka_unit_test(nobody_is_waited_for_who_is_not_there),
		cmocka_unit_test(our_own_time_does_not_count),
		cmocka_unit_test(what_has_passed_counts),
		T(brisk_commits_get_longer),
		T(a_long_wal_ends_the_rest),
		T(one_that_is_held_back_does_not),
		cmocka_unit_test(transactions_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
