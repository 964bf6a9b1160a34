/* SPDX-License-Identifier: MIT */
#include "play_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/destination.h"
#include "store/rekey.h"

void play_break(struct play *p, const char *fmt, ...)
{
	va_list args;

	if (p->broken[0])
		return;
	va_start(args, fmt);
	vsnprintf(p->broken, sizeof(p->broken), fmt, args);
	va_end(args);
}

/* PRODUCERS */

static enum play_kind kind_of(int row)
{
	switch (row % 10) {
	case 3: return PLAY_TWIN;
	case 5: return PLAY_NO_URL;
	case 7: return PLAY_UNMAPPED;
	case 8: return row < 20 ? PLAY_POISON : PLAY_DELIVERED;
	case 9: return row == PLAY_ROWS - 1 ? PLAY_TWIN : PLAY_DELIVERED;
	default: return PLAY_DELIVERED;
	}
}

/* Of the row before; the last one's has gone by then. */
static int twin_of(int row)
{
	return row % 10 == 3 ? row - 1 : 1;
}

static void app(struct play *p, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(p->app, sql, NULL, NULL, &error) != SQLITE_OK)
		play_break(p, "a producer: %s", error ? error : "?");
	sqlite3_free(error);
}

static void insert(struct play *p, int row)
{
	enum play_kind kind = kind_of(row);
	char sql[600];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO outbox (event_id, event, event_time, payload) VALUES "
		 "('id-%d', '%s', strftime('%%s', 'now'), '{%s\"properties\":{\"value\":"
		 "29.99,\"currency\":\"EUR\"},\"consent\":{\"ad_user_data\":\"GRANTED\"},"
		 "\"user\":{\"email\":\"canary%d@secret.example\"}}')",
		 kind == PLAY_TWIN ? twin_of(row) : row,
		 kind == PLAY_UNMAPPED ? "unheard of" : "purchase",
		 kind == PLAY_NO_URL ? ""
				     : "\"page\":{\"url\":\"https://shop.example/\"},",
		 row);
	app(p, sql);
	p->rows[row].kind = kind;
}

void play_produce(struct play *p, int upto)
{
	while (p->produced < upto) {
		app(p, "BEGIN IMMEDIATE");
		for (int i = 0; i < 5; i++)
			insert(p, p->produced + 1 + i);
		app(p, "INSERT INTO visit (session_id, page_url, ttclid, email) VALUES "
		       "('s', 'https://shop.example/?ttclid=c', 'c', 'a@b.example');"
		       "INSERT INTO consent (email, ad_user_data) VALUES ('a@b.example', "
		       "'GRANTED'); COMMIT");
		p->produced += 5;
		if (p->committed)
			p->committed(p, p->arg);
	}
	memset(p->done, 0, sizeof(p->done));
}

/* THE WIRE */

#define EACH_ROW(s, i, n)                                                                \
	for (uint32_t i = 0; i < (s)->play->load->lot.count; i++)                        \
		for (const struct entry *n = &(s)->play->load->lot.entries[i]; n;        \
		     n = NULL)                                                           \
			if (entry_batch(n) == (s)->opening.batch && !n->reason &&        \
			    !(n->flags & ENTRY_DROPPED))

int64_t play_ask(struct play *p, const char *sql, int64_t id)
{
	int64_t value = -1;
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(p->app, sql, -1, &s, NULL) != SQLITE_OK) {
		play_break(p, "%s: %s", sql, sqlite3_errmsg(p->app));
		return -1;
	}
	sqlite3_bind_int64(s, 1, id);
	if (sqlite3_step(s) == SQLITE_ROW)
		value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return value;
}

void play_send(struct play *p, struct play_shipment *s)
{
	int64_t claimed =
		play_ask(p,
			 "SELECT events FROM attempt WHERE id = ?1 AND outcome IS "
			 "NULL AND members IS NOT NULL",
			 s->opening.attempt_id);

	if (claimed != s->opening.events)
		play_break(p, "request %lld is sent with %u events, %lld are claimed",
			   (long long)s->opening.attempt_id, s->opening.events,
			   (long long)claimed);
	EACH_ROW(s, i, n)
	{
		if (n->outbox_id > p->produced) {
			play_break(p, "row %lld is sent", (long long)n->outbox_id);
			return;
		}
		if (p->rows[n->outbox_id].settled)
			play_break(p, "row %lld is sent after it was settled",
				   (long long)n->outbox_id);
		p->rows[n->outbox_id].sent++;
	}
}

static bool poisoned(const struct play_shipment *s)
{
	EACH_ROW(s, i, n)
	if (s->play->rows[n->outbox_id].kind == PLAY_POISON)
		return true;
	return false;
}

/* The second half of a refused request goes on in one of its own. */
static void cut(struct play_shipment *s)
{
	uint32_t batch = ++s->play->load->batches;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < s->play->load->lot.count; i++) {
		struct entry *n = &s->play->load->lot.entries[i];

		if (entry_batch(n) != s->opening.batch || n->reason ||
		    n->flags & ENTRY_DROPPED)
			continue;
		n->attempts++;
		if (seen++ >= s->opening.events / 2)
			entry_set_batch(n, batch);
	}
	s->part_count = 2;
	for (int i = 0; i < 2; i++)
		s->parts[i] =
			(struct opening){.attempt_id = ++s->play->last_attempt,
					 .destination_id = s->opening.destination_id,
					 .batch = i ? batch : s->opening.batch};
	s->settlement.disposition = SETTLE_NONE;
}

/* Most are taken; now and then TikTok fails, throttles or refuses. */
void play_answer(struct play *p, struct play_shipment *s)
{
	struct settlement *t = &s->settlement;
	bool later = s->opening.attempt_id % 10 == 3;
	int64_t now = clock_wall_ms();

	if (s->answered)
		return;
	s->answered = true;
	s->answer = (struct answer){TRANSPORT_ANSWERED, 200, true, 0, "OK", "R"};
	*t = (struct settlement){.attempt_id = s->opening.attempt_id,
				 .batch = s->opening.batch,
				 .started_ms = now,
				 .due_ms = now + later * PLAY_WAIT_MS,
				 .answer = &s->answer};
	if (poisoned(s)) {
		s->answer.code = 40002;
		t->verdict = VERDICT_REFUSED;
		t->disposition = SETTLE_FAILED;
		t->reason = REASON_REFUSED_BY_TIKTOK;
		if (s->opening.events > 1)
			cut(s);
	} else if (later || s->opening.attempt_id % 5 == 2) {
		s->answer.code = 50000;
		t->verdict = VERDICT_UNKNOWN;
		t->disposition = SETTLE_RETRY;
		t->reason = REASON_SERVER_ERROR;
		t->unknown = true;
	} else if (s->opening.attempt_id % 7 == 3) {
		s->answer.code = 40100;
		t->verdict = VERDICT_THROTTLED;
		t->disposition = SETTLE_PARK;
		t->reason = REASON_RATE_LIMITED;
	} else {
		t->verdict = VERDICT_DELIVERED;
		t->disposition = SETTLE_DELIVERED;
	}
	(void)p;
}

void play_settled(struct play *p, const struct play_shipment *s)
{
	if (s->settlement.disposition != SETTLE_DELIVERED &&
	    s->settlement.disposition != SETTLE_FAILED)
		return;
	EACH_ROW(s, i, n)
	p->rows[n->outbox_id].settled = true;
}

void play_admitted(struct play *p)
{
	for (uint32_t i = 0; i < p->load->lot.count; i++) {
		const struct entry *n = &p->load->lot.entries[i];

		if (n->reason != REASON_NONE && n->outbox_id <= p->produced)
			p->rows[n->outbox_id].settled = true;
	}
}

/* BESIDE IT */

void play_ingest_work(struct job *job, void *state)
{
	struct writer *w = state;
	struct ingested slice;

	job->err.code = ingest_slice(&w->ingest, w->queue.now_ms, &slice, &job->err);
}

void play_block_work(struct job *job, void *state)
{
	struct writer *w = state;

	job->err.code = queue_block(&w->queue, 1, REASON_NONE, 0, "", &job->err);
}

static void scrub_work(struct job *job, void *state)
{
	struct play *p = ((struct play_task *)job)->play;

	(void)state;
	if (!p->scrubbing && scrub_begin(&p->scrub, 0, &job->err) != ERR_OK)
		return;
	p->scrubbing = true;
	if (scrub_some(&p->scrub, &p->more, &job->err) == ERR_OK)
		p->scrubbing = p->more;
}

static void look_or_keep(struct play *p, struct writer *w, const struct vault *vault,
			 struct err *e)
{
	int64_t now = clock_wall_ms();
	bool kept;

	if (p->taken) {
		if (grant_renew(&w->db, vault, 1, &p->grant.refresh_token, &p->fresh, now,
				&kept, e) == ERR_OK)
			p->taken = false;
		return;
	}
	if (grant_next(&w->db, vault, now, &p->due, &p->found, e) != ERR_OK || !p->found)
		return;
	if (grant_take(&w->db, vault, &p->due, p->due.at_ms, 1, &p->grant, &p->taken,
		       e) == ERR_OK)
		p->more = p->taken;
}

/* Two transactions: the grant is taken, TikTok gives another, which is kept. */
static void grant_work(struct job *job, void *state)
{
	struct play *p = ((struct play_task *)job)->play;
	struct writer *w = state;
	struct vault vault;

	if (rekey_open(&w->db, p->path, &vault, &job->err) != ERR_OK)
		return;
	look_or_keep(p, w, &vault, &job->err);
	vault_close(&vault);
}

static void tidy_work(struct job *job, void *state)
{
	struct writer *w = state;

	if (w->queue.dedup.used == 0 || dedup_flush(&w->queue.dedup, &job->err) == ERR_OK)
		job->err.code = edges_index(&w->edges, &job->err);
}

static void cut_work(struct job *job, void *state)
{
	struct writer *w = state;

	(void)job;
	w->cut_wal = true;
}

void (*const play_works[PLAY_WORKS])(struct job *job, void *state) = {
	[PLAY_INGEST] = play_ingest_work, [PLAY_SCRUB] = scrub_work,
	[PLAY_GRANT] = grant_work,        [PLAY_TIDY] = tidy_work,
	[PLAY_PRUNE] = play_prune_work,   [PLAY_CUT] = cut_work,
};
