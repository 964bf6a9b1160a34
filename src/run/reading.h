/* SPDX-License-Identifier: MIT
 * reading.h - from the outbox to admitted requests: which rows to read, when, and who takes
 * them.
 *
 * Owns:    its loads, until reading_fini.
 * Thread:  the loop's.
 * Errors:  what fails is read again; a database that cannot be read ends the relay.
 * See:     run/load.h, run/shaper.h, store/queue.h. */
#ifndef RUN_READING_H
#define RUN_READING_H

#include "run/load.h"

struct relay;

struct reading {
	struct load *loads; /* in the order of their rows, until they are admitted */
	struct load *spare;
	int count;                 /* of `loads` */
	int waiting_loads;         /* of LOT_RETRY and LOT_REDO, read or being admitted */
	int64_t next_after;        /* rows up to here are read or being read, */
	int64_t admitted;          /* admitted, */
	int64_t taken;             /* being admitted */
	int64_t standing;          /* the cursor as it will be once those are stored */
	int64_t claimed;           /* the cursor in the file */
	int64_t last_row;          /* as far as is known */
	bool dense;                /* the last load was full: read ahead */
	bool open_ended;           /* a load is being read whose end is not known yet */
	bool dirty;                /* somebody committed since the last look */
	bool quiet;                /* the last look found nothing to do, now or later */
	int admitting;             /* loads whose admission is being stored, */
	struct admission *pending; /* in the order of their rows */
	bool refused; /* one could not be stored, and so those behind it cannot */
	bool looking;
	uint64_t partial_ms, looked_ms; /* monotonic: a load that was not full, a look */
	int64_t due_looked_ms;          /* Unix time: the last look at what is due */
	uint64_t quiet_twins_ms;        /* until then nobody is told of another one */
	uint32_t seen_news;             /* of the writer's */
};

/* Asks for what may be read, admits what was read. */
void reading_pump(struct relay *r, uint64_t now_ms);

/* There may be something to read; or: there is, if the writer says so. */
void reading_touch(struct relay *r);
void reading_look(struct relay *r);

/* Forgets what was read and not admitted: it is read again. */
void reading_restart(struct relay *r);

/* What is committed now is read without a word from anybody, perhaps after a moment. */
bool reading_gathers(const struct relay *r, uint64_t now_ms);

/* Nothing is being read or admitted. */
bool reading_idle(const struct relay *r);

/* A load's memory: given back when nobody carries it any more. */
void reading_drop(struct relay *r, struct load *load);
void reading_fini(struct relay *r);

#endif
