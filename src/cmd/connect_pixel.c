/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/connect.h"

enum { ASKED_MAX = 3 };

static void list(const struct connecting *n)
{
	const struct account *a = &n->account;

	for (int i = 0; i < a->pixel_count; i++)
		cmd_say(n->cmd, "%4d  %s  %s", i + 1, a->pixels[i].id, a->pixels[i].name);
	if (a->pixels_left)
		cmd_say(n->cmd, "and %d more", a->pixels_left);
}

/* A line of the terminal; false at its end. */
static bool read_answer(char *out, size_t cap)
{
	size_t len = 0;
	char c = '\0';

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (len + 1 < cap)
			out[len++] = c;
	out[len] = '\0';
	return c == '\n';
}

/* 0: none; -1: no number of the list. */
static int number_of(const char *text, int most)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (text[strspn(text, " \t\r")] == '\0')
		return 0;
	if (end == text || end[strspn(end, " \t\r")] || number < 1 || number > most)
		return -1;
	return (int)number;
}

static int ask(const struct connecting *n)
{
	char answer[80];

	list(n);
	for (int i = 0; i < ASKED_MAX; i++) {
		int number;

		fprintf(stderr, "which pixel is for '%s'? (a number; nothing: none) ",
			n->cmd->argv[0]);
		if (!read_answer(answer, sizeof(answer)))
			return -1;
		number = number_of(answer, n->account.pixel_count);
		if (number >= 0)
			return number - 1;
		cmd_say(n->cmd, "'%s' is no number from 1 to %d", answer,
			n->account.pixel_count);
	}
	return -1;
}

int connect_offer(const struct connecting *n)
{
	const struct account *a = &n->account;

	if (!n->is_web || n->pixel_id[0] || a->pixel_count == 0)
		return -1;
	if (a->pixel_count == 1)
		return 0;
	if (n->cmd->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return -1;
	cmd_say(n->cmd, "the destination has no pixel yet; the account has these:");
	return ask(n);
}

void connect_say_pixels(const struct connecting *n)
{
	const struct account *a = &n->account;
	const struct cmd *c = n->cmd;

	if (!n->is_web)
		return;
	if (n->pixel_set) {
		cmd_say(c, "set the pixel to %s", n->pixel_id);
		return;
	}
	if (a->has_pixel)
		return;
	if (a->pixel_count == 0 && n->pixel_id[0])
		return; /* they may not be read */
	if (n->pixel_id[0])
		cmd_say(c, "the pixel '%s' is none of the account's, which has:",
			n->pixel_id);
	else
		cmd_say(c, "the destination has no pixel; %s",
			a->pixel_count ? "the account has:"
				       : "the account's may not be read");
	list(n);
	cmd_say(c, "to use one of them: convey destination set %s --id PIXEL",
		c->argv[0]);
}
