/* SPDX-License-Identifier: MIT */
#include "core/redact.h"

#include "core/country.h"
#include "core/identity.h"
#include "core/json_id.h"
#include "core/redact_key.h"
#include "core/redact_text.h"
#include "core/url.h"

struct walk {
	const struct json *j;
	struct scratch *s;
	const char *country;
	bool but_places; /* city, state and country do not count */
	bool found;
	/* redact_payload only */
	struct digest *dg;
	struct buf *out;
	size_t done; /* of the payload, copied to `out` */
};

/* The text of a string or a number, valid until the next call. */
static struct str text_of(struct walk *w, uint32_t at)
{
	if (!(w->j->t[at].flags & TOKEN_ESCAPED))
		return json_bytes(w->j, at);
	buf_clear(&w->s->text);
	json_unescape(w->j, at, &w->s->text);
	return buf_str(&w->s->text);
}

/* The value with its quotes gives way to what is appended behind. */
static void cut(struct walk *w, uint32_t at)
{
	const struct json_token *t = &w->j->t[at];
	size_t quote = t->type == TOKEN_STRING;

	buf_add(w->out, w->j->text.p + w->done, t->start - quote - w->done);
	w->done = t->end + quote;
}

static void put_hash(struct walk *w, const struct redact_spot *spot, struct str text)
{
	char hex[DIGEST_HEX_LEN];
	bool normal;

	redact_hash(spot, text, w->dg, &w->s->more, &normal, hex);
	buf_adds(w->out, normal ? STR("\"") : STR("{\"sha256\":\""));
	buf_add(w->out, hex, sizeof(hex));
	buf_adds(w->out, normal ? STR("\"") : STR("\"}"));
}

static void put_text(struct walk *w, struct str text)
{
	buf_addc(w->out, '"');
	buf_add_json(w->out, text);
	buf_addc(w->out, '"');
}

static void apply(struct walk *w, const struct redact_spot *spot,
		  enum redact_action action, struct str text)
{
	struct buf *made = &w->s->canon;
	char own[3];

	buf_clear(made);
	switch (action) {
	case ACTION_HASH: put_hash(w, spot, text); return;
	case ACTION_SCRUB: url_scrub(text, made); break;
	case ACTION_PARTS: redact_parts(text, w->dg, &w->s->more, made); break;
	case ACTION_CODE: buf_adds(made, str_of(country_code(text, own))); break;
	case ACTION_NONE: return;
	}
	put_text(w, buf_str(made));
}

static void leaf(struct walk *w, struct redact_spot *spot, uint32_t at)
{
	struct str text = str_trim(json_id(w->j, at, &w->s->text));
	enum redact_action action;

	spot->country = w->country;
	action = redact_action_of(spot, text);
	if (action == ACTION_NONE)
		return;
	if (w->but_places && (spot->field == FIELD_CITY || spot->field == FIELD_STATE ||
			      spot->field == FIELD_COUNTRY))
		return;
	w->found = true;
	if (!w->out)
		return;
	cut(w, at);
	apply(w, spot, action, text);
}

/* A name of the producer's in which somebody's address or number stands. */
static void hide_name(struct walk *w, uint32_t at, struct str name)
{
	char hex[DIGEST_HEX_LEN];

	w->found = true;
	if (!w->out)
		return;
	digest_hex(w->dg, name, hex);
	cut(w, at);
	buf_addc(w->out, '"');
	buf_add(w->out, hex, sizeof(hex));
	buf_addc(w->out, '"');
}

static void walk_value(struct walk *w, struct redact_spot *spot, enum field as,
		       struct redact_key key, uint32_t at);

static void judge_name(const struct walk *w, struct redact_spot *spot,
		       struct redact_key key)
{
	if (spot->place == PLACE_CUSTOM)
		personal_name_of(str_make(w->s->keys.p + key.at, key.len), &spot->name);
}

static void walk_member(struct walk *w, enum field field, struct redact_object *object,
			struct redact_key parent, bool person, uint32_t at)
{
	struct redact_spot spot = {.place = redact_places[field], .field = field};
	size_t keys = w->s->keys.len;
	struct redact_key key = {0};

	if (person)
		spot.place = PLACE_PERSON;
	else if (field == FIELD_NONE || field == FIELD_USER)
		key = redact_key_of(w->j, object, parent, at, &w->s->keys);
	judge_name(w, &spot, key);
	walk_value(w, &spot, field == FIELD_NONE ? FIELD_COUNT : field, key, at + 1);
	w->s->keys.len = keys;
}

static void walk_members(struct walk *w, enum field as, struct redact_key parent,
			 bool person, uint32_t object)
{
	const struct json *j = w->j;
	struct redact_object within;

	redact_object_init(&within, object);
	for (uint32_t at = object + 1; at < j->t[object].next && !(w->found && !w->out);
	     at = j->t[at + 1].next) {
		enum token_type type = (enum token_type)j->t[at + 1].type;
		struct str name = text_of(w, at);
		enum field field = field_of(as, name);

		if (field == FIELD_NONE && tells_who(name))
			hide_name(w, at, name);
		if (type > TOKEN_NUMBER) /* says nothing */
			continue;
		if (type <= TOKEN_ARRAY || person ||
		    (redact_places[field] != PLACE_KEPT &&
		     !redact_is_plain(w->j, field, at + 1)))
			walk_member(w, field, as == FIELD_COUNT ? &within : NULL, parent,
				    person, at);
	}
}

/* An object under a name that is a person's: all that is in it. */
static bool is_person(const struct redact_spot *spot)
{
	if (spot->place == PLACE_CUSTOM)
		return personal_value(&spot->name, STR("x"));
	return spot->place == PLACE_PERSON || spot->place == PLACE_FIELD;
}

static void walk_value(struct walk *w, struct redact_spot *spot, enum field as,
		       struct redact_key key, uint32_t at)
{
	const struct json *j = w->j;

	switch ((enum token_type)j->t[at].type) {
	case TOKEN_OBJECT:
		if (j->t[at].next > at + 1)
			walk_members(w, as, key, is_person(spot), at);
		break;
	case TOKEN_ARRAY:
		for (uint32_t item = at + 1; item < j->t[at].next; item = j->t[item].next)
			walk_value(w, spot, as, key, item);
		break;
	case TOKEN_STRING:
	case TOKEN_NUMBER:
		if (spot->place != PLACE_KEPT)
			leaf(w, spot, at);
		break;
	default: break;
	}
}

static void walk_payload(struct walk *w)
{
	buf_clear(&w->s->keys);
	if (w->j->t[0].type == TOKEN_OBJECT)
		walk_members(w, FIELD_NONE, (struct redact_key){0}, false, 0);
}

/* One member that conversion_read has left to us. */
static void look_at(struct walk *w, const struct conversion *c, const struct look *look)
{
	struct redact_spot spot = {.place = redact_places[look->field],
				   .field = (enum field)look->field};
	struct redact_key user = {0}, key = {0};

	buf_clear(&w->s->keys);
	if (look->field != FIELD_NONE) {
		walk_value(w, &spot, (enum field)look->field, key, look->key + 1);
		return;
	}
	if (look->of_user)
		user = redact_key_of(w->j, NULL, user, c->at[FIELD_USER] - 1,
				     &w->s->keys);
	key = redact_key_of(w->j, NULL, user, look->key, &w->s->keys);
	judge_name(w, &spot, key);
	walk_value(w, &spot, FIELD_COUNT, key, look->key + 1);
}

bool redact_needed(const struct conversion *c, struct scratch *s)
{
	struct walk w = {.j = c->json, .s = s, .country = ""};

	if (c->looks.count > LOOKS_MAX)
		walk_payload(&w);
	else
		for (size_t i = 0; i < c->looks.count && !w.found; i++)
			look_at(&w, c, &c->looks.look[i]);
	return w.found;
}

bool redact_needed_of_person(const struct conversion *c, struct scratch *s)
{
	struct walk w = {.j = c->json, .s = s, .country = "", .but_places = true};

	walk_payload(&w);
	return w.found;
}

/* The payload's own, as identifier_country reads it. */
static const char *country_of(const struct json *j, struct buf *tmp,
			      const char *otherwise, char own[3])
{
	uint32_t user = json_find(j, 0, STR("user")), at;

	if (user == JSON_NONE || j->t[user].type != TOKEN_OBJECT)
		return otherwise;
	at = json_find(j, user, STR("country"));
	if (at != JSON_NONE && j->t[at].type == TOKEN_ARRAY && j->t[at].next == at + 2)
		at++;
	if (at == JSON_NONE || j->t[at].type != TOKEN_STRING)
		return otherwise;
	return country_of_phones(json_id(j, at, tmp), otherwise, own);
}

enum redaction redact_payload(struct str payload, const char *country, struct scratch *s,
			      struct digest *dg, struct buf *out)
{
	struct walk w = {.j = &s->json, .s = s, .dg = dg, .out = out};
	char own[3];

	if (payload.len == 0)
		return REDACT_NOTHING;
	if (payload.len > REDACT_MAX || json_scan(&s->json, payload) != JSON_OK ||
	    s->json.t[0].type != TOKEN_OBJECT)
		return REDACT_UNREADABLE;
	w.country = country_of(&s->json, &s->text, country, own);
	buf_clear(out);
	walk_payload(&w);
	if (!w.found)
		return REDACT_NOTHING;
	buf_add(out, payload.p + w.done, payload.len - w.done);
	return out->full ? REDACT_UNREADABLE : REDACT_DONE;
}

/* The named members of an object, as they are written. */
static void keep_members(const struct json *j, uint32_t object, const char *const *names,
			 struct buf *out)
{
	for (; *names; names++) {
		uint32_t at = json_find(j, object, str_of(*names));
		size_t quote;

		if (at == JSON_NONE)
			continue;
		quote = j->t[at].type == TOKEN_STRING;
		buf_addf(out, ",\"%s\":", *names);
		buf_add(out, j->text.p + j->t[at].start - quote,
			j->t[at].end - j->t[at].start + 2 * quote);
	}
}

void redact_erase(struct str payload, struct scratch *s, struct buf *out)
{
	static const char *const root[] = {"transaction_id", "conversion_date_time",
					   NULL};
	static const char *const bought[] = {"value",     "currency",    "order_id",
					     "contents",  "content_ids", "content_type",
					     "num_items", "shop_id",     NULL};
	const struct json *j = &s->json;
	uint32_t properties;

	buf_clear(out);
	buf_adds(out, STR("{\"user\":{}"));
	if (payload.len > 0 && payload.len <= REDACT_MAX &&
	    json_scan(&s->json, payload) == JSON_OK && j->t[0].type == TOKEN_OBJECT) {
		keep_members(j, 0, root, out);
		properties = json_find(j, 0, STR("properties"));
		if (properties != JSON_NONE && j->t[properties].type == TOKEN_OBJECT) {
			size_t at = out->len + sizeof(",\"properties\":{") - 1;

			buf_adds(out, STR(",\"properties\":{"));
			keep_members(j, properties, bought, out);
			if (out->len > at) {
				memmove(out->p + at, out->p + at + 1, out->len - at - 1);
				out->len--;
			}
			buf_addc(out, '}');
		}
	}
	buf_addc(out, '}');
}

static bool is_placeholder(enum field field, struct str text)
{
	switch (field) {
	case FIELD_EMAIL: return identity_is_placeholder(IDENTITY_EMAIL, text);
	case FIELD_PHONE: return identity_is_placeholder(IDENTITY_PHONE, text);
	default: return false;
	}
}

/* A column holds text, so that the hash of what is no identifier would be taken for one that
 * the producer has hashed: nothing is left of it. */
bool redact_column(enum field field, struct str value, const char *country,
		   struct scratch *s, struct digest *dg, struct buf *out)
{
	struct redact_spot spot = {
		.place = redact_places[field], .field = field, .country = country};
	struct str text = str_trim(value);
	char hex[DIGEST_HEX_LEN];
	bool normal;

	switch (redact_action_of(&spot, text)) {
	case ACTION_NONE: return false;
	case ACTION_HASH:
		redact_hash(&spot, text, dg, &s->more, &normal, hex);
		buf_clear(out);
		if (normal && !is_placeholder(field, text) &&
		    !is_placeholder(field, buf_str(&s->more)))
			buf_add(out, hex, sizeof(hex));
		return true;
	case ACTION_SCRUB:
		buf_clear(out);
		url_scrub(text, out);
		return true;
	case ACTION_PARTS:
		buf_clear(out);
		redact_parts(text, dg, &s->more, out);
		return true;
	case ACTION_CODE: break; /* no column is a country */
	}
	return false;
}
