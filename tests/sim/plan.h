/* SPDX-License-Identifier: MIT
 * plan.h - what a seed lets happen: a random few of all faults, so that each is seen alone and
 * with each other; when the lives end; what people and producers do.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  none. */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "deed.h"
#include "trouble.h"

#define ACTORS 2
#define LIVES_MAX 6

struct plan {
	int64_t retry_base_ms, retry_cap_ms, timeout_ms;
	int batch, requests_per_second;
	bool second; /* another destination */
	int preempt; /* in a thousand marks */
	int64_t pause_us, sync_us;
	int lost_wakes; /* in a thousand */
	unsigned kinds; /* of rows, a bit each */
	struct doom doom[LIVES_MAX];
	int64_t down_us[LIVES_MAX]; /* before the relay is started again */
	int lives;
	struct spell spells[24];
	int spell_count;
	struct action actions[64];
	int action_count;
	int64_t horizon_us; /* then everything is well */
	bool drains;        /* another relay finishes, and nothing plain is left */
	bool steps;         /* the wall clock is not to be trusted */
};

void plan_make(struct plan *p);

/* Whether this trouble happens now; *spell is its spell. */
bool plan_strikes(enum trouble t, const struct spell **spell);

#endif
