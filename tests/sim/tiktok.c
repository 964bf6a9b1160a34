/* SPDX-License-Identifier: MIT */
#include "tiktok.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define REMEMBERED_US SECONDS(48 * 3600)

static void answer(struct request *r, int status, int64_t code, const char *message)
{
	r->http_status = status;
	r->has_code = true;
	r->code = code;
	snprintf(r->message, sizeof(r->message), "%s", message);
}

static const char *text(const json_t *object, const char *member)
{
	const char *value = json_string_value(json_object_get(object, member));

	return value ? value : "";
}

/* What a strict reading of the Events API asks of a web event. */
static bool is_event(const json_t *e)
{
	return text(e, "event")[0] && json_is_integer(json_object_get(e, "event_time")) &&
	       text(e, "event_id")[0] && text(json_object_get(e, "page"), "url")[0] &&
	       json_is_boolean(json_object_get(e, "limited_data_use"));
}

static bool is_body(const json_t *root)
{
	const json_t *data = json_object_get(root, "data"), *e;
	size_t i;

	if (strcmp(text(root, "event_source"), "web") != 0 ||
	    json_array_size(data) == 0 || json_array_size(data) > 1000)
		return false;
	json_array_foreach(data, i, e) if (!is_event(e)) return false;
	return true;
}

static int pixel_of(const json_t *root)
{
	const char *id = text(root, "event_source_id");

	for (int i = 0; i < PIXELS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "PIXEL%d", i);
		if (strcmp(id, name) == 0)
			return i;
	}
	return -1;
}

static int *bucket_of(int pixel, const char *id)
{
	uint64_t hash = 1469598103934665603u + (uint64_t)pixel;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 1099511628211u;
	return &world->tiktok.buckets[hash >> 20 & (SENDS_BUCKETS - 1)];
}

const struct send *tiktok_last(int pixel, const char *id)
{
	const struct tiktok *t = &world->tiktok;

	for (int i = *bucket_of(pixel, id) - 1; i >= 0; i = t->sends[i].next - 1)
		if (t->sends[i].pixel == pixel && strcmp(t->sends[i].id, id) == 0)
			return &t->sends[i];
	return NULL;
}

const struct send *tiktok_before(const struct send *s)
{
	return s->before >= 0 ? &world->tiktok.sends[s->before] : NULL;
}

void tiktok_reset(void)
{
	struct tiktok *t = &world->tiktok;

	for (int i = 0; i < t->send_count; i++)
		*bucket_of(t->sends[i].pixel, t->sends[i].id) = 0;
	t->request_count = t->send_count = 0;
	t->token = 1;
	t->token_revoked = t->names_poison = false;
}

/* TikTok counts an event that it has not counted within 48 hours. */
static bool is_known(const struct send *s)
{
	for (const struct send *b = tiktok_before(s); b; b = tiktok_before(b))
		if (b->fresh && s->at_us - b->at_us < REMEMBERED_US)
			return true;
	return false;
}

/* The name belongs to the key; it never changes here but by a changed event map. */
static int before_of(const struct send *s)
{
	const struct tiktok *t = &world->tiktok;
	const struct send *last = tiktok_last(s->pixel, s->id);

	while (last && strcmp(last->name, s->name) != 0)
		last = tiktok_before(last);
	return last ? (int)(last - t->sends) : -1;
}

static void add_send(const struct send *s)
{
	struct tiktok *t = &world->tiktok;
	int *bucket = bucket_of(s->pixel, s->id);

	if (t->send_count == SENDS_MAX) {
		world_break("more than %d events were sent", SENDS_MAX);
		return;
	}
	t->sends[t->send_count] = *s;
	t->sends[t->send_count].next = *bucket;
	*bucket = ++t->send_count;
}

static void store(struct request *r, const json_t *data, bool applied)
{
	const json_t *e;
	size_t i;

	r->applied = applied;
	json_array_foreach(data, i, e)
	{
		struct send s = {.request = (int)(r - world->tiktok.requests),
				 .pixel = r->pixel,
				 .at_us = world->now_us};

		snprintf(s.id, sizeof(s.id), "%s", text(e, "event_id"));
		snprintf(s.name, sizeof(s.name), "%s", text(e, "event"));
		snprintf(s.tag, sizeof(s.tag), "%s",
			 text(json_object_get(e, "properties"), "order_id"));
		s.before = before_of(&s);
		s.fresh = applied && !is_known(&s);
		add_send(&s);
	}
}

static bool has_good_token(const char *token)
{
	char good[32];

	snprintf(good, sizeof(good), "token-%d", world->tiktok.token);
	return !world->tiktok.token_revoked && strcmp(token, good) == 0;
}

/* One event that TikTok will not take spoils the request. */
static int poison_in(const json_t *data)
{
	const json_t *e;
	size_t i;

	json_array_foreach(data, i, e) if (strncmp(text(e, "event_id"), "poison", 6) ==
					   0) return (int)i;
	return -1;
}

static const struct {
	int status;
	int64_t code;
	const char *message;
	enum trouble trouble;
} answers[] = {
	{200, 50000, "System error", TROUBLE_CODE},
	{500, 50002, "System timeout", TROUBLE_CODE},
	{200, 51001, "Service timeout", TROUBLE_CODE},
	{503, 60001, "Maintenance", TROUBLE_CODE},
	{200, 40200, "Task error", TROUBLE_CODE},
	{200, 20001, "Partial success", TROUBLE_ODD},
	{200, 40050, "Duplicated request", TROUBLE_ODD},
	{200, 7, "What is this", TROUBLE_ODD},
	{500, 0, "OK", TROUBLE_ODD},
	{200, 40100, "Too many requests", TROUBLE_THROTTLE},
	{429, 40016, "Requests too frequent", TROUBLE_THROTTLE},
	{200, 40133, "Advertiser QPS", TROUBLE_THROTTLE},
	{401, 40105, "Access token is incorrect or has been revoked", TROUBLE_TOKEN},
	{200, 40102, "Access token expired", TROUBLE_TOKEN},
	{200, 40001, "No permission to operate pixel", TROUBLE_PERMISSION},
	{200, 40002, "data.0.event: bad", TROUBLE_REFUSES},
	{400, 40000, "Invalid params", TROUBLE_REFUSES},
	{413, 40061, "Invalid batch size", TROUBLE_REFUSES},
};

static void answer_as(struct request *r, enum trouble t)
{
	int from = (int)chance_below(CHANCE_NET, 64);
	int count = sizeof(answers) / sizeof(answers[0]);

	for (int n = 0; n < count; n++) {
		int i = (from + n) % count;

		if (answers[i].trouble == t) {
			answer(r, answers[i].status, answers[i].code, answers[i].message);
			return;
		}
	}
}

/* Answers that say nothing of the code. */
static void answer_status(struct request *r)
{
	static const int statuses[] = {500, 502, 503, 504, 429, 408, 401, 403, 404};

	r->http_status = statuses[chance_below(CHANCE_NET, 9)];
	r->has_code = false;
	snprintf(r->message, sizeof(r->message), "<html>Bad gateway</html>");
}

/* The spell that meets this request, if any. */
static enum trouble weather(const struct spell **spell)
{
	for (enum trouble t = TROUBLE_CODE; t <= TROUBLE_REFUSES; t++)
		if (plan_strikes(t, spell))
			return t;
	*spell = NULL;
	return TROUBLES;
}

static void answer_trouble(struct request *r, enum trouble t, const json_t *data)
{
	bool stored = chance_hit(CHANCE_NET, 500);

	r->drawn = true;
	switch (t) {
	case TROUBLE_STATUS: answer_status(r); break;
	case TROUBLE_GARBAGE:
		r->http_status = 200;
		r->has_code = false;
		snprintf(r->message, sizeof(r->message), "{\"code\":\"0\"}");
		break;
	default: answer_as(r, t);
	}
	r->put_off = t == TROUBLE_THROTTLE || t == TROUBLE_TOKEN ||
		     t == TROUBLE_PERMISSION || r->http_status == 401 ||
		     r->http_status == 403 || r->http_status == 404 ||
		     r->http_status == 429;
	if (r->put_off || t == TROUBLE_REFUSES || r->http_status / 100 == 4)
		stored = false;
	store(r, data, stored);
}

static void answer_well(struct request *r, const json_t *data)
{
	char message[64] = "OK";
	int bad = poison_in(data);

	if (bad < 0) {
		store(r, data, true);
		answer(r, 200, 0, message);
		return;
	}
	if (world->tiktok.names_poison)
		snprintf(message, sizeof(message), "data.%d.event_id: not valid", bad);
	else
		snprintf(message, sizeof(message), "Invalid params");
	store(r, data, false);
	answer(r, 200, 40002, message);
}

void tiktok_receive(struct request *r, const char *body, size_t len, const char *token)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	const json_t *data = json_object_get(root, "data");
	const struct spell *spell;
	enum trouble t;

	r->arrived = true;
	r->pixel = pixel_of(root);
	if (!root || r->pixel < 0 || !is_body(root) ||
	    (int)json_array_size(data) != r->events) {
		world_break("TikTok would not take this body: %.*s", (int)len, body);
		answer(r, 400, 40002, "no");
	} else if (!has_good_token(token)) {
		r->put_off = true;
		store(r, data, false);
		answer(r, 401, 40105, "Access token is incorrect or has been revoked.");
	} else if ((t = weather(&spell)) != TROUBLES) {
		r->retry_after_ms = spell->retry_after_ms;
		answer_trouble(r, t, data);
	} else {
		answer_well(r, data);
	}
	trace("tiktok", "request %d attempt %lld: %d events, HTTP %d code %lld%s",
	      (int)(r - world->tiktok.requests), (long long)r->attempt_id, r->events,
	      r->http_status, r->has_code ? (long long)r->code : -1,
	      r->applied ? ", stored" : "");
	json_decref(root);
}

size_t tiktok_answer(const struct request *r, char *out, size_t cap)
{
	int len;

	if (!r->has_code)
		len = snprintf(out, cap, "%s", r->message);
	else
		len = snprintf(out, cap,
			       "{\"code\":%lld,\"message\":\"%s\",\"request_id\":\"r%d\","
			       "\"data\":{}}",
			       (long long)r->code, r->message,
			       (int)(r - world->tiktok.requests));
	return (size_t)len;
}
