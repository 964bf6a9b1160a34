/* SPDX-License-Identifier: MIT */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "play_parts.h"
#include "run/shaper.h"

/* What the relay does with a failure; true where the same is tried again. */
static bool again(struct play *p, const struct err *e)
{
	if (getenv("PLAY_TRACE"))
		fprintf(stderr, "  %s: %s\n", err_name(e->code), e->msg);
	if (e->code == ERR_BUSY || e->code == ERR_IO)
		return true;
	play_end(p);
	return false;
}

static void told(struct play *p)
{
	if (p->committed)
		p->committed(p, p->arg);
}

static bool start(struct play *p)
{
	struct err e;

	p->starts++;
	if (writer_open(&p->writer, p->path, &p->recovered, &e) != ERR_OK) {
		if (getenv("PLAY_TRACE"))
			fprintf(stderr, "  start: %s: %s\n", err_name(e.code), e.msg);
		return false;
	}
	p->running = true;
	if (p->normal && db_exec(&p->writer.db, "PRAGMA synchronous = NORMAL", &e))
		abort();
	if (judge_open_shared(&p->judge, p->path, &p->writer.kinship, &e) != ERR_OK ||
	    scrub_open(&p->scrub, &p->writer.db, &e) != ERR_OK ||
	    play_prune_open(p, &e) != ERR_OK ||
	    queue_position(&p->writer.queue, &p->admitted, &p->last_attempt, &e) !=
		    ERR_OK) {
		play_end(p);
		return false;
	}
	return true;
}

void play_end(struct play *p)
{
	for (int i = 0; i < PLAY_SHIPMENTS; i++)
		p->shipments[i].alive = false;
	if (p->running) {
		if (p->judge.db.handle)
			judge_close(&p->judge);
		scrub_close(&p->scrub);
		play_prune_close(p);
		writer_close(&p->writer);
	}
	memset(&p->judge, 0, sizeof(p->judge));
	p->running = p->scrubbing = p->taken = false;
}

/* Serves the jobs in one go, as the writer's thread does. */
static void serve(struct play *p, struct job **jobs, int count)
{
	for (int i = 0; i < count; i++) {
		jobs[i]->err.code = ERR_OK;
		jobs[i]->next = i + 1 < count ? jobs[i + 1] : NULL;
	}
	if (count > 0)
		writer_serve(&p->writer, jobs[0]);
}

static struct play_shipment *ship(struct play *p, const struct opening *o)
{
	for (int i = 0; i < PLAY_SHIPMENTS; i++) {
		struct play_shipment *s = &p->shipments[i];

		if (s->alive)
			continue;
		*s = (struct play_shipment){.play = p, .opening = *o, .alive = true};
		play_send(p, s);
		return s;
	}
	abort();
}

static void settle_work(struct job *job, void *state)
{
	struct play_shipment *s = (struct play_shipment *)job;
	struct writer *w = state;

	if (queue_settle(&w->queue, &s->play->load->lot, &s->settlement, &job->err) !=
	    ERR_OK)
		return;
	for (int i = 0; i < s->part_count; i++)
		if (queue_reopen(&w->queue, &s->play->load->lot, &s->parts[i],
				 &job->err) != ERR_OK)
			return;
}

/* All answers at once, the way they are committed together; visits, and rows that go, beside them. */
static void settle(struct play *p)
{
	struct job *jobs[PLAY_SHIPMENTS + 2];
	struct play_task ingest = {{.work = play_ingest_work}, p};
	struct play_task prune = {{.work = play_prune_work}, p};
	int count = 1;

	jobs[0] = &prune.job;

	for (int i = 0; i < PLAY_SHIPMENTS; i++) {
		struct play_shipment *s = &p->shipments[i];

		if (!s->alive)
			continue;
		play_answer(p, s);
		s->job.work = settle_work;
		jobs[count++] = &s->job;
	}
	jobs[count] = &ingest.job;
	serve(p, jobs, count + 1);
	told(p);
	play_pruned(p, &prune.job.err);
	if (prune.job.err.code != ERR_OK)
		again(p, &prune.job.err);
	for (int i = 1; i < count && p->running; i++) {
		struct play_shipment s = *(struct play_shipment *)jobs[i];

		if (s.job.err.code != ERR_OK) {
			again(p, &s.job.err);
			continue;
		}
		((struct play_shipment *)jobs[i])->alive = false;
		play_settled(p, &s);
		for (int k = 0; k < s.part_count; k++)
			if (s.parts[k].events)
				ship(p, &s.parts[k]);
	}
	if (p->running && ingest.job.err.code != ERR_OK)
		again(p, &ingest.job.err);
}

struct admit {
	struct job job;
	struct play *play;
	struct opening openings[PLAY_ROWS];
	size_t count;
};

static void admit_work(struct job *job, void *state)
{
	struct admit *a = (struct admit *)job;
	struct writer *w = state;
	struct load *load = a->play->load;

	if (queue_admit(&w->queue, &load->lot, a->openings, a->count, &job->err) !=
	    ERR_OK)
		return;
	if (load->lot.kind == LOT_FRESH)
		edges_append(&w->edges, &load->kin, load->lot.last_id, 0);
}

static void plan(struct play *p, struct admit *a)
{
	struct lot *lot = &p->load->lot;
	int events = PLAY_BATCH;

	for (uint32_t i = 0; i < lot->count; i++) {
		struct entry *n = &lot->entries[i];

		if (n->reason != REASON_NONE)
			continue;
		if (events == PLAY_BATCH) {
			a->openings[a->count++] =
				(struct opening){.attempt_id = ++p->last_attempt,
						 .destination_id = n->destination_id,
						 .batch = ++p->load->batches};
			events = 0;
		}
		entry_set_batch(n, p->load->batches);
		events++;
	}
}

static void admit(struct play *p)
{
	struct admit a = {.job = {.work = admit_work}, .play = p};
	struct play_task block = {{.work = play_block_work}, p};
	struct job *jobs[] = {&a.job, &block.job};
	struct lot *lot = &p->load->lot;

	if (lot->count == 0)
		return;
	plan(p, &a);
	serve(p, jobs, 2);
	told(p);
	if (a.job.err.code != ERR_OK) {
		again(p, &a.job.err);
		return;
	}
	if (lot->kind == LOT_FRESH)
		p->admitted = lot->last_id;
	play_admitted(p);
	for (size_t i = 0; i < a.count; i++)
		if (a.openings[i].events)
			ship(p, &a.openings[i]);
	if (block.job.err.code != ERR_OK)
		again(p, &block.job.err);
}

/* True where there was something to read, or it could not be told. */
static bool read_rows(struct play *p, enum lot_kind kind)
{
	struct load *load = p->load;

	load->lot.kind = kind;
	load->after = p->admitted;
	load->upto = load->dues = 0;
	load->batches = 0;
	load->destination_id = 1;
	load->limit = 12;
	load->now_ms = clock_wall_ms() + 1000 + (p->later > 0) * 2 * PLAY_WAIT_MS;
	load->covered = INT64_MAX;
	load->not_behind = true;
	load->job.err.code = ERR_OK;
	shaper_work(&load->job, &p->judge);
	if (load->job.err.code != ERR_OK) {
		again(p, &load->job.err);
		return true;
	}
	if (load->lot.count == 0 && kind == LOT_FRESH)
		p->admitted = load->lot.last_id;
	admit(p);
	return load->lot.count > 0;
}

static bool any_shipment(const struct play *p)
{
	for (int i = 0; i < PLAY_SHIPMENTS; i++)
		if (p->shipments[i].alive)
			return true;
	return false;
}

/* What happens when nothing is to be sent; true where there was something. */
static bool keep_house(struct play *p)
{
	struct play_task task = {{.work = NULL}, p};
	struct job *jobs[] = {&task.job};
	int i = 0;

	while (i < PLAY_WORKS && p->done[i])
		i++;
	if (i == PLAY_WORKS)
		return false;
	p->more = false;
	task.job.work = play_works[i];
	serve(p, jobs, 1);
	told(p);
	if (i == PLAY_PRUNE)
		p->more = !play_pruned(p, &task.job.err);
	if (task.job.err.code != ERR_OK) {
		p->scrubbing = p->taken = false;
		again(p, &task.job.err);
		return true;
	}
	p->done[i] = !p->more;
	return true;
}

void play_cut(struct play *p)
{
	struct play_task task = {{.work = play_works[PLAY_CUT]}, p};
	struct job *jobs[] = {&task.job};

	if (!p->running)
		return;
	serve(p, jobs, 1);
	told(p);
}

/* When all is done: more rows; then what waited is due; then ids are old enough to be forgotten,
 * and the last rows come, which stay. */
static bool go_on(struct play *p)
{
	if (p->produced < PLAY_ROWS - PLAY_LAST) {
		play_produce(p, PLAY_ROWS - PLAY_LAST);
		return true;
	}
	if (p->later == 2)
		return false;
	if (++p->later == 2) {
		p->pruning.day += PLAY_IDS_DAYS;
		play_produce(p, PLAY_ROWS);
	}
	memset(p->done, 0, sizeof(p->done));
	return true;
}

void play_turn(struct play *p)
{
	if (p->produced == 0)
		play_produce(p, PLAY_ROWS / 2);
	if (!p->running && !start(p))
		return;
	if (any_shipment(p)) {
		settle(p);
		return;
	}
	if (read_rows(p, LOT_FRESH) || !p->running || read_rows(p, LOT_RETRY) ||
	    !p->running || keep_house(p))
		return;
	p->ended = !go_on(p);
}
