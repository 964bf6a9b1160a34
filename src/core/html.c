/* SPDX-License-Identifier: MIT */
#include "core/html.h"

#include <stdio.h>

#include "core/json.h"

/* The length of the UTF-8 sequence at `p`; 0 where there is none. */
static size_t sequence(const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	return len <= left && (len == 1 || utf8_valid(str_make(p, len))) ? len : 0;
}

/* What would be obeyed instead of shown: C0, DEL and C1, and what turns the direction of
 * text around (U+202A..U+202E, U+2066..U+2069). */
static bool is_obeyed(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;

	if (len == 1)
		return (*u < 0x20 && *u != '\t' && *u != '\n') || *u == 0x7f;
	if (len == 2)
		return u[0] == 0xc2 && u[1] < 0xa0;
	return len == 3 && u[0] == 0xe2 &&
	       ((u[1] == 0x80 && u[2] >= 0xaa && u[2] <= 0xae) ||
		(u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9));
}

static void add_one(struct buf *out, const char *p, size_t len)
{
	if (len == 0 || is_obeyed(p, len))
		buf_adds(out, STR("\xef\xbf\xbd"));
	else if (len == 1 && memchr("<>&\"'`", *p, 6))
		buf_addf(out, "&#%d;", *p);
	else
		buf_add(out, p, len);
}

void html_add_cut(struct buf *out, struct str text, size_t max)
{
	for (size_t i = 0; i < text.len; max--) {
		size_t len = sequence(text.p + i, text.len - i);

		if (max == 0) {
			buf_adds(out, STR("…"));
			return;
		}
		add_one(out, text.p + i, len);
		i += len ? len : 1;
	}
}

void html_add(struct buf *out, struct str text)
{
	html_add_cut(out, text, SIZE_MAX);
}

void html_add_count(struct buf *out, int64_t count)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)count);

	for (int i = 0; i < len; i++) {
		if (i > (digits[0] == '-') && (len - i) % 3 == 0)
			buf_addc(out, ',');
		buf_addc(out, digits[i]);
	}
}
