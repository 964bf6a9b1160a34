/* SPDX-License-Identifier: MIT */
#include "store/reissue.h"

#include "base/clock.h"
#include "core/digest.h"
#include "core/event_id.h"
#include "core/sha256_hex.h"
#include "store/dedup.h"
#include "store/outbox.h"
#include "store/setting.h"

enum {
	LOOK_ROWS = 100, /* without a sign that ids began again */
	SLICE = 500,     /* rows that a transaction moves: producers wait for it */
};

/* Whatever was taken up was counted then, or an attempt was opened for it. */
static const char last_deed_sql[] =
	"SELECT max(coalesce((SELECT max(last_seen) FROM counter), 0), coalesce((SELECT "
	"started_at FROM attempt ORDER BY id DESC LIMIT 1), 0))";
static const char below_sql[] =
	"SELECT o.id, o.created_at, coalesce((SELECT event_hash FROM delivery WHERE key "
	"BETWEEN o.id * 1024 AND o.id * 1024 + 1023 AND event_hash IS NOT NULL), (SELECT "
	"event_hash FROM waiting WHERE key BETWEEN o.id * 1024 AND o.id * 1024 + 1023 "
	"AND event_hash IS NOT NULL)) FROM outbox o WHERE o.id <= ?1 "
	"ORDER BY o.id DESC";
static const char moved_sql[] =
	"INSERT INTO outbox (event_id, event, event_time, payload, created_at) SELECT "
	"event_id, event, event_time, payload, created_at FROM outbox WHERE id BETWEEN "
	"?1 AND ?2 ORDER BY id";
static const char dropped_sql[] = "DELETE FROM outbox WHERE id BETWEEN ?1 AND ?2";

struct reissue {
	struct db *db;
	sqlite3_stmt *below;
	struct outbox_reader reader;
	struct scratch scratch;
	struct digest digest;
	int64_t cursor, seed;
	int64_t sequence; /* the last id that was given; -1: none was since its line went */
	int64_t last_deed_ms, now_ms;
	int64_t lowest; /* of the rows that came later; 0: none did */
	bool certain;
};

enum whose { ROW_OLD, ROW_UNCLEAR, ROW_OTHER };

struct compared {
	struct reissue *r;
	int64_t hash;
	enum whose whose;
};

/* Redaction may have changed what an order's id was derived of. */
static bool is_redacted(const struct conversion *v)
{
	return holds_sha256_hex(v->event) ||
	       holds_sha256_hex(json_bytes(v->json, v->at[FIELD_ORDER_ID]));
}

/* An id that was derived changes with what has been redacted since, unless it is an order's. */
static bool compare(void *arg, const struct outbox_row *row,
		    const struct waiting_row *waiting)
{
	struct compared *c = arg;
	struct scratch *s = &c->r->scratch;
	struct conversion v;
	struct str id;

	(void)waiting;
	if (conversion_read(&v, row, s) != REASON_NONE)
		return false;
	event_id_of(&v, &c->r->digest, s, &id);
	if (dedup_hash((uint64_t)c->r->seed, id) == c->hash)
		c->whose = ROW_OLD;
	else if (v.event_id.len || (event_id_order(&v, s).len > 0 && !is_redacted(&v)))
		c->whose = ROW_OTHER;
	return false;
}

static bool began_again(const struct reissue *r)
{
	return r->sequence >= 0 && r->sequence < r->cursor;
}

/* The row that `below` stands on: one that came after all that was ever done, under an id whose
 * outcome is another's, is another row. */
static enum err_code tell(struct reissue *r, enum whose *out, struct err *e)
{
	int64_t id = sqlite3_column_int64(r->below, 0);
	int64_t created_ms = outbox_created_ms(r->below, 1, 1);
	bool later = created_ms > r->last_deed_ms;
	struct compared c = {r, sqlite3_column_int64(r->below, 2), ROW_UNCLEAR};

	e->code = ERR_OK;
	if (!later && !began_again(r))
		c.whose = ROW_OLD;
	else if (c.hash && outbox_range(&r->reader, id, id, compare, &c, e) != ERR_OK)
		return e->code;
	if (c.whose == ROW_OTHER && (!later || created_ms > r->now_ms))
		c.whose = ROW_UNCLEAR;
	*out = c.whose;
	return ERR_OK;
}

/* Downwards from the cursor: ids that began again are the highest ones below it. */
static enum err_code look_below(struct reissue *r, struct err *e)
{
	enum whose whose = ROW_UNCLEAR;
	bool row;

	sqlite3_bind_int64(r->below, 1, r->cursor);
	for (int64_t n = 0; n < LOOK_ROWS || r->certain; n++) {
		if (db_step(r->db, r->below, &row, e) != ERR_OK || !row ||
		    tell(r, &whose, e) != ERR_OK || whose == ROW_OLD)
			break;
		r->certain = r->certain || whose == ROW_OTHER;
		r->lowest = sqlite3_column_int64(r->below, 0);
	}
	sqlite3_reset(r->below);
	return e->code;
}

static enum err_code on_span(struct reissue *r, const char *sql, int64_t last,
			     struct err *e)
{
	sqlite3_stmt *s;

	if (db_prepare(r->db, sql, &s, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(s, 1, r->lowest);
	sqlite3_bind_int64(s, 2, last);
	e->code = db_run(r->db, s, e);
	sqlite3_finalize(s);
	return e->code;
}

/* Never an id that has passed: without its line, or where it stands too low. What was given up
 * beyond it is gone, and what comes under these ids is new. */
static enum err_code raise_sequence(struct db *db, struct err *e)
{
	return db_exec(db,
		       "DELETE FROM given_up WHERE last_id > max("
		       "coalesce((SELECT max(id) FROM outbox), 0), coalesce((SELECT seq "
		       "FROM sqlite_sequence WHERE name = 'outbox'), 0)); "
		       "INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', cursor "
		       "FROM queue WHERE cursor > 0 AND NOT EXISTS "
		       "(SELECT 1 FROM sqlite_sequence WHERE name = 'outbox'); "
		       "UPDATE sqlite_sequence SET seq = (SELECT cursor FROM queue) "
		       "WHERE name = 'outbox' AND seq < (SELECT cursor FROM queue)",
		       e);
}

/* The lowest first: what is left after a kill still ends at the cursor, and is found. */
static enum err_code move_up(struct reissue *r, int64_t *moved, struct err *e)
{
	while (r->lowest <= r->cursor) {
		int64_t last = r->lowest + SLICE - 1;

		if (last > r->cursor)
			last = r->cursor;
		if (db_begin(r->db, e) != ERR_OK)
			return e->code;
		if (raise_sequence(r->db, e) != ERR_OK ||
		    on_span(r, moved_sql, last, e) != ERR_OK ||
		    on_span(r, dropped_sql, last, e) != ERR_OK) {
			db_rollback(r->db);
			return e->code;
		}
		*moved += sqlite3_changes(r->db->handle);
		if (db_commit(r->db, e) != ERR_OK)
			return e->code;
		r->lowest = last + 1;
	}
	return ERR_OK;
}

static enum err_code unclear(const struct reissue *r, struct err *e)
{
	long long cursor = r->cursor, last = r->sequence;

	return err_set(
		e, ERR_DATA,
		"the ids of outbox begin again, as somebody emptied "
		"sqlite_sequence: up to %lld were taken up, the last is %lld. UPDATE "
		"sqlite_sequence SET seq = %lld WHERE name = 'outbox'; insert "
		"what came since again, without id, and delete it",
		cursor, last, cursor);
}

static enum err_code open_parts(struct reissue *r, struct err *e)
{
	if (db_int(r->db, "SELECT cursor FROM queue", 0, &r->cursor, e) != ERR_OK ||
	    db_int(r->db, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'", -1,
		   &r->sequence, e) != ERR_OK ||
	    db_int(r->db, last_deed_sql, 0, &r->last_deed_ms, e) != ERR_OK ||
	    setting_int(r->db, "dedup_seed", 0, &r->seed, e) != ERR_OK ||
	    outbox_open(&r->reader, r->db, e) != ERR_OK)
		return e->code;
	r->now_ms = clock_wall_ms();
	return db_prepare(r->db, below_sql, &r->below, e);
}

enum err_code reissue_ids(struct db *db, int64_t *moved, struct err *e)
{
	struct reissue r = {.db = db};

	*moved = 0;
	scratch_init(&r.scratch);
	digest_init(&r.digest);
	if (open_parts(&r, e) == ERR_OK && look_below(&r, e) == ERR_OK) {
		if (r.certain)
			move_up(&r, moved, e);
		else if (r.lowest && began_again(&r))
			unclear(&r, e);
		else if (r.sequence < r.cursor)
			raise_sequence(db, e);
	}
	sqlite3_finalize(r.below);
	outbox_close(&r.reader);
	digest_fini(&r.digest);
	scratch_fini(&r.scratch);
	return e->code;
}
