/* SPDX-License-Identifier: MIT */
#include "cmd/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "core/field.h"

enum { PAYLOAD_MAX = 64 * 1024 * 1024, NAME_LEN_MAX = 100 };

enum role { ROLE_IGNORED, ROLE_EVENT, ROLE_EVENT_ID, ROLE_EVENT_TIME, ROLE_PAYLOAD };

/* The objects of a payload; the first is itself. */
static const struct {
	const char *name;
	enum field field;
} groups[] = {
	{"", FIELD_NONE},
	{"consent", FIELD_CONSENT},
	{"page", FIELD_PAGE},
	{"user", FIELD_USER},
	{"properties", FIELD_PROPERTIES},
	{"app", FIELD_APP},
	{"ad", FIELD_AD},
	{"lead", FIELD_LEAD},
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

/* What the view conversion calls it, where that has it, and its path. */
static const struct {
	const char *flat, *path;
} known[] = {
	{"page_url", "page.url"},
	{"referrer", "page.referrer"},
	{"session_id", "session_id"},
	{"email", "user.email"},
	{"phone", "user.phone"},
	{"external_id", "user.external_id"},
	{"ttclid", "user.ttclid"},
	{"ttp", "user.ttp"},
	{"ip", "user.ip"},
	{"user_agent", "user.user_agent"},
	{"locale", "user.locale"},
	{"value", "properties.value"},
	{"currency", "properties.currency"},
	{"order_id", "properties.order_id"},
	{"contents", "properties.contents"},
	{"ad_user_data", "consent.ad_user_data"},
	{"ad_personalization", "consent.ad_personalization"},
	{NULL, "consent.ad_storage"},
	{NULL, "consent.analytics_storage"},
	{NULL, "consent.gcd"},
	{NULL, "consent.gcs"},
	{NULL, "user.first_name"},
	{NULL, "user.last_name"},
	{NULL, "user.city"},
	{NULL, "user.state"},
	{NULL, "user.country"},
	{NULL, "user.zip_code"},
	{NULL, "user.idfa"},
	{NULL, "user.idfv"},
	{NULL, "user.gaid"},
	{NULL, "user.att_status"},
	{NULL, "properties.content_ids"},
	{NULL, "properties.content_type"},
	{NULL, "properties.num_items"},
	{NULL, "properties.search_string"},
	{NULL, "properties.description"},
	{NULL, "properties.shop_id"},
	{NULL, "properties.customer_type"},
	{NULL, "app.app_id"},
	{NULL, "lead.lead_id"},
	{NULL, "lead.lead_event_source"},
	{NULL, "conversion_date_time"},
	{NULL, "transaction_id"},
};

enum { KNOWN = sizeof(known) / sizeof(known[0]) };

const char *sheet_place(struct str column)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (known[i].flat && str_eq(column, str_of(known[i].flat)))
			return strchr(known[i].path, '.') ? known[i].path : NULL;
	return NULL;
}

static const char *const own[] = {"event", "event_id", "event_time"};

void sheet_init(struct sheet *s)
{
	*s = (struct sheet){.count = 0};
	csv_init(&s->csv);
	json_init(&s->json);
	buf_init(&s->names, PAYLOAD_MAX);
	buf_init(&s->payload, PAYLOAD_MAX);
}

void sheet_fini(struct sheet *s)
{
	csv_fini(&s->csv);
	json_fini(&s->json);
	buf_fini(&s->names);
	buf_fini(&s->payload);
}

bool sheet_is_header(struct str line)
{
	struct csv csv;
	bool found = false;

	csv_init(&csv);
	csv.separator = csv_separator(line);
	if (!csv_split(&csv, line))
		for (size_t i = 0; i < csv.count && !found; i++)
			found = str_ieq(str_trim(csv_field(&csv, i)), STR("event"));
	csv_fini(&csv);
	return found;
}

/* A path of two parts at most; false where no payload has it. Custom properties have any
 * name. */
static bool place(struct sheet_column *c, struct str path)
{
	const char *dot = path.len ? memchr(path.p, '.', path.len) : NULL;
	struct str object = str_make(path.p, dot ? (size_t)(dot - path.p) : 0);

	c->role = ROLE_PAYLOAD;
	c->name = dot ? str_make(dot + 1, path.len - object.len - 1) : path;
	for (c->group = 0; c->group < GROUPS; c->group++)
		if (str_eq(object, str_of(groups[c->group].name)))
			break;
	if (c->group == GROUPS || c->name.len == 0 || c->name.len > NAME_LEN_MAX)
		return false;
	if (groups[c->group].field == FIELD_PROPERTIES)
		return memchr(c->name.p, '.', c->name.len) == NULL;
	return field_of(groups[c->group].field, c->name) != FIELD_NONE &&
	       (c->group > 0 || str_eq(c->name, STR("session_id")) ||
		str_eq(c->name, STR("transaction_id")) ||
		str_eq(c->name, STR("conversion_date_time")));
}

static bool find(struct sheet_column *c, struct str name)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (str_ieq(name, str_of(own[i]))) {
			c->role = (uint8_t)(ROLE_EVENT + i);
			return true;
		}
	for (size_t i = 0; i < KNOWN; i++)
		if (known[i].flat && str_ieq(name, str_of(known[i].flat)))
			return place(c, str_of(known[i].path));
	return place(c, name);
}

static bool may_be_json(struct str name)
{
	static const char *const names[] = {"contents", "content_ids", "email", "phone",
					    "external_id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, str_of(names[i])))
			return true;
	return false;
}

/* By its path's last part, else by its looks. */
static const char *hint(struct nearest *near, struct str name)
{
	for (size_t i = 0; i < KNOWN; i++) {
		const char *dot = strchr(known[i].path, '.');

		if (!dot || !str_ieq(name, str_of(dot + 1)))
			continue;
		nearest_take(near, str_of(known[i].path));
		return nearest_hint(near);
	}
	nearest_init(near, name);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		nearest_offer(near, str_of(own[i]));
	for (size_t i = 0; i < KNOWN; i++) {
		nearest_offer(near, str_of(known[i].flat));
		nearest_offer(near, str_of(known[i].path));
	}
	return nearest_hint(near);
}

static enum err_code unknown(struct str name, size_t number, struct err *e)
{
	struct nearest near;
	const char *said = hint(&near, name);

	if (name.len > NAME_LEN_MAX)
		name.len = NAME_LEN_MAX;
	return err_set(e, ERR_DATA,
		       "line 1: column %zu, '%.*s', is unknown%s%s --ignore-columns "
		       "leaves such columns out",
		       number, STR_ARG(name), said, *said ? "" : ";");
}

static enum err_code check_twice(const struct sheet *s, size_t i, struct err *e)
{
	const struct sheet_column *c = &s->columns[i];

	for (size_t k = 0; k < i; k++)
		if (c->role != ROLE_IGNORED && s->columns[k].role == c->role &&
		    s->columns[k].group == c->group &&
		    str_eq(s->columns[k].name, c->name))
			return err_set(e, ERR_DATA,
				       "line 1: columns %zu and %zu are the same", k + 1,
				       i + 1);
	return ERR_OK;
}

enum err_code sheet_header(struct sheet *s, struct str line, bool ignore, struct err *e)
{
	bool event = false;
	const char *wrong;

	e->code = ERR_OK;
	s->csv.separator = csv_separator(line);
	wrong = utf8_valid(line) ? csv_split(&s->csv, line)
				 : "it is no UTF-8; iconv -t UTF-8 makes it so";
	if (wrong)
		return err_set(e, ERR_DATA, "line 1: %s", wrong);
	buf_adds(&s->names, buf_str(&s->csv.text));
	s->count = s->csv.count;
	for (size_t i = 0; i < s->count; i++) {
		struct csv_field f = s->csv.fields[i];
		struct str name = str_trim(str_make(s->names.p + f.at, f.len));
		struct sheet_column *c = &s->columns[i];

		*c = (struct sheet_column){.role = ROLE_IGNORED};
		if (!find(c, name)) {
			if (!ignore)
				return unknown(name, i + 1, e);
			*c = (struct sheet_column){.role = ROLE_IGNORED};
		}
		c->json = c->role == ROLE_PAYLOAD && may_be_json(c->name);
		event |= c->role == ROLE_EVENT;
		if (check_twice(s, i, e) != ERR_OK)
			return e->code;
	}
	return event ? ERR_OK
		     : err_set(e, ERR_DATA, "line 1: there is no column 'event'");
}

static void add_text(struct buf *out, struct str text)
{
	buf_addc(out, '"');
	buf_add_json(out, text);
	buf_addc(out, '"');
}

static void begin_member(struct sheet *s, size_t group, bool any)
{
	if (any || s->payload.len > 1)
		buf_addc(&s->payload, ',');
	if (any || group == 0)
		return;
	add_text(&s->payload, str_of(groups[group].name));
	buf_adds(&s->payload, STR(":{"));
}

/* A list goes in as it is; false where it begins like one and is none. */
static bool add_member(struct sheet *s, const struct sheet_column *c, struct str cell)
{
	bool list = c->json && (cell.p[0] == '[' || str_eq(c->name, STR("contents")));

	add_text(&s->payload, c->name);
	buf_addc(&s->payload, ':');
	if (!list) {
		add_text(&s->payload, cell);
		return true;
	}
	buf_adds(&s->payload, cell);
	if (json_scan(&s->json, cell) == JSON_OK)
		return true;
	snprintf(s->wrong, sizeof(s->wrong), "its %.*s is no JSON", STR_ARG(c->name));
	return false;
}

/* Appends the columns of a group that have a value; false: see s->wrong. */
static bool add_group(struct sheet *s, size_t group)
{
	bool any = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct sheet_column *c = &s->columns[i];
		struct str cell = csv_field(&s->csv, i);

		if (c->role != ROLE_PAYLOAD || c->group != group || cell.len == 0)
			continue;
		begin_member(s, group, any);
		any = true;
		if (!add_member(s, c, cell))
			return false;
	}
	if (any && group > 0)
		buf_addc(&s->payload, '}');
	return true;
}

/* Digits are Unix time, anything else is text for the relay to read. */
static void take_time(struct str cell, struct enqueue_row *out)
{
	char text[32], *end;

	cell = str_trim(cell);
	out->time = cell.len ? ENQUEUE_TEXT : ENQUEUE_NO_TIME;
	out->time_text = cell;
	if (cell.len == 0 || cell.len >= sizeof(text) ||
	    !(ascii_is_digit(cell.p[0]) || cell.p[0] == '-'))
		return;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(cell));
	errno = 0;
	out->time_int = strtoll(text, &end, 10);
	if (!errno && !*end)
		out->time = ENQUEUE_INT;
	else if (*end == '.' && strspn(end + 1, "0123456789") == strlen(end + 1))
		out->time = ENQUEUE_REAL;
	out->time_real = strtod(text, NULL);
}

static void take_own(struct sheet *s, struct enqueue_row *out)
{
	for (size_t i = 0; i < s->count; i++) {
		struct str cell = csv_field(&s->csv, i);

		switch (s->columns[i].role) {
		case ROLE_EVENT: out->event = cell; break;
		case ROLE_EVENT_ID: out->event_id = cell.len ? cell : STR_NONE; break;
		case ROLE_EVENT_TIME: take_time(cell, out); break;
		default: break;
		}
	}
}

const char *sheet_row(struct sheet *s, struct str record, struct enqueue_row *out)
{
	const char *wrong;

	*out = (struct enqueue_row){.event_id = STR_NONE, .time = ENQUEUE_NO_TIME};
	if (!utf8_valid(record))
		return "it is no UTF-8";
	if (memchr(record.p, '\0', record.len))
		return "it has a NUL byte";
	wrong = csv_split(&s->csv, record);
	if (wrong)
		return wrong;
	if (s->csv.count != s->count) {
		snprintf(s->wrong, sizeof(s->wrong), "it has %zu field%s, the header %zu",
			 s->csv.count, s->csv.count == 1 ? "" : "s", s->count);
		return s->wrong;
	}
	take_own(s, out);
	if (str_trim(out->event).len == 0)
		return "its event is empty";
	buf_clear(&s->payload);
	buf_addc(&s->payload, '{');
	for (size_t group = 0; group < GROUPS; group++)
		if (!add_group(s, group))
			return s->wrong;
	buf_addc(&s->payload, '}');
	out->payload = buf_str(&s->payload);
	return s->payload.full ? "it is too long" : NULL;
}
