/* SPDX-License-Identifier: MIT */
#include "core/disguise.h"
#include "core/redact_key.h"
#include "core/redact_text.h"
#include "core/sha256_hex.h"
#include "core/shape_parts.h"
#include "core/url.h"

/* As it is written, a string with its quotes. */
static void put_raw(struct shaper *sh, uint32_t at, struct str behind)
{
	struct str raw = json_bytes(sh->j, at);
	bool quoted = sh->j->t[at].type == TOKEN_STRING;

	put(sh->out, quoted ? str_make(raw.p - 1, raw.len + 2) : raw);
	put(sh->out, behind);
}

/* An address is never redacted in parts, so that nothing is joined to a hash in it. */
static bool may_hold_hash(struct str text)
{
	if (!holds_sha256_hex(text))
		return false;
	return holds_hash(text) ||
	       !(url_is_address(text) || text.p[0] == '/' || text.p[0] == '?');
}

/* A text that tells who somebody is stays here, and so does a hash, which may be what such a text
 * has become in the meantime; a URL loses what tells it. */
static void put_leaf(struct shaper *sh, const struct redact_spot *spot, uint32_t at)
{
	struct str text = str_trim(conversion_id(sh->c, at, &sh->s->text));
	enum redact_action action = redact_action_of(spot, text);

	if (action == ACTION_NONE && !may_hold_hash(text)) {
		put_raw(sh, at, STR(","));
	} else if (action == ACTION_SCRUB) {
		buf_clear(&sh->s->more);
		url_scrub(text, &sh->s->more);
		put_text(sh->out, STR(""), buf_str(&sh->s->more));
	}
}

static void put_value(struct shaper *sh, const struct redact_spot *spot,
		      struct redact_key key, uint32_t at);

/* Identifiers do not leave by the side door of a custom property. A flag says nothing, unless its
 * name does. */
static bool names_a_person(struct shaper *sh, const struct redact_spot *spot,
			   struct str name, uint32_t value)
{
	enum token_type type = (enum token_type)sh->j->t[value].type;

	if (spot->name.email || tells_who(name) || holds_sha256_hex(name))
		return true;
	return type != TOKEN_TRUE && type != TOKEN_FALSE &&
	       (is_device_name(name, spot->name.canonical) ||
		personal_value(&spot->name, STR("x")));
}

static void put_member(struct shaper *sh, struct redact_object *object,
		       struct redact_key parent, uint32_t at)
{
	size_t start = sh->out->len, keys = sh->s->keys.len, value;
	struct redact_key key = redact_key_of(sh->j, object, parent, at, &sh->s->keys);
	struct str name = str_make(sh->s->keys.p + key.at, key.len);
	struct redact_spot spot = {.place = PLACE_CUSTOM};

	personal_name_of(name, &spot.name);
	if (!names_a_person(sh, &spot, name, at + 1)) {
		put_raw(sh, at, STR(":"));
		value = sh->out->len;
		put_value(sh, &spot, key, at + 1);
		if (sh->out->len == value)
			sh->out->len = start;
	}
	sh->s->keys.len = keys;
}

static void put_object(struct shaper *sh, struct redact_key key, uint32_t at)
{
	const struct json *j = sh->j;
	size_t start = sh->out->len;
	struct redact_object object;

	redact_object_init(&object, at);
	put(sh->out, STR("{"));
	for (uint32_t k = at + 1; k < j->t[at].next; k = j->t[k + 1].next)
		put_member(sh, &object, key, k);
	put_close(sh->out, start, '}');
}

static void put_value(struct shaper *sh, const struct redact_spot *spot,
		      struct redact_key key, uint32_t at)
{
	const struct json *j = sh->j;
	size_t start = sh->out->len;

	switch ((enum token_type)j->t[at].type) {
	case TOKEN_OBJECT: put_object(sh, key, at); break;
	case TOKEN_ARRAY:
		put(sh->out, STR("["));
		for (uint32_t item = at + 1; item < j->t[at].next; item = j->t[item].next)
			put_value(sh, spot, key, item);
		put_close(sh->out, start, ']');
		break;
	case TOKEN_STRING:
	case TOKEN_NUMBER:
		if (!(j->t[at].flags & TOKEN_EMPTY))
			put_leaf(sh, spot, at);
		break;
	case TOKEN_NULL: break;
	default: put_raw(sh, at, STR(","));
	}
}

void shape_custom(struct shaper *sh, uint32_t key)
{
	buf_clear(&sh->s->keys);
	put_member(sh, NULL, (struct redact_key){0}, key);
}
