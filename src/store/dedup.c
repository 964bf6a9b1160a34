/* SPDX-License-Identifier: MIT */
#include "store/dedup.h"

#include <stdlib.h>

#include <xxhash.h>

#include "core/reason.h"
#include "store/setting.h"

enum { SLOTS_MIN = 1024 };

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

enum err_code dedup_flushed_id(struct db *db, int64_t *out, struct err *e)
{
	return setting_int(db, "dedup_flushed_id", 0, out, e);
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
	sqlite3_bind_int64(q, 1, (d->flushed_id + 1) * 1024);
	while (db_step(d->db, q, &row, e) == ERR_OK && row)
		enter(d, sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 0));
	sqlite3_finalize(q);
	return e->code;
}

static enum err_code load_late(struct dedup *d, struct err *e)
{
	sqlite3_stmt *q;
	bool row;

	if (db_prepare(d->db, "SELECT hash, outbox_id FROM dedup_late ORDER BY id", &q,
		       e) != ERR_OK)
		return e->code;
	while (db_step(d->db, q, &row, e) == ERR_OK && row)
		enter(d, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1));
	sqlite3_finalize(q);
	return e->code;
}

static enum err_code prepare(struct dedup *d, struct err *e)
{
	if (db_prepare(d->db,
		       "SELECT (SELECT event_id FROM derived_id WHERE outbox_id = ?1), "
		       "(SELECT event_id FROM outbox WHERE id = ?1)",
		       &d->event_id, e))
		return e->code;
	return db_prepare(d->db,
			  "INSERT INTO dedup_late (hash, outbox_id) VALUES (?1, ?2)",
			  &d->late, e);
}

enum err_code dedup_open(struct dedup *d, struct db *db, struct err *e)
{
	*d = (struct dedup){.db = db};
	run_filters_init(&d->filters);
	grow(d);
	e->code = ERR_OK;
	if (dedup_seed(db, &d->seed, e) != ERR_OK || prepare(d, e) != ERR_OK ||
	    compaction_open(&d->compaction, db, RUNS_EVENT_ID, &d->filters, e) !=
		    ERR_OK ||
	    dedup_flushed_id(db, &d->flushed_id, e) != ERR_OK ||
	    load_recent(d, e) != ERR_OK || load_late(d, e) != ERR_OK)
		dedup_close(d);
	return e->code;
}

void dedup_close(struct dedup *d)
{
	sqlite3_finalize(d->event_id);
	sqlite3_finalize(d->late);
	compaction_close(&d->compaction);
	run_filters_fini(&d->filters);
	free(d->slot);
	free(d->journal);
	*d = (struct dedup){0};
}

/* Two ids of one hash are told apart by their text, while the first row is kept. It may have been
 * given one of its own since one was derived, or before it was sent: either counts. */
static enum err_code same_id(struct dedup *d, int64_t owner, struct str event_id,
			     bool *same, struct err *e)
{
	bool row;

	*same = true;
	sqlite3_bind_int64(d->event_id, 1, owner);
	if (db_step(d->db, d->event_id, &row, e) == ERR_OK) {
		struct str derived = db_column(d->event_id, 0),
			   own = db_column(d->event_id, 1);

		*same = (derived.len == 0 && own.len == 0) || str_eq(derived, event_id) ||
			str_eq(own, event_id);
	}
	sqlite3_reset(d->event_id);
	return e->code;
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
	uint64_t found;
	size_t count;
	bool same;

	e->code = ERR_OK;
	*owner = s->outbox_id;
	if (!*owner) {
		if (compaction_find(&d->compaction, (uint64_t)hash, &found, 1, &count,
				    e) != ERR_OK)
			return e->code;
		*owner = count ? (int64_t)found : 0;
	}
	if (*owner < (int64_t)d->compaction.floor[0])
		*owner = 0;
	if (*owner && same_id(d, *owner, event_id, &same, e) == ERR_OK && !same)
		*owner = 0;
	return e->code;
}

enum err_code dedup_enter(struct dedup *d, int64_t hash, int64_t outbox_id, struct err *e)
{
	journal(d, (struct dedup_slot){hash, probe(d, hash)->outbox_id});
	enter(d, hash, outbox_id);
	e->code = ERR_OK;
	/* A row decided anew lies below what a restart reads back. */
	if (outbox_id > (d->flushing_id ? d->flushing_id : d->flushed_id))
		return ERR_OK;
	sqlite3_bind_int64(d->late, 1, hash);
	sqlite3_bind_int64(d->late, 2, outbox_id);
	return db_run(d->db, d->late, e);
}

enum err_code dedup_set_floor(struct dedup *d, int64_t floor, bool drop, struct err *e)
{
	e->code = ERR_OK;
	d->compaction.floor[0] = (uint64_t)floor;
	return drop ? compaction_drop_old(&d->compaction, e) : ERR_OK;
}

enum err_code dedup_flush(struct dedup *d, struct err *e)
{
	struct pair *pairs = allocate(2 * d->used, sizeof(*pairs));
	size_t count = 0;

	d->flushing_id = d->flushed_id;
	d->flushed_len = d->journal_len;
	for (size_t i = 0; i < d->slots; i++) {
		const struct dedup_slot *s = &d->slot[i];

		if (!s->outbox_id)
			continue;
		pairs[count++] = (struct pair){(uint64_t)s->hash, (uint64_t)s->outbox_id};
		if (s->outbox_id > d->flushing_id)
			d->flushing_id = s->outbox_id;
	}
	pairs_sort(pairs, pairs + count, count);
	if (compaction_add(&d->compaction, pairs, count, e) == ERR_OK &&
	    db_exec(d->db, "DELETE FROM dedup_late", e) == ERR_OK)
		e->code = setting_set_int(d->db, "dedup_flushed_id", d->flushing_id, e);
	free(pairs);
	return e->code;
}

bool dedup_wants_tidy(const struct dedup *d)
{
	return d->used >= DEDUP_RECENT_MAX || compaction_wanted(&d->compaction);
}

enum err_code dedup_tidy(struct dedup *d, struct err *e)
{
	if (d->used >= DEDUP_RECENT_MAX)
		return dedup_flush(d, e);
	return compaction_step(&d->compaction, DEDUP_STEP, e);
}

/* What went to the run leaves the slots; what was entered behind it, in the same
 * transaction, stays. */
static void forget_flushed(struct dedup *d)
{
	size_t count = d->journal_len - d->flushed_len;
	struct dedup_slot *later = count > 0 ? d->journal + d->flushed_len : NULL;

	for (size_t i = 0; i < count; i++)
		later[i].outbox_id = probe(d, later[i].hash)->outbox_id;
	memset(d->slot, 0, d->slots * sizeof(*d->slot));
	d->used = 0;
	for (size_t i = 0; i < count; i++)
		enter(d, later[i].hash, later[i].outbox_id);
	d->flushed_id = d->flushing_id;
	d->flushing_id = 0;
}

void dedup_commit(struct dedup *d)
{
	if (d->flushing_id)
		forget_flushed(d);
	d->journal_len = 0;
	compaction_committed(&d->compaction);
}

void dedup_rollback(struct dedup *d)
{
	d->flushing_id = 0;
	compaction_rolled_back(&d->compaction);
	while (d->journal_len > 0) {
		struct dedup_slot before = d->journal[--d->journal_len];

		if (before.outbox_id)
			enter(d, before.hash, before.outbox_id);
		else
			leave(d, before.hash);
	}
}
