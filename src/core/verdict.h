/* SPDX-License-Identifier: MIT
 * verdict.h - what one request's end means: the body's code first, then the HTTP status,
 * then how the transfer ended.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none; whatever is not known is VERDICT_UNKNOWN or VERDICT_RETRY, never delivered.
 * See:     verdict.c, one table of TikTok's return codes. */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/answer.h"
#include "core/reason.h"

/* verdict, the word in attempt_log.outcome, spends the row's attempt, why rows wait */
#define VERDICTS(X)                                                                      \
	X(DELIVERED, "delivered", true, NONE)        /* 2xx and code 0 */                \
	X(RETRY, "server_error", true, SERVER_ERROR) /* TikTok, or a gateway, failed */  \
	X(UNKNOWN, "unknown", true, NETWORK)         /* it may have arrived */           \
	X(REFUSED, "refused", true, NONE)            /* some event in it is bad */       \
	X(TOO_LARGE, "too_large", true, NONE)        /* send it in halves */             \
	X(THROTTLED, "rate_limited", false, RATE_LIMITED)                                \
	X(TOKEN, "token_refused", false, TOKEN_REFUSED)                                  \
	X(PERMISSION, "permission", false, PERMISSION)                                   \
	X(STOPPED, "stopped", false, SERVER_ERROR) /* wrong endpoint or version */       \
	X(NOT_SENT, "not_sent", false, NETWORK)    /* no whole body left */              \
	X(TLS, "tls", false, TLS)

enum verdict {
#define X(name, word, spends, reason) VERDICT_##name,
	VERDICTS(X)
#undef X
};

enum verdict verdict_of(const struct answer *a);

/* The word for attempt_log.outcome. */
const char *verdict_word(enum verdict v);

/* Whether the events may have been taken all the same: nobody said, or a gateway did. */
bool verdict_is_unsure(enum verdict v, const struct answer *a);

/* Whether the row's attempts grow by this. */
bool verdict_spends(enum verdict v);

/* Why rows wait afterwards; REASON_NONE where they do not. What may have arrived waits for the
 * network only where nothing came back: verdict_waits_for tells by the answer. */
enum reason verdict_reason(enum verdict v);
enum reason verdict_waits_for(enum verdict v, const struct answer *a);

/* The event that a refusal names ("data[3].page.url", "Batch.0.properties",
 * "data.2.event_id", "at index 7"): its index below `events`, or -1. */
int verdict_named(struct str message, int events);

#endif
