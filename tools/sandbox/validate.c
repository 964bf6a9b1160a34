/* SPDX-License-Identifier: MIT */
#include "validate.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define ALL (SOURCE_WEB | SOURCE_APP | SOURCE_OFFLINE | SOURCE_CRM)
#define NO_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum shape {
	STRING,
	HASHED,         /* a string that --strict-hash wants to be SHA-256 */
	HASHED_OR_LIST, /* one or a list of them */
	STRING_LIST,
	INTEGER,
	UNIX_SECONDS,
	NUMBER,
	BOOLEAN,
	OBJECT,
	OBJECT_LIST,
};

struct member {
	const char *name;
	enum shape shape;
	unsigned needed; /* by these sources */
	unsigned never;  /* with these sources */
	const struct member *inside;
};

static const struct member user[] = {
	{"email", HASHED_OR_LIST},
	{"phone", HASHED_OR_LIST},
	{"external_id", HASHED_OR_LIST},
	{"ttclid", STRING},
	{"ttp", STRING},
	{"ip", STRING},
	{"user_agent", STRING},
	{"locale", STRING},
	{"idfa", STRING},
	{"idfv", STRING},
	{"gaid", STRING},
	{"att_status", STRING},
	{"first_name", HASHED},
	{"last_name", HASHED},
	{"zip_code", HASHED},
	{"city", STRING},
	{"state", STRING},
	{"country", STRING},
	{NULL},
};

static const struct member content[] = {
	{"content_id", STRING},
	{"price", NUMBER},
	{"quantity", INTEGER},
	{"content_name", STRING},
	{"content_category", STRING},
	{"brand", STRING},
	{NULL},
};

static const struct member properties[] = {
	{"contents", OBJECT_LIST, .inside = content},
	{"content_ids", STRING_LIST},
	{"content_type", STRING},
	{"currency", STRING},
	{"value", NUMBER},
	{"num_items", INTEGER},
	{"search_string", STRING},
	{"description", STRING},
	{"order_id", STRING},
	{"shop_id", STRING},
	{"customer_type", STRING},
	{NULL},
};

static const struct member page[] = {
	{"url", STRING, .needed = ALL},
	{"referrer", STRING},
	{NULL},
};

static const struct member app[] = {
	{"app_id", STRING, .needed = ALL},
	{"app_name", STRING},
	{"app_version", STRING},
	{NULL},
};

static const struct member ad[] = {
	{"callback", STRING},
	{"campaign_id", STRING},
	{"ad_id", STRING},
	{"creative_id", STRING},
	{"is_retargeting", BOOLEAN},
	{"attributed", BOOLEAN},
	{"attribution_type", STRING},
	{"attribution_provider", STRING},
	{"attribution_share", NUMBER},
	{NULL},
};

static const struct member lead[] = {
	{"lead_id", STRING, .needed = ALL},
	{"lead_event_source", STRING},
	{NULL},
};

static const struct member item[] = {
	{"event", STRING, .needed = ALL},
	{"event_time", UNIX_SECONDS, .needed = ALL},
	{"event_id", STRING},
	{"user", OBJECT, .inside = user},
	{"properties", OBJECT, .inside = properties},
	{"page", OBJECT, .needed = SOURCE_WEB, .inside = page},
	{"app", OBJECT, .needed = SOURCE_APP, .inside = app},
	{"ad", OBJECT, .inside = ad},
	{"lead", OBJECT, .needed = SOURCE_CRM, .inside = lead},
	{"limited_data_use", BOOLEAN, .never = SOURCE_OFFLINE | SOURCE_CRM},
	{NULL},
};

static const struct {
	const char *name;
	enum source source;
} sources[] = {
	{"web", SOURCE_WEB},
	{"app", SOURCE_APP},
	{"offline", SOURCE_OFFLINE},
	{"crm", SOURCE_CRM},
};

struct check {
	unsigned source;
	bool strict_hash;
	struct refusal *refusal;
};

/* Where a value stands; made into text only where it is refused. */
struct place {
	const struct place *outer;
	const char *name; /* NULL: item `index` of a list */
	size_t index;
};

static void write_place(const struct place *at, struct buf *to)
{
	if (!at)
		return;
	write_place(at->outer, to);
	if (at->name)
		buf_addf(to, "%s%s", to->len ? "." : "", at->name);
	else
		buf_addf(to, "[%zu]", at->index);
}

static bool refuse(struct refusal *refusal, const struct place *at, const char *why)
{
	struct buf path;

	buf_init(&path, 120);
	write_place(at, &path);
	refusal->code = 40002;
	snprintf(refusal->message, sizeof(refusal->message), "%s: %s", buf_z(&path), why);
	buf_fini(&path);
	return false;
}

typedef bool check_fn(const struct check *c, const json_t *value, const struct place *at);

static bool check_object(const struct check *c, const json_t *object,
			 const struct member *members, const struct place *at);

static bool check_string(const struct check *c, const json_t *value,
			 const struct place *at)
{
	if (!json_is_string(value))
		return refuse(c->refusal, at, "Not a valid string");
	if (json_string_length(value) == 0)
		return refuse(c->refusal, at, "Empty string");
	return true;
}

static bool is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64 &&
	       strcmp(text, NO_HASH) != 0;
}

static bool check_hashed(const struct check *c, const json_t *value,
			 const struct place *at)
{
	if (!check_string(c, value, at))
		return false;
	if (!c->strict_hash || is_sha256(json_string_value(value)))
		return true;
	refuse(c->refusal, at, "Not hashed with SHA-256, or the hash of nothing");
	c->refusal->code = 40062;
	return false;
}

static bool check_list(const struct check *c, const json_t *list, check_fn *check,
		       const struct place *at)
{
	struct place inner = {.outer = at};

	if (!json_is_array(list))
		return refuse(c->refusal, at, "Not a valid list");
	if (json_array_size(list) == 0)
		return refuse(c->refusal, at, "Empty list");
	for (; inner.index < json_array_size(list); inner.index++)
		if (!check(c, json_array_get(list, inner.index), &inner))
			return false;
	return true;
}

static bool check_hashed_or_list(const struct check *c, const json_t *value,
				 const struct place *at)
{
	if (json_is_array(value))
		return check_list(c, value, check_hashed, at);
	return check_hashed(c, value, at);
}

/* Milliseconds are the commonest mistake: they have 13 digits. */
static bool check_unix_seconds(const struct check *c, const json_t *value,
			       const struct place *at)
{
	if (!json_is_integer(value))
		return refuse(c->refusal, at, "Not a valid integer");
	if (json_integer_value(value) <= 0 || json_integer_value(value) > 9999999999)
		return refuse(c->refusal, at, "Not a time in Unix seconds");
	return true;
}

static bool check_content(const struct check *c, const json_t *value,
			  const struct place *at)
{
	return check_object(c, value, content, at);
}

static bool check_item(const struct check *c, const json_t *value, const struct place *at)
{
	return check_object(c, value, item, at);
}

static bool check_shape(const struct check *c, const json_t *value,
			const struct member *m, const struct place *at)
{
	switch (m->shape) {
	case STRING: return check_string(c, value, at);
	case HASHED: return check_hashed(c, value, at);
	case HASHED_OR_LIST: return check_hashed_or_list(c, value, at);
	case STRING_LIST: return check_list(c, value, check_string, at);
	case UNIX_SECONDS: return check_unix_seconds(c, value, at);
	case OBJECT: return check_object(c, value, m->inside, at);
	case OBJECT_LIST: return check_list(c, value, check_content, at);
	case INTEGER:
		return json_is_integer(value) ||
		       refuse(c->refusal, at, "Not a valid integer");
	case NUMBER:
		return json_is_number(value) ||
		       refuse(c->refusal, at, "Not a valid number");
	case BOOLEAN:
		return json_is_boolean(value) ||
		       refuse(c->refusal, at, "Not a valid boolean");
	}
	return false;
}

static bool check_member(const struct check *c, const json_t *object,
			 const struct member *m, const struct place *outer)
{
	const json_t *value = json_object_get(object, m->name);
	struct place at = {outer, m->name, 0};

	if (!value && !(m->needed & c->source))
		return true;
	if (!value)
		return refuse(c->refusal, &at, "Missing required field");
	if (m->never & c->source)
		return refuse(c->refusal, &at, "Not allowed with this event_source");
	if (json_is_null(value))
		return refuse(c->refusal, &at, "Field may not be null");
	return check_shape(c, value, m, &at);
}

static bool check_object(const struct check *c, const json_t *object,
			 const struct member *members, const struct place *at)
{
	if (!json_is_object(object))
		return refuse(c->refusal, at, "Not a valid object");
	/* Without members it is told what it lacks, where it lacks something. */
	for (const struct member *m = members; m->name; m++)
		if (!check_member(c, object, m, at))
			return false;
	return json_object_size(object) > 0 || refuse(c->refusal, at, "Empty object");
}

static unsigned source_of(const json_t *root)
{
	const char *name = json_string_value(json_object_get(root, "event_source"));

	for (size_t i = 0; name && i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strcmp(name, sources[i].name) == 0)
			return sources[i].source;
	return 0;
}

bool validate_envelope(const json_t *root, struct refusal *refusal)
{
	static const struct member envelope[] = {
		{"event_source", STRING, .needed = ALL},
		{"event_source_id", STRING, .needed = ALL},
		{"test_event_code", STRING},
		{"partner_name", STRING},
		{NULL},
	};
	struct check c = {ALL, false, refusal};
	struct place at = {.name = "event_source"};
	const json_t *data = json_object_get(root, "data");

	if (!json_is_object(root))
		return refuse(refusal, &(struct place){.name = "body"}, "Not an object");
	if (!check_object(&c, root, envelope, NULL))
		return false;
	if (source_of(root) == 0)
		return refuse(refusal, &at, "Not one of web, app, offline, crm");
	at.name = "data";
	if (!json_is_array(data))
		return refuse(refusal, &at,
			      data ? "Not a valid list" : "Missing required field");
	return true;
}

bool validate_events(const json_t *root, bool strict_hash, struct refusal *refusal)
{
	const json_t *data = json_object_get(root, "data");
	struct check c = {source_of(root), strict_hash, refusal};
	struct place at = {.name = "data"};

	if (json_array_size(data) > EVENTS_MAX)
		return refuse(refusal, &at, "More than 1000 events in one request");
	return check_list(&c, data, check_item, &at);
}
