/* SPDX-License-Identifier: MIT */
#include "store/pace.h"

#include "base/clock.h"
#include "store/db.h"

enum {
	OTHERS_MS = 1000, /* so long after a commit of theirs another may wait */
	REST = 2,         /* times as long as it was locked, */
	REST_MAX_US = 100000,
};

void pace_locked(struct pace *p)
{
	p->locked_us = clock_mono_us();
	if (p->held_us == 0)
		p->first_us = p->locked_us;
}

void pace_unlocked(struct pace *p)
{
	p->unlocked_us = clock_mono_us();
	p->held_us += p->unlocked_us - p->locked_us;
}

void pace_rest(struct pace *p, uint64_t others_ms)
{
	uint64_t rest_us = REST * p->held_us, passed_us;

	p->held_us = 0;
	if (p->first_us / 1000 >= others_ms + OTHERS_MS)
		return;
	if (rest_us > REST_MAX_US)
		rest_us = REST_MAX_US;
	passed_us = clock_mono_us() - p->unlocked_us;
	if (passed_us < rest_us)
		sqlite3_sleep((int)((rest_us - passed_us + 999) / 1000));
}
