/* SPDX-License-Identifier: MIT */
#include "run/scrubbing.h"

#include "base/clock.h"
#include "base/log.h"
#include "run/reading.h"
#include "run/relay.h"

enum {
	RETRY_MS = 1000,
	REFUSALS_MAX = 7,        /* a drain does not wait for a reader for ever: 7 s */
	REFUSALS_TOLD = 4,       /* so many are a moment's, perhaps our own readers' */
	CUT_RETRY_MS = 20,       /* after the first refusal, then three times as long, */
	CUT_RETRY_MAX_MS = 4000, /* at most */
	OURS_MS = 60000, /* so long it may be a reader of ours that is in the way */
	WAL_LONG = 8 * 1024 * 1024, /* bytes: no checkpoint lets it grow so long */
};

enum err_code scrubbing_open(struct scrubbing *s, struct relay *r, struct err *e)
{
	*s = (struct scrubbing){
		.relay = r,
		.whole_changes = UINT64_MAX,
		.cut_ms = clock_mono_ms() + SCRUBBING_WHOLE_MS,
		/* A relay that ended after it had rewritten rows may have left it so. */
		.uncut = writer_wal_bytes(&r->writer) > 0,
	};
	return scrub_open(&s->scrub, &r->writer.db, e);
}

void scrubbing_close(struct scrubbing *s)
{
	scrub_close(&s->scrub);
}

bool scrubbing_done(const struct scrubbing *s)
{
	return !s->under_way && !s->begun && s->whole_changes == s->relay->changes &&
	       (!s->uncut || s->refusals >= REFUSALS_MAX);
}

static void scrub_work(struct job *job, void *state)
{
	struct scrubbing *s = (struct scrubbing *)job;
	struct writer *w = state;

	s->more = false;
	s->scrub.place = s->place;
	if (s->first && scrub_begin(&s->scrub, s->after, &job->err) != ERR_OK)
		return;
	s->scrub.slice = writer_is_alone(w) ? SCRUB_ROWS_ALONE : SCRUB_ROWS;
	if (s->begun && scrub_some(&s->scrub, &s->more, &job->err) != ERR_OK)
		return;
	w->cut_wal = s->cut;
}

/* What a failed transaction rewrote is as it was: the pass starts over. */
static void failed(struct scrubbing *s, const struct err *e, uint64_t now)
{
	trouble_note_redaction(s->relay, e);
	s->failing = true;
	if (e->code != ERR_BUSY && e->code != ERR_IO)
		relay_fail(s->relay, e);
	s->begun = false;
	s->after = 0;
	s->whole_ms = s->retry_ms = now + RETRY_MS;
	s->whole_changes = s->relay->changes - 1;
}

static void log_uncut(void)
{
	struct log_line line = log_begin(LOG_WARN, "wal_not_cut");

	log_field(&line, "error",
		  "another connection reads it, so that it grows and may hold plain "
		  "identifiers; if this stays, find that connection (fuser FILE-wal) "
		  "and end it");
	log_end(&line);
}

static void note_cut(struct scrubbing *s, uint64_t now)
{
	s->uncut = s->relay->writer.wal_uncut;
	if (!s->uncut || s->refused_ms == 0)
		s->refused_ms = s->uncut ? now : 0;
	/* Ours keep it for moments, though one by one. */
	if (s->uncut && !reading_idle(s->relay) && now - s->refused_ms < OURS_MS) {
		s->cut_ms = now + RETRY_MS;
		return;
	}
	s->refusals = s->uncut ? s->refusals + 1 : 0;
	s->cut_pause_ms = s->refusals > 1 ? 3 * s->cut_pause_ms : CUT_RETRY_MS;
	if (s->cut_pause_ms > CUT_RETRY_MAX_MS)
		s->cut_pause_ms = CUT_RETRY_MAX_MS;
	s->cut_ms = now + s->cut_pause_ms;
	if (s->refusals >= REFUSALS_TOLD)
		log_uncut();
}

static void scrub_done(struct job *job)
{
	struct scrubbing *s = (struct scrubbing *)job;
	uint64_t now = clock_mono_ms();

	s->under_way = false;
	reading_look(s->relay);
	if (job->err.code != ERR_OK) {
		failed(s, &job->err, now);
		relay_pump(s->relay);
		return;
	}
	s->failing = false;
	s->place = s->scrub.place;
	if (s->cut)
		note_cut(s, now);
	if (s->begun && s->place.rewritten > 0 && !s->uncut) {
		s->uncut = true;
		s->refusals = 0;
		s->cut_ms = now + SCRUBBING_WHOLE_MS;
	}
	if (s->begun && !s->more) {
		s->begun = false;
		if (s->after == 0)
			s->whole_changes = s->changes;
		s->after = s->upto;
	}
	relay_pump(s->relay);
}

static void submit(struct scrubbing *s)
{
	s->under_way = true;
	s->job.work = scrub_work;
	s->job.silent = true;
	s->job.done = scrub_done;
	lane_submit(&s->relay->writer.lane, &s->job);
}

static void begin(struct scrubbing *s, bool whole, uint64_t now)
{
	s->begun = s->first = true;
	if (whole)
		s->after = 0;
	if (s->after == 0)
		s->whole_ms = now + SCRUBBING_WHOLE_MS;
	s->upto = s->relay->reading.admitted;
	s->changes = s->relay->changes;
}

static bool is_idle(const struct scrubbing *s, uint64_t now, uint64_t for_ms)
{
	return reading_idle(s->relay) && s->relay->shipping.unsettled == 0 &&
	       now - s->changed_ms >= for_ms;
}

/* Each refusal makes the next try later: a reader that never ends must cost little. */
static bool cut_is_due(const struct scrubbing *s, uint64_t now, bool sent)
{
	if (s->refusals > 0)
		return now >= s->cut_ms;
	return sent || now >= s->cut_ms || is_idle(s, now, SCRUBBING_CUT_MS);
}

/* A reader that never ended has kept it, or one large transaction: nobody else cuts it. */
static void look_at_wal(struct scrubbing *s, uint64_t now)
{
	if (s->uncut || now < s->wal_looked_ms + RETRY_MS)
		return;
	s->wal_looked_ms = now;
	if (writer_wal_bytes(&s->relay->writer) < WAL_LONG)
		return;
	s->uncut = true;
	s->refusals = 0;
	s->cut_ms = now;
}

void scrubbing_pump(struct scrubbing *s, uint64_t now, bool sent)
{
	struct relay *r = s->relay;
	bool idle;

	/* Who has cancelled what a drain waited for may have noted something. */
	if (sent && !s->sent)
		r->changes++;
	s->sent = sent;
	if (s->seen_changes != r->changes) {
		s->seen_changes = r->changes;
		s->changed_ms = now;
	}
	if (s->under_way || r->stopping || r->trouble.stands || now < s->retry_ms)
		return;
	look_at_wal(s, now);
	idle = sent || is_idle(s, now, SCRUBBING_IDLE_MS);
	s->first = s->cut = false;
	if (s->begun) {
		if (idle || s->after == 0)
			submit(s);
		return;
	}
	if (now >= s->whole_ms || (sent && s->whole_changes != r->changes))
		begin(s, true, now);
	else if (idle && s->changes != r->changes)
		begin(s, false, now);
	s->cut = !s->begun && s->uncut && cut_is_due(s, now, sent);
	if (s->begun || s->cut)
		submit(s);
}
