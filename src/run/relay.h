/* SPDX-License-Identifier: MIT
 * relay.h - the relay: reads, admits, sends, settles; everything between the two clocks.
 *
 *   outbox --shaper--> load --writer: admit--> shipment --http--> verdict --writer: settle-->
 *
 * The durable state is the database's; what is here may be lost at any moment.
 *
 * Owns:    loop handles, lanes, loads and shipments, from relay_run's start to its end.
 * Thread:  the loop's; lanes beside it.
 * Errors:  BUSY another relay; NOINPUT, CORRUPT, IO the database; SYNC run it again, as what
 *          is on the disk is not known.
 * See:     run/README.md; store/queue.h. */
#ifndef RUN_RELAY_H
#define RUN_RELAY_H

#include <uv.h>

#include "net/http.h"
#include "run/ingesting.h"
#include "run/pruning.h"
#include "run/reading.h"
#include "run/relay_options.h"
#include "run/scrubbing.h"
#include "run/shaper.h"
#include "run/shipment.h"
#include "run/sites.h"
#include "run/step.h"
#include "run/trouble.h"
#include "run/wake.h"
#include "run/writer.h"

#define RELAY_SHAPERS 2

/* Times are monotonic. */
struct relay {
	struct relay_options options;
	uv_loop_t loop;
	uv_timer_t timer;
	uv_signal_t on_term, on_int, on_hup;
	struct wake wake;
	struct http *http;
	struct writer writer;
	struct judge judges[RELAY_SHAPERS];
	struct lane shaping;
	bool has_wake, has_shaping, has_writer; /* are open, to be closed */
	struct refresh *refresh;
	bool keyless; /* a token that is kept cannot be read: look again */
	struct notify *notify;
	struct console *console;
	struct sites sites;
	int64_t config_version; /* of what is known of them */
	bool stale_config, reloading;

	struct reading reading;
	struct shipping shipping;
	struct trouble_state trouble;
	int jobs; /* that the end waits for: on the shaping lane, and others' */
	uint64_t woken_ms, look_ms; /* the WAL's last write, the next look */
	struct scrubbing scrubbing;
	struct step step;
	struct pruning pruning;
	struct ingesting ingesting;
	uint64_t changes; /* counts lots admitted and shipments settled */
	struct metrics metrics;
	bool pumping, pump_again, drained, stopping, closing;
	uint64_t deadline_ms; /* then requests under way are given up */
	int to_close;
	struct err fatal;
};

/* Runs until drained (with options.drain), stopped by a signal, or unable to go on. */
MUST_CHECK enum err_code relay_run(const struct relay_options *options, struct err *e);

/* Looks at everything that could go on now; called after every change. */
void relay_pump(struct relay *r);

/* Ends the relay with this error. */
void relay_fail(struct relay *r, const struct err *e);

#endif
