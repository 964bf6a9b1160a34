/* SPDX-License-Identifier: MIT */
#include "store/sighting.h"

#include "core/decide.h"
#include "core/statement.h"
#include "store/bounded.h"
#include "store/outbox.h"

/* clang-format off */
#define IDS(OF, table)                                                                   \
	", " OF(table, "external_id") ", " OF(table, "email") ", " OF(table, "phone")
#define VISIT(OF)                                                                        \
	"SELECT id, " OF("visit", "seen_at") IDS(OF, "visit") ", " OF("visit", "ttp")    \
	", " OF("visit", "session_id") " FROM visit "
#define CONSENT(OF)                                                                      \
	"SELECT id, " OF("consent", "stated_at") IDS(OF, "consent") ", NULL, "           \
	OF("consent", "session_id") " FROM consent "
#define CONVERSION(OF)                                                                   \
	"SELECT id, " OF("outbox", "event_time") ", " OF("outbox", "event") ", "         \
	OF("outbox", "payload") ", " OF("outbox", "created_at") ", "                     \
	OF("outbox", "event_id") " FROM outbox "
/* clang-format on */
#define ONE "WHERE id = ?1"
#define RANGE "WHERE id > ?1 AND id <= ?2 ORDER BY id"
/* What a duplicate says joins nobody. */
#define FIRST_RANGE                                                                      \
	"WHERE id > ?1 AND id <= ?2 AND NOT EXISTS (SELECT 1 FROM delivery "             \
	"WHERE key = outbox.id * 1024 AND state / 16 = 9) ORDER BY id"

#define ALL_ONE(OF)                                                                      \
	{                                                                                \
		NULL, VISIT(OF) ONE, CONSENT(OF) ONE, CONVERSION(OF) ONE                 \
	}
#define ALL_RANGE(OF)                                                                    \
	{                                                                                \
		NULL, VISIT(OF) RANGE, CONSENT(OF) RANGE, CONVERSION(OF) FIRST_RANGE     \
	}

static const char *const one[] = ALL_ONE(UNBOUNDED), *const range[] =
							     ALL_RANGE(UNBOUNDED);
static const char *const careful_one[] = ALL_ONE(BOUNDED);
static const char *const careful_range[] = ALL_RANGE(BOUNDED);

static enum err_code prepare(struct sighting_reader *r, struct err *e)
{
	for (int i = IDENTITY_VISIT; i <= IDENTITY_CONVERSION; i++)
		if (db_prepare(r->db, one[i], &r->one[i], e) != ERR_OK ||
		    db_prepare(r->db, range[i], &r->range[i], e) != ERR_OK)
			return e->code;
	if (db_prepare(r->db, "SELECT EXISTS (SELECT 1 FROM identity_disabled)",
		       &r->any_disabled, e) != ERR_OK ||
	    db_prepare(
		    r->db,
		    "SELECT 1 FROM identity_disabled WHERE source = ?1 AND row_id = ?2",
		    &r->disabled, e) != ERR_OK)
		return e->code;
	return place_open(&r->place, r->db, e);
}

enum err_code sighting_open(struct sighting_reader *r, struct db *db, struct err *e)
{
	*r = (struct sighting_reader){.db = db};
	scratch_init(&r->scratch);
	digest_init(&r->digest);
	if (prepare(r, e) != ERR_OK)
		sighting_close(r);
	return e->code;
}

void sighting_close(struct sighting_reader *r)
{
	if (!r->db)
		return;
	sqlite3_finalize(r->disabled);
	sqlite3_finalize(r->any_disabled);
	for (int i = 0; i < 4; i++) {
		sqlite3_finalize(r->one[i]);
		sqlite3_finalize(r->range[i]);
	}
	scratch_fini(&r->scratch);
	digest_fini(&r->digest);
	place_close(&r->place);
	*r = (struct sighting_reader){0};
}

enum err_code sighting_refresh(struct sighting_reader *r, struct err *e)
{
	bool row;

	if (place_refresh(&r->place, e) != ERR_OK)
		return e->code;
	if (db_step(r->db, r->any_disabled, &row, e) == ERR_OK)
		r->has_disabled = sqlite3_column_int(r->any_disabled, 0);
	sqlite3_reset(r->any_disabled);
	return e->code;
}

static struct identifier_reader values_of(struct sighting_reader *r)
{
	return (struct identifier_reader){&r->digest, &r->scratch.text, &r->scratch.more,
					  r->place.country};
}

/* Columns 2 to 6, in the order of the kinds but for devices. */
static void read_columns(struct sighting_reader *r, sqlite3_stmt *s, struct sighting *out)
{
	static const enum identity_kind kinds[] = {IDENTITY_EXTERNAL_ID, IDENTITY_EMAIL,
						   IDENTITY_PHONE, IDENTITY_TTP,
						   IDENTITY_SESSION};
	struct identifier_reader reader = values_of(r);
	struct event_time time = outbox_time(s, 1);

	if (!statement_time_ms(&time, r->place.zone, &out->at_ms))
		out->at_ms = 0;
	out->at_s = out->at_ms / 1000;
	for (int i = 0; i < 5; i++)
		identifiers_add(&out->ids, kinds[i], db_column(s, i + 2), &reader);
}

/* An event of the future is refused, and nobody was seen then. */
static void read_conversion(struct sighting_reader *r, sqlite3_stmt *s,
			    struct sighting *out)
{
	struct identifier_reader reader = values_of(r);
	struct outbox_row row = {.event = db_column(s, 2),
				 .event_time = outbox_time(s, 1),
				 .payload = db_column(s, 3),
				 .created_ms = outbox_created_ms(s, 4, 0),
				 .event_id = db_column(s, 5)};
	int64_t created_s = row.created_ms / 1000;
	struct conversion c;

	if (conversion_read(&c, &row, &r->scratch) != REASON_NONE)
		return;
	out->at_s = created_s;
	if (c.event_time.kind != EVENT_TIME_NONE &&
	    !event_time_resolve(&c.event_time, r->place.zone, &out->at_s))
		return;
	if (out->at_s <= created_s + FUTURE_MAX_S)
		identifiers_of_conversion(&c, &reader, &out->ids);
}

static void read_row(struct sighting_reader *r, sqlite3_stmt *s, struct sighting *out)
{
	out->row_id = sqlite3_column_int64(s, 0);
	identifiers_clear(&out->ids);
	if (out->source == IDENTITY_CONVERSION)
		read_conversion(r, s, out);
	else
		read_columns(r, s, out);
}

enum err_code sighting_disabled(struct sighting_reader *r, enum identity_source source,
				int64_t row_id, bool *disabled, struct err *e)
{
	*disabled = false;
	e->code = ERR_OK;
	if (!r->has_disabled)
		return ERR_OK;
	sqlite3_bind_int(r->disabled, 1, (int)source);
	sqlite3_bind_int64(r->disabled, 2, row_id);
	e->code = db_step(r->db, r->disabled, disabled, e);
	sqlite3_reset(r->disabled);
	return e->code;
}

enum err_code sighting_read(struct sighting_reader *r, enum identity_source source,
			    int64_t row_id, struct sighting *out, struct err *e)
{
	struct bounded b = {.db = r->db};
	bool row;

	out->source = source;
	identifiers_clear(&out->ids);
	e->code = ERR_OK;
	if (source < IDENTITY_VISIT || source > IDENTITY_CONVERSION)
		return ERR_OK;
	b.stmt = r->one[source];
	b.careful = careful_one[source];
	bounded_bind(&b, row_id);
	if (bounded_step(&b, &row, e) == ERR_OK && row)
		read_row(r, b.stmt, out);
	bounded_end(&b);
	return e->code;
}

enum err_code sighting_range(struct sighting_reader *r, enum identity_source source,
			     int64_t after, int64_t upto, sighting_fn *fn, void *arg,
			     struct err *e)
{
	struct bounded b = {
		.db = r->db, .stmt = r->range[source], .careful = careful_range[source]};
	struct sighting seen = {.source = source};
	bool row;

	e->code = ERR_OK;
	bounded_bind(&b, after);
	bounded_bind(&b, upto);
	while (bounded_step(&b, &row, e) == ERR_OK && row) {
		read_row(r, b.stmt, &seen);
		fn(arg, &seen);
	}
	bounded_end(&b);
	return e->code;
}
