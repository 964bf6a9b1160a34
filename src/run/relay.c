/* SPDX-License-Identifier: MIT */
#include "run/relay.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/console.h"
#include "run/notify.h"
#include "run/reading.h"
#include "run/refresh.h"
#include "run/reload.h"
#include "run/shipment.h"
#include "run/signals.h"
#include "run/trouble.h"
#include "store/vault.h"

enum {
	LOOK_MS = 1000, /* a look without being woken */
	SETTLE_MS =
		500, /* from a write to the WAL until its commit can be seen, at most */
	STOP_MS = 20000, /* for requests under way, after a signal */
	TICK_MS = 10,    /* the finest a timer is set */
};

static void on_timer(uv_timer_t *timer);

void relay_fail(struct relay *r, const struct err *e)
{
	struct log_line line;

	if (r->fatal.code != ERR_OK)
		return;
	r->fatal = *e;
	if (r->stopping && e->code == ERR_SYNC)
		r->fatal.code = ERR_IO; /* it is to end, not to begin again */
	r->stopping = true;
	r->deadline_ms = clock_mono_ms();
	writer_hurry(&r->writer);
	line = log_begin(LOG_ERROR, "relay_cannot_go_on");
	log_field(&line, "error", "%s", e->msg);
	log_end(&line);
}

/* A destination whose time has come and that has nothing to probe with is open. */
static void open_idle_sites(struct relay *r, uint64_t now)
{
	for (int i = 0; i < r->sites.count; i++) {
		struct site *s = r->sites.list[i];

		site_wake(s, now);
		if (s->state == SITE_PROBING && s->under_way == 0 && s->due_ms == 0 &&
		    r->reading.quiet && reading_idle(r) && r->shipping.unsettled == 0)
			s->state = SITE_OPEN;
	}
}

static bool is_sent(const struct relay *r)
{
	return r->options.drain && r->reading.quiet && !r->reading.dirty &&
	       reading_idle(r) && r->shipping.unsettled == 0 && !r->reloading &&
	       !r->stale_config && r->reading.last_row <= r->reading.admitted;
}

static bool is_drained(const struct relay *r)
{
	return is_sent(r) && scrubbing_done(&r->scrubbing) && pruning_done(&r->pruning);
}

static void closed(void *arg)
{
	struct relay *r = arg;

	r->to_close--;
}

static void handle_closed(uv_handle_t *handle)
{
	closed(uv_handle_get_data(handle));
}

static void close_handle(struct relay *r, uv_handle_t *handle)
{
	r->to_close++;
	uv_handle_set_data(handle, r);
	uv_close(handle, handle_closed);
}

/* What open_parts got as far as opening. */
static void close_parts(struct relay *r)
{
	r->closing = true;
	if (r->http) {
		r->to_close++;
		http_close(r->http, closed, r);
	}
	if (r->has_shaping) {
		r->to_close++;
		lane_close(&r->shaping, closed, r);
	}
	if (r->has_writer) {
		r->to_close++;
		lane_close(&r->writer.lane, closed, r);
	}
	r->to_close += console_close(r->console, closed, r);
}

static void close_all(struct relay *r)
{
	close_parts(r);
	if (r->has_wake) {
		r->to_close++;
		wake_close(&r->wake, closed);
	}
	refresh_close(r->refresh);
	notify_close(r->notify);
	signals_hold();
	close_handle(r, (uv_handle_t *)&r->timer);
	close_handle(r, (uv_handle_t *)&r->on_term);
	close_handle(r, (uv_handle_t *)&r->on_int);
	close_handle(r, (uv_handle_t *)&r->on_hup);
}

static bool is_still(const struct relay *r)
{
	return r->shipping.unsettled == 0 && r->jobs == 0 && console_idle(r->console) &&
	       r->reading.waiting_loads == 0 && r->reading.admitting == 0 &&
	       !r->reloading && r->sites.jobs == 0 && !r->scrubbing.under_way &&
	       !r->pruning.under_way && !r->ingesting.under_way;
}

/* The next relay cannot know of a step: what waits would wait for the difference too. */
static bool clock_is_stored(struct relay *r)
{
	uint64_t now = clock_mono_ms();

	return r->fatal.code != ERR_OK || (r->deadline_ms && now >= r->deadline_ms) ||
	       step_settled(&r->step, now);
}

static void end_if_done(struct relay *r)
{
	if (!r->stopping && is_drained(r)) {
		r->drained = r->stopping = true;
		r->deadline_ms = clock_mono_ms() + STOP_MS;
	}
	if (!r->stopping || r->closing)
		return;
	if (r->deadline_ms && clock_mono_ms() >= r->deadline_ms) {
		shipment_abort_all(r);
		refresh_abort(r->refresh);
	}
	if (is_still(r) && clock_is_stored(r))
		close_all(r);
}

static void sooner(uint64_t *at, uint64_t then)
{
	if (then < *at)
		*at = then;
}

/* When to look next, if nothing happens before: never later than a second. Rows that were due
 * at the last look wait for something else, whose end is told. */
static void set_timer(struct relay *r, uint64_t now)
{
	int64_t wall = clock_wall_ms();
	uint64_t at = r->look_ms;

	for (int i = -1; i < r->sites.count; i++) {
		struct site *s = i < 0 ? &r->sites.redo : r->sites.list[i];

		if (s->due_ms > r->reading.due_looked_ms && !s->reading_due)
			sooner(&at, s->due_ms > wall ? now + (uint64_t)(s->due_ms - wall)
						     : now);
		if (s->state == SITE_BLOCKED)
			sooner(&at, s->until_ms);
		if (s->next_start_ms > now)
			sooner(&at, s->next_start_ms);
	}
	if (r->reading.dirty || r->reading.count > 0)
		sooner(&at, now + TICK_MS);
	if (r->ingesting.wanted && !r->ingesting.under_way)
		sooner(&at, r->ingesting.due_ms);
	if (!r->pruning.under_way)
		sooner(&at, r->pruning.due_ms);
	if (r->scrubbing.refusals > 0 && r->scrubbing.cut_ms > now)
		sooner(&at, r->scrubbing.cut_ms);
	if (r->stopping && r->deadline_ms)
		sooner(&at, r->deadline_ms);
	uv_update_time(&r->loop);
	uv_timer_start(&r->timer, on_timer, at > now + 1 ? at - now : 1, 0);
}

/* The WAL was written: the commit is visible only after its fsync, of which nobody tells. So
 * look now, and again at growing distances. */
static void note_write(struct relay *r, uint64_t now)
{
	r->woken_ms = now;
	r->look_ms = now + 1;
	reading_look(r);
}

/* Nobody need be told of more: the next load, or the next slice, looks anyway. */
static bool may_sleep(const struct relay *r, uint64_t now)
{
	return reading_gathers(r, now) || r->scrubbing.under_way;
}

/* Callbacks below may come back here; the outermost call goes around again instead. */
void relay_pump(struct relay *r)
{
	uint64_t now;

	if (r->closing)
		return;
	if (r->pumping) {
		r->pump_again = true;
		return;
	}
	r->pumping = true;
	do {
		r->pump_again = false;
		now = clock_mono_ms();
		open_idle_sites(r, now);
		shipment_start_queued(r);
		ingesting_pump(&r->ingesting, now);
		/* Before anything is admitted by what is known to be out of date. */
		if (r->stale_config && !r->reloading)
			reload_start(r);
		reading_pump(r, now);
	} while (r->pump_again);
	scrubbing_pump(&r->scrubbing, now, is_sent(r));
	pruning_pump(&r->pruning, now);
	r->pumping = false;
	notify_look(r->notify);
	end_if_done(r);
	if (r->closing)
		return;
	if (r->has_wake && r->wake.paused != may_sleep(r, now)) {
		wake_pause(&r->wake, !r->wake.paused);
		note_write(r, now);
	}
	set_timer(r, now);
}

static void on_timer(uv_timer_t *timer)
{
	struct relay *r = uv_handle_get_data((uv_handle_t *)timer);
	uint64_t now = clock_mono_ms();
	struct err e;

	if (now >= r->look_ms) {
		uint64_t since = now - r->woken_ms;

		r->look_ms = now + (since < SETTLE_MS ? since / 2 + 1 : LOOK_MS);
		reading_look(r);
		if (since >= SETTLE_MS)
			reading_touch(r);
		r->stale_config = r->stale_config || r->keyless;
		/* Nothing is ever committed to a file that has gone: nothing else tells. */
		if (writer_check_file(&r->writer, &e) != ERR_OK)
			relay_fail(r, &e);
		trouble_check_file(r);
	}
	relay_pump(r);
}

static void on_woken(void *arg)
{
	struct relay *r = arg;

	note_write(r, clock_mono_ms());
	relay_pump(r);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct relay *r = uv_handle_get_data((uv_handle_t *)signal);
	struct log_line line = log_begin(LOG_NOTICE, "signal");

	log_field(&line, "number", "%d", number);
	log_end(&line);
	if (number == SIGHUP) {
		r->stale_config = true;
	} else {
		r->deadline_ms = clock_mono_ms() + (r->stopping ? 0 : STOP_MS);
		r->stopping = true;
		writer_hurry(&r->writer);
	}
	relay_pump(r);
}

static void watch_signal(struct relay *r, uv_signal_t *handle, int number)
{
	uv_signal_init(&r->loop, handle);
	uv_handle_set_data((uv_handle_t *)handle, r);
	uv_signal_start(handle, on_signal, number);
}

/* Without its key the relay keeps the queue and sends nothing: needs_token. */
static enum err_code check_key(const struct relay *r, struct err *e)
{
	struct log_line line;
	struct vault vault;

	if (vault_open(&vault, r->options.db_path, e) == ERR_OK) {
		vault_close(&vault);
		return ERR_OK;
	}
	if (e->code != ERR_NOINPUT)
		return e->code;
	line = log_begin(LOG_ERROR, "key_missing");
	log_field(&line, "error", "%s", e->msg);
	log_end(&line);
	e->code = ERR_OK;
	return ERR_OK;
}

static enum err_code open_parts(struct relay *r, struct err *e)
{
	struct http_options http = {r->options.timeout_ms, r->options.ca_file};
	void *judges[RELAY_SHAPERS];
	int recovered = 0;

	if (writer_open(&r->writer, r->options.db_path, &recovered, e) != ERR_OK)
		return e->code;
	ingesting_init(&r->ingesting, r);
	if (step_open(&r->step, r, e) != ERR_OK ||
	    scrubbing_open(&r->scrubbing, r, e) != ERR_OK ||
	    pruning_open(&r->pruning, r, &r->options.keep, e) != ERR_OK ||
	    queue_position(&r->writer.queue, &r->reading.admitted,
			   &r->shipping.last_attempt_id, e) != ERR_OK)
		return e->code;
	if (check_key(r, e) != ERR_OK ||
	    lock_tell(&r->writer.lock, r->options.endpoint, e) != ERR_OK)
		return e->code;
	for (int i = 0; i < RELAY_SHAPERS; i++) {
		if (judge_open_shared(&r->judges[i], r->writer.lock.path,
				      &r->writer.kinship, e) != ERR_OK)
			return e->code;
		judges[i] = &r->judges[i];
	}
	if (http_new(&r->loop, &http, &r->http, e) != ERR_OK ||
	    lane_open(&r->shaping, &r->loop, "shaper", judges, RELAY_SHAPERS, NULL, e) !=
		    ERR_OK)
		return e->code;
	r->has_shaping = true;
	if (writer_start(&r->writer, &r->loop, e) != ERR_OK)
		return e->code;
	r->has_writer = true;
	if (console_open(r, &r->console, e) != ERR_OK)
		return e->code;
	r->reading.next_after = r->reading.last_row = r->reading.taken =
		r->reading.claimed = r->reading.standing = r->reading.admitted;
	if (recovered) {
		struct log_line line = log_begin(LOG_WARN, "recovered");

		log_field(&line, "requests", "%d", recovered);
		log_end(&line);
	}
	return ERR_OK;
}

static void start(struct relay *r)
{
	struct log_line line;
	struct err e;

	r->refresh = refresh_open(r);
	r->notify = notify_open(r);
	uv_timer_init(&r->loop, &r->timer);
	uv_handle_set_data((uv_handle_t *)&r->timer, r);
	watch_signal(r, &r->on_term, SIGTERM);
	watch_signal(r, &r->on_int, SIGINT);
	watch_signal(r, &r->on_hup, SIGHUP);
	signals_let_go();
	r->has_wake = true;
	if (wake_open(&r->wake, &r->loop, r->writer.lock.path, on_woken, r, &e) !=
	    ERR_OK) {
		line = log_begin(LOG_WARN, "polling");
		log_field(&line, "error", "%s", e.msg);
		log_end(&line);
	}
	line = log_begin(LOG_INFO, "started");
	log_field(&line, "version", "%s", CONVEY_VERSION);
	log_field(&line, "database", "%s", r->writer.lock.path);
	log_field(&line, "endpoint", "%s", r->options.endpoint);
	log_end(&line);
	reading_touch(r);
	r->stale_config = true;
	relay_pump(r);
}

static void finish(struct relay *r)
{
	struct log_line line = log_begin(LOG_INFO, "stopped");

	log_field(&line, "drained", "%s",
		  r->fatal.code == ERR_OK && (r->drained || r->reading.quiet) ? "yes"
									      : "no");
	log_end(&line);
}

static void release(struct relay *r)
{
	console_free(r->console);
	reading_fini(r);
	for (int i = 0; i < RELAY_SHAPERS; i++)
		if (r->judges[i].db.handle)
			judge_close(&r->judges[i]);
	scrubbing_close(&r->scrubbing);
	pruning_close(&r->pruning);
	if (r->has_writer && r->fatal.code == ERR_OK)
		writer_index_rest(&r->writer);
	writer_close(&r->writer);
	sites_fini(&r->sites);
}

enum err_code relay_run(const struct relay_options *options, struct err *e)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	e->code = ERR_OK;
	r->options = *options;
	r->metrics.started_ms = clock_wall_ms();
	r->sites.limits =
		(struct site_limits){options->retry_base_ms, options->retry_cap_ms};
	snprintf(r->shipping.url, sizeof(r->shipping.url),
		 "%s/open_api/v1.3/event/track/", options->endpoint);
	if (uv_loop_init(&r->loop) != 0)
		abort();
	if (open_parts(r, e) == ERR_OK) {
		start(r);
		uv_run(&r->loop, UV_RUN_DEFAULT);
		finish(r);
		*e = r->fatal;
	} else {
		close_parts(r);
		uv_run(&r->loop, UV_RUN_DEFAULT);
	}
	if (uv_loop_close(&r->loop) != 0)
		abort(); /* a handle was forgotten */
	release(r);
	free(r);
	return e->code;
}
