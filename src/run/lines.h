/* SPDX-License-Identifier: MIT
 * lines.h - what a trace says about a conversion, kept until it has spoken of all: told in the
 * order of the decisions, and once where it is the same for each destination.
 *
 * Owns:    copies of the lines, until they are told or dropped.
 * Thread:  any one.
 * Errors:  none; aborts on lack of memory.
 * See:     run/story.h. */
#ifndef RUN_LINES_H
#define RUN_LINES_H

#include "run/story.h"

struct lines {
	struct line *list;
	size_t count;
	size_t found; /* the first so many: of the row, found before anything is decided */
	int destinations; /* that are spoken of */
};

/* `destination` "": of the row. */
void lines_keep(struct lines *l, const char *step, const char *destination,
		const char *text);
/* And forgets them, as lines_drop does without telling. */
void lines_tell(struct lines *l, story_fn *fn, void *arg);
void lines_drop(struct lines *l);

#endif
