/* SPDX-License-Identifier: MIT
 * identity.h - which identifiers belong to one person: those seen together, joined
 * strongest and oldest first, as far as limits allow.
 *
 * The order in which observations arrived does not matter. ttclid, ip and user agent are
 * no identifiers: households and bots share them.
 *
 * Owns:    nothing; edges and the view are the caller's.
 * Thread:  one view per worker.
 * Errors:  none; somebody nobody has seen is a person of one identifier. */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include <stdint.h>

#include "base/str.h"

#define IDENTITY_EDGES_MAX 1024
#define IDENTITY_NODES_MAX (2 * IDENTITY_EDGES_MAX)

/* From strong to weak: name, number (stored), word, how many of it one person has. The
 * first three name a person; a browser or a device may be shared. */
#define IDENTITY_KINDS(X)                                                                \
	X(EXTERNAL_ID, 1, "external_id", 1)                                              \
	X(EMAIL, 2, "email", 5)                                                          \
	X(PHONE, 3, "phone", 5)                                                          \
	X(DEVICE, 4, "device", 20) /* idfa, idfv, gaid */                                \
	X(TTP, 5, "ttp", 20)                                                             \
	X(SESSION, 6, "session", 200)

enum identity_kind {
#define X(name, number, word, limit) IDENTITY_##name = number,
	IDENTITY_KINDS(X)
#undef X
		IDENTITY_KIND_END
};

enum identity_source { IDENTITY_VISIT = 1, IDENTITY_CONSENT, IDENTITY_CONVERSION };

struct identity_node {
	uint64_t hash; /* of the normalised value */
	enum identity_kind kind;
};

/* Two identifiers seen together in one row. */
struct identity_edge {
	struct identity_node a, b; /* in any order */
	int64_t at_s, row_id;
	enum identity_source source;
	bool disabled;
};

struct identity_member {
	struct identity_node node;
	uint32_t edge; /* the observation it was found by, as an index; not of member 0 */
	uint32_t from; /* the member on its other side */
	uint32_t hops; /* observations between it and member 0 */
};

struct identity_view;

struct identity_view *identity_view_new(void);
void identity_view_free(struct identity_view *v);

/* The person of `start` as of at_s, from all edges that can be reached from it, at most
 * IDENTITY_EDGES_MAX; edges out of its reach change nothing. Member 0 is `start`, the
 * nearest follow first. Start from the event's strongest identifier: a session may be
 * another person's. Valid until the next call. */
size_t identity_resolve(struct identity_view *v, const struct identity_edge *edges,
			size_t n, struct identity_node start, int64_t at_s,
			const struct identity_member **members);

/* A value that stands for "nobody" ("guest", test@example.com, +10000000000), plain or
 * as its SHA-256. It belongs to no person. */
bool identity_is_placeholder(enum identity_kind kind, struct str value);
/* The words among them, and what no template filled in ("{{user.id}}"). */
bool is_placeholder_word(struct str text);
const char *identity_kind_word(enum identity_kind kind);

#endif
