/* SPDX-License-Identifier: MIT */
#include "core/route.h"

#include <xxhash.h>

#include "core/decimal.h"

static bool is_before(const struct route *a, const struct route *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->id < b->id;
}

/* A person writes them: there are few. */
void route_sort(struct route *routes, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct route moved = routes[i];
		size_t at = i;

		for (; at > 0 && is_before(&moved, &routes[at - 1]); at--)
			routes[at] = routes[at - 1];
		routes[at] = moved;
	}
}

/* Behind the UTF-8 character at `at`. */
static size_t next_char(struct str s, size_t at)
{
	at++;
	while (at < s.len && ((unsigned char)s.p[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* Only the last star is ever taken up again: linear but for that, never exponential. */
bool route_glob(struct str glob, struct str text)
{
	size_t g = 0, t = 0, star = SIZE_MAX, again = 0;

	while (t < text.len) {
		if (g < glob.len && glob.p[g] == '*') {
			star = g++;
			again = t;
		} else if (g < glob.len && glob.p[g] == '?') {
			g++;
			t = next_char(text, t);
		} else if (g < glob.len &&
			   ascii_lower(glob.p[g]) == ascii_lower(text.p[t])) {
			g++;
			t++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			t = ++again;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.p[g] == '*')
		g++;
	return g == glob.len;
}

/* The i-th digit of 0.ddd, 0 behind the last. */
static char digit_at(const struct decimal *d, size_t *at)
{
	while (*at < d->digits.len && d->digits.p[*at] == '.')
		++*at;
	return *at < d->digits.len ? d->digits.p[(*at)++] : '0';
}

static int compare_magnitudes(const struct decimal *a, const struct decimal *b)
{
	size_t x = 0, y = 0;

	if (a->count == 0 || b->count == 0)
		return (a->count != 0) - (b->count != 0);
	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	while (x < a->digits.len || y < b->digits.len) {
		char p = digit_at(a, &x), q = digit_at(b, &y);

		if (p != q)
			return p < q ? -1 : 1;
	}
	return 0;
}

static bool reaches(struct str value, struct str min_value)
{
	struct decimal v, min;

	if (!decimal_read(str_trim(value), &v) || !decimal_read(min_value, &min))
		return false;
	/* -0 is 0. */
	v.negative = v.negative && v.count;
	min.negative = min.negative && min.count;
	if (v.negative != min.negative)
		return min.negative;
	return v.negative ? compare_magnitudes(&v, &min) <= 0
			  : compare_magnitudes(&v, &min) >= 0;
}

static bool event_matches(const struct route *r, const struct route_facts *f)
{
	return r->event.len == 0 || route_glob(r->event, str_trim(f->event)) ||
	       (f->tiktok_event.len > 0 && route_glob(r->event, f->tiktok_event));
}

static bool code_matches(const char *asked, struct str given)
{
	return !asked[0] || str_ieq(str_of(asked), str_trim(given));
}

static bool consent_matches(const struct route *r, const struct consent *c)
{
	return (!(r->signals & ROUTE_AD_USER_DATA) ||
		r->consent.ad_user_data == c->ad_user_data) &&
	       (!(r->signals & ROUTE_AD_PERSONALIZATION) ||
		r->consent.ad_personalization == c->ad_personalization) &&
	       (!(r->signals & ROUTE_AD_STORAGE) ||
		r->consent.ad_storage == c->ad_storage) &&
	       (!(r->signals & ROUTE_ANALYTICS_STORAGE) ||
		r->consent.analytics_storage == c->analytics_storage);
}

static enum route_miss miss_of(const struct route *r, const struct route_facts *f)
{
	if (!event_matches(r, f))
		return ROUTE_MISS_EVENT;
	if (!code_matches(r->country, f->country))
		return ROUTE_MISS_COUNTRY;
	if (r->min_value.len > 0 && !reaches(f->value, r->min_value))
		return ROUTE_MISS_VALUE;
	if (!code_matches(r->currency, f->currency))
		return ROUTE_MISS_CURRENCY;
	if ((r->has & f->has) != r->has)
		return ROUTE_MISS_HAS;
	return consent_matches(r, &f->consent) ? ROUTE_MATCHES : ROUTE_MISS_CONSENT;
}

const struct route *route_match(const struct route *routes, size_t n,
				const struct route_facts *facts,
				const struct route_trace *t)
{
	for (size_t i = 0; i < n; i++) {
		enum route_miss miss = miss_of(&routes[i], facts);

		if (t)
			t->looked(t->arg, &routes[i], miss);
		if (miss == ROUTE_MATCHES)
			return &routes[i];
	}
	return NULL;
}

/* XXH3-64 of the event_id, seeded with the route's id: the same event falls the same way
 * on every machine, and what one route leaves out says nothing about another. */
static bool is_sampled(const struct route *r, struct str event_id)
{
	uint64_t hash =
		XXH3_64bits_withSeed(event_id.p, event_id.len, (XXH64_hash_t)r->id);

	/* A share of the whole range, where a remainder would be uneven. */
	return (int64_t)(((hash >> 32) * ROUTE_PARTS) >> 32) >= r->left_out;
}

enum reason route_verdict(const struct route *route, struct str event_id)
{
	if (route->target_count == 0)
		return REASON_ROUTED_AWAY;
	return is_sampled(route, event_id) ? REASON_NONE : REASON_SAMPLED_OUT;
}

const char *route_miss_word(enum route_miss miss)
{
	static const char *const words[] = {"matches",  "event", "country", "value",
					    "currency", "has",   "consent"};

	return (size_t)miss < sizeof(words) / sizeof(words[0]) ? words[miss] : "?";
}
