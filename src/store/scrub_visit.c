/* SPDX-License-Identifier: MIT
 *
 * Visits and consent rows that were read: the same replacement, column by column. */
#include "store/scrub.h"

#include "base/clock.h"
#include "core/real_text.h"
#include "store/setting.h"

enum {
	COLUMNS_MAX = 11,
	VALUE_MAX = 2 * BOUNDED_MAX, /* what takes its place may be longer */
	ROW_MAX = 5 * VALUE_MAX,
};

/* clang-format off */
#define IDS(OF, table)                                                                   \
	"SELECT id, " OF(table, "email") ", " OF(table, "phone") ", "                    \
	OF(table, "external_id") ", "
#define VISIT(OF)                                                                        \
	IDS(OF, "visit") OF("visit", "page_url") ", " OF("visit", "referrer") ", "       \
	OF("visit", "session_id") ", " OF("visit", "ttclid") ", " OF("visit", "ttp")     \
	", " OF("visit", "ip") ", " OF("visit", "user_agent") ", "                       \
	OF("visit", "seen_at") " FROM visit WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1"
#define CONSENT(OF)                                                                      \
	IDS(OF, "consent") OF("consent", "session_id") ", "                              \
	OF("consent", "ad_user_data") ", " OF("consent", "ad_personalization") ", "      \
	OF("consent", "ad_storage") ", " OF("consent", "analytics_storage") ", "         \
	OF("consent", "stated_at") " FROM consent WHERE id > ?1 AND id <= ?2 "           \
	"ORDER BY id LIMIT 1"
/* clang-format on */

struct table {
	const char *read, *careful, *write;
	const char *cursor;   /* rows up to here were read, */
	const char *scrubbed; /* … and up to here rewritten */
	enum field fields[COLUMNS_MAX];
	int count; /* the last one is a time, a number mostly: bound only where it changes */
};

static const struct table tables[] = {
	{VISIT(UNBOUNDED),
	 VISIT(BOUNDED),
	 "UPDATE visit SET email = ?2, phone = ?3, external_id = ?4, page_url = ?5, "
	 "referrer = ?6, session_id = ?7, ttclid = ?8, ttp = ?9, ip = ?10, "
	 "user_agent = ?11, seen_at = coalesce(?12, seen_at) WHERE id = ?1",
	 "visit_cursor",
	 "visit_scrubbed",
	 {FIELD_EMAIL, FIELD_PHONE, FIELD_EXTERNAL_ID, FIELD_URL, FIELD_REFERRER,
	  FIELD_SESSION_ID, FIELD_TTCLID, FIELD_TTP, FIELD_IP, FIELD_USER_AGENT,
	  FIELD_CONVERSION_DATE_TIME},
	 11},
	{CONSENT(UNBOUNDED),
	 CONSENT(BOUNDED),
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
 * and no time keeps what is left of it; of what is too long to be read, nothing. */
static bool redact_columns(struct visit_scrub *v, sqlite3_stmt *row)
{
	bool changed = false;

	for (int i = 0; i < v->table->count; i++) {
		struct str value = real_text_whole(db_column(row, i + 1));
		struct buf *out = &v->values[i];

		if (value.len > BOUNDED_MAX) {
			buf_clear(out);
			buf_addc(out, ' ');
			changed = true;
		} else if (redact_column(v->table->fields[i], value, v->s->country,
					 &v->s->scratch, &v->s->digest, out)) {
			changed = true;
		} else {
			buf_clear(out);
			if (i + 1 < v->table->count)
				buf_adds(out, value);
		}
		if (out->len == 0)
			sqlite3_bind_null(v->write, i + 2);
		else
			db_bind(v->write, i + 2, buf_str(out));
	}
	return changed;
}

/* All columns are bound anew, so that SQLite reads none of the row but what somebody has an index
 * on. Where all of them together are too long, they all go; what is too long even for that stays,
 * as nobody is to wait for it. */
static enum err_code write_row(struct visit_scrub *v, int64_t id, struct err *e)
{
	sqlite3 *handle = v->s->db->handle;
	int limit = sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, ROW_MAX);

	sqlite3_bind_int64(v->write, 1, id);
	for (int tries = 0; tries < 2; tries++) {
		if (db_run(v->s->db, v->write, e) == ERR_OK ||
		    sqlite3_errcode(handle) != SQLITE_TOOBIG)
			break;
		e->code = ERR_OK;
		for (int i = 0; i < v->table->count; i++)
			db_bind(v->write, i + 2, STR(" "));
	}
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, limit);
	return e->code;
}

static enum err_code scrub_rows(struct visit_scrub *v, int64_t upto, int64_t *last,
				int *budget, struct err *e)
{
	struct scrub *s = v->s;
	bool row = true, changed = false;

	e->code = ERR_OK;
	while (*budget > 0) {
		struct bounded b = {
			.db = s->db, .stmt = v->read, .careful = v->table->careful};

		bounded_bind(&b, *last);
		bounded_bind(&b, upto);
		if (bounded_step(&b, &row, e) == ERR_OK && row) {
			*last = sqlite3_column_int64(b.stmt, 0);
			changed = redact_columns(v, b.stmt);
		}
		/* The row must not be read while it is written. */
		bounded_end(&b);
		if (e->code != ERR_OK || !row)
			break;
		if (changed && write_row(v, *last, e) != ERR_OK)
			return e->code;
		s->place.rewritten += changed;
		*budget = clock_mono_ms() < v->deadline_ms ? *budget - 1 : 0;
	}
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
	for (int i = 0; i < t->count; i++)
		buf_init(&v.values[i], VALUE_MAX);
	if (db_prepare(s->db, t->read, &v.read, e) == ERR_OK &&
	    db_prepare(s->db, t->write, &v.write, e) == ERR_OK &&
	    scrub_rows(&v, upto, &last, budget, e) == ERR_OK && last > before)
		e->code = setting_set_int(s->db, t->scrubbed, last, e);
	for (int i = 0; i < t->count; i++)
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
