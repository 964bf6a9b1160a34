/* SPDX-License-Identifier: MIT
 * world.h - everything that outlives a process: time, chance, the disk, TikTok, what producers
 * committed. Processes come and go by fork; this memory is shared by all of them.
 *
 * Owns:    the memory, for good.
 * Thread:  one.
 * Errors:  world_break: a promise is broken; the first one is kept. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/err.h"
#include "chance.h"
#include "disk.h"
#include "plan.h"
#include "row.h"
#include "tiktok.h"

/* The first moment, Unix ms: a Wednesday in November. */
#define WORLD_EPOCH_MS INT64_C(1795600000000)
#define SYNCS_MAX 64
#define SECONDS(n) (INT64_C(1000000) * (n))

struct world {
	uint64_t seed;
	uint64_t chance[STREAMS];
	int64_t now_us;   /* true time */
	int64_t wall_us;  /* the wall clock's error */
	int64_t slept_us; /* what the monotonic clock has missed */
	bool attentive; /* a relay runs, knows how the clock was, and does not close yet */
	int64_t stepped_us; /* true time: the last step; 0: none */
	bool unseen_step;   /* no relay lived to take it into account */
	struct plan plan;
	int next_action[ACTORS];
	struct disk disk;
	struct tiktok tiktok;
	struct row rows[ROWS_MAX];
	int row_count, transactions;
	int actors; /* that have not done their part */
	int life;   /* which process */
	int relay;  /* which run of the relay, over all lives */
	struct {
		bool died;
		enum death death;
		int64_t at_us;
	} ends[LIVES_MAX];
	int64_t lost_us[SYNCS_MAX]; /* a relay ended as a sync had failed */
	int lost;
	int troubles[TROUBLES];
	int64_t told_us;        /* monotonic: the relay, to stop; 0: not */
	bool calm;              /* faults have ended */
	bool withdrawn, mapped; /* what was done to rows at large */
	char broken[2000];
};

extern struct world *world;

void *world_map(size_t size);
void world_init(void);
void world_begin(uint64_t seed);

/* The wall clock is set. */
void world_step(int64_t by_us);
/* No relay runs any more: it ended well, or otherwise. */
void world_relay_gone(bool well);

int64_t world_wall_ms(void);
int64_t world_mono_us(void);

/* A promise is broken. */
void world_break(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* A line of the trace, where one is wanted. */
extern bool world_traced;
void trace(const char *what, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
