/* SPDX-License-Identifier: MIT
 * touch_names.h - what the parameters, names and hosts of the trade stand for.
 *
 * Owns:    nothing; tables of constants.
 * Thread:  any.
 * Errors:  none; what is not in a table is nobody's.
 * See:     core/touch.h, which is what the rest of the tree asks. */
#ifndef CORE_TOUCH_NAMES_H
#define CORE_TOUCH_NAMES_H

#include "core/touch.h"

struct click_param {
	const char *name;
	enum platform platform;
};

struct origin {
	enum platform platform;
	enum channel channel;
	const char *evidence;
};

/* A query parameter that carries a click id, in any case; NULL for others. Of two in one
 * URL the one with the smaller address tells. */
const struct click_param *click_param_named(struct str name);

/* "TikTok Ads", "tiktok_us", "m.facebook.com". Short names count only when they are all
 * there is: "in_x" is not X. */
enum platform platform_of_source(struct str source);

/* CHANNEL_NONE where it says nothing, or something unknown. */
enum channel channel_of_medium(struct str medium);

/* The part of a host that one owner registers: "example.co.uk" of "www.example.co.uk". */
struct str site_of_host(struct str host);

/* A referrer's; REFERRAL for a host that is in no table. */
struct origin origin_of_host(struct str host);

/* Up to the first byte of `stops`; the rest, without that byte, goes to `rest`. */
static inline struct str cut(struct str s, const char *stops, struct str *rest)
{
	size_t at = 0, count = strlen(stops);

	while (at < s.len && !memchr(stops, s.p[at], count))
		at++;
	*rest = at < s.len ? str_make(s.p + at + 1, s.len - at - 1) : STR_NONE;
	return str_make(s.p, at);
}

#endif
