/* SPDX-License-Identifier: MIT */
#include "run/reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/typed.h"
#include "run/refresh.h"
#include "run/relay.h"
#include "run/site_log.h"
#include "run/trouble.h"
#include "store/credential.h"
#include "store/disconnect.h"

enum { RETRY_MS = 1000 };

struct reload {
	struct job job;
	struct relay *relay;
	struct config *config;
	struct secret *tokens;
	bool *found;
	struct err *why; /* … a token that is kept was not found */
	int64_t admitted;
	bool unsent;  /* rows wait for a destination to be added */
	bool changed; /* it is another version than the relay goes by */
};

struct site_job {
	struct job job;
	struct relay *relay;
	struct site *site;
	int32_t destination_id;
	int64_t config_version; /* that the relay goes by */
	bool skipped;           /* it is another one by now: nothing was stored */
	enum reason reason;
	int64_t until_ms;
	char last_error[256];
};

static void log_error(const char *event, const struct err *e)
{
	struct log_line line = log_begin(LOG_ERROR, event);

	log_field(&line, "error", "%s", e->msg);
	log_end(&line);
}

/* A token that does not open is as good as none: its destination waits, the others go on. */
static enum err_code read_token(struct reload *l, struct db *db,
				const struct vault *vault, const struct err *no_key,
				size_t i, struct err *e)
{
	const struct destination_rules *d = &l->config->destinations[i].rules;
	int32_t id = d->id;

	e->code = ERR_OK;
	if (d->pixel_id[0] == '\0') {
		err_set(&l->why[i], ERR_USAGE,
			"there is no pixel yet: convey destination set %s --id PIXEL",
			d->name);
	} else if (no_key->code == ERR_OK) {
		if (credential_get(db, vault, id, "token", &l->tokens[i], &l->found[i],
				   &l->why[i]) != ERR_OK)
			l->found[i] = false;
	} else if (credential_has(db, id, "token", &l->found[i], e) == ERR_OK &&
		   l->found[i]) {
		l->found[i] = false;
		l->why[i] = *no_key;
	}
	return e->code;
}

/* The key is read each time: it may have been lost, put back or changed. */
static enum err_code read_tokens(struct reload *l, struct db *db, struct err *e)
{
	struct err no_key = {ERR_OK, ""};
	size_t count = l->config->count;
	struct vault vault;

	l->tokens = calloc(count + 1, sizeof(*l->tokens));
	l->found = calloc(count + 1, sizeof(*l->found));
	l->why = calloc(count + 1, sizeof(*l->why));
	if (!l->tokens || !l->found || !l->why)
		abort();
	e->code = ERR_OK;
	if (vault_open(&vault, l->relay->options.db_path, &no_key) != ERR_OK)
		vault = (struct vault){.credential = false};
	for (size_t i = 0; i < count && e->code == ERR_OK; i++)
		e->code = read_token(l, db, &vault, &no_key, i, e);
	vault_close(&vault);
	return e->code;
}

static enum err_code read_unsent(struct reload *l, struct judge *judge, struct err *e)
{
	int64_t first = 0, last;

	if (l->config->count == 0 &&
	    outbox_edges(&judge->reader, l->admitted, &first, &last, e) != ERR_OK)
		return e->code;
	l->unsent = first > 0;
	return ERR_OK;
}

static void reload_work(struct job *job, void *state)
{
	struct reload *l = (struct reload *)job;
	struct judge *judge = state;

	if (db_exec(&judge->db, "BEGIN", &job->err) == ERR_OK &&
	    config_load(&judge->db, &l->config, &job->err) == ERR_OK &&
	    read_unsent(l, judge, &job->err) == ERR_OK)
		job->err.code = read_tokens(l, &judge->db, &job->err);
	db_rollback(&judge->db);
}

static struct site *site_of(struct relay *r, int32_t id)
{
	struct site *s = sites_find(&r->sites, id);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	r->sites.list = realloc(r->sites.list,
				(size_t)(r->sites.count + 1) * sizeof(struct site *));
	if (!s || !r->sites.list)
		abort();
	s->id = id;
	r->sites.list[r->sites.count++] = s;
	return s;
}

/* Why there is no token, where one is kept; or no pixel to use it for. */
static void note_loss(struct relay *r, struct site *s, const struct err *why)
{
	r->keyless = r->keyless || (why->code && why->code != ERR_USAGE);
	if (s->reason != REASON_NEEDS_TOKEN || strcmp(s->last_error, why->msg) == 0)
		return;
	snprintf(s->last_error, sizeof(s->last_error), "%s", why->msg);
	s->changed = true;
}

/* Rows that were on their way into the queue when somebody disconnected. */
struct giving_up {
	struct job job;
	struct relay *relay;
	int32_t destination_id;
	int64_t through, count;
};

static void give_up_work(struct job *job, void *state)
{
	struct giving_up *c = (struct giving_up *)job;
	struct writer *w = state;

	if (disconnect_waiting(&w->db, c->destination_id, c->through, &c->count,
			       &job->err) != ERR_OK)
		return;
}

/* By reading the configuration again. */
static void give_up_later(struct relay *r, int32_t destination_id, const struct err *e)
{
	struct site *s = sites_find(&r->sites, destination_id);

	log_error("disconnect_incomplete", e);
	if (trouble_is_final(e))
		relay_fail(r, e);
	if (!s)
		return;
	s->give_up_again = true;
	r->stale_config = true;
	r->trouble.until_ms = clock_mono_ms() + RETRY_MS;
}

static void give_up_done(struct job *job)
{
	struct giving_up *c = (struct giving_up *)job;
	struct relay *r = c->relay;

	if (job->err.code == ERR_OK && c->count > 0) {
		lane_submit(&r->writer.lane, job);
		return;
	}
	if (job->err.code != ERR_OK)
		give_up_later(r, c->destination_id, &job->err);
	r->sites.jobs--;
	free(c);
	relay_pump(r);
}

static void give_up(struct relay *r, struct site *s)
{
	struct giving_up *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	s->give_up_again = false;
	c->relay = r;
	c->destination_id = s->id;
	c->through = s->cancelled_through;
	c->job.work = give_up_work;
	c->job.done = give_up_done;
	r->sites.jobs++;
	lane_submit(&r->writer.lane, &c->job);
}

/* Also of maps, routes and settings: what is decided from here on may be another. */
static void log_change(const struct relay *r)
{
	struct log_line line = log_begin(LOG_NOTICE, "configuration_changed");

	log_field(&line, "version", "%lld", (long long)r->config_version);
	log_end(&line);
}

static void apply(struct reload *l, size_t i)
{
	const struct destination_config *d = &l->config->destinations[i];
	bool is_new = sites_find(&l->relay->sites, d->rules.id) == NULL;
	struct site *s = site_of(l->relay, d->rules.id);
	bool gave_up;

	snprintf(s->name, sizeof(s->name), "%s", d->rules.name);
	snprintf(s->pixel_id, sizeof(s->pixel_id), "%s", d->rules.pixel_id);
	snprintf(s->test_event_code, sizeof(s->test_event_code), "%s",
		 d->rules.test_event_code);
	s->source = d->rules.source;
	s->batch = d->batch;
	s->requests_per_second = d->requests_per_second;
	s->paused = d->paused;
	s->removed = false;
	gave_up = !is_new && d->cancelled_through > s->cancelled_through;
	s->cancelled_through = d->cancelled_through;
	site_set_token(s, l->found[i] ? &l->tokens[i] : NULL, clock_mono_ms());
	note_loss(l->relay, s, &l->why[i]);
	if ((gave_up || s->give_up_again) && !s->has_token)
		give_up(l->relay, s);
	if (is_new)
		site_resume(s, (enum reason)d->reason,
			    d->blocked_until_ms > 0
				    ? d->blocked_until_ms - clock_wall_ms()
				    : 0,
			    clock_mono_ms());
	/* `token set` clears the reason, also when the token is the same again; so does
	 * `destination resume`. */
	if (s->stored && d->reason == REASON_NONE && l->changed)
		site_cleared(s, clock_mono_ms());
	s->stored = (enum reason)d->reason;
	/* What the file says of its state must be what it is. */
	s->changed =
		s->changed || d->reason != (int)(s->state == SITE_OPEN ? 0 : s->reason);
	if (is_new)
		site_log_start(s);
	else
		site_log_deed(s);
	reload_store_site(l->relay, s);
}

/* Destinations that are gone wait for ever; their shipments may still be under way. */
static void mark_removed(struct relay *r)
{
	for (int i = 0; i < r->sites.count; i++)
		r->sites.list[i]->removed = r->sites.list[i]->paused = true;
}

/* Rows wait for one, and a drain would wait for ever. */
static void tell_no_destination(struct relay *r, bool unsent)
{
	struct err e;

	err_set(&e, ERR_CONFIG,
		"there is no destination: convey destination add NAME --source web "
		"--id PIXEL");
	typed_in(e.msg, sizeof(e.msg));
	if (r->options.drain && unsent)
		relay_fail(r, &e);
	else
		log_error("no_destination", &e);
}

static void reload_done(struct job *job)
{
	struct reload *l = (struct reload *)job;
	struct relay *r = l->relay;
	bool first;

	r->jobs--;
	r->reloading = false;
	if (job->err.code != ERR_OK) {
		complaint_note(&r->trouble.of_configuration, "configuration_unreadable",
			       &job->err, clock_mono_ms());
		r->trouble.until_ms = clock_mono_ms() + RETRY_MS;
	} else {
		complaint_over(&r->trouble.of_configuration, "configuration_read_again");
		r->stale_config = false;
		first = r->config_version == 0;
		l->changed = r->config_version != l->config->version;
		r->config_version = l->config->version;
		r->keyless = false;
		if (l->changed && !first)
			log_change(r);
		mark_removed(r);
		for (size_t i = 0; i < l->config->count; i++)
			apply(l, i);
		for (int i = 0; i < r->sites.count; i++)
			if (r->sites.list[i]->removed)
				site_log_deed(r->sites.list[i]);
		refresh_look(r->refresh);
		if (l->config->count == 0)
			tell_no_destination(r, l->unsent);
	}
	if (l->tokens)
		OPENSSL_cleanse(l->tokens, (l->config->count + 1) * sizeof(*l->tokens));
	config_free(l->config);
	free(l->tokens);
	free(l->found);
	free(l->why);
	free(l);
	reading_touch(r);
	relay_pump(r);
}

void reload_start(struct relay *r)
{
	struct reload *l;

	if (r->stopping || clock_mono_ms() < r->trouble.until_ms)
		return;
	l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	l->relay = r;
	l->admitted = r->reading.admitted;
	l->job.work = reload_work;
	l->job.done = reload_done;
	r->reloading = true;
	r->jobs++;
	lane_submit(&r->shaping, &l->job);
}

static void site_work(struct job *job, void *state)
{
	struct site_job *j = (struct site_job *)job;
	struct writer *w = state;
	int64_t version = j->config_version;

	/* Somebody has changed something since: a refusal of what there was before, told
	 * while the relay ends, must not keep the next one from trying. */
	if (j->reason != REASON_NONE &&
	    config_version(&w->db, &version, &job->err) != ERR_OK)
		return;
	j->skipped = version != j->config_version;
	if (!j->skipped)
		job->err.code = queue_block(&w->queue, j->destination_id, j->reason,
					    j->until_ms, j->last_error, &job->err);
}

static void site_done(struct job *job)
{
	struct site_job *j = (struct site_job *)job;
	struct relay *r = j->relay;

	r->sites.jobs--;
	if (job->err.code != ERR_OK || j->skipped)
		j->site->changed = true; /* goes with the next change */
	else
		j->site->stored = j->reason;
	r->stale_config = r->stale_config || j->skipped;
	free(j);
	relay_pump(r);
}

void reload_store_site(struct relay *r, struct site *s)
{
	uint64_t now = clock_mono_ms();
	struct site_job *j;

	if (s->removed)
		return;
	if (!s->paused) /* else what it waits for besides is told when it is resumed */
		site_log(s);
	if (!s->changed)
		return;
	s->changed = false;
	j = calloc(1, sizeof(*j));
	if (!j)
		abort();
	j->relay = r;
	j->site = s;
	j->destination_id = s->id;
	j->config_version = r->config_version;
	if (s->state != SITE_OPEN) {
		j->reason = s->reason;
		if (s->until_ms != SITE_FOREVER && s->until_ms > now)
			j->until_ms = clock_wall_ms() + (int64_t)(s->until_ms - now);
	}
	snprintf(j->last_error, sizeof(j->last_error), "%s", s->last_error);
	j->job.work = site_work;
	j->job.done = site_done;
	r->sites.jobs++;
	lane_submit(&r->writer.lane, &j->job);
}
