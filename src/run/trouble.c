/* SPDX-License-Identifier: MIT */
#include "run/trouble.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/relay.h"
#include "store/room.h"

enum { TELL_MS = 60 * 1000, LOOK_AGAIN_MS = 1000 };

/* As whoever looks from outside is told. That somebody holds the database needs nobody at
 * first: it mostly passes. */
static int refusal_of(const struct relay *r, const struct err *e, uint64_t now)
{
	int refusal = r->writer.refusal;

	if (e->code == ERR_BUSY)
		return now - r->trouble.since_ms < TELL_MS ? 0 : EBUSY;
	return refusal > 0 && refusal < LOCK_REFUSAL_OTHER ? refusal : LOCK_REFUSAL_OTHER;
}

/* Each event by itself: a disk that is full is named also where redaction has met it before. */
static bool is_told(struct trouble_state *t, const char *event, uint64_t now)
{
	size_t i = 0;

	while (i < TROUBLE_EVENTS - 1 && t->told[i].event &&
	       strcmp(t->told[i].event, event) != 0)
		i++;
	if (t->told[i].event && strcmp(t->told[i].event, event) == 0 &&
	    now - t->told[i].at_ms < TELL_MS)
		return true;
	t->told[i].event = event;
	t->told[i].at_ms = now;
	return false;
}

static void note(struct relay *r, const char *event, const struct err *e, int refusal,
		 const char *stays)
{
	uint64_t now = clock_mono_ms();
	struct log_line line;

	r->trouble.last = *e;
	if (!r->trouble.refused)
		r->trouble.since_ms = now;
	r->trouble.refused = true;
	lock_mark(&r->writer.lock, refusal ? refusal : refusal_of(r, e, now));
	if (is_told(&r->trouble, event, now))
		return;
	line = log_begin(LOG_ERROR, event);
	log_field(&line, "error", "%s", e->msg);
	if (e->code == ERR_IO || e->code == ERR_BUSY)
		log_field(&line, "now",
			  "%s; tried again every second, and goes on by itself", stays);
	log_end(&line);
}

void trouble_note(struct relay *r, const char *event, const struct err *e)
{
	note(r, event, e, 0, "nothing new is sent");
}

void trouble_note_redaction(struct relay *r, const struct err *e)
{
	note(r, "redaction_failed", e, 0,
	     "personal data of settled rows stays in the file");
}

void trouble_over(struct relay *r)
{
	struct log_line line;

	r->trouble.stands = r->trouble.refused = false;
	lock_mark(&r->writer.lock, 0);
	if (!r->trouble.told[0].event)
		return;
	memset(r->trouble.told, 0, sizeof(r->trouble.told));
	line = log_begin(LOG_NOTICE, "database_takes_writes");
	log_end(&line);
}

bool trouble_is_there(const struct relay *r)
{
	return r->trouble.stands || r->trouble.refused || r->trouble.unreadable;
}

bool trouble_disk_full(struct relay *r)
{
	int64_t left = room_left(r->writer.lock.path);
	struct err e;

	if (left >= ROOM_REQUEST * (r->shipping.unsettled + r->reading.admitting + 1))
		return false;
	err_set(&e, ERR_IO, "the disk is full: %lld KiB are left for '%s'; make room",
		(long long)(left / 1024), r->writer.lock.path);
	note(r, "disk_full", &e, ENOSPC, "nothing new is sent");
	r->trouble.until_ms = clock_mono_ms() + LOOK_AGAIN_MS;
	return true;
}

bool trouble_is_final(const struct err *e)
{
	switch (e->code) {
	case ERR_CORRUPT:
	case ERR_NOINPUT:
	case ERR_CONFIG:
	case ERR_SYNC:
	case ERR_BUG: return true;
	default: return false;
	}
}

void trouble_note_loss(struct relay *r, uint32_t events, const struct err *e)
{
	struct log_line line = log_begin(LOG_ERROR, "outcome_not_recorded");

	log_field(&line, "events", "%u", events);
	log_field(&line, "error", "%s", e->msg);
	log_field(&line, "now",
		  "the next relay sends them again under the same ids, so that "
		  "TikTok counts them once");
	log_end(&line);
	if (r->fatal.code == ERR_OK)
		r->fatal = *e;
}

bool trouble_give_up(const struct relay *r)
{
	return r->fatal.code ||
	       (r->stopping && r->deadline_ms && clock_mono_ms() >= r->deadline_ms);
}

/* Each transaction of the writer begins with a look at the file; as a trial a page of it is
 * written as it is. */
static void file_work(struct job *job, void *state)
{
	struct writer *w = state;

	if (w->watch.trial)
		job->err.code =
			db_exec(&w->db, "UPDATE queue SET cursor = cursor", &job->err);
}

static void file_done(struct job *job)
{
	struct relay *r =
		(struct relay *)((char *)job - offsetof(struct relay, writer.watch.job));

	r->sites.jobs--;
	r->writer.watch.under_way = false;
	if (trouble_is_final(&job->err) || job->err.code == ERR_DATA)
		relay_fail(r, &job->err);
	else if (r->writer.watch.trial && job->err.code != ERR_OK)
		trouble_note(r, "database_refuses", &job->err);
	else if (r->writer.watch.trial && !r->trouble.stands)
		trouble_over(r);
	relay_pump(r);
}

/* What could not be written may be gone: somebody cancelled it. Else it is tried itself, and
 * perhaps it takes more room than a trial. */
static bool wants_trial(struct relay *r)
{
	return r->trouble.refused && !r->trouble.stands && !r->reading.dirty &&
	       !r->scrubbing.failing && ingesting_idle(&r->ingesting) &&
	       reading_idle(r) && !trouble_disk_full(r);
}

void trouble_check_file(struct relay *r)
{
	int64_t written_ns = writer_written_ns(&r->writer);
	bool same = written_ns == r->writer.watch.written_ns ||
		    r->writer.watch.written_ns == 0;

	if (r->writer.watch.under_way || r->stopping)
		return;
	r->writer.watch.written_ns = written_ns;
	r->writer.watch.trial = wants_trial(r);
	if (same && !r->writer.watch.trial)
		return;
	r->writer.watch.under_way = true;
	r->sites.jobs++;
	r->writer.watch.job = (struct job){
		.work = file_work, .done = file_done, .silent = r->writer.watch.trial};
	lane_submit(&r->writer.lane, &r->writer.watch.job);
}
