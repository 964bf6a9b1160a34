/* SPDX-License-Identifier: MIT */
#include "core/merge.h"

#include "core/json.h"

static bool is_object(const struct json *j, uint32_t at)
{
	return j->t[at].type == TOKEN_OBJECT;
}

static bool is_empty(const struct json *j, uint32_t at)
{
	const struct json_token *t = &j->t[at];

	switch (t->type) {
	case TOKEN_NULL: return true;
	case TOKEN_STRING: return t->start == t->end;
	case TOKEN_OBJECT:
	case TOKEN_ARRAY: return t->next == at + 1;
	default: return false;
	}
}

/* As it is written, a string with its quotes. */
static void copy(const struct json *j, uint32_t at, struct buf *out)
{
	uint32_t quote = j->t[at].type == TOKEN_STRING;

	buf_add(out, j->text.p + j->t[at].start - quote,
		j->t[at].end - j->t[at].start + 2 * quote);
}

static void copy_member(const struct json *j, uint32_t key, struct buf *out)
{
	copy(j, key, out);
	buf_addc(out, ':');
	copy(j, key + 1, out);
}

static void separate(struct buf *out)
{
	if (out->len > 0 && out->p[out->len - 1] != '{')
		buf_addc(out, ',');
}

/* The depth is the scanner's, at most JSON_DEPTH_MAX. */
static void merge(const struct json *a, uint32_t at, const struct json *b, uint32_t bt,
		  struct buf *out)
{
	if (!is_object(a, at) || !is_object(b, bt)) {
		copy(is_empty(a, at) ? b : a, is_empty(a, at) ? bt : at, out);
		return;
	}
	buf_addc(out, '{');
	for (uint32_t k = at + 1; k < a->t[at].next; k = a->t[k + 1].next) {
		uint32_t other = json_find(b, bt, json_bytes(a, k));

		separate(out);
		if (other == JSON_NONE) {
			copy_member(a, k, out);
			continue;
		}
		copy(a, k, out);
		buf_addc(out, ':');
		merge(a, k + 1, b, other, out);
	}
	for (uint32_t k = bt + 1; k < b->t[bt].next; k = b->t[k + 1].next) {
		if (json_find(a, at, json_bytes(b, k)) != JSON_NONE)
			continue;
		separate(out);
		copy_member(b, k, out);
	}
	buf_addc(out, '}');
}

bool payload_merge(struct str first, struct str second, struct buf *out)
{
	size_t before = out->len;
	struct json a, b;
	bool done = false;

	json_init(&a);
	json_init(&b);
	if (json_scan(&a, first) == JSON_OK && json_scan(&b, second) == JSON_OK &&
	    is_object(&a, 0) && is_object(&b, 0)) {
		merge(&a, 0, &b, 0, out);
		done = !out->full;
	}
	json_fini(&a);
	json_fini(&b);
	if (!done)
		out->len = before;
	return done;
}
