/* SPDX-License-Identifier: MIT */
#include "store/lookup.h"

#include "core/reason.h"
#include "store/dedup.h"
#include "store/history.h"
#include "store/in_flight.h"
#include "store/outbox.h"
#include "store/setting.h"
#include "store/standing.h"

#define FROM_ROW "outbox o LEFT JOIN derived_id x ON x.outbox_id = o.id "
#define ITS_ID "coalesce(" OUTBOX_OWN_ID("CAST(o.event_id AS TEXT)") ", x.event_id)"

/* Rows that may bear an id, by its hash: the deduplication knows the holder of each old one,
 * recent ones are read from the narrow rows, and the others hang on the holder. Rows that the
 * relay has not taken up have no hash yet. Of too many the row that counts must not be left out:
 * duplicates come last, of what is not taken up the first row comes first, and of what ended the
 * one that had the id. What hangs on a holder may be a producer's every row: the first and the
 * last of them are read, as who gave the id up is mostly older. */
#define HANG_ON                                                                          \
	"SELECT outbox_id FROM duplicate WHERE first_id = s.sign * c.id ORDER BY "       \
	"outbox_id "
static const char candidates_sql[] =
	"WITH RECURSIVE candidate(id) AS ("
	"SELECT value FROM json_each(?5) "
	"UNION SELECT outbox_id FROM dedup_late WHERE hash = ?2 "
	"UNION SELECT key / 1024 FROM delivery WHERE key >= ?3 AND event_hash = ?2 AND "
	"state / 16 <> 9 "
	"UNION SELECT key / 1024 FROM waiting WHERE key >= ?3 AND event_hash = ?2 "
	"UNION SELECT o.id FROM outbox o WHERE o.id > max((SELECT cursor FROM queue), "
	"?6) "
	"AND CAST(o.event_id AS TEXT) = ?1 "
	"UNION SELECT d.outbox_id FROM candidate c CROSS JOIN "
	"(SELECT 1 AS sign UNION ALL SELECT -1) s CROSS JOIN duplicate d "
	"ON d.first_id = s.sign * c.id AND d.outbox_id IN (SELECT * FROM (" HANG_ON
	"LIMIT 500) UNION ALL SELECT * FROM (" HANG_ON "DESC LIMIT 500))) "
	"SELECT o.id FROM candidate c CROSS JOIN " FROM_ROW
	"WHERE o.id = c.id AND " ITS_ID " = ?1 ORDER BY EXISTS (SELECT 1 FROM delivery d "
	"WHERE d.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023 AND d.state / 16 = 9), "
	"o.id > (SELECT cursor FROM queue), "
	"NOT EXISTS (SELECT 1 FROM delivery d WHERE d.key BETWEEN o.id * 1024 AND "
	"o.id * 1024 + 1023 AND d.event_hash = ?2), "
	"CASE WHEN o.id > (SELECT cursor FROM queue) THEN o.id ELSE -o.id END LIMIT ?4";

static const char bears_sql[] =
	"SELECT 1 FROM " FROM_ROW "WHERE o.id = ?2 AND " ITS_ID " = ?1";

/* What may be mended: rows that were rejected or failed, and those that wait since a retry. The
 * deduplication knows them by the ids that they had when they were read. The index is that of
 * rows below 160. */
static const char mended_sql[] =
	"SELECT o.id FROM (SELECT key FROM (SELECT key FROM delivery "
	"WHERE state BETWEEN 80 AND 111 AND state < 160 ORDER BY +key DESC LIMIT ?2) "
	"UNION SELECT key FROM (SELECT key FROM waiting ORDER BY key DESC LIMIT ?2)) m "
	"CROSS JOIN outbox o WHERE o.id = m.key / 1024 "
	"AND CAST(o.event_id AS TEXT) = ?1 ORDER BY o.id DESC LIMIT ?3";

_Static_assert(STATUS_FAILED == 5 && STATUS_REJECTED == 6,
	       "the statement above names their states by number");

/* Of each kind; read one by one, they take some 50 ms. */
enum { MENDED_MAX = 20000 };

struct found {
	int64_t *ids; /* newest first */
	int count;
};

/* Behind too many, the last one makes room: it may be what is in flight. */
static void put(struct found *f, int64_t id)
{
	int at = 0;

	while (at < f->count && f->ids[at] > id)
		at++;
	if (at == LOOKUP_MAX)
		f->ids[--at] = id;
	if (at < f->count && f->ids[at] == id)
		return;
	f->count += f->count < LOOKUP_MAX;
	for (int i = f->count - 1; i > at; i--)
		f->ids[i] = f->ids[i - 1];
	f->ids[at] = id;
}

static enum err_code put_all(struct db *db, sqlite3_stmt *stmt, struct found *f,
			     struct err *e)
{
	bool row;

	while (db_step(db, stmt, &row, e) == ERR_OK && row)
		put(f, sqlite3_column_int64(stmt, 0));
	return e->code;
}

/* Of the hash in the runs, the newest first: one in each at most. */
static enum err_code find_in_runs(struct db *db, int64_t hash, uint64_t ids[RUNS_MAX],
				  size_t *count, struct err *e)
{
	struct runs runs;

	*count = 0;
	if (runs_open(&runs, db, RUNS_EVENT_ID, NULL, e) != ERR_OK)
		return e->code;
	if (runs_refresh(&runs, e) == ERR_OK)
		e->code = runs_find(&runs, (uint64_t)hash, ids, RUNS_MAX, count, e);
	runs_close(&runs);
	return e->code;
}

/* What else may bear an id: rows that are known, and those that are not taken up above an id. */
struct beside {
	const int64_t *ids;
	int count;
	int64_t unread_from;
};

static void add_id(struct buf *array, int64_t id)
{
	buf_addf(array, "%s%lld", array->len > 1 ? "," : "", (long long)id);
}

/* Of the hash in the runs, and those that are known, as a JSON array. */
static enum err_code find_holders(struct db *db, int64_t hash,
				  const struct beside *beside, struct buf *out,
				  struct err *e)
{
	uint64_t ids[RUNS_MAX];
	size_t count;

	if (find_in_runs(db, hash, ids, &count, e) != ERR_OK)
		return e->code;
	buf_addc(out, '[');
	for (size_t i = 0; i < count; i++)
		add_id(out, (int64_t)ids[i]);
	for (int i = 0; i < beside->count; i++)
		add_id(out, beside->ids[i]);
	buf_addc(out, ']');
	return e->code;
}

static enum err_code find_candidates(struct db *db, struct str event_id,
				     const struct beside *beside, struct found *f,
				     struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	struct buf holders;
	uint64_t seed;
	int64_t flushed;

	buf_init(&holders, 32 * (RUNS_MAX + LOOKUP_MAX));
	if (dedup_seed(db, &seed, e) == ERR_OK &&
	    dedup_flushed_id(db, &flushed, e) == ERR_OK &&
	    find_holders(db, dedup_hash(seed, event_id), beside, &holders, e) == ERR_OK &&
	    db_prepare(db, candidates_sql, &stmt, e) == ERR_OK) {
		db_bind(stmt, 1, event_id);
		sqlite3_bind_int64(stmt, 2, dedup_hash(seed, event_id));
		sqlite3_bind_int64(stmt, 3, (flushed + 1) * 1024);
		sqlite3_bind_int(stmt, 4, LOOKUP_MAX);
		db_bind(stmt, 5, buf_str(&holders));
		sqlite3_bind_int64(stmt, 6, beside->unread_from);
		e->code = put_all(db, stmt, f, e);
	}
	sqlite3_finalize(stmt);
	buf_fini(&holders);
	return e->code;
}

struct asked {
	struct db *db;
	sqlite3_stmt *bears;
	struct found *found;
};

static enum err_code put_if_it_bears(void *arg, int64_t outbox_id, struct err *e)
{
	struct asked *a = arg;
	bool row;

	sqlite3_bind_int64(a->bears, 2, outbox_id);
	if (db_step(a->db, a->bears, &row, e) == ERR_OK && row)
		put(a->found, outbox_id);
	sqlite3_reset(a->bears);
	return e->code;
}

/* A row in a request has neither a delivery nor, the first time, a wait. */
static enum err_code find_in_flight(struct db *db, struct str event_id, struct found *f,
				    struct err *e)
{
	struct asked asked = {db, NULL, f};

	if (db_prepare(db, bears_sql, &asked.bears, e) != ERR_OK)
		return e->code;
	db_bind(asked.bears, 1, event_id);
	e->code = in_flight_each(db, 0, put_if_it_bears, &asked, e);
	sqlite3_finalize(asked.bears);
	return e->code;
}

/* Rows that were given the id where they stand, and were not read again since. */
static enum err_code find_mended(struct db *db, struct str event_id, struct found *f,
				 struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, mended_sql, &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, event_id);
	sqlite3_bind_int(stmt, 2, MENDED_MAX);
	sqlite3_bind_int(stmt, 3, LOOKUP_MAX);
	e->code = put_all(db, stmt, f, e);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code lookup_event(struct db *db, const char *event_id, int64_t ids[LOOKUP_MAX],
			   int *count, struct err *e)
{
	struct found f = {ids, 0};
	struct str id = str_of(event_id);

	e->code = ERR_OK;
	if (id.len > 0 && find_candidates(db, id, &(struct beside){0}, &f, e) == ERR_OK)
		e->code = find_in_flight(db, id, &f, e);
	if (e->code == ERR_OK && id.len > 0 && f.count == 0)
		e->code = find_mended(db, id, &f, e);
	*count = f.count;
	return e->code;
}

enum err_code lookup_again(struct db *db, const char *event_id, int64_t seen,
			   int64_t ids[LOOKUP_MAX], int *count, struct err *e)
{
	const struct beside before = {ids, *count, seen};
	struct found f = {ids, 0};
	struct str id = str_of(event_id);

	if (find_candidates(db, id, &before, &f, e) == ERR_OK)
		e->code = find_in_flight(db, id, &f, e);
	*count = f.count;
	return e->code;
}

enum err_code lookup_row(struct db *db, int64_t id, int64_t ids[LOOKUP_MAX], int *count,
			 struct err *e)
{
	sqlite3_stmt *stmt;
	bool row = false;

	if (db_prepare(db, "SELECT 1 FROM outbox WHERE id = ?1", &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, id);
	if (db_step(db, stmt, &row, e) == ERR_OK && row)
		ids[0] = id;
	sqlite3_finalize(stmt);
	*count = row;
	return e->code;
}

enum err_code lookup_holder(struct db *db, const int64_t *ids, int count, int64_t *holder,
			    struct err *e)
{
	enum standing rank;

	return standing_best(db, ids, count, holder, &rank, e);
}

enum err_code lookup_next(struct db *db, const int64_t *ids, int count, int64_t *next,
			  struct err *e)
{
	int64_t holder = 0;
	enum standing rank;

	*next = 0;
	if (standing_best(db, ids, count, &holder, &rank, e) == ERR_OK &&
	    rank == STANDING_UNREAD)
		*next = holder;
	return e->code;
}

/* Whom the relay knows a hash by when it has just started: store/dedup.c. ?3 is that of the
 * runs. */
static const char owner_sql[] =
	"SELECT coalesce("
	"(SELECT outbox_id FROM dedup_late WHERE hash = ?1 ORDER BY id DESC LIMIT 1), "
	"(SELECT max(key / 1024) FROM waiting WHERE key >= ?2 AND event_hash = ?1), "
	"(SELECT max(key / 1024) FROM delivery WHERE key >= ?2 AND event_hash = ?1 "
	"AND state / 16 <> 9), ?3)";

static enum err_code find_owner(struct db *db, int64_t hash, int64_t *owner,
				struct err *e)
{
	uint64_t ids[RUNS_MAX];
	sqlite3_stmt *stmt;
	int64_t flushed;
	size_t count;
	bool row;

	*owner = 0;
	if (dedup_flushed_id(db, &flushed, e) != ERR_OK ||
	    find_in_runs(db, hash, ids, &count, e) != ERR_OK ||
	    db_prepare(db, owner_sql, &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, hash);
	sqlite3_bind_int64(stmt, 2, (flushed + 1) * 1024);
	sqlite3_bind_int64(stmt, 3, count ? (int64_t)ids[0] : 0);
	if (db_step(db, stmt, &row, e) == ERR_OK && row)
		*owner = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return e->code;
}

/* Fell out of the outbox, but nothing says that its id was another. */
static const char gone_sql[] =
	"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE id = ?2) AND NOT EXISTS "
	"(SELECT 1 FROM derived_id WHERE outbox_id = ?2 AND event_id <> ?1)";

/* Whether the id is held by a row that is kept no more: its hash outlives it. */
static enum err_code is_held_by_gone(struct db *db, struct str event_id, bool *held,
				     struct err *e)
{
	int64_t owner, floor, ignored = 0;
	sqlite3_stmt *stmt;
	uint64_t seed;
	enum standing rank;

	*held = false;
	if (dedup_seed(db, &seed, e) != ERR_OK ||
	    find_owner(db, dedup_hash(seed, event_id), &owner, e) != ERR_OK ||
	    setting_int(db, "dedup_floor", 0, &floor, e) != ERR_OK || owner == 0 ||
	    owner < floor || standing_best(db, &owner, 1, &ignored, &rank, e) != ERR_OK ||
	    rank != STANDING_HOLDS || db_prepare(db, gone_sql, &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, event_id);
	sqlite3_bind_int64(stmt, 2, owner);
	e->code = db_step(db, stmt, held, e);
	sqlite3_finalize(stmt);
	return e->code;
}

/* Others that are not taken up are not read: it may be that they never hold the id. */
enum err_code lookup_before(struct db *db, int64_t unread, struct str event_id,
			    bool *held, int64_t *first, struct err *e)
{
	int64_t ids[LOOKUP_MAX], holder = 0;
	struct found f = {ids, 0};
	enum standing rank;

	*held = false;
	*first = 0;
	if (standing_best(db, &unread, 1, &holder, &rank, e) != ERR_OK ||
	    rank != STANDING_UNREAD || event_id.len == 0 ||
	    find_candidates(db, event_id, &(struct beside){.unread_from = INT64_MAX}, &f,
			    e) != ERR_OK ||
	    find_in_flight(db, event_id, &f, e) != ERR_OK ||
	    standing_best(db, ids, f.count, &holder, &rank, e) != ERR_OK)
		return e->code;
	if (rank != STANDING_HOLDS)
		return is_held_by_gone(db, event_id, held, e);
	*held = true;
	*first = holder;
	return ERR_OK;
}

/* A row that fell out of the outbox is not found any more: then a duplicate would be left. */
static enum err_code find_first(struct db *db, const char *event_id, int64_t *first,
				struct err *e)
{
	int64_t ids[LOOKUP_MAX], holder = 0;
	bool duplicate;
	int count;

	if (lookup_event(db, event_id, ids, &count, e) != ERR_OK || count == 0 ||
	    lookup_holder(db, ids, count, &holder, e) != ERR_OK ||
	    history_is_duplicate(db, holder, &duplicate, e) != ERR_OK)
		return e->code;
	*first = duplicate ? 0 : holder;
	return ERR_OK;
}

enum err_code lookup_first(struct db *db, int64_t duplicate, int64_t *first,
			   struct err *e)
{
	sqlite3_stmt *stmt;
	bool is, row;

	*first = 0;
	if (history_is_duplicate(db, duplicate, &is, e) != ERR_OK || !is)
		return e->code;
	if (db_prepare(db, "SELECT " ITS_ID " FROM " FROM_ROW "WHERE o.id = ?1", &stmt,
		       e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, duplicate);
	if (db_step(db, stmt, &row, e) == ERR_OK && row &&
	    sqlite3_column_type(stmt, 0) == SQLITE_TEXT)
		find_first(db, (const char *)sqlite3_column_text(stmt, 0), first, e);
	sqlite3_finalize(stmt);
	return e->code;
}
