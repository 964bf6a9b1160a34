/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/config_file.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "run/trial.h"
#include "store/memory.h"

enum { EXAMPLES = 10, WORDS_MAX = 64 };

/* How many rows came to this, before and after. */
struct tally {
	char destination[64];
	enum reason reason;
	int64_t counts[2];
};

struct example {
	char *event_id;
	char destination[64];
	char words[2][WORDS_MAX];
};

struct simulation {
	struct tally *tallies;
	size_t count;
	struct example examples[EXAMPLES];
	int example_count;
	int64_t rows, changed;
};

static void count(struct simulation *s, const struct trial_outcome *o, int side)
{
	size_t i = 0;

	while (i < s->count && (s->tallies[i].reason != o->reason ||
				strcmp(s->tallies[i].destination, o->destination) != 0))
		i++;
	if (i == s->count) {
		s->tallies = realloc(s->tallies, (i + 1) * sizeof(*s->tallies));
		if (!s->tallies)
			abort();
		s->tallies[i] = (struct tally){.reason = o->reason};
		memcpy(s->tallies[i].destination, o->destination, sizeof(o->destination));
		s->count++;
	}
	s->tallies[i].counts[side]++;
}

static void describe(const struct trial_outcome *o, char out[WORDS_MAX])
{
	if (!o)
		snprintf(out, WORDS_MAX, "nothing");
	else if (o->reason == REASON_NONE)
		snprintf(out, WORDS_MAX, "sent");
	else
		snprintf(out, WORDS_MAX, "%s: %s", status_word(reason_status(o->reason)),
			 reason_word(o->reason));
}

static bool is_same(const struct trial_outcome *a, const struct trial_outcome *b)
{
	return a && b && a->reason == b->reason && a->content == b->content;
}

static void keep_example(struct simulation *s, struct str event_id,
			 const struct trial_outcome *a, const struct trial_outcome *b)
{
	struct example *x = &s->examples[s->example_count];

	if (s->example_count == EXAMPLES)
		return;
	s->example_count++;
	x->event_id = strndup(event_id.p ? event_id.p : "", event_id.len);
	memcpy(x->destination, a ? a->destination : b->destination,
	       sizeof(x->destination));
	describe(a, x->words[0]);
	describe(b, x->words[1]);
	if (a && b && a->reason == b->reason)
		snprintf(x->words[1], WORDS_MAX, "sent with other content");
}

static bool look(void *arg, struct str event_id, const struct trial_outcomes *before,
		 const struct trial_outcomes *after)
{
	struct simulation *s = arg;
	bool changed = false;

	s->rows++;
	for (size_t i = 0; i < before->count; i++) {
		const struct trial_outcome *a = &before->list[i];
		const struct trial_outcome *b = trial_find(after, a->destination);

		count(s, a, 0);
		if (is_same(a, b))
			continue;
		changed = true;
		keep_example(s, event_id, a, b);
	}
	for (size_t i = 0; i < after->count; i++) {
		const struct trial_outcome *b = &after->list[i];

		count(s, b, 1);
		if (trial_find(before, b->destination))
			continue;
		changed = true;
		keep_example(s, event_id, NULL, b);
	}
	s->changed += changed;
	return true;
}

static void put_counts(const struct simulation *s, bool json, json_t *into)
{
	static const char *const names[] = {"destination", "status", "reason", "before",
					    "after"};
	struct output o;

	output_begin(&o, json, into, names, 5, 0);
	for (size_t i = 0; i < s->count; i++) {
		const struct tally *t = &s->tallies[i];

		if (t->destination[0])
			output_text(&o, str_of(t->destination));
		else
			output_null(&o);
		output_text(&o, t->reason ? str_of(status_word(reason_status(t->reason)))
					  : STR("sent"));
		if (t->reason)
			output_text(&o, str_of(reason_word(t->reason)));
		else
			output_null(&o);
		output_int(&o, t->counts[0]);
		output_int(&o, t->counts[1]);
	}
	output_end(&o);
}

static void put_examples(const struct simulation *s, bool json, json_t *into)
{
	static const char *const names[] = {"event_id", "destination", "before", "after"};
	struct output o;

	output_begin(&o, json, into, names, 4, 0);
	for (int i = 0; i < s->example_count; i++) {
		const struct example *x = &s->examples[i];

		output_text(&o, str_of(x->event_id));
		if (x->destination[0])
			output_text(&o, str_of(x->destination));
		else
			output_null(&o);
		output_text(&o, str_of(x->words[0]));
		output_text(&o, str_of(x->words[1]));
	}
	output_end(&o);
}

static void report(const struct cmd *c, const struct simulation *s)
{
	json_t *counts, *examples, *all;

	if (c->json) {
		counts = json_array();
		examples = json_array();
		put_counts(s, true, counts);
		put_examples(s, true, examples);
		all = json_pack("{s:I, s:I, s:o, s:o}", "rows", (json_int_t)s->rows,
				"changed", (json_int_t)s->changed, "counts", counts,
				"examples", examples);
		output_json(all, true);
		putchar('\n');
		json_decref(all);
		return;
	}
	put_counts(s, false, NULL);
	if (s->example_count > 0) {
		putchar('\n');
		put_examples(s, false, NULL);
	}
	cmd_say(c, "%lld of %lld conversions would end otherwise", (long long)s->changed,
		(long long)s->rows);
}

/* "7d", "36h", "90m", "30s". */
static enum err_code read_since(const char *text, int64_t *ms, struct err *e)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = {1, 60, 3600, 86400};
	const char *unit;
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || end == text || !unit || end[1] || number < 0 || number > 1000000)
		return err_set(e, ERR_USAGE,
			       "--since is a time such as 7d, 12h or 30m, "
			       "not '%.40s'",
			       text);
	*ms = number * seconds[unit - units] * 1000;
	return ERR_OK;
}

/* The present configuration with the file's in place of it, both by way of a database in
 * memory: what import would make of them. */
static enum err_code make_config(struct db *db, const json_t *file, struct config **out,
				 struct err *e)
{
	json_t *present = NULL;
	struct db memory;
	bool noted;

	if (memory_open(&memory, e) != ERR_OK)
		return e->code;
	if (config_file_export(db, &present, e) == ERR_OK &&
	    config_file_import(&memory, NULL, present, &noted, e) == ERR_OK &&
	    config_file_import(&memory, NULL, file, &noted, e) == ERR_OK)
		e->code = config_load(&memory, out, e);
	json_decref(present);
	db_close(&memory);
	return e->code;
}

static enum err_code simulate(const struct cmd *c, const json_t *file, int64_t since_ms,
			      struct err *e)
{
	struct simulation s = {.rows = 0};
	struct config *config = NULL;
	struct trial trial;
	struct db db;

	if (cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	make_config(&db, file, &config, e);
	db_close(&db);
	if (e->code != ERR_OK || trial_open(&trial, c->db_path, config, e) != ERR_OK)
		return e->code;
	if (trial_run(&trial, since_ms, look, &s, e) == ERR_OK)
		report(c, &s);
	trial_close(&trial);
	for (int i = 0; i < s.example_count; i++)
		free(s.examples[i].event_id);
	free(s.tallies);
	return e->code;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	const char *path = cmd_value(c, "config"), *since = cmd_value(c, "since");
	json_t *file = NULL;
	int64_t ms = 0;

	if (!path)
		return err_set(e, ERR_USAGE,
			       "--config FILE is needed; see: convey config "
			       "export -h");
	if (read_since(since ? since : "7d", &ms, e) != ERR_OK ||
	    config_file_read(path, &file, e) != ERR_OK)
		return e->code;
	simulate(c, file, clock_wall_ms() - ms, e);
	json_decref(file);
	return e->code;
}

static const struct cmd_option options[] = {
	{"config", "FILE", "as convey config export writes it"},
	{"since", "TIME", "rows that arrived since then: 7d (default), 12h, 30m"},
	{NULL, NULL, NULL},
};

const struct command cmd_simulate = {
	.name = "simulate",
	.usage = "--config FILE [--since 7d]",
	.summary = "what would be sent differently under another configuration",
	.examples = "  convey config export new.json; edit new.json\n"
		    "  convey simulate --config new.json --since 30d\n",
	.notes = "Judges the rows of the outbox twice, as of their arrival, and sends "
		 "nothing. \"sent\" is what\n"
		 "may be sent; whether TikTok takes it is another matter. Duplicates are "
		 "left out.\n",
	.options = options,
	.kind = CMD_READS,
	.run = run,
};
