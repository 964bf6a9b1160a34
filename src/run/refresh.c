/* SPDX-License-Identifier: MIT */
#include "run/refresh.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/oauth_reply.h"
#include "run/relay.h"
#include "run/reload.h"
#include "run/trouble.h"
#include "store/destination.h"
#include "store/rekey.h"
#include "store/revocation.h"

enum {
	LEASE_MS = 30 * 1000,        /* beyond the time of a request */
	LOOK_MAX_MS = 5 * 60 * 1000, /* clocks are set */
	LOOK_MIN_MS = 100,
	NO_KEY_MS = 60 * 1000,
	REFUSED_MS = 15 * 60 * 1000,
	UNTOLD_MS = 60 * 1000,
	STORE_RETRY_MS = 1000,
};

#define OF_JOB(ptr) ((struct refresh *)(ptr))
#define OF_REQUEST(ptr)                                                                  \
	((struct refresh *)((char *)(ptr)-offsetof(struct refresh, oauth.http)))

static void log_grant(const struct refresh *f, enum log_level level, const char *event)
{
	struct log_line line = log_begin(level, event);
	const struct site *s = sites_find(&f->relay->sites, f->due.destination_id);

	log_field(&line, "destination", "%s", s ? s->name : "");
	if (f->error[0])
		log_field(&line, "error", "%s", f->error);
	log_end(&line);
}

static void end_turn(struct refresh *f)
{
	grant_fini(&f->grant);
	grant_fini(&f->fresh);
	secret_fini(&f->app.secret);
	f->busy = false;
	f->relay->jobs--;
}

static void on_timer(uv_timer_t *timer)
{
	struct refresh *f = uv_handle_get_data((uv_handle_t *)timer);

	refresh_look(f);
}

static void look_in(struct refresh *f, int64_t wait_ms)
{
	if (wait_ms < LOOK_MIN_MS)
		wait_ms = LOOK_MIN_MS;
	if (wait_ms > LOOK_MAX_MS)
		wait_ms = LOOK_MAX_MS;
	uv_update_time(&f->relay->loop);
	uv_timer_start(&f->timer, on_timer, (uint64_t)wait_ms, 0);
}

/* KEEPING: what the answer means, in the writer's transaction. */

static enum err_code keep_refresh(struct refresh *f, struct db *db,
				  const struct vault *vault, struct err *e)
{
	int32_t id = f->due.destination_id;
	int64_t now = clock_wall_ms(), at = now + REFUSED_MS;
	bool ours = false;

	f->kept = false;
	if (f->outcome == REFRESH_DONE) {
		if (grant_renew(db, vault, id, &f->grant.refresh_token, &f->fresh, now,
				&f->kept, e) != ERR_OK)
			return e->code;
		if (f->kept)
			return destination_token_set(db, id, e);
		f->grant.token = f->fresh.token;
		return revocation_of_stray(db, vault, id, &f->grant, now, e);
	}
	/* A refusal may only mean that somebody else was faster: then theirs is due. */
	if (grant_holds(db, vault, id, &f->grant.refresh_token, &ours, e) != ERR_OK ||
	    !ours)
		return e->code;
	if (f->outcome == REFRESH_FAILED &&
	    grant_retry_ms(db, vault, id, now, &at, e) != ERR_OK)
		return e->code;
	return grant_postpone(db, vault, &f->due, at, e);
}

static enum err_code keep_revocation(struct refresh *f, struct db *db,
				     const struct vault *vault, struct err *e)
{
	int64_t now = clock_wall_ms();

	if (f->outcome == REFRESH_DONE)
		return revocation_end(db, f->due.destination_id, e);
	return grant_postpone(
		db, vault, &f->due,
		now + (f->outcome == REFRESH_REFUSED ? REFUSED_MS : UNTOLD_MS), e);
}

static void keep_work(struct job *job, void *state)
{
	struct refresh *f = OF_JOB(job);
	struct writer *w = state;
	struct vault vault;

	if (rekey_open(&w->db, f->relay->options.db_path, &vault, &job->err) != ERR_OK)
		return;
	if (f->due.task == GRANT_REFRESH)
		job->err.code = keep_refresh(f, &w->db, &vault, &job->err);
	else
		job->err.code = keep_revocation(f, &w->db, &vault, &job->err);
	vault_close(&vault);
}

static void on_keep_again(uv_timer_t *timer)
{
	struct refresh *f = uv_handle_get_data((uv_handle_t *)timer);

	lane_submit(&f->relay->writer.lane, &f->job);
}

static void log_outcome(struct refresh *f)
{
	bool refresh = f->due.task == GRANT_REFRESH;

	if (f->outcome == REFRESH_DONE)
		log_grant(f, LOG_NOTICE, refresh ? "token_refreshed" : "token_revoked");
	else if (f->outcome == REFRESH_REFUSED)
		log_grant(f, LOG_ERROR, refresh ? "refresh_refused" : "revoke_refused");
	else
		log_grant(f, LOG_WARN, refresh ? "refresh_failed" : "revoke_failed");
}

/* It is durable: used from now on, not only when the configuration has been read. */
static void use_fresh(struct refresh *f)
{
	struct site *s = sites_find(&f->relay->sites, f->due.destination_id);

	if (f->due.task != GRANT_REFRESH || !f->kept || !s || !s->has_token)
		return;
	site_set_token(s, &f->fresh.token, clock_mono_ms());
	reload_store_site(f->relay, s);
}

/* The only copy of the new pair is here until it is stored. */
static void keep_done(struct job *job)
{
	struct refresh *f = OF_JOB(job);

	if (job->err.code != ERR_OK) {
		snprintf(f->error, sizeof(f->error), "%s", job->err.msg);
		log_grant(f, LOG_ERROR, "grant_not_stored");
		/* What was asked for is noted: the next relay takes it up as after a kill. */
		if (trouble_is_final(&job->err))
			relay_fail(f->relay, &job->err);
		if (!trouble_give_up(f->relay)) {
			uv_timer_start(&f->timer, on_keep_again, STORE_RETRY_MS, 0);
			return;
		}
	} else {
		log_outcome(f);
		use_fresh(f);
	}
	end_turn(f);
	reading_touch(f->relay);
	refresh_look(f);
	relay_pump(f->relay);
}

static void keep(struct refresh *f)
{
	f->job.work = keep_work;
	f->job.done = keep_done;
	lane_submit(&f->relay->writer.lane, &f->job);
}

/* ASKING */

static void take_reply(struct refresh *f)
{
	struct oauth_grant reply;

	if (oauth_read_grant(buf_str(&f->oauth.reply), &reply)) {
		f->fresh.token = reply.token;
		f->fresh.refresh_token = reply.refresh_token;
		f->fresh.life_ms = reply.expires_in_s > 0 ? reply.expires_in_s * 1000 : 0;
	} else {
		f->outcome = REFRESH_FAILED;
		snprintf(f->error, sizeof(f->error), "the answer holds no token");
	}
	oauth_grant_fini(&reply);
}

static void on_answer(struct http_request *request)
{
	struct refresh *f = OF_REQUEST(request);
	struct err e = {ERR_OK, ""};

	f->asking = false;
	f->outcome = REFRESH_DONE;
	if (oauth_check(&f->oauth, &e) != ERR_OK)
		f->outcome = e.code == ERR_PERM ? REFRESH_REFUSED : REFRESH_FAILED;
	snprintf(f->error, sizeof(f->error), "%s", e.msg);
	if (f->due.task == GRANT_REVOKE && oauth_is_unknown_token(&f->oauth))
		f->outcome = REFRESH_DONE;
	if (f->due.task == GRANT_REFRESH && f->outcome == REFRESH_DONE)
		take_reply(f);
	oauth_fini(&f->oauth);
	keep(f);
}

static void ask(struct refresh *f)
{
	memcpy(f->app.id, f->grant.app_id, sizeof(f->app.id));
	f->app.secret = f->grant.app_secret;
	oauth_init(&f->oauth, f->relay->options.endpoint);
	if (f->due.task == GRANT_REFRESH)
		oauth_ask_refresh(&f->oauth, &f->app, &f->grant.refresh_token);
	else
		oauth_ask_revoke(&f->oauth, &f->app, &f->grant.token);
	f->oauth.http.done = on_answer;
	f->asking = true;
	http_send(f->relay->http, &f->oauth.http);
}

void refresh_abort(struct refresh *f)
{
	if (f->asking)
		http_abort(f->relay->http, &f->oauth.http);
}

/* LOOKING */

/* One whose secrets do not open must not keep the others waiting. */
static enum err_code take(struct refresh *f, struct db *db, const struct vault *vault,
			  int64_t now_ms, struct err *e)
{
	int64_t lease_ms = f->relay->options.timeout_ms + LEASE_MS;

	if (grant_take(db, vault, &f->due, now_ms, lease_ms, &f->grant, &f->taken, e) ==
		    ERR_OK ||
	    (e->code != ERR_CORRUPT && e->code != ERR_CONFIG))
		return e->code;
	snprintf(f->error, sizeof(f->error), "%s", e->msg);
	return grant_postpone(db, vault, &f->due, now_ms + REFUSED_MS, e);
}

static void look_work(struct job *job, void *state)
{
	struct refresh *f = OF_JOB(job);
	struct writer *w = state;
	struct err no_key = {ERR_OK, ""}, *e = &job->err;
	int64_t now = clock_wall_ms();
	struct vault vault;

	f->found = f->taken = f->opened = false;
	if (rekey_open(&w->db, f->relay->options.db_path, &vault, &no_key) != ERR_OK) {
		f->found = true;
		f->due.at_ms = now + NO_KEY_MS;
		return;
	}
	f->opened = true;
	if ((f->reclaimed || grant_reclaim(&w->db, &vault, now, e) == ERR_OK) &&
	    (!f->hastened ||
	     grant_hasten(&w->db, &vault, f->hastened, now, e) == ERR_OK) &&
	    grant_next(&w->db, &vault, now, &f->due, &f->found, e) == ERR_OK &&
	    f->found && f->due.at_ms <= now)
		e->code = take(f, &w->db, &vault, now, e);
	vault_close(&vault);
}

/* And the next one of those that were refused. */
static void note_hastened(struct refresh *f, bool failed)
{
	struct site *s = sites_find(&f->relay->sites, f->hastened);

	if (s && failed)
		s->renewal_due = true;
	f->hastened = 0;
	for (int i = 0; i < f->relay->sites.count; i++)
		f->again = f->again || f->relay->sites.list[i]->renewal_due;
}

static void pick_hastened(struct refresh *f)
{
	for (int i = 0; i < f->relay->sites.count; i++) {
		struct site *s = f->relay->sites.list[i];

		if (!s->renewal_due)
			continue;
		s->renewal_due = false;
		f->hastened = s->id;
		return;
	}
}

static void look_done(struct job *job)
{
	struct refresh *f = OF_JOB(job);
	bool failed = job->err.code != ERR_OK;

	f->reclaimed = f->reclaimed || (f->opened && !failed);
	note_hastened(f, failed);
	if (!failed && f->taken) {
		ask(f);
		return;
	}
	if (!failed && f->error[0])
		log_grant(f, LOG_ERROR, "grant_unreadable");
	end_turn(f);
	if (failed)
		look_in(f, STORE_RETRY_MS);
	else if (f->found)
		look_in(f, f->due.at_ms - clock_wall_ms());
	if (f->again)
		refresh_look(f);
	relay_pump(f->relay);
}

static void start_look(struct refresh *f)
{
	f->busy = true;
	f->again = false;
	f->error[0] = '\0';
	f->relay->jobs++;
	uv_timer_stop(&f->timer);
	pick_hastened(f);
	f->job.work = look_work;
	f->job.done = look_done;
	lane_submit(&f->relay->writer.lane, &f->job);
}

void refresh_look(struct refresh *f)
{
	if (f->relay->stopping)
		return;
	if (f->busy)
		f->again = true;
	else
		start_look(f);
}

/* It expired before its time by our clock, or a person took it back: TikTok knows. */
void refresh_refused(struct refresh *f, struct site *s, const struct answer *answer)
{
	if (answer->has_code && (answer->code == 40102 || answer->code == 40105) &&
	    site_wants_renewal(s, clock_mono_ms()))
		refresh_look(f);
}

struct refresh *refresh_open(struct relay *r)
{
	struct refresh *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->relay = r;
	uv_timer_init(&r->loop, &f->timer);
	uv_handle_set_data((uv_handle_t *)&f->timer, f);
	return f;
}

static void on_closed(uv_handle_t *handle)
{
	struct refresh *f = uv_handle_get_data(handle);
	struct relay *r = f->relay;

	OPENSSL_cleanse(f, sizeof(*f));
	free(f);
	r->to_close--;
}

void refresh_close(struct refresh *f)
{
	f->relay->to_close++;
	uv_close((uv_handle_t *)&f->timer, on_closed);
}
