/* SPDX-License-Identifier: MIT
 *
 * Beside a producer that commits without a pause the database is unlocked for microseconds at a
 * time. Whoever sleeps between two tries may wait for seconds; ours finds its turn. */
#include "scene.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "store/turn.h"
#include "store/wal_index.h"

enum { TURNS = 20, ALL_MS = 6000, PRODUCER_WAITS_MS = 10000 };

struct producer {
	const char *path;
	atomic_bool stopping;
	atomic_int commits;
};

static void *commit_without_pause(void *arg)
{
	struct producer *p = arg;
	sqlite3_stmt *steps[3];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, PRODUCER_WAITS_MS);
	assert_int_equal(sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &steps[0], NULL),
			 SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "INSERT INTO outbox (event) VALUES ('purchase')",
				   -1, &steps[1], NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "COMMIT", -1, &steps[2], NULL),
			 SQLITE_OK);
	for (; !p->stopping; p->commits++) {
		for (int i = 0; i < 3; i++) {
			assert_int_equal(sqlite3_step(steps[i]), SQLITE_DONE);
			sqlite3_reset(steps[i]);
		}
	}
	for (int i = 0; i < 3; i++)
		sqlite3_finalize(steps[i]);
	sqlite3_close(db);
	return NULL;
}

static void finds_its_turn(void **state)
{
	struct scene *s = *state;
	struct producer p = {.path = s->path};
	struct wal_index index;
	uint64_t begin_ms, took_ms;
	pthread_t thread;

	assert_true(wal_index_open(&index, &s->db));
	s->db.turn.index = &index;
	assert_int_equal(pthread_create(&thread, NULL, commit_without_pause, &p), 0);
	while (p.commits < 10)
		sqlite3_sleep(1);
	begin_ms = clock_mono_ms();
	for (int i = 0; i < TURNS; i++) {
		int before = p.commits;

		assert_ok(s, db_begin(&s->db, &s->e));
		db_rollback(&s->db);
		while (p.commits < before + 3)
			sqlite3_sleep(1);
	}
	took_ms = clock_mono_ms() - begin_ms;
	p.stopping = true;
	pthread_join(thread, NULL);
	if (took_ms > ALL_MS)
		fail_msg("%d turns took %llu ms", TURNS, (unsigned long long)took_ms);
}

/* Nor does it wait for ever. */
static void gives_up(void **state)
{
	struct scene *s = *state;
	uint64_t begin_ms = clock_mono_ms();
	sqlite3 *other;

	assert_int_equal(sqlite3_open(s->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	turn_hurry(&s->db.turn);
	assert_int_equal(db_begin(&s->db, &s->e), ERR_BUSY);
	assert_in_range(clock_mono_ms() - begin_ms, 1000, 9000);
	sqlite3_close(other);
	assert_ok(s, db_begin(&s->db, &s->e));
	db_rollback(&s->db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(finds_its_turn),
		T(gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
