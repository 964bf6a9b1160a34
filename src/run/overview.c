/* SPDX-License-Identifier: MIT */
#include "run/overview.h"

#include <stdio.h>
#include <stdlib.h>

#include "run/story.h"
#include "store/census.h"
#include "store/destination.h"

enum {
	SITES_MAX = 200,
	PROBLEMS_MAX = 400,
	STEPS_MAX = 1000,
	CELL_MAX = 2000, /* bytes */
	QUARTER_S = 900,
	HOUR_S = 3600,
};

void overview_init(struct overview *o, int64_t now_ms)
{
	*o = (struct overview){.now_s = now_ms / 1000, .zone = STR("UTC")};
	buf_init(&o->text, OVERVIEW_TEXT_MAX);
	buf_reserve(&o->text, OVERVIEW_TEXT_MAX);
	o->sites = calloc(SITES_MAX, sizeof(*o->sites));
	o->problems = calloc(PROBLEMS_MAX, sizeof(*o->problems));
	o->steps = calloc(STEPS_MAX, sizeof(*o->steps));
	if (!o->sites || !o->problems || !o->steps)
		abort();
}

void overview_fini(struct overview *o)
{
	zone_free(o->clock);
	free(o->sites);
	free(o->problems);
	free(o->steps);
	buf_fini(&o->text);
}

struct str overview_keep(struct overview *o, struct str text)
{
	size_t at = o->text.len;

	if (text.len > CELL_MAX)
		text.len = CELL_MAX;
	buf_adds(&o->text, text);
	if (o->text.len == at)
		return STR("");
	return str_make(o->text.p + at, text.len);
}

static struct str cell(struct overview *o, const struct rows *rows, int column)
{
	return overview_keep(o, rows_text(rows, column));
}

static enum err_code read_sites(struct overview *o, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	if (status_queue(db, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row && o->site_count < SITES_MAX) {
		struct overview_site *s = &o->sites[o->site_count++];

		*s = (struct overview_site){
			.name = cell(o, &rows, 0),
			.state = cell(o, &rows, 1),
			.pending = rows_int(&rows, 2),
			.sending = rows_int(&rows, 3),
			.retrying = rows_int(&rows, 4),
			.delivered = rows_int(&rows, 5),
			.rejected = rows_int(&rows, 8),
			.failed = rows_int(&rows, 9),
			.held = rows_int(&rows, 10),
			.oldest_s = rows_int(&rows, 12),
			.last_delivered = cell(o, &rows, 13),
			.last_error = cell(o, &rows, 14),
		};
		s->paused = str_eq(s->state, STR("paused"));
	}
	rows_close(&rows);
	return e->code;
}

static struct overview_site *site_named(struct overview *o, struct str name)
{
	for (int i = 0; i < o->site_count; i++)
		if (str_eq(o->sites[i].name, name))
			return &o->sites[i];
	return NULL;
}

/* What queue_status does not tell. */
static enum err_code read_settings(struct overview *o, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	if (destination_rows(db, 0, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row) {
		struct overview_site *s = site_named(o, rows_text(&rows, 0));

		if (!s)
			continue;
		s->source = cell(o, &rows, 1);
		s->zone = cell(o, &rows, 5);
	}
	rows_close(&rows);
	return e->code;
}

static enum err_code read_first(struct overview *o, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	if (destination_first(db, &rows, e) != ERR_OK)
		return e->code;
	if (rows_next(&rows, &row, e) == ERR_OK && row)
		o->first = site_named(o, rows_text(&rows, 0));
	rows_close(&rows);
	return e->code;
}

static enum err_code read_counts(struct overview *o, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	if (census_counts(db, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row) {
		enum status status;
		enum reason reason;

		if (reason_of_word(rows_text(&rows, 2), &reason))
			o->count[reason] += rows_int(&rows, 3);
		else if (status_of_word(rows_text(&rows, 1), &status))
			o->count[status * 16] += rows_int(&rows, 3);
	}
	rows_close(&rows);
	return e->code;
}

static enum err_code read_problems(struct overview *o, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	if (status_problems(db, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row &&
	       o->problem_count < PROBLEMS_MAX) {
		struct overview_problem *p = &o->problems[o->problem_count];

		*p = (struct overview_problem){
			.word = cell(o, &rows, 0),
			.site = cell(o, &rows, 1),
			.count = rows_int(&rows, 2),
			.first = cell(o, &rows, 3),
			.last = cell(o, &rows, 4),
			.example = cell(o, &rows, 5),
			.advice = cell(o, &rows, 6),
		};
		o->problem_count += reason_of_word(p->word, &p->reason);
	}
	rows_close(&rows);
	return e->code;
}

static enum err_code read_unmapped(struct overview *o, struct db *db, struct err *e)
{
	const int max = sizeof(o->unmapped) / sizeof(o->unmapped[0]);
	struct rows rows;
	bool row;

	if (census_unmapped(db, max, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row && o->unmapped_count < max)
		o->unmapped[o->unmapped_count++] =
			(struct overview_unmapped){cell(o, &rows, 0), rows_int(&rows, 1)};
	rows_close(&rows);
	return e->code;
}

/* The zone of the destination whose bars they are, else of the one that was added first, as with
 * visits and consent. */
static void choose_zone(struct overview *o, struct str site)
{
	const struct overview_site *s = site_named(o, site);
	char name[80];
	struct err e;

	o->hours_of = s ? s->name : STR("");
	if (!s)
		s = o->first;
	snprintf(name, sizeof(name), "%.*s", STR_ARG(s ? s->zone : STR("UTC")));
	o->clock = strcmp(name, "UTC") == 0 ? NULL : zone_open(name, &e);
	if (o->clock)
		o->zone = s->zone;
}

static void lay_out_hours(struct overview *o)
{
	int64_t local = o->now_s + zone_offset(o->clock, o->now_s);
	int64_t start = o->now_s - local % HOUR_S;

	for (int i = 0; i < OVERVIEW_HOURS; i++) {
		struct overview_hour *h = &o->hours[i];

		h->start_s = start - (OVERVIEW_HOURS - 1 - i) * HOUR_S;
		h->offset_s = zone_offset(o->clock, h->start_s);
	}
}

static void add_quarter(struct overview *o, int64_t quarter, enum status status,
			int64_t count)
{
	int64_t since = quarter * QUARTER_S - o->hours[0].start_s;
	struct overview_hour *h;

	if (since < 0 || since >= OVERVIEW_HOURS * HOUR_S)
		return;
	h = &o->hours[since / HOUR_S];
	if (status == STATUS_DELIVERED)
		h->delivered += count;
	else if (status == STATUS_SKIPPED || status == STATUS_DUPLICATE)
		h->skipped += count;
	else if (status == STATUS_FAILED || status == STATUS_REJECTED)
		h->lost += count;
}

static enum err_code read_hours(struct overview *o, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	lay_out_hours(o);
	if (census_quarters(db, o->hours[0].start_s / QUARTER_S, o->hours_of, &rows, e) !=
	    ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row)
		add_quarter(o, rows_int(&rows, 0), (enum status)rows_int(&rows, 1),
			    rows_int(&rows, 2));
	rows_close(&rows);
	return e->code;
}

static int by_reason(const void *a, const void *b)
{
	const struct overview_problem *p = a, *q = b;

	return (int)p->reason - (int)q->reason;
}

enum err_code overview_read(struct overview *o, struct db *db, struct str site,
			    struct err *e)
{
	if (db_exec(db, "BEGIN", e) != ERR_OK)
		return e->code;
	if (status_totals(db, &o->totals, e) == ERR_OK &&
	    read_sites(o, db, e) == ERR_OK && read_settings(o, db, e) == ERR_OK &&
	    read_first(o, db, e) == ERR_OK && read_counts(o, db, e) == ERR_OK &&
	    read_problems(o, db, e) == ERR_OK && read_unmapped(o, db, e) == ERR_OK) {
		choose_zone(o, site);
		e->code = read_hours(o, db, e);
	}
	db_rollback(db);
	qsort(o->problems, (size_t)o->problem_count, sizeof(*o->problems), by_reason);
	return e->code;
}

static void keep_step(void *arg, const char *step, const char *destination,
		      struct str text)
{
	struct overview *o = arg;

	if (o->step_count < STEPS_MAX)
		o->steps[o->step_count++] = (struct overview_step){
			overview_keep(o, str_of(step)),
			overview_keep(o, str_of(destination)),
			overview_keep(o, text),
		};
}

void overview_tell(struct overview *o, const char *db_path, struct str event_id)
{
	struct err e = {ERR_OK, ""};
	struct subject subject;
	char id[512];

	o->event_id = overview_keep(o, event_id);
	snprintf(id, sizeof(id), "%.*s", STR_ARG(event_id));
	if (subject_open(&subject, db_path, &e) == ERR_OK) {
		if (subject_find(&subject, id, &e) == ERR_OK)
			e.code = story_tell(&subject, false, keep_step, o, &e);
		subject_close(&subject);
	}
	if (e.code != ERR_OK)
		snprintf(o->story_error, sizeof(o->story_error), "%s", e.msg);
}
