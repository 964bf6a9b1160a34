/* SPDX-License-Identifier: MIT */
#include "core/conversion.h"

#include <stdlib.h>

#include "core/decimal.h"
#include "core/json_id.h"
#include "core/json_string.h"
#include "core/redact_text.h"
#include "core/url.h"

void scratch_init(struct scratch *s)
{
	/* Escapes only shrink, folding may triple: nothing here outgrows a payload
	 * by more. */
	const size_t max = 4 * (size_t)PAYLOAD_MAX;

	s->known.count = 0;
	json_init(&s->json);
	json_init(&s->inner);
	buf_init(&s->text, max);
	buf_init(&s->more, max);
	buf_init(&s->canon, max);
	buf_init(&s->keys, max);
	buf_init(&s->order, JSON_TOKENS_MAX * 8);
	buf_init(&s->time, PAYLOAD_MAX);
	buf_init(&s->own_id, PAYLOAD_MAX);
}

void scratch_fini(struct scratch *s)
{
	json_fini(&s->json);
	json_fini(&s->inner);
	buf_fini(&s->text);
	buf_fini(&s->more);
	buf_fini(&s->canon);
	buf_fini(&s->keys);
	buf_fini(&s->order);
	buf_fini(&s->time);
	buf_fini(&s->own_id);
}

/* C0, DEL. */
static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool event_name_is_good(struct str name)
{
	return name.len > 0 && name.len <= EVENT_NAME_MAX && !has_control(name) &&
	       utf8_valid(name);
}

static const enum field objects[] = {FIELD_CONSENT,    FIELD_PAGE, FIELD_USER,
				     FIELD_PROPERTIES, FIELD_APP,  FIELD_AD,
				     FIELD_LEAD};

/* Whether the members of the value under `field` are read. */
static bool is_read(enum field field, enum token_type type)
{
	return type == TOKEN_OBJECT && field >= FIELD_CONSENT && field <= FIELD_LEAD &&
	       field != FIELD_SESSION_ID;
}

static bool is_harmless(const struct json *j, uint32_t at)
{
	return j->t[at].type == TOKEN_STRING && !(j->t[at].flags & TOKEN_ESCAPED) &&
	       url_is_harmless(str_trim(json_bytes(j, at)));
}

/* For redact_needed; true and false tell nothing. */
static void note_look(struct conversion *c, struct json *j, enum field parent,
		      enum field field, uint32_t key)
{
	enum token_type type = (enum token_type)j->t[key + 1].type;
	struct looks *l = &c->looks;

	if (redact_is_plain(j, field, key + 1)) {
		j->t[key + 1].flags |= TOKEN_CLEAN;
		return;
	}
	if (field == FIELD_URL && (l->harmless_url = is_harmless(j, key + 1)))
		return;
	if (field == FIELD_REFERRER && (l->harmless_referrer = is_harmless(j, key + 1)))
		return;
	if (type > TOKEN_ARRAY ? redact_places[field] == PLACE_KEPT || type > TOKEN_NUMBER
			       : is_read(field, type))
		return;
	/* The name of the user counts for what is inside of a list of them. */
	if (field == FIELD_USER)
		l->count = LOOKS_MAX + 1;
	if (l->count < LOOKS_MAX)
		l->look[l->count] =
			(struct look){key, (uint8_t)field, parent == FIELD_USER};
	l->count += l->count <= LOOKS_MAX;
	l->user_lists |= parent == FIELD_USER && type == TOKEN_ARRAY;
}

/* Such a name itself may have to go. Apart, as hardly any row has one. */
static __attribute__((noinline)) void note_name(struct conversion *c, struct str name)
{
	if (may_tell_who(name))
		c->looks.count = LOOKS_MAX + 1;
}

/* The members of the object `parent` into their places; the last of several wins. */
static void find_members(struct conversion *c, enum field parent, uint32_t object,
			 struct scratch *s)
{
	const struct json *j = &s->json;

	for (uint32_t at = object + 1; at < j->t[object].next; at = j->t[at + 1].next) {
		struct str key = json_bytes(j, at);
		enum field field;

		if (j->t[at].flags & TOKEN_ESCAPED) {
			buf_clear(&s->text);
			json_unescape(j, at, &s->text);
			key = buf_str(&s->text);
		}
		field = field_of(parent, key);
		note_look(c, &s->json, parent, field, at);
		if (field == FIELD_NONE) {
			if (json_has_sign(j, at))
				note_name(c, key);
			continue;
		}
		if (c->at[field] != JSON_NONE)
			c->looks.count = LOOKS_MAX + 1;
		c->at[field] = j->t[at + 1].type == TOKEN_NULL ? JSON_NONE : at + 1;
	}
}

/* A list of one, as frameworks hand on what may be given twice, is that one. */
static void unwrap_lists(struct conversion *c, const struct json *j)
{
	for (enum field f = FIELD_TTCLID; f <= FIELD_ATT_STATUS; f++) {
		uint32_t list = c->at[f], item = list + 1;

		if (list != JSON_NONE && j->t[list].type == TOKEN_ARRAY &&
		    j->t[list].next == item + 1 && j->t[item].type >= TOKEN_STRING)
			c->at[f] = item;
	}
}

static enum reason read_payload(struct conversion *c, struct str payload,
				struct scratch *s)
{
	if (payload.len > PAYLOAD_MAX)
		return REASON_PAYLOAD_TOO_LARGE;
	switch (json_scan(&s->json, payload)) {
	case JSON_OK: break;
	case JSON_TOO_MANY: return REASON_PAYLOAD_TOO_LARGE;
	default: return REASON_BAD_JSON;
	}
	if (s->json.t[0].type != TOKEN_OBJECT)
		return REASON_BAD_JSON;
	find_members(c, FIELD_NONE, 0, s);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		uint32_t at = c->at[objects[i]];

		if (at != JSON_NONE && s->json.t[at].type == TOKEN_OBJECT)
			find_members(c, objects[i], at, s);
	}
	if (c->looks.user_lists)
		unwrap_lists(c, &s->json);
	return REASON_NONE;
}

static struct str text_of(const struct conversion *c, uint32_t at, struct buf *tmp)
{
	if (!(c->json->t[at].flags & TOKEN_ESCAPED))
		return json_bytes(c->json, at);
	buf_clear(tmp);
	json_unescape(c->json, at, tmp);
	return buf_str(tmp);
}

struct str conversion_text(const struct conversion *c, uint32_t at, struct buf *tmp)
{
	if (at == JSON_NONE || c->json->t[at].type != TOKEN_STRING)
		return STR_NONE;
	return text_of(c, at, tmp);
}

struct str conversion_id(const struct conversion *c, uint32_t at, struct buf *tmp)
{
	if (at == JSON_NONE ||
	    (c->json->t[at].type != TOKEN_STRING && c->json->t[at].type != TOKEN_NUMBER))
		return STR_NONE;
	return json_id(c->json, at, tmp);
}

static bool time_is_absent(const struct event_time *t)
{
	return t->kind == EVENT_TIME_NONE ||
	       (t->kind == EVENT_TIME_TEXT && str_trim(t->text).len == 0);
}

/* What is no time is told as one that cannot be read, but for what is empty. */
static struct str time_text(const struct conversion *c, uint32_t at, struct buf *tmp)
{
	const struct json_token *t = c->json->t;

	if (at != JSON_NONE && t[at].type != TOKEN_STRING && t[at].type != TOKEN_NUMBER &&
	    (t[at].type > TOKEN_ARRAY || t[at].next > at + 1))
		return json_bytes(c->json, at);
	return conversion_id(c, at, tmp);
}

/* conversion_date_time, which may be a number or text. */
static struct event_time payload_time(const struct conversion *c, struct buf *tmp)
{
	struct event_time t = {.kind = EVENT_TIME_NONE};
	uint32_t at = c->at[FIELD_CONVERSION_DATE_TIME];
	struct decimal d;

	t.text = time_text(c, at, tmp);
	if (str_trim(t.text).len == 0)
		return t;
	t.kind = EVENT_TIME_TEXT;
	if (c->json->t[at].type != TOKEN_NUMBER || !decimal_read(t.text, &d))
		return t;
	if (decimal_to_integer(&d, &t.integer)) {
		t.kind = EVENT_TIME_INTEGER;
	} else {
		/* A member of an object: a byte that is no digit follows it. */
		t.real = strtod(t.text.p, NULL);
		t.kind = EVENT_TIME_REAL;
	}
	return t;
}

static void find_time(struct conversion *c, struct scratch *s)
{
	c->event_time = c->row->event_time;
	c->time_in_payload = time_is_absent(&c->event_time);
	if (!c->time_in_payload)
		return;
	c->event_time = payload_time(c, &s->time);
	c->time_in_payload = c->event_time.kind != EVENT_TIME_NONE;
}

/* One of blanks would make strangers' rows duplicates. */
static bool is_blank(struct str id)
{
	return id.len == 0 || (ascii_is_space(id.p[0]) && str_trim(id).len == 0);
}

/* The id goes into the body as it is: what no body can hold is refused here. */
static enum reason find_event_id(struct conversion *c, struct scratch *s)
{
	c->event_id = c->row->event_id;
	if (is_blank(c->event_id))
		c->event_id = conversion_id(c, c->at[FIELD_TRANSACTION_ID], &s->own_id);
	if (is_blank(c->event_id))
		c->event_id = STR_NONE;
	if (c->event_id.len > EVENT_ID_MAX)
		return REASON_PAYLOAD_TOO_LARGE;
	return json_can_say(c->event_id) ? REASON_NONE : REASON_BAD_JSON;
}

enum reason conversion_read(struct conversion *c, const struct outbox_row *row,
			    struct scratch *s)
{
	enum reason reason;

	*c = (struct conversion){.row = row, .json = &s->json};
	s->known.count = 0;
	c->event = str_trim(row->event);
	if (!event_name_is_good(c->event))
		return REASON_BAD_EVENT_NAME;
	reason = read_payload(c, row->payload, s);
	if (reason != REASON_NONE)
		return reason;
	find_time(c, s);
	return find_event_id(c, s);
}
