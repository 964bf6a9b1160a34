/* SPDX-License-Identifier: MIT */
#include "store/dedup.h"

#include <stdlib.h>

#include <xxhash.h>

#include "core/reason.h"

enum {
	SLOTS_MIN = 1024,
	RECENT_MAX = 256 * 1024, /* keys in memory before they move: 8 MiB */
	SLICE = 8192,            /* keys a transaction: no producer waits long */
};

int64_t dedup_hash(uint64_t seed, struct str event_id)
{
	int64_t hash = (int64_t)XXH3_64bits_withSeed(event_id.p, event_id.len, seed);

	return hash ? hash : 1;
}

enum err_code dedup_seed(struct db *db, uint64_t *out, struct err *e)
{
	int64_t seed;

	if (db_int(db, "SELECT value FROM setting WHERE name = 'dedup_seed'", 0, &seed,
		   e) != ERR_OK)
		return e->code;
	*out = (uint64_t)seed;
	return ERR_OK;
}

enum err_code dedup_merged_id(struct db *db, int64_t *out, struct err *e)
{
	return db_int(db, "SELECT value FROM setting WHERE name = 'dedup_merged_id'", 0,
		      out, e);
}

static void *allocate(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p)
		abort();
	return p;
}

/* The slot of a hash, or the free one where it would go. */
static struct dedup_slot *probe(const struct dedup *d, int64_t hash)
{
	size_t at = (size_t)((uint64_t)hash * 0x9e3779b97f4a7c15u) & (d->slots - 1);

	while (d->slot[at].outbox_id && d->slot[at].hash != hash)
		at = (at + 1) & (d->slots - 1);
	return &d->slot[at];
}

static void grow(struct dedup *d)
{
	struct dedup_slot *old = d->slot;
	size_t slots = d->slots;

	d->slots = slots ? slots * 2 : SLOTS_MIN;
	d->slot = allocate(d->slots, sizeof(*d->slot));
	for (size_t i = 0; i < slots; i++)
		if (old[i].outbox_id)
			*probe(d, old[i].hash) = old[i];
	free(old);
}

static void enter(struct dedup *d, int64_t hash, int64_t outbox_id)
{
	struct dedup_slot *s;

	if ((d->used + 1) * 4 > d->slots * 3)
		grow(d);
	s = probe(d, hash);
	if (!s->outbox_id)
		d->used++;
	*s = (struct dedup_slot){hash, outbox_id};
}

/* Linear probing without tombstones: what follows moves up. */
static void leave(struct dedup *d, int64_t hash)
{
	struct dedup_slot *s = probe(d, hash);
	size_t at = (size_t)(s - d->slot);

	if (!s->outbox_id)
		return;
	d->used--;
	d->slot[at].outbox_id = 0;
	for (at = (at + 1) & (d->slots - 1); d->slot[at].outbox_id;
	     at = (at + 1) & (d->slots - 1)) {
		struct dedup_slot moved = d->slot[at];

		d->slot[at].outbox_id = 0;
		*probe(d, moved.hash) = moved;
	}
}

static const struct dedup_slot *in_merging(const struct dedup *d, int64_t hash)
{
	size_t low = 0, high = d->merging_len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (d->merging[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low < d->merging_len && d->merging[low].hash == hash ? &d->merging[low]
								    : NULL;
}

/* A hash stands with the row that holds the id, or that gave it up last; duplicates have
 * theirs too. */
static enum err_code load_recent(struct dedup *d, struct err *e)
{
	sqlite3_stmt *q;
	bool row;

	if (db_prepare(d->db,
		       "SELECT key / 1024, event_hash FROM delivery WHERE key >= ?1 "
		       "AND event_hash IS NOT NULL AND state / 16 <> 9 "
		       "UNION ALL SELECT key / 1024, event_hash FROM waiting "
		       "WHERE event_hash IS NOT NULL AND key >= ?1",
		       &q, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(q, 1, (d->merged_id + 1) * 1024);
	while (db_step(d->db, q, &row, e) == ERR_OK && row)
		enter(d, sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 0));
	sqlite3_finalize(q);
	return e->code;
}

static enum err_code prepare(struct dedup *d, struct err *e)
{
	if (db_prepare(d->db, "SELECT outbox_id FROM dedup WHERE hash = ?1", &d->find,
		       e) ||
	    db_prepare(
		    d->db,
		    "SELECT coalesce((SELECT event_id FROM derived_id "
		    "WHERE outbox_id = ?1), (SELECT event_id FROM outbox WHERE id = ?1))",
		    &d->event_id, e))
		return e->code;
	return db_prepare(d->db,
			  "INSERT INTO dedup (hash, outbox_id) VALUES (?1, ?2) "
			  "ON CONFLICT DO UPDATE SET outbox_id = ?2",
			  &d->put, e);
}

enum err_code dedup_open(struct dedup *d, struct db *db, struct err *e)
{
	int64_t any = 0;

	*d = (struct dedup){.db = db};
	grow(d);
	e->code = ERR_OK;
	if (dedup_seed(db, &d->seed, e) != ERR_OK || prepare(d, e) != ERR_OK ||
	    dedup_merged_id(db, &d->merged_id, e) != ERR_OK ||
	    db_int(db, "SELECT 1 FROM dedup LIMIT 1", 0, &any, e) != ERR_OK ||
	    load_recent(d, e) != ERR_OK)
		dedup_close(d);
	d->table_used = any != 0;
	return e->code;
}

void dedup_close(struct dedup *d)
{
	sqlite3_finalize(d->find);
	sqlite3_finalize(d->event_id);
	sqlite3_finalize(d->put);
	free(d->slot);
	free(d->journal);
	free(d->merging);
	*d = (struct dedup){0};
}

static enum err_code in_table(struct dedup *d, int64_t hash, int64_t *owner,
			      struct err *e)
{
	bool row;

	*owner = 0;
	if (!d->table_used)
		return ERR_OK;
	sqlite3_bind_int64(d->find, 1, hash);
	if (db_step(d->db, d->find, &row, e) == ERR_OK && row)
		*owner = sqlite3_column_int64(d->find, 0);
	sqlite3_reset(d->find);
	return e->code;
}

/* Two ids of one hash are told apart by their text, while the first row is kept. */
static enum err_code same_id(struct dedup *d, int64_t owner, struct str event_id,
			     bool *same, struct err *e)
{
	bool row;

	*same = true;
	sqlite3_bind_int64(d->event_id, 1, owner);
	if (db_step(d->db, d->event_id, &row, e) == ERR_OK && row &&
	    sqlite3_column_type(d->event_id, 0) != SQLITE_NULL)
		*same = str_eq(db_column(d->event_id, 0), event_id);
	sqlite3_reset(d->event_id);
	return e->code;
}

static enum err_code put(struct dedup *d, int64_t hash, int64_t outbox_id, struct err *e)
{
	sqlite3_bind_int64(d->put, 1, hash);
	sqlite3_bind_int64(d->put, 2, outbox_id);
	return db_run(d->db, d->put, e);
}

static void journal(struct dedup *d, struct dedup_slot before)
{
	if (d->journal_len == d->journal_cap) {
		d->journal_cap = d->journal_cap ? d->journal_cap * 2 : 1024;
		d->journal = realloc(d->journal, d->journal_cap * sizeof(*d->journal));
		if (!d->journal)
			abort();
	}
	d->journal[d->journal_len++] = before;
}

enum err_code dedup_find(struct dedup *d, int64_t hash, struct str event_id,
			 int64_t *owner, struct err *e)
{
	const struct dedup_slot *s = probe(d, hash);
	bool same;

	e->code = ERR_OK;
	*owner = 0;
	if (!s->outbox_id)
		s = in_merging(d, hash);
	if (s)
		*owner = s->outbox_id;
	else if (in_table(d, hash, owner, e) != ERR_OK)
		return e->code;
	if (*owner && same_id(d, *owner, event_id, &same, e) == ERR_OK && !same)
		*owner = 0;
	return e->code;
}

enum err_code dedup_enter(struct dedup *d, int64_t hash, int64_t outbox_id, struct err *e)
{
	journal(d, (struct dedup_slot){hash, probe(d, hash)->outbox_id});
	enter(d, hash, outbox_id);
	/* A row decided anew lies below what a restart reads back. */
	if (outbox_id > d->merged_id && outbox_id > d->merging_id)
		return ERR_OK;
	d->table_used = true;
	return put(d, hash, outbox_id, e);
}

void dedup_commit(struct dedup *d)
{
	d->journal_len = 0;
}

void dedup_rollback(struct dedup *d)
{
	while (d->journal_len > 0) {
		struct dedup_slot before = d->journal[--d->journal_len];

		if (before.outbox_id)
			enter(d, before.hash, before.outbox_id);
		else
			leave(d, before.hash);
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct dedup_slot *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static void start_merge(struct dedup *d)
{
	d->merging = allocate(d->used, sizeof(*d->merging));
	d->merging_len = d->merging_at = 0;
	d->merging_id = d->merged_id;
	for (size_t i = 0; i < d->slots; i++) {
		if (!d->slot[i].outbox_id)
			continue;
		d->merging[d->merging_len++] = d->slot[i];
		if (d->slot[i].outbox_id > d->merging_id)
			d->merging_id = d->slot[i].outbox_id;
	}
	qsort(d->merging, d->merging_len, sizeof(*d->merging), by_hash);
	free(d->slot);
	d->slot = NULL;
	d->slots = d->used = 0;
	grow(d);
}

bool dedup_wants_merge(const struct dedup *d)
{
	return d->merging || d->used >= RECENT_MAX;
}

static enum err_code write_merged_id(struct dedup *d, struct err *e)
{
	sqlite3_stmt *q;

	if (db_prepare(d->db,
		       "INSERT INTO setting VALUES ('dedup_merged_id', ?1) "
		       "ON CONFLICT DO UPDATE SET value = ?1",
		       &q, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(q, 1, d->merging_id);
	e->code = db_run(d->db, q, e);
	sqlite3_finalize(q);
	return e->code;
}

enum err_code dedup_merge(struct dedup *d, struct err *e)
{
	size_t end;

	e->code = ERR_OK;
	if (!d->merging)
		start_merge(d);
	end = d->merging_at + SLICE < d->merging_len ? d->merging_at + SLICE
						     : d->merging_len;
	for (size_t i = d->merging_at; i < end; i++) {
		if (put(d, d->merging[i].hash, d->merging[i].outbox_id, e) != ERR_OK)
			return e->code;
	}
	return end == d->merging_len ? write_merged_id(d, e) : ERR_OK;
}

void dedup_merged(struct dedup *d)
{
	d->table_used = true;
	d->merging_at += SLICE;
	if (d->merging_at < d->merging_len)
		return;
	d->merged_id = d->merging_id;
	free(d->merging);
	d->merging = NULL;
	d->merging_len = 0;
}
