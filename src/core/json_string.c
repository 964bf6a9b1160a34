/* SPDX-License-Identifier: MIT */
#include "core/json_string.h"

#include "base/plain.h"

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

static inline bool is_ascii8(const unsigned char *p)
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
		if (s.len - i < 8 && s.len >= 8 && is_ascii8(p + s.len - 8))
			return true;
		len = p[i] < 0x80 ? 1 : utf8_len(p + i, s.len - i);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool json_can_say(struct str s)
{
	return s.len == 0 || (!memchr(s.p, '\0', s.len) && utf8_valid(s));
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

const char *json_string_end(const char *at, const char *end, bool *escaped)
{
	size_t len;

	*escaped = false;
	for (;;) {
		if (at == end)
			return NULL;
		if (*at == '"')
			return at;
		if (*at == '\\') {
			*escaped = true;
			if (!read_escape(at, (size_t)(end - at), &len))
				return NULL;
		} else {
			len = utf8_len((const unsigned char *)at, (size_t)(end - at));
			if (len == 0)
				return NULL;
		}
		at += len;
		if (at < end && (unsigned char)*at < 0x80)
			at = plain_end(at, end, true);
	}
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
