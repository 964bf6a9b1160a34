/* SPDX-License-Identifier: MIT
 * feed.h - a file of JSON lines or CSV, read as rows of the outbox.
 *
 * Owns:    its memory, from feed_new to feed_free; the descriptor is the caller's. A row is
 *          valid until the next.
 * Thread:  main.
 * Errors:  DATA a header that cannot be; IO the read. A bad record is told by a sentence. */
#ifndef CMD_FEED_H
#define CMD_FEED_H

#include "base/err.h"
#include "store/enqueue.h"

enum feed_format { FEED_GUESS, FEED_JSONL, FEED_CSV };

struct feed_options {
	enum feed_format format;
	bool ignore_columns; /* of a CSV file that are not known */
};

struct feed;

struct feed *feed_new(int fd, const struct feed_options *options);
void feed_free(struct feed *f);

enum feed_next { FEED_ROW, FEED_BAD, FEED_LATER, FEED_END };

/* The next record that is not blank. BAD: *wrong says why. LATER: none is there now, where
 * the caller may not wait. */
MUST_CHECK enum err_code feed_next(struct feed *f, bool may_wait, enum feed_next *what,
				   struct enqueue_row *row, const char **wrong,
				   struct err *e);

/* As line.h has it, of the first line of which there is anything to say; NULL: of none. */
struct feed_note {
	const char *what;
	int64_t line, lines; /* which, and how many such there are */
};
struct feed_note feed_stray(const struct feed *f);
struct feed_note feed_unread(const struct feed *f);

/* The number of the last record's first line, from 1; the lines and the bytes read so far. */
int64_t feed_line(const struct feed *f);
int64_t feed_lines(const struct feed *f);
int64_t feed_header_lines(const struct feed *f); /* of them, CSV's header */
int64_t feed_bytes(const struct feed *f);

#endif
