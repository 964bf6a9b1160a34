/* SPDX-License-Identifier: MIT
 * load.h - a lot of rows with its memory: read and shaped on a worker, admitted by the writer,
 * carried by requests, then used again.
 *
 * Owns:    entries, bodies and texts. Shared by the requests that carry it (`holders`).
 * Thread:  the worker's until its job is done, then read-only but for entries on the loop's
 *          and, during admission, the writer's.
 * Errors:  none of its own. */
#ifndef RUN_LOAD_H
#define RUN_LOAD_H

#include "base/buf.h"
#include "core/kin.h"
#include "core/met.h"
#include "run/lane.h"
#include "store/queue.h"

#define LOAD_ROWS 1000
#define LOAD_BODY_MAX (8u << 20)    /* bytes: then the rest is another load */
#define LOAD_REQUEST_MAX (4u << 20) /* bytes of a request's events; one may fill it */

enum load_state { LOAD_SHAPING, LOAD_SHAPED };

/* The next due time of a destination's waiting rows, Unix ms; 0: none. */
struct due {
	int32_t destination_id;
	int64_t due_ms;
};

struct load {
	struct job job;
	void *owner;
	enum load_state state;
	/* asked */
	int64_t after;          /* LOT_FRESH: rows behind this id */
	int64_t upto;           /* … and not behind this one; 0: as far as there are */
	int32_t destination_id; /* LOT_RETRY */
	int limit;              /* rows; */
	int together; /* LOT_RETRY: those read have so many at most in a request; 0: none yet */
	int64_t now_ms;
	int64_t since_ms;      /* when the relay began, by the clock as it is now */
	int64_t claimed, seen; /* as of when it was asked: the cursor, the last row */
	int64_t covered; /* LOT_FRESH: visits that came with rows up to here are known */
	bool not_behind; /* else: those that came before now */
	/* found */
	struct lot lot;
	struct buf body, text;
	struct kin kin;    /* LOT_FRESH: what the rows tell of persons, */
	struct met met;    /* whom they were found to be, */
	int64_t mark;      /* and as of when (kinship_mark) */
	bool unread;       /* visits or consent rows are to be ingested, */
	bool behind;       /* and that first: none of the rows was read */
	uint32_t capacity; /* entries */
	uint32_t rows;
	bool cut; /* LOT_FRESH: lot.last_id lies before what was asked; the rest is to come */
	int64_t last_row; /* the outbox's last id */
	struct due *due;  /* one a destination, and one for what is decided anew */
	int dues, due_capacity;
	/* on the loop */
	bool stale;         /* dropped while it was being read */
	uint64_t shaped_ms; /* monotonic */
	uint32_t batches;
	bool misnamed; /* a refusal named an event that was good */
	int holders;
	struct load *next;
};

struct load *load_new(void);
void load_free(struct load *load);

/* One more whose due time the look is to tell. */
void load_add_due(struct load *load, int32_t destination_id);

/* An entry at the end; valid until the next one. */
struct entry *load_add(struct load *load);

#endif
