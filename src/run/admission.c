/* SPDX-License-Identifier: MIT */
#include "run/admission.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/reading.h"
#include "run/shipment.h"
#include "run/trouble.h"
#include "store/difference.h"

enum {
	SLOW_SITE_MS = 200, /* how long a full destination holds back the others */
	STORE_RETRY_MS = 1000,
	TWINS_MAX = 16, /* compared with their first rows, of a load */
	TWIN_QUIET_MS = 60 * 1000,
};

enum readiness { UNUSED, PARK, READY, FULL };

struct admission {
	struct job job;
	struct relay *relay;
	struct load *load;
	struct opening *openings;
	size_t count;
	/* LOT_FRESH */
	int64_t standing;       /* where the cursor is when those before it are stored */
	struct kin_edge *edges; /* the load's, as they were read */
	size_t edge_count;
	struct admission *next; /* pending */
	bool compares;          /* nobody was told of a twin lately: */
	int64_t twin, first; /* one that is another conversion than the first; 0: none */
};

static bool has_queued(const struct relay *r, const struct site *s)
{
	for (const struct shipment *p = r->shipping.queued; p; p = p->next)
		if (p->site == s)
			return true;
	return false;
}

static enum readiness readiness_of(const struct relay *r, const struct site *s,
				   enum lot_kind kind, uint64_t now)
{
	bool probe = kind == LOT_RETRY && s->state == SITE_PROBING && !s->paused;
	bool may = kind == LOT_FRESH ? site_may_open(s, now) : site_may_send(s, now);

	if (site_waits(s) && !probe)
		return PARK;
	if (r->shipping.under_way < SHIPPING_SLOTS && may && !has_queued(r, s))
		return READY;
	return FULL;
}

/* What each destination of the load can do; false where it is better to wait. */
static bool plan_sites(struct relay *r, struct load *load)
{
	uint64_t now = clock_mono_ms();
	bool ready = false, full = false;

	for (int i = 0; i < r->sites.count; i++)
		r->sites.list[i]->plan = (struct site_plan){.use = UNUSED};
	for (uint32_t i = 0; i < load->lot.count; i++) {
		struct entry *n = &load->lot.entries[i];
		struct site *s =
			n->reason ? NULL : sites_find(&r->sites, n->destination_id);

		if (!s || s->plan.use != UNUSED)
			continue;
		s->plan.use = readiness_of(r, s, load->lot.kind, now);
		ready = ready || s->plan.use == READY;
		full = full || s->plan.use == FULL;
	}
	if (!full)
		return true;
	return ready && load->lot.kind != LOT_RETRY &&
	       now - load->shaped_ms >= SLOW_SITE_MS;
}

static struct opening *add_opening(struct admission *a, struct site *s)
{
	struct opening *o;

	a->openings = realloc(a->openings, (a->count + 1) * sizeof(*a->openings));
	if (!a->openings)
		abort();
	s->opening++;
	o = &a->openings[a->count++];
	*o = (struct opening){
		.attempt_id = ++a->relay->shipping.last_attempt_id,
		.destination_id = s->id,
		.batch = ++a->load->batches,
	};
	return o;
}

static void place(struct admission *a, struct entry *n)
{
	struct site *s = sites_find(&a->relay->sites, n->destination_id);

	if (n->reason != REASON_NONE)
		return;
	if (s && a->load->lot.kind == LOT_FRESH && n->outbox_id <= s->cancelled_through) {
		n->reason = REASON_DISCONNECTED;
		return;
	}
	if (n->flags & ENTRY_PARKED) /* it had no room in the load */
		return;
	if (!s || s->plan.use != READY) { /* or a destination that came this moment */
		n->flags |= ENTRY_PARKED;
		if (s)
			s->parked++;
		return;
	}
	if (s->plan.batch == 0 || s->plan.events >= site_batch(s) ||
	    s->plan.bytes + n->body_len > LOAD_REQUEST_MAX) {
		s->plan.batch = add_opening(a, s)->batch;
		s->plan.events = 0;
		s->plan.bytes = 0;
	}
	n->batch = s->plan.batch;
	s->plan.events++;
	s->plan.bytes += n->body_len;
}

/* What a duplicate says against the first row counts for nothing, and so does what it joins:
 * else its address would come back as another one of the person's. */
static void drop_twins(struct load *load)
{
	int64_t rows[LOAD_ROWS];
	size_t count = 0;

	for (uint32_t i = 0; i < load->lot.count && count < LOAD_ROWS; i++)
		if (load->lot.entries[i].flags & ENTRY_TWIN)
			rows[count++] = load->lot.entries[i].outbox_id;
	if (count > 0)
		kin_drop_rows(&load->kin, rows, count);
}

static enum err_code compare_twin(struct admission *a, struct writer *w,
				  struct difference *d, const struct entry *n)
{
	struct str id = {a->load->lot.text + n->id_at, n->id_len};
	struct err *e = &a->job.err;
	bool differs = false;
	int64_t first;

	if (dedup_find(&w->queue.dedup, n->hash, id, &first, e) == ERR_OK && first &&
	    difference_find(d, first, n->outbox_id, &differs, e) == ERR_OK && differs) {
		a->twin = n->outbox_id;
		a->first = first;
	}
	return e->code;
}

/* A producer that gives one id to all its orders loses them all but the first, and each of them
 * looks as it does where somebody only wrote twice. */
static enum err_code compare_twins(struct admission *a, struct writer *w)
{
	const struct lot *lot = &a->load->lot;
	enum err_code code = ERR_OK;
	int left = TWINS_MAX;
	struct difference d;

	a->twin = 0;
	difference_open(&d, &w->db);
	for (uint32_t i = 0; i < lot->count && left > 0 && a->twin == 0 && code == ERR_OK;
	     i++)
		if (lot->entries[i].flags & ENTRY_TWIN && left-- > 0)
			code = compare_twin(a, w, &d, &lot->entries[i]);
	difference_close(&d);
	return code;
}

/* Where a load could not be stored, those that were handed over behind it must not be. */
static enum err_code check_standing(struct admission *a, struct writer *w)
{
	struct err *e = &a->job.err;
	int64_t cursor;

	if (db_int(&w->db, "SELECT cursor FROM queue", 0, &cursor, e) != ERR_OK ||
	    cursor == a->standing)
		return e->code;
	return err_set(e, ERR_BUSY, "the rows before %lld are not stored",
		       (long long)a->load->lot.first_id);
}

/* A transaction that failed may have taken some out. */
static void restore_edges(struct admission *a)
{
	struct kin *kin = &a->load->kin;

	if (kin->count == a->edge_count)
		return;
	kin_clear(kin);
	for (size_t i = 0; i < a->edge_count; i++)
		kin_put(kin, &a->edges[i]);
}

static void admit_work(struct job *job, void *state)
{
	struct admission *a = (struct admission *)job;
	struct writer *w = state;

	/* What was read a moment ago is there still. */
	if (a->load->lot.kind == LOT_FRESH &&
	    (intact_check_rows(&w->db, 0, a->load->lot.last_id, &job->err) != ERR_OK ||
	     check_standing(a, w) != ERR_OK))
		return;
	if (queue_admit(&w->queue, &a->load->lot, a->openings, a->count, &job->err) !=
		    ERR_OK ||
	    a->load->lot.kind != LOT_FRESH)
		return;
	restore_edges(a);
	if (a->load->kin.count > 0)
		drop_twins(a->load);
	edges_append(&w->edges, &a->load->kin, a->load->lot.last_id, 0);
	if (a->compares)
		job->err.code = compare_twins(a, w);
}

static void admit_failed(struct admission *a)
{
	struct relay *r = a->relay;

	r->trouble.until_ms = clock_mono_ms() + STORE_RETRY_MS;
	if (a->load->lot.kind == LOT_FRESH && r->reading.refused)
		return; /* as the one before it */
	trouble_note(r, "claim_not_stored", &a->job.err);
	if (a->job.err.code != ERR_BUSY && a->job.err.code != ERR_IO)
		relay_fail(r, &a->job.err);
	r->reading.refused = a->load->lot.kind == LOT_FRESH || r->reading.refused;
}

/* Those before it came back earlier. */
static void leave_pending(struct admission *a)
{
	struct relay *r = a->relay;

	assert(r->reading.pending == a);
	r->reading.pending = a->next;
	r->reading.admitting--;
	if (r->reading.admitting > 0 || !r->reading.refused)
		return;
	r->reading.refused = false;
	r->reading.taken = r->reading.admitted;
	r->reading.standing = r->reading.claimed;
	reading_restart(r);
}

static void admission_free(struct admission *a)
{
	free(a->openings);
	free(a->edges);
	free(a);
}

static void tell_twin(struct admission *a)
{
	struct reading *reading = &a->relay->reading;
	uint64_t now = clock_mono_ms();
	struct log_line line;

	if (a->twin == 0 || now < reading->quiet_twins_ms)
		return;
	reading->quiet_twins_ms = now + TWIN_QUIET_MS;
	line = log_begin(LOG_WARN, "duplicate_differs");
	log_field(&line, "row", "%lld", (long long)a->twin);
	log_field(&line, "first", "%lld", (long long)a->first);
	log_field(&line, "error",
		  "it has the event_id of the first row and another event, order_id or "
		  "value, and is not sent; let the producer give each conversion an "
		  "event_id of its own (convey why --row %lld)",
		  (long long)a->twin);
	log_end(&line);
}

static void admit_done(struct job *job)
{
	struct admission *a = (struct admission *)job;
	struct relay *r = a->relay;
	struct load *load = a->load;
	bool fresh = load->lot.kind == LOT_FRESH;

	for (size_t i = 0; i < a->count; i++) {
		struct site *s = sites_find(&r->sites, a->openings[i].destination_id);

		if (s)
			s->opening--;
	}
	if (job->err.code != ERR_OK) {
		admit_failed(a);
	} else {
		trouble_over(r);
		tell_twin(a);
		if (fresh) {
			r->reading.admitted = r->reading.claimed = load->lot.last_id;
			r->metrics.received += load->rows;
		}
		for (size_t i = 0; i < a->count; i++) {
			struct opening *o = &a->openings[i];

			if (o->events)
				shipment_queue(r,
					       sites_find(&r->sites, o->destination_id),
					       load, o);
		}
	}
	if (fresh) {
		leave_pending(a);
		reading_drop(r, load);
	} else {
		reading_end_waiting(r, load);
	}
	admission_free(a);
	r->changes++;
	reading_touch(r);
	relay_pump(r);
}

/* The load is the writer's from now on, and it may drop some. */
static void keep_edges(struct admission *a)
{
	const struct kin *kin = &a->load->kin;

	if (kin->count == 0)
		return;
	a->edges = malloc(kin->count * sizeof(*a->edges));
	if (!a->edges)
		abort();
	memcpy(a->edges, kin->edges, kin->count * sizeof(*a->edges));
	a->edge_count = kin->count;
}

static void enter_pending(struct admission *a)
{
	struct relay *r = a->relay;
	struct admission **at = &r->reading.pending;

	while (*at)
		at = &(*at)->next;
	*at = a;
	keep_edges(a);
	a->standing = r->reading.standing;
	a->compares = clock_mono_ms() >= r->reading.quiet_twins_ms;
	r->reading.admitting++;
	r->reading.standing = r->reading.taken = a->load->lot.last_id;
}

bool admission_concerns(const struct relay *r, const struct load *load)
{
	for (const struct admission *a = r->reading.pending; a; a = a->next)
		if (met_gains_any(&load->met, a->edges, a->edge_count,
				  load->lot.first_id))
			return true;
	return false;
}

bool admission_start(struct relay *r, struct load *load)
{
	struct admission *a;

	if (r->stopping || trouble_disk_full(r) || !plan_sites(r, load))
		return false;
	a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	a->relay = r;
	a->load = load;
	for (uint32_t i = 0; i < load->lot.count; i++)
		place(a, &load->lot.entries[i]);
	if (load->lot.kind == LOT_FRESH)
		enter_pending(a);
	a->job.work = admit_work;
	a->job.done = admit_done;
	lane_submit(&r->writer.lane, &a->job);
	return true;
}
