/* SPDX-License-Identifier: MIT */
#include "cmd/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sheet.h"
#include "core/field.h"
#include "core/glyph.h"
#include "core/json_place.h"
#include "core/redact_text.h"

enum { TEXT_MAX = 32 * 1024 * 1024 };

void line_init(struct line_parser *p)
{
	json_init(&p->json);
	buf_init(&p->event, TEXT_MAX);
	buf_init(&p->event_id, TEXT_MAX);
	buf_init(&p->event_time, TEXT_MAX);
	buf_init(&p->payload, TEXT_MAX);
}

void line_fini(struct line_parser *p)
{
	json_fini(&p->json);
	buf_fini(&p->event);
	buf_fini(&p->event_id);
	buf_fini(&p->event_time);
	buf_fini(&p->payload);
}

static bool is_own(const struct json *j, uint32_t key)
{
	return json_key_is(j, key, STR("event")) ||
	       json_key_is(j, key, STR("event_id")) ||
	       json_key_is(j, key, STR("event_time"));
}

/* Keys and strings have their quotes outside of the token. */
static void add_value(struct buf *out, const struct json *j, uint32_t at)
{
	bool quoted = j->t[at].type == TOKEN_STRING;

	if (quoted)
		buf_addc(out, '"');
	buf_adds(out, json_bytes(j, at));
	if (quoted)
		buf_addc(out, '"');
}

/* What names of members are made of; other names may be somebody's, or somebody's number. */
static bool is_word(struct str name)
{
	enum { WORD_MAX = 40 };

	if (name.len == 0 || name.len > WORD_MAX || ascii_is_digit(name.p[0]))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_letter(name.p[i]) && !ascii_is_digit(name.p[i]) &&
		    name.p[i] != '_' && name.p[i] != '-' && name.p[i] != '.')
			return false;
	return true;
}

/* A name may tell who somebody is, and words on stderr end in a log. */
static void add_unread(char *names, struct str name)
{
	size_t len = strlen(names), before = len ? 2 : 0;

	if (len + before + name.len >= LINE_NAMES || !is_word(name) || tells_who(name))
		return;
	memcpy(names + len, ", ", before);
	glyph_copy(names + len + before, LINE_NAMES - len - before, name);
}

static void note_member(struct line_parser *p, struct str name)
{
	const char *place = sheet_place(name);

	if (!p->stray)
		p->stray = place;
	if (!place && field_of(FIELD_NONE, name) == FIELD_NONE)
		add_unread(p->unread, name);
}

static void add_members(struct line_parser *p, uint32_t object)
{
	const struct json *j = &p->json;
	struct buf *out = &p->payload;
	uint32_t end = j->t[object].next;

	for (uint32_t key = object + 1; key < end; key = j->t[key + 1].next) {
		if (object == 0 && is_own(j, key))
			continue;
		if (object == 0 && json_key_is(j, key, STR("payload")) &&
		    j->t[key + 1].type == TOKEN_OBJECT) {
			add_members(p,
				    key + 1); /* a row spelled out as the table has it */
			continue;
		}
		note_member(p, json_bytes(j, key));
		if (out->len > 1)
			buf_addc(out, ',');
		add_value(out, j, key);
		buf_addc(out, ':');
		add_value(out, j, key + 1);
	}
}

static uint8_t type_at(const struct json *j, uint32_t at)
{
	return at == JSON_NONE ? TOKEN_NULL : j->t[at].type;
}

static const char *read_event(struct line_parser *p, struct enqueue_row *out)
{
	uint32_t at = json_find(&p->json, 0, STR("event"));

	if (type_at(&p->json, at) != TOKEN_STRING)
		return "it needs \"event\", a text";
	buf_clear(&p->event);
	json_unescape(&p->json, at, &p->event);
	out->event = buf_str(&p->event);
	return str_trim(out->event).len ? NULL : "its \"event\" is empty";
}

static const char *read_event_id(struct line_parser *p, struct enqueue_row *out)
{
	uint32_t at = json_find(&p->json, 0, STR("event_id"));
	uint8_t type = type_at(&p->json, at);

	out->event_id = STR_NONE;
	if (type == TOKEN_NULL)
		return NULL;
	if (type != TOKEN_STRING && type != TOKEN_NUMBER)
		return "its \"event_id\" is neither text nor a number";
	buf_clear(&p->event_id);
	json_unescape(&p->json, at, &p->event_id);
	out->event_id = buf_str(&p->event_id);
	return NULL;
}

static const char *read_time(struct line_parser *p, struct enqueue_row *out)
{
	uint32_t at = json_find(&p->json, 0, STR("event_time"));
	uint8_t type = type_at(&p->json, at);
	const char *text;
	char *end;

	out->time = ENQUEUE_NO_TIME;
	if (type == TOKEN_NULL)
		return NULL;
	if (type != TOKEN_STRING && type != TOKEN_NUMBER)
		return "its \"event_time\" is neither text nor a number";
	buf_clear(&p->event_time);
	json_unescape(&p->json, at, &p->event_time);
	out->time_text = buf_str(&p->event_time);
	out->time = ENQUEUE_TEXT;
	if (type == TOKEN_STRING)
		return NULL;
	text = buf_z(&p->event_time);
	errno = 0;
	out->time_int = strtoll(text, &end, 10);
	out->time_real = strtod(text, NULL);
	out->time = !errno && *end == '\0' ? ENQUEUE_INT : ENQUEUE_REAL;
	return NULL;
}

/* Of one line of many the column alone. */
static const char *tell_place(struct line_parser *p, struct str line)
{
	struct buf where;
	size_t at;

	buf_init(&where, 64);
	if (json_place(line, &at))
		json_place_tell(line, at, &where);
	snprintf(p->place, sizeof(p->place),
		 "it is no JSON in UTF-8, or it has \\u0000 in it: %s",
		 str_starts(buf_str(&where), STR("line 1, ")) ? buf_z(&where) + 8
							      : buf_z(&where));
	buf_fini(&where);
	return p->place;
}

const char *line_parse(struct line_parser *p, struct str line, struct enqueue_row *out)
{
	const char *wrong;

	switch (json_scan(&p->json, line)) {
	case JSON_OK: break;
	case JSON_TOO_DEEP: return "it is nested too deeply";
	case JSON_TOO_MANY: return "it has too many values";
	default: return tell_place(p, line);
	}
	if (p->json.t[0].type == TOKEN_ARRAY)
		return "it is a JSON list; an object a line is made by: jq -c '.[]' FILE";
	if (p->json.t[0].type != TOKEN_OBJECT)
		return "it is no JSON object";
	if ((wrong = read_event(p, out)) || (wrong = read_event_id(p, out)) ||
	    (wrong = read_time(p, out)))
		return wrong;
	buf_clear(&p->payload);
	buf_addc(&p->payload, '{');
	p->stray = NULL;
	p->unread[0] = '\0';
	add_members(p, 0);
	buf_addc(&p->payload, '}');
	out->payload = buf_str(&p->payload);
	return p->payload.full ? "it is too long" : NULL;
}
