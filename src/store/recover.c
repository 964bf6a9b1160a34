/* SPDX-License-Identifier: MIT
 *
 * What a dead relay left open. Its requests may or may not have arrived: their rows wait to be
 * sent again under the same event_id. */
#include "store/queue.h"

#include "core/digest.h"
#include "core/event_id.h"
#include "store/members.h"
#include "store/outbox.h"

/* What TikTok refused is cut in two and sent again at once, with no waiting row to count it. So
 * many requests, by their numbers, are looked through for what else held the rows of an open one;
 * where thousands are open, of so many: whoever waits for the start comes first. */
enum { EARLIER_MAX = 64, EARLIER_BACK = 2000, EARLIER_OF = 100, MEMBERS_MAX = 64 * 1024 };

struct earlier {
	int64_t attempt_id;
	struct buf members;
};

struct recovery {
	struct queue *q;
	struct outbox_reader reader;
	struct scratch scratch;
	struct digest digest;
	struct earlier earlier[EARLIER_MAX];
	size_t earlier_count, looked;
	sqlite3_stmt *derived, *counted, *before, *wait, *close;
};

static const char open_sql[] =
	"SELECT id, destination_id, started_at, members, first_id, last_id FROM attempt "
	"WHERE outcome IS NULL ORDER BY id";
static const char before_sql[] =
	"SELECT id, members FROM attempt WHERE id BETWEEN ?1 - ?5 AND ?1 - 1 AND "
	"destination_id = ?2 AND first_id <= ?4 AND last_id >= ?3 AND members IS NOT "
	"NULL "
	"AND outcome IS NOT NULL ORDER BY id DESC";
static const char counted_sql[] = "SELECT attempt_id FROM waiting WHERE key = ?1";
static const char derived_sql[] = "SELECT event_id FROM derived_id WHERE outbox_id = ?1";
static const char wait_sql[] =
	"INSERT INTO waiting (key, destination_id, status, reason, due_at, attempts, "
	"first_sent_at, attempt_id, unknown, event_hash) "
	"SELECT ?1, ?2, 3, 21, ?3, ?7, ?4, ?5, 1, ?6 "
	"WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE key = ?1) "
	"ON CONFLICT DO UPDATE SET status = 3, reason = 21, due_at = ?3, "
	"attempts = attempts + ?7, first_sent_at = coalesce(first_sent_at, ?4), "
	"attempt_id = ?5, unknown = 1 WHERE status = 2";
static const char close_sql[] = "UPDATE attempt SET outcome = 'unknown' WHERE id = ?1";

/* 0: it came with an id. Else the one it was sent under, also where it has been given its own or
 * other content since (run/shaper.c: is_renamed). */
static int64_t hash_derived(struct recovery *r, int64_t outbox_id, struct err *e)
{
	int64_t hash = 0;
	bool row;

	sqlite3_bind_int64(r->derived, 1, outbox_id);
	if (db_step(r->q->db, r->derived, &row, e) == ERR_OK && row)
		hash = dedup_hash(r->q->dedup.seed, db_column(r->derived, 0));
	sqlite3_reset(r->derived);
	return hash;
}

static enum err_code find_earlier(struct recovery *r, sqlite3_stmt *attempt,
				  struct err *e)
{
	sqlite3_stmt *s = r->before;
	bool row = true;

	r->earlier_count = 0;
	if (r->looked++ >= EARLIER_OF)
		return e->code = ERR_OK;
	sqlite3_bind_int64(s, 1, sqlite3_column_int64(attempt, 0));
	sqlite3_bind_int64(s, 2, sqlite3_column_int64(attempt, 1));
	sqlite3_bind_int64(s, 3, sqlite3_column_int64(attempt, 4));
	sqlite3_bind_int64(s, 4, sqlite3_column_int64(attempt, 5));
	sqlite3_bind_int64(s, 5, EARLIER_BACK);
	while (r->earlier_count < EARLIER_MAX &&
	       db_step(r->q->db, s, &row, e) == ERR_OK && row) {
		struct earlier *one = &r->earlier[r->earlier_count++];

		one->attempt_id = sqlite3_column_int64(s, 0);
		buf_clear(&one->members);
		buf_adds(&one->members, db_column(s, 1));
	}
	sqlite3_reset(s);
	return e->code;
}

/* How many requests have held the row since those that its waiting row counts. */
static enum err_code count_requests(struct recovery *r, int64_t key, int *count,
				    struct err *e)
{
	int64_t counted = 0;
	bool row;

	*count = 1;
	if (r->earlier_count == 0)
		return ERR_OK;
	sqlite3_bind_int64(r->counted, 1, key);
	if (db_step(r->q->db, r->counted, &row, e) == ERR_OK && row)
		counted = sqlite3_column_int64(r->counted, 0);
	sqlite3_reset(r->counted);
	for (size_t i = 0; i < r->earlier_count; i++)
		*count += r->earlier[i].attempt_id > counted &&
			  members_hold(buf_str(&r->earlier[i].members),
				       key / KEY_DESTINATIONS);
	return e->code;
}

/* The deduplication must know the id before any newer row asks for it. */
static int64_t hash_of_row(struct recovery *r, int64_t outbox_id, struct err *e)
{
	struct conversion c;
	struct outbox_row row;
	int64_t hash = hash_derived(r, outbox_id, e);
	struct str id;
	bool found;

	if (hash || e->code != ERR_OK)
		return hash;
	if (outbox_one(&r->reader, outbox_id, &row, &found, e) != ERR_OK || !found)
		return 0;
	if (conversion_read(&c, &row, &r->scratch) != REASON_NONE)
		return 0;
	event_id_of(&c, &r->digest, &r->scratch, &id);
	return dedup_hash(r->q->dedup.seed, id);
}

static enum err_code wait_again(struct recovery *r, int64_t outbox_id,
				sqlite3_stmt *attempt, struct err *e)
{
	int32_t destination_id = sqlite3_column_int(attempt, 1);
	int64_t key = outbox_id * KEY_DESTINATIONS + destination_id, hash;
	int requests;

	e->code = ERR_OK;
	hash = hash_of_row(r, outbox_id, e);
	if (e->code != ERR_OK || count_requests(r, key, &requests, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int64(r->wait, 1, key);
	sqlite3_bind_int(r->wait, 2, destination_id);
	sqlite3_bind_int64(r->wait, 3, r->q->now_ms);
	sqlite3_bind_int64(r->wait, 4, sqlite3_column_int64(attempt, 2));
	sqlite3_bind_int64(r->wait, 5, sqlite3_column_int64(attempt, 0));
	db_bind_unless(r->wait, 6, hash, 0);
	sqlite3_bind_int(r->wait, 7, requests);
	if (db_run(r->q->db, r->wait, e) != ERR_OK)
		return e->code;
	if (sqlite3_changes(r->q->db->handle) == 0)
		return ERR_OK;
	if (hash && dedup_enter(&r->q->dedup, hash, outbox_id, e) != ERR_OK)
		return e->code;
	return counter_add(&r->q->counter, destination_id, STATUS_RETRYING * 16, 1,
			   r->q->now_ms, outbox_id, e);
}

static enum err_code recover_attempt(struct recovery *r, sqlite3_stmt *attempt,
				     struct err *e)
{
	struct str members = db_column(attempt, 3);
	int64_t outbox_id = 0;

	if (find_earlier(r, attempt, e) != ERR_OK)
		return e->code;
	while (members_next(&members, &outbox_id))
		if (wait_again(r, outbox_id, attempt, e) != ERR_OK)
			return e->code;
	sqlite3_bind_int64(r->close, 1, sqlite3_column_int64(attempt, 0));
	return db_run(r->q->db, r->close, e);
}

static enum err_code recover_all(struct recovery *r, int *recovered, struct err *e)
{
	sqlite3_stmt *open;
	bool row;

	for (;; ++*recovered) {
		/* One by one: closing an attempt takes it out of the index being read. */
		if (db_prepare(r->q->db, open_sql, &open, e) != ERR_OK)
			return e->code;
		if (db_step(r->q->db, open, &row, e) == ERR_OK && row)
			recover_attempt(r, open, e);
		sqlite3_finalize(open);
		if (e->code != ERR_OK || !row)
			return e->code;
	}
}

enum err_code queue_recover(struct queue *q, int *recovered, struct err *e)
{
	struct recovery r = {.q = q};

	e->code = ERR_OK;
	*recovered = 0;
	scratch_init(&r.scratch);
	digest_init(&r.digest);
	for (size_t i = 0; i < EARLIER_MAX; i++)
		buf_init(&r.earlier[i].members, MEMBERS_MAX);
	if (outbox_open(&r.reader, q->db, e) == ERR_OK &&
	    db_prepare(q->db, derived_sql, &r.derived, e) == ERR_OK &&
	    db_prepare(q->db, before_sql, &r.before, e) == ERR_OK &&
	    db_prepare(q->db, counted_sql, &r.counted, e) == ERR_OK &&
	    db_prepare(q->db, wait_sql, &r.wait, e) == ERR_OK &&
	    db_prepare(q->db, close_sql, &r.close, e) == ERR_OK)
		recover_all(&r, recovered, e);
	for (size_t i = 0; i < EARLIER_MAX; i++)
		buf_fini(&r.earlier[i].members);
	sqlite3_finalize(r.derived);
	sqlite3_finalize(r.before);
	sqlite3_finalize(r.counted);
	sqlite3_finalize(r.wait);
	sqlite3_finalize(r.close);
	outbox_close(&r.reader);
	digest_fini(&r.digest);
	scratch_fini(&r.scratch);
	return e->code;
}
