/* SPDX-License-Identifier: MIT */
#include "store/checkpoint.h"

#include "base/clock.h"

/* After the first that a reader held back, then three times as long. */
enum { PAUSE_MS = 1, PAUSE_MAX_MS = 250 };

/* It must change a page each time: a value that stays writes nothing, and nothing is cut. */
static const char shrink_sql[] = "INSERT INTO setting VALUES ('wal_shrunk', 1) "
				 "ON CONFLICT DO UPDATE SET value = value + 1";

static int on_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct checkpoint *c = arg;

	(void)handle;
	(void)name;
	c->wal_pages = pages;
	c->committed = true;
	return SQLITE_OK;
}

enum err_code checkpoint_open(struct checkpoint *c, struct db *writer, struct err *e)
{
	*c = (struct checkpoint){.writer = writer};
	if (db_open(&c->db, writer->path, DB_WRITE, e) != ERR_OK)
		return e->code;
	sqlite3_wal_hook(writer->handle, on_commit, c);
	return ERR_OK;
}

void checkpoint_close(struct checkpoint *c)
{
	if (c->writer)
		sqlite3_wal_hook(c->writer->handle, NULL, NULL);
	db_close(&c->db);
	*c = (struct checkpoint){0};
}

/* -1, where another's is under way. */
static void note_try(struct checkpoint *c, int frames, int moved)
{
	uint32_t pause_ms = c->pause_ms ? 3 * c->pause_ms : PAUSE_MS;

	c->left = frames > moved ? (uint32_t)(frames - moved) : 0;
	if (c->left == 0)
		pause_ms = 0;
	c->pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
	c->tried_ms = clock_mono_ms();
}

enum err_code checkpoint_now(struct checkpoint *c, struct err *e)
{
	int rc, frames, moved;

	if (db_begin(c->writer, e) != ERR_OK)
		return e->code;
	if (c->intact && intact_check(c->intact, e) != ERR_OK) {
		db_keep_wal(&c->db);
		db_rollback(c->writer);
		return e->code;
	}
	rc = sqlite3_wal_checkpoint_v2(c->db.handle, NULL, SQLITE_CHECKPOINT_PASSIVE,
				       &frames, &moved);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
		db_err(&c->db, e, "checkpoint");
	else
		e->code = ERR_OK;
	note_try(c, frames, moved);
	db_rollback(c->writer);
	return e->code;
}

uint32_t checkpoint_due_frames(const struct checkpoint *c)
{
	return CHECKPOINT_DUE_PAGES + (c->left < CHECKPOINT_DUE_PAGES ? 0 : c->left);
}

/* Each try locks the database for as long as it takes to find that a reader is in the way. */
static bool is_due(const struct checkpoint *c)
{
	if (c->wal_pages < CHECKPOINT_DUE_PAGES)
		return false;
	return clock_mono_ms() - c->tried_ms >= c->pause_ms ||
	       (c->index && wal_index_frames(c->index) >= checkpoint_due_frames(c));
}

enum err_code checkpoint_if_due(struct checkpoint *c, struct err *e)
{
	e->code = ERR_OK;
	if (!is_due(c))
		return ERR_OK;
	c->wal_pages = 0;
	return checkpoint_now(c, e);
}

enum err_code checkpoint_shrink(struct checkpoint *c, struct err *e)
{
	if (checkpoint_now(c, e) != ERR_OK ||
	    db_exec(c->writer, "PRAGMA journal_size_limit = 0", e) != ERR_OK)
		return e->code;
	if (db_begin(c->writer, e) == ERR_OK &&
	    (db_exec(c->writer, shrink_sql, e) != ERR_OK ||
	     db_commit(c->writer, e) != ERR_OK))
		db_rollback(c->writer);
	sqlite3_exec(c->writer->handle, "PRAGMA journal_size_limit = -1", NULL, NULL,
		     NULL);
	return e->code;
}
