/* SPDX-License-Identifier: MIT */
#include "core/redact_key.h"

static bool key_is_one_of(const struct json *j, uint32_t at, const char *const *names)
{
	while (*names && !json_key_is(j, at, str_of(*names)))
		names++;
	return *names != NULL;
}

static size_t cut_name(size_t *at, size_t len)
{
	if (len <= REDACT_NAME_MAX)
		return len;
	*at += len - REDACT_NAME_MAX;
	return REDACT_NAME_MAX;
}

static bool is_personal(struct str name)
{
	struct personal_name n;

	personal_name_of(name, &n);
	return n.personal || n.email || is_device_name(name, n.canonical);
}

/* Takes the name at `at`, unless it is the second and not personal. `keys` is as long behind it as
 * it was. */
static void take_name(const struct json *j, struct redact_object *o, uint32_t at,
		      struct buf *keys)
{
	size_t before = keys->len, from = before, len;

	json_unescape(j, at, keys);
	len = cut_name(&from, keys->len - before);
	o->personal = is_personal(str_make(keys->p + from, len));
	if (len > 0 && (o->personal || o->len == 0)) {
		memcpy(o->name, keys->p + from, len);
		o->len = len;
	}
	keys->len = before;
}

/* The members that say what the "value" beside them is, as a form's fields are written: the first
 * of them, unless a later one is personal. A product has an id and a title too. */
static void take_names(const struct json *j, struct redact_object *o, uint32_t object,
		       struct buf *keys)
{
	static const char *const names[] = {"name",  "key",      "field", "label",
					    "title", "question", "ref",   "id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !o->personal; i++) {
		uint32_t at = json_find(j, object, str_of(names[i]));

		if (at != JSON_NONE && j->t[at].type == TOKEN_STRING)
			take_name(j, o, at, keys);
	}
}

static void look_beside(const struct json *j, struct redact_object *o, struct buf *keys)
{
	uint32_t field = json_find(j, o->at, STR("field"));

	o->looked = true;
	o->personal = false;
	o->len = 0;
	o->of_field = field != JSON_NONE && j->t[field].type == TOKEN_OBJECT;
	take_names(j, o, o->at, keys);
	if (o->of_field && !o->personal)
		take_names(j, o, field, keys);
}

/* "text" is a sentence, but beside the field that it fills in. */
static bool is_called(const struct json *j, struct redact_object *o, uint32_t at,
		      struct buf *keys)
{
	static const char *const values[] = {"value", "values", "answer", NULL};
	bool text = json_key_is(j, at, STR("text"));

	if (!text && !key_is_one_of(j, at, values))
		return false;
	if (!o->looked)
		look_beside(j, o, keys);
	return o->len > 0 && (!text || o->of_field);
}

struct redact_key redact_key_of(const struct json *j, struct redact_object *object,
				struct redact_key parent, uint32_t at, struct buf *keys)
{
	static const char *const parts[] = {"name",  "city",   "town",
					    "state", "region", "province",
					    "line1", "line2",  NULL};
	struct redact_key key = {keys->len, 0};
	bool called = false;

	parent.len = cut_name(&parent.at, parent.len);
	if (parent.len > 0 && key_is_one_of(j, at, parts)) {
		buf_reserve(keys, parent.len + 1);
		buf_add(keys, keys->p + parent.at, parent.len);
		buf_addc(keys, '_');
	} else if (json_key_is(j, at, STR("name"))) {
		buf_adds(keys, STR("item_")); /* nobody's */
	} else if (object) {
		called = is_called(j, object, at, keys);
	}
	if (called)
		buf_add(keys, object->name, object->len);
	else
		json_unescape(j, at, keys);
	key.len = keys->len - key.at;
	return key;
}
