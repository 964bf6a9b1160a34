/* SPDX-License-Identifier: MIT */
#include "store/listing.h"

/* Ids of outbox rows, newest first; ?1 and ?2 are the step's numbers. */
#define ALL "SELECT id FROM outbox ORDER BY id DESC"
/* What has a destination lies up to the cursor. */
#define CLAIMED                                                                          \
	"SELECT id FROM outbox WHERE id <= (SELECT cursor FROM queue) ORDER BY id DESC"
#define UNCLAIMED                                                                        \
	"SELECT id FROM outbox WHERE id > (SELECT cursor FROM queue) "                   \
	"AND (?1 IS NULL OR ?1 = (SELECT CASE WHEN sum(reason IS NULL) = 0 "             \
	"THEN min(reason) END FROM destination_wait)) ORDER BY id DESC"
#define WAITING "SELECT key / 1024 FROM waiting WHERE status = ?1 ORDER BY key DESC"
#define IN_FLIGHT                                                                        \
	"SELECT DISTINCT o.id FROM attempt a CROSS JOIN outbox o "                       \
	"ON o.id BETWEEN a.first_id AND a.last_id WHERE a.outcome IS NULL "              \
	"AND NOT EXISTS (SELECT 1 FROM waiting w "                                       \
	"WHERE w.key BETWEEN o.id * 1024 AND o.id * 1024 + 1023) ORDER BY o.id DESC"
/* Many: the walk from the newest soon has enough. Few: the index has them at once. */
#define MANY                                                                             \
	"SELECT key / 1024 FROM delivery WHERE state BETWEEN ?1 AND ?2 ORDER BY key "    \
	"DESC"
#define FEW                                                                              \
	"SELECT key / 1024 FROM delivery WHERE state BETWEEN ?1 AND ?2 AND state < 144 " \
	"ORDER BY key + 0 DESC"
#define ONE_STATE                                                                        \
	"SELECT key / 1024 FROM delivery WHERE state = ?1 AND state < 144 "              \
	"ORDER BY key DESC"

enum { FEW_MAX = 50000, STEPS_MAX = 3 };

struct step {
	const char *sql; /* NULL: behind the last */
	int a, b;
};

static enum err_code count_states(struct db *db, int first, int last, int64_t *out,
				  struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_prepare(db,
		       "SELECT total(count) FROM counter WHERE state BETWEEN ?1 AND ?2",
		       &stmt, e) != ERR_OK)
		return e->code;
	sqlite3_bind_int(stmt, 1, first);
	sqlite3_bind_int(stmt, 2, last);
	e->code = db_step(db, stmt, &row, e);
	*out = row ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_finalize(stmt);
	return e->code;
}

static void plan_waiting(enum status status, const struct listing_filter *f,
			 struct step *steps)
{
	switch (status) {
	case STATUS_PENDING:
		steps[0] = (struct step){UNCLAIMED, f->reason, 0};
		steps[1] = (struct step){WAITING, STATUS_PENDING, 0};
		if (!f->status) /* the same words say why a row is retrying */
			steps[2] = (struct step){WAITING, STATUS_RETRYING, 0};
		break;
	case STATUS_SENDING:
		steps[0] = (struct step){IN_FLIGHT, 0, 0};
		steps[1] = (struct step){WAITING, STATUS_SENDING, 0};
		break;
	default: steps[0] = (struct step){WAITING, (int)status, 0}; break;
	}
}

/* Where the rows of a filter are, in the order they are to be shown. */
static enum err_code plan(struct listing *l, struct step steps[STEPS_MAX], struct err *e)
{
	const struct listing_filter *f = &l->filter;
	int status = f->status ? f->status : f->reason / 16;
	int64_t count = 0;

	for (int i = 0; i < STEPS_MAX; i++)
		steps[i] = (struct step){NULL, 0, 0};
	if (!status) {
		steps[0] = (struct step){f->destination ? CLAIMED : ALL, 0, 0};
		return ERR_OK;
	}
	if (status <= STATUS_HELD) {
		plan_waiting((enum status)status, f, steps);
		return ERR_OK;
	}
	if (f->reason) {
		steps[0] = (struct step){ONE_STATE, f->reason, 0};
		return ERR_OK;
	}
	if (count_states(l->db, status * 16, status * 16 + 15, &count, e) != ERR_OK)
		return e->code;
	steps[0] =
		(struct step){status < STATUS_DUPLICATE && count < FEW_MAX ? FEW : MANY,
			      status * 16, status * 16 + 15};
	return ERR_OK;
}

static enum err_code begin_step(struct listing *l, bool *there, struct err *e)
{
	struct step steps[STEPS_MAX];
	const struct step *s;

	*there = false;
	if (plan(l, steps, e) != ERR_OK)
		return e->code;
	if (l->step == STEPS_MAX || !steps[l->step].sql)
		return ERR_OK;
	s = &steps[l->step++];
	if (db_prepare(l->db, s->sql, &l->candidates, e) != ERR_OK)
		return e->code;
	if (s->a)
		sqlite3_bind_int(l->candidates, 1, s->a);
	if (s->b)
		sqlite3_bind_int(l->candidates, 2, s->b);
	l->last_id = 0;
	*there = true;
	return ERR_OK;
}

enum err_code listing_open(struct listing *l, struct db *db,
			   const struct listing_filter *f, struct err *e)
{
	*l = (struct listing){.db = db, .filter = *f};
	if (rows_open(
		    &l->rows, db,
		    "SELECT event_id, event, tiktok_event, destination, status, reason, "
		    "attempts, next_attempt_at, delivered_at, http_status, api_code, "
		    "api_message, request_id, first_sent_at, limited_data_use, "
		    "conversion_date_time, outbox_id FROM delivery_status "
		    "WHERE outbox_id = ?1 AND (?2 IS NULL OR status = ?2) "
		    "AND (?3 IS NULL OR reason = ?3) AND (?4 IS NULL OR destination = "
		    "?4)",
		    e) != ERR_OK)
		return e->code;
	if (f->status)
		db_bind(l->rows.stmt, 2, str_of(status_word((enum status)f->status)));
	if (f->reason)
		db_bind(l->rows.stmt, 3, str_of(reason_word((enum reason)f->reason)));
	if (f->destination)
		db_bind(l->rows.stmt, 4, str_of(f->destination));
	return ERR_OK;
}

void listing_close(struct listing *l)
{
	sqlite3_finalize(l->candidates);
	l->candidates = NULL;
	rows_close(&l->rows);
}

/* The next candidate into ?1 of the rows; *there is false behind the last. */
static enum err_code next_candidate(struct listing *l, bool *there, struct err *e)
{
	for (;;) {
		int64_t id;

		if (!l->candidates && (begin_step(l, there, e) != ERR_OK || !*there))
			return e->code;
		if (db_step(l->db, l->candidates, there, e) != ERR_OK)
			return e->code;
		if (!*there) {
			sqlite3_finalize(l->candidates);
			l->candidates = NULL;
			continue;
		}
		id = sqlite3_column_int64(l->candidates, 0);
		if (id == l->last_id) /* of another destination */
			continue;
		l->last_id = id;
		sqlite3_reset(l->rows.stmt);
		sqlite3_bind_int64(l->rows.stmt, 1, id);
		return ERR_OK;
	}
}

enum err_code listing_next(struct listing *l, bool *row, struct err *e)
{
	bool there;

	*row = false;
	e->code = ERR_OK;
	while (l->given < l->filter.limit) {
		if (!l->in_row) {
			if (next_candidate(l, &there, e) != ERR_OK || !there)
				return e->code;
			l->in_row = true;
		}
		if (rows_next(&l->rows, row, e) != ERR_OK)
			return e->code;
		if (*row) {
			l->given++;
			return ERR_OK;
		}
		l->in_row = false;
	}
	return ERR_OK;
}
