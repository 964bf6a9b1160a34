/* SPDX-License-Identifier: MIT */
#include "run/story.h"

#include <stdio.h>
#include <string.h>

#include "core/personal.h"
#include "core/redact_text.h"
#include "run/body.h"
#include "run/lines.h"
#include "store/difference.h"
#include "store/history.h"

enum { BODY_MAX = 16 * 1024 * 1024, SENTENCE_MAX = 64 * 1024, VALUE_SHOWN = 20 };

struct story {
	struct subject *subject;
	bool reveal;
	story_fn *fn;
	void *arg;
	struct buf line;
	char destination[64]; /* whom the trace speaks about; "": the row */
	struct lines lines;
};

static void tell(const struct story *w, const char *step, struct str text)
{
	w->fn(w->arg, step, w->destination, text);
}

static void speak_of(struct story *w, const char *destination)
{
	snprintf(w->destination, sizeof(w->destination), "%s", destination);
}

static void tell_lines(struct story *w)
{
	lines_tell(&w->lines, w->fn, w->arg);
	speak_of(w, "");
}

static void ruling_line(void *arg, const char *step, const char *text)
{
	struct story *w = arg;

	if (strcmp(step, "destination") == 0) {
		speak_of(w, text);
		w->lines.destinations++;
		return;
	}
	/* The routes are asked once, after all destinations. */
	if (strcmp(step, "route") == 0)
		speak_of(w, "");
	lines_keep(&w->lines, step, w->destination, text);
}

static void shape_line(void *arg, const char *step, const char *text)
{
	tell(arg, step, str_of(text));
}

static struct buf *line(struct story *w)
{
	buf_clear(&w->line);
	return &w->line;
}

/* " NAME value" where the column has one. */
static void add(struct buf *out, const char *name, const struct rows *rows, int column)
{
	if (rows_type(rows, column) == ROWS_NULL)
		return;
	buf_addf(out, ", %s%s%.*s", name, name[0] ? " " : "",
		 STR_ARG(rows_text(rows, column)));
}

/* The producer's name for the event; somebody's address in it is nobody's business. */
static void add_event(struct story *w, struct str event)
{
	struct judge *j = &w->subject->judge;

	if (tells_who(event))
		redact_parts(event, &j->digest, &j->scratch.more, &w->line);
	else
		buf_adds(&w->line, event);
}

#define IF_ANOTHER                                                                       \
	"; if it is another conversion, insert it again under an event_id of its own"

static enum err_code tell_row(struct story *w, int64_t id, bool holder, struct err *e)
{
	struct buf *out = line(w);
	struct rows rows;
	bool row;

	if (history_row(&w->subject->judge.db, id, &rows, e) != ERR_OK)
		return e->code;
	if (rows_next(&rows, &row, e) == ERR_OK && row) {
		buf_addf(out, "row %lld, %.*s, event \"", (long long)id,
			 STR_ARG(rows_text(&rows, 5)));
		add_event(w, rows_text(&rows, 2));
		buf_addc(out, '"');
		if (holder && rows_int(&rows, 6))
			buf_adds(out, rows_int(&rows, 7)
					      ? STR(", event_id derived from its content")
					      : STR(", event_id from transaction_id"));
		if (holder && w->subject->first)
			buf_addf(out, ", a duplicate of row %lld" IF_ANOTHER,
				 (long long)w->subject->first);
		if (!holder) {
			add(out, "", &rows, 3);
			add(out, "", &rows, 4);
		}
		tell(w, holder ? "received" : "another", buf_str(out));
	}
	rows_close(&rows);
	return e->code;
}

/* Of its duplicates, not of a row that it mends. */
static enum err_code find_another(struct story *w, bool *differs, struct err *e)
{
	const struct subject *s = w->subject;
	struct db *db = &w->subject->judge.db;
	struct difference d;
	bool twin = false;

	e->code = ERR_OK;
	*differs = false;
	difference_open(&d, db);
	for (int i = 0; i < s->count && !*differs && e->code == ERR_OK; i++) {
		if (s->ids[i] == s->holder ||
		    history_is_duplicate(db, s->ids[i], &twin, e) != ERR_OK || !twin)
			continue;
		e->code = difference_find(&d, s->holder, s->ids[i], differs, e);
	}
	difference_close(&d);
	return e->code;
}

/* Behind the others: how many there are besides, and what to do where one is no copy. */
static enum err_code tell_rest(struct story *w, struct err *e)
{
	const struct subject *s = w->subject;
	int64_t more = 0;
	struct buf *out = line(w);
	bool differs = false;

	if (s->first)
		return ERR_OK;
	if (s->count == LOOKUP_MAX &&
	    history_more(&w->subject->judge.db, s->holder, s->count, &more, e) != ERR_OK)
		return e->code;
	if (find_another(w, &differs, e) != ERR_OK)
		return e->code;
	if (more > 0)
		buf_addf(out, "and %lld more%s", (long long)more, differs ? "; " : "");
	if (differs)
		buf_adds(out, STR("not all have the same event, order_id and "
				  "value" IF_ANOTHER));
	if (out->len > 0)
		tell(w, "another", buf_str(out));
	return ERR_OK;
}

/* The row that counts, or its duplicate that was asked for; then those that bear the same
 * event_id, oldest first. */
static enum err_code tell_rows(struct story *w, struct err *e)
{
	const struct subject *s = w->subject;

	if (tell_row(w, s->holder, true, e) != ERR_OK ||
	    (s->first && tell_row(w, s->first, false, e) != ERR_OK))
		return e->code;
	for (int i = s->count; i-- > 0;)
		if (s->ids[i] != s->holder && tell_row(w, s->ids[i], false, e) != ERR_OK)
			return e->code;
	return tell_rest(w, e);
}

static struct buf *begin_reason(struct story *w, enum reason reason)
{
	struct buf *out = line(w);

	buf_addf(out, "%s: %s", status_word(reason_status(reason)), reason_word(reason));
	return out;
}

static void tell_reason(struct story *w, const char *step, enum reason reason)
{
	tell(w, step, buf_str(begin_reason(w, reason)));
}

static void tell_unread(struct story *w)
{
	struct buf *out = begin_reason(w, w->subject->unread);

	subject_tell_unread(w->subject, out);
	tell(w, "read", buf_str(out));
}

/* An amount or a word for one, and nothing that tells of a person. */
static bool may_be_told(const struct json *j, uint32_t at)
{
	struct str value = json_bytes(j, at);
	size_t letters = 0, digits = 0;

	for (size_t i = 0; i < value.len; i++) {
		bool digit = ascii_is_digit(value.p[i]);

		digits += digit;
		letters += !digit && !strchr(" .,+-'", value.p[i]);
	}
	return (j->t[at].type == TOKEN_STRING || j->t[at].type == TOKEN_NUMBER) &&
	       letters <= 4 && digits <= 9 && value.len <= VALUE_SHOWN;
}

/* With the member that is to be mended, and how it is written. */
static void tell_refused(struct story *w, enum reason reason)
{
	const struct scratch *s = &w->subject->judge.scratch;
	struct buf *out = begin_reason(w, reason);

	if (reason == REASON_BAD_VALUE && s->refused != JSON_NONE &&
	    !holds_email(json_bytes(&s->json, s->refused - 1))) {
		buf_addf(out, ", %.*s", STR_ARG(json_bytes(&s->json, s->refused - 1)));
		if (may_be_told(&s->json, s->refused))
			buf_addf(out, " is '%.*s'",
				 STR_ARG(json_bytes(&s->json, s->refused)));
	}
	tell(w, "validate", buf_str(out));
}

/* What would go to each destination that the routes lead to. */
static void tell_shapes(struct story *w)
{
	const struct trace t = {shape_line, w};
	struct judge *j = &w->subject->judge;
	struct buf body;

	buf_init(&body, BODY_MAX);
	for (size_t i = 0; i < j->config->count; i++) {
		struct ruling *r = &j->rulings[i];

		speak_of(w, r->destination->rules.name);
		if (!r->routed) {
			tell(w, "route", STR("not among the route's destinations"));
			continue;
		}
		if (r->reason != REASON_NONE)
			continue;
		buf_clear(&body);
		r->reason = subject_body(w->subject, r, &t, &body);
		if (r->reason != REASON_NONE) {
			tell_refused(w, r->reason);
			continue;
		}
		body_identifiers(buf_str(&body), w->reveal, line(w));
		tell(w, "identifiers",
		     w->line.len ? buf_str(&w->line) : STR("none are sent"));
		buf_addf(line(w), "valid, %zu bytes", body.len);
		tell(w, "validate", buf_str(&w->line));
	}
	buf_fini(&body);
}

static enum err_code tell_attempts(struct story *w, struct err *e)
{
	struct rows rows;
	bool row;

	if (history_attempts(&w->subject->judge.db, w->subject->holder, &rows, e) !=
	    ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row) {
		struct str name = rows_text(&rows, 1), outcome = rows_text(&rows, 9);
		struct buf *out = line(w);

		snprintf(w->destination, sizeof(w->destination), "%.*s", STR_ARG(name));
		buf_addf(out, "%.*s, %.*s", STR_ARG(rows_text(&rows, 2)),
			 STR_ARG(outcome));
		add(out, "HTTP", &rows, 5);
		add(out, "code", &rows, 6);
		add(out, "", &rows, 7);
		add(out, "request", &rows, 8);
		buf_addf(out, ", in a request of %lld", (long long)rows_int(&rows, 4));
		if (rows_int(&rows, 4) > 1 && str_eq(outcome, STR("refused")))
			buf_adds(out, STR(", which is sent in parts until the bad ones "
					  "stand alone"));
		add(out, "ms", &rows, 3);
		tell(w, "attempt", buf_str(out));
	}
	rows_close(&rows);
	return e->code;
}

/* What is stored was decided then; the lines above were decided now: REASON_NONE, it would be
 * sent. */
static void keep_difference(struct story *w, const struct rows *rows, enum reason now)
{
	struct str status = rows_text(rows, 1), reason = rows_text(rows, 2);
	bool was_refused =
		str_eq(status, STR("skipped")) || str_eq(status, STR("rejected"));
	struct buf *out = line(w);

	if (str_eq(status, STR("duplicate")))
		return;
	if (was_refused ? str_eq(reason, str_of(reason_word(now))) : now == REASON_NONE)
		return;
	if (now == REASON_NONE)
		buf_adds(out, STR("decided today it would be sent; see convey retry"));
	else
		buf_addf(out, "decided today it would end %s: %s",
			 status_word(reason_status(now)), reason_word(now));
	lines_keep(&w->lines, "now", w->destination, buf_z(out));
}

/* A row that reached no destination then is told of each that it would reach today; of one that
 * was removed since, nothing is decided. */
static void tell_difference(struct story *w, const struct rows *rows)
{
	const struct judge *j = &w->subject->judge;
	enum reason whole = subject_reason(w->subject);
	bool of_row = rows_type(rows, 0) == ROWS_NULL;
	struct str name = rows_text(rows, 0);

	if (j->config->count > 0 && whole != REASON_NONE)
		keep_difference(w, rows, whole);
	for (size_t i = 0; whole == REASON_NONE && i < j->config->count; i++) {
		const struct ruling *r = &j->rulings[i];

		if (of_row ? !r->routed
			   : !str_eq(name, str_of(r->destination->rules.name)))
			continue;
		speak_of(w, r->destination->rules.name);
		w->lines.destinations++;
		keep_difference(w, rows, r->routed ? r->reason : REASON_NO_ROUTE);
	}
	tell_lines(w);
}

static void tell_status(struct story *w, const struct rows *rows)
{
	struct buf *out = line(w);

	buf_addf(out, "%.*s", STR_ARG(rows_text(rows, 1)));
	if (rows_type(rows, 2) != ROWS_NULL)
		buf_addf(out, ": %.*s", STR_ARG(rows_text(rows, 2)));
	if (rows_int(rows, 4) > 0)
		add(out, "attempts", rows, 4);
	add(out, "first sent", rows, 5);
	add(out, "next attempt", rows, 6);
	add(out, "delivered", rows, 7);
	add(out, "as", rows, 8);
	add(out, "happened", rows, 10);
	if (rows_type(rows, 3) != ROWS_NULL)
		buf_addf(out, ". %.*s", STR_ARG(rows_text(rows, 3)));
	tell(w, "status", buf_str(out));
}

static enum err_code
tell_deliveries(struct story *w, void (*what)(struct story *w, const struct rows *rows),
		struct err *e)
{
	struct rows rows;
	bool row;

	if (history_deliveries(&w->subject->judge.db, w->subject->holder, &rows, e) !=
	    ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row) {
		snprintf(w->destination, sizeof(w->destination), "%.*s",
			 STR_ARG(rows_text(&rows, 0)));
		what(w, &rows);
	}
	rows_close(&rows);
	return e->code;
}

/* Of a row that no relay has read: its id is known when it has been judged. */
static void tell_before(struct story *w)
{
	struct buf *out = line(w);

	buf_adds(out, STR("when it is read it will be a duplicate of "));
	if (w->subject->first)
		buf_addf(out, "row %lld" IF_ANOTHER, (long long)w->subject->first);
	else
		buf_adds(out, STR("a row that is kept no more" IF_ANOTHER));
	tell(w, "dedup", buf_str(out));
}

static enum err_code tell_all(struct story *w, struct err *e)
{
	const struct trace trace = {ruling_line, w};
	struct subject *s = w->subject;

	if (tell_rows(w, e) != ERR_OK || tell_deliveries(w, tell_status, e) != ERR_OK)
		return e->code;
	speak_of(w, "");
	if (subject_judge(s, &trace, e) != ERR_OK)
		return e->code;
	speak_of(w, "");
	if (s->foretold)
		tell_before(w);
	tell_lines(w);
	if (subject_reason(s) == REASON_NONE)
		tell_shapes(w);
	else if (subject_has_no_destination(s))
		tell(w, "route", STR(SUBJECT_NO_DESTINATION));
	else if (!s->unread)
		tell_reason(w, "decision", subject_reason(s));
	else
		tell_unread(w);
	if (tell_attempts(w, e) != ERR_OK)
		return e->code;
	return tell_deliveries(w, tell_difference, e);
}

enum err_code story_tell(struct subject *s, bool reveal, story_fn *fn, void *arg,
			 struct err *e)
{
	struct story w = {.subject = s, .reveal = reveal, .fn = fn, .arg = arg};

	buf_init(&w.line, SENTENCE_MAX);
	e->code = tell_all(&w, e);
	lines_drop(&w.lines);
	buf_fini(&w.line);
	return e->code;
}
