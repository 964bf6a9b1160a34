/* SPDX-License-Identifier: MIT */
#include "store/scrub.h"

#include <stdio.h>

#include "queue_scene.h"
#include "scene.h"
#include "store/members.h"

#define PLAIN "{\"user\":{\"email\":\"canary@x.de\"}}"
#define CANARY "payload LIKE '%canary%'"

/* All rows of queue_scene with an e-mail address, noted in ranges of three. */
static void set_scene(struct scene *s)
{
	sqlite3_stmt *stmt;
	struct buf members;

	scene_exec(s, queue_scene);
	scene_exec(s, "UPDATE outbox SET payload = '" PLAIN "'");
	scene_exec(s, "UPDATE attempt SET members = x'0a' WHERE outcome IS NULL");
	assert_ok(s, db_prepare(&s->db, "INSERT INTO redaction VALUES (?1, ?2)", &stmt,
				&s->e));
	buf_init(&members, 100);
	for (int64_t first = 1; first <= 10; first += 3) {
		int64_t last = 0;

		buf_clear(&members);
		for (int64_t id = first; id < first + 3 && id <= 10; id++)
			members_add(&members, &last, id);
		sqlite3_bind_int64(stmt, 1, first);
		sqlite3_bind_blob(stmt, 2, members.p, (int)members.len, SQLITE_STATIC);
		assert_ok(s, db_run(&s->db, stmt, &s->e));
	}
	buf_fini(&members);
	sqlite3_finalize(stmt);
}

static void pass(struct scene *s, struct scrub *scrub, int64_t after)
{
	bool more = true;

	assert_ok(s, scrub_begin(scrub, after, &s->e));
	while (more) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, scrub_some(scrub, &more, &s->e));
		assert_ok(s, db_commit(&s->db, &s->e));
	}
}

static void rewrites_what_is_settled(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;

	set_scene(s);
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	pass(s, &scrub, 0);
	/* 6 to 8 wait, 10 is in flight, 11 and 12 are not claimed. */
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE " CANARY), 6);
	assert_int_equal(scene_int(s, "SELECT sum(id) FROM outbox WHERE " CANARY), 54);
	assert_int_equal(scrub.place.rewritten, 6);
	assert_int_equal(scrub.place.left, 4);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM redaction"), 3);
	/* Nothing has settled: nothing is written. */
	pass(s, &scrub, 0);
	assert_int_equal(scrub.place.rewritten, 0);
	assert_int_equal(scrub.place.left, 4);
	/* One settles, one is gone. */
	scene_exec(s, "DELETE FROM waiting WHERE key / 1024 = 7;"
		      "INSERT INTO delivery (key, state) VALUES (7 * 1024 + 1, 160);"
		      "DELETE FROM waiting WHERE key / 1024 = 6;"
		      "INSERT INTO delivery (key, state) VALUES (6 * 1024 + 1, 113);"
		      "DELETE FROM outbox WHERE id = 6");
	pass(s, &scrub, 4); /* the range of 6 begins at 4: not in this pass */
	assert_int_equal(scrub.place.rewritten, 1);
	pass(s, &scrub, 0);
	assert_int_equal(scrub.place.left, 2);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM redaction"), 2);
	scrub_close(&scrub);
}

/* Its id fills the row up to SQLite's limit: a hash does not fit where the address was. */
static void passes_a_row_without_room(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;

	set_scene(s);
	scene_exec(s,
		   "UPDATE outbox SET event_id = replace(hex(zeroblob(5000)), '0', 'x') "
		   "WHERE id = 1");
	sqlite3_limit(s->db.handle, SQLITE_LIMIT_LENGTH, 10100);
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	pass(s, &scrub, 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE " CANARY), 7);
	assert_int_equal(scrub.place.rewritten, 5);
	assert_int_equal(scrub.place.left, 4);
	scrub_close(&scrub);
}

/* Delivered at one destination, in flight or waiting at another. */
static void waits_for_every_destination(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;

	set_scene(s);
	scene_exec(s, "INSERT INTO waiting (key, destination_id, status) VALUES "
		      "(1 * 1024 + 2, 2, 1);"
		      "INSERT INTO delivery (key, state) VALUES (10 * 1024 + 2, 160)");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	pass(s, &scrub, 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE id IN (1, 10) "
				      "AND " CANARY),
			 2);
	scene_exec(s, "UPDATE attempt SET outcome = 'delivered', members = NULL");
	pass(s, &scrub, 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE id = 10 "
				      "AND " CANARY),
			 0);
	scrub_close(&scrub);
}

/* A derived id is told by the content: it is kept before that changes. */
static void keeps_derived_ids(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;
	struct outbox_row row;
	bool changed, found;

	set_scene(s);
	scene_exec(s, "UPDATE outbox SET event_id = NULL WHERE id IN (1, 2);"
		      "INSERT INTO derived_id (outbox_id, event_id) VALUES (2, 'g1_2')");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	assert_ok(s, scrub_begin(&scrub, 0, &s->e));
	for (int id = 1; id <= 3; id++) {
		assert_ok(s, scrub_row(&scrub, id, &changed, &s->e));
		assert_true(changed);
		assert_ok(s, scrub_row(&scrub, id, &changed, &s->e));
		assert_false(changed);
	}
	assert_int_equal(scene_int(s,
				   "SELECT count(*) FROM derived_id WHERE outbox_id = 1 "
				   "AND event_id LIKE 'g1_%'"),
			 1);
	assert_int_equal(
		scene_int(s, "SELECT count(*) FROM derived_id WHERE outbox_id = 3"), 0);
	assert_ok(s, outbox_one(&scrub.reader, 2, &row, &found, &s->e));
	assert_true(found && str_eq(row.known_id, STR("g1_2")));
	scrub_close(&scrub);
}

/* Beside the payload: what no payload has to do with changes, what is good does not. */
static void rewrites_other_columns(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;
	bool changed;

	scene_exec(s, "INSERT INTO outbox (id, event_id, event, event_time) VALUES "
		      "(1, 'canary@x.de', 'Order by canary@x.de', 'on canary@x.de'), "
		      "(2, 'b', 'order', '2026-01-01T00:00:00+01:00'), "
		      "(3, 'c', 'call +49 170 1234567', 1700000000)");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	assert_ok(s, scrub_begin(&scrub, 0, &s->e));
	for (int id = 1; id <= 3; id++) {
		assert_ok(s, scrub_row(&scrub, id, &changed, &s->e));
		assert_int_equal(changed, id != 2);
	}
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE payload = '{}' "
				      "AND event || event_time NOT LIKE '%canary%' AND "
				      "event NOT LIKE '%170 123%'"),
			 3);
	assert_int_equal(
		scene_int(s, "SELECT count(*) FROM outbox WHERE event_id = 'canary@x.de' "
			     "AND length(event) = 9 + 64 AND event_time LIKE 'on %' "
			     "OR id = 3 AND event_time = 1700000000 AND "
			     "typeof(event_time) = 'integer'"),
		2);
	scrub_close(&scrub);
}

static void rewrites_every_column_of_a_visit(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;

	scene_exec(
		s,
		"INSERT INTO visit (session_id, ttclid, ttp, ip, user_agent, seen_at) "
		"VALUES ('canary@x.de', 'canary@x.de', 'canary@x.de', 'canary@x.de', "
		"'by canary@x.de', 'on canary@x.de'), "
		"('s', 'E.C.P.1', 't', '::1', 'Mozilla canary@x.de', 1700000000);"
		"INSERT INTO consent (session_id, ad_user_data, ad_personalization, "
		"ad_storage, analytics_storage, stated_at) VALUES ('canary@x.de', "
		"'canary@x.de', 'canary@x.de', 'canary@x.de', 'canary@x.de', "
		"'canary@x.de'), ('canary@x.de', 'GRANTED', NULL, 'DENIED', NULL, "
		"1700000000);"
		"INSERT INTO setting VALUES ('visit_cursor', 2), ('consent_cursor', 2)");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	pass(s, &scrub, 0);
	assert_int_equal(scrub.place.rewritten, 4);
	assert_int_equal(
		scene_int(s, "SELECT count(*) FROM visit WHERE ifnull(session_id, '') || "
			     "ifnull(ttclid, '') || ifnull(ttp, '') || ifnull(ip, '') || "
			     "ifnull(user_agent, '') || seen_at LIKE '%canary%'"),
		0);
	assert_int_equal(
		scene_int(s,
			  "SELECT count(*) FROM consent WHERE ifnull(session_id, '') || "
			  "ad_user_data || ifnull(ad_personalization, '') || ad_storage "
			  "|| ifnull(analytics_storage, '') || stated_at LIKE "
			  "'%canary%'"),
		0);
	assert_int_equal(
		scene_int(s,
			  "SELECT count(*) FROM visit, consent USING (id) WHERE id = 2 "
			  "AND visit.session_id = 's' AND ttclid = 'E.C.P.1' AND ttp = "
			  "'t' AND ip = '::1' AND typeof(seen_at) = 'integer' AND "
			  "ad_user_data = 'GRANTED' AND ad_personalization IS NULL AND "
			  "ad_storage = 'DENIED' AND typeof(stated_at) = 'integer'"),
		1);
	scrub_close(&scrub);
}

/* 500 rows in one range; settled are those that `where` tells. */
static void put_rows(struct scene *s, const char *where)
{
	char sql[700];

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
		 "< 500) "
		 "INSERT INTO outbox (id, event_id, event, payload) "
		 "SELECT i, 'e' || i, 'purchase', '" PLAIN "' FROM n;"
		 "INSERT INTO delivery (key, state) SELECT id * 1024 + 1, 160 FROM "
		 "outbox %s;"
		 "INSERT INTO redaction VALUES (1, CAST(replace(hex(zeroblob(250)), "
		 "'00', x'01') || replace(hex(zeroblob(250)), '00', x'01') AS BLOB))",
		 where);
	scene_exec(s, sql);
}

static void ends_a_slice_and_goes_on(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;
	bool more = true;
	int slices = 0;

	put_rows(s, "");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	assert_ok(s, scrub_begin(&scrub, 0, &s->e));
	for (; more; slices++) {
		int64_t plain = scene_int(s, "SELECT count(*) FROM outbox WHERE " CANARY);

		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, scrub_some(&scrub, &more, &s->e));
		/* The second time is rolled back, and the pass begins anew. */
		if (slices == 1) {
			db_rollback(&s->db);
			assert_ok(s, scrub_begin(&scrub, 0, &s->e));
		} else {
			assert_ok(s, db_commit(&s->db, &s->e));
		}
		assert_true(
			plain - scene_int(s,
					  "SELECT count(*) FROM outbox WHERE " CANARY) <=
			SCRUB_ROWS);
	}
	assert_true(slices >= 4);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE " CANARY), 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM redaction"), 0);
	scrub_close(&scrub);
}

/* Where its transaction was rolled back with another's, the slice is done again. */
static void goes_on_from_a_place(void **state)
{
	struct scene *s = *state;
	struct scrub_place place;
	struct scrub scrub;
	bool more = true;

	put_rows(s, "");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	assert_ok(s, scrub_begin(&scrub, 0, &s->e));
	for (int slices = 0; more; slices++) {
		place = scrub.place;
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, scrub_some(&scrub, &more, &s->e));
		if (slices % 2 == 0) {
			db_rollback(&s->db);
			scrub.place = place;
			more = true;
		} else {
			assert_ok(s, db_commit(&s->db, &s->e));
		}
	}
	assert_int_equal(scrub.place.rewritten, 500);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE " CANARY), 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM redaction"), 0);
	scrub_close(&scrub);
}

/* As many as the caller says: more where nobody waits. */
static void takes_what_it_may(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;
	bool more = true;

	put_rows(s, "");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	assert_ok(s, scrub_begin(&scrub, 0, &s->e));
	assert_int_equal(scrub.slice, SCRUB_ROWS);
	scrub.slice = 10;
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, scrub_some(&scrub, &more, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	assert_int_equal(scrub.place.rewritten, 10);
	scrub_close(&scrub);
}

/* The first rows of a range wait: the ones behind them do not wait for these. */
static void passes_rows_that_wait(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;
	bool more = true;

	put_rows(s, "WHERE id > 450");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	assert_ok(s, scrub_begin(&scrub, 0, &s->e));
	for (int i = 0; more && i < 20; i++) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, scrub_some(&scrub, &more, &s->e));
		assert_ok(s, db_commit(&s->db, &s->e));
	}
	assert_false(more);
	assert_int_equal(scrub.place.rewritten, 50);
	assert_int_equal(scrub.place.left, 450);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox WHERE " CANARY), 450);
	assert_int_equal(scene_int(s, "SELECT length(members) FROM redaction"), 450);
	scrub_close(&scrub);
}

/* Long addresses, each to be rewritten: a producer waits for a few of them, not for all. */
static void takes_as_many_visits_as_fit(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;
	bool more = true;

	scene_exec(s,
		   "INSERT INTO visit (email, page_url) WITH RECURSIVE n(i) AS (SELECT 1 "
		   "UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT "
		   "'canary@x.de', 'https://x.de/?' || replace(hex(zeroblob(10000)), "
		   "'00', 'q=canary%40x.de&') FROM n;"
		   "INSERT INTO setting VALUES ('visit_cursor', 100)");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	assert_ok(s, scrub_begin(&scrub, 0, &s->e));
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, scrub_some(&scrub, &more, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	assert_true(more);
	assert_in_range(scrub.place.rewritten, 1, 99);
	pass(s, &scrub, 0);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM visit WHERE page_url LIKE "
				      "'%canary%' OR email = 'canary@x.de'"),
			 0);
	scrub_close(&scrub);
}

static void rewrites_visits_that_were_read(void **state)
{
	struct scene *s = *state;
	struct scrub scrub;

	scene_exec(
		s,
		"INSERT INTO visit (session_id, page_url, email, phone, external_id) "
		"VALUES "
		"('s', 'https://x.de/?email=canary@x.de&a=1', 'canary@x.de', NULL, '7'), "
		"('s', NULL, NULL, '+491701234567', 'canary@x.de'), "
		"('s', 'https://x.de/', 'canary@x.de', NULL, NULL);"
		"INSERT INTO consent (email) VALUES ('canary@x.de');"
		"INSERT INTO setting VALUES ('visit_cursor', 2), ('consent_cursor', 1)");
	assert_ok(s, scrub_open(&scrub, &s->db, &s->e));
	pass(s, &scrub, 0);
	assert_int_equal(
		scene_int(s,
			  "SELECT count(*) FROM visit WHERE id <= 2 AND "
			  "(coalesce(email, '') || coalesce(external_id, '') || "
			  "coalesce(page_url, '') LIKE '%canary%' OR phone LIKE '+%')"),
		0);
	assert_int_equal(
		scene_int(s,
			  "SELECT count(*) FROM visit WHERE id = 1 AND page_url = "
			  "'https://x.de/?a=1' AND length(email) = 64 AND phone IS NULL "
			  "AND external_id = '7'"),
		1);
	assert_int_equal(
		scene_int(s, "SELECT count(*) FROM visit WHERE email = 'canary@x.de'"),
		1);
	assert_int_equal(scene_int(s, "SELECT length(email) FROM consent"), 64);
	assert_int_equal(scrub.place.rewritten, 3);
	pass(s, &scrub, 0);
	assert_int_equal(scrub.place.rewritten, 0);
	scrub_close(&scrub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(rewrites_what_is_settled),    T(passes_a_row_without_room),
		T(waits_for_every_destination), T(keeps_derived_ids),
		T(ends_a_slice_and_goes_on),    T(goes_on_from_a_place),

		T(takes_what_it_may),           T(passes_rows_that_wait),
		T(takes_as_many_visits_as_fit), T(rewrites_visits_that_were_read),
		T(rewrites_other_columns),      T(rewrites_every_column_of_a_visit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
