/* SPDX-License-Identifier: MIT */
#include "store/intact.h"

#include <string.h>
#include <sys/stat.h>

#define LAST_ROW                                                                         \
	"max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0), "     \
	"coalesce((SELECT max(id) FROM outbox), 0))"

static const char position_sql[] =
	"SELECT cursor, (SELECT max(id) FROM attempt), "
	"(SELECT max(version) FROM schema_migration), " LAST_ROW " FROM queue";
static const char rows_sql[] = "SELECT cursor >= ?1, " LAST_ROW " >= ?2 FROM queue";

/* Not known while a checkpoint is under way, or after one that was broken off. One that ends
 * between two looks has written after the first: so the WAL-index is asked on both sides. */
static void look(struct db *db, struct intact_file *out)
{
	struct wal_index_progress before;
	struct wal_index index;
	struct stat st;

	*out = (struct intact_file){.known = false};
	if (!wal_index_open(&index, db))
		return;
	wal_index_progress(&index, &before);
	if (stat(db->path, &st) != 0)
		return;
	wal_index_progress(&index, &out->wal);
	out->written = st.st_mtim;
	out->size = st.st_size;
	out->known = out->wal.backfill == out->wal.attempted &&
		     memcmp(&before, &out->wal, sizeof(before)) == 0;
}

static bool written_since(const struct intact_file *before, const struct intact_file *now)
{
	return before->written.tv_sec != now->written.tv_sec ||
	       before->written.tv_nsec != now->written.tv_nsec ||
	       before->size != now->size;
}

/* Whether bytes were written or only the time was set, as by `touch`, cannot be told: a commit may
 * leave the size and the first page as they were, and the whole file is too much to read. */
static enum err_code check_file(struct intact *i, struct err *e)
{
	struct intact_file now;

	e->code = ERR_OK;
	look(i->db, &now);
	if (!i->file.known || !now.known || !written_since(&i->file, &now) ||
	    memcmp(&now.wal, &i->file.wal, sizeof(now.wal)) != 0) {
		i->file = now;
		return ERR_OK;
	}
	db_keep_wal(i->db);
	return err_set(
		e, ERR_NOINPUT,
		"'%s' was overwritten while the relay ran; stop its writers, remove "
		"its -wal and -shm, restore the backup again, start the relay (if it was "
		"only touched, just start it)",
		i->db->path);
}

static enum err_code read_position(struct intact *i, struct intact_position *out,
				   struct err *e)
{
	enum err_code code;
	bool row = false;

	*out = (struct intact_position){.cursor = -1};
	code = db_step(i->db, i->position, &row, e);
	if (row) {
		out->cursor = sqlite3_column_int64(i->position, 0);
		out->attempt_id = sqlite3_column_int64(i->position, 1);
		out->schema = sqlite3_column_int(i->position, 2);
		out->last_row = sqlite3_column_int64(i->position, 3);
	}
	sqlite3_reset(i->position);
	return code;
}

enum err_code intact_open(struct intact *i, struct db *db, struct err *e)
{
	*i = (struct intact){.db = db};
	if (db_prepare(db, position_sql, &i->position, e) != ERR_OK)
		return e->code;
	look(db, &i->file);
	return read_position(i, &i->kept, e);
}

void intact_close(struct intact *i)
{
	sqlite3_finalize(i->position);
	*i = (struct intact){0};
}

static enum err_code restored(const struct db *db, struct err *e)
{
	return err_set(e, ERR_NOINPUT,
		       "'%s' was restored from a backup while the relay ran; start the "
		       "relay again",
		       db->path);
}

/* The relay's own writes are there, the last rows are not. A backup may be that young too. */
static enum err_code begun_again(const struct db *db, struct err *e)
{
	return err_set(
		e, ERR_NOINPUT,
		"the last rows of outbox in '%s' are gone and its ids begin again, "
		"as somebody emptied sqlite_sequence or restored a backup while the "
		"relay ran; start the relay again",
		db->path);
}

enum err_code intact_check(struct intact *i, struct err *e)
{
	struct intact_position now;

	if (check_file(i, e) != ERR_OK || read_position(i, &now, e) != ERR_OK)
		return e->code;
	e->code = ERR_OK;
	if (now.schema > i->kept.schema)
		return err_set(e, ERR_CONFIG,
			       "'%s' was migrated by a newer convey while the relay ran; "
			       "start that one's relay",
			       i->db->path);
	if (now.schema != i->kept.schema || now.cursor != i->kept.cursor ||
	    now.attempt_id != i->kept.attempt_id)
		return restored(i->db, e);
	if (now.last_row < i->kept.last_row)
		return begun_again(i->db, e);
	i->kept = now;
	return ERR_OK;
}

enum err_code intact_check_rows(struct db *db, int64_t cursor, int64_t last_row,
				struct err *e)
{
	bool row, came_as_far = false, there = false;
	sqlite3_stmt *stmt;

	if (db_kept(db, rows_sql, &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, cursor);
	sqlite3_bind_int64(stmt, 2, last_row);
	e->code = db_step(db, stmt, &row, e);
	if (e->code == ERR_OK && row) {
		came_as_far = sqlite3_column_int(stmt, 0);
		there = sqlite3_column_int(stmt, 1);
	}
	sqlite3_reset(stmt);
	if (e->code != ERR_OK || (came_as_far && there))
		return e->code;
	return came_as_far ? begun_again(db, e) : restored(db, e);
}

enum err_code intact_about_to_commit(struct intact *i, struct err *e)
{
	return read_position(i, &i->next, e);
}

void intact_committed(struct intact *i)
{
	i->kept = i->next;
}
