/* SPDX-License-Identifier: MIT */
#include "core/json.h"

#include <stdlib.h>

#include "base/plain.h"
#include "core/decimal.h"
#include "core/json_string.h"

/* On the path of every byte; the compiler alone leaves them out of line. */
#define HOT static inline __attribute__((always_inline))

/* A number this short cannot be too large for a double without an exponent. */
#define PLAIN_NUMBER_MAX 300

/* Known to inlined functions alone, so that it stays in registers. The functions below take
 * where they stand and return where they end, NULL where the reading is over. */
struct scan {
	struct json *j;
	const char *start, *end;
	struct json_token *t; /* j->t */
	uint32_t count, cap, depth;
	uint32_t open; /* the innermost container; its `next` is the one around it */
	bool object;   /* which it is */
	/* A constant: the text's last byte is a closing bracket. Then only behind one can the
	 * text be over, and no other place need be asked for its end. */
	bool closed;
	enum json_verdict verdict;
};

void json_init(struct json *j)
{
	*j = (struct json){.cap = 0};
}

void json_fini(struct json *j)
{
	free(j->t);
	json_init(j);
}

static bool grow(struct json *j)
{
	uint32_t cap = j->cap ? j->cap * 2 : 256;

	if (cap > JSON_TOKENS_MAX)
		return false;
	j->t = realloc(j->t, cap * sizeof(*j->t));
	if (!j->t)
		abort();
	j->cap = cap;
	return true;
}

HOT bool has_room(struct scan *s)
{
	if (__builtin_expect(s->count < s->cap, 1))
		return true;
	if (!grow(s->j)) {
		s->verdict = JSON_TOO_MANY;
		return false;
	}
	s->t = s->j->t;
	s->cap = s->j->cap;
	return true;
}

HOT bool push(struct scan *s, enum token_type type, const char *from, const char *to,
	      unsigned flags)
{
	if (!has_room(s))
		return false;
	s->t[s->count] = (struct json_token){
		.start = (uint32_t)(from - s->start),
		.end = (uint32_t)(to - s->start),
		.next = s->count + 1,
		.type = (uint8_t)type,
		.flags = (uint8_t)flags,
	};
	s->count++;
	return true;
}

/* What a value says about the container around it. */
HOT void tell_parent(struct scan *s, unsigned flags)
{
	flags &= TOKEN_EMPTY | TOKEN_HUGE;
	if (flags && s->depth > 0)
		s->t[s->open].flags |= (uint8_t)flags;
}

HOT bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

HOT const char *skip_space(const struct scan *s, const char *at)
{
	while ((s->closed || at < s->end) && (unsigned char)*at <= ' ' && is_space(*at))
		at++;
	return at;
}

HOT bool is_over(const struct scan *s, const char *at)
{
	return !s->closed && at == s->end;
}

/* At the opening quote; ends behind the closing one. */
HOT const char *scan_string(struct scan *s, const char *at, bool value)
{
	const char *from = at + 1;
	unsigned flags = 0;

	at = plain_end(from, s->end, true);
	if (__builtin_expect(at == s->end || *at != '"', 0)) {
		bool escaped;

		at = json_string_end(at, s->end, &escaped);
		if (!at)
			return NULL;
		flags = escaped ? TOKEN_ESCAPED : 0;
	}
	if (at == from) {
		flags = TOKEN_EMPTY;
		if (value)
			tell_parent(s, flags);
	}
	return push(s, TOKEN_STRING, from, at, flags) ? at + 1 : NULL;
}

/* Without an exponent only a very long number is too large for a double. */
static bool number_is_huge(struct str text, unsigned form)
{
	struct decimal d;

	return (form & DECIMAL_EXPONENT || text.len > PLAIN_NUMBER_MAX) &&
	       decimal_read(text, &d) && decimal_is_huge(&d);
}

static const char *number_end(const char *at, const char *end, unsigned *flags)
{
	const char *from = at;
	unsigned form;

	at = decimal_end(from, end, &form);
	*flags = at && form ? TOKEN_REAL : 0;
	if (at && number_is_huge(str_make(from, (size_t)(at - from)), form))
		*flags |= TOKEN_HUGE;
	return at;
}

HOT const char *scan_number(struct scan *s, const char *at)
{
	const char *from = at;
	unsigned flags;

	at = number_end(from, s->end, &flags);
	if (!at)
		return NULL;
	tell_parent(s, flags);
	return push(s, TOKEN_NUMBER, from, at, flags) ? at : NULL;
}

HOT const char *scan_word(struct scan *s, const char *at, struct str word,
			  enum token_type type)
{
	unsigned flags = type == TOKEN_NULL ? TOKEN_EMPTY : 0;

	if (!str_starts(str_make(at, (size_t)(s->end - at)), word))
		return NULL;
	tell_parent(s, flags);
	return push(s, type, at, at + word.len, flags) ? at + word.len : NULL;
}

HOT const char *scan_scalar(struct scan *s, const char *at)
{
	switch (*at) {
	case '"': return scan_string(s, at, true);
	case 't': return scan_word(s, at, STR("true"), TOKEN_TRUE);
	case 'f': return scan_word(s, at, STR("false"), TOKEN_FALSE);
	case 'n': return scan_word(s, at, STR("null"), TOKEN_NULL);
	default: return scan_number(s, at);
	}
}

HOT const char *scan_key(struct scan *s, const char *at)
{
	at = skip_space(s, at);
	if (is_over(s, at) || *at != '"')
		return NULL;
	at = scan_string(s, at, false);
	if (!at)
		return NULL;
	at = skip_space(s, at);
	return !is_over(s, at) && *at == ':' ? at + 1 : NULL;
}

HOT const char *open_container(struct scan *s, const char *at)
{
	uint32_t around = s->open;

	if (s->depth == JSON_DEPTH_MAX) {
		s->verdict = JSON_TOO_DEEP;
		return NULL;
	}
	s->object = *at == '{';
	s->open = s->count;
	if (!push(s, s->object ? TOKEN_OBJECT : TOKEN_ARRAY, at, at, 0))
		return NULL;
	s->t[s->open].next = around;
	s->depth++;
	return at + 1;
}

/* Behind its closing bracket. */
HOT void close_container(struct scan *s, const char *at)
{
	struct json_token *t = &s->t[s->open];
	uint32_t around = t->next;

	t->end = (uint32_t)(at - s->start);
	t->next = s->count;
	if (s->open == s->count - 1)
		t->flags |= TOKEN_EMPTY;
	s->open = around;
	s->depth--;
	s->object = s->depth > 0 && s->t[around].type == TOKEN_OBJECT;
	tell_parent(s, t->flags);
}

/* Behind a value: closes what ends here. Where the next member or item must stand; NULL:
 * nowhere, and the verdict says whether the text has ended as it should. */
HOT const char *scan_behind(struct scan *s, const char *at)
{
	while (s->depth > 0) {
		at = skip_space(s, at);
		if (is_over(s, at))
			return NULL;
		if (*at == ',')
			return at + 1;
		if (*at != (s->object ? '}' : ']'))
			return NULL;
		close_container(s, ++at);
		if (s->closed && at == s->end)
			break;
	}
	if (s->depth == 0 &&
	    (at == s->end || (!s->closed && skip_space(s, at) == s->end)))
		s->verdict = JSON_OK;
	return NULL;
}

/* A value with its key, or the opening of a container; then as scan_behind. */
HOT const char *scan_member(struct scan *s, const char *at)
{
	if (s->object) {
		at = scan_key(s, at);
		if (!at)
			return NULL;
	}
	at = skip_space(s, at);
	if (is_over(s, at))
		return NULL;
	if (*at == '{' || *at == '[') {
		at = open_container(s, at);
		if (!at)
			return NULL;
		at = skip_space(s, at);
		if (is_over(s, at) || *at != (s->object ? '}' : ']'))
			return at;
	} else {
		at = scan_scalar(s, at);
		if (!at)
			return NULL;
	}
	return scan_behind(s, at);
}

HOT enum json_verdict scan(struct json *j, const char *end, bool closed)
{
	struct scan s = {.j = j,
			 .start = j->text.p,
			 .end = end,
			 .t = j->t,
			 .cap = j->cap,
			 .closed = closed,
			 .verdict = JSON_BAD};
	const char *at = j->text.p;

	while (at)
		at = scan_member(&s, at);
	j->count = s.count;
	return s.verdict;
}

enum json_verdict json_scan(struct json *j, struct str text)
{
	const char *end = text.p + text.len;

	if (text.len == 0 || text.len > UINT32_MAX)
		return JSON_BAD;
	j->text = text;
	while (end > text.p && is_space(end[-1]))
		end--;
	if (end > text.p && (end[-1] == '}' || end[-1] == ']'))
		return scan(j, end, true);
	return scan(j, end, false);
}

static inline bool is_named(const struct json *j, uint32_t at, struct str key)
{
	return j->t[at].flags & TOKEN_ESCAPED ? json_key_is(j, at, key)
					      : str_eq(json_bytes(j, at), key);
}

uint32_t json_find(const struct json *j, uint32_t object, struct str key)
{
	uint32_t found = JSON_NONE;

	if (j->t[object].type != TOKEN_OBJECT)
		return JSON_NONE;
	for (uint32_t at = object + 1; at < j->t[object].next; at = j->t[at + 1].next)
		if (is_named(j, at, key))
			found = at + 1;
	return found;
}

uint32_t json_find_sole(const struct json *j, uint32_t object, struct str key)
{
	uint32_t found = json_find(j, object, key);

	if (found == JSON_NONE)
		return JSON_NONE;
	for (uint32_t at = object + 1; at + 1 < found; at = j->t[at + 1].next)
		if (is_named(j, at, key))
			return JSON_NONE;
	return found;
}
