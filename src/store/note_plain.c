/* SPDX-License-Identifier: MIT
 *
 * Table `redaction`: the ranges in it never overlap, so that the one that a row is in, or would
 * be, is the last that begins at or before it. */
#include "store/members.h"
#include "store/queue_rows.h"

/* Whoever works on a range reads what became of all the rows that it spans. */
enum { SPAN_MAX = 10000, MEMBERS_MAX = 1 << 20 };

static bool is_plain(const struct lot *lot, uint32_t i)
{
	return (lot->entries[i].flags & ENTRY_PLAIN) != 0;
}

/* The next entry from `i` on that is to be noted. */
static uint32_t next_plain(const struct lot *lot, uint32_t i)
{
	while (i < lot->count && !is_plain(lot, i))
		i++;
	return i;
}

static enum err_code put_range(struct queue *q, int64_t first_id,
			       const struct buf *members, struct err *e)
{
	sqlite3_bind_int64(q->plain, 1, first_id);
	sqlite3_bind_blob64(q->plain, 2, members->p, members->len, SQLITE_STATIC);
	return db_run(q->db, q->plain, e);
}

/* A lot behind all that is noted. */
static enum err_code note_fresh(struct queue *q, const struct lot *lot,
				struct buf *members, struct err *e)
{
	int64_t last = 0;

	e->code = ERR_OK;
	for (uint32_t i = 0; i < lot->count; i++)
		if (is_plain(lot, i))
			members_add(members, &last, lot->entries[i].outbox_id);
	return members->len > 0 ? put_range(q, lot->first_id, members, e) : ERR_OK;
}

/* Adds the entries from *at on that lie inside of the range; *changed where one was not in it. */
static void merge(const struct lot *lot, uint32_t *at, struct str range,
		  struct buf *members, bool *changed)
{
	int64_t last = 0, member = 0;
	uint32_t i = *at;

	*changed = false;
	while (members_next(&range, &member)) {
		for (; i < lot->count && lot->entries[i].outbox_id < member;
		     i = next_plain(lot, i + 1)) {
			members_add(members, &last, lot->entries[i].outbox_id);
			*changed = true;
		}
		if (i < lot->count && lot->entries[i].outbox_id == member)
			i = next_plain(lot, i + 1);
		members_add(members, &last, member);
	}
	*at = i;
}

/* A range of their own for the entries from *at on, as far as no other one begins. */
static enum err_code note_apart(struct queue *q, const struct lot *lot, uint32_t *at,
				struct buf *members, struct err *e)
{
	int64_t first = lot->entries[*at].outbox_id, last = 0, end = first + SPAN_MAX;
	bool row;

	sqlite3_bind_int64(q->plain_next, 1, first);
	sqlite3_bind_int64(q->plain_next, 2, end);
	if (db_step(q->db, q->plain_next, &row, e) == ERR_OK && row &&
	    sqlite3_column_int64(q->plain_next, 0) < end)
		end = sqlite3_column_int64(q->plain_next, 0);
	sqlite3_reset(q->plain_next);
	if (e->code != ERR_OK)
		return e->code;
	for (; *at < lot->count && lot->entries[*at].outbox_id < end;
	     *at = next_plain(lot, *at + 1))
		members_add(members, &last, lot->entries[*at].outbox_id);
	return put_range(q, first, members, e);
}

/* The entry at *at, and those behind it that come to lie in the same range. */
static enum err_code note_from(struct queue *q, const struct lot *lot, uint32_t *at,
			       struct buf *members, struct err *e)
{
	uint32_t before = *at;
	bool row, changed = false;
	int64_t first_id = 0;

	buf_clear(members);
	sqlite3_bind_int64(q->plain_range, 1, lot->entries[before].outbox_id);
	if (db_step(q->db, q->plain_range, &row, e) == ERR_OK && row) {
		first_id = sqlite3_column_int64(q->plain_range, 0);
		merge(lot, at, db_column(q->plain_range, 1), members, &changed);
	}
	sqlite3_reset(q->plain_range);
	if (e->code != ERR_OK || *at > before)
		return e->code == ERR_OK && changed ? put_range(q, first_id, members, e)
						    : e->code;
	buf_clear(members);
	return note_apart(q, lot, at, members, e);
}

enum err_code queue_note_plain(struct queue *q, const struct lot *lot, struct err *e)
{
	uint32_t i = next_plain(lot, 0);
	struct buf members;

	e->code = ERR_OK;
	if (i == lot->count)
		return ERR_OK;
	buf_init(&members, MEMBERS_MAX);
	if (lot->kind == LOT_FRESH)
		note_fresh(q, lot, &members, e);
	else
		while (i < lot->count && note_from(q, lot, &i, &members, e) == ERR_OK)
			;
	buf_fini(&members);
	return e->code;
}
