/* SPDX-License-Identifier: MIT */
#include "cmd/clean.h"

#include "core/json.h"

/* The length of the UTF-8 sequence at `p`; 0 where there is none. */
static size_t sequence(const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	return len <= left && (len == 1 || utf8_valid(str_make(p, len))) ? len : 0;
}

static bool is_control(const char *p, size_t len)
{
	unsigned char c = (unsigned char)*p;

	if (len == 2) /* U+0080..U+009F */
		return c == 0xc2 && (unsigned char)p[1] < 0xa0;
	return len == 1 && (c < 0x20 || c == 0x7f);
}

int clean_text(struct buf *out, struct str text, bool keep_controls)
{
	int width = 0;

	for (size_t i = 0; i < text.len; width++) {
		size_t len = sequence(text.p + i, text.len - i);

		if (!len || (!keep_controls && is_control(text.p + i, len)))
			buf_addc(out, '?');
		else
			buf_add(out, text.p + i, len);
		i += len ? len : 1;
	}
	return width;
}

int clean_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}
