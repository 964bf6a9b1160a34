/* SPDX-License-Identifier: MIT
 * play_shipment.h - the rows of a play, how they go, and a request from its claim to its
 * settlement.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  none. */
#ifndef TESTS_FAULT_PLAY_SHIPMENT_H
#define TESTS_FAULT_PLAY_SHIPMENT_H

#include "run/lane.h"
#include "store/lot.h"
#include "store/prune.h"
#include "store/settlement.h"

struct play;

enum { PLAY_ROWS = 40, PLAY_BATCH = 4, PLAY_SHIPMENTS = 2 * PLAY_ROWS };
enum { PLAY_LAST = 5 }; /* rows that stay */
enum { PLAY_IDS_DAYS = 200 };
enum { PLAY_WAIT_MS = 60 * 60 * 1000 }; /* some rows wait while others go */

/* What a row is made to become. */
enum play_kind { PLAY_DELIVERED, PLAY_TWIN, PLAY_NO_URL, PLAY_UNMAPPED, PLAY_POISON };

struct play_row {
	enum play_kind kind;
	int sent;
	bool settled;  /* a COMMIT that returned said so */
	char last[16]; /* the status it was seen to end in */
	bool old;      /* a pass that is under way has to take it */
};

/* What is done when nothing is to be sent. */
enum play_work {
	PLAY_INGEST,
	PLAY_SCRUB,
	PLAY_GRANT,
	PLAY_TIDY,
	PLAY_PRUNE,
	PLAY_CUT,
	PLAY_WORKS
};

/* Rows that go by retention. */
struct play_pruning {
	struct prune prune;
	bool begun, more; /* a pass is under way; it has more slices */
	int day;          /* so many have passed */
};

/* A request from its claim to its settlement. */
struct play_shipment {
	struct job job; /* first: the job is the shipment */
	struct play *play;
	struct opening opening, parts[2];
	int part_count;
	struct settlement settlement;
	struct answer answer;
	bool alive, answered;
};

#endif
