/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "persons.h"

static void test_visits_and_consents_are_read_in_once(void **state)
{
	struct scene *s = *state;
	struct person_reader p;
	struct ingested done;
	struct persons w;
	bool behind;

	persons_open(s, &w);
	assert_ok(s, person_open(&p, &s->db, &w.kinship, &s->e));
	assert_ok(s, person_refresh(&p, &behind, &s->e));
	assert_false(behind);
	scene_exec(
		s,
		"INSERT INTO visit (session_id, email, page_url, seen_at) VALUES "
		"('s1', 'ann@shop.example', 'https://a/?ttclid=x', 1699999000), "
		"('s1', 'ann@shop.example', 'https://a/', 1699999100), "
		"(NULL, NULL, 'https://a/', 1699999100);"
		"INSERT INTO consent (email, session_id, ad_user_data, stated_at) VALUES "
		"('ann@shop.example', 's2', 'granted', 1699999200123), "
		"('ann@shop.example', NULL, NULL, 1699999300);"
		"INSERT INTO outbox (event) VALUES ('x')");
	assert_ok(s, person_refresh(&p, &behind, &s->e));
	assert_true(behind);
	done = persons_read(s, &w);
	assert_int_equal(done.visits, 3);
	assert_int_equal(done.consents, 2);
	assert_int_equal(done.covered, 1);
	assert_true(done.complete);
	assert_ok(s, person_refresh(&p, &behind, &s->e));
	assert_false(behind);
	assert_true(p.has_edges && p.has_pages && p.has_statements);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM page_view"), 2);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM page_view WHERE click"), 1);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM statement"), 2);
	assert_int_equal(scene_int(s, "SELECT min(stated_at) FROM statement"),
			 1699999200123);
	assert_int_equal(w.kinship.recent.count,
			 2); /* a known pair is not written again */
	assert_int_equal(persons_read(s, &w).visits, 0);
	person_close(&p);
	persons_close(&w);
}

static void test_a_slice_is_bounded(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	scene_exec(s, "INSERT INTO visit (session_id, seen_at) WITH RECURSIVE n(i) AS "
		      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) "
		      "SELECT 's' || i, 1699999000 FROM n");
	for (int left = 2500; left > 0;) {
		int taken = persons_slice(s, &w).visits;

		assert_in_range(taken, 1, INGEST_SLICE);
		left -= taken;
	}
	assert_int_equal(scene_int(s, "SELECT count(*) FROM page_view"), 2500);
	persons_close(&w);
}

/* Pages of a MiB each: a producer waits for a few of them, not for all. */
static void test_a_slice_is_short(void **state)
{
	struct scene *s = *state;
	struct persons w;
	struct ingested done;

	persons_open(s, &w);
	scene_exec(s, "INSERT INTO visit (session_id, page_url) WITH RECURSIVE n(i) AS "
		      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT 's' "
		      "|| i, replace(hex(zeroblob(524288)), '0', 'A') FROM n");
	done = persons_slice(s, &w);
	assert_in_range(done.visits, 1, 39);
	assert_false(done.complete);
	assert_int_equal(persons_read(s, &w).visits, 40 - done.visits);
	persons_close(&w);
}

static void test_values_come_from_the_rows(void **state)
{
	static const struct {
		enum identity_source source;
		int64_t row_id;
		enum identity_kind kind;
		const char *value;
		bool found;
	} rows[] = {
		{IDENTITY_VISIT, 1, IDENTITY_EMAIL, "ann@shop.example", true},
		{IDENTITY_VISIT, 1, IDENTITY_EMAIL, "bob@shop.example", false},
		{IDENTITY_VISIT, 9, IDENTITY_EMAIL, "ann@shop.example", false},
		{IDENTITY_CONSENT, 1, IDENTITY_EXTERNAL_ID, "A-1", true},
		{IDENTITY_CONVERSION, 1, IDENTITY_PHONE, "+4930123456", true},
		{IDENTITY_CONVERSION, 2, IDENTITY_PHONE, "+4930123456", false},
		{IDENTITY_CONVERSION, 3, IDENTITY_PHONE, "+4930123456", true},
		{IDENTITY_CONVERSION, 4, IDENTITY_PHONE, "+4930123456", true},
	};
	struct scene *s = *state;
	struct person_reader p;
	bool behind;

	persons_three(s);
	scene_exec(
		s,
		"INSERT INTO destination (id, name, source, pixel_id, default_country) "
		"VALUES (1, 'shop', 'web', 'P', 'DE')");
	scene_exec(s,
		   "INSERT INTO consent (external_id) VALUES ('A-1');"
		   "INSERT INTO outbox (event, payload) VALUES ('x', "
		   "'{\"user\":{\"phone\":\"030 123456\"}}'), ('x', '{');"
		   "INSERT INTO outbox (event, payload, event_time, created_at) SELECT "
		   "event, payload, 1700000000, t FROM outbox, (SELECT NULL AS t UNION "
		   "ALL SELECT '2026-01-31 12:00') WHERE id = 1");
	assert_ok(s, person_open(&p, &s->db, NULL, &s->e));
	assert_ok(s, person_refresh(&p, &behind, &s->e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct identifiers want = persons_ids(rows[i].kind, rows[i].value);
		struct identity_edge edge = {.source = rows[i].source,
					     .row_id = rows[i].row_id};
		unsigned char value[DIGEST_LEN];
		bool found;

		assert_ok(s,
			  person_value(&p, &edge, want.id[0].node, value, &found, &s->e));
		if (found != rows[i].found ||
		    (found && memcmp(value, want.id[0].digest, DIGEST_LEN) != 0))
			fail_msg("row %zu", i);
	}
	person_close(&p);
}

/* A kiosk: one session, more e-mail addresses than are ever looked at. */
static void test_a_hub_is_read_up_to_the_limit(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	scene_exec(
		s,
		"INSERT INTO visit (session_id, email, seen_at) WITH RECURSIVE n(i) AS "
		"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
		"SELECT 'kiosk', 'p' || i || '@shop.example', 1699999000 FROM n");
	persons_read(s, &w);
	assert_int_equal(persons_reach(s, &w, IDENTITY_SESSION, "kiosk", NOW_S),
			 IDENTITY_EDGES_MAX);
	assert_int_equal(persons_reach(s, &w, IDENTITY_EMAIL, "p7@shop.example", NOW_S),
			 IDENTITY_EDGES_MAX);
	persons_close(&w);
}

static struct statement heard(struct scene *s, struct person_reader *p,
			      const struct identifiers *whose, const char *session,
			      int64_t now_ms, struct statement *others)
{
	bool by_name = !whose || !identifiers_name_person(whose);
	struct said said = {0};

	/* As everybody asks: by the external_id too, which comes first. */
	for (size_t i = 0; whose && i < whose->count; i++)
		assert_ok(s, person_statement(p, whose->id[i].node, true, now_ms, &said,
					      &s->e));
	assert_ok(s, person_statement(p, persons_node(IDENTITY_SESSION, session), by_name,
				      now_ms, &said, &s->e));
	*others = said.others;
	return said.own;
}

static struct statement statement_of(struct scene *s, struct person_reader *p,
				     const struct identifiers *whose, const char *session,
				     int64_t now_ms)
{
	struct statement others;

	return heard(s, p, whose, session, now_ms, &others);
}

static void test_the_latest_statement_by_then(void **state)
{
	struct scene *s = *state;
	static const char *const denied[] = {"s2", "ahead", "undated"};
	struct person_reader p;
	struct statement found;
	struct persons w;

	persons_open(s, &w);
	scene_exec(
		s,
		"INSERT INTO consent (session_id, ad_user_data, ad_storage, stated_at) "
		"VALUES ('s1', 'granted', NULL, 1699999000), "
		"('s1', 'no', 'granted', 1699999500), "
		"('s1', 'granted', 'denied', 1699999500), "
		"('s1', 'granted', NULL, 1700000500), "
		"('s2', 'denied', NULL, 'nonsense'), "
		"('ahead', 'granted', NULL, 1699999000), "
		"('ahead', 'denied', 'granted', 1700000500), "
		"('undated', 'denied', NULL, 1699999000), "
		"('undated', 'granted', NULL, 'nonsense')");
	persons_read(s, &w);
	assert_ok(s, person_open(&p, &s->db, NULL, &s->e));
	found = statement_of(s, &p, NULL, "s1", NOW_MS);
	assert_int_equal(found.consent_id, 3);
	assert_int_equal(found.consent.ad_user_data, SIGNAL_GRANTED);
	assert_int_equal(found.consent.ad_storage, SIGNAL_DENIED);
	found = statement_of(s, &p, NULL, "s1", 1699999400000);
	assert_int_equal(found.consent_id, 1);
	assert_false(statement_of(s, &p, NULL, "s1", 1).consent.stated);
	/* A denial counts from now on where its time is none, or ahead of the clock; a grant
	 * that cannot be dated is behind all that can. */
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		found = statement_of(s, &p, NULL, denied[i], NOW_MS);
		assert_true(found.consent.stated);
		assert_int_equal(found.consent.ad_user_data, SIGNAL_DENIED);
		assert_int_not_equal(found.consent.ad_storage, SIGNAL_GRANTED);
	}
	person_close(&p);
	persons_close(&w);
}

/* Sessions of one browser, as a kiosk's. */
static void test_nobody_grants_for_others(void **state)
{
	struct scene *s = *state;
	struct identifiers ann = persons_ids(IDENTITY_EXTERNAL_ID, "ann");
	struct identifiers nobody = persons_ids(IDENTITY_EMAIL, "x@shop.example");
	struct statement bob;
	struct person_reader p;
	struct persons w;

	persons_open(s, &w);
	scene_exec(
		s,
		"INSERT INTO consent (session_id, external_id, ad_user_data, ad_storage, "
		"stated_at) VALUES ('s1', 'ann', 'denied', NULL, 1699999000), "
		"('s1', 'bob', 'granted', 'granted', 1699999100), "
		"('s2', 'bob', 'denied', 'denied', 1699999000), "
		"('s2', 'bob', 'granted', NULL, 1699999100), "
		"('s3', NULL, 'granted', NULL, 1699999000), "
		"('s3', 'bob', 'granted', 'denied', 1699999100), "
		"('s4', NULL, 'granted', NULL, 1699999000), "
		"('s4', 'guest', 'granted', 'granted', 1699999100)");
	scene_exec(s, "INSERT INTO consent (session_id, email, ad_user_data, stated_at) "
		      "VALUES ('s5', NULL, 'denied', 1699999000), "
		      "('s5', 'y@shop.example', 'granted', 1699999100)");
	persons_read(s, &w);
	assert_ok(s, person_open(&p, &s->db, NULL, &s->e));
	assert_int_equal(statement_of(s, &p, &ann, "s1", NOW_MS).consent_id, 1);
	assert_false(heard(s, &p, &nobody, "s1", NOW_MS, &bob).consent.stated);
	assert_int_equal(bob.consent_id, 2);
	assert_true(bob.names_person);
	/* What he took back denies nothing either. */
	assert_int_equal(heard(s, &p, &ann, "s2", NOW_MS, &bob).consent_id, 1);
	assert_int_equal(bob.consent_id, 4);
	/* His no counts. */
	assert_int_equal(heard(s, &p, &ann, "s3", NOW_MS, &bob).consent_id, 5);
	assert_int_equal(bob.consent_id, 6);
	assert_int_equal(bob.consent.ad_user_data, SIGNAL_GRANTED);
	assert_int_equal(bob.consent.ad_storage, SIGNAL_DENIED);
	assert_int_equal(statement_of(s, &p, &ann, "s4", NOW_MS).consent_id, 8);
	/* Who has an address is somebody, too. */
	assert_int_equal(heard(s, &p, NULL, "s5", NOW_MS, &bob).consent_id, 9);
	assert_int_equal(bob.consent_id, 10);
	assert_false(bob.names_person);
	/* Whose a row was that has gone is not known; that it was somebody's is. */
	scene_exec(s, "DELETE FROM consent WHERE id IN (2, 5, 6)");
	assert_int_equal(statement_of(s, &p, &ann, "s1", NOW_MS).consent_id, 1);
	assert_int_equal(heard(s, &p, &ann, "s3", NOW_MS, &bob).consent_id, 5);
	assert_int_equal(bob.consent_id, 6);
	person_close(&p);
	persons_close(&w);
}

/* However many share a node, what was said for all is found. */
static void test_a_no_behind_many_others(void **state)
{
	static const int rows[] = {0, 49, 50, 900, 1200}; /* of others behind it */
	struct scene *s = *state;
	struct identifiers ann = persons_ids(IDENTITY_EXTERNAL_ID, "ann");
	struct person_reader p;
	struct persons w;

	persons_open(s, &w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char sql[512];

		snprintf(
			sql, sizeof(sql),
			"INSERT INTO consent (session_id, external_id, ad_user_data, "
			"ad_storage, stated_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION "
			"ALL "
			"SELECT i + 1 FROM n WHERE i < %d) SELECT 's%zu', CASE WHEN i > "
			"0 "
			"THEN 'p' || i END, CASE WHEN i > 0 THEN 'granted' ELSE 'denied' "
			"END, CASE WHEN i = 0 THEN 'denied' END, 1690000000 + i FROM n",
			rows[i], i);
		scene_exec(s, sql);
	}
	persons_read(s, &w);
	assert_ok(s, person_open(&p, &s->db, NULL, &s->e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct statement own, others;
		char session[24];

		snprintf(session, sizeof(session), "s%zu", i);
		own = heard(s, &p, &ann, session, NOW_MS, &others);
		if (own.consent.ad_user_data != SIGNAL_DENIED ||
		    own.consent.ad_storage != SIGNAL_DENIED ||
		    others.consent.ad_user_data == SIGNAL_DENIED)
			fail_msg("behind %d others", rows[i]);
	}
	person_close(&p);
	persons_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_visits_and_consents_are_read_in_once),
		T(test_a_slice_is_bounded),
		T(test_a_slice_is_short),
		T(test_values_come_from_the_rows),
		T(test_a_hub_is_read_up_to_the_limit),
		T(test_the_latest_statement_by_then),
		T(test_nobody_grants_for_others),
		T(test_a_no_behind_many_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
