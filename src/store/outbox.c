/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

#include "base/clock.h"
#include "store/unsent.h"

/* clang-format off */
#define CONTENT(OF) ", " OF("outbox", "event") ", " OF("outbox", "event_time")           \
	", " OF("outbox", "payload")
#define COLUMNS(OF)                                                                      \
	"outbox.id, " OF("outbox", "created_at") ", " OF("outbox", "event_id") CONTENT(OF)
/* Of a row that was read before, behind the others: without an id of its own what it is known by
 * and whether it was redacted, and whether it was refused. */
#define WITHOUT_ID(OF, it)                                                               \
	", CASE WHEN " OUTBOX_OWN_ID(OF("outbox", "event_id")) " IS NULL THEN " it " END"
#define DERIVED(column)                                                                  \
	"(SELECT x." column " FROM derived_id x WHERE x.outbox_id = outbox.id)"
#define KNOWN(OF, refused)                                                               \
	WITHOUT_ID(OF, DERIVED("event_id")) WITHOUT_ID(OF, DERIVED("redacted"))           \
	WITHOUT_ID(OF, refused)
#define REFUSED                                                                          \
	"EXISTS (SELECT 1 FROM waiting WHERE " UNSENT_KEYS("?1") " AND unknown = 0) OR " \
	"EXISTS (SELECT 1 FROM delivery WHERE " UNSENT_KEYS("?1") " AND state / 16 = 6 " \
	"AND " UNSENT("?1") ")"

#define DUE_REFUSED "w.unknown IS 0 AND " UNSENT("(w.key / 1024)")

/* Sorted before a row of the outbox is read: a sorter would hold all of their payloads. SQLite
 * leaves out the order of a subselect that has no limit. */
#define DUE_BY_KEY                                                                       \
	"SELECT * FROM (SELECT key, status, unknown, attempts, first_sent_at, name_id, " \
	"event_time, utc_offset, limited_data_use, event_hash FROM waiting WHERE "       \
	"destination_id = ?1 AND due_at <= ?2 AND status IN (1, 3) "                     \
	"ORDER BY due_at, key LIMIT ?3) "                                                \
	"ORDER BY key LIMIT -1"

#define RANGE(OF)                                                                        \
	"SELECT " COLUMNS(OF) " FROM outbox WHERE outbox.id BETWEEN ?1 AND ?2 "          \
	"ORDER BY outbox.id"
#define ONE(OF)                                                                          \
	"SELECT " COLUMNS(OF) KNOWN(OF, REFUSED) " FROM outbox WHERE outbox.id = ?1"
#define DUE(OF)                                                                          \
	"SELECT " COLUMNS(OF) KNOWN(OF, DUE_REFUSED) ", w.status, w.unknown, "            \
	"w.attempts, w.first_sent_at, w.key / 1024, w.name_id, w.event_time, "           \
	"w.utc_offset, w.limited_data_use, w.event_hash FROM (" DUE_BY_KEY ") w "      \
	"LEFT JOIN outbox ON outbox.id = w.key / 1024"
#define DUPLICATES(OF)                                                                   \
	"SELECT " COLUMNS(OF) " FROM duplicate d JOIN outbox "                           \
	"ON outbox.id = d.outbox_id WHERE d.first_id = ?1 "                              \
	"AND coalesce(" OF("outbox", "created_at") ", 0) <= ?2 AND EXISTS (SELECT 1 "    \
	"FROM delivery x WHERE x.key = d.outbox_id * 1024 AND x.state = 144) "           \
	"ORDER BY outbox.id"
/* clang-format on */

enum { KNOWN_ID = 6, WAS_REDACTED, WAS_REFUSED, WAITS }; /* columns */

enum err_code outbox_open(struct outbox_reader *r, struct db *db, struct err *e)
{
	*r = (struct outbox_reader){.db = db};
	if (db_prepare(db, RANGE(UNBOUNDED), &r->range, e) ||
	    db_prepare(db, ONE(UNBOUNDED), &r->one, e) ||
	    db_prepare(db, DUE(UNBOUNDED), &r->due, e) ||
	    db_prepare(db, DUPLICATES(UNBOUNDED), &r->duplicates, e) ||
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
	outbox_release(r);
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

/* Not in milliseconds: another unit, or a text. One without offset may be of any zone, and hours
 * ahead of now it would cost the row. */
static bool created_at_time(sqlite3_stmt *s, int column, int64_t *ms)
{
	struct event_time t = outbox_time(s, column);
	int64_t unix_s;

	if (event_time_needs_zone(&t) || !event_time_resolve(&t, NULL, &unix_s) ||
	    unix_s == 0)
		return false;
	*ms = unix_s * 1000;
	return true;
}

/* False where it holds no time. */
static inline bool created_at(sqlite3_stmt *s, int column, int64_t *ms)
{
	const int64_t least_ms = INT64_C(100000000000), past_ms = least_ms * 1000;

	if (sqlite3_column_type(s, column) == SQLITE_INTEGER) {
		*ms = sqlite3_column_int64(s, column);
		if (*ms >= least_ms && *ms < past_ms)
			return true;
	}
	return created_at_time(s, column, ms);
}

int64_t outbox_created_ms(sqlite3_stmt *s, int column, int64_t known_ms)
{
	int64_t ms;

	if (created_at(s, column, &ms))
		return ms;
	return known_ms ? known_ms : clock_wall_ms();
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
	row->undated = !created_at(s, 1, &row->created_ms);
	if (row->undated)
		row->created_ms = known_ms ? known_ms : clock_wall_ms();
	row->event_id = db_column(s, 2);
	row->event = db_column(s, 3);
	row->event_time = outbox_time(s, 4);
	row->payload = payload_of(s, 5);
}

static void known_row_of(sqlite3_stmt *s, int64_t known_ms, struct outbox_row *row)
{
	row_of(s, known_ms, row);
	row->known_id = db_column(s, KNOWN_ID);
	row->redacted = sqlite3_column_int(s, WAS_REDACTED) != 0;
	row->refused = sqlite3_column_int(s, WAS_REFUSED) != 0;
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
	struct bounded b = {.db = r->db, .stmt = r->range, .careful = RANGE(BOUNDED)};
	struct outbox_row row = {0};
	bool more;

	e->code = ERR_OK;
	bounded_bind(&b, first);
	bounded_bind(&b, last);
	while (bounded_step(&b, &more, e) == ERR_OK && more) {
		row_of(b.stmt, 0, &row);
		if (!fn(arg, &row, NULL))
			break;
	}
	bounded_end(&b);
	return e->code;
}

enum err_code outbox_due(struct outbox_reader *r, int32_t destination_id, int64_t now_ms,
			 int limit, outbox_row_fn *fn, void *arg, struct err *e)
{
	struct bounded b = {.db = r->db, .stmt = r->due, .careful = DUE(BOUNDED)};
	struct outbox_row row = {0};
	bool more;

	e->code = ERR_OK;
	bounded_bind(&b, destination_id);
	bounded_bind(&b, now_ms);
	bounded_bind(&b, limit);
	while (bounded_step(&b, &more, e) == ERR_OK && more) {
		struct waiting_row waiting = {
			.gone = sqlite3_column_type(b.stmt, 0) == SQLITE_NULL,
			.retrying = sqlite3_column_int(b.stmt, WAITS) == 3,
			.unknown = sqlite3_column_int(b.stmt, WAITS + 1) != 0,
			.attempts = sqlite3_column_int(b.stmt, WAITS + 2),
			.first_sent_ms = sqlite3_column_int64(b.stmt, WAITS + 3),
			.event_hash = sqlite3_column_int64(b.stmt, WAITS + 9),
			.name_id = sqlite3_column_int64(b.stmt, WAITS + 5),
			.event_time = sqlite3_column_int64(b.stmt, WAITS + 6),
			.utc_offset_s = sqlite3_column_int(b.stmt, WAITS + 7),
			.limited_data_use =
				sqlite3_column_type(b.stmt, WAITS + 8) == SQLITE_NULL
					? -1
					: sqlite3_column_int(b.stmt, WAITS + 8),
		};

		/* Without any time of its own it keeps the one that it was decided with. */
		bool timeless = sqlite3_column_type(b.stmt, 4) == SQLITE_NULL;

		known_row_of(b.stmt, timeless ? waiting.event_time * 1000 : 0, &row);
		row.id = sqlite3_column_int64(b.stmt, WAITS + 4);
		if (!fn(arg, &row, &waiting))
			break;
	}
	bounded_end(&b);
	return e->code;
}

enum err_code outbox_one(struct outbox_reader *r, int64_t id, struct outbox_row *row,
			 bool *found, struct err *e)
{
	struct bounded *b = &r->walk;

	outbox_release(r);
	*b = (struct bounded){.db = r->db, .stmt = r->one, .careful = ONE(BOUNDED)};
	bounded_bind(b, id);
	if (bounded_step(b, found, e) == ERR_OK && *found)
		known_row_of(b->stmt, 0, row);
	return e->code;
}

void outbox_release(struct outbox_reader *r)
{
	if (r->walk.stmt)
		bounded_end(&r->walk);
}

enum err_code outbox_duplicates(struct outbox_reader *r, int64_t first_id,
				int64_t upto_ms, outbox_row_fn *fn, void *arg,
				struct err *e)
{
	struct bounded b = {
		.db = r->db, .stmt = r->duplicates, .careful = DUPLICATES(BOUNDED)};
	struct outbox_row row = {0};
	bool more;

	e->code = ERR_OK;
	bounded_bind(&b, first_id);
	bounded_bind(&b, upto_ms);
	while (bounded_step(&b, &more, e) == ERR_OK && more) {
		row_of(b.stmt, 0, &row);
		if (!fn(arg, &row, NULL))
			break;
	}
	bounded_end(&b);
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
