/* SPDX-License-Identifier: MIT */
#include "core/canonical.h"

#include <stdlib.h>

#include "core/decimal.h"

/* A member on its way to its place. Keys with escapes stand unescaped in scratch.keys,
 * by offset, since that buffer moves. */
struct member {
	uint32_t key; /* token */
	uint32_t from, len;
	bool unescaped;
};

struct writer {
	const struct conversion *c;
	const struct json *json;
	struct scratch *s;
	struct buf *out;
};

static struct str member_key(const struct writer *w, const struct member *m)
{
	return str_make((m->unescaped ? w->s->keys.p : w->json->text.p) + m->from,
			m->len);
}

/* UTF-16 puts U+E000 to U+FFFF (a first byte ee or ef) behind what is past them. */
static int utf16_rank(unsigned char c)
{
	return c == 0xee || c == 0xef ? c + 0x10 : c;
}

static int compare_utf16(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < len; i++)
		if (a.p[i] != b.p[i])
			return utf16_rank((unsigned char)a.p[i]) -
			       utf16_rank((unsigned char)b.p[i]);
	return (a.len > b.len) - (a.len < b.len);
}

static int compare_members(const void *a, const void *b, void *arg)
{
	const struct member *x = a, *y = b;
	int order = compare_utf16(member_key(arg, x), member_key(arg, y));

	return order ? order : (x->key > y->key) - (x->key < y->key);
}

static bool is_left_out(const struct writer *w, enum field parent, struct str key)
{
	switch (parent == FIELD_NONE || parent == FIELD_USER ? field_of(parent, key)
							     : FIELD_NONE) {
	case FIELD_CONSENT:
	case FIELD_SESSION_ID:
	case FIELD_IP:
	case FIELD_USER_AGENT: return true;
	case FIELD_CONVERSION_DATE_TIME: return w->c->time_in_payload;
	default: return false;
	}
}

static void add_member(struct writer *w, enum field parent, uint32_t key)
{
	struct str text = json_bytes(w->json, key);
	struct member m = {.key = key, .len = (uint32_t)text.len};

	m.from = w->json->t[key].start;
	m.unescaped = w->json->t[key].flags & TOKEN_ESCAPED;
	if (m.unescaped) {
		m.from = (uint32_t)w->s->keys.len;
		json_unescape(w->json, key, &w->s->keys);
		m.len = (uint32_t)w->s->keys.len - m.from;
	}
	if (!is_left_out(w, parent, member_key(w, &m)))
		buf_add(&w->s->order, &m, sizeof(m));
}

static struct member *member_at(const struct writer *w, size_t offset)
{
	return (struct member *)(void *)(w->s->order.p + offset);
}

void canonical_string(struct str s, struct buf *out)
{
	buf_addc(out, '"');
	buf_add_json(out, s);
	buf_addc(out, '"');
}

static void add_value(struct writer *w, enum field as, uint32_t at);

/* Of equal keys, which stand side by side in the order of the text, the last. */
static void add_members(struct writer *w, enum field parent, size_t from, size_t to)
{
	for (size_t i = from; i < to; i += sizeof(struct member)) {
		struct member m = *member_at(w, i);
		struct str key = member_key(w, &m);
		size_t len = w->out->len;
		enum field as =
			parent == FIELD_NONE ? field_of(parent, key) : FIELD_COUNT;

		if (i + sizeof(m) < to &&
		    str_eq(key, member_key(w, member_at(w, i + sizeof(m)))))
			continue;
		if (w->out->p[len - 1] != '{')
			buf_addc(w->out, ',');
		canonical_string(key, w->out);
		buf_addc(w->out, ':');
		add_value(w, as, m.key + 1);
		/* An address alone must not tell a user from none. */
		if (as == FIELD_USER && w->out->p[w->out->len - 1] == '}' &&
		    w->out->p[w->out->len - 2] == '{')
			w->out->len = len;
	}
}

static void add_object(struct writer *w, enum field as, uint32_t object)
{
	const struct json *j = w->json;
	size_t from = w->s->order.len, keys = w->s->keys.len, to;

	for (uint32_t at = object + 1; at < j->t[object].next; at = j->t[at + 1].next)
		add_member(w, as, at);
	to = w->s->order.len;
	if (to > from)
		qsort_r(member_at(w, from), (to - from) / sizeof(struct member),
			sizeof(struct member), compare_members, w);
	buf_addc(w->out, '{');
	add_members(w, as, from, to);
	buf_addc(w->out, '}');
	w->s->order.len = from;
	w->s->keys.len = keys;
}

static void add_array(struct writer *w, uint32_t array)
{
	const struct json *j = w->json;

	buf_addc(w->out, '[');
	for (uint32_t at = array + 1; at < j->t[array].next; at = j->t[at].next) {
		if (at > array + 1)
			buf_addc(w->out, ',');
		add_value(w, FIELD_COUNT, at);
	}
	buf_addc(w->out, ']');
}

static void add_value(struct writer *w, enum field as, uint32_t at)
{
	struct decimal d;

	switch ((enum token_type)w->json->t[at].type) {
	case TOKEN_OBJECT: add_object(w, as, at); break;
	case TOKEN_ARRAY: add_array(w, at); break;
	case TOKEN_STRING:
		buf_clear(&w->s->more);
		json_unescape(w->json, at, &w->s->more);
		canonical_string(buf_str(&w->s->more), w->out);
		break;
	case TOKEN_NUMBER:
		decimal_read(json_bytes(w->json, at), &d);
		decimal_print(&d, w->out);
		break;
	default: buf_adds(w->out, json_bytes(w->json, at));
	}
}

void canonical_payload(const struct conversion *c, struct scratch *s, struct buf *out)
{
	struct writer w = {c, c->json, s, out};

	buf_clear(&s->order);
	buf_clear(&s->keys);
	add_value(&w, FIELD_NONE, 0);
}
