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

/* That a form's field is called by. The first eight are a product's seldom, the last often. */
static const char *const callers[] = {
	"name",      "key",         "field", "label", "question", "field_name",
	"column_id", "display_key", "title", "ref",   "id"};

enum { OF_VALUE = 8, OF_ANSWER = 10, OF_ANY = 11 };

/* Under a phone's name only what looks like a number is one. */
static enum redact_rank rank_of(struct str name)
{
	struct personal_name n;

	personal_name_of(name, &n);
	if (n.personal || n.email || is_device_name(name, n.canonical))
		return REDACT_PERSONAL;
	return personal_value(&n, STR("01512345678")) ? REDACT_PHONE : REDACT_OTHER;
}

/* `keys` is as long behind it as it was. */
static void take_name(const struct json *j, struct redact_name *o, uint32_t at,
		      struct buf *keys)
{
	size_t before = keys->len, from = before, len;
	enum redact_rank rank;

	json_unescape(j, at, keys);
	len = cut_name(&from, keys->len - before);
	rank = rank_of(str_make(keys->p + from, len));
	if (len > 0 && (rank > o->rank || o->len == 0)) {
		memcpy(o->text, keys->p + from, len);
		o->len = len;
		o->rank = rank;
	}
	keys->len = before;
}

/* The first of so many callers that says something, unless a later one says more of a person. */
static void take_names(const struct json *j, struct redact_name *o, uint32_t object,
		       size_t count, struct buf *keys)
{
	for (size_t i = 0; i < count && o->rank < REDACT_PERSONAL; i++) {
		uint32_t at = json_find(j, object, str_of(callers[i]));

		if (at != JSON_NONE && j->t[at].type == TOKEN_STRING)
			take_name(j, o, at, keys);
	}
}

/* Whether one of the members that forms call a field by asks for a person's data. `keys` is as
 * long behind it as it was. */
static void take_form_field(const struct json *j, struct redact_object *o,
			    uint32_t object, struct buf *keys)
{
	size_t before = keys->len;

	for (size_t i = 0; i < OF_ANY; i++) {
		uint32_t at = json_find(j, object, str_of(callers[i]));
		enum form_field asked;

		if (at == JSON_NONE || j->t[at].type != TOKEN_STRING)
			continue;
		json_unescape(j, at, keys);
		asked = form_field_of(str_make(keys->p + before, keys->len - before));
		keys->len = before;
		if (asked > o->asked)
			o->asked = asked;
	}
}

static void look_beside(const struct json *j, struct redact_object *o, struct buf *keys)
{
	uint32_t field = json_find(j, o->at, STR("field"));

	o->looked = true;
	o->value.rank = o->answer.rank = REDACT_OTHER;
	o->value.len = o->answer.len = 0;
	o->asked = FORM_OTHER;
	o->of_field = field != JSON_NONE && j->t[field].type == TOKEN_OBJECT;
	o->of_product = json_find(j, o->at, STR("position")) != JSON_NONE ||
			json_find(j, o->at, STR("price")) != JSON_NONE;
	take_names(j, &o->value, o->at, OF_VALUE, keys);
	take_names(j, &o->answer, o->at, OF_ANSWER, keys);
	take_form_field(j, o, o->at, keys);
	if (!o->of_field)
		return;
	take_names(j, &o->value, field, OF_ANSWER, keys);
	take_names(j, &o->answer, field, OF_ANSWER, keys);
	take_form_field(j, o, field, keys);
}

/* A price or a count is no answer, and no phone number is as short. */
static bool is_phone_number(const struct json *j, uint32_t at)
{
	enum { DIGITS_MIN = 7 };
	struct str number = json_bytes(j, at);
	size_t digits = 0;

	for (size_t i = 0; i < number.len; i++)
		digits += ascii_is_digit(number.p[i]);
	return digits >= DIGITS_MIN;
}

/* A number says who somebody is only where a phone's is asked for; of a list one will do. */
static bool may_answer(const struct json *j, enum form_field asked, uint32_t at)
{
	switch ((enum token_type)j->t[at].type) {
	case TOKEN_ARRAY:
		for (uint32_t item = at + 1; item < j->t[at].next; item = j->t[item].next)
			if (j->t[item].type != TOKEN_ARRAY && may_answer(j, asked, item))
				return true;
		return false;
	case TOKEN_NUMBER: return asked == FORM_PHONE && is_phone_number(j, at);
	case TOKEN_STRING:
	case TOKEN_OBJECT: return true;
	default: return false;
	}
}

/* "value" and "values" are a product's and its options', too; "text" is a sentence, but beside the
 * field that it fills in. */
static bool is_answer(const struct json *j, const struct redact_object *o, uint32_t at)
{
	enum form_field least = FORM_AMBIGUOUS;

	if (json_key_is(j, at, STR("text"))) {
		if (!o->of_field)
			return false;
	} else if (!json_key_is(j, at, STR("answer"))) {
		least = FORM_TEXT;
	}
	return o->asked >= least && may_answer(j, o->asked, at + 1);
}

/* "value", "raw_value", "displayValue". */
static bool is_value(const struct json *j, uint32_t at)
{
	struct str key = json_bytes(j, at);

	if (key.len >= 5 && memcmp(key.p + key.len - 4, "alue", 4) == 0)
		return ascii_lower(key.p[key.len - 5]) == 'v';
	return json_key_is(j, at, STR("value"));
}

/* NULL: nothing can say what the member is. A product has no number that looks like a phone's. */
static const struct redact_name *name_of(const struct json *j,
					 const struct redact_object *o, uint32_t at)
{
	if (is_value(j, at))
		return &o->value;
	if (json_key_is(j, at, STR("values")))
		return o->of_product && o->value.rank != REDACT_PHONE ? NULL : &o->value;
	return json_key_is(j, at, STR("answer")) || o->of_field ? &o->answer : NULL;
}

/* Appends what the member is called after what is beside it; false where nothing says it. */
static bool put_called(const struct json *j, struct redact_object *o, uint32_t at,
		       struct buf *keys)
{
	static const char *const answers[] = {"values", "answer", "text", NULL};
	const struct redact_name *name;

	if (!is_value(j, at) && !key_is_one_of(j, at, answers))
		return false;
	if (!o->looked)
		look_beside(j, o, keys);
	if (is_answer(j, o, at)) {
		buf_adds(keys, o->asked == FORM_PHONE ? STR("phone") : STR("full_name"));
		return true;
	}
	name = name_of(j, o, at);
	if (!name || name->len == 0)
		return false;
	buf_add(keys, name->text, name->len);
	return true;
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
		called = put_called(j, object, at, keys);
	}
	if (!called)
		json_unescape(j, at, keys);
	key.len = keys->len - key.at;
	return key;
}
