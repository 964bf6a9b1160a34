/* SPDX-License-Identifier: MIT */
#include "cmd/feed.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/fit.h"
#include "cmd/line.h"
#include "cmd/sheet.h"

enum { RECORD_MAX = 16 * 1024 * 1024, CHUNK = 256 * 1024 };

struct feed {
	int fd;
	struct feed_options options;
	struct line_parser parser;
	struct sheet sheet;
	struct fit fit;
	char *chunk;
	size_t at, end;    /* of the chunk, not yet taken */
	struct buf record; /* as far as it has come */
	bool whole;        /* the next record begins it anew */
	size_t line_at;    /* where its last line begins */
	bool quoted;       /* CSV: a quote is open */
	bool started, ended;
	bool strange; /* the first record is neither form's */
	int64_t line, lines, header_lines, bytes;
	struct feed_note stray, unread;
	char names[LINE_NAMES]; /* of the unread */
};

struct feed *feed_new(int fd, const struct feed_options *options)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f || !(f->chunk = malloc(CHUNK)))
		abort();
	f->fd = fd;
	f->options = *options;
	f->whole = true;
	line_init(&f->parser);
	sheet_init(&f->sheet);
	fit_init(&f->fit);
	buf_init(&f->record, RECORD_MAX);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	line_fini(&f->parser);
	sheet_fini(&f->sheet);
	fit_fini(&f->fit);
	buf_fini(&f->record);
	free(f->chunk);
	free(f);
}

/* More bytes, as many as there are; *later where that would be a wait. */
static enum err_code refill(struct feed *f, bool may_wait, bool *later, struct err *e)
{
	struct pollfd in = {.fd = f->fd, .events = POLLIN};
	ssize_t got;

	*later = !may_wait && poll(&in, 1, 0) == 0;
	if (*later)
		return ERR_OK;
	got = read(f->fd, f->chunk, CHUNK);
	if (got < 0 && errno == EINTR) {
		*later = true; /* the caller looks whether it is to end */
		return ERR_OK;
	}
	if (got < 0)
		return err_set(e, ERR_IO, "read: %s", strerror(errno));
	f->ended = got == 0;
	f->at = 0;
	f->end = (size_t)got;
	f->bytes += got;
	return ERR_OK;
}

/* Up to the end of a line, which goes into the record unless the line is its last; false
 * where the chunk ends before. */
static bool take_line(struct feed *f)
{
	const char *from = f->chunk + f->at;
	const char *end = memchr(from, '\n', f->end - f->at);
	size_t len = end ? (size_t)(end - from) : f->end - f->at;

	buf_add(&f->record, from, len);
	f->at += len + (end != NULL);
	f->lines += end != NULL;
	return end != NULL;
}

/* Whether the record goes on behind the line feed. */
static bool goes_on(struct feed *f)
{
	struct str line = buf_str(&f->record);

	line = str_make(line.p + f->line_at, line.len - f->line_at);

	if (f->options.format != FEED_CSV || f->record.full)
		return false;
	f->quoted = csv_is_open(f->sheet.csv.separator, line, f->quoted);
	return f->quoted;
}

/* A whole record; *later or f->ended where there is none. What does not fit is read and
 * forgotten; record.full tells. */
static enum err_code read_record(struct feed *f, bool may_wait, bool *later,
				 struct err *e)
{
	e->code = ERR_OK;
	*later = false;
	if (f->whole) {
		buf_clear(&f->record);
		f->line = f->lines + 1;
		f->line_at = 0;
		f->whole = f->quoted = false;
	}
	while (!f->whole) {
		if (f->at == f->end) {
			if (refill(f, may_wait, later, e) != ERR_OK || *later || f->ended)
				return e->code;
		}
		if (!take_line(f))
			continue;
		f->whole = !goes_on(f);
		if (f->whole)
			break;
		buf_addc(&f->record, '\n');
		f->line_at = f->record.len;
	}
	return ERR_OK;
}

/* The last line may have no end. */
static bool is_at_end(struct feed *f)
{
	if (!f->ended || f->whole)
		return false;
	f->whole = true;
	f->lines += f->record.len > f->line_at || f->record.full;
	return f->record.len == 0 && !f->record.full;
}

static struct str content(const struct feed *f)
{
	struct str record = buf_str(&f->record);

	if (f->line == 1 && str_starts(record, STR("\xef\xbb\xbf")))
		record = str_make(record.p + 3, record.len - 3); /* a byte order mark */
	if (f->options.format != FEED_CSV)
		return str_trim(record);
	if (record.len > 0 && record.p[record.len - 1] == '\r')
		record.len--;
	return record;
}

/* A line of separators alone is what spreadsheets make of an empty one. */
static bool is_empty(const struct feed *f, struct str record)
{
	char separator = f->options.format == FEED_CSV ? f->sheet.csv.separator : ' ';

	for (size_t i = 0; i < record.len; i++)
		if (record.p[i] != separator && !ascii_is_space(record.p[i]))
			return false;
	return !f->record.full;
}

/* Of a CSV file the first record is the header: *taken. */
static enum err_code start(struct feed *f, struct str record, bool *taken, struct err *e)
{
	e->code = ERR_OK;
	*taken = false;
	if (f->started)
		return ERR_OK;
	f->started = true;
	if (f->options.format == FEED_GUESS) {
		f->options.format = record.p[0] != '{' && sheet_is_header(record)
					    ? FEED_CSV
					    : FEED_JSONL;
		f->strange = f->options.format == FEED_JSONL && record.p[0] != '{' &&
			     record.p[0] != '[';
	}
	*taken = f->options.format == FEED_CSV;
	if (!*taken)
		return ERR_OK;
	f->header_lines = f->lines;
	return sheet_header(&f->sheet, record, f->options.ignore_columns, e);
}

/* True where it is the first. */
static bool note(struct feed_note *n, const char *what, const struct feed *f)
{
	if (n->lines++ > 0)
		return false;
	n->what = what;
	n->line = f->line;
	return true;
}

static void note_members(struct feed *f)
{
	if (f->parser.stray)
		note(&f->stray, f->parser.stray, f);
	if (f->parser.unread[0] && note(&f->unread, f->names, f))
		memcpy(f->names, f->parser.unread, sizeof(f->names));
}

struct feed_note feed_stray(const struct feed *f)
{
	return f->stray;
}

struct feed_note feed_unread(const struct feed *f)
{
	return f->unread;
}

static const char *parse(struct feed *f, struct str record, struct enqueue_row *row)
{
	const char *wrong;
	bool strange = f->strange;

	f->strange = false;
	if (f->record.full)
		return "it is longer than 16 MiB";
	if (strange)
		return "it is neither JSON nor a CSV header, which has a column 'event'";
	if (f->options.format == FEED_CSV)
		wrong = sheet_row(&f->sheet, record, row);
	else
		wrong = line_parse(&f->parser, record, row);
	if (!wrong)
		wrong = fit_check(&f->fit, row);
	if (!wrong && f->options.format != FEED_CSV)
		note_members(f);
	return wrong;
}

enum err_code feed_next(struct feed *f, bool may_wait, enum feed_next *what,
			struct enqueue_row *row, const char **wrong, struct err *e)
{
	struct str record;
	bool later, taken;

	*what = FEED_END;
	*wrong = NULL;
	for (;;) {
		if (f->ended && f->whole)
			return ERR_OK;
		if (read_record(f, may_wait, &later, e) != ERR_OK)
			return e->code;
		if (later) {
			*what = FEED_LATER;
			return ERR_OK;
		}
		if (is_at_end(f))
			return ERR_OK;
		record = content(f);
		if (is_empty(f, record))
			continue;
		if (start(f, record, &taken, e) != ERR_OK)
			return e->code;
		if (taken)
			continue;
		*wrong = parse(f, record, row);
		*what = *wrong ? FEED_BAD : FEED_ROW;
		return ERR_OK;
	}
}

int64_t feed_line(const struct feed *f)
{
	return f->line;
}

int64_t feed_lines(const struct feed *f)
{
	return f->lines;
}

int64_t feed_header_lines(const struct feed *f)
{
	return f->header_lines;
}

int64_t feed_bytes(const struct feed *f)
{
	return f->bytes;
}
