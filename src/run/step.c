/* SPDX-License-Identifier: MIT */
#include "run/step.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/relay.h"
#include "run/trouble.h"
#include "store/shift.h"

enum { STEP_MS = 1000, RETRY_MS = 1000 };

/* The time since the machine's start goes on while it sleeps: a sleep is no step. It stands
 * still with a virtual machine that is paused: the time it is set by then looks like any other. */
static int64_t ahead(void)
{
	return clock_wall_ms() - (int64_t)clock_boot_ms();
}

void step_init(struct step *s, struct relay *r)
{
	*s = (struct step){.relay = r, .ahead_ms = ahead(), .start_ms = clock_boot_ms()};
}

static void work(struct job *job, void *state)
{
	struct step *s = (struct step *)job;
	struct writer *w = state;

	const struct shift shift = {
		.by_ms = s->by_ms,
		.since_ms = s->ahead_ms + (int64_t)s->start_ms,
		.at_ms = s->ahead_ms + (int64_t)clock_boot_ms(),
	};

	job->err.code = shift_some(&w->db, &shift, s->key, &s->next_key, &job->err);
}

static void shift_due(struct site *s, int64_t by_ms)
{
	if (s->due_ms)
		s->due_ms = s->due_ms + by_ms > 0 ? s->due_ms + by_ms : 1;
}

static void submit(struct step *s);

static void finish(struct step *s)
{
	struct relay *r = s->relay;
	struct log_line line;

	s->ahead_ms += s->by_ms;
	s->key = 0;
	shift_due(&r->sites.redo, s->by_ms);
	for (int i = 0; i < r->sites.count; i++)
		shift_due(r->sites.list[i], s->by_ms);
	line = log_begin(LOG_WARN, "clock_set");
	log_field(&line, "seconds", "%lld", (long long)(s->by_ms / 1000));
	log_end(&line);
	reading_touch(r);
}

static void done(struct job *job)
{
	struct step *s = (struct step *)job;
	struct relay *r = s->relay;

	s->under_way = false;
	r->sites.jobs--;
	if (job->err.code != ERR_OK) {
		trouble_note(r, "clock_step_not_stored", &job->err);
		if (job->err.code != ERR_BUSY && job->err.code != ERR_IO)
			relay_fail(r, &job->err);
		s->retry_ms = clock_mono_ms() + RETRY_MS;
	} else if (s->next_key) {
		s->key = s->next_key;
		submit(s);
		return;
	} else {
		finish(s);
	}
	relay_pump(r);
}

static void submit(struct step *s)
{
	s->under_way = true;
	s->relay->sites.jobs++;
	s->job = (struct job){.work = work, .done = done};
	lane_submit(&s->relay->writer.lane, &s->job);
}

bool step_pending(const struct step *s)
{
	return s->under_way || s->key || llabs(ahead() - s->ahead_ms) >= STEP_MS;
}

int64_t step_now_ms(const struct step *s)
{
	return step_pending(s) ? s->ahead_ms + (int64_t)clock_boot_ms() : clock_wall_ms();
}

bool step_settled(struct step *s, uint64_t now)
{
	const struct relay *r = s->relay;

	if (s->under_way || now < s->retry_ms)
		return false;
	if (!step_pending(s))
		return true;
	if (r->shipping.unsettled > 0 || r->reading.waiting_loads > 0 ||
	    r->reading.admitting > 0)
		return false;
	if (!s->key) /* all rows by the same, also where the clock is set again meanwhile */
		s->by_ms = ahead() - s->ahead_ms;
	submit(s);
	return false;
}
