/* SPDX-License-Identifier: MIT
 * line.h - one line of JSON as a row of the outbox. Members that are not the row's own are
 * its payload, byte for byte: amounts stay as they were written.
 *
 * Owns:    its memory, from line_init to line_fini; a row is valid until the next line.
 * Thread:  main.
 * Errors:  what is wrong with a line is a sentence for a person. */
#ifndef CMD_LINE_H
#define CMD_LINE_H

#include "core/json.h"
#include "store/enqueue.h"

enum { LINE_NAMES = 120 };

struct line_parser {
	struct json json;
	struct buf event, event_id, event_time, payload;
	char place[160]; /* what is wrong, and where */
	/* Of the members of the last line that nobody reads where they stand: where the first
	 * of them belongs that belongs anywhere, or NULL; the names of the others. */
	const char *stray;
	char unread[LINE_NAMES];
};

void line_init(struct line_parser *p);
void line_fini(struct line_parser *p);

/* NULL, or what is wrong. */
const char *line_parse(struct line_parser *p, struct str line, struct enqueue_row *out);

#endif
