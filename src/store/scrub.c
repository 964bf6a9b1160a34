/* SPDX-License-Identifier: MIT */
#include "store/scrub.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/event_id.h"
#include "core/redact.h"
#include "core/redact_text.h"
#include "store/members.h"
#include "store/queue.h"

struct scrub_row {
	int64_t id;
	bool finished, busy, done;
};

static const struct {
	size_t at;
	const char *sql;
} statements[] = {
#define S(member) offsetof(struct scrub, member)
	{S(next), "SELECT first_id, members FROM redaction WHERE first_id > ?1 "
		  "ORDER BY first_id LIMIT 1"},
	{S(delivered),
	 "SELECT key / 1024 FROM delivery WHERE key BETWEEN ?1 AND ?2 ORDER BY key"},
	{S(waiting),
	 "SELECT key / 1024 FROM waiting WHERE key BETWEEN ?1 AND ?2 ORDER BY key"},
	{S(open), "SELECT members FROM attempt WHERE outcome IS NULL AND last_id >= ?1 "
		  "AND first_id <= ?2"},
	{S(rewrite), "UPDATE outbox SET payload = coalesce(?2, payload), event = "
		     "coalesce(?3, event), event_time = coalesce(?4, event_time) WHERE "
		     "id = ?1"},
	{S(derived),
	 "INSERT INTO derived_id (outbox_id, event_id, redacted) VALUES (?1, ?2, 1) "
	 "ON CONFLICT DO UPDATE SET redacted = 1"},
	{S(keep), "UPDATE redaction SET members = ?2 WHERE first_id = ?1"},
	{S(drop), "DELETE FROM redaction WHERE first_id = ?1"},
#undef S
};

enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static sqlite3_stmt **slot(struct scrub *s, size_t i)
{
	return (sqlite3_stmt **)(void *)((char *)s + statements[i].at);
}

enum err_code scrub_open(struct scrub *s, struct db *db, struct err *e)
{
	*s = (struct scrub){.db = db, .slice = SCRUB_ROWS};
	scratch_init(&s->scratch);
	digest_init(&s->digest);
	buf_init(&s->payload, 2 * (size_t)REDACT_MAX);
	buf_init(&s->event, 2 * (size_t)REDACT_MAX);
	buf_init(&s->time, 2 * (size_t)REDACT_MAX);
	buf_init(&s->members, PAYLOAD_MAX);
	e->code = outbox_open(&s->reader, db, e);
	for (size_t i = 0; i < STATEMENTS && e->code == ERR_OK; i++)
		e->code = db_prepare(db, statements[i].sql, slot(s, i), e);
	if (e->code != ERR_OK)
		scrub_close(s);
	return e->code;
}

void scrub_close(struct scrub *s)
{
	if (!s->db)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(*slot(s, i));
	outbox_close(&s->reader);
	scratch_fini(&s->scratch);
	digest_fini(&s->digest);
	buf_fini(&s->payload);
	buf_fini(&s->event);
	buf_fini(&s->time);
	buf_fini(&s->members);
	free(s->rows);
	*s = (struct scrub){0};
}

/* Where the payload names no country, a national phone number is of the first
 * destination's. */
static enum err_code read_country(struct scrub *s, struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	s->country[0] = '\0';
	if (db_prepare(s->db,
		       "SELECT default_country FROM destination WHERE removed = 0 AND "
		       "length(default_country) = 2 ORDER BY id LIMIT 1",
		       &stmt, e) != ERR_OK)
		return e->code;
	if (db_step(s->db, stmt, &row, e) == ERR_OK && row) {
		memcpy(s->country, db_column(stmt, 0).p, 2);
		s->country[2] = '\0';
	}
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code scrub_begin(struct scrub *s, int64_t after, struct err *e)
{
	s->place = (struct scrub_place){.after = after};
	s->whole = after == 0;
	e->code = ERR_OK;
	return read_country(s, e);
}

/* What is derived from the content must be known before the content changes. */
static enum err_code keep_event_id(struct scrub *s, const struct outbox_row *row,
				   struct err *e)
{
	struct str id = row->known_id;
	struct conversion c;

	e->code = ERR_OK;
	if (str_trim(row->event_id).len > 0 || row->redacted)
		return ERR_OK;
	if (id.len == 0) {
		if (conversion_read(&c, row, &s->scratch) != REASON_NONE)
			return ERR_OK;
		event_id_of(&c, &s->digest, &s->scratch, &id);
	}
	sqlite3_bind_int64(s->derived, 1, row->id);
	db_bind(s->derived, 2, id);
	return db_run(s->db, s->derived, e);
}

/* Nothing: NULL. */
static void bind(sqlite3_stmt *stmt, int at, const struct buf *b)
{
	db_bind(stmt, at, b->len > 0 ? buf_str(b) : STR_NONE);
}

/* What is empty stays as it is. */
static enum err_code rewrite(struct scrub *s, int64_t outbox_id, struct err *e)
{
	sqlite3_bind_int64(s->rewrite, 1, outbox_id);
	bind(s->rewrite, 2, &s->payload);
	bind(s->rewrite, 3, &s->event);
	bind(s->rewrite, 4, &s->time);
	return db_run(s->db, s->rewrite, e);
}

/* Hashes may be longer than what they stand for: a row that has no room for them below SQLite's
 * limit stays as it is, and those behind it do not wait for it. */
static enum err_code rewrite_if_it_fits(struct scrub *s, int64_t outbox_id, bool *changed,
					struct err *e)
{
	*changed = rewrite(s, outbox_id, e) == ERR_OK;
	if (!*changed && sqlite3_errcode(s->db->handle) == SQLITE_TOOBIG)
		e->code = ERR_OK;
	return e->code;
}

/* A column beside the payload, where an address or a number got into it. */
static bool redact_text(struct scrub *s, struct str text, struct buf *out)
{
	buf_clear(out);
	if (!tells_who(text))
		return false;
	redact_parts(text, &s->digest, &s->scratch.more, out);
	return true;
}

/* Whether something of it is to be written. */
static bool redact_row(struct scrub *s, const struct outbox_row *row)
{
	bool event = redact_text(s, row->event, &s->event), time = false;

	buf_clear(&s->time);
	if (row->event_time.kind == EVENT_TIME_TEXT)
		time = redact_text(s, row->event_time.text, &s->time);
	if (redact_payload(row->payload, s->country, &s->scratch, &s->digest,
			   &s->payload) == REDACT_DONE)
		return true;
	buf_clear(&s->payload);
	return event || time;
}

enum err_code scrub_row(struct scrub *s, int64_t outbox_id, bool *changed, struct err *e)
{
	struct outbox_row row;
	bool found;

	*changed = false;
	if (outbox_one(&s->reader, outbox_id, &row, &found, e) == ERR_OK && found &&
	    redact_row(s, &row) && keep_event_id(s, &row, e) == ERR_OK)
		*changed = true;
	/* The row must not be read while it is written. */
	outbox_release(&s->reader);
	return e->code == ERR_OK && *changed
		       ? rewrite_if_it_fits(s, outbox_id, changed, e)
		       : e->code;
}

enum err_code scrub_erase(struct scrub *s, int64_t outbox_id, struct err *e)
{
	struct outbox_row row;
	bool found;

	if (outbox_one(&s->reader, outbox_id, &row, &found, e) == ERR_OK && found &&
	    keep_event_id(s, &row, e) == ERR_OK) {
		redact_row(s, &row);
		redact_erase(row.payload, &s->scratch, &s->payload);
	}
	outbox_release(&s->reader);
	return e->code == ERR_OK && found ? rewrite(s, outbox_id, e) : e->code;
}

static void add_member(struct scrub *s, int64_t id)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->rows = realloc(s->rows, s->cap * sizeof(*s->rows));
		if (!s->rows)
			abort();
	}
	s->rows[s->count++] = (struct scrub_row){.id = id};
}

/* Marks the rows of the window whose ids `stmt` tells in ascending order. */
static enum err_code mark(struct scrub *s, sqlite3_stmt *stmt, bool busy, struct err *e)
{
	size_t i = s->from;
	bool row;

	sqlite3_bind_int64(stmt, 1, s->rows[s->from].id * KEY_DESTINATIONS);
	sqlite3_bind_int64(stmt, 2,
			   s->rows[s->end - 1].id * KEY_DESTINATIONS + KEY_DESTINATIONS -
				   1);
	while (db_step(s->db, stmt, &row, e) == ERR_OK && row) {
		int64_t id = sqlite3_column_int64(stmt, 0);

		while (i < s->end && s->rows[i].id < id)
			i++;
		if (i < s->end && s->rows[i].id == id && busy)
			s->rows[i].busy = true;
		else if (i < s->end && s->rows[i].id == id)
			s->rows[i].finished = true;
	}
	sqlite3_reset(stmt);
	return e->code;
}

static enum err_code mark_in_flight(struct scrub *s, struct err *e)
{
	bool row;

	sqlite3_bind_int64(s->open, 1, s->rows[s->from].id);
	sqlite3_bind_int64(s->open, 2, s->rows[s->end - 1].id);
	while (db_step(s->db, s->open, &row, e) == ERR_OK && row) {
		struct str members = db_column(s->open, 0);
		int64_t id = 0;
		size_t i = s->from;

		while (i < s->end && members_next(&members, &id)) {
			while (i < s->end && s->rows[i].id < id)
				i++;
			if (i < s->end && s->rows[i].id == id)
				s->rows[i].busy = true;
		}
	}
	sqlite3_reset(s->open);
	return e->code;
}

/* The rows of the range that come next: as many as are rewritten in one go. */
static void choose_window(struct scrub *s)
{
	s->from = 0;
	while (s->from < s->count && s->rows[s->from].id <= s->place.looked)
		s->from++;
	s->end = s->count - s->from > (size_t)s->slice ? s->from + (size_t)s->slice
						       : s->count;
}

/* The next range with its rows; *found is false behind the last. */
static enum err_code read_range(struct scrub *s, int64_t *first_id, bool *found,
				struct err *e)
{
	struct str members;
	int64_t id = 0;

	s->count = 0;
	sqlite3_bind_int64(s->next, 1, s->place.after);
	if (db_step(s->db, s->next, found, e) == ERR_OK && *found) {
		*first_id = sqlite3_column_int64(s->next, 0);
		members = db_column(s->next, 1);
		while (members_next(&members, &id))
			add_member(s, id);
	}
	sqlite3_reset(s->next);
	if (e->code != ERR_OK)
		return e->code;
	choose_window(s);
	if (s->from == s->end)
		return ERR_OK;
	if (mark(s, s->delivered, false, e) != ERR_OK ||
	    mark(s, s->waiting, true, e) != ERR_OK)
		return e->code;
	return mark_in_flight(s, e);
}

static enum err_code store_rest(struct scrub *s, int64_t first_id, struct err *e)
{
	int64_t last = 0;

	buf_clear(&s->members);
	for (size_t i = 0; i < s->count; i++)
		if (!s->rows[i].done)
			members_add(&s->members, &last, s->rows[i].id);
	sqlite3_bind_int64(s->drop, 1, first_id);
	if (s->members.len == 0)
		return db_run(s->db, s->drop, e);
	sqlite3_bind_int64(s->keep, 1, first_id);
	sqlite3_bind_blob64(s->keep, 2, s->members.p, s->members.len, SQLITE_STATIC);
	return db_run(s->db, s->keep, e);
}

/* The window's rows; *complete is false where time was up before its end. */
static enum err_code work_window(struct scrub *s, uint64_t deadline_ms, bool *any,
				 bool *complete, struct err *e)
{
	bool changed;

	e->code = ERR_OK;
	for (size_t i = s->from; i < s->end; i++) {
		struct scrub_row *row = &s->rows[i];

		*complete = clock_mono_ms() < deadline_ms;
		if (!*complete)
			return ERR_OK;
		s->place.looked = row->id;
		if (!row->finished || row->busy) {
			s->place.left++;
			continue;
		}
		if (scrub_row(s, row->id, &changed, e) != ERR_OK)
			return e->code;
		s->place.rewritten += changed;
		*any = row->done = true;
	}
	return ERR_OK;
}

static enum err_code work_range(struct scrub *s, int64_t first_id, uint64_t deadline_ms,
				bool *complete, struct err *e)
{
	bool any = s->count == 0;

	*complete = true;
	if (work_window(s, deadline_ms, &any, complete, e) != ERR_OK)
		return e->code;
	*complete = *complete && s->end == s->count;
	if (*complete) {
		s->place.after = first_id;
		s->place.looked = 0;
	}
	return any ? store_rest(s, first_id, e) : ERR_OK;
}

enum err_code scrub_some(struct scrub *s, bool *more, struct err *e)
{
	uint64_t deadline_ms = clock_mono_ms() + SCRUB_MS;
	int64_t rewritten = s->place.rewritten;
	bool complete = true;
	int64_t first_id = 0;

	*more = true;
	e->code = ERR_OK;
	while (complete && s->place.rewritten - rewritten < s->slice &&
	       clock_mono_ms() < deadline_ms) {
		if (read_range(s, &first_id, more, e) != ERR_OK)
			return e->code;
		if (!*more)
			return s->whole ? scrub_visits(s, more, e) : ERR_OK;
		if (work_range(s, first_id, deadline_ms, &complete, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}
