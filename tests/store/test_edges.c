/* SPDX-License-Identifier: MIT
 *
 * Where edges are: in memory, in the index, and in the rows that both are made from. */
#include "persons.h"

static void reach_is(struct scene *s, struct persons *w, const char *session,
		     size_t edges)
{
	assert_int_equal(persons_reach(s, w, IDENTITY_SESSION, session, NOW_S), edges);
}

static void test_found_in_memory_and_after_a_restart(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	persons_read(s, &w);
	for (int round = 0; round < 3; round++) {
		struct persons *shared = round == 1 ? NULL : &w;

		reach_is(s, shared, "s1", 3);
		assert_int_equal(
			persons_reach(s, shared, IDENTITY_SESSION, "s1", 1699999400), 2);
		assert_int_equal(
			persons_reach(s, shared, IDENTITY_SESSION, "s1", 1699998000), 0);
		reach_is(s, shared, "s9", 0);
		if (round == 1) {
			persons_close(&w);
			persons_open(s, &w);
		}
	}
	persons_close(&w);
}

static void test_found_in_the_index(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	persons_read(s, &w);
	persons_crowd(s, &w);
	persons_index(s, &w);
	for (int round = 0; round < 2; round++) {
		reach_is(s, &w, "s1", 3);
		reach_is(s, NULL, "s1", 3);
		assert_int_equal(
			persons_reach(s, NULL, IDENTITY_SESSION, "s1", 1699999400), 2);
		reach_is(s, NULL, "s3", 1);
		reach_is(s, NULL, "s9", 0);
		assert_true(runs_may_hold(&w.edges.compaction.runs,
					  persons_node(IDENTITY_SESSION, "s1")));
		assert_false(runs_may_hold(&w.edges.compaction.runs,
					   persons_node(IDENTITY_SESSION, "s4")));
		persons_close(&w);
		persons_open(s, &w);
		assert_int_equal(w.kinship.recent.count, 0);
	}
	/* A pair that was known is not noted again. */
	scene_exec(s, "INSERT INTO visit (session_id, email, seen_at) VALUES "
		      "('s1', 'ann@shop.example', 1699999800), "
		      "('s5', 'ann@shop.example', 1699999800)");
	persons_read(s, &w);
	assert_int_equal(w.kinship.recent.count, 1);
	reach_is(s, &w, "s5", 4);
	persons_close(&w);
}

/* A reader whose transaction began before they went to the index finds them in memory. */
static void test_an_older_snapshot_misses_nothing(void **state)
{
	struct scene *s = *state;
	struct identifiers ids = persons_ids(IDENTITY_SESSION, "s1");
	struct person_row row = {&ids, NOW_S, 0};
	struct person_edges edges;
	struct person_reader p;
	struct persons w;
	struct db db;
	bool behind;

	persons_open(s, &w);
	persons_three(s);
	persons_read(s, &w);
	persons_crowd(s, &w);
	assert_ok(s, db_open(&db, s->path, DB_READ, &s->e));
	assert_ok(s, person_open(&p, &db, &w.kinship, &s->e));
	assert_ok(s, db_exec(&db, "BEGIN", &s->e));
	assert_ok(s, person_refresh(&p, &behind, &s->e));
	persons_index(s, &w);
	assert_ok(s, person_reach(&p, NULL, &row, NOW_S, &edges, &s->e));
	assert_int_equal(edges.count, 3);
	db_rollback(&db);
	person_close(&p);
	db_close(&db);
	persons_close(&w);
}

static void test_a_failed_transaction_leaves_nothing(void **state)
{
	struct scene *s = *state;
	struct ingested done;
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, ingest_slice(&w.ingest, NOW_MS, &done, &s->e));
	db_rollback(&s->db);
	edges_rollback(&w.edges);
	assert_int_equal(w.kinship.recent.count, 0);
	assert_int_equal(persons_read(s, &w).visits, 3);
	reach_is(s, &w, "s1", 3);
	persons_crowd(s, &w);
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, edges_tidy(&w.edges, &s->e));
	db_rollback(&s->db);
	edges_rollback(&w.edges);
	assert_int_equal(w.kinship.recent.count, KINSHIP_EDGES_MAX + 4);
	reach_is(s, &w, "s1", 3);
	persons_index(s, &w);
	reach_is(s, &w, "s1", 3);
	persons_close(&w);
}

/* A few at a time, they go sooner than many at once. */
static void test_at_rest_few_are_indexed(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	persons_strangers(s, &w, 1, 1900);
	assert_false(edges_want_index(&w.edges));
	persons_strangers(s, &w, 1901, 3000);
	assert_true(edges_want_index(&w.edges));
	for (int i = 0; edges_want_tidy(&w.edges) && i < 10; i++) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, edges_tidy(&w.edges, &s->e));
		persons_commit(s, &w);
	}
	assert_int_equal(w.kinship.recent.count, 3000);
	w.edges.bulk_ms -= 1000;
	persons_strangers(s, &w, 3001, 3001);
	persons_index(s, &w);
	persons_close(&w);
}

static void test_the_earliest_sighting_counts(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	scene_exec(s, "INSERT INTO visit (session_id, email, seen_at) VALUES "
		      "('s1', 'ann@shop.example', 1699999500), "
		      "('s1', 'ann@shop.example', 1699999000), "
		      "('s1', 'ann@shop.example', 1699999900)");
	persons_read(s, &w);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s1", 1699999000),
				 1);
		assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s1", 1699998999),
				 0);
		if (round == 0) {
			persons_crowd(s, &w);
			persons_index(s, &w);
		}
	}
	persons_close(&w);
}

static void test_a_row_out_of_use_joins_nobody(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	persons_read(s, &w);
	for (int round = 0; round < 2; round++) {
		scene_exec(s, "INSERT INTO identity_disabled VALUES (1, 2)");
		reach_is(s, &w, "s1", 2);
		reach_is(s, &w, "s2", 0);
		scene_exec(s, "DELETE FROM identity_disabled");
		reach_is(s, &w, "s2", 3);
		if (round == 0) {
			persons_crowd(s, &w);
			persons_index(s, &w);
		}
	}
	persons_close(&w);
}

/* The row is the only place where an identifier stands: without it nothing is known. */
static void test_who_is_erased_does_not_come_back(void **state)
{
	struct scene *s = *state;
	uint64_t email = persons_node(IDENTITY_EMAIL, "ann@shop.example");
	uint64_t bob = persons_node(IDENTITY_EMAIL, "bob@shop.example");
	uint64_t found[8];
	struct persons w;
	size_t count;

	persons_open(s, &w);
	persons_three(s);
	persons_read(s, &w);
	scene_exec(s, "DELETE FROM visit WHERE email = 'ann@shop.example'");
	assert_ok(s, edges_erase(&s->db, &email, 1, &s->e));
	reach_is(s, NULL, "s1", 0);
	persons_crowd(s, &w);
	persons_index(s, &w);
	reach_is(s, &w, "s1", 0);
	reach_is(s, &w, "s3", 1);
	assert_ok(s,
		  compaction_find(&w.edges.compaction, email, found, 8, &count, &s->e));
	assert_int_equal(count, 0);
	assert_ok(s, compaction_find(&w.edges.compaction, bob, found, 8, &count, &s->e));
	assert_int_equal(count, 1);
	assert_ok(s, edges_erase(&s->db, &bob, 1, &s->e));
	assert_ok(s, compaction_find(&w.edges.compaction, bob, found, 8, &count, &s->e));
	assert_int_equal(count, 0);
	persons_close(&w);
}

static void test_gained_since(void **state)
{
	struct scene *s = *state;
	struct kin kin = {0};
	struct met met = {0};
	struct kin_edge edge = {.end = {8 | IDENTITY_EMAIL, 16 | IDENTITY_PHONE},
				.row_id = 7,
				.source = IDENTITY_CONVERSION};
	struct persons w;
	int64_t before;

	persons_open(s, &w);
	met_add(&met, 0, 16 | IDENTITY_PHONE);
	met_index(&met);
	before = kinship_mark(&w.kinship);
	kin_put(&kin, &edge);
	assert_ok(s, db_begin(&s->db, &s->e));
	edges_append(&w.edges, &kin, 7, 0);
	assert_false(kinship_gained(&w.kinship, before, 8, &met));
	persons_commit(s, &w);
	assert_int_equal(w.edges.cursor, 7);
	assert_true(kinship_gained(&w.kinship, before, 8, &met));
	assert_false(kinship_gained(&w.kinship, before, 7, &met));
	assert_false(kinship_gained(&w.kinship, kinship_mark(&w.kinship), 8, &met));
	persons_crowd(s, &w);
	persons_index(s, &w);
	assert_true(kinship_gained(&w.kinship, before, 8, &met));
	met_clear(&met);
	assert_false(kinship_gained(&w.kinship, before, 8, &met));
	met.blind = true;
	assert_true(kinship_gained(&w.kinship, before, 8, &met));
	met_fini(&met);
	kin_fini(&kin);
	persons_close(&w);
}

/* Rows that join nobody move the cursors too, so that a restart has little to read. */
static void test_many_rows_that_show_nobody(void **state)
{
	struct scene *s = *state;
	struct kin none = {0};
	struct persons w;

	persons_open(s, &w);
	scene_exec(s, "UPDATE queue SET cursor = 100000");
	assert_ok(s, db_begin(&s->db, &s->e));
	edges_append(&w.edges, &none, KINSHIP_ROWS_MAX, 0);
	persons_commit(s, &w);
	persons_index(s, &w);
	assert_int_equal(
		scene_int(s, "SELECT value FROM setting WHERE name = 'outbox_indexed'"),
		KINSHIP_ROWS_MAX);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM index_run"), 0);
	persons_close(&w);
}

/* Neither a row nor a visit that joins nobody is read again for ever by whoever looks. */
static void test_rows_that_show_nobody_at_rest(void **state)
{
	struct scene *s = *state;
	struct kin none = {0};
	struct persons w;

	persons_open(s, &w);
	scene_exec(s, "UPDATE queue SET cursor = 3000;"
		      "INSERT INTO setting VALUES ('visit_cursor', 2000)");
	assert_ok(s, db_begin(&s->db, &s->e));
	edges_append(&w.edges, &none, 3000, 1999);
	persons_commit(s, &w);
	assert_false(edges_want_index(&w.edges));
	assert_ok(s, db_begin(&s->db, &s->e));
	edges_append(&w.edges, &none, 0, 1);
	persons_commit(s, &w);
	assert_true(edges_want_index(&w.edges));
	w.edges.bulk_ms -= 1000;
	persons_index(s, &w);
	assert_false(edges_want_index(&w.edges));
	assert_int_equal(scene_int(s, "SELECT sum(value) FROM setting WHERE name IN "
				      "('outbox_indexed', 'visit_indexed')"),
			 5000);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM index_run"), 0);
	persons_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_found_in_memory_and_after_a_restart),
		T(test_found_in_the_index),
		T(test_an_older_snapshot_misses_nothing),
		T(test_a_failed_transaction_leaves_nothing),
		T(test_at_rest_few_are_indexed),
		T(test_the_earliest_sighting_counts),
		T(test_a_row_out_of_use_joins_nobody),
		T(test_who_is_erased_does_not_come_back),
		T(test_gained_since),
		T(test_many_rows_that_show_nobody),
		T(test_rows_that_show_nobody_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
