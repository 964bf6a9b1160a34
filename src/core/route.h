/* SPDX-License-Identifier: MIT
 * route.h - which destinations a conversion goes to: the first route that matches says.
 *
 * Owns:    nothing; a route borrows its texts and targets.
 * Thread:  any.
 * Errors:  none.
 * See:     core/route_parse.h, the conditions as a person types them. */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include <stdint.h>

#include "base/str.h"
#include "core/consent.h"
#include "core/reason.h"

#define ROUTE_PARTS 1000000

/* clang-format off */
enum route_has { ROUTE_EMAIL = 1, ROUTE_PHONE = 2, ROUTE_EXTERNAL_ID = 4, ROUTE_TTCLID = 8 };

enum route_signal {
	ROUTE_AD_USER_DATA = 1, ROUTE_AD_PERSONALIZATION = 2,
	ROUTE_AD_STORAGE = 4, ROUTE_ANALYTICS_STORAGE = 8,
};

/* Why a route does not match. */
enum route_miss {
	ROUTE_MATCHES, ROUTE_MISS_EVENT, ROUTE_MISS_COUNTRY, ROUTE_MISS_VALUE,
	ROUTE_MISS_CURRENCY, ROUTE_MISS_HAS, ROUTE_MISS_CONSENT,
};
/* clang-format on */

/* What is empty or 0 asks for nothing; all that is asked for must be true. */
struct route {
	int64_t id;
	int32_t priority;     /* small first, of equal ones the smaller id */
	int32_t left_out;     /* of ROUTE_PARTS, by sampling */
	struct str event;     /* a glob */
	struct str min_value; /* a JSON number, compared digit by digit */
	char country[3], currency[4];
	uint8_t has, signals;   /* enum route_has, route_signal; a set of them */
	struct consent consent; /* what the signals must be */
	const int32_t *targets; /* destinations */
	size_t target_count;    /* 0: drop */
};

struct route_facts {
	struct str event_id, event;
	struct str tiktok_event; /* empty where it is not mapped yet */
	struct str country, value, currency;
	uint8_t has; /* enum route_has; a set of them */
	struct consent consent;
};

/* Told of every route looked at, in order. */
struct route_trace {
	void (*looked)(void *arg, const struct route *route, enum route_miss miss);
	void *arg;
};

/* The first of `routes` that matches; NULL where none does: it goes to every active
 * destination. `routes` are sorted (route_sort); `t` may be NULL. */
const struct route *route_match(const struct route *routes, size_t n,
				const struct route_facts *facts,
				const struct route_trace *t);

/* REASON_NONE: it goes to the route's targets; else ROUTED_AWAY or SAMPLED_OUT. */
enum reason route_verdict(const struct route *route, struct str event_id);

void route_sort(struct route *routes, size_t n);

/* '*' is any run of bytes, '?' one character; ASCII letters match in both cases, as in
 * the event map. */
bool route_glob(struct str glob, struct str text);

/* "matches", "event", "country", "value", …. */
const char *route_miss_word(enum route_miss miss);

#endif
