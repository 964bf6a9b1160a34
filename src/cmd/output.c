/* SPDX-License-Identifier: MIT */
#include "cmd/output.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/clean.h"
#include "cmd/table.h"

enum { CELL_MAX = 64 * 1024, CELLS_MAX = 16 * 1024 * 1024, ROWS_MAX = 500 };

void output_begin(struct output *o, bool json, json_t *into, const char *const *names,
		  int columns, int shown)
{
	assert(columns > 0 && columns <= OUTPUT_COLUMNS_MAX);
	*o = (struct output){.json = json, .into = into, .columns = columns};
	o->shown = shown ? shown : columns;
	for (int i = 0; i < columns; i++)
		o->names[i] = names[i];
	buf_init(&o->cells, CELLS_MAX);
	if (json && !into)
		putchar('[');
}

void output_begin_rows(struct output *o, bool json, json_t *into, const struct rows *rows,
		       int shown)
{
	const char *names[OUTPUT_COLUMNS_MAX];
	int columns = rows_columns(rows);

	for (int i = 0; i < columns && i < OUTPUT_COLUMNS_MAX; i++)
		names[i] = rows_name(rows, i);
	output_begin(o, json, into, names, columns, shown);
}

void output_end(struct output *o)
{
	if (o->held)
		output_release(o);
	json_decref(o->held);
	if (!o->json)
		table_end(o);
	else if (!o->into)
		puts(o->any ? "\n]" : "]");
	buf_fini(&o->cells);
}

json_t *output_json_text(struct str text)
{
	json_t *value = json_stringn(text.p ? text.p : "", text.len);
	struct buf clean;

	if (value)
		return value;
	buf_init(&clean, text.len);
	clean_text(&clean, text, CLEAN_ALL);
	value = json_stringn(clean.p, clean.len);
	buf_fini(&clean);
	return value;
}

/* DEL is ASCII, and a terminal may obey it. */
static int put_on_terminal(const char *bytes, size_t len, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == 0x7f)
			fputs("\\u007f", stdout);
		else
			putchar(bytes[i]);
	}
	return 0;
}

void output_json(const json_t *value, bool laid_out)
{
	size_t flags = JSON_REAL_PRECISION(15) | (laid_out ? JSON_INDENT(2) : 0);

	if (isatty(STDOUT_FILENO))
		json_dump_callback(value, put_on_terminal, NULL,
				   flags | JSON_ENSURE_ASCII);
	else
		json_dumpf(value, stdout, flags);
}

static void print_object(struct output *o, const json_t *object)
{
	fputs(o->any ? ",\n" : "\n", stdout);
	output_json(object, false);
	o->any = true;
}

static void end_row(struct output *o)
{
	o->column = 0;
	if (!o->json) {
		o->rows++;
		if ((o->rows >= ROWS_MAX && !o->hold) || o->cells.len > CELLS_MAX / 2)
			table_flush(o);
	} else if (o->into || o->held) {
		json_array_append_new(o->into ? o->into : o->held, o->object);
	} else {
		print_object(o, o->object);
		json_decref(o->object);
	}
	o->object = NULL;
}

void output_hold(struct output *o)
{
	o->hold = true;
	o->held = o->json ? json_array() : NULL;
}

void output_release(struct output *o)
{
	const json_t *object;
	size_t i;

	if (!o->json) {
		if (o->rows > 0) /* the widths come from the first */
			table_flush(o);
		return;
	}
	json_array_foreach(o->held, i, object) print_object(o, object);
	json_array_clear(o->held);
}

static void next(struct output *o)
{
	if (++o->column == o->columns)
		end_row(o);
}

static void put_json(struct output *o, json_t *value)
{
	if (!o->object)
		o->object = json_object();
	json_object_set_new(o->object, o->names[o->column], value);
	next(o);
}

static void put_cell(struct output *o, struct str text, bool right)
{
	int width;

	if (text.len > CELL_MAX)
		text.len = CELL_MAX;
	if (o->column < o->shown) {
		o->filled[o->column] |= !str_eq(text, STR("-"));
		width = clean_text(&o->cells, text, CLEAN_LINE);
		buf_addc(&o->cells, '\0');
		if (!o->header_done && width > o->widths[o->column])
			o->widths[o->column] = width;
		o->right[o->column] |= right;
	}
	next(o);
}

void output_text(struct output *o, struct str text)
{
	if (o->json)
		put_json(o, output_json_text(text));
	else
		put_cell(o, text.len ? text : STR("-"), false);
}

void output_int(struct output *o, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	if (o->json)
		put_json(o, json_integer(value));
	else
		put_cell(o, str_of(digits), true);
}

void output_real(struct output *o, double value)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.10g", value);
	if (o->json)
		put_json(o, json_real(value));
	else
		put_cell(o, str_of(digits), true);
}

void output_bool(struct output *o, bool value)
{
	if (o->json)
		put_json(o, json_boolean(value));
	else
		put_cell(o, value ? STR("yes") : STR("no"), false);
}

void output_null(struct output *o)
{
	if (o->json)
		put_json(o, json_null());
	else
		put_cell(o, STR("-"), false);
}

void output_row(struct output *o, const struct rows *rows)
{
	for (int i = 0; i < o->columns; i++) {
		switch (rows_type(rows, i)) {
		case ROWS_NULL: output_null(o); break;
		case ROWS_INT: output_int(o, rows_int(rows, i)); break;
		case ROWS_REAL: output_real(o, rows_real(rows, i)); break;
		case ROWS_TEXT: output_text(o, rows_text(rows, i)); break;
		}
	}
}

enum err_code output_rows(const struct cmd *c, struct rows *rows, int shown,
			  struct err *e)
{
	struct output o;
	bool row;

	output_begin_rows(&o, c->json, NULL, rows, shown);
	while (rows_next(rows, &row, e) == ERR_OK && row && !ferror(stdout))
		output_row(&o, rows);
	output_end(&o);
	rows_close(rows);
	return e->code;
}

static void print_field(const struct rows *rows, int column)
{
	struct str text = rows_text(rows, column);
	struct buf clean;

	buf_init(&clean, text.len);
	clean_text(&clean, text, CLEAN_LINE);
	if (rows_type(rows, column) == ROWS_REAL)
		printf("%-20s %.10g\n", rows_name(rows, column), rows_real(rows, column));
	else
		printf("%-20s %s\n", rows_name(rows, column),
		       clean.len ? buf_z(&clean) : "-");
	buf_fini(&clean);
}

void output_record(const struct cmd *c, const struct rows *rows)
{
	json_t *array;
	struct output o;

	if (!c->json) {
		for (int i = 0; i < rows_columns(rows); i++)
			print_field(rows, i);
		return;
	}
	array = json_array();
	output_begin_rows(&o, true, array, rows, 0);
	output_row(&o, rows);
	output_end(&o);
	output_json(json_array_get(array, 0), true);
	putchar('\n');
	json_decref(array);
}
