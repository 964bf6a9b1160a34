/* SPDX-License-Identifier: MIT */
#include "cmd/clean.h"

#include "core/glyph.h"

enum { MARKS_MAX = 2 }; /* on one letter: more cover the lines around it */

int clean_text(struct buf *out, struct str text, enum clean_keep keep)
{
	int width = 0, marks = MARKS_MAX; /* a mark needs a letter before it */

	for (size_t i = 0; i < text.len;) {
		uint32_t c = 0;
		size_t len = glyph_read(text.p + i, text.len - i, &c);
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
		size_t len = glyph_read(text.p + i, text.len - i, &c);

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

		len = glyph_read(text.p + i, text.len - i, &c);
		width += len ? glyph_width(c) : 0;
	}
	return width;
}

void clean_middle(struct buf *out, struct str text, int width)
{
	int all = clean_width(text), tail = (width - 1) / 2;
	struct str head = text, end = text;

	if (all <= width) {
		buf_adds(out, text);
		return;
	}
	head.len = clean_fit(text, width - 1 - tail);
	end.p += clean_fit(text, all - tail);
	end.len -= (size_t)(end.p - text.p);
	if (clean_width(end) > tail) { /* half of a wide one */
		uint32_t c;
		size_t len = glyph_read(end.p, end.len, &c);

		end = str_make(end.p + len, end.len - len);
	}
	buf_addf(out, "%.*s…%.*s", STR_ARG(head), STR_ARG(end));
}
