/* SPDX-License-Identifier: MIT
 * overview.h - what the admin page shows, read from the database in one short transaction.
 *
 * Owns:    every text in it, from overview_init to overview_fini. Texts are as they stand in
 *          the database: anybody's.
 * Thread:  one at a time.
 * Errors:  NOINPUT nobody has the event_id; else the database's.
 * See:     run/page.h, which makes HTML of it; store/status.h, store/census.h. */
#ifndef RUN_OVERVIEW_H
#define RUN_OVERVIEW_H

#include "base/buf.h"
#include "core/reason.h"
#include "core/time_zone.h"
#include "store/status.h"

#define OVERVIEW_TEXT_MAX (4u << 20) /* bytes of all texts together */
#define OVERVIEW_HOURS 24
#define OVERVIEW_STATES 176 /* of a delivery: status * 16 + … */

struct overview_site {
	struct str name, source, zone, state, last_error, last_delivered; /* … in UTC */
	int64_t pending, sending, retrying, delivered, rejected, failed, held, oldest_s;
	bool paused;
};

/* A reason at a destination ("": it reached none). */
struct overview_problem {
	struct str word, site, first, last, example, advice;
	enum reason reason;
	int64_t count;
};

struct overview_hour {
	int64_t start_s;
	int32_t offset_s; /* of the zone, then */
	int64_t delivered, skipped, lost;
};

struct overview_step {
	struct str step, site, text;
};

struct overview_unmapped {
	struct str event;
	int64_t count;
};

struct overview {
	struct buf text; /* what the texts point into; it never moves */
	int64_t now_s;
	struct status_totals totals;
	int64_t count[OVERVIEW_STATES]; /* deliveries by state, of all destinations */
	struct overview_hour hours[OVERVIEW_HOURS];
	struct str zone, hours_of; /* the bars' zone; whose they are, "": all */
	struct zone *clock;        /* the same; NULL: UTC */
	struct overview_site *sites;
	const struct overview_site *first; /* that was added; NULL: there is none */
	struct overview_problem *problems; /* by reason */
	struct overview_step *steps;       /* the story that was asked for */
	struct overview_unmapped unmapped[8];
	int site_count, problem_count, step_count, unmapped_count;
	struct str event_id; /* whose story; "": nobody asked */
	char story_error[248];
};

void overview_init(struct overview *o, int64_t now_ms);
void overview_fini(struct overview *o);

/* `site` chooses whose bars ("": all). */
MUST_CHECK enum err_code overview_read(struct overview *o, struct db *db, struct str site,
				       struct err *e);

/* The story of an event_id; that nobody has it stands in story_error. */
void overview_tell(struct overview *o, const char *db_path, struct str event_id);

/* A copy that stays; "" where there is no room left. */
struct str overview_keep(struct overview *o, struct str text);

#endif
