/* SPDX-License-Identifier: MIT
 * sheet.h - records of a CSV file as rows of the outbox. The header names the columns: as in the
 * view conversion (event, event_id, page_url, email, value, …), or by their path in the payload
 * (user.first_name, properties.description).
 *
 * Owns:    its memory, from sheet_init to sheet_fini; a row is valid until the next record.
 * Thread:  main.
 * Errors:  DATA a header that cannot be; what is wrong with a record is a sentence. */
#ifndef CMD_SHEET_H
#define CMD_SHEET_H

#include "core/csv.h"
#include "core/json.h"
#include "store/enqueue.h"

struct sheet_column {
	uint8_t role, group; /* see sheet.c */
	struct str name;     /* in the payload, below its group */
	bool json;           /* a cell that is JSON goes in as it is */
};

struct sheet {
	struct csv csv;
	struct sheet_column columns[CSV_FIELDS_MAX];
	size_t count;
	struct buf names, payload;
	struct json json;
	char wrong[160];
};

void sheet_init(struct sheet *s);
void sheet_fini(struct sheet *s);

/* Where a payload has what the view has as a column ("properties.value"); NULL where that is at
 * its top, or there is no such column. */
const char *sheet_place(struct str column);

/* Whether a file's first line is such a header. */
bool sheet_is_header(struct str line);

/* `ignore`: columns that are not known are left out. */
MUST_CHECK enum err_code sheet_header(struct sheet *s, struct str line, bool ignore,
				      struct err *e);

/* NULL, or what is wrong. */
const char *sheet_row(struct sheet *s, struct str record, struct enqueue_row *out);

#endif
