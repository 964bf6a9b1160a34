/* SPDX-License-Identifier: MIT */
#include "persons.h"

void persons_open(struct scene *s, struct persons *w)
{
	assert_ok(s, kinship_open(&w->kinship, &s->db, &s->e));
	assert_ok(s, edges_open(&w->edges, &s->db, &w->kinship, &s->e));
	assert_ok(s, ingest_open(&w->ingest, &s->db, &w->edges, &s->e));
}

void persons_close(struct persons *w)
{
	ingest_close(&w->ingest);
	edges_close(&w->edges);
	kinship_close(&w->kinship);
}

void persons_commit(struct scene *s, struct persons *w)
{
	assert_ok(s, db_commit(&s->db, &s->e));
	edges_commit(&w->edges);
}

struct ingested persons_slice(struct scene *s, struct persons *w)
{
	struct ingested done;

	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, ingest_slice(&w->ingest, NOW_MS, &done, &s->e));
	persons_commit(s, w);
	return done;
}

struct ingested persons_read(struct scene *s, struct persons *w)
{
	struct ingested all = {.complete = false};

	while (!all.complete) {
		struct ingested done = persons_slice(s, w);

		all.visits += done.visits;
		all.consents += done.consents;
		all.covered = done.covered;
		all.complete = done.complete;
	}
	return all;
}

struct identifiers persons_ids(enum identity_kind kind, const char *value)
{
	struct identifiers ids = {.count = 0};
	struct identifier_reader reader = {.country = ""};
	struct scratch scratch;
	struct digest digest;

	scratch_init(&scratch);
	digest_init(&digest);
	reader.digest = &digest;
	reader.text = &scratch.text;
	reader.normal = &scratch.more;
	identifiers_add(&ids, kind, str_of(value), &reader);
	digest_fini(&digest);
	scratch_fini(&scratch);
	assert_int_equal(ids.count, 1);
	return ids;
}

uint64_t persons_node(enum identity_kind kind, const char *value)
{
	return persons_ids(kind, value).id[0].node;
}

static bool joins_same(const struct identity_edge *x, const struct identity_edge *y)
{
	return (x->a.hash == y->a.hash && x->b.hash == y->b.hash) ||
	       (x->a.hash == y->b.hash && x->b.hash == y->a.hash);
}

size_t persons_reach(struct scene *s, struct persons *w, enum identity_kind kind,
		     const char *value, int64_t upto_s)
{
	struct identifiers ids = persons_ids(kind, value);
	struct person_row row = {&ids, upto_s, 0};
	struct person_edges edges;
	struct person_reader p;
	size_t distinct = 0;
	bool behind;

	assert_ok(s, person_open(&p, &s->db, w ? &w->kinship : NULL, &s->e));
	assert_ok(s, person_refresh(&p, &behind, &s->e));
	assert_ok(s, person_reach(&p, NULL, &row, upto_s, &edges, &s->e));
	/* In memory and in the index it may be found twice. */
	for (size_t i = 0; i < edges.count; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || joins_same(&edges.list[k], &edges.list[i]);
		distinct += !again;
	}
	person_close(&p);
	return distinct;
}

void persons_three(struct scene *s)
{
	scene_exec(s, "INSERT INTO visit (session_id, email, phone, seen_at) VALUES "
		      "('s1', 'ann@shop.example', '+4930123456', 1699999000), "
		      "('s2', 'ann@shop.example', NULL, 1699999500), "
		      "('s3', 'bob@shop.example', NULL, 1699999000)");
}

void persons_strangers(struct scene *s, struct persons *w, uint64_t first, uint64_t last)
{
	struct kin kin = {0};

	for (uint64_t i = first; i <= last; i++) {
		struct kin_edge edge = {
			.end = {i << 20 | IDENTITY_EMAIL, i << 20 | IDENTITY_SESSION},
			.at_s = NOW_S,
			.row_id = (int64_t)i,
			.source = IDENTITY_CONVERSION};

		kin_put(&kin, &edge);
	}
	assert_ok(s, db_begin(&s->db, &s->e));
	edges_append(&w->edges, &kin, 0, 0);
	persons_commit(s, w);
	kin_fini(&kin);
}

void persons_crowd(struct scene *s, struct persons *w)
{
	persons_strangers(s, w, 1, KINSHIP_EDGES_MAX);
}

void persons_index(struct scene *s, struct persons *w)
{
	assert_true(edges_want_tidy(&w->edges));
	for (int i = 0; i < 1000 && edges_want_tidy(&w->edges); i++) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, edges_tidy(&w->edges, &s->e));
		persons_commit(s, w);
	}
	assert_false(edges_want_tidy(&w->edges));
	assert_int_equal(w->kinship.recent.count, 0);
}
