/* SPDX-License-Identifier: MIT
 * play_shipment.h - the rows of a play, and a request from its claim to its settlement.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  none. */
#ifndef TESTS_FAULT_PLAY_SHIPMENT_H
#define TESTS_FAULT_PLAY_SHIPMENT_H

#include "run/lane.h"
#include "store/lot.h"
#include "store/settlement.h"

struct play;

enum { PLAY_ROWS = 40, PLAY_BATCH = 4, PLAY_SHIPMENTS = 2 * PLAY_ROWS };

/* What a row is made to become. */
enum play_kind { PLAY_DELIVERED, PLAY_TWIN, PLAY_NO_URL, PLAY_UNMAPPED, PLAY_POISON };

struct play_row {
	enum play_kind kind;
	int sent;
	bool settled; /* a COMMIT that returned said so */
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
