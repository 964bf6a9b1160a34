/* SPDX-License-Identifier: MIT */
#include "store/pace.h"

#include "base/clock.h"

enum {
	OTHERS_MS = 1000,   /* so long after a commit of theirs another may wait */
	REST = 2,           /* times as long as it was locked, */
	REST_COMMITS = 250, /* or as long as so many commits of theirs take, */
	BRISK_US = 2000,    /* where one takes no longer than that */
	REST_MAX_US = 100000,
	NAP_US = 5000,
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

/* Our own are few beside them. */
static uint64_t brisk_rest_us(const struct pace *p, const struct wal_index *index,
			      uint64_t now_us)
{
	uint32_t commits = wal_index_commits(index) - p->commits;
	uint64_t each_us;

	if (commits == 0)
		return 0;
	each_us = (now_us - p->rested_us) / commits;
	return each_us < BRISK_US ? each_us * REST_COMMITS : 0;
}

static uint64_t rest_us(struct pace *p, const struct wal_index *index, uint64_t others_ms,
			uint64_t now_us)
{
	uint64_t rest = REST * p->held_us, brisk = brisk_rest_us(p, index, now_us);

	if (p->first_us / 1000 >= others_ms + OTHERS_MS)
		return 0;
	if (rest < brisk)
		rest = brisk;
	return rest < REST_MAX_US ? rest : REST_MAX_US;
}

void pace_rest(struct pace *p, const struct wal_index *index, uint32_t due_frames,
	       uint64_t others_ms)
{
	uint64_t now_us = clock_mono_us();
	uint64_t until_us = p->unlocked_us + rest_us(p, index, others_ms, now_us);
	uint64_t left_us = until_us > now_us ? until_us - now_us : 0;

	while (left_us > 0 && wal_index_frames(index) < due_frames) {
		uint64_t us = left_us < NAP_US ? left_us : NAP_US;

		sqlite3_sleep((int)((us + 999) / 1000));
		left_us -= us;
	}
	p->held_us = 0;
	p->rested_us = clock_mono_us();
	p->commits = wal_index_commits(index);
}
