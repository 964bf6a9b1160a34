/* SPDX-License-Identifier: MIT */
#include "core/json.h"

#include <endian.h>
#include <stdlib.h>

#include "core/decimal.h"

/* On the path of every byte; the compiler alone leaves them out of line. */
#define HOT static inline __attribute__((always_inline))

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* A number this short cannot be too large for a double without an exponent. */
#define PLAIN_NUMBER_MAX 300

struct scan {
	struct json *j;
	const char *at, *end;
	uint32_t depth;
	uint32_t open[JSON_DEPTH_MAX]; /* tokens of the containers around `at` */
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
	if (s->depth > 0)
		s->j->t[s->open[s->depth - 1]].flags |=
			(uint8_t)(flags & (TOKEN_EMPTY | TOKEN_HUGE));
}

HOT void skip_space(struct scan *s)
{
	while (s->at < s->end &&
	       (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
		s->at++;
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

bool utf8_valid(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, len;

	while (i < s.len) {
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

/* Bytes at p that need no second look in a string, eight at a time. */
HOT const char *skip_plain(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t v, quote, slash, odd;

		memcpy(&v, p, sizeof(v));
		v = le64toh(v);
		quote = v ^ EACH('"');
		slash = v ^ EACH('\\');
		/* The lowest byte marked is exact: nothing below it borrowed. */
		odd = (v | (v - EACH(0x20)) | (quote - EACH(1)) | (slash - EACH(1))) &
		      EACH(0x80);
		if (odd)
			return p + (__builtin_ctzll(odd) >> 3);
		p += 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 &&
	       *p != '"' && *p != '\\')
		p++;
	return p;
}

/* At the opening quote; ends behind the closing one. */
static bool scan_string(struct scan *s, unsigned *flags)
{
	const char *from = ++s->at;
	size_t len;

	*flags = 0;
	for (;;) {
		s->at = skip_plain(s->at, s->end);
		if (s->at == s->end)
			return false;
		if (*s->at == '"')
			break;
		if (*s->at == '\\') {
			*flags = TOKEN_ESCAPED;
			if (!read_escape(s->at, (size_t)(s->end - s->at), &len))
				return false;
		} else {
			len = utf8_len((const unsigned char *)s->at,
				       (size_t)(s->end - s->at));
			if (len == 0)
				return false;
		}
		s->at += len;
	}
	if (s->at == from)
		*flags |= TOKEN_EMPTY;
	s->at++;
	return push(s, TOKEN_STRING, from, s->at - 1, *flags);
}

static bool scan_number(struct scan *s)
{
	const char *from = s->at;
	struct decimal d;
	unsigned flags;
	bool real;

	s->at = decimal_end(from, s->end, &real);
	if (!s->at)
		return false;
	flags = real ? TOKEN_REAL : 0;
	if ((real || s->at - from > PLAIN_NUMBER_MAX) &&
	    decimal_read(str_make(from, (size_t)(s->at - from)), &d) &&
	    decimal_is_huge(&d))
		flags |= TOKEN_HUGE;
	tell_parent(s, flags);
	return push(s, TOKEN_NUMBER, from, s->at, flags);
}

static bool scan_word(struct scan *s, struct str word, enum token_type type)
{
	const char *from = s->at;
	unsigned flags = type == TOKEN_NULL ? TOKEN_EMPTY : 0;

	if (!str_starts(str_make(from, (size_t)(s->end - from)), word))
		return false;
	s->at += word.len;
	tell_parent(s, flags);
	return push(s, type, from, s->at, flags);
}

static bool scan_scalar(struct scan *s)
{
	unsigned flags;

	switch (*s->at) {
	case '"':
		if (!scan_string(s, &flags))
			return false;
		tell_parent(s, flags);
		return true;
	case 't': return scan_word(s, STR("true"), TOKEN_TRUE);
	case 'f': return scan_word(s, STR("false"), TOKEN_FALSE);
	case 'n': return scan_word(s, STR("null"), TOKEN_NULL);
	default: return scan_number(s);
	}
}

static bool scan_key(struct scan *s)
{
	unsigned flags;

	skip_space(s);
	if (s->at == s->end || *s->at != '"' || !scan_string(s, &flags))
		return false;
	skip_space(s);
	if (s->at == s->end || *s->at != ':')
		return false;
	s->at++;
	return true;
}

static bool open_container(struct scan *s, enum token_type type)
{
	if (s->depth == JSON_DEPTH_MAX) {
		s->verdict = JSON_TOO_DEEP;
		return false;
	}
	if (!push(s, type, s->at, s->at, 0))
		return false;
	s->open[s->depth++] = s->j->count - 1;
	s->at++;
	return true;
}

static void close_container(struct scan *s)
{
	struct json_token *t = &s->j->t[s->open[--s->depth]];

	s->at++;
	t->end = (uint32_t)(s->at - s->j->text.p);
	t->next = s->j->count;
	if (t == &s->j->t[s->j->count - 1])
		t->flags |= TOKEN_EMPTY;
	tell_parent(s, t->flags);
}

/* Behind a value: closes what ends here. True where another value must follow. */
static bool scan_behind(struct scan *s)
{
	while (s->depth > 0) {
		bool object = s->j->t[s->open[s->depth - 1]].type == TOKEN_OBJECT;

		skip_space(s);
		if (s->at == s->end)
			return false;
		if (*s->at == ',') {
			s->at++;
			return !object || scan_key(s);
		}
		if (*s->at != (object ? '}' : ']'))
			return false;
		close_container(s);
	}
	skip_space(s);
	if (s->at == s->end)
		s->verdict = JSON_OK;
	return false;
}

/* True where another value must follow. */
static bool scan_value(struct scan *s)
{
	bool object;

	skip_space(s);
	if (s->at == s->end)
		return false;
	if (*s->at != '{' && *s->at != '[')
		return scan_scalar(s) && scan_behind(s);
	object = *s->at == '{';
	if (!open_container(s, object ? TOKEN_OBJECT : TOKEN_ARRAY))
		return false;
	skip_space(s);
	if (s->at < s->end && *s->at == (object ? '}' : ']'))
		return scan_behind(s);
	return !object || scan_key(s);
}

enum json_verdict json_scan(struct json *j, struct str text)
{
	struct scan s;

	if (text.len == 0 || text.len > UINT32_MAX)
		return JSON_BAD;
	j->text = text;
	j->count = 0;
	s.j = j;
	s.at = text.p;
	s.end = text.p + text.len;
	s.depth = 0;
	s.verdict = JSON_BAD;
	while (scan_value(&s))
		;
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
