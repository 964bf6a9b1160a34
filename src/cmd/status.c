/* SPDX-License-Identifier: MIT */
#include "store/status.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cmd/clean.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "run/outlook.h"

enum { VERDICT_MAX = 2000 };

static void print_line(struct str text, const char *before, const char *after)
{
	struct buf clean;

	buf_init(&clean, text.len);
	clean_text(&clean, text, false);
	printf("%s%s%s", before, clean.len ? buf_z(&clean) : "-", after);
	buf_fini(&clean);
}

static void print_problem(const struct rows *r)
{
	print_line(rows_text(r, 0), "\n", "");
	if (rows_type(r, 1) != ROWS_NULL)
		print_line(rows_text(r, 1), " at ", "");
	printf(": %lld", (long long)rows_int(r, 2));
	print_line(rows_text(r, 4), ", last ", "");
	if (rows_type(r, 5) != ROWS_NULL)
		print_line(rows_text(r, 5), ", such as ", "");
	print_line(rows_text(r, 6), "\n  ", "\n");
}

static enum err_code each(struct rows *rows, json_t *into, struct err *e)
{
	struct output o;
	bool row;

	if (into)
		output_begin_rows(&o, true, into, rows, 0);
	while (rows_next(rows, &row, e) == ERR_OK && row) {
		if (into)
			output_row(&o, rows);
		else
			print_problem(rows);
	}
	if (into)
		output_end(&o);
	rows_close(rows);
	return e->code;
}

static enum err_code show_json(struct db *db, const char *sentence, bool person,
			       struct err *e)
{
	json_t *queue = json_array(), *problems = json_array(), *all;
	struct rows rows;

	if (status_queue(db, &rows, e) == ERR_OK && each(&rows, queue, e) == ERR_OK &&
	    status_problems(db, &rows, e) == ERR_OK)
		e->code = each(&rows, problems, e);
	all = json_pack("{s:s, s:b, s:o, s:o}", "verdict", sentence, "needs_person",
			person, "queue", queue, "problems", problems);
	if (e->code == ERR_OK) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return e->code;
}

static enum err_code show_text(const struct cmd *c, struct db *db, const char *sentence,
			       struct err *e)
{
	struct rows rows;

	printf("%s\n\n", sentence);
	if (status_queue(db, &rows, e) != ERR_OK ||
	    output_rows(c, &rows, 0, e) != ERR_OK ||
	    status_problems(db, &rows, e) != ERR_OK)
		return e->code;
	return each(&rows, NULL, e);
}

/* A connection of its own each time: a watcher must not hold the WAL. */
static enum err_code show(const struct cmd *c, bool *person, struct err *e)
{
	struct status_totals totals;
	struct buf sentence;
	struct db db;

	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	buf_init(&sentence, VERDICT_MAX);
	if (status_totals(&db, &totals, e) == ERR_OK) {
		outlook_sentence(&totals, &sentence);
		*person = outlook_disk_full(db.path, &sentence) ||
			  outlook_needs_person(&totals);
		e->code = c->json ? show_json(&db, buf_z(&sentence), *person, e)
				  : show_text(c, &db, buf_z(&sentence), e);
	}
	buf_fini(&sentence);
	db_close(&db);
	return e->code;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	const struct timespec pause = {2, 0};
	bool watch = cmd_value(c, "watch") != NULL;
	bool person = false;

	do {
		if (watch && !c->json && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		if (show(c, &person, e) != ERR_OK)
			return e->code;
	} while (watch && fflush(stdout) == 0 && nanosleep(&pause, NULL) == 0);
	return person ? ERR_PROBLEM : ERR_OK;
}

static const struct cmd_option options[] = {
	{"watch", NULL, "again every 2 seconds"},
	{NULL, NULL, NULL},
};

const struct command cmd_status = {
	.name = "status",
	.usage = "[--watch]",
	.summary = "the queue at a glance; status 1 where something needs a person",
	.examples = "  convey status\n"
		    "  convey status --watch\n"
		    "  convey status --json | jq .needs_person\n",
	.options = options,
	.kind = CMD_READS,
	.run = run,
};
