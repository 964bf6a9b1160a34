/* SPDX-License-Identifier: MIT
 *
 * Visits and consent rows that were read: the same replacement, column by column. */
#include "store/scrub.h"

#include "base/clock.h"
#include "core/redact.h"
#include "store/setting.h"

enum { COLUMNS_MAX = 11, VALUE_MAX = 1 << 30 /* more than SQLite's limit */ };

struct table {
	const char *read, *write;
	const char *cursor;   /* rows up to here were read, */
	const char *scrubbed; /* … and up to here rewritten */
	enum field fields[COLUMNS_MAX];
	int columns; /* the last one is a time, a number mostly: bound only where it changes */
};

static const struct table tables[] = {
	{"SELECT id, email, phone, external_id, page_url, referrer, session_id, ttclid, "
	 "ttp, "
	 "ip, user_agent, seen_at FROM visit WHERE id > ?1 AND id <= ?2 ORDER BY id "
	 "LIMIT 1",
	 "UPDATE visit SET email = ?2, phone = ?3, external_id = ?4, page_url = ?5, "
	 "referrer = ?6, session_id = ?7, ttclid = ?8, ttp = ?9, ip = ?10, "
	 "user_agent = ?11, seen_at = coalesce(?12, seen_at) WHERE id = ?1",
	 "visit_cursor",
	 "visit_scrubbed",
	 {FIELD_EMAIL, FIELD_PHONE, FIELD_EXTERNAL_ID, FIELD_URL, FIELD_REFERRER,
	  FIELD_SESSION_ID, FIELD_TTCLID, FIELD_TTP, FIELD_IP, FIELD_USER_AGENT,
	  FIELD_CONVERSION_DATE_TIME},
	 11},
	{"SELECT id, email, phone, external_id, session_id, ad_user_data, "
	 "ad_personalization, "
	 "ad_storage, analytics_storage, stated_at FROM consent "
	 "WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1",
	 "UPDATE consent SET email = ?2, phone = ?3, external_id = ?4, session_id = ?5, "
	 "ad_user_data = ?6, ad_personalization = ?7, ad_storage = ?8, "
	 "analytics_storage = ?9, stated_at = coalesce(?10, stated_at) WHERE id = ?1",
	 "consent_cursor",
	 "consent_scrubbed",
	 {FIELD_EMAIL, FIELD_PHONE, FIELD_EXTERNAL_ID, FIELD_SESSION_ID,
	  FIELD_AD_USER_DATA, FIELD_AD_PERSONALIZATION, FIELD_AD_STORAGE,
	  FIELD_ANALYTICS_STORAGE, FIELD_CONVERSION_DATE_TIME},
	 9},
};

struct visit_scrub {
	struct scrub *s;
	const struct table *table;
	sqlite3_stmt *read, *write;
	uint64_t deadline_ms;
	struct buf values[COLUMNS_MAX];
};

/* What does not change is bound as it was read; where nothing is left, NULL. A time that is text
 * and no time keeps what is left of it. */
static bool redact_columns(struct visit_scrub *v)
{
	bool changed = false;

	for (int i = 0; i < v->table->columns; i++) {
		struct str value = db_column(v->read, i + 1);
		struct buf *out = &v->values[i];

		if (redact_column(v->table->fields[i], value, v->s->country,
				  &v->s->scratch, &v->s->digest, out)) {
			changed = true;
		} else {
			buf_clear(out);
			if (i + 1 < v->table->columns)
				buf_adds(out, value);
		}
		if (out->len == 0)
			sqlite3_bind_null(v->write, i + 2);
		else
			db_bind(v->write, i + 2, buf_str(out));
	}
	return changed;
}

static enum err_code scrub_rows(struct visit_scrub *v, int64_t upto, int64_t *last,
				int *budget, struct err *e)
{
	struct scrub *s = v->s;
	bool row = true, changed;

	e->code = ERR_OK;
	while (*budget > 0) {
		sqlite3_bind_int64(v->read, 1, *last);
		sqlite3_bind_int64(v->read, 2, upto);
		if (db_step(s->db, v->read, &row, e) != ERR_OK || !row)
			break;
		*last = sqlite3_column_int64(v->read, 0);
		changed = redact_columns(v);
		/* The row must not be read while it is written. */
		sqlite3_reset(v->read);
		sqlite3_bind_int64(v->write, 1, *last);
		if (changed && db_run(s->db, v->write, e) != ERR_OK)
			return e->code;
		s->place.rewritten += changed;
		*budget = clock_mono_ms() < v->deadline_ms ? *budget - 1 : 0;
	}
	sqlite3_reset(v->read);
	return e->code;
}

static enum err_code scrub_table(struct scrub *s, const struct table *t, int *budget,
				 struct err *e)
{
	struct visit_scrub v = {
		.s = s, .table = t, .deadline_ms = clock_mono_ms() + SCRUB_MS};
	int64_t upto, last, before;

	if (setting_int(s->db, t->cursor, 0, &upto, e) != ERR_OK ||
	    setting_int(s->db, t->scrubbed, 0, &last, e) != ERR_OK || last >= upto)
		return e->code;
	before = last;
	for (int i = 0; i < t->columns; i++)
		buf_init(&v.values[i], VALUE_MAX);
	if (db_prepare(s->db, t->read, &v.read, e) == ERR_OK &&
	    db_prepare(s->db, t->write, &v.write, e) == ERR_OK &&
	    scrub_rows(&v, upto, &last, budget, e) == ERR_OK && last > before)
		e->code = setting_set_int(s->db, t->scrubbed, last, e);
	for (int i = 0; i < t->columns; i++)
		buf_fini(&v.values[i]);
	sqlite3_finalize(v.read);
	sqlite3_finalize(v.write);
	return e->code;
}

enum err_code scrub_visits(struct scrub *s, bool *more, struct err *e)
{
	int budget = s->slice;

	e->code = ERR_OK;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (scrub_table(s, &tables[i], &budget, e) != ERR_OK)
			return e->code;
	*more = budget == 0;
	return ERR_OK;
}
