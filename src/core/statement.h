/* SPDX-License-Identifier: MIT
 * statement.h - a row of the table consent: what it says, in a byte, and when it was said.
 *
 * Owns:    nothing.
 * Thread:  any; a zone is used by one at a time.
 * Errors:  none.
 * See:     core/consent.h. */
#ifndef CORE_STATEMENT_H
#define CORE_STATEMENT_H

#include "core/consent.h"
#include "core/event_time.h"

struct statement {
	int64_t stated_ms, consent_id;
	uint64_t node; /* under which it was found */
	struct consent consent;
	bool names_person; /* by an external_id; as it is taken in */
};

/* Of one person: the latest by them or by who names nobody, and the latest of others since. */
struct said {
	struct statement own, others;
};

/* Where the word of a row that names nobody stands: apart from those that name a person, so that
 * however many share a node, neither is in the way of the other. */
static inline uint64_t statement_for_all(uint64_t node)
{
	return node ^ UINT64_C(1) << 63;
}

int statement_pack(const struct consent *c);
struct consent statement_unpack(int packed);

/* As event_time_resolve, with the milliseconds that it cuts off. */
bool statement_time_ms(const struct event_time *in, struct zone *local, int64_t *ms);

static inline bool statement_is_newer(const struct statement *a,
				      const struct statement *b)
{
	return a->stated_ms != b->stated_ms ? a->stated_ms > b->stated_ms
					    : a->consent_id > b->consent_id;
}

/* Whether it was made behind `ms`. One that tells only its second is, in that second: in
 * doubt a withdrawal counts. */
bool statement_is_after(const struct statement *s, int64_t ms);

#endif
