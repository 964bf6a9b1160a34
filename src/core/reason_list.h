/* SPDX-License-Identifier: MIT
 * reason_list.h - the words and numbers themselves; see reason.h.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_REASON_LIST_H
#define CORE_REASON_LIST_H

/* Ordered from the least to the most finished: a row's status is its deliveries'
 * smallest. */
#define STATUSES(X)                                                                      \
	X(PENDING, 1, "pending")                                                         \
	X(SENDING, 2, "sending")                                                         \
	X(RETRYING, 3, "retrying")                                                       \
	X(HELD, 4, "held")                                                               \
	X(FAILED, 5, "failed")                                                           \
	X(REJECTED, 6, "rejected")                                                       \
	X(CANCELLED, 7, "cancelled")                                                     \
	X(SKIPPED, 8, "skipped")                                                         \
	X(DUPLICATE, 9, "duplicate")                                                     \
	X(DELIVERED, 10, "delivered")

/* Status * 16 + a running number: the status of a reason is number / 16. */
#define REASONS(X)                                                                       \
	X(NOT_MAPPED, SKIPPED, 1, "not_mapped")                                          \
	X(CONSENT_DENIED, SKIPPED, 2, "consent_denied")                                  \
	X(NOT_ATTRIBUTED, SKIPPED, 3, "not_attributed")                                  \
	X(NO_ROUTE, SKIPPED, 4, "no_route")                                              \
	X(ROUTED_AWAY, SKIPPED, 5, "routed_away")                                        \
	X(SAMPLED_OUT, SKIPPED, 6, "sampled_out")                                        \
	X(TOO_OLD, SKIPPED, 7, "too_old")                                                \
	X(PAUSED_TEST, SKIPPED, 8, "paused_test")                                        \
	X(BAD_JSON, REJECTED, 1, "bad_json")                                             \
	X(BAD_EVENT_NAME, REJECTED, 2, "bad_event_name")                                 \
	X(BAD_TIME, REJECTED, 3, "bad_time")                                             \
	X(FUTURE_TIME, REJECTED, 4, "future_time")                                       \
	X(MISSING_PAGE_URL, REJECTED, 5, "missing_page_url")                             \
	X(BAD_VALUE, REJECTED, 6, "bad_value")                                           \
	X(MISSING_CURRENCY, REJECTED, 7, "missing_currency")                             \
	X(MISSING_APP_ID, REJECTED, 8, "missing_app_id")                                 \
	X(MISSING_LEAD_ID, REJECTED, 9, "missing_lead_id")                               \
	X(PAYLOAD_TOO_LARGE, REJECTED, 10, "payload_too_large")                          \
	X(REFUSED_BY_TIKTOK, FAILED, 1, "refused_by_tiktok")                             \
	X(RETRIES_EXHAUSTED, FAILED, 2, "retries_exhausted")                             \
	X(OUTCOME_UNKNOWN, HELD, 1, "outcome_unknown")                                   \
	X(BY_OPERATOR, CANCELLED, 1, "by_operator")                                      \
	X(DISCONNECTED, CANCELLED, 2, "disconnected")                                    \
	X(CONSENT_WITHDRAWN, CANCELLED, 3, "consent_withdrawn")                          \
	X(ERASED, CANCELLED, 4, "erased")                                                \
	X(NEEDS_TOKEN, PENDING, 1, "needs_token")                                        \
	X(TOKEN_REFUSED, PENDING, 2, "token_refused")                                    \
	X(PERMISSION, PENDING, 3, "permission")                                          \
	X(RATE_LIMITED, PENDING, 4, "rate_limited")                                      \
	X(NETWORK, PENDING, 5, "network")                                                \
	X(SERVER_ERROR, PENDING, 6, "server_error")                                      \
	X(TLS, PENDING, 7, "tls")                                                        \
	X(PAUSED, PENDING, 8, "paused")                                                  \
	X(CIRCUIT_OPEN, PENDING, 9, "circuit_open")

#endif
