/* SPDX-License-Identifier: MIT
 * reason.h - the closed list of statuses and reasons: what became of a row, and why.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     schema/schema.sql (reason), which holds the same list with an advice for each;
 * a test compares the two. Numbers are stored: append, never renumber. */
#ifndef CORE_REASON_H
#define CORE_REASON_H

#include "base/str.h"
#include "core/reason_list.h"

enum status {
#define X(name, number, word) STATUS_##name = number,
	STATUSES(X)
#undef X
};

enum reason {
	REASON_NONE = 0,
#define X(name, status, number, word) REASON_##name = STATUS_##status * 16 + number,
	REASONS(X)
#undef X
};

/* "pending", "delivered", …; "?" for a number that is none. */
const char *status_word(enum status status);

/* "not_mapped", …; "" for REASON_NONE, "?" for a number that is none. */
const char *reason_word(enum reason reason);

/* The number behind a word; false where it is none. */
bool status_of_word(struct str word, enum status *out);
bool reason_of_word(struct str word, enum reason *out);

/* Where a row with this reason stands, unless it is retrying. Not for REASON_NONE. */
static inline enum status reason_status(enum reason reason)
{
	return (enum status)(reason / 16);
}

#endif
