/* SPDX-License-Identifier: MIT */
#include "store/ingest.h"

#include <stddef.h>

#include "base/clock.h"
#include "core/statement.h"
#include "store/bounded.h"
#include "store/outbox.h"
#include "store/setting.h"

enum { TEXT_MAX = 64 * 1024 };

#define PUT_PAGE(table)                                                                  \
	"INSERT INTO " table " (node, seen_at, visit_id, click) "                        \
	"VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"
#define PUT_STATEMENT(table)                                                             \
	"INSERT INTO " table " (node, stated_at, consent_id, signals) "                  \
	"VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"

/* clang-format off */
#define IDS(OF, table)                                                                   \
	"SELECT id, " OF(table, "external_id") ", " OF(table, "email") ", "              \
	OF(table, "phone") ", "
#define VISIT(OF)                                                                        \
	IDS(OF, "visit") OF("visit", "ttp") ", " OF("visit", "session_id") ", "          \
	OF("visit", "seen_at") ", length(" OF("visit", "ttclid") ") > 0 OR "             \
	"instr(lower(" OF("visit", "page_url") "), 'ttclid=') > 0 "                      \
	"FROM visit WHERE id > ?1 ORDER BY id LIMIT ?2"
#define CONSENT(OF)                                                                      \
	IDS(OF, "consent") "NULL, " OF("consent", "session_id") ", "                     \
	OF("consent", "stated_at") ", " OF("consent", "ad_user_data") ", "               \
	OF("consent", "ad_personalization") ", " OF("consent", "ad_storage") ", "        \
	OF("consent", "analytics_storage") " FROM consent WHERE id > ?1 "                \
	"ORDER BY id LIMIT ?2"
/* clang-format on */

static const struct {
	size_t at;
	const char *sql;
	const char *looking; /* NULL: the same */
} statements[] = {
#define S(member) offsetof(struct ingest, member)
	{S(visits), VISIT(UNBOUNDED)},
	{S(consents), CONSENT(UNBOUNDED)},
	{S(put_page), PUT_PAGE("main.page_view"), PUT_PAGE(UNREAD_PAGES)},
	{S(put_statement), PUT_STATEMENT("main.statement"),
	 PUT_STATEMENT(UNREAD_STATEMENTS)},
#undef S
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **statement(struct ingest *g, size_t i)
{
	return (sqlite3_stmt **)((char *)g + statements[i].at);
}

enum err_code ingest_open(struct ingest *g, struct db *db, struct edges *edges,
			  struct err *e)
{
	*g = (struct ingest){.db = db, .edges = edges, .visit_at = -1, .consent_at = -1};
	digest_init(&g->digest);
	buf_init(&g->text, TEXT_MAX);
	buf_init(&g->normal, TEXT_MAX);
	if (place_open(&g->place, db, e) != ERR_OK) {
		ingest_close(g);
		return e->code;
	}
	for (size_t i = 0; i < STATEMENTS; i++) {
		const char *sql = !edges && statements[i].looking ? statements[i].looking
								  : statements[i].sql;

		if (db_prepare(db, sql, statement(g, i), e) != ERR_OK) {
			ingest_close(g);
			break;
		}
	}
	return e->code;
}

void ingest_close(struct ingest *g)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(*statement(g, i));
	digest_fini(&g->digest);
	buf_fini(&g->text);
	buf_fini(&g->normal);
	kin_fini(&g->kin);
	place_close(&g->place);
	*g = (struct ingest){0};
}

/* Columns 1 to 5 of a row of either table, in the order of the kinds but for devices. */
static void read_identifiers(struct ingest *g, sqlite3_stmt *s, struct identifiers *ids)
{
	static const enum identity_kind kinds[] = {IDENTITY_EXTERNAL_ID, IDENTITY_EMAIL,
						   IDENTITY_PHONE, IDENTITY_TTP,
						   IDENTITY_SESSION};
	struct identifier_reader reader = {&g->digest, &g->text, &g->normal,
					   g->place.country};

	identifiers_clear(ids);
	for (int i = 0; i < 5; i++)
		identifiers_add(ids, kinds[i], db_column(s, i + 1), &reader);
}

/* `otherwise` where it cannot be read; an absent one is now. */
static int64_t time_of(struct ingest *g, sqlite3_stmt *s, int64_t now_ms,
		       int64_t otherwise)
{
	struct event_time t = outbox_time(s, 6);
	int64_t ms;

	if (statement_time_ms(&t, g->place.zone, &ms))
		return ms;
	return t.kind == EVENT_TIME_NONE ? now_ms : otherwise;
}

/* The next page of a session tells nothing new of whose it is. */
static enum err_code join(struct ingest *g, const struct identifiers *ids, int64_t at_s,
			  int64_t row_id, enum identity_source source, struct err *e)
{
	bool known[IDENTIFIERS_MAX];

	e->code = ERR_OK;
	for (size_t i = 1; i < ids->count; i++) {
		uint64_t a = ids->id[0].node, b = ids->id[i].node;

		known[i] = kin_has(&g->kin, a, b, at_s);
		if (!known[i] && g->edges &&
		    edges_known(g->edges, a, b, at_s, &known[i], e) != ERR_OK)
			return e->code;
	}
	kin_put_row(&g->kin, ids, known, at_s, row_id, source);
	return ERR_OK;
}

static enum err_code take_visit(struct ingest *g, sqlite3_stmt *s, int64_t now_ms,
				struct err *e)
{
	struct identifiers ids;
	int64_t id = sqlite3_column_int64(s, 0), at_ms = time_of(g, s, now_ms, now_ms);

	read_identifiers(g, s, &ids);
	if (ids.count == 0)
		return ERR_OK;
	if (join(g, &ids, at_ms / 1000, id, IDENTITY_VISIT, e) != ERR_OK)
		return e->code;
	/* The weakest is the nearest to the browser: its session, where it has one. */
	sqlite3_bind_int64(g->put_page, 1, (int64_t)ids.id[ids.count - 1].node);
	sqlite3_bind_int64(g->put_page, 2, at_ms);
	sqlite3_bind_int64(g->put_page, 3, id);
	db_bind_unless(g->put_page, 4, sqlite3_column_int(s, 7), 0);
	return db_run(g->db, g->put_page, e);
}

static bool says_something(sqlite3_stmt *s)
{
	for (int i = 7; i <= 10; i++)
		if (db_column(s, i).len > 0)
			return true;
	return false;
}

static enum err_code put_statement(struct ingest *g, uint64_t node,
				   const struct statement *said, struct err *e)
{
	sqlite3_bind_int64(
		g->put_statement, 1,
		(int64_t)(said->names_person ? node : statement_for_all(node)));
	sqlite3_bind_int64(g->put_statement, 2, said->stated_ms);
	sqlite3_bind_int64(g->put_statement, 3, said->consent_id);
	sqlite3_bind_int(g->put_statement, 4, statement_pack(&said->consent));
	return db_run(g->db, g->put_statement, e);
}

static enum err_code put_statements(struct ingest *g, const struct identifiers *ids,
				    const struct statement *said, struct err *e)
{
	for (size_t i = 0; i < ids->count; i++)
		if (put_statement(g, ids->id[i].node, said, e) != ERR_OK)
			return e->code;
	/* Under a placeholder only where nothing else tells whose word it is. */
	for (size_t i = 0; ids->count == 0 && i < ids->placeholders; i++)
		if (put_statement(g, ids->placeholder[i], said, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

/* Whose clock is ahead, or whose time is no time, says no all the same: that counts from now on. */
static enum err_code put_early_denial(struct ingest *g, const struct identifiers *ids,
				      const struct statement *said, int64_t now_ms,
				      struct err *e)
{
	struct statement now = {.stated_ms = now_ms,
				.consent_id = said->consent_id,
				.names_person = said->names_person};

	e->code = ERR_OK;
	if (said->stated_ms > 0 && said->stated_ms <= now_ms)
		return ERR_OK;
	consent_deny(&now.consent, &said->consent);
	return now.consent.stated ? put_statements(g, ids, &now, e) : ERR_OK;
}

static enum err_code take_consent(struct ingest *g, sqlite3_stmt *s, int64_t now_ms,
				  struct err *e)
{
	struct identifiers ids;
	struct statement said = {
		/* A grant that cannot be dated is behind whatever can. */
		.stated_ms = time_of(g, s, now_ms, 0),
		.consent_id = sqlite3_column_int64(s, 0),
		.consent = {(unsigned char)consent_signal(db_column(s, 7)),
			    (unsigned char)consent_signal(db_column(s, 8)),
			    (unsigned char)consent_signal(db_column(s, 9)),
			    (unsigned char)consent_signal(db_column(s, 10)), true},
	};

	read_identifiers(g, s, &ids);
	said.names_person = identifiers_name_person(&ids);
	if (join(g, &ids, time_of(g, s, now_ms, now_ms) / 1000, said.consent_id,
		 IDENTITY_CONSENT, e) != ERR_OK ||
	    !says_something(s) || put_early_denial(g, &ids, &said, now_ms, e) != ERR_OK)
		return e->code;
	return put_statements(g, &ids, &said, e);
}

typedef enum err_code take_fn(struct ingest *g, sqlite3_stmt *s, int64_t now_ms,
			      struct err *e);

/* A table's cursor, in the file and here: who only looks moves the one here. */
struct cursor {
	const char *name;
	int64_t *at;
	uint64_t deadline_ms; /* of who keeps producers waiting */
	bool more;            /* out: there may be */
};

static enum err_code take_some(struct ingest *g, struct bounded *b, take_fn *take,
			       struct cursor *cursor, int64_t now_ms, int *count,
			       struct err *e)
{
	int64_t last = *cursor->at;
	bool row, late = false;

	*count = 0;
	e->code = ERR_OK;
	if ((g->edges || last < 0) &&
	    setting_int(g->db, cursor->name, 0, &last, e) != ERR_OK)
		return e->code;
	bounded_bind(b, last);
	bounded_bind(b, INGEST_SLICE);
	while (!late && bounded_step(b, &row, e) == ERR_OK && row) {
		last = sqlite3_column_int64(b->stmt, 0);
		++*count;
		if (take(g, b->stmt, now_ms, e) != ERR_OK)
			break;
		late = g->edges && clock_mono_ms() >= cursor->deadline_ms;
	}
	bounded_end(b);
	*cursor->at = last;
	cursor->more = late || *count == INGEST_SLICE;
	if (e->code != ERR_OK || *count == 0 || !g->edges)
		return e->code;
	return setting_set_int(g->db, cursor->name, last, e);
}

enum err_code ingest_slice(struct ingest *g, int64_t now_ms, struct ingested *out,
			   struct err *e)
{
	uint64_t deadline_ms = clock_mono_ms() + INGEST_MS;
	struct cursor visits = {"visit_cursor", &g->visit_at, deadline_ms, false};
	struct cursor consents = {"consent_cursor", &g->consent_at, deadline_ms, false};
	struct bounded visit = {
		.db = g->db, .stmt = g->visits, .careful = VISIT(BOUNDED)};
	struct bounded consent = {
		.db = g->db, .stmt = g->consents, .careful = CONSENT(BOUNDED)};
	struct ingested done = {0};

	if (g->edges)
		kin_clear(&g->kin);
	if (place_refresh(&g->place, e) != ERR_OK ||
	    take_some(g, &visit, take_visit, &visits, now_ms, &done.visits, e) !=
		    ERR_OK ||
	    take_some(g, &consent, take_consent, &consents, now_ms, &done.consents, e) !=
		    ERR_OK ||
	    db_int(g->db, "SELECT max(id) FROM outbox", 0, &done.covered, e) != ERR_OK)
		return e->code;
	if (g->edges)
		edges_append(g->edges, &g->kin, 0, done.visits + done.consents);
	done.complete = !visits.more && !consents.more;
	*out = done;
	return ERR_OK;
}
