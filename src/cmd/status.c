/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/board.h"
#include "cmd/guard.h"
#include "cmd/output.h"
#include "cmd/terminal.h"
#include "cmd/verbs.h"
#include "cmd/watch.h"

static enum err_code show_json(struct board *b, struct err *e)
{
	json_t *all;

	if (board_json(b, &all, e) == ERR_OK) {
		output_json(all, true);
		putchar('\n');
	}
	json_decref(all);
	return e->code;
}

static void print_relay(const struct board *b)
{
	if (b->relay.pid == 0)
		terminal_wrap(stdout, STR("No relay runs; to send: convey run"), 0, 0);
	if (b->relay.pid > 0)
		printf("The relay runs (process %ld).\n", b->relay.pid);
	if (b->relay.endpoint[0] && strcmp(b->relay.endpoint, TIKTOK_ENDPOINT) != 0)
		printf("It sends to %s, which is not TikTok (CONVEY_ENDPOINT).\n",
		       b->relay.endpoint);
}

static enum err_code show_text(struct board *b, struct err *e)
{
	board_print_verdict(b);
	putchar('\n');
	if (board_print_destinations(b, 0, e) != ERR_OK ||
	    board_print_problems(b, e) != ERR_OK)
		return e->code;
	putchar('\n');
	print_relay(b);
	return ERR_OK;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct board board;
	int64_t interval;
	bool person;

	if (cmd_number(c, "interval", 1, 3600, 2, &interval, e) != ERR_OK)
		return e->code;
	if (cmd_value(c, "interval") && !cmd_value(c, "watch"))
		return err_set(e, ERR_USAGE, "--interval is of use with --watch only");
	if (cmd_value(c, "watch"))
		return watch_run(c, (int)interval, e);
	if (board_open(&board, c, e) != ERR_OK)
		return e->code;
	e->code = c->json ? show_json(&board, e) : show_text(&board, e);
	person = board.person;
	board_close(&board);
	return e->code ? e->code : person ? ERR_PROBLEM : ERR_OK;
}

static const struct cmd_option options[] = {
	{"watch", NULL, "again and again: on a terminal in place, until q"},
	{"interval", "SECONDS", "between two looks (default 2)"},
	{NULL, NULL, NULL},
};

const struct command cmd_status = {
	.name = "status",
	.usage = "[--watch [--interval SECONDS]]",
	.summary = "the queue at a glance; status 1 where something needs a person",
	.examples = "  convey status\n"
		    "  convey status --watch\n"
		    "  convey status --json | jq .needs_person\n"
		    "  convey status --watch --interval 60 >> status.log\n",
	.notes = "The first sentence says what needs a person, else what flows. Then a "
		 "line a "
		 "destination,\n"
		 "and each problem with what to do about it. Where nobody reads the "
		 "terminal, "
		 "--watch prints\n"
		 "a line each time.\n",
	.options = options,
	.kind = CMD_READS,
	.run = run,
};
