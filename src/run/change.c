/* SPDX-License-Identifier: MIT */
#include "run/change.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "run/relay.h"
#include "store/destination.h"
#include "store/requeue_event.h"

enum { NAME_MAX_BYTES = 512 };

/* Where requeue_some stands. A transaction may fail and be done again: what it has moved on is
 * kept only when it is durable. */
struct progress {
	int step;
	int64_t position, moved, refused;
	bool held_moved;
};

struct change {
	struct job job;
	struct errand *errand;
	enum change_kind kind;
	char name[NAME_MAX_BYTES];   /* of the destination, or the event_id */
	enum reason reason;          /* of the rows to replay; NONE: one event */
	struct progress done, doing; /* durable; with the slice that is being written */
	bool more;
	struct requeue_found found; /* the rows of the event_id */
	struct err refusal;         /* a mistake of who asks: nothing was written */
};

static struct progress progress_of(const struct requeue *q)
{
	return (struct progress){q->step, q->position, q->moved, q->refused,
				 q->held_moved};
}

static void return_to(struct requeue *q, const struct progress *p)
{
	q->step = p->step;
	q->position = p->position;
	q->moved = p->moved;
	q->refused = p->refused;
	q->held_moved = p->held_moved;
}

static enum err_code set_paused(struct change *c, struct db *db, struct err *e)
{
	int32_t id;

	if (destination_find(db, c->name, &id, e) != ERR_OK)
		return e->code;
	return destination_pause(db, id, c->kind == CHANGE_PAUSE, e);
}

/* Its statements are the writer's connection's, and end on its thread. */
static enum err_code replay(struct change *c, struct db *db, struct err *e)
{
	struct requeue_filter filter = {reason_status(c->reason), c->reason};
	struct requeue q;

	if (requeue_open(&q, db, REQUEUE_RETRY, e) != ERR_OK)
		return e->code;
	return_to(&q, &c->done);
	if (c->reason != REASON_NONE)
		e->code = requeue_some(&q, &filter, &c->more, e);
	else
		e->code = requeue_event(&q, &c->found, e);
	c->doing = progress_of(&q);
	requeue_close(&q);
	return e->code;
}

/* Who asks for what cannot be must not make the others' transaction fail. */
static void change_work(struct job *job, void *state)
{
	struct change *c = (struct change *)job;
	struct writer *w = state;
	struct err e = {ERR_OK, ""};

	c->more = false;
	c->refusal.code = ERR_OK;
	if (c->kind == CHANGE_RETRY)
		e.code = replay(c, &w->db, &e);
	else
		e.code = set_paused(c, &w->db, &e);
	if (e.code == ERR_USAGE || e.code == ERR_DATA || e.code == ERR_NOINPUT ||
	    e.code == ERR_BUSY)
		c->refusal = e;
	else
		job->err = e;
}

static void tell(struct errand *errand, int status, const char *words)
{
	snprintf(errand->notice, sizeof(errand->notice), "%s", words);
	errand->notice_bad = status >= 400;
	errand->status = status;
}

static void tell_refusal(struct errand *errand, const struct err *e)
{
	int status = e->code == ERR_NOINPUT ? 404
		     : e->code == ERR_USAGE ? 400
		     : e->code == ERR_DATA  ? 409
		     : e->code == ERR_BUSY  ? 409
					    : 503;

	tell(errand, status, e->msg);
}

static void tell_replay(struct change *c, bool cut_short)
{
	long long moved = (long long)c->done.moved;
	char words[ERRAND_NOTICE_MAX];

	snprintf(words, sizeof(words), "%lld deliver%s back to the queue.%s%s", moved,
		 moved == 1 ? "y is" : "ies are",
		 c->done.held_moved ? " Some may have arrived before: TikTok counts what "
				      "is sent again after 48 hours twice."
				    : "",
		 cut_short ? " The relay is stopping: ask again for the rest." : "");
	tell(c->errand, 200, words);
}

static void note(const struct change *c, const char *verb)
{
	struct log_line line = log_begin(LOG_NOTICE, "admin_change");

	log_field(&line, "verb", "%s", verb);
	if (c->kind != CHANGE_RETRY)
		log_field(&line, "destination", "%s", c->name);
	else if (c->reason != REASON_NONE)
		log_field(&line, "reason", "%s", reason_word(c->reason));
	log_field(&line, "status", "%d", c->errand->status);
	log_end(&line);
}

static void finish(struct change *c, bool cut_short)
{
	static const char *const verbs[] = {"", "pause", "resume", "retry"};
	char words[ERRAND_NOTICE_MAX];

	if (c->job.err.code != ERR_OK)
		tell_refusal(c->errand, &c->job.err);
	else if (c->refusal.code != ERR_OK)
		tell_refusal(c->errand, &c->refusal);
	else if (c->kind == CHANGE_RETRY)
		tell_replay(c, cut_short);
	else {
		snprintf(words, sizeof(words),
			 c->kind == CHANGE_PAUSE ? "'%s' is paused; its rows wait."
						 : "'%s' is sent to again.",
			 c->name);
		tell(c->errand, 200, words);
	}
	note(c, verbs[c->kind]);
}

static void change_done(struct job *job)
{
	struct change *c = (struct change *)job;
	struct relay *r = c->errand->relay;
	bool more = c->more && job->err.code == ERR_OK && !r->stopping;

	if (job->err.code == ERR_OK)
		c->done = c->doing;
	if (more) {
		lane_submit(&r->writer.lane, job);
		return;
	}
	finish(c, c->more);
	r->stale_config = true;
	reading_touch(r);
	errand_go_on(c->errand);
	free(c);
	relay_pump(r);
}

/* Into c->name; false where it is missing or too long. */
static bool take(struct change *c, const struct params *params, const char *name)
{
	struct str value = params_get(params, name);

	snprintf(c->name, sizeof(c->name), "%.*s", STR_ARG(value));
	return value.len > 0 && value.len < sizeof(c->name);
}

static bool take_replay(struct change *c, const struct params *params)
{
	struct str word = params_get(params, "reason");

	if (!word.p)
		return take(c, params, "event_id");
	return !params_get(params, "event_id").p && reason_of_word(word, &c->reason) &&
	       requeue_takes(REQUEUE_RETRY, reason_status(c->reason));
}

/* Beside the writer, as it may take long while all producers would wait. */
static void look_work(struct job *job, void *state)
{
	struct change *c = (struct change *)job;
	struct db db;

	(void)state;
	if (db_open(&db, c->errand->relay->options.db_path, DB_READ, &job->err) != ERR_OK)
		return;
	if (db_exec(&db, "BEGIN", &job->err) == ERR_OK)
		job->err.code = requeue_find(&db, c->name, 0, &c->found, &job->err);
	db_rollback(&db);
	db_close(&db);
}

static void write_it(struct change *c)
{
	c->job.work = change_work;
	c->job.done = change_done;
	lane_submit(&c->errand->relay->writer.lane, &c->job);
}

static void look_done(struct job *job)
{
	struct change *c = (struct change *)job;
	struct relay *r = c->errand->relay;

	if (job->err.code == ERR_OK && !r->closing) {
		write_it(c);
		return;
	}
	if (job->err.code == ERR_OK)
		err_set(&job->err, ERR_BUSY, "The relay is stopping.");
	finish(c, false);
	errand_go_on(c->errand);
	free(c);
	relay_pump(r);
}

void change_start(struct errand *errand, enum change_kind kind)
{
	const struct params *params = &errand->ask->params;
	struct change *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->errand = errand;
	c->kind = kind;
	if (kind == CHANGE_RETRY ? take_replay(c, params)
				 : take(c, params, "destination")) {
		if (kind == CHANGE_RETRY && c->reason == REASON_NONE) {
			c->job.work = look_work;
			c->job.done = look_done;
			errand_beside(errand, &c->job);
		} else {
			write_it(c);
		}
		return;
	}
	tell(errand, 400,
	     kind == CHANGE_RETRY ? "Which? Either event_id=…, or reason=… of rows that "
				    "can be replayed."
				  : "Which? destination=…");
	errand_go_on(errand);
	free(c);
}
