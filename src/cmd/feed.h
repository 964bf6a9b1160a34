/* SPDX-License-Identifier: MIT
 * feed.h - a file of JSON lines, read as rows of the outbox.
 *
 * Owns:    its memory, from feed_new to feed_free; the file is the caller's. A row is valid
 *          until the next.
 * Thread:  main.
 * Errors:  a bad line is told by a sentence; a failed read ends the file (see ferror). */
#ifndef CMD_FEED_H
#define CMD_FEED_H

#include <stdio.h>

#include "store/enqueue.h"

struct feed;

struct feed *feed_new(FILE *file);
void feed_free(struct feed *f);

/* The next line that is not blank; false behind the last. *wrong is NULL where the row is
 * good. */
bool feed_next(struct feed *f, struct enqueue_row *row, const char **wrong);

/* The number of the last line, from 1, and the bytes read so far. */
int64_t feed_line(const struct feed *f);
int64_t feed_read(const struct feed *f);

#endif
