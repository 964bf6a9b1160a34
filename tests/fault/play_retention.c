/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "play_parts.h"
#include "store/members.h"

#define DAY_MS INT64_C(86400000)

/* What is a day old goes, and each pass is another day's; in the end nothing more, but ids are
 * forgotten. */
static struct prune_limits limits_of(const struct play *p)
{
	return (struct prune_limits){.retention_days = p->later < 2,
				     .dedup_days = PLAY_IDS_DAYS / 2};
}

enum err_code play_prune_open(struct play *p, struct err *e)
{
	p->pruning.begun = false;
	if (prune_open(&p->pruning.prune, &p->writer.queue, e) != ERR_OK)
		return e->code;
	p->pruning.prune.pages_kept = 0;
	return writer_read_floors(&p->writer, false, e);
}

void play_prune_close(struct play *p)
{
	if (p->pruning.prune.db)
		prune_close(&p->pruning.prune);
	p->pruning.begun = false;
}

/* Of what has been committed: the status of each row that is settled, which stays its last. */
static void note_settled(struct play *p)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(
		    p->app,
		    "SELECT o.id, (SELECT status FROM outbox_status WHERE id = "
		    "o.id) FROM outbox o WHERE id NOT IN (SELECT key / 1024 FROM "
		    "waiting)",
		    -1, &s, NULL) != SQLITE_OK)
		play_break(p, "%s", sqlite3_errmsg(p->app));
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct play_row *row = &p->rows[sqlite3_column_int(s, 0)];
		const char *status = (const char *)sqlite3_column_text(s, 1);

		if (strcmp(status, "pending") == 0 || strcmp(status, "sending") == 0)
			continue;
		if (row->last[0] && strcmp(row->last, status) != 0)
			play_break(p, "row %d was %s and is %s", sqlite3_column_int(s, 0),
				   row->last, status);
		snprintf(row->last, sizeof(row->last), "%s", status);
	}
	sqlite3_finalize(s);
}

/* What a pass that begins now has to take: what is settled and holds nothing plain. */
static void note_old(struct play *p)
{
	sqlite3_stmt *s = NULL;

	for (int id = 1; id <= p->produced; id++)
		p->rows[id].old = p->rows[id].last[0];
	if (sqlite3_prepare_v2(p->app, "SELECT members FROM redaction", -1, &s, NULL) !=
	    SQLITE_OK)
		play_break(p, "%s", sqlite3_errmsg(p->app));
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct str members = db_column(s, 0);
		int64_t id = 0;

		while (members_next(&members, &id))
			p->rows[id].old = false;
	}
	sqlite3_finalize(s);
}

static void check_gone(struct play *p)
{
	for (int id = 1; id <= p->produced && id <= p->pruning.prune.upto.outbox_id; id++)
		if (p->rows[id].old &&
		    play_ask(p, "SELECT count(*) FROM outbox WHERE id = ?1", id) != 0)
			play_break(p, "row %d is old and has not gone", id);
}

void play_prune_work(struct job *job, void *state)
{
	struct play *p = ((struct play_task *)job)->play;
	struct writer *w = state;
	struct err *e = &job->err;
	struct prune_limits limits = limits_of(p);
	int64_t now_ms = w->queue.now_ms + p->pruning.day * DAY_MS;

	note_settled(p);
	if (p->pruning.begun) {
		if (prune_some(&p->pruning.prune, &p->pruning.more, e) == ERR_OK &&
		    !p->pruning.more)
			e->code = writer_read_floors(w, false, e);
		return;
	}
	note_old(p);
	if (prune_begin(&p->pruning.prune, &limits, now_ms, &p->pruning.more, e) ==
	    ERR_OK)
		e->code = writer_read_floors(w, true, e);
}

/* As run/pruning.c goes on; a day later where nothing is left of this one. */
bool play_pruned(struct play *p, const struct err *e)
{
	bool ended = p->pruning.begun && !p->pruning.more;

	if (e->code != ERR_OK) {
		p->pruning.begun = false;
		return false;
	}
	prune_committed(&p->pruning.prune);
	if (ended)
		check_gone(p);
	p->pruning.begun = p->pruning.more;
	if (!p->pruning.begun)
		p->pruning.day++;
	return !p->pruning.begun;
}
