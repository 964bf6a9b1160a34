/* SPDX-License-Identifier: MIT */
#include "run/pruning.h"

#include "base/clock.h"
#include "base/log.h"
#include "run/relay.h"

enum err_code pruning_open(struct pruning *p, struct relay *r,
			   const struct prune_limits *limits, struct err *e)
{
	*p = (struct pruning){.relay = r, .limits = *limits};
	if (prune_open(&p->prune, &r->writer.queue, e) != ERR_OK)
		return e->code;
	return writer_read_floors(&r->writer, false, e);
}

void pruning_close(struct pruning *p)
{
	if (p->prune.db)
		prune_close(&p->prune);
}

static void prune_work(struct job *job, void *state)
{
	struct pruning *p = (struct pruning *)job;
	struct writer *w = state;
	struct err *e = &job->err;

	if (!p->begun) {
		if (prune_begin(&p->prune, &p->limits, w->queue.now_ms, &p->more, e) ==
		    ERR_OK)
			e->code = writer_read_floors(w, true, e);
		return;
	}
	if (prune_some(&p->prune, &p->more, e) == ERR_OK && !p->more)
		e->code = writer_read_floors(w, false, e);
}

static void tell(const struct prune_place *p)
{
	struct log_line line;

	if (p->rows_gone + p->visits_gone + p->attempts_gone == 0)
		return;
	line = log_begin(LOG_INFO, "pruned");
	log_field(&line, "rows", "%lld", (long long)p->rows_gone);
	log_field(&line, "visits", "%lld", (long long)p->visits_gone);
	log_field(&line, "requests", "%lld", (long long)p->attempts_gone);
	log_end(&line);
}

/* Where the relay ends with it, nothing is tried again by this process. */
static void tell_failed(const struct relay *r, const struct err *e, bool passes)
{
	struct log_line line = log_begin(LOG_ERROR, "pruning_failed");

	log_field(&line, "error", "%s", e->msg);
	if (passes && !r->options.drain)
		log_field(&line, "now",
			  "what is older than retention stays; tried again in an hour");
	log_end(&line);
}

static void prune_done(struct job *job)
{
	struct pruning *p = (struct pruning *)job;
	uint64_t now = clock_mono_ms();
	bool passes = job->err.code == ERR_BUSY || job->err.code == ERR_IO;

	p->under_way = false;
	if (job->err.code == ERR_OK)
		prune_committed(&p->prune);
	p->begun = job->err.code == ERR_OK && p->more;
	p->due_ms = now + (!p->begun                 ? PRUNE_EVERY_MS
			   : p->relay->options.drain ? 0
						     : PRUNING_PAUSE_MS);
	if (job->err.code != ERR_OK) {
		tell_failed(p->relay, &job->err, passes);
		if (!passes)
			relay_fail(p->relay, &job->err);
	} else if (!p->begun) {
		tell(&p->prune.at);
	}
	relay_pump(p->relay);
}

bool pruning_done(const struct pruning *p)
{
	return !p->under_way && !p->begun;
}

void pruning_pump(struct pruning *p, uint64_t now)
{
	struct relay *r = p->relay;

	if (p->under_way || r->stopping || r->trouble.stands || now < p->due_ms)
		return;
	p->under_way = true;
	p->job.work = prune_work;
	p->job.done = prune_done;
	p->job.err.code = ERR_OK;
	lane_submit(&r->writer.lane, &p->job);
}
