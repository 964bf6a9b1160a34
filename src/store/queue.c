/* SPDX-License-Identifier: MIT */
#include "store/queue.h"

#include <stddef.h>

#include "store/queue_rows.h"

#define DELIVER                                                                          \
	"INSERT INTO delivery (key, state, attempt_id, name_id, event_time, "            \
	"utc_offset, "                                                                   \
	"limited_data_use, event_hash, attempts, first_sent_at) VALUES "
#define ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
/* Of a pack: what its rows have in common is bound once, ?1 to ?4; the others are numbered on
 * from the largest so far. */
#define FIRST "(?5, ?1, ?2, ?6, ?7, ?3, ?4, ?8, NULL, NULL)"
#define NEXT ",(?, ?1, ?2, ?, ?, ?3, ?4, ?, NULL, NULL)"
#define FIVE NEXT NEXT NEXT NEXT NEXT
#define KEEP " ON CONFLICT DO NOTHING"

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct queue, member)
	{S(cursor), "UPDATE queue SET cursor = max(cursor, ?1)"},
	{S(open_attempt), "INSERT INTO attempt (id, destination_id, started_at, events, "
			  "first_id, last_id, members) "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
	{S(close_attempt),
	 "UPDATE attempt SET started_at = ?2, ms = ?3, http_status = ?4, api_code = ?5, "
	 "api_message = ?6, request_id = ?7, outcome = ?8, "
	 "members = CASE ?8 WHEN 'delivered' THEN NULL ELSE members END WHERE id = ?1"},
	{S(forget_attempt), "DELETE FROM attempt WHERE id = ?1"},
	{S(block), "UPDATE destination SET reason = ?2, blocked_until = ?3, last_error = "
		   "?4 WHERE id = ?1"},
	{S(deliver), DELIVER ROW KEEP},
	{S(deliver_pack), DELIVER FIRST FIVE FIVE FIVE NEXT NEXT NEXT NEXT KEEP},
	{S(wait),
	 "INSERT INTO waiting (key, destination_id, status, reason, due_at, attempts, "
	 "first_sent_at, attempt_id, unknown, name_id, event_time, utc_offset, "
	 "limited_data_use, event_hash) "
	 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
	 "ON CONFLICT DO UPDATE SET status = ?3, reason = coalesce(?4, reason), "
	 "due_at = ?5, attempts = ?6, "
	 "first_sent_at = ?7, attempt_id = coalesce(?8, attempt_id), unknown = ?9, "
	 "name_id = ?10, event_time = ?11, utc_offset = ?12, limited_data_use = ?13, "
	 "event_hash = ?14"},
	{S(unwait), "DELETE FROM waiting WHERE key = ?1"},
	{S(waited), "SELECT attempt_id FROM waiting WHERE key = ?1"},
	{S(lease),
	 "UPDATE waiting SET status = 2, due_at = NULL, event_hash = ?3 WHERE key = ?1 "
	 "AND status = ?2"},
	{S(derived),
	 "INSERT OR REPLACE INTO derived_id (outbox_id, event_id) VALUES (?1, ?2)"},
	{S(duplicate),
	 "INSERT OR IGNORE INTO duplicate (first_id, outbox_id) VALUES (?1, ?2)"},
	/* Once a request may have taken the first, what comes adds nothing to it; the row's own
	 * created_at is not asked, a producer may write what it likes there. */
	{S(later),
	 "INSERT OR IGNORE INTO duplicate (first_id, outbox_id) VALUES (CASE WHEN EXISTS "
	 "(SELECT 1 FROM waiting WHERE key BETWEEN ?1 * 1024 AND ?1 * 1024 + 1023 "
	 "AND status <> 2 AND first_sent_at IS NULL) THEN ?1 ELSE -?1 END, ?2)"},
	{S(set_hash),
	 "UPDATE delivery SET event_hash = nullif(?2, 0) WHERE key BETWEEN ?1 "
	 "AND ?1 + 1023"},
	{S(unmapped), "INSERT INTO unmapped (event, count, last_seen) VALUES (?1, 1, ?2) "
		      "ON CONFLICT DO UPDATE SET count = count + 1, last_seen = ?2"},
	{S(cancelled),
	 "SELECT key / 1024 FROM delivery WHERE key BETWEEN ?1 AND ?2 ORDER BY key"},
	{S(removed),
	 "SELECT id FROM destination WHERE removed = 1 AND ?1 <> (SELECT value FROM "
	 "setting WHERE name = 'config_version')"},
	{S(live),
	 "SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM delivery WHERE key BETWEEN ?1 AND "
	 "?1 + 1023) "
	 "OR EXISTS (SELECT 1 FROM delivery WHERE key BETWEEN ?1 AND ?1 + 1023 "
	 "AND (state / 16 NOT IN (6, 7, 8) OR "
	 "coalesce(attempts, attempt_id IS NOT NULL) > 0)) "
	 "OR EXISTS (SELECT 1 FROM waiting WHERE key BETWEEN ?1 AND ?1 + 1023) THEN 1 "
	 "WHEN EXISTS (SELECT 1 FROM attempt WHERE outcome IS NULL "
	 "AND ?1 / 1024 BETWEEN first_id AND last_id) THEN 2 ELSE 0 END"},
	{S(by_operator),
	 "SELECT 1 FROM delivery WHERE key BETWEEN ?1 AND ?1 + 1023 AND state = 113"},
#undef S
};

_Static_assert(REASON_BY_OPERATOR == 113, "a statement above names it by number");

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **statement(struct queue *q, size_t i)
{
	return (sqlite3_stmt **)((char *)q + statements[i].at);
}

enum err_code queue_open(struct queue *q, struct db *db, struct err *e)
{
	*q = (struct queue){.db = db};
	e->code = ERR_OK;
	for (size_t i = 0; i < STATEMENTS; i++)
		if (db_prepare(db, statements[i].sql, statement(q, i), e) != ERR_OK)
			goto close;
	if (counter_open(&q->counter, db, e) != ERR_OK ||
	    dedup_open(&q->dedup, db, e) != ERR_OK ||
	    note_plain_open(&q->plain, db, e) != ERR_OK ||
	    given_up_reader_open(&q->given_up, db, e) != ERR_OK)
		goto close;
	return ERR_OK;

close:
	queue_close(q);
	return e->code;
}

void queue_close(struct queue *q)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(*statement(q, i));
		*statement(q, i) = NULL;
	}
	counter_close(&q->counter);
	dedup_close(&q->dedup);
	note_plain_close(&q->plain);
	given_up_reader_close(&q->given_up);
}

enum err_code queue_position(struct queue *q, int64_t *cursor, int64_t *attempt_id,
			     struct err *e)
{
	if (db_int(q->db, "SELECT cursor FROM queue", 0, cursor, e) != ERR_OK)
		return e->code;
	return db_int(q->db, "SELECT max(id) FROM attempt", 0, attempt_id, e);
}

enum err_code queue_block(struct queue *q, int32_t destination_id, enum reason reason,
			  int64_t until_ms, const char *last_error, struct err *e)
{
	sqlite3_bind_int(q->block, 1, destination_id);
	db_bind_unless(q->block, 2, (int)reason, 0);
	db_bind_unless(q->block, 3, until_ms, 0);
	db_bind(q->block, 4, last_error[0] ? str_of(last_error) : STR_NONE);
	return db_run(q->db, q->block, e);
}
