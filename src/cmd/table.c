/* SPDX-License-Identifier: MIT */
#include "cmd/table.h"

#include <stdio.h>

#include "cmd/clean.h"
#include "cmd/terminal.h"

/* Without a terminal nothing is cut; a text beyond PADDED_MAX moves only its own row. */
enum { GAP = 2, TEXT_MIN = 12, PADDED_MAX = 80 };

static void pad(int width)
{
	for (; width > 0; width--)
		putchar(' ');
}

static int total(const struct output *o)
{
	int sum = -GAP;

	for (int i = 0; i < o->shown; i++)
		sum += o->hidden[i] ? 0 : o->widths[i] + GAP;
	return sum;
}

/* Takes a column off the widest text; false where none is left that can be cut. */
static bool shrink(struct output *o)
{
	int widest = -1;

	for (int i = 0; i < o->shown; i++)
		if (!o->hidden[i] && !o->right[i] && o->widths[i] > TEXT_MIN &&
		    (widest < 0 || o->widths[i] > o->widths[widest]))
			widest = i;
	if (widest < 0)
		return false;
	o->widths[widest]--;
	return true;
}

/* false where only one column is left. */
static bool hide_last(struct output *o)
{
	int last = o->shown - 1;

	while (last > 0 && o->hidden[last])
		last--;
	if (last <= 0)
		return false;
	o->hidden[last] = true;
	o->left_out++;
	return true;
}

static void fit(struct output *o, int width)
{
	int natural[OUTPUT_COLUMNS_MAX];

	for (int i = 1; i < o->shown; i++)
		o->hidden[i] = o->rows > 0 && !o->filled[i];
	memcpy(natural, o->widths, sizeof(natural));
	while (total(o) > width) {
		if (shrink(o))
			continue;
		memcpy(o->widths, natural, sizeof(natural));
		if (!hide_last(o))
			break;
	}
}

static bool is_word_of_state(const char *name)
{
	return strcmp(name, "status") == 0 || strcmp(name, "state") == 0 ||
	       strcmp(name, "finding") == 0 || strcmp(name, "outcome") == 0;
}

/* On a terminal no longer than its column: a sentence loses its end, an id its middle. */
static void print_text(const struct output *o, int column, struct str text, int *room)
{
	int width = o->widths[column];
	struct buf cut;

	if (!o->width || *room >= 0) {
		fwrite(text.p, 1, text.len, stdout);
		return;
	}
	buf_init(&cut, text.len + sizeof("…"));
	if (strcmp(o->names[column], "event_id") == 0)
		clean_middle(&cut, text, width);
	else
		buf_addf(&cut, "%.*s…", (int)clean_fit(text, width - 1), text.p);
	*room = width - clean_width(buf_str(&cut));
	fwrite(cut.p, 1, cut.len, stdout);
	buf_fini(&cut);
}

static void print_cell(const struct output *o, int column, struct str text,
		       enum style style, bool last)
{
	int room = o->widths[column] - clean_width(text);
	const char *on = style ? terminal_style(stdout, style) : "";

	if (o->right[column])
		pad(room);
	fputs(on, stdout);
	print_text(o, column, text, &room);
	if (on[0])
		fputs(terminal_style(stdout, STYLE_PLAIN), stdout);
	if (!last && !o->right[column])
		pad(room);
	fputs(last ? "\n" : "  ", stdout);
}

static int last_shown(const struct output *o)
{
	int last = o->shown - 1;

	while (last > 0 && o->hidden[last])
		last--;
	return last;
}

static void print_header(struct output *o)
{
	int last;

	for (int i = 0; i < o->shown; i++)
		if (clean_width(str_of(o->names[i])) > o->widths[i])
			o->widths[i] = clean_width(str_of(o->names[i]));
	o->width = terminal_width(stdout);
	if (o->width)
		fit(o, o->width);
	for (int i = 0; i < o->shown && !o->width; i++)
		if (o->widths[i] > PADDED_MAX)
			o->widths[i] = PADDED_MAX;
	last = last_shown(o);
	for (int i = 0; i < o->shown; i++)
		if (!o->hidden[i])
			print_cell(o, i, str_of(o->names[i]), STYLE_STRONG, i == last);
	o->header_done = true;
}

void table_flush(struct output *o)
{
	const char *p = o->cells.p;
	int last;

	if (!o->header_done)
		print_header(o);
	last = last_shown(o);
	for (int row = 0; row < o->rows; row++) {
		for (int i = 0; i < o->shown; i++) {
			struct str text = str_of(p);

			if (!o->hidden[i])
				print_cell(o, i, text,
					   o->width && is_word_of_state(o->names[i])
						   ? terminal_style_of(text)
						   : STYLE_PLAIN,
					   i == last);
			p += text.len + 1;
		}
	}
	buf_clear(&o->cells);
	o->rows = 0;
}

void table_end(struct output *o)
{
	table_flush(o);
	if (o->left_out == 0 || o->quiet)
		return;
	fflush(stdout);
	fprintf(stderr, "(%d more column%s: in a wider terminal, or with --json)\n",
		o->left_out, o->left_out == 1 ? "" : "s");
}
