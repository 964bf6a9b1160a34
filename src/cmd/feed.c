/* SPDX-License-Identifier: MIT */
#include "cmd/feed.h"

#include <stdlib.h>

#include "cmd/line.h"

enum { LINE_MAX_LEN = 16 * 1024 * 1024 };

struct feed {
	FILE *file;
	struct line_parser parser;
	struct buf line;
	int64_t number, bytes;
};

struct feed *feed_new(FILE *file)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->file = file;
	line_init(&f->parser);
	buf_init(&f->line, LINE_MAX_LEN);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	line_fini(&f->parser);
	buf_fini(&f->line);
	free(f);
}

/* What does not fit is read and forgotten; line.full tells. */
static bool read_line(struct feed *f)
{
	int c;

	buf_clear(&f->line);
	while ((c = getc_unlocked(f->file)) != EOF) {
		f->bytes++;
		if (c == '\n')
			break;
		buf_addc(&f->line, (char)c);
	}
	f->number++;
	return c != EOF || f->line.len > 0 || f->line.full;
}

bool feed_next(struct feed *f, struct enqueue_row *row, const char **wrong)
{
	struct str line;

	do {
		if (!read_line(f)) {
			f->number--;
			return false;
		}
		line = buf_str(&f->line);
		if (f->number == 1 && str_starts(line, STR("\xef\xbb\xbf")))
			line = str_make(line.p + 3, line.len - 3); /* a byte order mark */
		line = str_trim(line);
	} while (line.len == 0 && !f->line.full);
	*wrong = f->line.full ? "it is longer than 16 MiB"
			      : line_parse(&f->parser, line, row);
	return true;
}

int64_t feed_line(const struct feed *f)
{
	return f->number;
}

int64_t feed_read(const struct feed *f)
{
	return f->bytes;
}
