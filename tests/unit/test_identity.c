/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/identity.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define EDGES_MAX 64
#define ALWAYS INT64_MAX

static struct identity_view *view;

/* "X1" is external id 1; E email, P phone, D device, T ttp, S session. */
static struct identity_node node_of(const char *name)
{
	static const char letters[] = " XEPDTS";
	struct identity_node node = {0};

	node.kind = (enum identity_kind)(strchr(letters, name[0]) - letters);
	for (name++; ascii_is_digit(*name); name++)
		node.hash = node.hash * 10 + (uint64_t)(*name - '0');
	return node;
}

static void name_of(struct identity_node node, char into[24])
{
	snprintf(into, 24, "%c%d", " XEPDTS"[node.kind], (int)node.hash);
}

/* "X1-E1@5 E1-S1@9!": two edges, the second disabled. */
static size_t edges_of(const char *text, struct identity_edge *edges)
{
	size_t n = 0;

	for (const char *p = text; *p; p += strspn(p, " ")) {
		struct identity_edge *e = &edges[n++];

		*e = (struct identity_edge){.a = node_of(p), .source = IDENTITY_VISIT};
		p = strchr(p, '-') + 1;
		e->b = node_of(p);
		e->at_s = strtol(strchr(p, '@') + 1, (char **)&p, 10);
		e->disabled = *p == '!';
		e->row_id = (int64_t)n;
		p += e->disabled;
	}
	return n;
}

/* "E1<X1 S1<E1": each member and from whom, in order, without the start. */
static void person_of(const struct identity_edge *edges, size_t n, const char *start,
		      int64_t at_s, char *into, size_t size)
{
	const struct identity_member *m;
	size_t count = identity_resolve(view, edges, n, node_of(start), at_s, &m),
	       len = 0;
	char name[24], from[24];

	into[0] = 0;
	for (size_t i = 1; i < count; i++) {
		name_of(m[i].node, name);
		name_of(m[m[i].from].node, from);
		len += (size_t)snprintf(into + len, size - len, "%s%s<%s", len ? " " : "",
					name, from);
	}
}

/* clang-format off */
static const struct row {
	const char *edges, *start;
	int64_t at_s;
	const char *person;
} rows[] = {
	{"", "X1", ALWAYS, ""},
	{"X1-E1@1", "X1", ALWAYS, "E1<X1"},
	{"X1-E1@1", "E1", ALWAYS, "X1<E1"},
	{"X1-E1@1", "E2", ALWAYS, ""},
	{"X1-E1@1 E1-S1@2 S1-T1@3", "X1", ALWAYS, "E1<X1 S1<E1 T1<S1"},
	/* as of a time, inclusive */
	{"X1-E1@5 E1-S1@9", "X1", 8, "E1<X1"},
	{"X1-E1@5 E1-S1@9", "X1", 9, "E1<X1 S1<E1"},
	{"X1-E1@5", "X1", 4, ""},
	/* an edge can be disabled */
	{"X1-E1@1! E1-S1@2", "X1", ALWAYS, ""},
	{"X1-E1@1! X1-E1@3", "X1", ALWAYS, "E1<X1"},
	/* one external id: the older observation keeps what both claim */
	{"X1-E1@1 X2-E1@2", "X1", ALWAYS, "E1<X1"},
	{"X1-E1@1 X2-E1@2", "X2", ALWAYS, ""},
	{"X1-X2@1", "X1", ALWAYS, ""},
	/* a shared browser goes to who came first; both keep their own */
	{"X1-S1@1 X2-S1@2 X1-E1@1 X2-E2@2", "X1", ALWAYS, "E1<X1 S1<X1"},
	{"X1-S1@1 X2-S1@2 X1-E1@1 X2-E2@2", "X2", ALWAYS, "E2<X2"},
	/* strong before weak, whatever came first */
	{"S1-E1@1 X1-S1@2 X2-E1@3", "X2", ALWAYS, "E1<X2 S1<E1"},
	{"S1-E1@1 X1-S1@2 X2-E1@3", "X1", ALWAYS, ""},
	{"S1-E1@1 X1-S1@2 X2-E1@3", "X1", 2, "S1<X1 E1<S1"},
	/* a chain of weak ones joins no two external ids */
	{"X1-S1@1 S1-T1@2 T1-S2@3 X2-S2@4", "X1", ALWAYS, "S1<X1 T1<S1"},
	{"X1-T1@1 X2-T1@2", "X2", ALWAYS, ""},
	/* limits: the sixth email and phone stay out */
	{"X1-E1@1 X1-E2@2 X1-E3@3 X1-E4@4 X1-E5@5 X1-E6@6", "X1", ALWAYS,
	 "E1<X1 E2<X1 E3<X1 E4<X1 E5<X1"},
	{"X1-P6@1 X1-P1@2 X1-P2@3 X1-P3@4 X1-P4@5 X1-P5@6", "X1", ALWAYS,
	 "P6<X1 P1<X1 P2<X1 P3<X1 P4<X1"},
	/* the nearest first; a second sighting changes nothing */
	{"X1-E1@1 E1-P1@1 X1-P2@3 X1-E1@9", "X1", ALWAYS, "E1<X1 P2<X1 P1<E1"},
	{"E1-E1@1", "E1", ALWAYS, ""},
};
/* clang-format on */

static void finds_the_person(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct identity_edge edges[EDGES_MAX];
		size_t n = edges_of(rows[i].edges, edges);
		char person[1024];

		person_of(edges, n, rows[i].start, rows[i].at_s, person, sizeof(person));
		if (strcmp(person, rows[i].person) != 0)
			fail_msg("row %zu (%s of %s): %s", i, rows[i].start,
				 rows[i].edges, person);
	}
}

static void tells_the_observation(void **state)
{
	struct identity_edge edges[EDGES_MAX];
	size_t n = edges_of("E1-S1@7 X1-E1@5 X1-E1@2", edges);
	const struct identity_member *m;

	(void)state;
	assert_int_equal(identity_resolve(view, edges, n, node_of("S1"), 9, &m), 3);
	assert_int_equal(m[0].hops, 0);
	assert_int_equal(m[1].edge, 0);
	assert_int_equal(m[1].hops, 1);
	assert_int_equal(m[2].hops, 2);
	assert_int_equal(edges[m[2].edge].row_id, 3); /* the first time they were seen */
}

static void ignores_what_is_no_kind(void **state)
{
	struct identity_edge edges[EDGES_MAX];
	const struct identity_member *m;

	(void)state;
	edges_of("X1-E1@1 X1-E2@1", edges);
	edges[0].b.kind = (enum identity_kind)0;
	edges[1].a.kind = IDENTITY_KIND_END;
	assert_int_equal(identity_resolve(view, edges, 2, node_of("X1"), 9, &m), 1);
	assert_string_equal(identity_kind_word(IDENTITY_EXTERNAL_ID), "external_id");
	assert_string_equal(identity_kind_word(IDENTITY_SESSION), "session");
	assert_string_equal(identity_kind_word(IDENTITY_KIND_END), "?");
}

/* SplitMix64: the same run every time. */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct identity_node random_node(uint64_t *seed)
{
	static const uint64_t several[] = {0, 4, 8, 7, 3, 6, 12};
	struct identity_node node;

	node.kind = (enum identity_kind)(1 + next_random(seed) % 6);
	node.hash = 1 + next_random(seed) % several[node.kind];
	return node;
}

static void random_edges(struct identity_edge *edges, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		edges[i].a = random_node(seed);
		edges[i].b = random_node(seed);
		edges[i].at_s = (int64_t)(next_random(seed) % 20);
		edges[i].row_id = (int64_t)(next_random(seed) % 1000);
		edges[i].source = (enum identity_source)(1 + next_random(seed) % 3);
		edges[i].disabled = next_random(seed) % 10 == 0;
	}
}

static void shuffle(struct identity_edge *edges, size_t n, uint64_t *seed)
{
	for (size_t i = n; i-- > 1;) {
		size_t k = next_random(seed) % (i + 1);
		struct identity_edge e = edges[i];

		edges[i] = edges[k];
		edges[k] = e;
	}
	for (size_t i = 0; i < n; i++) {
		struct identity_node a = edges[i].a;

		if (next_random(seed) % 2)
			continue;
		edges[i].a = edges[i].b;
		edges[i].b = a;
	}
}

static void assert_same_node(struct identity_node a, struct identity_node b)
{
	assert_int_equal(a.kind, b.kind);
	assert_true(a.hash == b.hash);
}

struct person {
	struct identity_member m[2 * EDGES_MAX];
	int64_t rows[2 * EDGES_MAX];
	size_t count;
};

static void resolve(const struct identity_edge *edges, size_t n,
		    struct identity_node start, int64_t at_s, struct person *out)
{
	const struct identity_member *m;

	out->count = identity_resolve(view, edges, n, start, at_s, &m);
	memcpy(out->m, m, out->count * sizeof(*m));
	for (size_t i = 0; i < out->count; i++)
		out->rows[i] = i ? edges[m[i].edge].row_id : 0;
}

static void assert_same_person(const struct person *x, const struct person *y)
{
	assert_int_equal(x->count, y->count);
	for (size_t i = 0; i < x->count; i++) {
		assert_same_node(x->m[i].node, y->m[i].node);
		assert_int_equal(x->m[i].from, y->m[i].from);
		assert_int_equal(x->rows[i], y->rows[i]);
	}
}

static void any_order_of_arrival_gives_the_same_persons(void **state)
{
	(void)state;
	for (uint64_t run = 0; run < 2000; run++) {
		uint64_t seed = run;
		struct identity_edge edges[EDGES_MAX];
		size_t n = 1 + next_random(&seed) % EDGES_MAX;
		struct identity_node start = random_node(&seed);
		struct person first, then;

		random_edges(edges, n, &seed);
		resolve(edges, n, start, 15, &first);
		for (int again = 0; again < 3; again++) {
			shuffle(edges, n, &seed);
			resolve(edges, n, start, 15, &then);
			assert_same_person(&first, &then);
		}
	}
}

/* What came later, and what is out of reach, could as well be absent. */
static void only_what_counts_counts(void **state)
{
	(void)state;
	for (uint64_t run = 0; run < 500; run++) {
		uint64_t seed = run;
		struct identity_edge edges[EDGES_MAX], kept[EDGES_MAX];
		struct identity_node start = random_node(&seed);
		struct person all, some;
		size_t left = 0;

		random_edges(edges, EDGES_MAX, &seed);
		for (size_t i = 0; i < EDGES_MAX; i++) {
			if (i % 4 == 3) { /* another part of the graph */
				edges[i].a.hash += 1000;
				edges[i].b.hash += 1000;
			} else if (!edges[i].disabled && edges[i].at_s <= 10) {
				kept[left++] = edges[i];
			}
		}
		resolve(edges, EDGES_MAX, start, 10, &all);
		resolve(kept, left, start, ALWAYS, &some);
		assert_same_person(&all, &some);
	}
}

static bool has_node(const struct person *p, struct identity_node node)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->m[i].node.kind == node.kind && p->m[i].node.hash == node.hash)
			return true;
	return false;
}

/* Persons are classes: whoever is in mine has me in theirs, within the limits, and each
 * is tied to another by an observation of both. */
static void persons_are_classes_within_limits(void **state)
{
	(void)state;
	for (uint64_t run = 0; run < 500; run++) {
		uint64_t seed = run;
		struct identity_edge edges[EDGES_MAX];
		struct identity_node start = random_node(&seed);
		struct person mine, theirs;
		size_t of_kind[IDENTITY_KIND_END] = {0};

		random_edges(edges, EDGES_MAX, &seed);
		resolve(edges, EDGES_MAX, start, 15, &mine);
		for (size_t i = 0; i < mine.count; i++) {
			const struct identity_member *m = &mine.m[i];

			of_kind[m->node.kind]++;
			resolve(edges, EDGES_MAX, m->node, 15, &theirs);
			assert_int_equal(theirs.count, mine.count);
			assert_true(has_node(&theirs, start));
			if (i == 0)
				continue;
			assert_true(m->from < i);
			assert_int_equal(m->hops, mine.m[m->from].hops + 1);
			assert_false(edges[m->edge].disabled);
			assert_true(edges[m->edge].at_s <= 15);
			assert_true(edges[m->edge].a.hash + edges[m->edge].b.hash ==
				    m->node.hash + mine.m[m->from].node.hash);
		}
		assert_true(of_kind[IDENTITY_EXTERNAL_ID] <= 1);
		assert_true(of_kind[IDENTITY_EMAIL] <= 5);
		assert_true(of_kind[IDENTITY_PHONE] <= 5);
	}
}

static void holds_a_crowd(void **state)
{
	static struct identity_edge edges[IDENTITY_EDGES_MAX];
	const struct identity_member *m;
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < IDENTITY_EDGES_MAX; i++)
		edges[i] = (struct identity_edge){{1, IDENTITY_EMAIL},
						  {i * 37ull << 40, IDENTITY_SESSION},
						  .at_s = IDENTITY_EDGES_MAX - i,
						  .row_id = i,
						  .source = IDENTITY_VISIT};
	count = identity_resolve(view, edges, IDENTITY_EDGES_MAX, edges[0].a, ALWAYS, &m);
	assert_int_equal(count, 201);
	assert_int_equal(m[1].edge, IDENTITY_EDGES_MAX - 1);
	assert_int_equal(m[200].edge, IDENTITY_EDGES_MAX - 200);
	/* As many nodes as there can be: no two edges meet. */
	for (uint32_t i = 0; i < IDENTITY_EDGES_MAX; i++)
		edges[i].a.hash = i + 1;
	count = identity_resolve(view, edges, IDENTITY_EDGES_MAX, edges[7].a, ALWAYS, &m);
	assert_int_equal(count, 2);
	assert_int_equal(m[1].edge, 7);
}

static int open_view(void **state)
{
	(void)state;
	view = identity_view_new();
	return 0;
}

static int close_view(void **state)
{
	(void)state;
	identity_view_free(view);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_person),
		cmocka_unit_test(tells_the_observation),
		cmocka_unit_test(ignores_what_is_no_kind),
		cmocka_unit_test(any_order_of_arrival_gives_the_same_persons),
		cmocka_unit_test(only_what_counts_counts),
		cmocka_unit_test(persons_are_classes_within_limits),
		cmocka_unit_test(holds_a_crowd),
	};

	return cmocka_run_group_tests(tests, open_view, close_view);
}
