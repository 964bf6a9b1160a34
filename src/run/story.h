/* SPDX-License-Identifier: MIT
 * story.h - every decision about one conversion, in order: what was received and how it stands,
 * what is decided about it (once where it is the same for each destination), which requests
 * carried it.
 *
 * Owns:    nothing.
 * Thread:  the subject's.
 * Errors:  the database's.
 * See:     run/subject.h; cmd/why.c, who prints it. */
#ifndef RUN_STORY_H
#define RUN_STORY_H

#include "run/subject.h"

/* One decision; `destination` is "" for what concerns the row. Borrowed until it returns; the
 * bytes may be anything that a producer wrote. */
typedef void story_fn(void *arg, const char *step, const char *destination,
		      struct str text);

/* Of a subject that was found. Identifiers as 8 hex digits of their hash, unless `reveal`. */
MUST_CHECK enum err_code story_tell(struct subject *s, bool reveal, story_fn *fn,
				    void *arg, struct err *e);

#endif
