/* SPDX-License-Identifier: MIT */
#include "core/redact_key.h"

static bool key_is_one_of(const struct json *j, uint32_t at, const char *const *names)
{
	while (*names && !json_key_is(j, at, str_of(*names)))
		names++;
	return *names != NULL;
}

/* The member that says what the "value" beside it is, as a form's fields are written. */
static uint32_t name_beside(const struct json *j, uint32_t object)
{
	static const char *const names[] = {"name", "key", "field", "label"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t at = json_find(j, object, str_of(names[i]));

		if (at != JSON_NONE && j->t[at].type == TOKEN_STRING)
			return at;
	}
	return JSON_NONE;
}

static size_t cut_name(size_t *at, size_t len)
{
	if (len <= REDACT_NAME_MAX)
		return len;
	*at += len - REDACT_NAME_MAX;
	return REDACT_NAME_MAX;
}

/* `keys` is as long behind it as it was. */
static void look_beside(const struct json *j, struct redact_object *o, struct buf *keys)
{
	uint32_t beside = name_beside(j, o->at);
	size_t before = keys->len, from = before;

	o->looked = true;
	o->len = 0;
	if (beside == JSON_NONE)
		return;
	json_unescape(j, beside, keys);
	o->len = cut_name(&from, keys->len - before);
	if (o->len > 0)
		memcpy(o->name, keys->p + from, o->len);
	keys->len = before;
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
	} else if (object && json_key_is(j, at, STR("value"))) {
		if (!object->looked)
			look_beside(j, object, keys);
		called = object->len > 0;
	}
	if (called)
		buf_add(keys, object->name, object->len);
	else
		json_unescape(j, at, keys);
	key.len = keys->len - key.at;
	return key;
}
