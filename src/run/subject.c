/* SPDX-License-Identifier: MIT */
#include "run/subject.h"

#include "base/clock.h"
#include "core/json_place.h"
#include "core/left_out.h"
#include "run/envelope.h"
#include "store/history.h"
#include "store/migrate.h"

/* Of the conversions that no relay has taken up, so many are asked what they tell of a person:
 * read one by one, they take some 50 ms. */
enum { ASKED_MAX = 20000 };

/* A judge's statements cannot be prepared for a schema that is not ours. */
static enum err_code check(const char *db_path, struct err *e)
{
	struct db db;

	if (db_open(&db, db_path, DB_READ, e) != ERR_OK)
		return e->code;
	e->code = migrate_check(&db, e);
	db_close(&db);
	return e->code;
}

enum err_code subject_open(struct subject *s, const char *db_path, struct err *e)
{
	*s = (struct subject){0};
	if (check(db_path, e) != ERR_OK || judge_open(&s->judge, db_path, e) != ERR_OK)
		return e->code;
	/* A denial that tells no time that has been counts since the judge read it. */
	s->now_ms = clock_wall_ms();
	if (db_exec(&s->judge.db, "BEGIN", e) == ERR_OK &&
	    judge_refresh(&s->judge, e) == ERR_OK)
		return ERR_OK;
	subject_close(s);
	return e->code;
}

void subject_close(struct subject *s)
{
	db_rollback(&s->judge.db);
	judge_close(&s->judge);
}

static enum err_code rule(struct subject *s, const struct trace *t, struct err *e)
{
	s->none = REASON_NONE;
	if (s->unread != REASON_NONE)
		return ERR_OK;
	if (s->unasked > 0)
		enrich_tell(t, "identity",
			    "%lld earlier conversion%s that no relay has taken up %s "
			    "not asked for what %s of the person, only the latest %d",
			    (long long)s->unasked, s->unasked == 1 ? "" : "s",
			    s->unasked == 1 ? "was" : "were",
			    s->unasked == 1 ? "it tells" : "they tell", ASKED_MAX);
	return judge_rule(&s->judge, s->now_ms, t, &s->none, e);
}

/* What conversions before the subject tell of persons, as far as no relay took them up. */
static enum err_code learn(struct subject *s, int64_t upto_id, struct err *e)
{
	struct judge *j = &s->judge;
	struct kin kin = {0};

	e->code = ERR_OK;
	if (s->learnt)
		return ERR_OK;
	s->learnt = true;
	if (unread_conversions(&j->unread, upto_id, ASKED_MAX, &kin, &s->unasked, e) ==
	    ERR_OK) {
		kinship_append(j->enrich.person.own_kinship, &kin);
		e->code = judge_refresh(j, e);
	}
	kin_fini(&kin);
	return e->code;
}

/* With what those rows add that are going to be its duplicates. */
static enum err_code read_whole(struct subject *s, struct err *e)
{
	struct judge *j = &s->judge;
	int64_t more[LOOKUP_MAX + 1] = {0}, taken;
	int count = 0;

	if (db_int(&j->db, "SELECT cursor FROM queue", 0, &taken, e) != ERR_OK)
		return e->code;
	for (int i = s->count; i-- > 0;)
		if (s->ids[i] > taken && s->ids[i] > s->holder)
			more[count++] = s->ids[i];
	return judge_read_merged(j, &s->row, 0, more, &s->unread, e);
}

enum err_code subject_find(struct subject *s, const char *event_id, struct err *e)
{
	struct db *db = &s->judge.db;

	if (lookup_event(db, event_id, s->ids, &s->count, e) != ERR_OK)
		return e->code;
	if (s->count == 0)
		return err_set(e, ERR_NOINPUT, LOOKUP_ABSENT, event_id);
	return lookup_holder(db, s->ids, s->count, &s->holder, e);
}

enum err_code subject_find_row(struct subject *s, int64_t id, struct err *e)
{
	if (lookup_row(&s->judge.db, id, s->ids, &s->count, e) != ERR_OK)
		return e->code;
	if (s->count == 0)
		return err_set(e, ERR_NOINPUT, LOOKUP_NO_ROW, (long long)id);
	s->holder = id;
	return lookup_first(&s->judge.db, id, &s->first, e);
}

/* A duplicate is not sent, whatever is decided of it. */
static enum err_code compare(struct subject *s, struct err *e)
{
	struct judge *j = &s->judge;

	if (history_is_duplicate(&j->db, s->holder, &s->duplicate, e) != ERR_OK ||
	    s->duplicate || s->unread != REASON_NONE)
		return e->code;
	if (lookup_before(&j->db, s->holder, j->event_id, &s->foretold, &s->first, e) ==
	    ERR_OK)
		s->duplicate = s->foretold;
	return e->code;
}

enum err_code subject_judge(struct subject *s, const struct trace *t, struct err *e)
{
	bool found;

	/* The row is borrowed until the reader reads the next one, so it is read last. */
	if (learn(s, s->holder - 1, e) != ERR_OK ||
	    outbox_one(&s->judge.reader, s->holder, &s->row, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return err_set(e, ERR_IO, "row %lld cannot be read",
			       (long long)s->holder);
	if (read_whole(s, e) != ERR_OK || compare(s, e) != ERR_OK)
		return e->code;
	return rule(s, t, e);
}

enum err_code subject_take(struct subject *s, const struct outbox_row *row,
			   const struct trace *t, struct err *e)
{
	s->row = *row;
	s->count = 0;
	s->duplicate = s->foretold = false;
	if (learn(s, INT64_MAX, e) != ERR_OK)
		return e->code;
	s->unread = judge_read(&s->judge, &s->row);
	return rule(s, t, e);
}

static void tell_bad_json(const struct subject *s, struct buf *out)
{
	const struct scratch *scratch = &s->judge.scratch;
	struct str payload = s->row.payload;
	size_t at;

	if (json_place(payload, &at)) {
		buf_adds(out, STR(", "));
		json_place_tell(payload, at, out);
	} else if (scratch->json.t[0].type != TOKEN_OBJECT) {
		buf_adds(out, STR(", it is no object"));
	} else {
		buf_adds(out, STR(", the event_id is no text"));
	}
}

void subject_tell_unread(const struct subject *s, struct buf *out)
{
	size_t name = str_trim(s->row.event).len;

	if (s->unread == REASON_BAD_JSON)
		tell_bad_json(s, out);
	else if (s->unread == REASON_BAD_EVENT_NAME && name == 0)
		buf_adds(out, STR(", it is empty"));
	else if (s->unread == REASON_BAD_EVENT_NAME && name > EVENT_NAME_MAX)
		buf_addf(out, ", it is longer than %d bytes", EVENT_NAME_MAX);
	else if (s->unread == REASON_BAD_EVENT_NAME)
		buf_adds(out, STR(", it has control characters or is no UTF-8"));
	else if (s->unread == REASON_PAYLOAD_TOO_LARGE)
		buf_addf(out, ", %s",
			 s->row.payload.len > PAYLOAD_MAX
				 ? "the payload is larger than 1 MiB"
			 : s->judge.conversion.event_id.len > EVENT_ID_MAX
				 ? "the event_id is longer than 4096 bytes"
				 : "the payload has too many values");
}

enum reason subject_body(struct subject *s, const struct ruling *r, const struct trace *t,
			 struct buf *out)
{
	const struct destination_rules *d = &r->destination->rules;
	enum reason reason = r->reason;
	size_t start = out->len, event;

	if (reason != REASON_NONE)
		return reason;
	envelope_open(out, d->source, d->pixel_id, d->test_event_code);
	event = out->len;
	reason = judge_shape(&s->judge, r, out);
	left_out_tell(&s->judge.conversion, &r->decision, d,
		      str_make(out->p + event, out->len - event), t);
	envelope_close(out);
	if (reason != REASON_NONE)
		out->len = start;
	return reason;
}
