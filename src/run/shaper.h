/* SPDX-License-Identifier: MIT
 * shaper.h - from rows to bodies: reads a lot on its own connection, decides, shapes.
 *
 * Owns:    a read-only connection, a copy of the configuration, scratch memory.
 * Thread:  shaper_open and shaper_close on any; shaper_work on the lane's.
 * Errors:  the database's, in the job; a bad row is no error but has a reason.
 * See:     core/decide.h, core/shape.h. */
#ifndef RUN_SHAPER_H
#define RUN_SHAPER_H

#include "core/event_id.h"
#include "core/shape.h"
#include "run/load.h"
#include "store/config.h"
#include "store/outbox.h"

struct shaper {
	struct db db;
	struct outbox_reader reader;
	sqlite3_stmt *due;
	struct config *config;
	struct scratch scratch;
	struct digest digest;
	struct decision *decisions; /* one a destination */
	uint64_t seed;              /* of the deduplication */
};

MUST_CHECK enum err_code shaper_open(struct shaper *s, const char *path, struct err *e);
void shaper_close(struct shaper *s);

/* The `work` of a load's job; state is the shaper. */
void shaper_work(struct job *job, void *state);

/* Reads the configuration if it has changed. */
MUST_CHECK enum err_code shaper_refresh(struct shaper *s, struct err *e);

#endif
