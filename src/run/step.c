/* SPDX-License-Identifier: MIT */
#include "run/step.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/relay.h"
#include "run/trouble.h"
#include "store/shift.h"

enum {
	STEP_MS = 1000,
	RETRY_MS = 1000,
	SLICE_MS = 20, /* so long a producer waits, and whoever ends the relay */
};

/* The time since the machine's start goes on while it sleeps: a sleep is no step. It stands
 * still with a virtual machine that is paused: the time it is set by then looks like any other. */
static int64_t ahead(void)
{
	return clock_wall_ms() - (int64_t)clock_boot_ms();
}

static void begin(struct step *s, int64_t by_ms)
{
	s->begun = true;
	s->shift = (struct shift){
		.by_ms = by_ms,
		.since_ms = step_since_ms(s),
		.at_ms = s->ahead_ms + (int64_t)clock_boot_ms(),
		.cap_ms = s->relay->options.retry_cap_ms,
	};
}

/* What an earlier relay has begun goes on, by the clock that it had. Else what waits longer than
 * any: an earlier relay's clock was ahead, or this one's is behind. */
enum err_code step_open(struct step *s, struct relay *r, struct err *e)
{
	struct log_line line;
	int64_t due_ms, most;

	*s = (struct step){.relay = r, .ahead_ms = ahead(), .start_ms = clock_boot_ms()};
	if (shift_left(&r->writer.db, &s->shift, e) != ERR_OK ||
	    shift_farthest(&r->writer.db, &due_ms, e) != ERR_OK)
		return e->code;
	if (s->shift.key) {
		s->begun = true;
		s->shift.cap_ms = r->options.retry_cap_ms;
		s->ahead_ms -= s->shift.by_ms;
		return ERR_OK;
	}
	most = clock_wall_ms() + r->options.retry_cap_ms;
	if (due_ms <= most)
		return ERR_OK;
	begin(s, 0);
	line = log_begin(LOG_WARN, "waits_shortened");
	log_field(&line, "seconds", "%lld", (long long)((due_ms - most) / 1000));
	log_end(&line);
	return ERR_OK;
}

static void work(struct job *job, void *state)
{
	struct step *s = (struct step *)job;
	struct writer *w = state;

	job->err.code = shift_some(&w->db, &s->shift, SLICE_MS, &s->next_key, &job->err);
}

static void shift_due(struct site *s, int64_t by_ms)
{
	if (s->due_ms)
		s->due_ms = s->due_ms + by_ms > 0 ? s->due_ms + by_ms : 1;
}

static void submit(struct step *s);

static void finish(struct step *s)
{
	int64_t by_ms = s->shift.by_ms;
	struct relay *r = s->relay;
	struct log_line line;

	s->ahead_ms += by_ms;
	s->begun = false;
	shift_due(&r->sites.redo, by_ms);
	for (int i = 0; i < r->sites.count; i++)
		shift_due(r->sites.list[i], by_ms);
	reading_touch(r);
	if (by_ms == 0)
		return;
	line = log_begin(LOG_WARN, "clock_set");
	log_field(&line, "seconds", "%lld", (long long)(by_ms / 1000));
	log_end(&line);
}

static void done(struct job *job)
{
	struct step *s = (struct step *)job;
	struct relay *r = s->relay;

	s->under_way = false;
	s->failed = r->stopping && job->err.code == ERR_IO;
	r->sites.jobs--;
	if (job->err.code != ERR_OK) {
		trouble_note(r, "clock_step_not_stored", &job->err);
		if (job->err.code != ERR_BUSY && job->err.code != ERR_IO)
			relay_fail(r, &job->err);
		s->retry_ms = clock_mono_ms() + RETRY_MS;
	} else if (s->next_key) {
		s->shift.key = s->next_key;
		if (!r->stopping) {
			submit(s);
			return;
		}
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
	return s->under_way || s->begun || llabs(ahead() - s->ahead_ms) >= STEP_MS;
}

int64_t step_now_ms(const struct step *s)
{
	return step_pending(s) ? s->ahead_ms + (int64_t)clock_boot_ms() : clock_wall_ms();
}

int64_t step_since_ms(const struct step *s)
{
	return s->ahead_ms + (int64_t)s->start_ms;
}

bool step_settled(struct step *s, uint64_t now)
{
	const struct relay *r = s->relay;

	if (s->under_way)
		return false;
	/* The next relay stores the rest; of what could not begin to be, it is as if the clock had
	 * been set while none ran. */
	if (r->stopping && s->begun && (s->shift.key || s->failed))
		return true;
	if (now < s->retry_ms)
		return false;
	if (!step_pending(s))
		return true;
	if (r->shipping.unsettled > 0 || r->reading.waiting_loads > 0 ||
	    r->reading.admitting > 0)
		return false;
	if (!s->begun) /* all rows by the same, also where the clock is set again meanwhile */
		begin(s, ahead() - s->ahead_ms);
	submit(s);
	return false;
}
