/* SPDX-License-Identifier: MIT */
#include "store/requeue_event.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/filter.h"
#include "cmd/progress.h"
#include "cmd/verbs.h"
#include "cmd/which.h"
#include "store/lock.h"

/* What a relay had in a request when it was killed is in flight until the next one runs: nobody
 * gains by trying again before. */
static enum err_code tell_of_relay(const struct cmd *c, const struct requeue *q,
				   struct err *e)
{
	struct lock_holder relay;

	if (e->code != ERR_BUSY || q->why != REQUEUE_IN_FLIGHT)
		return e->code;
	lock_look(c->db_path, &relay);
	if (relay.pid != 0)
		return e->code;
	return err_set(
		e, ERR_BUSY,
		q->move == REQUEUE_RETRY
			? "it was in flight when the relay ended, and no relay runs: "
			  "the next one sends it again (convey run)"
			: "it was in flight when the relay ended, and no relay runs: "
			  "the next one sends it again (convey run); to cancel it "
			  "before that, pause its destination, run the relay, and "
			  "cancel it then");
}

/* Looked for first: that may take long, and nobody waits for who only reads. */
static enum err_code move_event(const struct cmd *c, struct requeue *q, int64_t row,
				struct err *e)
{
	struct requeue_found found;

	if (db_exec(q->db, "BEGIN", e) != ERR_OK ||
	    requeue_find(q->db, row ? NULL : c->argv[0], row, &found, e) != ERR_OK)
		return e->code;
	db_rollback(q->db);
	if (db_begin(q->db, e) != ERR_OK)
		return e->code;
	if (requeue_event(q, &found, e) != ERR_OK)
		return tell_of_relay(c, q, e);
	return cmd_commit(c, q->db, e);
}

/* In slices, so that producers and the relay never wait long for the lock. */
static enum err_code move_many(const struct cmd *c, struct requeue *q,
			       const struct requeue_filter *f, struct err *e)
{
	struct progress progress;
	bool more = !c->dry_run;

	if (requeue_count(q, f, e) != ERR_OK || c->dry_run)
		return e->code;
	progress_begin(&progress, c, "deliveries", q->moved + q->refused);
	q->moved = q->refused = q->gone = 0;
	q->held_moved = false;
	while (more && e->code == ERR_OK) {
		if (db_begin(q->db, e) == ERR_OK &&
		    requeue_some(q, f, &more, e) == ERR_OK)
			e->code = cmd_commit(c, q->db, e);
		progress_show(&progress, q->moved + q->refused, q->moved);
	}
	progress_clear(&progress);
	return e->code;
}

static void report(const struct cmd *c, const struct requeue *q)
{
	bool retry = q->move == REQUEUE_RETRY;

	cmd_say(c, "%lld deliver%s %s", (long long)q->moved, q->moved == 1 ? "y" : "ies",
		retry        ? "to send again"
		: c->dry_run ? "would be given up"
			     : "given up");
	if (q->held_moved)
		cmd_say(c, "some may have arrived before: TikTok counts what is sent "
			   "again after "
			   "48 hours twice");
	if (q->refused > q->gone)
		cmd_say(c,
			"%lld were left as they are (delivered, in flight or finished)",
			(long long)(q->refused - q->gone));
	if (q->gone)
		cmd_say(c,
			"%lld stay as they are, as their destination was removed; they "
			"need nobody, and can be sent once it is added again",
			(long long)q->gone);
	cmd_result(c, json_pack("{s:I, s:I}", retry ? "retried" : "cancelled",
				(json_int_t)q->moved, "refused", (json_int_t)q->refused));
}

static enum err_code refuse_status(enum requeue_move move, enum status status,
				   struct err *e)
{
	char takes[100] = "";

	for (int s = STATUS_PENDING; s <= STATUS_DELIVERED; s++) {
		size_t len = strlen(takes);

		if (requeue_takes(move, (enum status)s))
			snprintf(takes + len, sizeof(takes) - len, "%s%s",
				 len ? ", " : "", status_word((enum status)s));
	}
	return err_set(
		e, ERR_USAGE, "%s rows cannot be %s, only: %s%s", status_word(status),
		move == REQUEUE_RETRY ? "retried" : "cancelled", takes,
		status == STATUS_DUPLICATE
			? "; another row has their event_id: insert what is another "
			  "conversion again under an event_id of its own"
			: "");
}

static enum err_code check(const struct cmd *c, enum requeue_move move,
			   struct requeue_filter *f, int64_t *row, struct err *e)
{
	bool one = c->argc > 0 || cmd_value(c, "row");
	int status, reason;

	if (filter_read(c, &status, &reason, e) != ERR_OK)
		return e->code;
	if (one == (status != 0) || (reason && !status))
		return err_set(
			e, ERR_USAGE,
			"either EVENT_ID or --status S [--reason R], or else --row N");
	*row = 0;
	if (one && which_row(c, row, e) != ERR_OK)
		return e->code;
	if (status == STATUS_PENDING && move == REQUEUE_RETRY)
		return err_set(e, ERR_USAGE,
			       "pending rows cannot be retried: they wait to be sent; "
			       "what for: convey status");
	if (status && !requeue_takes(move, (enum status)status))
		return refuse_status(move, (enum status)status, e);
	*f = (struct requeue_filter){(enum status)status, (enum reason)reason};
	return ERR_OK;
}

static enum err_code run(const struct cmd *c, enum requeue_move move, struct err *e)
{
	struct requeue_filter f;
	struct requeue q;
	int64_t row;
	struct db db;

	if (check(c, move, &f, &row, e) != ERR_OK ||
	    cmd_open(c, DB_WRITE, &db, e) != ERR_OK)
		return e->code;
	if (requeue_open(&q, &db, move, e) == ERR_OK) {
		e->code = f.status ? move_many(c, &q, &f, e) : move_event(c, &q, row, e);
		db_rollback(&db);
		if (e->code == ERR_OK)
			report(c, &q);
		requeue_close(&q);
	}
	db_close(&db);
	return e->code;
}

static enum err_code run_retry(const struct cmd *c, struct err *e)
{
	return run(c, REQUEUE_RETRY, e);
}

static enum err_code run_cancel(const struct cmd *c, struct err *e)
{
	return run(c, REQUEUE_CANCEL, e);
}

static const struct cmd_option options[] = {
	WHICH_OPTION,
	{"status", "S", "all of this status"},
	{"reason", "R", "only those with this reason"},
	{NULL, NULL, NULL},
};

const struct command cmd_retry = {
	.name = "retry",
	.usage = "EVENT_ID | --row N | --status S [--reason R]",
	.summary = "send again what failed, was rejected, skipped, cancelled or held",
	.examples = "  convey retry order-1001\n"
		    "  convey retry --status skipped --reason not_mapped\n"
		    "  convey retry --status failed --dry-run\n"
		    "  convey retry --row 1021\n",
	.notes = "Held rows may have arrived: after 48 hours TikTok counts a second "
		 "sending twice.\n"
		 "Retrying rows are tried now instead of later.\n",
	.options = options,
	.kind = CMD_CHANGES,
	.operands_max = 1,
	.run = run_retry,
};

const struct command cmd_cancel = {
	.name = "cancel",
	.usage = "EVENT_ID | --row N | --status S [--reason R]",
	.summary = "give up what is pending, retrying or held; settle what failed",
	.examples = "  convey cancel order-1001\n"
		    "  convey cancel --status held\n"
		    "  convey cancel --status failed --dry-run\n",
	.notes = "Failed and rejected rows that are cancelled need no person any more.\n"
		 "With an event_id go its rows that no relay has read: none takes its "
		 "place.\n"
		 "Those that only the relay can tell, by transaction_id or content, end "
		 "when "
		 "it reads them.\n"
		 "convey retry --status cancelled takes it back.\n",
	.options = options,
	.kind = CMD_CHANGES,
	.operands_max = 1,
	.run = run_cancel,
};
