/* SPDX-License-Identifier: MIT
 * advice.h - what a person can do about a reason.
 *
 * Owns:    nothing.
 * Thread:  the connection's.
 * Errors:  the database's.
 * See:     schema/schema.sql (reason). */
#ifndef STORE_ADVICE_H
#define STORE_ADVICE_H

#include "base/buf.h"
#include "core/reason.h"
#include "store/db.h"

/* Before the sentence of retries_exhausted: it comes for no other cause. */
#define ADVICE_EXHAUSTED                                                                 \
	"47 hours have passed since the first attempt, and nothing more is tried "       \
	"unasked. "
/* Of one that is held before that time. */
#define ADVICE_RENAMED                                                                   \
	"Its event_id was another when it was sent, and a second one could count "       \
	"twice. "

/* Instead of the sentence of consent_denied, where the destination (any, where none is known) is
 * one of those that take what nobody said for a denial. */
#define ADVICE_STRICT                                                                    \
	"With --consent-strict ad_storage and analytics_storage must both be GRANTED. "  \
	"What the person denied cannot be mended. What neither the payload nor a row "   \
	"in consent states can: let the producer state it, insert what the person said " \
	"into consent, then convey retry it."
#define ADVICE_STRICT_ONES                                                               \
	"(SELECT name FROM destination WHERE removed = 0 AND consent_strict <> 0)"

/* Appends the sentence; nothing for REASON_NONE. */
MUST_CHECK enum err_code advice_add(struct db *db, enum reason reason, struct buf *out,
				    struct err *e);

#endif
