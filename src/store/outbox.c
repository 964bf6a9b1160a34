/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

#include "base/clock.h"

#define COLUMNS "o.id, o.created_at, o.event_id, o.event, o.event_time, o.payload"
/* Of a row that was read before: an id derived from its content then, which may have been
 * redacted since. */
#define KNOWN_COLUMNS                                                                    \
	"o.id, o.created_at, coalesce(nullif(o.event_id, ''), (SELECT x.event_id FROM "  \
	"derived_id x WHERE x.outbox_id = o.id)), o.event, o.event_time, o.payload"

/* Sorted before a row of the outbox is read: a sorter would hold all of their payloads. SQLite
 * leaves out the order of a subselect that has no limit. */
#define DUE_BY_KEY                                                                       \
	"SELECT * FROM (SELECT key, status, unknown, attempts, first_sent_at, name_id, " \
	"event_time, utc_offset, limited_data_use, event_hash FROM waiting WHERE "       \
	"destination_id = "                                                              \
	"?1 AND due_at <= ?2 AND status IN (1, 3) ORDER BY due_at, key LIMIT ?3) "       \
	"ORDER BY key LIMIT -1"

enum err_code outbox_open(struct outbox_reader *r, struct db *db, struct err *e)
{
	*r = (struct outbox_reader){.db = db};
	if (db_prepare(db,
		       "SELECT " COLUMNS " FROM outbox o WHERE o.id BETWEEN ?1 AND ?2 "
		       "ORDER BY o.id",
		       &r->range, e) ||
	    db_prepare(db, "SELECT " KNOWN_COLUMNS " FROM outbox o WHERE o.id = ?1",
		       &r->one, e) ||
	    db_prepare(db,
		       "SELECT " KNOWN_COLUMNS ", w.status, w.unknown, w.attempts, "
		       "w.first_sent_at, w.key / 1024, w.name_id, w.event_time, "
		       "w.utc_offset, w.limited_data_use, w.event_hash FROM (" DUE_BY_KEY
		       ") w "
		       "LEFT JOIN outbox o ON o.id = w.key / 1024",
		       &r->due, e) ||
	    db_prepare(db,
		       "SELECT " COLUMNS " FROM duplicate d JOIN outbox o "
		       "ON o.id = d.outbox_id WHERE d.first_id = ?1 "
		       "AND coalesce(o.created_at, 0) <= ?2 AND EXISTS (SELECT 1 "
		       "FROM delivery x WHERE x.key = d.outbox_id * 1024 AND x.state = "
		       "144) ORDER BY o.id",
		       &r->duplicates, e) ||
	    db_prepare(db,
		       "SELECT due_at FROM waiting WHERE destination_id = ?1 "
		       "AND due_at > 0 ORDER BY due_at LIMIT 1",
		       &r->next_due, e) ||
	    db_prepare(db,
		       "SELECT (SELECT min(id) FROM outbox WHERE id > ?1), "
		       "(SELECT max(id) FROM outbox)",
		       &r->edges, e)) {
		outbox_close(r);
		return e->code;
	}
	return ERR_OK;
}

void outbox_close(struct outbox_reader *r)
{
	sqlite3_finalize(r->range);
	sqlite3_finalize(r->one);
	sqlite3_finalize(r->due);
	sqlite3_finalize(r->next_due);
	sqlite3_finalize(r->duplicates);
	sqlite3_finalize(r->edges);
	*r = (struct outbox_reader){0};
}

struct event_time outbox_time(sqlite3_stmt *s, int column)
{
	switch (sqlite3_column_type(s, column)) {
	case SQLITE_INTEGER:
		return (struct event_time){.kind = EVENT_TIME_INTEGER,
					   .integer = sqlite3_column_int64(s, column)};
	case SQLITE_FLOAT:
		return (struct event_time){.kind = EVENT_TIME_REAL,
					   .real = sqlite3_column_double(s, column)};
	case SQLITE_NULL: return (struct event_time){.kind = EVENT_TIME_NONE};
	default:
		return (struct event_time){.kind = EVENT_TIME_TEXT,
					   .text = db_column(s, column)};
	}
}

/* A producer that names every column writes NULL where it has no time: it is now then. */
int64_t outbox_created_ms(sqlite3_stmt *s, int column, int64_t known_ms)
{
	const int64_t last_ms = EVENT_TIME_END * 1000 - 1;
	int type = sqlite3_column_type(s, column);
	int64_t ms = type == SQLITE_INTEGER || type == SQLITE_FLOAT
			     ? sqlite3_column_int64(s, column)
			     : 0;

	if (ms <= 0)
		return known_ms ? known_ms : clock_wall_ms();
	return ms < last_ms ? ms : last_ms;
}

/* NULL is the default; a text without a byte is what a failed json_encode() leaves. */
static struct str payload_of(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? STR("{}")
							     : db_column(s, column);
}

static void row_of(sqlite3_stmt *s, int64_t known_ms, struct outbox_row *row)
{
	row->id = sqlite3_column_int64(s, 0);
	row->created_ms = outbox_created_ms(s, 1, known_ms);
	row->event_id = db_column(s, 2);
	row->event = db_column(s, 3);
	row->event_time = outbox_time(s, 4);
	row->payload = payload_of(s, 5);
}

enum err_code outbox_edges(struct outbox_reader *r, int64_t after, int64_t *first,
			   int64_t *last, struct err *e)
{
	bool row;

	sqlite3_bind_int64(r->edges, 1, after);
	if (db_step(r->db, r->edges, &row, e) == ERR_OK) {
		*first = sqlite3_column_int64(r->edges, 0);
		*last = sqlite3_column_int64(r->edges, 1);
	}
	sqlite3_reset(r->edges);
	return e->code;
}

enum err_code outbox_range(struct outbox_reader *r, int64_t first, int64_t last,
			   outbox_row_fn *fn, void *arg, struct err *e)
{
	struct outbox_row row;
	bool more;

	e->code = ERR_OK;
	sqlite3_bind_int64(r->range, 1, first);
	sqlite3_bind_int64(r->range, 2, last);
	while (db_step(r->db, r->range, &more, e) == ERR_OK && more) {
		row_of(r->range, 0, &row);
		if (!fn(arg, &row, NULL))
			break;
	}
	sqlite3_reset(r->range);
	return e->code;
}

enum err_code outbox_due(struct outbox_reader *r, int32_t destination_id, int64_t now_ms,
			 int limit, outbox_row_fn *fn, void *arg, struct err *e)
{
	struct outbox_row row;
	bool more;

	e->code = ERR_OK;
	sqlite3_bind_int(r->due, 1, destination_id);
	sqlite3_bind_int64(r->due, 2, now_ms);
	sqlite3_bind_int(r->due, 3, limit);
	while (db_step(r->db, r->due, &more, e) == ERR_OK && more) {
		struct waiting_row waiting = {
			.gone = sqlite3_column_type(r->due, 0) == SQLITE_NULL,
			.retrying = sqlite3_column_int(r->due, 6) == 3,
			.unknown = sqlite3_column_int(r->due, 7) != 0,
			.attempts = sqlite3_column_int(r->due, 8),
			.first_sent_ms = sqlite3_column_int64(r->due, 9),
			.event_hash = sqlite3_column_int64(r->due, 15),
			.name_id = sqlite3_column_int64(r->due, 11),
			.event_time = sqlite3_column_int64(r->due, 12),
			.utc_offset_s = sqlite3_column_int(r->due, 13),
			.limited_data_use = sqlite3_column_type(r->due, 14) == SQLITE_NULL
						    ? -1
						    : sqlite3_column_int(r->due, 14),
		};

		/* Without any time of its own it keeps the one that it was decided with. */
		bool timeless = sqlite3_column_type(r->due, 4) == SQLITE_NULL;

		row_of(r->due, timeless ? waiting.event_time * 1000 : 0, &row);
		row.id = sqlite3_column_int64(r->due, 10);
		if (!fn(arg, &row, &waiting))
			break;
	}
	sqlite3_reset(r->due);
	return e->code;
}

enum err_code outbox_one(struct outbox_reader *r, int64_t id, struct outbox_row *row,
			 bool *found, struct err *e)
{
	sqlite3_reset(r->one);
	sqlite3_bind_int64(r->one, 1, id);
	if (db_step(r->db, r->one, found, e) == ERR_OK && *found)
		row_of(r->one, 0, row);
	return e->code;
}

void outbox_release(struct outbox_reader *r)
{
	sqlite3_reset(r->one);
}

enum err_code outbox_duplicates(struct outbox_reader *r, int64_t first_id,
				int64_t upto_ms, outbox_row_fn *fn, void *arg,
				struct err *e)
{
	struct outbox_row row;
	bool more;

	e->code = ERR_OK;
	sqlite3_bind_int64(r->duplicates, 1, first_id);
	sqlite3_bind_int64(r->duplicates, 2, upto_ms);
	while (db_step(r->db, r->duplicates, &more, e) == ERR_OK && more) {
		row_of(r->duplicates, 0, &row);
		if (!fn(arg, &row, NULL))
			break;
	}
	sqlite3_reset(r->duplicates);
	return e->code;
}

enum err_code outbox_next_due(struct outbox_reader *r, int32_t destination_id,
			      int64_t *due_ms, struct err *e)
{
	bool row;

	sqlite3_bind_int(r->next_due, 1, destination_id);
	if (db_step(r->db, r->next_due, &row, e) == ERR_OK)
		*due_ms = row ? sqlite3_column_int64(r->next_due, 0) : 0;
	sqlite3_reset(r->next_due);
	return e->code;
}
