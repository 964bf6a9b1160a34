/* SPDX-License-Identifier: MIT
 * row.h - a conversion as its producer knows it.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef SIM_ROW_H
#define SIM_ROW_H

#include <stdbool.h>
#include <stdint.h>

#define ROWS_MAX 32768

enum row_kind {
	ROW_PLAIN,
	ROW_PERSON,  /* with an e-mail address and consent */
	ROW_DERIVED, /* without an event_id */
	ROW_TWIN,    /* with that of another row */
	ROW_VISITOR, /* its page is that of a visit, in the same transaction */
	ROW_POISON,  /* TikTok refuses it */
	ROW_UNMAPPED,
	ROW_BAD_JSON,
	ROW_NO_URL,
	ROW_OLD,
	ROW_FUTURE,
	ROW_DENIED,
	ROW_KINDS,            /* that seeds have: one more would change them all */
	ROW_AGING = ROW_KINDS /* soon too old; where a plan has no other kind */
};

/* What a producer wanted to commit. */
struct row {
	int64_t id; /* of the outbox */
	enum row_kind kind;
	int twin;       /* ROW_TWIN: which row's id; else itself */
	bool committed; /* it was told so; else it may or may not be there */
	bool touched;   /* an operator cancelled or retried */
	int transaction;
	int64_t at_us;
};

#endif
