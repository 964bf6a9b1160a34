/* SPDX-License-Identifier: MIT */
#include "run/complaint.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { TELL_MS = 60 * 1000 };

void complaint_note(struct complaint *c, const char *event, const struct err *e,
		    uint64_t now)
{
	struct log_line line;

	if (c->told_ms && now - c->told_ms < TELL_MS && strcmp(c->told, e->msg) == 0)
		return;
	c->told_ms = now;
	snprintf(c->told, sizeof(c->told), "%s", e->msg);
	line = log_begin(LOG_ERROR, event);
	log_field(&line, "error", "%s", e->msg);
	log_end(&line);
}

void complaint_over(struct complaint *c, const char *event)
{
	struct log_line line;

	if (!c->told_ms)
		return;
	c->told_ms = 0;
	line = log_begin(LOG_NOTICE, event);
	log_end(&line);
}
