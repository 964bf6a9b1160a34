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
#include "run/load.h"
#include "run/pruning.h"
#include "run/scrubbing.h"
#include "run/shaper.h"
#include "run/site.h"
#include "run/step.h"
#include "run/wake.h"
#include "run/writer.h"

#define RELAY_SHAPERS 2
#define RELAY_SLOTS 16 /* requests under way, all destinations together */

struct relay_options {
	const char *db_path;
	const char *endpoint; /* without a slash at its end */
	const char *ca_file;  /* NULL: the system's */
	bool drain;
	int64_t retry_base_ms, retry_cap_ms, timeout_ms;
	const struct door *admin; /* NULL: a socket beside the database */
	struct prune_limits keep;
};

struct shipment;

struct relay {
	struct relay_options options;
	struct site_limits limits;
	char url[512];
	uv_loop_t loop;
	uv_timer_t timer;
	uv_signal_t on_term, on_int, on_hup;
	struct wake wake;
	bool has_wake;
	struct http *http;
	struct writer writer;
	struct judge judges[RELAY_SHAPERS];
	struct lane shaping;
	bool has_shaping, has_writer; /* their lanes run */
	struct refresh *refresh;
	bool keyless; /* a token that is kept cannot be read: look again */
	struct notify *notify;
	struct console *console;

	struct site **sites;       /* each stays where it is until the end */
	int site_count, site_jobs; /* the latter on the writer's lane */
	struct site redo;          /* rows to be decided anew, for no destination yet */
	int64_t config_version;
	bool stale_config, reloading;

	/* Reading: loads in the order of their rows, until they are admitted. */
	struct load *reading, *spare;
	int reading_count, jobs; /* of those, on the shaping lane */
	int64_t next_after;      /* rows up to here are read or being read */
	/* Rows up to here are admitted, are being admitted; the cursor in the file. */
	int64_t admitted, taken, claimed;
	int64_t last_row; /* as far as is known */
	bool dense;       /* the last load was full: read ahead */
	bool open_ended;  /* a load is being read whose end is not known yet */
	bool dirty;       /* somebody committed since the last look */
	bool quiet;       /* the last look found nothing to do, now or later */
	bool admitting, looking;
	uint64_t partial_ms, looked_ms; /* monotonic: a load that was not full, a look */
	int64_t due_looked_ms;          /* Unix time: the last look at what is due */
	uint64_t trouble_ms;            /* monotonic: until then nothing is read */
	uint32_t seen_news;             /* of the writer's */
	int waiting_loads; /* of LOT_RETRY and LOT_REDO, read or being admitted */

	struct shipment *queued;  /* admitted, not started, in order */
	struct shipment *flying;  /* requests under way */
	int under_way, unsettled; /* requests; shipments alive */
	int64_t last_attempt_id;

	bool stopping;
	uint64_t deadline_ms; /* monotonic: then requests under way are given up */
	bool in_trouble;      /* the database refuses writes; nothing new is sent */
	bool pumping, pump_again;
	uint64_t woken_ms,
		look_ms; /* monotonic: the last write to the WAL, the next look */
	void (*on_timer)(uv_timer_t *timer);
	struct scrubbing scrubbing;
	struct step step;
	struct pruning pruning;
	struct ingesting ingesting;
	uint64_t changes; /* counts lots admitted and shipments settled */
	struct metrics metrics;
	struct err trouble;       /* the last that the database refused */
	uint64_t trouble_told_ms; /* monotonic: the log said so; 0: there is none */
	bool closing;
	int to_close;
	struct err fatal;
};

/* Runs until drained (with options.drain), stopped by a signal, or unable to go on. */
MUST_CHECK enum err_code relay_run(const struct relay_options *options, struct err *e);

/* Looks at everything that could go on now; called after every change. */
void relay_pump(struct relay *r);

/* Ends the relay with this error. */
void relay_fail(struct relay *r, const struct err *e);

struct site *relay_site(struct relay *r, int32_t destination_id);

/* Stores what changed in a destination's state. */
void relay_store_site(struct relay *r, struct site *s);

/* There may be something to read; or: there is, if the writer says so. */
void relay_touch(struct relay *r);
void relay_look(struct relay *r);

#endif
