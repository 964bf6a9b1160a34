/* SPDX-License-Identifier: MIT
 * attribution.h - how much of a conversion each touch earned, and whether TikTok gets to
 * hear of it.
 *
 * The touches of one person: touches_settle once, attribute under each destination's
 * model and windows, attribution_verdict.
 *
 * Owns:    nothing; arrays are the caller's.
 * Thread:  any.
 * Errors:  none; no touches is an answer too. */
#ifndef CORE_ATTRIBUTION_H
#define CORE_ATTRIBUTION_H

#include <stddef.h>

#include "core/reason.h"
#include "core/rules.h"
#include "core/touch.h"

#define CLICK_WINDOW_DAYS 28
#define VIEW_WINDOW_DAYS 7
#define TIME_DECAY_HALF_LIFE_S (7 * 24 * 60 * 60)

struct windows {
	int32_t click_days, view_days; /* inclusive; all but a paid view is a click */
};

/* Puts the touches in order of time, equal times in the order given; a click met a second
 * time becomes what its view is without it, and what is no touch goes. Returns how many
 * are left. Settling twice changes nothing. */
size_t touches_settle(struct touch *t, size_t n);

/* Writes a share per touch, of 1 in all, to credit[0..n) and returns how many touches
 * lie within their window and not after the event; where none does, all shares are 0.
 * `t` is settled, so that of equal times the one that stands later is later.
 *
 * LAST_NON_DIRECT falls back on the last where all are direct; the others count a direct
 * visit as a touch. POSITION: 0.4 for the first and the last, 0.2 for all between;
 * 0.5 each of two. TIME_DECAY: a touch is worth half of one that is 7 days younger. */
size_t attribute(const struct touch *t, size_t n, enum attribution_model model,
		 int64_t event_s, const struct windows *w, double *credit);

/* What the paid touches of one platform earned. */
double attribution_credit(const struct touch *t, const double *credit, size_t n,
			  enum platform platform);

/* The platform whose paid touches earned most; TikTok of equals, else the one with the
 * smaller number; NONE where no paid touch earned anything. What nobody paid for does
 * not compete: a journey has more direct visits than clicks. */
enum platform attribution_winner(const struct touch *t, const double *credit, size_t n);

/* ALL sends always; ATTRIBUTED does unless another platform than TikTok wins; ONLY_WON
 * does where TikTok wins. REASON_NONE or REASON_NOT_ATTRIBUTED. */
enum reason attribution_verdict(enum deliver deliver, enum platform winner);

/* "last_non_direct", "first", …; "all", "attributed", "only-won"; "?" for none. */
const char *model_word(enum attribution_model model);
bool model_of_word(struct str word, enum attribution_model *out);
const char *deliver_word(enum deliver deliver);
bool deliver_of_word(struct str word, enum deliver *out);

#endif
