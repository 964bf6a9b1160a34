/* SPDX-License-Identifier: MIT
 *
 * Table `redaction`: the ranges in it never overlap, so that the one that a row is in, or would
 * be, is the last that begins at or before it. */
#include "store/note_plain.h"

#include <stdlib.h>

#include "store/members.h"
#include "store/queue_rows.h"

/* Whoever works on a range reads what became of all the rows that it spans. */
enum { SPAN_MAX = 10000, MEMBERS_MAX = 1 << 20 };

/* What is being noted: the ids from `at` on are still to be. */
struct noting {
	struct note_plain *n;
	const int64_t *ids;
	size_t at, count;
	struct buf members; /* of one range */
};

enum err_code note_plain_open(struct note_plain *n, struct db *db, struct err *e)
{
	*n = (struct note_plain){.db = db};
	if (db_prepare(db,
		       "INSERT OR REPLACE INTO redaction (first_id, members) "
		       "VALUES (?1, ?2)",
		       &n->put, e) != ERR_OK ||
	    db_prepare(db,
		       "SELECT first_id, members FROM redaction WHERE first_id <= ?1 "
		       "ORDER BY first_id DESC LIMIT 1",
		       &n->range, e) != ERR_OK ||
	    db_prepare(db,
		       "SELECT coalesce(min(first_id), ?2) FROM redaction WHERE "
		       "first_id > ?1",
		       &n->next, e) != ERR_OK)
		note_plain_close(n);
	return e->code;
}

void note_plain_close(struct note_plain *n)
{
	sqlite3_finalize(n->put);
	sqlite3_finalize(n->range);
	sqlite3_finalize(n->next);
	*n = (struct note_plain){0};
}

static enum err_code put_range(struct noting *w, int64_t first_id, struct err *e)
{
	sqlite3_bind_int64(w->n->put, 1, first_id);
	sqlite3_bind_blob64(w->n->put, 2, w->members.p, w->members.len, SQLITE_STATIC);
	return db_run(w->n->db, w->n->put, e);
}

/* Adds the ids that lie inside of the range; *changed where one was not in it. */
static void merge(struct noting *w, struct str range, bool *changed)
{
	int64_t last = 0, member = 0;

	*changed = false;
	while (members_next(&range, &member)) {
		for (; w->at < w->count && w->ids[w->at] < member; w->at++) {
			members_add(&w->members, &last, w->ids[w->at]);
			*changed = true;
		}
		if (w->at < w->count && w->ids[w->at] == member)
			w->at++;
		members_add(&w->members, &last, member);
	}
}

/* A range of their own for the ids, as far as no other one begins. */
static enum err_code note_apart(struct noting *w, struct err *e)
{
	int64_t first = w->ids[w->at], last = 0, end = first + SPAN_MAX;
	sqlite3_stmt *next = w->n->next;
	bool row;

	sqlite3_bind_int64(next, 1, first);
	sqlite3_bind_int64(next, 2, end);
	if (db_step(w->n->db, next, &row, e) == ERR_OK && row &&
	    sqlite3_column_int64(next, 0) < end)
		end = sqlite3_column_int64(next, 0);
	sqlite3_reset(next);
	if (e->code != ERR_OK)
		return e->code;
	for (; w->at < w->count && w->ids[w->at] < end; w->at++)
		members_add(&w->members, &last, w->ids[w->at]);
	return put_range(w, first, e);
}

/* The next id, and those behind it that come to lie in the same range. */
static enum err_code note_next(struct noting *w, struct err *e)
{
	sqlite3_stmt *range = w->n->range;
	size_t before = w->at;
	bool row, changed = false;
	int64_t first_id = 0;

	buf_clear(&w->members);
	sqlite3_bind_int64(range, 1, w->ids[before]);
	if (db_step(w->n->db, range, &row, e) == ERR_OK && row) {
		first_id = sqlite3_column_int64(range, 0);
		merge(w, db_column(range, 1), &changed);
	}
	sqlite3_reset(range);
	if (e->code != ERR_OK || w->at > before)
		return e->code == ERR_OK && changed ? put_range(w, first_id, e) : e->code;
	buf_clear(&w->members);
	return note_apart(w, e);
}

enum err_code note_plain_rows(struct note_plain *n, const int64_t *ids, size_t count,
			      struct err *e)
{
	struct noting w = {.n = n, .ids = ids, .count = count};

	e->code = ERR_OK;
	buf_init(&w.members, MEMBERS_MAX);
	while (w.at < w.count && note_next(&w, e) == ERR_OK)
		;
	buf_fini(&w.members);
	return e->code;
}

enum err_code note_plain_fresh(struct note_plain *n, int64_t first_id, const int64_t *ids,
			       size_t count, struct err *e)
{
	struct noting w = {.n = n, .ids = ids, .count = count};
	int64_t last = 0;

	buf_init(&w.members, MEMBERS_MAX);
	for (size_t i = 0; i < count; i++)
		members_add(&w.members, &last, ids[i]);
	e->code = put_range(&w, first_id, e);
	buf_fini(&w.members);
	return e->code;
}

static bool is_plain(const struct lot *lot, uint32_t i)
{
	return (lot->entries[i].flags & ENTRY_PLAIN) != 0;
}

enum err_code queue_note_plain(struct queue *q, const struct lot *lot, struct err *e)
{
	size_t count = 0;
	uint32_t i = 0;
	int64_t *ids;

	e->code = ERR_OK;
	while (i < lot->count && !is_plain(lot, i))
		i++;
	if (i == lot->count)
		return ERR_OK;
	ids = calloc(lot->count - i, sizeof(*ids));
	if (!ids)
		abort();
	for (; i < lot->count; i++)
		if (is_plain(lot, i))
			ids[count++] = lot->entries[i].outbox_id;
	e->code = lot->kind == LOT_FRESH
			  ? note_plain_fresh(&q->plain, lot->first_id, ids, count, e)
			  : note_plain_rows(&q->plain, ids, count, e);
	free(ids);
	return e->code;
}
