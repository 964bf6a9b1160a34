/* SPDX-License-Identifier: MIT */
#include "json_text.h"

#include <string.h>

enum { INTEGER_DIGITS = 18 }; /* so many fit into 64 bits, whichever they are */

static size_t skip_space(struct str s, size_t at)
{
	while (at < s.len && ascii_is_space(s.p[at]))
		at++;
	return at;
}

/* Behind the closing quote of the string that begins at `at`. */
static size_t skip_string(struct str s, size_t at)
{
	for (at++; at < s.len && s.p[at] != '"'; at++)
		if (s.p[at] == '\\')
			at++;
	return at < s.len ? at + 1 : s.len;
}

/* Behind the value that begins at `at`: up to a comma or a bracket that is not its own. */
static size_t skip_value(struct str s, size_t at)
{
	size_t depth = 0;

	while (at < s.len) {
		char c = s.p[at];

		if (c == '"') {
			at = skip_string(s, at);
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			break;
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
		at++;
	}
	return at;
}

struct str json_text_member(struct str object, const char *name)
{
	struct str found = STR_NONE;
	size_t at = skip_space(object, 0);

	if (at >= object.len || object.p[at] != '{')
		return found;
	for (at = skip_space(object, at + 1); at < object.len && object.p[at] == '"';
	     at = skip_space(object, at + 1)) {
		size_t key = at + 1, end = skip_string(object, at), value;

		if (end <= key)
			return found;
		value = skip_space(object, skip_space(object, end) + 1);
		if (value >= object.len)
			return found;
		at = skip_value(object, value);
		if (str_eq(str_make(object.p + key, end - 1 - key), str_of(name)))
			found = str_trim(str_make(object.p + value, at - value));
	}
	return found;
}

static size_t skip_number(struct str s, size_t at)
{
	while (at < s.len && (ascii_is_digit(s.p[at]) || strchr("+-.eE", s.p[at])))
		at++;
	return at;
}

static bool is_big_integer(struct str token)
{
	if (token.len <= INTEGER_DIGITS || *token.p == '"')
		return false;
	for (size_t i = 0; i < token.len; i++)
		if (!ascii_is_digit(token.p[i]) && token.p[i] != '-')
			return false;
	return true;
}

void json_text_widen(struct str text, struct buf *out)
{
	size_t done = 0;

	for (size_t at = 0, from; at < text.len; at += at == from) {
		from = at;
		at = text.p[at] == '"' ? skip_string(text, at) : skip_number(text, at);
		if (!is_big_integer(str_make(text.p + from, at - from)))
			continue;
		buf_add(out, text.p + done, at - done);
		buf_adds(out, STR(".0"));
		done = at;
	}
	buf_add(out, text.p + done, text.len - done);
}
