/* SPDX-License-Identifier: MIT */
#include "run/reading.h"

#include <assert.h>

#include "base/clock.h"
#include "run/admission.h"
#include "run/relay.h"

enum {
	READ_AHEAD = 4,     /* loads read and not yet admitted */
	ADMITTING_MAX = 3,  /* loads that the writer stores together */
	PARTIAL_MS = 50,    /* between two loads that are not full */
	LOOK_MS = 1,        /* between two looks that find nothing */
	PARKED_MAX = 10000, /* rows parked while every destination waits */
	READ_RETRY_MS = 1000,
};

static void read_done(struct job *job);

void reading_touch(struct relay *r)
{
	r->reading.dirty = true;
	r->reading.quiet = false;
}

void reading_look(struct relay *r)
{
	if (writer_has_news(&r->writer, &r->reading.seen_news))
		reading_touch(r);
}

static struct load *take(struct relay *r)
{
	struct load *load = r->reading.spare;

	if (!load)
		load = load_new();
	else
		r->reading.spare = load->next;
	load->next = NULL;
	load->owner = r;
	load->state = LOAD_SHAPING;
	load->stale = false;
	load->holders = 1;
	load->batches = 0;
	load->misnamed = false;
	load->dues = 0;
	return load;
}

void reading_drop(struct relay *r, struct load *load)
{
	if (--load->holders > 0)
		return;
	load->next = r->reading.spare;
	r->reading.spare = load;
}

void reading_fini(struct relay *r)
{
	while (r->reading.spare) {
		struct load *load = r->reading.spare;

		r->reading.spare = load->next;
		load_free(load);
	}
}

static void ask(struct relay *r, struct load *load)
{
	load->now_ms = load->lot.now_ms = clock_wall_ms();
	load->since_ms = step_since_ms(&r->step);
	load->covered = r->ingesting.covered;
	load->claimed = r->reading.claimed;
	load->seen = r->reading.last_row;
	load->job.work = shaper_work;
	load->job.done = read_done;
	load_add_due(load, 0);
	for (int i = 0; i < r->sites.count; i++)
		load_add_due(load, r->sites.list[i]->id);
	r->jobs++;
	lane_submit(&r->shaping, &load->job);
}

static void ask_fresh(struct relay *r, int64_t upto)
{
	struct load *load = take(r);
	struct load **at = &r->reading.loads;

	while (*at)
		at = &(*at)->next;
	*at = load;
	r->reading.count++;
	load->lot.kind = LOT_FRESH;
	load->after = r->reading.next_after;
	load->upto = upto;
	load->limit = LOAD_ROWS;
	ask(r, load);
}

/* limit 0: only a look at what is due. */
static void ask_waiting(struct relay *r, struct site *s, int limit)
{
	struct load *load = take(r);

	load->lot.kind = s->id ? LOT_RETRY : LOT_REDO;
	load->destination_id = s->id;
	load->limit = limit;
	load->not_behind = s->bounced;
	s->bounced = false;
	if (limit) {
		s->reading_due = true;
		s->due_ms = 0;
	} else {
		r->reading.looking = true;
	}
	r->reading.waiting_loads++;
	ask(r, load);
}

static bool all_sites_wait(const struct relay *r)
{
	for (int i = 0; i < r->sites.count; i++)
		if (!site_waits(r->sites.list[i]))
			return false;
	return true;
}

static bool parked_enough(const struct relay *r)
{
	for (int i = 0; i < r->sites.count; i++)
		if (r->sites.list[i]->parked >= PARKED_MAX)
			return true;
	return false;
}

static bool may_read_fresh(const struct relay *r)
{
	bool any = false;

	for (int i = 0; i < r->sites.count; i++)
		any = any || !r->sites.list[i]->removed;
	return any && !(all_sites_wait(r) && parked_enough(r));
}

/* Full loads follow each other without a pause; what is less than full goes at once when it
 * is the first for a while, and is gathered for a moment otherwise. */
static void read_fresh(struct relay *r, uint64_t now)
{
	while (r->reading.dense && !r->reading.open_ended &&
	       r->reading.count < READ_AHEAD &&
	       r->reading.last_row - r->reading.next_after >= LOAD_ROWS) {
		ask_fresh(r, r->reading.next_after + LOAD_ROWS);
		r->reading.next_after += LOAD_ROWS;
	}
	if (r->reading.count > 0)
		return;
	if (r->reading.last_row - r->reading.next_after < LOAD_ROWS &&
	    (!r->reading.dirty || now - r->reading.partial_ms < PARTIAL_MS ||
	     now - r->reading.looked_ms < LOOK_MS))
		return;
	r->reading.dirty = r->reading.quiet = false;
	r->reading.looked_ms = now;
	r->reading.open_ended = true;
	ask_fresh(r, 0);
}

bool reading_gathers(const struct relay *r, uint64_t now)
{
	return (r->reading.dense && r->reading.count > 0) ||
	       (r->reading.dirty && now - r->reading.partial_ms < PARTIAL_MS);
}

static void look(struct relay *r, uint64_t now)
{
	if (!r->reading.dirty || r->reading.looking || r->reading.count > 0 ||
	    now - r->reading.looked_ms < PARTIAL_MS)
		return;
	r->reading.dirty = r->reading.quiet = false;
	r->reading.looked_ms = now;
	ask_waiting(r, &r->sites.redo, 0);
}

static void read_waiting(struct relay *r, uint64_t now)
{
	int64_t wall = clock_wall_ms();
	bool room = false;

	r->reading.due_looked_ms = wall;
	for (int i = 0; i < r->sites.count; i++) {
		struct site *s = r->sites.list[i];
		bool ready = site_may_send(s, now) &&
			     r->shipping.under_way < SHIPPING_SLOTS &&
			     !r->shipping.queued;

		room = room || ready || site_waits(s);
		if (ready && !s->reading_due && s->due_ms && s->due_ms <= wall)
			ask_waiting(r, s, site_batch(s));
	}
	if (room && r->sites.redo.due_ms && r->sites.redo.due_ms <= wall &&
	    !r->sites.redo.reading_due)
		ask_waiting(r, &r->sites.redo, LOAD_ROWS);
}

/* Behind `last`; all of them where it is NULL. */
static void forget_behind(struct relay *r, struct load *last)
{
	struct load *load = last ? last->next : r->reading.loads;

	if (last)
		last->next = NULL;
	else
		r->reading.loads = NULL;
	while (load) {
		struct load *next = load->next;

		r->reading.count--;
		load->stale = true;
		if (load->state == LOAD_SHAPED)
			reading_drop(r, load);
		load = next;
	}
}

void reading_restart(struct relay *r)
{
	forget_behind(r, NULL);
	r->reading.next_after = r->reading.taken;
	r->reading.dense = false;
	reading_touch(r);
}

/* They are as they stood when the load was asked for, but for those that came or went since. */
static struct site *site_at(struct relay *r, int at, int32_t id)
{
	if (id == 0)
		return &r->sites.redo;
	if (at < r->sites.count && r->sites.list[at]->id == id)
		return r->sites.list[at];
	return sites_find(&r->sites, id);
}

static void note_dues(struct relay *r, const struct load *load)
{
	bool any = load->lot.count > 0;

	for (int i = 0; i < load->dues; i++) {
		struct site *s = site_at(r, i - 1, load->due[i].destination_id);

		any = any || load->due[i].due_ms;
		if (s && !s->reading_due)
			s->due_ms = load->due[i].due_ms;
	}
	if (load->last_row > r->reading.last_row)
		r->reading.last_row = load->last_row;
	r->reading.quiet = !any && load->last_row <= r->reading.next_after;
}

static void fresh_done(struct relay *r, struct load *load)
{
	load->state = LOAD_SHAPED;
	r->reading.dense = load->rows == LOAD_ROWS;
	if (load->cut) {
		forget_behind(r, load);
		r->reading.next_after = load->lot.last_id;
	} else if (load->upto == 0 && load->lot.last_id > r->reading.next_after) {
		r->reading.next_after = load->lot.last_id;
	}
	if (load->rows > 0 && load->rows < LOAD_ROWS)
		r->reading.partial_ms = load->shaped_ms;
	if (load->rows > 0)
		r->reading.dirty = true; /* perhaps there is more */
}

void reading_end_waiting(struct relay *r, struct load *load)
{
	struct site *s = load->lot.kind == LOT_REDO
				 ? &r->sites.redo
				 : sites_find(&r->sites, load->destination_id);

	r->reading.waiting_loads--;
	if (load->limit == 0)
		r->reading.looking = false;
	else if (s)
		s->reading_due = false;
	if (load->lot.count > 0)
		reading_touch(r);
	reading_drop(r, load);
}

static void read_failed(struct relay *r, struct load *load)
{
	uint64_t now = clock_mono_ms();

	complaint_note(&r->trouble.of_reads, "read_failed", &load->job.err, now);
	if (load->job.err.code != ERR_BUSY && load->job.err.code != ERR_IO)
		relay_fail(r, &load->job.err);
	r->trouble.until_ms = now + READ_RETRY_MS;
	r->trouble.last = load->job.err;
	r->trouble.unreadable = true;
	if (load->lot.kind == LOT_FRESH) {
		if (!load->stale) {
			reading_restart(r);
		}
		reading_drop(r, load);
	} else {
		reading_touch(r);
		reading_end_waiting(r, load);
	}
}

/* It was not read: it will be when visits and consent rows are in. */
static void bounce(struct relay *r, struct load *load)
{
	struct site *s = load->lot.kind == LOT_REDO
				 ? &r->sites.redo
				 : sites_find(&r->sites, load->destination_id);

	if (load->lot.kind == LOT_FRESH) {
		reading_restart(r);
		reading_drop(r, load);
		return;
	}
	if (s) {
		s->bounced = true;
		s->due_ms = load->now_ms;
	}
	reading_end_waiting(r, load);
}

static void read_done(struct job *job)
{
	struct load *load = (struct load *)job;
	struct relay *r = load->owner;

	r->jobs--;
	load->shaped_ms = clock_mono_ms();
	if (load->lot.kind == LOT_FRESH && load->upto == 0)
		r->reading.open_ended = false;
	if (job->err.code != ERR_OK) {
		read_failed(r, load);
	} else if (load->stale) {
		reading_drop(r, load);
	} else {
		r->trouble.unreadable = false;
		complaint_over(&r->trouble.of_reads, "reading_goes_on");
		if (load->unread)
			ingesting_want(&r->ingesting, load->behind || r->options.drain);
		if (load->behind) {
			bounce(r, load);
			relay_pump(r);
			return;
		}
		note_dues(r, load);
		if (load->lot.config_version != r->config_version)
			r->stale_config = true;
		if (load->lot.kind == LOT_FRESH)
			fresh_done(r, load);
		else if (load->lot.count == 0 || step_pending(&r->step) ||
			 !admission_start(r, load))
			reading_end_waiting(r, load);
	}
	relay_pump(r);
}

/* A load that was read beside those before it knows nothing of whom they joined. Once they
 * are stored it is read again, and does. */
static bool is_outdated(struct relay *r, const struct load *load)
{
	return kinship_gained(&r->writer.kinship, load->mark, load->lot.first_id,
			      &load->met);
}

/* Behind others that are being stored it is not known what a load without rows comes to. */
static bool may_admit(const struct relay *r, const struct load *load)
{
	if (load->state != LOAD_SHAPED || r->reading.refused)
		return false;
	return r->reading.admitting == 0 ||
	       (r->reading.admitting < ADMITTING_MAX && load->lot.count > 0 &&
		!admission_concerns(r, load));
}

/* The head of what was read, when its destinations can take it. */
static void admit_next(struct relay *r)
{
	struct load *load = r->reading.loads;

	while (load && may_admit(r, load)) {
		assert(load->lot.first_id == r->reading.taken + 1);
		if (is_outdated(r, load)) {
			reading_restart(r);
			return;
		}
		if (load->lot.count == 0) {
			r->reading.admitted = r->reading.taken = load->lot.last_id;
		} else if (!admission_start(r, load)) {
			return;
		}
		r->reading.loads = load->next;
		r->reading.count--;
		if (load->lot.count == 0)
			reading_drop(r, load);
		load = r->reading.loads;
	}
}

bool reading_idle(const struct relay *r)
{
	return r->reading.count == 0 && r->jobs == 0 && r->reading.waiting_loads == 0 &&
	       r->reading.admitting == 0 && ingesting_idle(&r->ingesting);
}

void reading_pump(struct relay *r, uint64_t now)
{
	if (r->stopping) {
		forget_behind(r, NULL);
		return;
	}
	if (!step_settled(&r->step, now) || r->trouble.stands || r->reloading ||
	    now < r->trouble.until_ms)
		return;
	/* What is due takes its place before what is new. */
	if (!ingesting_blocks(&r->ingesting))
		read_waiting(r, now);
	admit_next(r);
	if (ingesting_blocks(&r->ingesting))
		return;
	if (may_read_fresh(r))
		read_fresh(r, now);
	else
		look(r, now);
}
