/* SPDX-License-Identifier: MIT */
#include "run/story.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/typed.h"
#include "cmd/clean.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "cmd/which.h"
#include "run/outlook.h"
#include "store/lock.h"

enum { SENTENCE_MAX = 64 * 1024 };

struct telling {
	json_t *steps; /* for the JSON, which is printed at the end; else NULL */
	bool waits;    /* it is still to be sent */
};

static bool is_waiting(const char *step, struct str text)
{
	return strcmp(step, "status") == 0 &&
	       (str_starts(text, STR("pending")) || str_starts(text, STR("retrying")) ||
		str_starts(text, STR("sending")));
}

/* One decision: told at once, or kept. */
static void tell(void *arg, const char *step, const char *destination, struct str text)
{
	struct telling *t = arg;
	struct buf clean;

	t->waits |= is_waiting(step, text);
	if (t->steps) {
		json_array_append_new(t->steps,
				      json_pack("{s:s, s:s?, s:o}", "step", step,
						"destination",
						destination[0] ? destination : NULL,
						"text", output_json_text(text)));
		return;
	}
	buf_init(&clean, SENTENCE_MAX);
	if (str_eq(str_of(step), STR("relay")))
		typed_add(&clean, text);
	else
		clean_text(&clean, text, CLEAN_LINE);
	if (destination[0])
		printf("%-12s %s: %s\n", step, destination, buf_z(&clean));
	else
		printf("%-12s %s\n", step, buf_z(&clean));
	buf_fini(&clean);
}

/* What keeps a row that waits, whatever is decided about it. */
static void tell_relay(struct telling *telling, const char *db_path)
{
	struct lock_holder relay;
	struct buf text;

	lock_look(db_path, &relay);
	buf_init(&text, SENTENCE_MAX);
	if (relay.pid == 0)
		buf_adds(&text, STR("none runs; to send: convey run"));
	else if (relay.refusal)
		buf_addf(&text,
			 "runs, and sends nothing: it cannot write to the "
			 "database%s%s; %s",
			 outlook_cause(relay.refusal)[0] ? ": " : "",
			 outlook_cause(relay.refusal), outlook_remedy(relay.refusal));
	if (text.len > 0)
		tell(telling, "relay", "", buf_str(&text));
	buf_fini(&text);
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	bool reveal = cmd_value(c, "reveal") != NULL;
	struct telling telling = {.waits = false};
	struct subject subject;
	int64_t row;

	if (which_row(c, &row, e) != ERR_OK)
		return e->code;
	if (subject_open(&subject, c->db_path, e) != ERR_OK)
		return e->code;
	telling.steps = c->json ? json_array() : NULL;
	e->code = row ? subject_find_row(&subject, row, e)
		      : subject_find(&subject, c->argv[0], e);
	if (e->code == ERR_OK &&
	    story_tell(&subject, reveal, tell, &telling, e) == ERR_OK) {
		if (telling.waits)
			tell_relay(&telling, c->db_path);
		if (telling.steps) {
			output_json(telling.steps, true);
			putchar('\n');
		}
	}
	json_decref(telling.steps);
	subject_close(&subject);
	return e->code;
}

static const struct cmd_option options[] = {
	WHICH_OPTION,
	{"reveal", NULL, "identifiers as they are sent"},
	{NULL, NULL, NULL},
};

const struct command cmd_why = {
	.name = "why",
	.usage = "EVENT_ID | --row N [--reveal]",
	.summary = "every decision about one conversion, in order",
	.examples = "  convey why order-1001\n"
		    "  convey why order-1001 --json\n"
		    "  convey why --row 1021\n",
	.notes = "What was received and how it stands at each destination, what is "
		 "decided about it (a line\n"
		 "without a destination holds for all), and which requests carried it. "
		 "The decisions are\n"
		 "made anew; where the stored outcome differs from today's, a line says "
		 "so. Identifiers are\n"
		 "shown as 8 hex digits of their hash.\n",
	.options = options,
	.kind = CMD_READS,
	.operands_max = 1,
	.run = run,
};
