/* SPDX-License-Identifier: MIT */
#include "run/site_log.h"

#include "base/log.h"

static void log_line_of(const struct site *s, bool sends, const char *state)
{
	struct log_line line =
		log_begin(sends ? LOG_NOTICE : LOG_WARN, "destination_state");

	log_field(&line, "destination", "%s", s->name);
	log_field(&line, "state", "%s", state);
	if (!sends && s->last_error[0])
		log_field(&line, "error", "%s", s->last_error);
	log_end(&line);
}

void site_log(struct site *s)
{
	bool sends = s->state == SITE_OPEN;

	if (s->logged == s->reason)
		return;
	s->logged = s->reason;
	log_line_of(s, sends, sends ? "active" : reason_word(s->reason));
}

void site_log_start(struct site *s)
{
	s->said_paused = s->paused;
	if (s->paused) {
		log_line_of(s, false, reason_word(REASON_PAUSED));
	} else if (s->state != SITE_OPEN) {
		s->logged = REASON_NONE;
		site_log(s);
	}
}

void site_log_deed(struct site *s)
{
	bool removed = s->removed && !s->said_removed;

	s->said_removed = s->removed;
	if (removed)
		log_line_of(s, false, "removed");
	if (s->removed || s->paused == s->said_paused)
		return;
	site_log_start(s);
	if (s->paused || s->state != SITE_OPEN)
		return;
	s->logged = s->reason;
	log_line_of(s, true, "active");
}
