/* SPDX-License-Identifier: MIT */
#include "run/failure.h"

#include <stdio.h>

#include "base/log.h"

/* In the place of TikTok's words, where there are none. */
static void note_message(struct http_request *request)
{
	struct answer *a = &request->answer;

	if (a->message[0])
		return;
	if (request->error[0])
		snprintf(a->message, sizeof(a->message), "%.200s", request->error);
	else if (!a->has_code)
		snprintf(a->message, sizeof(a->message),
			 "HTTP %d without TikTok's answer: from a proxy or a firewall?",
			 a->http_status);
}

static void set_last_error(struct site *s, const struct http_request *request, bool words)
{
	const struct answer *a = &request->answer;

	if (a->transport != TRANSPORT_ANSWERED)
		snprintf(s->last_error, sizeof(s->last_error), "%s", request->error);
	else if (a->has_code)
		snprintf(s->last_error, sizeof(s->last_error), "HTTP %d, code %lld: %s",
			 a->http_status, (long long)a->code, a->message);
	else if (words)
		snprintf(s->last_error, sizeof(s->last_error),
			 "HTTP %d, an answer without a code: %s", a->http_status,
			 a->message);
	else
		snprintf(s->last_error, sizeof(s->last_error), "%s", a->message);
}

void failure_note(struct site *s, struct http_request *request, enum verdict v,
		  uint64_t started_ms)
{
	bool of_event = v == VERDICT_REFUSED || v == VERDICT_TOO_LARGE;
	bool words = request->answer.message[0] != '\0';

	note_message(request);
	if (v == VERDICT_DELIVERED ||
	    (of_event && (request->answer.has_code || s->state != SITE_OPEN)) ||
	    site_is_outdated(s, v, started_ms))
		return;
	set_last_error(s, request, words);
	if (of_event)
		s->changed = s->error_stored = true;
}

void failure_log(const struct site *s, const struct http_request *request,
		 const struct opening *opening, enum verdict v)
{
	const struct answer *a = &request->answer;
	struct log_line line;

	if (v == VERDICT_DELIVERED || v == VERDICT_TOKEN || v == VERDICT_PERMISSION)
		return;
	line = log_begin(LOG_WARN, "request_failed");
	log_field(&line, "destination", "%s", s->name);
	log_field(&line, "outcome", "%s", verdict_word(v));
	log_field(&line, "attempt", "%lld", (long long)opening->attempt_id);
	log_field(&line, "events", "%u", opening->events);
	log_field(&line, "http_status", "%d", a->http_status);
	if (a->has_code)
		log_field(&line, "code", "%lld", (long long)a->code);
	log_field(&line, "error", "%s", a->message);
	if (a->request_id[0])
		log_field(&line, "request_id", "%s", a->request_id);
	log_end(&line);
}
