/* SPDX-License-Identifier: MIT */
#include "cmd/fit.h"

void fit_init(struct fit *f)
{
	scratch_init(&f->scratch);
}

void fit_fini(struct fit *f)
{
	scratch_fini(&f->scratch);
}

static struct event_time time_of(const struct enqueue_row *row)
{
	switch (row->time) {
	case ENQUEUE_INT:
		return (struct event_time){.kind = EVENT_TIME_INTEGER,
					   .integer = row->time_int};
	case ENQUEUE_REAL:
		return (struct event_time){.kind = EVENT_TIME_REAL,
					   .real = row->time_real};
	case ENQUEUE_TEXT:
		return (struct event_time){.kind = EVENT_TIME_TEXT,
					   .text = row->time_text};
	case ENQUEUE_NO_TIME: break;
	}
	return (struct event_time){.kind = EVENT_TIME_NONE};
}

static const char *too_large(const struct conversion *c)
{
	if (c->event_id.len > EVENT_ID_MAX)
		return "its event_id is longer than 4096 bytes";
	return c->row->payload.len > PAYLOAD_MAX ? "its payload is larger than 1 MiB"
						 : "its payload has too many values";
}

/* In which zone a time without an offset is read is the destination's, whether it is one is not. */
const char *fit_check(struct fit *f, const struct enqueue_row *row)
{
	struct outbox_row read = {.event_id = row->event_id,
				  .event = row->event,
				  .event_time = time_of(row),
				  .payload = row->payload};
	struct conversion c;
	int64_t at;

	switch (conversion_read(&c, &read, &f->scratch)) {
	case REASON_NONE: break;
	case REASON_BAD_EVENT_NAME:
		return "its event is longer than 200 bytes or has control characters";
	case REASON_PAYLOAD_TOO_LARGE: return too_large(&c);
	default: return "its event_id or its payload is no text that JSON can say";
	}
	if (c.event_time.kind == EVENT_TIME_NONE ||
	    event_time_resolve(&c.event_time, NULL, &at))
		return NULL;
	return c.time_in_payload
		       ? "its conversion_date_time is neither Unix time nor ISO 8601"
		       : "its event_time is neither Unix time nor ISO 8601";
}
