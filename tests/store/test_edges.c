/* SPDX-License-Identifier: MIT
 *
 * Where edges are: in memory, in the file before and behind a move, and after a restart. */
#include "persons.h"

static void test_found_in_memory_in_the_file_and_after_a_restart(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	persons_slice(s, &w);
	for (int round = 0; round < 3; round++) {
		struct persons *shared = round == 1 ? NULL : &w;

		assert_int_equal(persons_reach(s, shared, IDENTITY_SESSION, "s1", NOW_S),
				 3);
		assert_int_equal(
			persons_reach(s, shared, IDENTITY_SESSION, "s1", 1699999400), 2);
		assert_int_equal(
			persons_reach(s, shared, IDENTITY_SESSION, "s1", 1699998000), 0);
		assert_int_equal(persons_reach(s, shared, IDENTITY_SESSION, "s9", NOW_S),
				 0);
		if (round == 1) {
			persons_close(&w);
			persons_open(s, &w);
		}
	}
	persons_close(&w);
}

static void test_moved_to_the_table_and_still_found(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	persons_slice(s, &w);
	persons_crowd(s, &w);
	assert_ok(s, db_begin(&s->db, &s->e));
	persons_commit(s, &w);
	/* Half way: some are here, some there. */
	assert_non_null(w.edges.moving);
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s1", NOW_S), 3);
	assert_int_equal(persons_reach(s, NULL, IDENTITY_SESSION, "s1", NOW_S), 3);
	persons_move(s, &w);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM identity_recent"), 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM identity_edge"),
			 2 * (KINSHIP_RECENT_MAX + 4));
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s1", NOW_S), 3);
	assert_int_equal(persons_reach(s, NULL, IDENTITY_SESSION, "s1", NOW_S), 3);
	assert_true(kinship_stored(&w.kinship, persons_node(IDENTITY_SESSION, "s1")));
	assert_false(kinship_stored(&w.kinship, persons_node(IDENTITY_SESSION, "s4")));
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
	assert_int_equal(persons_slice(s, &w).visits, 3);
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s1", NOW_S), 3);
	persons_crowd(s, &w);
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, edges_move(&w.edges, &s->e));
	db_rollback(&s->db);
	edges_rollback(&w.edges);
	persons_move(s, &w);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM identity_edge"),
			 2 * (KINSHIP_RECENT_MAX + 4));
	persons_close(&w);
}

static void test_the_earliest_sighting_is_kept(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	scene_exec(s, "INSERT INTO visit (session_id, email, seen_at) VALUES "
		      "('s1', 'ann@shop.example', 1699999500), "
		      "('s1', 'ann@shop.example', 1699999000), "
		      "('s1', 'ann@shop.example', 1699999900)");
	persons_slice(s, &w);
	persons_crowd(s, &w);
	persons_move(s, &w);
	assert_int_equal(scene_int(s,
				   "SELECT count(*) FROM identity_edge WHERE source = 1 "
				   "AND seen_at = 1699999000 AND row_id = 2"),
			 2);
	assert_int_equal(
		scene_int(s, "SELECT count(*) FROM identity_edge WHERE source = 1"), 2);
	persons_close(&w);
}

static void test_an_edge_out_of_use_stays_so(void **state)
{
	struct scene *s = *state;
	uint64_t email = persons_node(IDENTITY_EMAIL, "ann@shop.example");
	uint64_t session = persons_node(IDENTITY_SESSION, "s2");
	struct persons w;
	bool found;

	persons_open(s, &w);
	persons_three(s);
	persons_slice(s, &w);
	persons_crowd(s, &w);
	persons_move(s, &w);
	assert_ok(s, edges_disable(&w.edges, session, email, true, &found, &s->e));
	assert_true(found);
	persons_close(&w);
	persons_open(s, &w);
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s1", NOW_S), 2);
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s2", NOW_S), 0);
	assert_ok(s, edges_disable(&w.edges, email, session, false, &found, &s->e));
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s2", NOW_S), 3);
	assert_ok(s, edges_disable(&w.edges, email, 8, true, &found, &s->e));
	assert_false(found);
	persons_close(&w);
}

static void test_who_is_erased_does_not_come_back(void **state)
{
	struct scene *s = *state;
	uint64_t email = persons_node(IDENTITY_EMAIL, "ann@shop.example");
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	persons_slice(s, &w);
	assert_ok(s, kinship_erase(&s->db, &email, 1, &s->e));
	assert_int_equal(persons_reach(s, NULL, IDENTITY_SESSION, "s1", NOW_S), 0);
	assert_int_equal(persons_reach(s, NULL, IDENTITY_SESSION, "s3", NOW_S), 1);
	persons_crowd(s, &w);
	persons_move(s, &w);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM identity_edge"),
			 2 * (KINSHIP_RECENT_MAX + 1));
	persons_close(&w);
}

static void test_the_filter_of_a_table_that_is_there(void **state)
{
	struct scene *s = *state;
	_Atomic bool stop = false;
	struct persons w;

	persons_open(s, &w);
	persons_three(s);
	persons_slice(s, &w);
	persons_crowd(s, &w);
	persons_move(s, &w);
	persons_close(&w);
	persons_open(s, &w);
	assert_true(kinship_stored(&w.kinship, persons_node(IDENTITY_SESSION, "s4")));
	assert_ok(s, kinship_fill_filter(&w.kinship, &s->db, &stop, &s->e));
	assert_false(kinship_stored(&w.kinship, persons_node(IDENTITY_SESSION, "s4")));
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "s1", NOW_S), 3);
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
	assert_ok(s, edges_append(&w.edges, &kin, &s->e));
	assert_false(kinship_gained(&w.kinship, before, 8, &met));
	persons_commit(s, &w);
	assert_true(kinship_gained(&w.kinship, before, 8, &met));
	assert_false(kinship_gained(&w.kinship, before, 7, &met));
	assert_false(kinship_gained(&w.kinship, kinship_mark(&w.kinship), 8, &met));
	persons_crowd(s, &w);
	persons_move(s, &w);
	assert_true(kinship_gained(&w.kinship, before, 8, &met));
	met_clear(&met);
	assert_false(kinship_gained(&w.kinship, before, 8, &met));
	met.blind = true;
	assert_true(kinship_gained(&w.kinship, before, 8, &met));
	met_fini(&met);
	kin_fini(&kin);
	persons_close(&w);
}

static void test_blobs_say_what_was_packed(void **state)
{
	struct kin kin = {0}, back = {0};
	struct buf blob;

	(void)state;
	buf_init(&blob, 1 << 20);
	for (int i = 0; i < 50; i++) {
		struct kin_edge edge = {
			.end = {UINT64_MAX - (uint64_t)(i / 3), (uint64_t)i << 40},
			.at_s = i % 2 ? NOW_S * i : -i,
			.row_id = INT64_MAX / 50 * (i % 7),
			.source = (enum identity_source)(i % 3 + 1)};

		kin_put(&kin, &edge);
	}
	kinship_pack(&kin, &blob);
	kinship_unpack(buf_str(&blob), &back);
	assert_int_equal(back.count, kin.count);
	for (size_t i = 0; i < kin.count; i++) {
		assert_memory_equal(back.edges[i].end, kin.edges[i].end,
				    sizeof(kin.edges[i].end));
		assert_true(back.edges[i].at_s == kin.edges[i].at_s);
		assert_true(back.edges[i].row_id == kin.edges[i].row_id);
		assert_int_equal(back.edges[i].source, kin.edges[i].source);
	}
	/* A piece of one gives its whole edges, and nothing else. */
	for (size_t len = 0; len < blob.len; len++) {
		kin_clear(&back);
		kinship_unpack(str_make(blob.p, len), &back);
		assert_true(back.count < kin.count);
	}
	buf_fini(&blob);
	kin_fini(&kin);
	kin_fini(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_found_in_memory_in_the_file_and_after_a_restart),
		T(test_moved_to_the_table_and_still_found),
		T(test_a_failed_transaction_leaves_nothing),
		T(test_the_earliest_sighting_is_kept),
		T(test_an_edge_out_of_use_stays_so),
		T(test_who_is_erased_does_not_come_back),
		T(test_the_filter_of_a_table_that_is_there),
		T(test_gained_since),
		T(test_blobs_say_what_was_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
