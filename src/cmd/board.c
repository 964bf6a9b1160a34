/* SPDX-License-Identifier: MIT */
#include "cmd/board.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/typed.h"
#include "cmd/clean.h"
#include "cmd/output.h"
#include "cmd/terminal.h"
#include "core/reason.h"
#include "run/outlook.h"

enum { EXAMPLE_MAX = 60 }; /* columns of an id */

enum board_column { REASON, DESTINATION, COUNT, FIRST_SEEN, LAST_SEEN, EXAMPLE, ADVICE };

enum err_code board_open(struct board *b, const struct cmd *c, struct err *e)
{
	struct buf verdict;

	*b = (struct board){.cmd = c};
	if (cmd_open(c, DB_READ, &b->db, e) != ERR_OK)
		return e->code;
	if (status_totals(&b->db, &b->totals, e) != ERR_OK) {
		board_close(b);
		return e->code;
	}
	lock_look(c->db_path, &b->relay);
	b->totals.no_relay = b->relay.pid == 0;
	if (b->relay.pid > 0 && b->relay.since_ms)
		b->totals.relay_s = (clock_wall_ms() - b->relay.since_ms) / 1000;
	buf_init(&verdict, OUTLOOK_MAX);
	b->person = outlook_verdict(&b->totals, b->db.path, b->relay.refusal, &verdict);
	snprintf(b->verdict, sizeof(b->verdict), "%s", buf_z(&verdict));
	buf_fini(&verdict);
	return ERR_OK;
}

void board_close(struct board *b)
{
	db_close(&b->db);
}

int64_t board_backlog(const struct board *b)
{
	const struct status_totals *t = &b->totals;

	return t->unclaimed + t->pending + t->sending + t->retrying;
}

void board_print_verdict(const struct board *b)
{
	fputs(terminal_style(stdout, b->person ? STYLE_BAD : STYLE_GOOD), stdout);
	terminal_wrap(stdout, str_of(b->verdict), 0, 0);
	fputs(terminal_style(stdout, STYLE_PLAIN), stdout);
}

/* queue_status' columns, the ones that one looks at first before the others. */
static const struct {
	const char *name;
	int from;
} columns[] = {
	{"destination", 0}, {"state", 1},       {"pending", 2},
	{"delivered", 5},   {"failed", 9},      {"rejected", 8},
	{"held", 10},       {"sending", 3},     {"retrying", 4},
	{"skipped", 7},     {"duplicate", 6},   {"cancelled", 11},
	{"oldest", 12},     {"last_error", 14}, {"last_delivered_at", 13},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* A zero among many is noise, except for what one looks for. */
static void put_column(struct output *o, const struct rows *rows, int from)
{
	struct buf age;

	if (from == 12 && rows_int(rows, from) > 0) {
		buf_init(&age, 32);
		outlook_age(rows_int(rows, from), &age);
		output_text(o, buf_str(&age));
		buf_fini(&age);
	} else if (rows_type(rows, from) == ROWS_TEXT) {
		output_text(o, rows_text(rows, from));
	} else if (rows_int(rows, from) == 0 && from != 2 && from != 5) {
		output_null(o);
	} else {
		output_int(o, rows_int(rows, from));
	}
}

enum err_code board_print_destinations(struct board *b, int lines, struct err *e)
{
	const char *names[COLUMNS];
	struct rows rows;
	struct output o;
	bool row;

	for (int i = 0; i < COLUMNS; i++)
		names[i] = columns[i].name;
	if (status_queue(&b->db, &rows, e) != ERR_OK)
		return e->code;
	output_begin(&o, false, NULL, names, COLUMNS, 0);
	o.quiet = lines > 0;
	for (int n = 0; rows_next(&rows, &row, e) == ERR_OK && row; n++)
		for (int i = 0; (lines == 0 || n < lines) && i < COLUMNS; i++)
			put_column(&o, &rows, columns[i].from);
	output_end(&o);
	rows_close(&rows);
	return e->code;
}

static enum style style_of(const struct rows *rows)
{
	enum reason reason;

	if (!reason_of_word(rows_text(rows, REASON), &reason))
		return STYLE_STRONG;
	if (reason == REASON_NEEDS_TOKEN || reason == REASON_TOKEN_REFUSED ||
	    reason == REASON_PERMISSION)
		return STYLE_BAD;
	return terminal_style_of(str_of(status_word(reason_status(reason))));
}

/* "refused_by_tiktok at shop: 3", with the style of its status. */
static int print_head(const struct rows *rows)
{
	char text[200];

	snprintf(text, sizeof(text), "%.*s%s%.*s: %lld", STR_ARG(rows_text(rows, REASON)),
		 rows_type(rows, DESTINATION) == ROWS_NULL ? "" : " at ",
		 STR_ARG(rows_text(rows, DESTINATION)), (long long)rows_int(rows, COUNT));
	fputs(terminal_style(stdout, style_of(rows)), stdout);
	clean_print(stdout, str_of(text), CLEAN_LINE);
	fputs(terminal_style(stdout, STYLE_PLAIN), stdout);
	return (int)strlen(text);
}

/* What a shell takes as it stands: anybody may have written the id, and somebody may paste it. */
static bool is_plain(struct str id)
{
	bool plain = id.len > 0;

	for (size_t i = 0; plain && i < id.len; i++)
		plain = ascii_is_digit(id.p[i]) || ascii_is_letter(id.p[i]) ||
			memchr("-_.:/@+,", id.p[i], 8);
	return plain;
}

/* Nobody can paste it, or would want to. */
static bool is_unhandy(struct str id)
{
	struct buf clean;
	bool unhandy;

	buf_init(&clean, id.len);
	clean_text(&clean, id, CLEAN_LINE);
	unhandy = id.len > EXAMPLE_MAX || !str_eq(buf_str(&clean), id);
	buf_fini(&clean);
	return unhandy;
}

/* With the id as one word of a shell; with the row's number where the id is not for that. */
static void add_command(struct buf *out, struct str id, int64_t row)
{
	if (row)
		buf_addf(out, "convey why --row %lld", (long long)row);
	if (id.len == 0 || is_unhandy(id))
		return;
	buf_addf(out, "convey why %s", id.p[0] == '-' ? "-- " : "");
	if (is_plain(id)) {
		buf_adds(out, id);
		return;
	}
	buf_addc(out, '\'');
	for (size_t i = 0; i < id.len; i++) {
		if (id.p[i] == '\'')
			buf_adds(out, STR("'\\'"));
		buf_addc(out, id.p[i]);
	}
	buf_addc(out, '\'');
}

/* ", such as ID (convey why ID)"; a command that must not be broken at a blank has a line of its
 * own. */
static void print_example(struct buf *line, struct str id, int64_t row, int at)
{
	bool alone = !row && id.len > 0 && memchr(id.p, ' ', id.len);
	struct buf clean, command, typed;

	buf_init(&clean, id.len);
	buf_init(&command, 4 * id.len + 64);
	buf_init(&typed, TYPED_MAX(4 * id.len + 64));
	clean_text(&clean, id, CLEAN_LINE);
	add_command(&command, id, row);
	if (id.len > 0) {
		buf_adds(line, STR(", such as "));
		clean_middle(line, buf_str(&clean), EXAMPLE_MAX);
	}
	if (command.len > 0 && !alone)
		buf_addf(line, " (%.*s)", STR_ARG(buf_str(&command)));
	terminal_wrap(stdout, buf_str(line), at, 4);
	if (command.len > 0 && alone) {
		typed_add(&typed, buf_str(&command));
		printf("    %s\n", buf_z(&typed));
	}
	buf_fini(&typed);
	buf_fini(&command);
	buf_fini(&clean);
}

static void print_problem(struct board *b, const struct rows *rows)
{
	struct str id = rows_text(rows, EXAMPLE);
	int64_t row = 0;
	struct buf line;
	struct err e = {0};
	int at;

	if (id.len > 0 && is_unhandy(id) &&
	    status_example(&b->db, rows_text(rows, REASON), rows_text(rows, DESTINATION),
			   id, &row, &e) != ERR_OK)
		row = 0;
	putchar('\n');
	at = print_head(rows);
	buf_init(&line, 4096);
	buf_addf(&line, ", last %.*s", STR_ARG(rows_text(rows, LAST_SEEN)));
	print_example(&line, id, row, at);
	fputs("  ", stdout);
	terminal_wrap(stdout, rows_text(rows, ADVICE), 2, 2);
	buf_fini(&line);
}

enum err_code board_print_problems(struct board *b, struct err *e)
{
	struct rows rows;
	bool row;

	if (status_problems(&b->db, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row && !ferror(stdout))
		print_problem(b, &rows);
	rows_close(&rows);
	return e->code;
}

enum err_code board_print_problem_lines(struct board *b, int lines, struct err *e)
{
	int width = terminal_width(stdout);
	struct rows rows;
	bool row;

	if (status_problems(&b->db, &rows, e) != ERR_OK)
		return e->code;
	while (lines-- > 0 && rows_next(&rows, &row, e) == ERR_OK && row) {
		int left = width - print_head(&rows) - 2;
		struct str advice = rows_text(&rows, ADVICE);

		if (left > 20) {
			advice.len = clean_fit(advice, left - 1);
			printf("  %.*s%s", STR_ARG(advice),
			       advice.len < rows_text(&rows, ADVICE).len ? "…" : "");
		}
		putchar('\n');
	}
	rows_close(&rows);
	return e->code;
}

static enum err_code collect(struct rows *rows, json_t *into, struct err *e)
{
	struct output o;
	bool row;

	output_begin_rows(&o, true, into, rows, 0);
	while (rows_next(rows, &row, e) == ERR_OK && row)
		output_row(&o, rows);
	output_end(&o);
	rows_close(rows);
	return e->code;
}

enum err_code board_json(struct board *b, json_t **out, struct err *e)
{
	json_t *queue = json_array(), *problems = json_array();
	struct rows rows;

	if (status_queue(&b->db, &rows, e) == ERR_OK &&
	    collect(&rows, queue, e) == ERR_OK &&
	    status_problems(&b->db, &rows, e) == ERR_OK)
		e->code = collect(&rows, problems, e);
	*out = json_pack("{s:s, s:b, s:o, s:o, s:I, s:o, s:o}", "verdict", b->verdict,
			 "needs_person", b->person, "relay",
			 b->relay.pid > 0    ? json_integer(b->relay.pid)
			 : b->relay.pid == 0 ? json_false()
					     : json_null(),
			 "endpoint",
			 b->relay.endpoint[0] ? json_string(b->relay.endpoint)
					      : json_null(),
			 "backlog", (json_int_t)board_backlog(b), "queue", queue,
			 "problems", problems);
	return e->code;
}
