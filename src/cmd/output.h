/* SPDX-License-Identifier: MIT
 * output.h - rows on stdout: an aligned table, or with --json an array of objects.
 *
 * Cells are given column by column, the more important columns first; a table's widths come
 * from its first rows, so that a long one needs no more memory than a short one. What a
 * terminal would obey (control bytes) and what is no UTF-8 is shown as '?'.
 *
 * Owns:    its buffer, from output_begin to output_end.
 * Thread:  main.
 * Errors:  none here; a failed stdout is told by cmd_main. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "base/buf.h"
#include "cmd/cmd.h"
#include "store/rows.h"

#define OUTPUT_COLUMNS_MAX 32

struct output {
	bool json;
	struct json_t *into; /* rows are appended here instead of printed; NULL: stdout */
	struct json_t *held; /* JSON's rows between output_hold and output_release */
	bool hold;
	const char *names[OUTPUT_COLUMNS_MAX];
	bool right[OUTPUT_COLUMNS_MAX];  /* numbers */
	bool filled[OUTPUT_COLUMNS_MAX]; /* some row has a value */
	bool hidden[OUTPUT_COLUMNS_MAX]; /* on a terminal: no value, or no room, */
	int left_out;                    /* which is so many */
	int widths[OUTPUT_COLUMNS_MAX];
	int columns, shown; /* a table shows the first few, JSON all */
	int column;
	struct json_t *object;
	struct buf cells; /* each ends with a NUL */
	int rows;         /* in cells */
	int width;        /* of the terminal; 0: none */
	bool quiet;       /* do not say what has no room */
	bool header_done, any;
};

/* shown 0: all. `into` may be NULL. */
void output_begin(struct output *o, bool json, struct json_t *into,
		  const char *const *names, int columns, int shown);
void output_end(struct output *o);

/* Rows are kept from now on, and printed by output_release and output_end only. */
void output_hold(struct output *o);
void output_release(struct output *o);

void output_text(struct output *o, struct str text);
void output_int(struct output *o, int64_t value);
void output_real(struct output *o, double value);
void output_bool(struct output *o, bool value);
void output_null(struct output *o);

/* All that is left of `rows`, which it closes. */
MUST_CHECK enum err_code output_rows(const struct cmd *c, struct rows *rows, int shown,
				     struct err *e);

/* The current row, a line a column; with --json one object. */
void output_record(const struct cmd *c, const struct rows *rows);

/* One row's cells, for an output that was begun with output_begin_rows. */
void output_begin_rows(struct output *o, bool json, struct json_t *into,
		       const struct rows *rows, int shown);
void output_row(struct output *o, const struct rows *rows);

/* Text as JSON, whatever its bytes. */
struct json_t *output_json_text(struct str text);

/* JSON on stdout, laid out over lines or on one; a terminal gets ASCII only. */
void output_json(const struct json_t *value, bool laid_out);

#endif
