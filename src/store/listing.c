/* SPDX-License-Identifier: MIT */
#include "store/listing.h"

#include <stdlib.h>

#include "store/in_flight.h"

enum {
	BLOCK = 256,         /* rows of the outbox a read */
	DESTINATIONS = 1024, /* a key is the row's id times this, and the destination */
	STATES = 16,         /* of a status */
	STEPS_MAX = 3,
};

#define ID_MAX (INT64_C(1) << 52)

/* Keys between ?1 and ?2, of destination ?3 (0: any) and reason ?4 (0: any). */
#define BOTH(sql, by)                                                                    \
	{                                                                                \
		sql " ORDER BY " by " DESC LIMIT 256", sql " ORDER BY " by " LIMIT 256"  \
	}
#define HERE "key BETWEEN ?1 AND ?2 AND (?3 = 0 OR key % 1024 = ?3)"
/* What a destination was sent lies between its first request and its last. */
#define OF_ATTEMPTS                                                                      \
	"key BETWEEN max(?1, 1024 * (SELECT coalesce(min(first_id), 0) FROM attempt "    \
	"WHERE ?3 = 0 OR destination_id = ?3)) AND min(?2, 1024 + 1024 * (SELECT "       \
	"coalesce(max(last_id), 0) FROM attempt WHERE ?3 = 0 OR destination_id = ?3)) "  \
	"AND (?3 = 0 OR key % 1024 = ?3)"

enum source { ALL, UNCLAIMED, WAITING, STATE, DELIVERED, DESTINATION, IN_FLIGHT };

/* The newest first, then the oldest first. */
static const char *const candidates[][2] = {
	[ALL] = BOTH(
		"SELECT id * 1024 FROM outbox WHERE id BETWEEN ?1 / 1024 AND ?2 / 1024",
		"id"),
	[UNCLAIMED] =
		BOTH("SELECT id * 1024 FROM outbox WHERE id BETWEEN max(?1 / 1024, "
		     "(SELECT cursor + 1 FROM queue)) AND ?2 / 1024 AND (?4 = 0 OR "
		     "?4 = (SELECT CASE WHEN sum(reason IS NULL) = 0 THEN min(reason) "
		     "END FROM destination_wait))",
		     "id"),
	[WAITING] = BOTH("SELECT key FROM waiting w LEFT JOIN destination_wait t "
			 "ON t.id = w.destination_id WHERE key BETWEEN ?1 AND ?2 "
			 "AND w.status = ?5 AND (?3 = 0 OR w.destination_id = ?3) "
			 "AND (?4 = 0 OR ?4 = CASE WHEN w.status = 1 OR (w.status = 3 "
			 "AND t.reason IN (17, 18, 19, 24)) "
			 "THEN coalesce(t.reason, w.reason) ELSE w.reason END)",
			 "key"),
	[STATE] = BOTH(
		"SELECT key FROM delivery WHERE state = ?5 AND state < 160 AND " HERE,
		"key"),
	[DELIVERED] = BOTH("SELECT key FROM delivery WHERE state = 160 AND " OF_ATTEMPTS,
			   "key"),
	[DESTINATION] =
		BOTH("SELECT key FROM (SELECT key FROM delivery WHERE " HERE
		     " UNION ALL SELECT key FROM waiting WHERE key BETWEEN ?1 AND "
		     "?2 AND destination_id = ?3 AND status <> 2)",
		     "key"),
};

static const char detail_sql[] =
	"SELECT event_id, status, reason, destination, event, tiktok_event, attempts, "
	"next_attempt_at, delivered_at, api_message, http_status, api_code, outbox_id, "
	"request_id, first_sent_at, limited_data_use, conversion_date_time "
	"FROM delivery_status WHERE outbox_id = ?1 AND (?2 IS NULL OR status = ?2) "
	"AND (?3 IS NULL OR reason = ?3) AND (?4 = 0 OR destination = "
	"(SELECT name FROM destination WHERE id = ?4)) ORDER BY destination";

struct step {
	enum source source;
	int first, last; /* statuses or states */
};

struct block {
	struct listing *listing;
	int64_t low, high; /* keys */
	int64_t *ids;
	size_t count, cap;
	bool cut; /* there are more */
};

static int64_t before_all(const struct listing *l)
{
	return l->filter.oldest_first ? 0 : ID_MAX;
}

void listing_begin(struct listing *l, struct db *db, const struct listing_filter *f)
{
	*l = (struct listing){.db = db, .filter = *f, .left = -1};
	l->position = before_all(l);
}

/* Where the rows of a filter are, in the order of their age, the newest first. */
static int plan(const struct listing_filter *f, struct step steps[STEPS_MAX])
{
	int status = f->status ? f->status : f->reason / STATES, n = 0;

	switch (status) {
	case 0:
		if (f->destination_id)
			steps[n++] = (struct step){IN_FLIGHT, 0, 0};
		steps[n++] = (struct step){f->destination_id ? DESTINATION : ALL, 0, 0};
		break;
	case STATUS_PENDING:
		if (!f->destination_id)
			steps[n++] = (struct step){UNCLAIMED, 0, 0};
		steps[n++] = (struct step){WAITING, STATUS_PENDING, 0};
		if (!f->status) /* the same words say why a row is retrying */
			steps[n++] = (struct step){WAITING, STATUS_RETRYING, 0};
		break;
	case STATUS_SENDING: steps[n++] = (struct step){IN_FLIGHT, 0, 0}; break;
	case STATUS_RETRYING:
	case STATUS_HELD: steps[n++] = (struct step){WAITING, status, 0}; break;
	case STATUS_DELIVERED: steps[n++] = (struct step){DELIVERED, 160, 160}; break;
	default:
		steps[n++] = (struct step){STATE, f->reason ? f->reason : status * STATES,
					   f->reason ? f->reason
						     : status * STATES + STATES - 1};
		break;
	}
	return n;
}

/* No more rows than the counters know are in a step; a walk for the last of them would go
 * through all history. */
static enum err_code count_left(struct listing *l, const struct step *s, struct err *e)
{
	sqlite3_stmt *stmt;
	int first = s->first, last = s->last;
	bool row;

	l->left = INT64_MAX;
	if (s->source == ALL || s->source == UNCLAIMED || s->source == IN_FLIGHT)
		return ERR_OK;
	if (s->source == WAITING) {
		first = s->first * STATES;
		last = first + STATES - 1;
	} else if (s->source == DESTINATION) {
		last = INT16_MAX;
	}
	if (db_prepare(l->db,
		       "SELECT total(count) FROM counter WHERE state BETWEEN ?1 AND ?2 "
		       "AND (?3 = 0 OR destination_id = ?3)",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, first);
	sqlite3_bind_int(stmt, 2, last);
	sqlite3_bind_int(stmt, 3, l->filter.destination_id);
	if (db_step(l->db, stmt, &row, e) == ERR_OK)
		l->left = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return e->code;
}

static void add(struct block *b, int64_t id)
{
	if (b->count == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 4 * BLOCK;
		b->ids = realloc(b->ids, b->cap * sizeof(*b->ids));
		if (!b->ids)
			abort();
	}
	b->ids[b->count++] = id;
}

static enum err_code add_in_flight(void *arg, int64_t outbox_id, struct err *e)
{
	struct block *b = arg;

	e->code = ERR_OK;
	if (outbox_id >= b->low / DESTINATIONS && outbox_id <= b->high / DESTINATIONS)
		add(b, outbox_id);
	return ERR_OK;
}

static enum err_code add_candidates(struct block *b, const struct step *s, int which,
				    struct err *e)
{
	struct listing *l = b->listing;
	size_t before = b->count;
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(l->db, candidates[s->source][l->filter.oldest_first], &stmt, e) !=
	    ERR_OK)
		return e->code;
	sqlite3_bind_int64(stmt, 1, b->low);
	sqlite3_bind_int64(stmt, 2, b->high);
	sqlite3_bind_int(stmt, 3, l->filter.destination_id);
	sqlite3_bind_int(stmt, 4, l->filter.reason);
	sqlite3_bind_int(stmt, 5, which);
	while (db_step(l->db, stmt, &row, e) == ERR_OK && row)
		add(b, sqlite3_column_int64(stmt, 0) / DESTINATIONS);
	b->cut |= b->count - before == BLOCK;
	sqlite3_finalize(stmt);
	return e->code;
}

static int newest_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

static int oldest_first(const void *a, const void *b)
{
	return newest_first(b, a);
}

/* Of the candidates of all states only the first are as far as all of them have been read. */
static void arrange(struct block *b)
{
	size_t n = 0;

	if (b->count > 1)
		qsort(b->ids, b->count, sizeof(*b->ids),
		      b->listing->filter.oldest_first ? oldest_first : newest_first);
	for (size_t i = 0; i < b->count; i++)
		if (n == 0 || b->ids[n - 1] != b->ids[i])
			b->ids[n++] = b->ids[i];
	b->cut |= n > BLOCK;
	b->count = n < BLOCK ? n : BLOCK;
}

static enum err_code find_block(struct block *b, const struct step *s, struct err *e)
{
	struct listing *l = b->listing;

	b->low = l->filter.oldest_first ? (l->position + 1) * DESTINATIONS : 0;
	b->high = l->filter.oldest_first ? INT64_MAX : l->position * DESTINATIONS - 1;
	e->code = ERR_OK;
	if (s->source == IN_FLIGHT)
		e->code = in_flight_each(l->db, l->filter.destination_id, add_in_flight,
					 b, e);
	else if (s->source == STATE)
		for (int i = s->first; i <= s->last && e->code == ERR_OK; i++)
			add_candidates(b, s, i, e);
	else
		add_candidates(b, s, s->first, e);
	arrange(b);
	return e->code;
}

static enum err_code open_detail(struct listing *l, const struct step *s,
				 struct rows *out, struct err *e)
{
	const struct listing_filter *f = &l->filter;
	int status = s->source == WAITING ? s->first : f->status;

	if (rows_open(out, l->db, detail_sql, e) != ERR_OK)
		return e->code;
	if (status)
		db_bind(out->stmt, 2, str_of(status_word((enum status)status)));
	if (f->reason)
		db_bind(out->stmt, 3, str_of(reason_word((enum reason)f->reason)));
	sqlite3_bind_int(out->stmt, 4, f->destination_id);
	return ERR_OK;
}

static bool has_enough(const struct listing *l)
{
	return l->given >= l->filter.limit || l->left <= 0;
}

static enum err_code tell_rows(struct block *b, const struct step *s, listing_fn *fn,
			       void *arg, struct err *e)
{
	struct listing *l = b->listing;
	struct rows rows;
	bool row;

	if (open_detail(l, s, &rows, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < b->count && !has_enough(l) && e->code == ERR_OK; i++) {
		sqlite3_bind_int64(rows.stmt, 1, b->ids[i]);
		while (!has_enough(l) && rows_next(&rows, &row, e) == ERR_OK && row) {
			fn(arg, &rows);
			l->given++;
			l->left--;
		}
		sqlite3_reset(rows.stmt);
		l->position = b->ids[i];
	}
	rows_close(&rows);
	return e->code;
}

static enum err_code read_block(struct listing *l, const struct step *s, listing_fn *fn,
				void *arg, struct err *e)
{
	struct block b = {.listing = l};

	e->code = ERR_OK;
	if (l->left < 0 && count_left(l, s, e) != ERR_OK)
		return e->code;
	if (!has_enough(l) && find_block(&b, s, e) == ERR_OK)
		tell_rows(&b, s, fn, arg, e);
	free(b.ids);
	if (b.cut && !has_enough(l))
		return e->code;
	l->step++;
	l->left = -1;
	l->position = before_all(l);
	return e->code;
}

enum err_code listing_read(struct listing *l, listing_fn *fn, void *arg, bool *more,
			   struct err *e)
{
	struct step steps[STEPS_MAX];
	int count = plan(&l->filter, steps);

	*more = l->step < count && l->given < l->filter.limit;
	if (!*more)
		return ERR_OK;
	if (db_exec(l->db, "BEGIN", e) != ERR_OK)
		return e->code;
	read_block(l, &steps[l->filter.oldest_first ? count - 1 - l->step : l->step], fn,
		   arg, e);
	db_rollback(l->db);
	return e->code;
}

const char *const listing_columns[] = {
	"event_id",
	"status",
	"reason",
	"destination",
	"event",
	"tiktok_event",
	"attempts",
	"next_attempt_at",
	"delivered_at",
	"api_message",
	"http_status",
	"api_code",
	"outbox_id",
	"request_id",
	"first_sent_at",
	"limited_data_use",
	"conversion_date_time",
};
const int listing_column_count = sizeof(listing_columns) / sizeof(listing_columns[0]);
