/* SPDX-License-Identifier: MIT */
#include "core/json.h"

#include <stdlib.h>

#include "base/plain.h"
#include "core/decimal.h"

/* On the path of every byte; the compiler alone leaves them out of line. */
#define HOT static inline __attribute__((always_inline))

/* A number this short cannot be too large for a double without an exponent. */
#define PLAIN_NUMBER_MAX 300

/* The functions below take where they stand and return where they end, NULL where the
 * reading is over: the place stays in a register. */
struct scan {
	struct json *j;
	const char *end;
	uint32_t depth;
	uint64_t objects; /* a bit for each container around, the last lowest */
	uint32_t open[JSON_DEPTH_MAX]; /* their tokens */
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

static bool grow(struct scan *s)
{
	struct json *j = s->j;
	uint32_t cap = j->cap ? j->cap * 2 : 256;

	if (cap > JSON_TOKENS_MAX) {
		s->verdict = JSON_TOO_MANY;
		return false;
	}
	j->t = realloc(j->t, cap * sizeof(*j->t));
	if (!j->t)
		abort();
	j->cap = cap;
	return true;
}

HOT bool push(struct scan *s, enum token_type type, const char *from, const char *to,
	      unsigned flags)
{
	struct json *j = s->j;

	if (j->count == j->cap && !grow(s))
		return false;
	j->t[j->count] = (struct json_token){
		.start = (uint32_t)(from - j->text.p),
		.end = (uint32_t)(to - j->text.p),
		.next = j->count + 1,
		.type = (uint8_t)type,
		.flags = (uint8_t)flags,
	};
	j->count++;
	return true;
}

/* What a value says about the container around it. */
HOT void tell_parent(struct scan *s, unsigned flags)
{
	if (flags && s->depth > 0)
		s->j->t[s->open[s->depth - 1]].flags |=
			(uint8_t)(flags & (TOKEN_EMPTY | TOKEN_HUGE));
}

HOT const char *skip_space(const struct scan *s, const char *at)
{
	while (at < s->end && (unsigned char)*at <= ' ' &&
	       (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

/* The length of the UTF-8 sequence at p, which begins with a byte >= 0x80; 0: none. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	unsigned char c = p[0];
	size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (c < 0xc2 || c > 0xf4 || left < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ||
	    (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

HOT bool is_ascii8(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return (word & PLAIN_EACH(0x80)) == 0;
}

bool utf8_valid(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, len;

	while (i < s.len) {
		if (s.len - i >= 8 && is_ascii8(p + i)) {
			i += 8;
			continue;
		}
		len = p[i] < 0x80 ? 1 : utf8_len(p + i, s.len - i);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

static int hex4(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		if (!ascii_is_hex(p[i]))
			return -1;
		value = value * 16 +
			(ascii_is_digit(p[i]) ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	}
	return value;
}

/* The code point of the escape at p, a backslash, and the bytes it takes; 0: no escape
 * that we take, NUL among them. */
static uint32_t read_escape(const char *p, size_t left, size_t *len)
{
	static const char names[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	int high, low;

	*len = 2;
	if (left < 2)
		return 0;
	for (size_t i = 0; names[i]; i += 2)
		if (names[i] == p[1])
			return (uint32_t)names[i + 1];
	*len = 6;
	if (p[1] != 'u' || left < 6)
		return 0;
	high = hex4(p + 2);
	if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
		return 0;
	if (high < 0xd800 || high > 0xdbff)
		return (uint32_t)high;
	*len = 12;
	if (left < 12 || p[6] != '\\' || p[7] != 'u')
		return 0;
	low = hex4(p + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

/* On from the first byte of a string that is not plain ASCII, to its closing quote. */
static const char *scan_odd_bytes(const struct scan *s, const char *at, unsigned *flags)
{
	size_t len;

	for (;;) {
		if (at == s->end)
			return NULL;
		if (*at == '"')
			return at;
		if (*at == '\\') {
			*flags = TOKEN_ESCAPED;
			if (!read_escape(at, (size_t)(s->end - at), &len))
				return NULL;
		} else {
			len = utf8_len((const unsigned char *)at, (size_t)(s->end - at));
			if (len == 0)
				return NULL;
		}
		at += len;
		if (at < s->end && (unsigned char)*at < 0x80)
			at = plain_end(at, s->end, true);
	}
}

/* At the opening quote; ends behind the closing one. */
HOT const char *scan_string(struct scan *s, const char *at, unsigned *flags)
{
	const char *from = at + 1;

	at = plain_end(from, s->end, true);
	*flags = 0;
	if (at == s->end || *at != '"')
		at = scan_odd_bytes(s, at, flags);
	if (!at)
		return NULL;
	if (at == from)
		*flags = TOKEN_EMPTY;
	return push(s, TOKEN_STRING, from, at, *flags) ? at + 1 : NULL;
}

/* Without an exponent only a very long number is too large for a double. */
static bool number_is_huge(struct str text, unsigned form)
{
	struct decimal d;

	return (form & DECIMAL_EXPONENT || text.len > PLAIN_NUMBER_MAX) &&
	       decimal_read(text, &d) && decimal_is_huge(&d);
}

static const char *scan_number(struct scan *s, const char *at)
{
	const char *from = at;
	unsigned form, flags;

	at = decimal_end(from, s->end, &form);
	if (!at)
		return NULL;
	flags = form ? TOKEN_REAL : 0;
	if (number_is_huge(str_make(from, (size_t)(at - from)), form))
		flags |= TOKEN_HUGE;
	tell_parent(s, flags);
	return push(s, TOKEN_NUMBER, from, at, flags) ? at : NULL;
}

static const char *scan_word(struct scan *s, const char *at, struct str word,
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
	unsigned flags;

	switch (*at) {
	case '"':
		at = scan_string(s, at, &flags);
		tell_parent(s, flags);
		return at;
	case 't': return scan_word(s, at, STR("true"), TOKEN_TRUE);
	case 'f': return scan_word(s, at, STR("false"), TOKEN_FALSE);
	case 'n': return scan_word(s, at, STR("null"), TOKEN_NULL);
	default: return scan_number(s, at);
	}
}

static const char *scan_key(struct scan *s, const char *at)
{
	unsigned flags;

	at = skip_space(s, at);
	if (at == s->end || *at != '"')
		return NULL;
	at = scan_string(s, at, &flags);
	if (!at)
		return NULL;
	at = skip_space(s, at);
	return at < s->end && *at == ':' ? at + 1 : NULL;
}

static const char *open_container(struct scan *s, const char *at, bool object)
{
	if (s->depth == JSON_DEPTH_MAX) {
		s->verdict = JSON_TOO_DEEP;
		return NULL;
	}
	if (!push(s, object ? TOKEN_OBJECT : TOKEN_ARRAY, at, at, 0))
		return NULL;
	s->open[s->depth++] = s->j->count - 1;
	s->objects = s->objects << 1 | object;
	return at + 1;
}

/* Behind its closing bracket. */
HOT void close_container(struct scan *s, const char *at)
{
	struct json_token *t = &s->j->t[s->open[--s->depth]];

	s->objects >>= 1;
	t->end = (uint32_t)(at - s->j->text.p);
	t->next = s->j->count;
	if (t == &s->j->t[s->j->count - 1])
		t->flags |= TOKEN_EMPTY;
	tell_parent(s, t->flags);
}

/* Behind a value: closes what ends here. Where the next value must stand; NULL: nowhere,
 * and the verdict says whether the text has ended as it should. */
HOT const char *scan_behind(struct scan *s, const char *at)
{
	while (s->depth > 0) {
		bool object = s->objects & 1;

		at = skip_space(s, at);
		if (at == s->end)
			return NULL;
		if (*at == ',')
			return object ? scan_key(s, at + 1) : at + 1;
		if (*at != (object ? '}' : ']'))
			return NULL;
		close_container(s, ++at);
	}
	if (skip_space(s, at) == s->end)
		s->verdict = JSON_OK;
	return NULL;
}

/* A value, or the opening of a container; then as scan_behind. */
HOT const char *scan_value(struct scan *s, const char *at)
{
	bool object;

	at = skip_space(s, at);
	if (at == s->end)
		return NULL;
	if (*at != '{' && *at != '[') {
		at = scan_scalar(s, at);
		return at ? scan_behind(s, at) : NULL;
	}
	object = *at == '{';
	at = open_container(s, at, object);
	if (!at)
		return NULL;
	at = skip_space(s, at);
	if (at < s->end && *at == (object ? '}' : ']'))
		return scan_behind(s, at);
	return object ? scan_key(s, at) : at;
}

enum json_verdict json_scan(struct json *j, struct str text)
{
	struct scan s;
	const char *at = text.p;

	if (text.len == 0 || text.len > UINT32_MAX)
		return JSON_BAD;
	j->text = text;
	j->count = 0;
	s.j = j;
	s.end = text.p + text.len;
	s.depth = 0;
	s.objects = 0;
	s.verdict = JSON_BAD;
	while (at)
		at = scan_value(&s, at);
	return s.verdict;
}

/* The bytes of the code point in UTF-8. */
static size_t utf8_put(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* The next piece of an escaped string: plain bytes up to a backslash, or one escape. */
static struct str next_piece(struct str *left, char escape[4])
{
	const char *slash = memchr(left->p, '\\', left->len);
	size_t len = slash ? (size_t)(slash - left->p) : left->len;
	struct str piece = {left->p, len};

	if (len == 0) {
		piece.len = utf8_put(read_escape(left->p, left->len, &len), escape);
		piece.p = escape;
	}
	left->p += len;
	left->len -= len;
	return piece;
}

void json_unescape(const struct json *j, uint32_t at, struct buf *out)
{
	struct str left = json_bytes(j, at);
	char escape[4];

	if (!(j->t[at].flags & TOKEN_ESCAPED)) {
		buf_adds(out, left);
		return;
	}
	while (left.len > 0)
		buf_adds(out, next_piece(&left, escape));
}

bool json_key_is(const struct json *j, uint32_t key, struct str name)
{
	struct str left = json_bytes(j, key);
	char escape[4];

	if (!(j->t[key].flags & TOKEN_ESCAPED))
		return str_eq(left, name);
	while (left.len > 0) {
		struct str piece = next_piece(&left, escape);

		if (!str_starts(name, piece))
			return false;
		name.p += piece.len;
		name.len -= piece.len;
	}
	return name.len == 0;
}

uint32_t json_find(const struct json *j, uint32_t object, struct str key)
{
	uint32_t found = JSON_NONE;

	if (j->t[object].type != TOKEN_OBJECT)
		return JSON_NONE;
	for (uint32_t at = object + 1; at < j->t[object].next; at = j->t[at + 1].next)
		if (json_key_is(j, at, key))
			found = at + 1;
	return found;
}
