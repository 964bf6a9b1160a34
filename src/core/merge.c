/* SPDX-License-Identifier: MIT */
#include "core/merge.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"

static bool is_object(const struct json *j, uint32_t at)
{
	return j->t[at].type == TOKEN_OBJECT;
}

static bool is_empty(const struct json *j, uint32_t at);

/* A form with two fields that nobody filled in. */
static bool holds_nothing(const struct json *j, uint32_t list)
{
	for (uint32_t at = list + 1; at < j->t[list].next; at = j->t[at].next)
		if (!is_empty(j, at))
			return false;
	return true;
}

/* The depth is the scanner's, as below. */
static bool is_empty(const struct json *j, uint32_t at)
{
	const struct json_token *t = &j->t[at];

	switch (t->type) {
	case TOKEN_NULL: return true;
	case TOKEN_STRING: return str_trim(json_bytes(j, at)).len == 0;
	case TOKEN_OBJECT: return t->next == at + 1;
	case TOKEN_ARRAY: return holds_nothing(j, at);
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

struct member {
	uint32_t key; /* token */
	uint32_t from, len;
	bool unescaped; /* its name stands in keys.text, by offset, since that moves */
};

/* The members of an object, so that two large ones meet in no more than n log n. */
struct keys {
	const struct json *json;
	struct member *list; /* as they are written */
	uint32_t *sorted;    /* by name; of equal ones as they are written */
	size_t count;
	struct buf text;
};

static struct str name_of(const struct keys *m, size_t i)
{
	const struct member *member = &m->list[i];

	return str_make((member->unescaped ? m->text.p : m->json->text.p) + member->from,
			member->len);
}

static int compare(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.p, b.p, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_keys(const void *a, const void *b, void *keys)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = compare(name_of(keys, x), name_of(keys, y));

	return order ? order : (x > y) - (x < y);
}

static void add_member(struct keys *m, uint32_t key)
{
	const struct json_token *t = &m->json->t[key];
	struct member *member = &m->list[m->count];

	*member = (struct member){key, t->start, t->end - t->start,
				  t->flags & TOKEN_ESCAPED};
	if (member->unescaped) {
		member->from = (uint32_t)m->text.len;
		json_unescape(m->json, key, &m->text);
		member->len = (uint32_t)m->text.len - member->from;
	}
	m->sorted[m->count] = (uint32_t)m->count;
	m->count++;
}

static void keys_open(struct keys *m, const struct json *j, uint32_t object)
{
	size_t room = (j->t[object].next - object) / 2 + 1;

	*m = (struct keys){.json = j};
	buf_init(&m->text, j->text.len + 1);
	m->list = calloc(room, sizeof(*m->list));
	m->sorted = calloc(room, sizeof(*m->sorted));
	if (!m->list || !m->sorted)
		abort();
	for (uint32_t key = object + 1; key < j->t[object].next; key = j->t[key + 1].next)
		add_member(m, key);
	qsort_r(m->sorted, m->count, sizeof(*m->sorted), compare_keys, m);
}

static void keys_close(struct keys *m)
{
	free(m->list);
	free(m->sorted);
	buf_fini(&m->text);
}

/* The value of the last one of that name; JSON_NONE where there is none. */
static uint32_t keys_find(const struct keys *m, struct str name)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(name_of(m, m->sorted[middle]), name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && compare(name_of(m, m->sorted[low - 1]), name) == 0
		       ? m->list[m->sorted[low - 1]].key + 1
		       : JSON_NONE;
}

static void merge(const struct json *a, uint32_t at, const struct json *b, uint32_t bt,
		  struct buf *out);

static void merge_objects(const struct keys *a, const struct keys *b, struct buf *out)
{
	for (size_t i = 0; i < a->count && !out->full; i++) {
		uint32_t key = a->list[i].key, other = keys_find(b, name_of(a, i));

		separate(out);
		if (other == JSON_NONE) {
			copy_member(a->json, key, out);
			continue;
		}
		copy(a->json, key, out);
		buf_addc(out, ':');
		merge(a->json, key + 1, b->json, other, out);
	}
	for (size_t i = 0; i < b->count && !out->full; i++) {
		if (keys_find(a, name_of(b, i)) != JSON_NONE)
			continue;
		separate(out);
		copy_member(b->json, b->list[i].key, out);
	}
}

/* The depth is the scanner's, at most JSON_DEPTH_MAX. */
static void merge(const struct json *a, uint32_t at, const struct json *b, uint32_t bt,
		  struct buf *out)
{
	struct keys own, others;

	if (!is_object(a, at) || !is_object(b, bt)) {
		copy(is_empty(a, at) ? b : a, is_empty(a, at) ? bt : at, out);
		return;
	}
	keys_open(&own, a, at);
	keys_open(&others, b, bt);
	buf_addc(out, '{');
	merge_objects(&own, &others, out);
	buf_addc(out, '}');
	keys_close(&own);
	keys_close(&others);
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
