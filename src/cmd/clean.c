/* SPDX-License-Identifier: MIT */
#include "cmd/clean.h"

#include "core/glyph.h"
#include "core/json.h"

enum { MARKS_MAX = 2 }; /* on one letter: more cover the lines around it */

/* The UTF-8 sequence at `p` and what it says; 0 where there is none. */
static size_t sequence(const char *p, size_t left, uint32_t *code_point)
{
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (len > left || (len > 1 && !utf8_valid(str_make(p, len))))
		return 0;
	*code_point = c & first[len];
	for (size_t i = 1; i < len; i++)
		*code_point = *code_point << 6 | ((unsigned char)p[i] & 0x3f);
	return len;
}

int clean_text(struct buf *out, struct str text, enum clean_keep keep)
{
	int width = 0, marks = MARKS_MAX; /* a mark needs a letter before it */

	for (size_t i = 0; i < text.len;) {
		uint32_t c = 0;
		size_t len = sequence(text.p + i, text.len - i, &c);
		int room = len ? glyph_width(c) : -1;

		marks = room == 0 ? marks + 1 : 0;
		if (len && (keep == CLEAN_ALL || (keep == CLEAN_LINES && c == '\n')))
			buf_add(out, text.p + i, len);
		else if (room < 0 || marks > MARKS_MAX)
			buf_addc(out, '?');
		else
			buf_add(out, text.p + i, len);
		width += room < 0 || marks > MARKS_MAX ? 1 : room;
		i += len ? len : 1;
	}
	return width;
}

void clean_print(FILE *file, struct str text, enum clean_keep keep)
{
	struct buf clean;

	buf_init(&clean, text.len);
	clean_text(&clean, text, keep);
	fwrite(clean.p, 1, clean.len, file);
	buf_fini(&clean);
}

size_t clean_fit(struct str text, int width)
{
	size_t i = 0;

	while (i < text.len) {
		uint32_t c = 0;
		size_t len = sequence(text.p + i, text.len - i, &c);

		width -= glyph_width(c);
		if (width < 0 || !len)
			break;
		i += len;
	}
	return i;
}

int clean_width(struct str text)
{
	int width = 0;

	for (size_t i = 0, len = 1; i < text.len && len; i += len) {
		uint32_t c = 0;

		len = sequence(text.p + i, text.len - i, &c);
		width += len ? glyph_width(c) : 0;
	}
	return width;
}
