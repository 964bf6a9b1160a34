/* SPDX-License-Identifier: MIT */
#include "run/ingesting.h"

#include "base/clock.h"
#include "run/relay.h"

enum { LEISURE_MS = 200, RETRY_MS = 1000 };

void ingesting_init(struct ingesting *g, struct relay *r)
{
	*g = (struct ingesting){.relay = r};
}

void ingesting_want(struct ingesting *g, bool urgent)
{
	g->wanted = true;
	g->urgent = g->urgent || urgent;
}

static void ingest_work(struct job *job, void *state)
{
	struct ingesting *g = (struct ingesting *)job;
	struct writer *w = state;

	if (ingest_slice(&w->ingest, w->queue.now_ms, &g->slice, &job->err) != ERR_OK)
		return;
}

static void failed(struct ingesting *g)
{
	trouble_note(g->relay, "visits_not_read", &g->job.err);
	if (g->job.err.code != ERR_BUSY && g->job.err.code != ERR_IO)
		relay_fail(g->relay, &g->job.err);
	g->due_ms = clock_mono_ms() + RETRY_MS;
}

static void ingest_done(struct job *job)
{
	struct ingesting *g = (struct ingesting *)job;
	struct relay *r = g->relay;

	g->under_way = false;
	if (job->err.code != ERR_OK) {
		failed(g);
	} else {
		if (g->slice.visits + g->slice.consents > 0) {
			trouble_over(r);
			r->changes++;
		}
		g->due_ms = 0;
		if (g->slice.complete) {
			g->covered = g->slice.covered;
			g->wanted = g->urgent = false;
			g->due_ms = clock_mono_ms() + LEISURE_MS;
			reading_touch(r);
		}
	}
	relay_pump(r);
}

void ingesting_pump(struct ingesting *g, uint64_t now)
{
	struct relay *r = g->relay;

	if (!g->wanted || g->under_way || r->stopping || r->trouble.stands)
		return;
	if (now < g->due_ms && (!g->urgent || g->job.err.code != ERR_OK))
		return;
	g->under_way = true;
	g->job.work = ingest_work;
	g->job.done = ingest_done;
	g->job.err.code = ERR_OK;
	lane_submit(&r->writer.lane, &g->job);
}
