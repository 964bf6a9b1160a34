/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "json_text.h"
#include "misbehave.h"
#include "route.h"
#include "validate.h"

/* JSON knows no largest integer; jansson does. */
static void read_big_integers(struct exchange *x, json_error_t *error)
{
	struct buf wide;

	buf_init(&wide, 2 * BODY_MAX);
	json_text_widen(buf_str(&x->body), &wide);
	x->root = json_loadb(wide.p, wide.len, 0, error);
	buf_fini(&wide);
}

static void read_body(struct exchange *x)
{
	json_error_t error;

	x->root = json_loadb(x->body.p ? x->body.p : "", x->body.len, 0, &error);
	if (!x->root && json_error_code(&error) == json_error_numeric_overflow)
		read_big_integers(x, &error);
	if (x->root)
		return;
	snprintf(x->root_error, sizeof(x->root_error),
		 "body: Not valid JSON: line %d column %d: %s", error.line, error.column,
		 error.text);
}

static bool is_json_type(const char *type)
{
	size_t len = strlen("application/json");

	return strncasecmp(type, "application/json", len) == 0 &&
	       (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static bool refuse_transport(struct exchange *x)
{
	if (x->received > BODY_MAX)
		exchange_answer(x, 413, 40002, "body: More than 64 MiB");
	else if (x->encoded)
		exchange_answer(x, 400, 40002,
				"Content-Encoding: Only identity is accepted");
	else if (!is_json_type(x->content_type))
		exchange_answer(x, 400, 40002, "Content-Type: Must be application/json");
	else if (!x->root)
		exchange_answer(x, 400, 40002, x->root_error);
	else
		return false;
	return true;
}

static bool refuse_token(struct sandbox *s, struct exchange *x)
{
	int code;

	if (!*x->token) {
		exchange_answer(
			x, 401, 40104,
			"Access token is empty. Send it in the Access-Token header.");
		return true;
	}
	pthread_mutex_lock(&s->lock);
	code = oauth_token_code(&s->oauth, x->token, x->at_ms);
	if (code < 0)
		code = token_is_known(&s->tokens, x->token) ? 0 : 40105;
	if (code)
		oauth_refuse(&s->oauth, x, 401, code,
			     code == 40102 ? "Access token has expired."
					   : "Access token is incorrect or has been "
					     "revoked.",
			     x->token);
	pthread_mutex_unlock(&s->lock);
	return code != 0;
}

static bool source_exists(const struct sandbox *s, const char *source_id)
{
	for (size_t i = 0; i < s->pixel_count; i++)
		if (strcmp(s->pixels[i], source_id) == 0)
			return true;
	return s->pixel_count == 0;
}

static bool refuse_permission(struct sandbox *s, struct exchange *x)
{
	const char *source_id = exchange_text(x, "event_source_id");
	char message[256];
	bool may;

	pthread_mutex_lock(&s->lock);
	may = source_exists(s, source_id) &&
	      (oauth_token_code(&s->oauth, x->token, x->at_ms) == 0 ||
	       token_may(&s->tokens, x->token, source_id));
	pthread_mutex_unlock(&s->lock);
	if (may)
		return false;
	snprintf(message, sizeof(message),
		 "No permission to operate pixel code: %.64s. You must be an admin or "
		 "operator of the account that owns it.",
		 source_id);
	exchange_answer(x, 400, 40001, message);
	return true;
}

static bool refuse_content(struct sandbox *s, struct exchange *x)
{
	struct refusal refusal = {0};

	if (validate_envelope(x->root, &refusal)) {
		if (refuse_permission(s, x))
			return true;
		if (validate_events(x->root, s->strict_hash, &refusal))
			return false;
	}
	exchange_answer(x, 400, refusal.code, refusal.message);
	return true;
}

static bool is_poison(const struct fault *f, const json_t *event)
{
	const char *id = json_string_value(json_object_get(event, "event_id"));
	const json_t *value =
		json_object_get(json_object_get(event, "properties"), "value");

	if (*f->id && (!id || fnmatch(f->id, id, 0) != 0))
		return false;
	/* Both come from the same decimal text, so that equal means equal. */
	return !f->has_value ||
	       (json_is_number(value) && !(json_number_value(value) < f->value) &&
		!(json_number_value(value) > f->value));
}

static void poison_answer(struct exchange *x, const struct fault *f, size_t index)
{
	char message[64];

	snprintf(message, sizeof(message), "data.%zu.event_id: Not a valid string",
		 f->kind == FAULT_POISON_MISNAMED ? 0 : index);
	exchange_answer(x, f->status, f->code,
			f->kind == FAULT_POISON ? "Invalid parameter" : message);
	x->fault = *f;
}

/* Under the lock. */
static bool refuse_poison(struct sandbox *s, struct exchange *x)
{
	const char *source_id = exchange_text(x, "event_source_id");
	const json_t *data = json_object_get(x->root, "data");
	size_t at = 0;
	struct fault *f;

	while ((f = fault_next_data(&s->faults, x->nth, source_id, &at))) {
		for (size_t i = 0; i < json_array_size(data); i++) {
			if (!is_poison(f, json_array_get(data, i)))
				continue;
			f->fired++;
			poison_answer(x, f, i);
			return true;
		}
	}
	return false;
}

static bool is_new(struct dedup *seen, const char *source_id, const json_t *event,
		   int64_t at_ms)
{
	const char *id = json_string_value(json_object_get(event, "event_id"));
	const char *name = json_string_value(json_object_get(event, "event"));

	return !id || dedup_add(seen, source_id, name, id, (uint32_t)(at_ms / 1000));
}

/* Under the lock. */
static void store(struct sandbox *s, struct exchange *x)
{
	const json_t *data = json_object_get(x->root, "data");
	const char *source_id = exchange_text(x, "event_source_id");
	bool test = exchange_text(x, "test_event_code") != NULL;

	for (size_t i = 0; i < json_array_size(data); i++) {
		if (is_new(test ? &s->seen_test : &s->seen, source_id,
			   json_array_get(data, i), x->at_ms))
			x->fresh++;
		else
			x->duplicate++;
	}
	x->applied = true;
	if (test) {
		s->stats.test_events += json_array_size(data);
		return;
	}
	s->stats.events += json_array_size(data);
	s->stats.fresh += x->fresh;
	s->stats.duplicate += x->duplicate;
}

static void process(struct sandbox *s, struct exchange *x)
{
	if (refuse_token(s, x) || refuse_transport(x) || refuse_content(s, x))
		return;
	pthread_mutex_lock(&s->lock);
	if (!refuse_poison(s, x)) {
		store(s, x);
		exchange_answer(x, 200, 0, "OK");
	}
	pthread_mutex_unlock(&s->lock);
}

/* What of the answer a client can read. */
static void mark_lost(struct exchange *x)
{
	if (misbehave_is_silent(x))
		x->status = 0;
	if (misbehave_is_silent(x) || x->fault.kind == FAULT_CUT_ANSWER)
		x->has_code = false;
}

void track_answer(struct sandbox *s, struct exchange *x)
{
	read_body(x);
	pthread_mutex_lock(&s->lock);
	fault_pick(&s->faults, FAULT_LATE, x->nth, exchange_text(x, "event_source_id"),
		   &x->fault);
	pthread_mutex_unlock(&s->lock);
	if (x->fault.kind == FAULT_NONE || x->fault.applied)
		process(s, x);
	else
		misbehave_answer(x);
	mark_lost(x);
}
