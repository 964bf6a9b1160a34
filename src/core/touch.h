/* SPDX-License-Identifier: MIT
 * touch.h - which advertisement, search, link or nothing brought somebody to a page.
 *
 * Owns:    nothing. Thread: any.
 * Errors:  none; any bytes are taken.
 * See:     touch_names.h, the tables; core/attribution.h. */
#ifndef CORE_TOUCH_H
#define CORE_TOUCH_H

#include <stdint.h>

#include "base/str.h"

/* Numbers may be stored: append, never renumber. */
#define PLATFORMS(X)                                                                     \
	X(NONE, 0, "none")                                                               \
	X(TIKTOK, 1, "tiktok")                                                           \
	X(GOOGLE, 2, "google")                                                           \
	X(META, 3, "meta")                                                               \
	X(MICROSOFT, 4, "microsoft")                                                     \
	X(X, 5, "x")                                                                     \
	X(LINKEDIN, 6, "linkedin")                                                       \
	X(SNAPCHAT, 7, "snapchat")                                                       \
	X(PINTEREST, 8, "pinterest")                                                     \
	X(REDDIT, 9, "reddit")                                                           \
	X(AMAZON, 10, "amazon")                                                          \
	X(APPLE, 11, "apple")                                                            \
	X(YAHOO, 12, "yahoo")                                                            \
	X(YANDEX, 13, "yandex")                                                          \
	X(QUORA, 14, "quora")                                                            \
	X(TABOOLA, 15, "taboola")                                                        \
	X(OUTBRAIN, 16, "outbrain")                                                      \
	X(CRITEO, 17, "criteo")                                                          \
	X(OTHER, 18, "other") /* paid, and not known to us */

enum platform {
#define X(name, number, word) PLATFORM_##name = number,
	PLATFORMS(X)
#undef X
		PLATFORM_COUNT
};

/* NONE is no touch: a step inside the site, or back from a payment page. */
enum channel {
	CHANNEL_NONE,
	CHANNEL_DIRECT,
	CHANNEL_REFERRAL,
	CHANNEL_ORGANIC,
	CHANNEL_EMAIL,
	CHANNEL_PAID_VIEW,
	CHANNEL_PAID_CLICK,
	CHANNEL_COUNT
};

struct touch {
	int64_t at_s;
	enum platform platform;
	enum channel channel;
	const char *evidence; /* a constant: "ttclid", "utm_source", "referrer", … */
	uint64_t click;       /* hash of the click id; 0: none */
	/* What the view is where `click` was met before: a browser that keeps the ttclid
	 * hands it in with every page. */
	enum platform again_platform;
	enum channel again_channel;
};

/* Fills all but at_s. A click id in the page's URL tells, else the ttclid column, else
 * utm_medium and utm_source, else the referrer, else it is direct. False where the view
 * is no touch; `out` is written even so. */
bool touch_of_visit(struct str page_url, struct str referrer, struct str ttclid,
		    struct touch *out);

/* Empty, a template that nobody filled in (__CLICKID__, {gclid}), a script's word for it. */
bool click_id_is_placeholder(struct str id);

/* "tiktok", "google", …; "paid_click", "organic", …; "?" for a number that is none. */
const char *platform_word(enum platform platform);
const char *channel_word(enum channel channel);

#endif
