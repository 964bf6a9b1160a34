/* SPDX-License-Identifier: MIT */
#include "run/body.h"

#include "core/digest.h"
#include "core/json.h"
#include "core/normalize.h"
#include "core/sha256_hex.h"

enum { SHOWN_DIGITS = 8 };

struct printer {
	struct json json;
	struct buf text; /* one string, unescaped */
	struct buf *out;
	bool reveal;
};

/* Members of a user that tell who it is. A ttclid tells which click it was. */
static bool is_identifier(struct str key)
{
	static const char *const names[] = {
		"email",     "phone",    "external_id", "first_name",
		"last_name", "zip_code", "ip",          "user_agent",
		"ttp",       "idfa",     "idfv",        "gaid",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(key, str_of(names[i])))
			return true;
	return false;
}

void body_mask(struct str value, struct buf *out)
{
	char hex[DIGEST_HEX_LEN];
	struct digest digest;

	if (value.len == DIGEST_HEX_LEN && is_sha256_hex(value)) {
		buf_adds(out, str_make(value.p, SHOWN_DIGITS));
	} else {
		digest_init(&digest);
		digest_hex(&digest, value, hex);
		digest_fini(&digest);
		buf_adds(out, str_make(hex, SHOWN_DIGITS));
	}
	buf_adds(out, STR("…"));
}

static void put_scalar(struct printer *p, uint32_t at, bool hide)
{
	bool quoted = p->json.t[at].type == TOKEN_STRING;

	if (quoted || hide)
		buf_addc(p->out, '"');
	if (hide) {
		buf_clear(&p->text);
		json_unescape(&p->json, at, &p->text);
		body_mask(buf_str(&p->text), p->out);
	} else {
		buf_adds(p->out, json_bytes(&p->json, at));
	}
	if (quoted || hide)
		buf_addc(p->out, '"');
}

static void new_line(struct printer *p, int depth)
{
	buf_addc(p->out, '\n');
	for (int i = 0; i < depth; i++)
		buf_adds(p->out, STR("  "));
}

static bool hides(const struct printer *p, uint32_t key, bool in_user)
{
	return !p->reveal && in_user && is_identifier(json_bytes(&p->json, key));
}

/* The reader has bounded the depth. */
static void put_value(struct printer *p, uint32_t at, int depth, bool in_user, bool hide)
{
	const struct json_token *t = &p->json.t[at];
	bool object = t->type == TOKEN_OBJECT;
	uint32_t i = at + 1;

	if (!object && t->type != TOKEN_ARRAY) {
		put_scalar(p, at, hide);
		return;
	}
	buf_addc(p->out, object ? '{' : '[');
	for (; i < t->next; i = p->json.t[i].next) {
		bool hidden = hide, user = false;

		if (i > at + 1)
			buf_addc(p->out, ',');
		new_line(p, depth + 1);
		if (object) {
			hidden |= hides(p, i, in_user);
			user = json_key_is(&p->json, i, STR("user"));
			put_scalar(p, i++, false);
			buf_adds(p->out, STR(": "));
		}
		put_value(p, i, depth + 1, user, hidden);
	}
	if (i > at + 1)
		new_line(p, depth);
	buf_addc(p->out, object ? '}' : ']');
}

static bool begin(struct printer *p, struct str body, bool reveal, struct buf *out)
{
	*p = (struct printer){.out = out, .reveal = reveal};
	json_init(&p->json);
	buf_init(&p->text, body.len + 1);
	return json_scan(&p->json, body) == JSON_OK;
}

static void end(struct printer *p)
{
	json_fini(&p->json);
	buf_fini(&p->text);
}

bool body_print(struct str body, bool reveal, int depth, struct buf *out)
{
	struct printer p;
	bool ok = begin(&p, body, reveal, out);

	if (ok)
		put_value(&p, 0, depth, false, false);
	end(&p);
	return ok && !out->full;
}

static void put_identifier(struct printer *p, uint32_t key)
{
	const struct json *j = &p->json;
	uint32_t at = key + 1;
	bool list = j->t[at].type == TOKEN_ARRAY, hide = hides(p, key, true);

	if (p->out->len > 0)
		buf_adds(p->out, STR(", "));
	buf_adds(p->out, json_bytes(j, key));
	for (uint32_t i = list ? at + 1 : at; i < j->t[at].next; i = j->t[i].next) {
		buf_addc(p->out, ' ');
		buf_clear(&p->text);
		json_unescape(j, i, &p->text);
		if (hide)
			body_mask(buf_str(&p->text), p->out);
		else
			buf_adds(p->out, buf_str(&p->text));
	}
}

void body_identifiers(struct str body, bool reveal, struct buf *out)
{
	struct printer p;
	uint32_t user = JSON_NONE, data;

	if (begin(&p, body, reveal, out)) {
		data = json_find(&p.json, 0, STR("data"));
		user = json_find(&p.json, data ? data + 1 : 0, STR("user"));
	}
	for (uint32_t i = user + 1; user && i < p.json.t[user].next;
	     i = p.json.t[i + 1].next)
		put_identifier(&p, i);
	end(&p);
}
