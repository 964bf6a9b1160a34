/* SPDX-License-Identifier: MIT
 * csv.h - a record of comma-separated values, as RFC 4180 has it: fields in quotes may hold
 * the separator, line feeds, and quotes that are doubled.
 *
 * Owns:    the fields' bytes, from csv_init to csv_fini; valid until the next record.
 * Thread:  one at a time.
 * Errors:  a record that is none is told by a sentence. */
#ifndef CORE_CSV_H
#define CORE_CSV_H

#include <stdint.h>

#include "base/buf.h"

#define CSV_FIELDS_MAX 512

struct csv {
	char separator;
	struct buf text;
	size_t count;
	struct csv_field {
		size_t at, len; /* in text */
	} fields[CSV_FIELDS_MAX];
};

void csv_init(struct csv *c);
void csv_fini(struct csv *c);

/* ',', ';' or a tab: the one that parts a header most often. */
char csv_separator(struct str header);

/* Whether a record that begins with these bytes goes on in the next line. `quoted` is how the
 * lines before ended; false at first. */
bool csv_is_open(char separator, struct str line, bool quoted);

/* Takes a record apart, without its line's end; NULL, or what is wrong with it. */
const char *csv_split(struct csv *c, struct str record);

static inline struct str csv_field(const struct csv *c, size_t i)
{
	return c->fields[i].len == 0
		       ? str_of("")
		       : str_make(c->text.p + c->fields[i].at, c->fields[i].len);
}

#endif
