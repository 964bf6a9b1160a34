/* SPDX-License-Identifier: MIT
 * play.h - the relay's writer, reader and scrubber on a real file, with producers and a TikTok
 * that answers by rule: one step after the other on one thread, so that the same disk calls come
 * in the same order each time. It does with errors what the relay does: BUSY and IO are tried
 * again, everything else ends it, and it starts again as after a crash.
 *
 *   play_init -> play_turn until it has ended, or is given up -> play_verdict -> play_fini
 *
 * Owns:    its connections and what it remembers of what it was told.
 * Thread:  one.
 * Errors:  a promise that was broken is in `broken`; the first one is kept.
 * See:     run/writer.h, run/shaper.h, the code under test. */
#ifndef TESTS_FAULT_PLAY_H
#define TESTS_FAULT_PLAY_H

#include "play_shipment.h"
#include "run/judge.h"
#include "run/load.h"
#include "run/writer.h"
#include "store/grant.h"
#include "store/scrub.h"

struct play {
	char path[200];
	sqlite3 *app; /* a producer, and who looks on */
	struct writer writer;
	struct judge judge;
	struct scrub scrub;
	struct load *load;
	bool running;
	int starts;
	int64_t admitted, last_attempt;
	struct play_row rows[PLAY_ROWS + 1]; /* by outbox id */
	int produced;
	struct play_shipment shipments[PLAY_SHIPMENTS];
	bool done[PLAY_WORKS]; /* since rows were produced */
	bool ended;
	/* grants */
	struct grant grant, fresh;
	struct grant_due due;
	bool found, taken;
	bool scrubbing, more;
	int recovered;
	struct play_pruning pruning;
	int later;   /* how far the end of the day has come */
	bool normal; /* synchronous=NORMAL: it must be found out */
	char broken[300];
	/* Told after each COMMIT that returned, the producers' and the relay's: what is recorded
	 * from then on. May be NULL. */
	void (*committed)(struct play *p, void *arg);
	void *arg;
};

/* What init, destination add and connect do: a database with a destination, a token to refresh
 * and its key. After a failure it is called again. */
MUST_CHECK enum err_code play_make(const char *path, struct err *e);

/* On a file of play_make's. `app_vfs` is the producers' VFS. */
void play_init(struct play *p, const char *path, const char *app_vfs);

/* One step; what failed is tried again at the next. */
void play_turn(struct play *p);

/* Cuts the WAL. */
void play_cut(struct play *p);

/* The relay's end, as after an error or a kill; what it had in memory is gone. */
void play_end(struct play *p);

/* Checks the promises in the file once all has `ended`. */
void play_verdict(struct play *p);
void play_break(struct play *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void play_fini(struct play *p);

#endif
