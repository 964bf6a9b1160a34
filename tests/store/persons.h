/* SPDX-License-Identifier: MIT
 * persons.h - what the writer has of persons, without a relay around it.
 *
 * Owns:    memory and statements, from persons_open to persons_close.
 * Thread:  one.
 * Errors:  fail the test. */
#ifndef TESTS_STORE_PERSONS_H
#define TESTS_STORE_PERSONS_H

#include "scene.h"
#include "store/ingest.h"
#include "store/person.h"

#define NOW_MS INT64_C(1700000000000)
#define NOW_S (NOW_MS / 1000)

struct persons {
	struct kinship kinship;
	struct edges edges;
	struct ingest ingest;
};

void persons_open(struct scene *s, struct persons *w);
void persons_close(struct persons *w);

/* Ends the transaction as the writer does. */
void persons_commit(struct scene *s, struct persons *w);

/* Reads in a slice of visits and consent rows. */
struct ingested persons_slice(struct scene *s, struct persons *w);
/* All that is there, in slices. */
struct ingested persons_read(struct scene *s, struct persons *w);

struct identifiers persons_ids(enum identity_kind kind, const char *value);
uint64_t persons_node(enum identity_kind kind, const char *value);

/* How many edges are in reach of the value, for a reader of its own (NULL) or beside `w`. */
size_t persons_reach(struct scene *s, struct persons *w, enum identity_kind kind,
		     const char *value, int64_t upto_s);

/* Ann with s1, a phone, and later s2; Bob with s3: four edges. */
void persons_three(struct scene *s);

/* Strangers, with an edge each; as many as make the edges in memory go to the index, and their
 * going. */
void persons_strangers(struct scene *s, struct persons *w, uint64_t first, uint64_t last);
void persons_crowd(struct scene *s, struct persons *w);
void persons_index(struct scene *s, struct persons *w);

#endif
