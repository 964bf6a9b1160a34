/* SPDX-License-Identifier: MIT */
#include "store/forget.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/normalize.h"
#include "core/real_text.h"
#include "core/redact.h"
#include "core/sha256_hex.h"
#include "store/person.h"
#include "store/unread.h"

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct forget, member)
	{S(rows), "SELECT id, event, payload FROM outbox WHERE id > ?1 ORDER BY id "
		  "LIMIT ?2"},
	{S(visits), "SELECT id, external_id, email, phone, ttp, session_id FROM visit "
		    "WHERE id > ?1 ORDER BY id LIMIT ?2"},
	{S(consents), "SELECT id, external_id, email, phone, NULL, session_id FROM "
		      "consent WHERE id > ?1 ORDER BY id LIMIT ?2"},
	{S(waiting), "SELECT key, status, destination_id FROM waiting WHERE key BETWEEN "
		     "?1 AND ?1 + 1023 AND key > ?2 ORDER BY key LIMIT 1"},
	{S(delivered), "SELECT 1 FROM delivery WHERE key BETWEEN ?1 AND ?1 + 1023"},
	{S(open), "SELECT members FROM attempt WHERE outcome IS NULL AND "
		  "?1 BETWEEN first_id AND last_id"},
	/* No request is named where none can have arrived. */
	{S(to_delivery),
	 "INSERT INTO delivery (key, state, attempt_id, name_id, event_time, utc_offset, "
	 "limited_data_use, event_hash, attempts, first_sent_at) "
	 "SELECT key, 116, CASE WHEN attempts > 0 THEN attempt_id END, name_id, "
	 "event_time, utc_offset, limited_data_use, event_hash, attempts, first_sent_at "
	 "FROM waiting WHERE key = ?1"},
	{S(unwait), "DELETE FROM waiting WHERE key = ?1"},
	{S(cancel), "INSERT INTO delivery (key, state, attempts) VALUES (?1, 116, 0)"},
	/* A duplicate has nothing of its own to send. */
	{S(ended),
	 "SELECT key, state, (SELECT created_at FROM outbox WHERE id = ?1 / 1024) "
	 "FROM delivery WHERE key BETWEEN ?1 AND ?1 + 1023 AND key > ?2 "
	 "AND state < 144 AND state <> 116 ORDER BY key LIMIT 1"},
	{S(end), "UPDATE delivery SET state = 116 WHERE key = ?1"},
	{S(drop_visit), "DELETE FROM visit WHERE id = ?1"},
	{S(drop_consent), "DELETE FROM consent WHERE id = ?1"},
	{S(drop_pages), "DELETE FROM page_view WHERE node = ?1"},
	{S(drop_statements), "DELETE FROM statement WHERE node = ?1"},
#undef S
};

_Static_assert(REASON_ERASED == 116 && STATUS_DUPLICATE * 16 == 144,
	       "the statements above name them by number");

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **slot(struct forget *f, size_t i)
{
	return (sqlite3_stmt **)(void *)((char *)f + statements[i].at);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool is_persons(const struct forget *f, uint64_t node)
{
	return bsearch(&node, f->nodes, f->node_count, sizeof(node), by_number) != NULL;
}

static bool normalize(enum identity_kind kind, struct str value, const char *country,
		      struct buf *out)
{
	switch (kind) {
	case IDENTITY_EMAIL: return normalize_email(value, out);
	case IDENTITY_PHONE: return normalize_phone(value, country, out);
	default: return normalize_external_id(value, out);
	}
}

/* Placeholders too: whoever asks for one to be erased means it. */
static enum err_code read_value(struct forget *f, enum identity_kind kind,
				const char *value, uint64_t *node, struct err *e)
{
	struct str text = str_trim(str_of(value));

	*node = 0;
	if (is_sha256_hex(text)) {
		for (size_t i = 0; i < DIGEST_HEX_LEN; i++)
			f->hex[i] = ascii_lower(text.p[i]);
	} else if (normalize(kind, text, f->scrub.country, &f->plain)) {
		digest_hex(&f->scrub.digest, buf_str(&f->plain), f->hex);
	} else {
		return err_set(e, ERR_DATA, "the value is no %s%s",
			       identity_kind_word(kind),
			       kind == IDENTITY_PHONE
				       ? "; write it with '+' and the country code"
				       : "");
	}
	for (size_t i = 0; i < 2 * sizeof(*node); i++)
		*node = *node << 4 |
			(uint64_t)(ascii_is_digit(f->hex[i]) ? f->hex[i] - '0'
							     : f->hex[i] - 'a' + 10);
	*node = (*node & ~UINT64_C(7)) | kind;
	return ERR_OK;
}

static void keep_nodes(struct forget *f, uint64_t node,
		       const struct identity_member *members, size_t count)
{
	f->nodes = calloc(count + 1, sizeof(*f->nodes));
	if (!f->nodes)
		abort();
	f->nodes[f->node_count++] = node;
	for (size_t i = 0; i < count; i++)
		if (members[i].node.hash != node)
			f->nodes[f->node_count++] = members[i].node.hash;
	qsort(f->nodes, f->node_count, sizeof(*f->nodes), by_number);
}

static enum err_code resolve(struct forget *f, struct person_reader *reader,
			     uint64_t node, struct err *e)
{
	struct identifiers ids = {.count = 1, .id[0].node = node};
	struct person_row row = {&ids, INT64_MAX / 2, 0};
	const struct identity_member *members;
	struct identity_view *view;
	struct person_edges edges;
	size_t count;

	if (person_reach(reader, NULL, &row, INT64_MAX / 2, &edges, e) != ERR_OK)
		return e->code;
	view = identity_view_new();
	count = identity_resolve(view, edges.list, edges.count, identity_node_of(node),
				 INT64_MAX / 2, &members);
	keep_nodes(f, node, members, count);
	identity_view_free(view);
	return ERR_OK;
}

/* The reader's kinship is there after the first refresh; the second one notes what came. */
static enum err_code learn(struct unread *u, struct person_reader *reader, struct err *e)
{
	struct kin kin = {0};
	int64_t left_out;
	bool behind;

	if (person_refresh(reader, &behind, e) == ERR_OK &&
	    unread_conversions(u, INT64_MAX, INT64_MAX, &kin, &left_out, e) == ERR_OK) {
		kinship_append(reader->own_kinship, unread_kin(u));
		kinship_append(reader->own_kinship, &kin);
		e->code = person_refresh(reader, &behind, e);
	}
	kin_fini(&kin);
	return e->code;
}

/* All that were seen together with the node, as enrichment would have it now, and by rows
 * that no relay has taken up. A connection for looking knows them. */
static enum err_code read_person(struct forget *f, uint64_t node, struct err *e)
{
	struct person_reader reader;
	struct unread unread;
	struct db db;

	if (db_open(&db, f->db->path, DB_READ, e) != ERR_OK)
		return e->code;
	if (unread_open(&unread, &db, f->now_ms, e) != ERR_OK)
		goto close_db;
	if (person_open(&reader, &db, NULL, e) != ERR_OK)
		goto close_unread;
	if (learn(&unread, &reader, e) == ERR_OK)
		e->code = resolve(f, &reader, node, e);
	person_close(&reader);
close_unread:
	unread_close(&unread);
close_db:
	db_close(&db);
	return e->code;
}

enum err_code forget_open(struct forget *f, struct db *db, enum identity_kind kind,
			  const char *value, struct err *e)
{
	uint64_t node;

	*f = (struct forget){.db = db, .now_ms = clock_wall_ms()};
	buf_init(&f->text, 4 * (size_t)PAYLOAD_MAX);
	buf_init(&f->normal, 4 * (size_t)PAYLOAD_MAX);
	buf_init(&f->plain, PAYLOAD_MAX);
	if (scrub_open(&f->scrub, db, e) == ERR_OK &&
	    scrub_begin(&f->scrub, 0, e) == ERR_OK)
		e->code = counter_open(&f->counter, db, e);
	if (e->code == ERR_OK)
		e->code = given_up_open(&f->given_up, db, e);
	for (size_t i = 0; i < STATEMENTS && e->code == ERR_OK; i++)
		e->code = db_prepare(db, statements[i].sql, slot(f, i), e);
	if (e->code == ERR_OK && read_value(f, kind, value, &node, e) == ERR_OK)
		e->code = read_person(f, node, e);
	if (e->code != ERR_OK)
		forget_close(f);
	return e->code;
}

void forget_close(struct forget *f)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(*slot(f, i));
		*slot(f, i) = NULL;
	}
	counter_close(&f->counter);
	given_up_close(&f->given_up);
	scrub_close(&f->scrub);
	buf_fini(&f->text);
	buf_fini(&f->normal);
	buf_fini(&f->plain);
	free(f->nodes);
	f->nodes = NULL;
}

/* Whatever its case. */
static bool holds(struct str text, struct str part)
{
	if (part.len == 0)
		return false;
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (ascii_lower(text.p[i]) == part.p[0] &&
		    str_ieq(str_make(text.p + i, part.len), part))
			return true;
	return false;
}

static bool holds_value(struct forget *f, struct str payload)
{
	struct str hex = str_make(f->hex, DIGEST_HEX_LEN);
	struct scrub *s = &f->scrub;

	if (holds(payload, hex) ||
	    (memchr(f->plain.len ? f->plain.p : "", '@', f->plain.len) &&
	     holds(payload, buf_str(&f->plain))))
		return true;
	return redact_payload(payload, s->country, &s->scratch, &s->digest,
			      &s->payload) == REDACT_DONE &&
	       holds(buf_str(&s->payload), hex);
}

static bool any_is_persons(const struct forget *f, const struct identifiers *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		if (is_persons(f, ids->id[i].node))
			return true;
	return false;
}

static bool row_is_persons(struct forget *f)
{
	struct identifier_reader reader = {&f->scrub.digest, &f->text, &f->normal,
					   f->scrub.country};
	struct outbox_row row = {.event = db_column(f->rows, 1),
				 .payload = db_column(f->rows, 2)};
	struct identifiers ids;
	struct conversion c;

	if (conversion_read(&c, &row, &f->scrub.scratch) == REASON_NONE) {
		identifiers_of_conversion(&c, &reader, &ids);
		if (any_is_persons(f, &ids))
			return true;
	}
	return holds_value(f, row.payload);
}

static bool sighting_is_persons(struct forget *f, sqlite3_stmt *s)
{
	static const enum identity_kind kinds[] = {IDENTITY_EXTERNAL_ID, IDENTITY_EMAIL,
						   IDENTITY_PHONE, IDENTITY_TTP,
						   IDENTITY_SESSION};
	struct identifier_reader reader = {&f->scrub.digest, &f->text, &f->normal,
					   f->scrub.country};
	struct identifiers ids;

	identifiers_clear(&ids);
	for (int i = 0; i < 5; i++) {
		struct str value = real_text_whole(str_trim(db_column(s, i + 1)));

		identifiers_add(&ids, kinds[i], value, &reader);
		/* A placeholder is no identifier, and yet it may be asked for. */
		if (str_ieq(value, str_make(f->hex, DIGEST_HEX_LEN)) ||
		    (f->plain.len > 0 &&
		     (kinds[i] == IDENTITY_EMAIL ? str_ieq(value, buf_str(&f->plain))
						 : str_eq(value, buf_str(&f->plain)))))
			return true;
	}
	return any_is_persons(f, &ids);
}

enum err_code forget_look(struct forget *f, enum forget_table table, bool *more,
			  struct err *e)
{
	sqlite3_stmt *s = table == FORGET_OUTBOX  ? f->rows
			  : table == FORGET_VISIT ? f->visits
						  : f->consents;

	bool row;
	int seen = 0;

	e->code = ERR_OK;
	f->found_count = 0;
	sqlite3_bind_int64(s, 1, f->position);
	sqlite3_bind_int(s, 2, FORGET_SLICE);
	for (; db_step(f->db, s, &row, e) == ERR_OK && row; seen++) {
		f->position = sqlite3_column_int64(s, 0);
		if (table == FORGET_OUTBOX ? row_is_persons(f)
					   : sighting_is_persons(f, s))
			f->found[f->found_count++] = f->position;
	}
	sqlite3_reset(s);
	*more = seen == FORGET_SLICE;
	return e->code;
}
