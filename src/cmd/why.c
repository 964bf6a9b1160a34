/* SPDX-License-Identifier: MIT */
#include "run/story.h"

#include <jansson.h>
#include <stdio.h>

#include "cmd/clean.h"
#include "cmd/output.h"
#include "cmd/verbs.h"

enum { SENTENCE_MAX = 64 * 1024 };

/* One decision: told at once, or kept for the JSON, which is printed at the end. */
static void tell(void *arg, const char *step, const char *destination, struct str text)
{
	json_t *steps = arg;
	struct buf clean;

	if (steps) {
		json_array_append_new(
			steps, json_pack("{s:s, s:s?, s:o}", "step", step, "destination",
					 destination[0] ? destination : NULL, "text",
					 output_json_text(text)));
		return;
	}
	buf_init(&clean, SENTENCE_MAX);
	clean_text(&clean, text, CLEAN_LINE);
	if (destination[0])
		printf("%-12s %s: %s\n", step, destination, buf_z(&clean));
	else
		printf("%-12s %s\n", step, buf_z(&clean));
	buf_fini(&clean);
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	bool reveal = cmd_value(c, "reveal") != NULL;
	struct subject subject;
	json_t *steps;

	if (subject_open(&subject, c->db_path, e) != ERR_OK)
		return e->code;
	steps = c->json ? json_array() : NULL;
	if (story_tell(&subject, c->argv[0], reveal, tell, steps, e) == ERR_OK && steps) {
		output_json(steps, true);
		putchar('\n');
	}
	json_decref(steps);
	subject_close(&subject);
	return e->code;
}

static const struct cmd_option options[] = {
	{"reveal", NULL, "identifiers as they are sent"},
	{NULL, NULL, NULL},
};

const struct command cmd_why = {
	.name = "why",
	.usage = "EVENT_ID [--reveal]",
	.summary = "every decision about one conversion, in order",
	.examples = "  convey why order-1001\n"
		    "  convey why order-1001 --json\n",
	.notes =
		"What was received, what is decided about it for each destination, which "
		"requests carried\n"
		"it and how it stands. The decisions are made anew; where the stored "
		"outcome differs from\n"
		"today's, a line says so. Identifiers are shown as 8 hex digits of their "
		"hash.\n",
	.options = options,
	.kind = CMD_READS,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
