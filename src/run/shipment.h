/* SPDX-License-Identifier: MIT
 * shipment.h - one request's life: opened with its load's admission, sent, judged, settled.
 *
 *     QUEUED --start--> UNDER_WAY --answer--> SETTLING --stored--> (freed)
 *        \-------------- destination waits, or the relay stops ----/
 *
 * Owns:    itself; holds its load.
 * Thread:  the loop's; its job's work on the writer's.
 * Errors:  a settlement that cannot be stored is tried again until it can.
 * See:     run/relay.h. */
#ifndef RUN_SHIPMENT_H
#define RUN_SHIPMENT_H

#include "net/http.h"
#include "run/cargo.h"
#include "run/load.h"
#include "run/site.h"

struct relay;

#define SHIPPING_SLOTS 16 /* requests under way, all destinations together */

struct shipping {
	char url[512];
	struct shipment *queued;  /* admitted, not started, in order */
	struct shipment *flying;  /* requests under way */
	int under_way, unsettled; /* requests; shipments alive */
	int64_t last_attempt_id;
};

enum shipment_state { SHIPMENT_QUEUED, SHIPMENT_UNDER_WAY, SHIPMENT_SETTLING };

struct shipment {
	struct job job;
	struct http_request request;
	struct relay *relay;
	struct site *site;
	struct load *load;
	enum shipment_state state;
	struct opening opening;
	struct settlement settlement;
	struct opening parts[2]; /* what a refused request is cut into */
	int part_count;
	bool named;          /* one event, alone because a refusal had named it */
	bool names_last;     /* so the last part will be */
	struct cargo cargo;  /* once it has started */
	uint64_t started_ms; /* monotonic */
	struct shipment *next;
};

/* For an admitted opening; queued behind those that wait. */
void shipment_queue(struct relay *r, struct site *site, struct load *load,
		    const struct opening *opening);

/* Starts what may start; lets wait in the database what may not. */
void shipment_start_queued(struct relay *r);

/* Gives up the requests under way, at the end of the time that a stop may take. */
void shipment_abort_all(struct relay *r);

#endif
