/* SPDX-License-Identifier: MIT */
#include "store/forget.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/verbs.h"
#include "store/checkpoint.h"
#include "store/lock.h"

enum { PROGRESS_MS = 200 };

static const struct {
	const char *option;
	enum identity_kind kind;
} kinds[] = {
	{"email", IDENTITY_EMAIL},
	{"phone", IDENTITY_PHONE},
	{"external-id", IDENTITY_EXTERNAL_ID},
};

static enum err_code read_options(const struct cmd *c, enum identity_kind *kind,
				  const char **value, struct err *e)
{
	*value = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *given = cmd_value(c, kinds[i].option);

		if (given && *value)
			return err_set(e, ERR_USAGE, "one identifier at a time");
		if (given) {
			*value = given;
			*kind = kinds[i].kind;
		}
	}
	if (!*value)
		return err_set(e, ERR_USAGE,
			       "whom? --email V, --phone V or --external-id V");
	return ERR_OK;
}

static void show_progress(const struct cmd *c, const struct forget *f, uint64_t *shown_ms)
{
	uint64_t now = clock_mono_ms();

	if (c->json || !isatty(STDERR_FILENO) || now - *shown_ms < PROGRESS_MS)
		return;
	*shown_ms = now;
	fprintf(stderr, "\r%lld rows looked at\033[K", (long long)f->position);
}

/* A transaction a slice, so that producers and the relay never wait long. A dry run rolls
 * each back. */
static enum err_code forget_table(const struct cmd *c, struct forget *f,
				  enum forget_table table, struct err *e)
{
	uint64_t shown_ms = clock_mono_ms();
	bool more = true;

	f->position = 0;
	while (more) {
		if (forget_look(f, table, &more, e) != ERR_OK)
			return e->code;
		show_progress(c, f, &shown_ms);
		if (f->found_count == 0)
			continue;
		if (db_begin(f->db, e) != ERR_OK || forget_erase(f, table, e) != ERR_OK ||
		    cmd_commit(c, f->db, e) != ERR_OK)
			return e->code;
	}
	if (!c->json && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return ERR_OK;
}

static enum err_code forget_all(const struct cmd *c, struct forget *f, struct err *e)
{
	if (forget_table(c, f, FORGET_VISIT, e) != ERR_OK ||
	    forget_table(c, f, FORGET_CONSENT, e) != ERR_OK ||
	    forget_table(c, f, FORGET_OUTBOX, e) != ERR_OK)
		return e->code;
	/* Last: until then it tells what is still to be found, after a crash too. */
	if (f->in_flight)
		return ERR_OK;
	if (db_begin(f->db, e) != ERR_OK || forget_graph(f, e) != ERR_OK)
		return e->code;
	return cmd_commit(c, f->db, e);
}

/* What was overwritten is in the WAL still. */
static enum err_code cut_wal(struct db *db, struct err *e)
{
	struct checkpoint checkpoint;

	if (checkpoint_open(&checkpoint, db, e) != ERR_OK)
		return e->code;
	e->code = checkpoint_shrink(&checkpoint, e);
	checkpoint_close(&checkpoint);
	return e->code;
}

/* What a relay had in a request when it was killed is settled by the next one alone. */
static void report_in_flight(const struct cmd *c, const struct forget *f)
{
	struct lock_holder relay;

	lock_look(c->db_path, &relay);
	if (relay.pid != 0)
		cmd_say(c, "%lld are in flight right now; run it again in a minute",
			(long long)f->in_flight);
	else
		cmd_say(c,
			"%lld were in flight when the relay ended, and no relay runs: "
			"convey run settles them, then run it again",
			(long long)f->in_flight);
}

static void report(const struct cmd *c, const struct forget *f)
{
	cmd_say(c,
		"%lld conversion%s erased, %lld of them cancelled; %lld visit%s and %lld "
		"consent row%s deleted",
		(long long)f->erased, f->erased == 1 ? "" : "s", (long long)f->cancelled,
		(long long)f->visits_gone, f->visits_gone == 1 ? "" : "s",
		(long long)f->consents_gone, f->consents_gone == 1 ? "" : "s");
	if (f->in_flight)
		report_in_flight(c, f);
	cmd_result(c,
		   json_pack("{s:I, s:I, s:I, s:I, s:I}", "erased", (json_int_t)f->erased,
			     "cancelled", (json_int_t)f->cancelled, "in_flight",
			     (json_int_t)f->in_flight, "visits",
			     (json_int_t)f->visits_gone, "consents",
			     (json_int_t)f->consents_gone));
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	enum identity_kind kind = IDENTITY_EMAIL;
	const char *value;
	struct forget f;
	struct db db;

	if (read_options(c, &kind, &value, e) != ERR_OK ||
	    cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	if (forget_open(&f, &db, kind, value, e) == ERR_OK) {
		e->code = forget_all(c, &f, e);
		db_rollback(&db);
		if (e->code == ERR_OK && !c->dry_run)
			e->code = cut_wal(&db, e);
		if (e->code == ERR_OK)
			report(c, &f);
		if (e->code == ERR_OK && f.in_flight && !c->dry_run)
			err_set(e, ERR_BUSY, "not all of it is erased yet");
		forget_close(&f);
	}
	db_close(&db);
	return e->code;
}

static const struct cmd_option options[] = {
	{"email", "V", "an e-mail address or its SHA-256"},
	{"phone", "V", "a phone number with '+', or its SHA-256"},
	{"external-id", "V", "the shop's own id of the person, or its SHA-256"},
	{NULL, NULL, NULL},
};

const struct command cmd_forget = {
	.name = "forget",
	.usage = "--email V | --phone V | --external-id V",
	.summary = "erase a person everywhere, and cancel what waits",
	.examples = "  convey forget --email jane@example.com --dry-run\n"
		    "  convey forget --external-id 4711\n",
	.notes = "The person is all that was seen together with the identifier: other "
		 "addresses, phones,\nsessions. Of conversions event_id, time and what "
		 "was "
		 "bought stay; visits and consent rows go.\nOf what is cancelled no "
		 "unread row of the "
		 "same event_id is sent in its place.\nWhat TikTok has is not "
		 "deleted: ask there. Exit 75: some are in flight, run it again.\n",
	.options = options,
	.kind = CMD_CHANGES,
	.run = run,
};
