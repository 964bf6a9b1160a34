/* SPDX-License-Identifier: MIT
 * board.h - the queue at one moment: its verdict in a sentence, a line a destination, the
 * problems; as convey status prints it, once or again and again.
 *
 * Owns:    a connection, from board_open to board_close: a watcher must not hold the WAL.
 * Thread:  main.
 * Errors:  the database's. */
#ifndef CMD_BOARD_H
#define CMD_BOARD_H

#include "cmd/cmd.h"
#include "store/lock.h"
#include "store/status.h"

struct board {
	const struct cmd *cmd;
	struct db db;
	struct status_totals totals;
	struct lock_holder relay;
	bool person; /* somebody must do something */
	char verdict[1600];
};

MUST_CHECK enum err_code board_open(struct board *b, const struct cmd *c, struct err *e);
void board_close(struct board *b);

/* Rows that wait, at all destinations. */
int64_t board_backlog(const struct board *b);

/* A terminal's lines, at most `lines` (0: all): what is printed is taken off it. */
void board_print_verdict(const struct board *b);
MUST_CHECK enum err_code board_print_destinations(struct board *b, int lines,
						  struct err *e);
/* In full, with advice; or a line each, as many as there is room for. */
MUST_CHECK enum err_code board_print_problems(struct board *b, struct err *e);
MUST_CHECK enum err_code board_print_problem_lines(struct board *b, int lines,
						   struct err *e);

/* {verdict, needs_person, relay, endpoint, backlog, queue, problems}. */
MUST_CHECK enum err_code board_json(struct board *b, struct json_t **out, struct err *e);

#endif
