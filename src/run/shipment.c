/* SPDX-License-Identifier: MIT */
#include "run/shipment.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core/backoff.h"
#include "run/failure.h"
#include "run/refresh.h"
#include "run/relay.h"
#include "run/reload.h"

enum { RETRY_STORE_MS = 1000 };

#define OWNER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static bool carries(const struct shipment *s, const struct entry *n)
{
	return entry_batch(n) == s->opening.batch && n->reason == REASON_NONE &&
	       !(n->flags & ENTRY_DROPPED) &&
	       n->destination_id == s->opening.destination_id;
}

static struct shipment *enqueue(struct relay *r, struct site *site, struct load *load,
				const struct opening *opening)
{
	struct shipment *s = calloc(1, sizeof(*s));
	struct shipment **at = &r->shipping.queued;

	if (!s)
		abort();
	s->relay = r;
	s->site = site;
	s->load = load;
	s->opening = *opening;
	load->holders++;
	r->shipping.unsettled++;
	while (*at)
		at = &(*at)->next;
	*at = s;
	return s;
}

void shipment_queue(struct relay *r, struct site *site, struct load *load,
		    const struct opening *opening)
{
	enqueue(r, site, load, opening);
}

static void shipment_free(struct shipment *s)
{
	struct relay *r = s->relay;

	reading_drop(r, s->load);
	cargo_fini(&s->cargo);
	free(s);
	r->shipping.unsettled--;
}

static void build_body(struct shipment *s)
{
	const struct lot *lot = &s->load->lot;

	cargo_init(&s->cargo, s->opening.events);
	envelope_open(&s->cargo.head, s->site->source, s->site->pixel_id,
		      s->site->test_event_code);
	envelope_close(&s->cargo.tail);
	for (uint32_t i = 0; i < lot->count; i++)
		if (carries(s, &lot->entries[i]))
			cargo_add(&s->cargo, lot->entries[i].body_at,
				  lot->entries[i].body_len + 1);
	cargo_close(&s->cargo);
	s->request.body_len = s->cargo.len;
}

static size_t read_body(struct http_request *request, uint64_t offset, char *out,
			size_t cap)
{
	struct shipment *s = OWNER(request, struct shipment, request);

	return cargo_read(&s->cargo, s->load->body.p, offset, out, cap);
}

static void settle_work(struct job *job, void *state)
{
	struct shipment *s = (struct shipment *)job;
	struct writer *w = state;
	struct err *e = &job->err;

	if (queue_settle(&w->queue, &s->load->lot, &s->settlement, e) != ERR_OK)
		return;
	for (int i = 0; i < s->part_count; i++)
		if (queue_reopen(&w->queue, &s->load->lot, &s->parts[i], e) != ERR_OK)
			return;
}

static void on_retry_store(uv_timer_t *timer)
{
	struct shipment *s = uv_handle_get_data((uv_handle_t *)timer);

	uv_close((uv_handle_t *)timer, (uv_close_cb)free);
	lane_submit(&s->relay->writer.lane, &s->job);
}

/* The outcome is known and must be stored before anything else is sent. */
static void store_later(struct shipment *s)
{
	struct relay *r = s->relay;
	uv_timer_t *timer = malloc(sizeof(*timer));

	if (!timer)
		abort();
	trouble_note(r, "settlement_not_stored", &s->job.err);
	r->trouble.stands = true;
	uv_timer_init(&r->loop, timer);
	uv_handle_set_data((uv_handle_t *)timer, s);
	uv_timer_start(timer, on_retry_store, RETRY_STORE_MS, 0);
}

static void settle_done(struct job *job)
{
	struct shipment *s = (struct shipment *)job;
	struct relay *r = s->relay;

	if (trouble_is_final(&job->err)) {
		relay_fail(r, &job->err);
	} else if (job->err.code != ERR_OK) {
		if (!trouble_give_up(r)) {
			store_later(s);
			return;
		}
		trouble_note_loss(r, s->opening.events, &job->err);
	} else {
		trouble_over(r);
		if (s->settlement.disposition == SETTLE_DELIVERED)
			metrics_delivered(
				&s->site->metrics, &s->load->lot, s->opening.batch,
				s->settlement.started_ms + s->settlement.took_ms);
		for (int i = 0; i < s->part_count; i++)
			if (s->parts[i].events)
				enqueue(r, s->site, s->load, &s->parts[i])->named =
					s->names_last && i == s->part_count - 1;
	}
	r->changes++;
	reading_touch(r);
	shipment_free(s);
	relay_pump(r);
}

static void settle(struct shipment *s)
{
	s->state = SHIPMENT_SETTLING;
	s->settlement.cancelled_through = site_gave_up(s->site);
	s->job.work = settle_work;
	s->job.done = settle_done;
	lane_submit(&s->relay->writer.lane, &s->job);
}

/* Closes an attempt that never began; its rows wait in the database, those of a part as refused. */
static void let_wait(struct shipment *s)
{
	enum reason why = s->site->paused ? REASON_PAUSED : s->site->reason;

	s->settlement = (struct settlement){
		.attempt_id = s->opening.attempt_id,
		.answered_by = s->opening.cut_from,
		.batch = s->opening.batch,
		.disposition = SETTLE_PARK,
		.reason = why || !s->opening.cut_from ? why : REASON_SERVER_ERROR,
		.due_ms = step_now_ms(&s->relay->step),
	};
	settle(s);
}

/* Entries of the batch from the k-th on (or only the k-th) go to a batch of their own. */
static uint32_t split_off(struct shipment *s, uint32_t k, bool alone)
{
	struct lot *lot = &s->load->lot;
	uint32_t batch = ++s->load->batches;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < lot->count; i++) {
		if (!carries(s, &lot->entries[i]))
			continue;
		if (alone ? seen == k : seen >= k)
			entry_set_batch(&lot->entries[i], batch);
		seen++;
	}
	return batch;
}

static void add_part(struct shipment *s, uint32_t batch)
{
	s->parts[s->part_count++] = (struct opening){
		.attempt_id = ++s->relay->shipping.last_attempt_id,
		.destination_id = s->site->id,
		.batch = batch,
		.cut_from = s->opening.attempt_id,
	};
}

/* The event that TikTok named stands alone, else each half does: bad rows end up by
 * themselves, and only they fail. One that was named and turned out well shows that names
 * mean something else here; believing them could take a request for each event. */
static void cut(struct shipment *s, enum verdict v)
{
	struct lot *lot = &s->load->lot;
	int named = v == VERDICT_REFUSED && !s->load->misnamed
			    ? verdict_named(str_of(s->request.answer.message),
					    (int)s->opening.events)
			    : -1;
	uint32_t batch;

	for (uint32_t i = 0; i < lot->count; i++) {
		struct entry *n = &lot->entries[i];

		if (!carries(s, n))
			continue;
		n->attempts++;
		if (!n->first_sent_ms)
			n->first_sent_ms = s->settlement.started_ms;
	}
	batch = named >= 0 ? split_off(s, (uint32_t)named, true)
			   : split_off(s, s->opening.events / 2, false);
	add_part(s, s->opening.batch);
	add_part(s, batch);
	s->names_last = named >= 0;
	s->settlement.disposition = SETTLE_NONE;
}

/* Of the row that has failed the most, with this one. */
static int failures_of(const struct shipment *s)
{
	int most = 0;

	for (uint32_t i = 0; i < s->load->lot.count; i++)
		if (carries(s, &s->load->lot.entries[i]) &&
		    s->load->lot.entries[i].attempts > most)
			most = s->load->lot.entries[i].attempts;
	return most + 1;
}

static void dispose(struct shipment *s, enum verdict v)
{
	struct settlement *t = &s->settlement;
	const struct relay_options *o = &s->relay->options;
	int64_t now = step_now_ms(&s->relay->step);
	int64_t wait = backoff_ms(failures_of(s), o->retry_base_ms, o->retry_cap_ms,
				  clock_random());

	t->reason = verdict_waits_for(v, &s->request.answer);
	t->unknown = verdict_is_unsure(v, &s->request.answer);
	if (v == VERDICT_DELIVERED) {
		s->load->misnamed = s->load->misnamed || s->named;
		t->disposition = SETTLE_DELIVERED;
	} else if (v == VERDICT_REFUSED || v == VERDICT_TOO_LARGE) {
		if (s->opening.events > 1) {
			cut(s, v);
			return;
		}
		t->disposition = SETTLE_FAILED;
		t->reason = REASON_REFUSED_BY_TIKTOK;
	} else if (verdict_spends(v)) {
		t->disposition = SETTLE_RETRY;
		t->due_ms = now + wait; /* Retry-After is the destination's to keep */
	} else {
		t->disposition = SETTLE_PARK;
		t->due_ms = now;
	}
}

static void land(struct shipment *s)
{
	struct shipment **at = &s->relay->shipping.flying;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->relay->shipping.under_way--;
	s->site->under_way--;
}

static void request_done(struct http_request *request)
{
	struct shipment *s = OWNER(request, struct shipment, request);
	struct relay *r = s->relay;
	enum verdict v = verdict_of(&request->answer);

	land(s);
	s->settlement.attempt_id = s->opening.attempt_id;
	s->settlement.batch = s->opening.batch;
	s->settlement.took_ms = request->took_ms;
	s->settlement.verdict = v;
	s->settlement.answer = &request->answer;
	metrics_request(&s->site->metrics, v, request->answer.http_status,
			request->took_ms);
	site_learn_size(s->site, v, (int)s->opening.events, request->sent > 0);
	site_judge(s->site, &r->sites.limits, v, request->retry_after_ms, s->started_ms,
		   clock_mono_ms(), clock_random());
	failure_note(s->site, request, v, s->started_ms);
	failure_log(s->site, request, &s->opening, v);
	if (v == VERDICT_TOKEN && !site_is_outdated(s->site, v, s->started_ms))
		refresh_refused(r->refresh, s->site, &request->answer);
	reload_store_site(r, s->site);
	dispose(s, v);
	settle(s);
	relay_pump(r);
}

/* Rounded up: rather a request too few than one too many. */
static uint64_t interval_ms(const struct site *site)
{
	double exact = 1000 / site->requests_per_second;
	uint64_t whole = (uint64_t)exact;

	return whole + ((double)whole < exact);
}

static void start(struct shipment *s, uint64_t now_ms)
{
	struct relay *r = s->relay;

	s->state = SHIPMENT_UNDER_WAY;
	s->started_ms = now_ms;
	s->settlement.started_ms = step_now_ms(&r->step);
	r->shipping.under_way++;
	s->site->under_way++;
	s->next = r->shipping.flying;
	r->shipping.flying = s;
	build_body(s);
	s->request.url = r->shipping.url;
	s->request.token = &s->site->token;
	s->request.read = read_body;
	s->request.done = request_done;
	http_send(r->http, &s->request);
	/* From now: a large body takes its time. */
	if (s->site->requests_per_second > 0)
		s->site->next_start_ms = clock_mono_ms() + interval_ms(s->site);
}

/* It has waited long, or the machine has slept: read again, its rows are held or given up. */
static bool is_late(const struct shipment *s)
{
	int64_t now = step_now_ms(&s->relay->step);

	for (uint32_t i = 0; i < s->load->lot.count; i++) {
		const struct entry *n = &s->load->lot.entries[i];

		if (n->first_sent_ms && now - n->first_sent_ms > RESEND_MAX_MS &&
		    carries(s, n))
			return true;
	}
	return false;
}

void shipment_start_queued(struct relay *r)
{
	struct shipment **at = &r->shipping.queued;
	uint64_t now = clock_mono_ms();

	while (*at) {
		struct shipment *s = *at;
		bool give_up = r->stopping || site_waits(s->site);
		bool probe = s->site->state == SITE_PROBING && !s->site->paused;

		if (r->trouble.stands && !r->stopping)
			return;
		if (give_up && !(probe && !r->stopping)) {
			*at = s->next;
			let_wait(s);
		} else if (r->shipping.under_way < SHIPPING_SLOTS &&
			   site_may_send(s->site, now)) {
			*at = s->next;
			if (is_late(s))
				let_wait(s);
			else
				start(s, now);
		} else {
			at = &s->next;
		}
	}
}

void shipment_abort_all(struct relay *r)
{
	for (struct shipment *s = r->shipping.flying; s; s = s->next)
		http_abort(r->http, &s->request);
}
