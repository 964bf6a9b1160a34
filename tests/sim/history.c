/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "core/reason.h"
#include "producer.h"
#include "store/db.h"
#include "store/queue.h"
#include "world.h"

enum { OUTBOX_MAX = ROWS_MAX + 64 };

/* A row of delivery_status. */
struct fate {
	int64_t outbox_id;
	int pixel; /* -1: no destination was reached */
	enum status status;
	enum reason reason;
	int attempts;
	char id[40], request_id[24];
};

static struct fate fates[2 * OUTBOX_MAX];
static int fate_count;
static struct db *db;

static sqlite3_stmt *prepare(const char *sql)
{
	struct err e = {ERR_OK, ""};
	sqlite3_stmt *s = NULL;

	if (db_prepare(db, sql, &s, &e) != ERR_OK)
		world_break("reading the history: %s", e.msg);
	return s;
}

static void copy(char *out, size_t cap, sqlite3_stmt *s, int column)
{
	snprintf(out, cap, "%.*s", STR_ARG(db_column(s, column)));
}

static int pixel_of(struct str name)
{
	return name.len == 0 ? -1 : str_eq(name, STR("second")) ? 1 : 0;
}

static void read_fates(void)
{
	sqlite3_stmt *s =
		prepare("SELECT outbox_id, destination, status, reason, attempts, "
			"event_id, request_id FROM delivery_status "
			"ORDER BY outbox_id");

	for (fate_count = 0; s && sqlite3_step(s) == SQLITE_ROW; fate_count++) {
		struct fate *f = &fates[fate_count];

		*f = (struct fate){.outbox_id = sqlite3_column_int64(s, 0),
				   .pixel = pixel_of(db_column(s, 1)),
				   .attempts = sqlite3_column_int(s, 4)};
		if (!status_of_word(db_column(s, 2), &f->status))
			world_break("row %lld has the status '%.*s'",
				    (long long)f->outbox_id, STR_ARG(db_column(s, 2)));
		if (db_column(s, 3).len && !reason_of_word(db_column(s, 3), &f->reason))
			world_break("row %lld has the reason '%.*s'",
				    (long long)f->outbox_id, STR_ARG(db_column(s, 3)));
		copy(f->id, sizeof(f->id), s, 5);
		copy(f->request_id, sizeof(f->request_id), s, 6);
	}
	sqlite3_finalize(s);
}

static int row_at[OUTBOX_MAX], fate_at[OUTBOX_MAX + 1]; /* by the outbox's id; row + 1 */

static void index_rows(void)
{
	int n = 0;

	for (int i = 0; i < world->row_count; i++)
		if (world->rows[i].committed && world->rows[i].id < OUTBOX_MAX)
			row_at[world->rows[i].id] = i + 1;
	for (int id = 0; id < OUTBOX_MAX; id++) {
		while (n < fate_count && fates[n].outbox_id < id)
			n++;
		fate_at[id] = n;
	}
	fate_at[OUTBOX_MAX] = fate_count;
}

static const struct row *row_of(int64_t outbox_id)
{
	return row_at[outbox_id] ? &world->rows[row_at[outbox_id] - 1] : NULL;
}

static const struct fate *fate_of(int64_t outbox_id)
{
	const struct fate *f = &fates[fate_at[outbox_id]];

	return f < fates + fate_count && f->outbox_id == outbox_id ? f : NULL;
}

/* P1: what was committed is there, under its id, and has ended. */
static void check_lost(void)
{
	sqlite3_stmt *s = prepare("SELECT event_id FROM outbox WHERE id = ?1");
	char id[40];

	for (int i = 0; s && i < world->row_count; i++) {
		const struct row *r = &world->rows[i];

		if (!r->committed)
			continue;
		sqlite3_bind_int64(s, 1, r->id);
		producer_event_id(r, id, sizeof(id));
		if (sqlite3_step(s) != SQLITE_ROW)
			world_break("lost: row %d (outbox %lld)", i, (long long)r->id);
		else if (!str_eq(db_column(s, 0), str_of(id)))
			world_break("row %d has another event_id: %.*s", i,
				    STR_ARG(db_column(s, 0)));
		if (!fate_of(r->id))
			world_break("row %d (outbox %lld) has no status", i,
				    (long long)r->id);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
}

static void check_finished(void)
{
	for (int i = 0; i < fate_count; i++)
		if (fates[i].status < STATUS_HELD)
			world_break("outbox %lld is %s (%s) after a drain",
				    (long long)fates[i].outbox_id,
				    status_word(fates[i].status),
				    reason_word(fates[i].reason));
}

static bool is_success(const struct request *r)
{
	return r->has_code && r->code == 0 && r->http_status / 100 == 2;
}

/* P3: TikTok has it, and said so to the very request that it was in. */
static void check_delivered(const struct fate *f)
{
	const struct send *s = tiktok_last(f->pixel, f->id);

	for (; s; s = tiktok_before(s)) {
		const struct request *r = &world->tiktok.requests[s->request];
		char number[24];

		snprintf(number, sizeof(number), "r%d", s->request);
		if (r->known && r->applied && is_success(r) &&
		    strcmp(number, f->request_id) == 0)
			return;
	}
	world_break("outbox %lld (%s) is delivered by '%s', and was not",
		    (long long)f->outbox_id, f->id, f->request_id);
}

/* TikTok refused a request that held nothing else. */
static bool was_refused_alone(const struct fate *f)
{
	const struct send *s = tiktok_last(f->pixel, f->id);

	for (; s; s = tiktok_before(s)) {
		const struct request *r = &world->tiktok.requests[s->request];

		if (r->known && r->events == 1 && !is_success(r) && r->http_status)
			return true;
	}
	return false;
}

/* TikTok took it, or may have, and nobody told the relay: that is for a person to see. */
static bool may_have_been_taken(const struct fate *f)
{
	const struct send *s = tiktok_last(f->pixel, f->id);

	for (; s; s = tiktok_before(s)) {
		const struct request *r = &world->tiktok.requests[s->request];

		if (!r->put_off && (!r->known || (!r->has_code && r->http_status >= 500)))
			return true;
	}
	return false;
}

/* An end that only time can bring: it must have passed. */
static bool is_late(void)
{
	int64_t slack_us = SECONDS(3600);

	return world->plan.steps || world->now_us > RESEND_MAX_MS * 1000 - slack_us;
}

/* The fates with the same event_id stand together here. */
static const struct fate *by_id[2 * OUTBOX_MAX];

static int compare_ids(const void *a, const void *b)
{
	const struct fate *x = *(const struct fate *const *)a;
	const struct fate *y = *(const struct fate *const *)b;
	int order = strcmp(x->id, y->id);

	return order ? order : (x > y) - (x < y);
}

static void index_ids(void)
{
	for (int i = 0; i < fate_count; i++)
		by_id[i] = &fates[i];
	qsort(by_id, (size_t)fate_count, sizeof(by_id[0]), compare_ids);
}

/* How many have the id of the one at `from`, from there on. */
static int group(int from)
{
	int n = 1;

	while (from + n < fate_count && strcmp(by_id[from + n]->id, by_id[from]->id) == 0)
		n++;
	return n;
}

/* Of which it may have what it lacks. */
static bool has_twin(const struct row *r)
{
	for (int i = 0; i < world->row_count; i++)
		if (world->rows[i].kind == ROW_TWIN && world->rows[i].twin == r->twin)
			return true;
	return false;
}

/* What may become of a row by what it is and what was done. */
static bool may_be(const struct row *r, const struct fate *f)
{
	bool denied =
		r->kind == ROW_DENIED || (world->withdrawn && r->kind != ROW_VISITOR);

	switch ((int)(f->reason ? f->reason : f->status * 16)) {
	case STATUS_DELIVERED * 16:
		return r->kind != ROW_BAD_JSON && r->kind != ROW_POISON &&
		       (r->kind != ROW_NO_URL || has_twin(r)) &&
		       (r->kind != ROW_UNMAPPED || world->mapped) &&
		       (r->kind != ROW_DENIED) &&
		       (r->kind != ROW_OLD || world->plan.steps);
	case STATUS_DUPLICATE * 16: return true; /* see check_group */
	case REASON_NOT_MAPPED: return r->kind == ROW_UNMAPPED;
	case REASON_CONSENT_DENIED:
	case REASON_CONSENT_WITHDRAWN: return denied;
	case REASON_TOO_OLD: return r->kind == ROW_OLD || world->plan.steps;
	case REASON_FUTURE_TIME: return r->kind == ROW_FUTURE || world->plan.steps;
	case REASON_BAD_JSON: return r->kind == ROW_BAD_JSON;
	case REASON_MISSING_PAGE_URL:
		return r->kind == ROW_NO_URL || r->kind == ROW_UNMAPPED;
	case REASON_REFUSED_BY_TIKTOK: return was_refused_alone(f);
	case REASON_RETRIES_EXHAUSTED:
		return is_late() && (r->touched || !may_have_been_taken(f));
	case REASON_OUTCOME_UNKNOWN: return is_late();
	case REASON_BY_OPERATOR: return r->touched;
	default: return false;
	}
}

/* What a step that nobody saw has moved into the future still waits. */
static void check_fates(void)
{
	for (int i = 0; i < fate_count; i++) {
		const struct fate *f = &fates[i];
		const struct row *r = row_of(f->outbox_id);

		if (f->status == STATUS_DELIVERED)
			check_delivered(f);
		if (r && !may_be(r, f) &&
		    !(world->unseen_step && f->status < STATUS_HELD))
			world_break("row %d (outbox %lld, kind %d) ended %s (%s)",
				    (int)(r - world->rows), (long long)r->id,
				    (int)r->kind, status_word(f->status),
				    reason_word(f->reason));
	}
}

static bool is_holder(const struct fate *f)
{
	return f->status == STATUS_DELIVERED || f->status == STATUS_HELD ||
	       f->status == STATUS_FAILED;
}

static void check_pair(const struct fate *a, const struct fate *b)
{
	if (is_holder(a) && is_holder(b) && a->pixel == b->pixel &&
	    a->outbox_id != b->outbox_id)
		world_break("outbox %lld and %lld were both sent as %s",
			    (long long)a->outbox_id, (long long)b->outbox_id, a->id);
}

static bool is_touched(const struct fate *f)
{
	const struct row *r = row_of(f->outbox_id);

	return r && r->touched;
}

/* A row that ended unsent gives its id up, unless that was decided later, or by people. */
static bool gave_up(const struct fate *f)
{
	return !is_holder(f) && !world->withdrawn && !world->mapped &&
	       !world->plan.steps && row_of(f->outbox_id) && !is_touched(f);
}

static bool holds(const struct fate *f)
{
	return f->status != STATUS_DUPLICATE && !gave_up(f);
}

/* Of the rows with an id one holds it, later ones are duplicates of that one; so is an earlier
 * one that gave the id up and was retried when another had it. */
static void check_group(const struct fate *const *all, int count)
{
	int holder = 0;

	while (holder < count && !holds(all[holder]))
		holder++;
	for (int i = 0; i < count; i++) {
		/* A set clock may end the first as one of the future. */
		if (all[i]->status == STATUS_DUPLICATE && !world->plan.steps &&
		    (holder == count || (holder > i && !is_touched(all[i]))))
			world_break("outbox %lld (%s) is the duplicate of nothing",
				    (long long)all[i]->outbox_id, all[i]->id);
		for (int k = 0; k < i; k++)
			check_pair(all[k], all[i]);
	}
}

static void check_duplicates(void)
{
	for (int i = 0; i < fate_count; i += group(i))
		if (by_id[i]->id[0])
			check_group(&by_id[i], group(i));
}

static void check_counters(void)
{
	sqlite3_stmt *s = prepare(
		"WITH kept AS (SELECT destination_id AS d, state AS s, count AS c FROM "
		"counter WHERE count <> 0), counted AS (SELECT d, s, count(*) AS c FROM ("
		"SELECT key % 1024 AS d, state AS s FROM delivery UNION ALL SELECT "
		"destination_id, CASE status WHEN 4 THEN 65 ELSE status * 16 END FROM "
		"waiting WHERE status <> 2) GROUP BY d, s) SELECT d, s, c FROM (SELECT * "
		"FROM kept EXCEPT SELECT * FROM counted UNION ALL SELECT * FROM (SELECT "
		"* "
		"FROM counted EXCEPT SELECT * FROM kept))");

	if (s && sqlite3_step(s) == SQLITE_ROW)
		world_break("the counter of destination %d, state %d is not right: %d",
			    sqlite3_column_int(s, 0), sqlite3_column_int(s, 1),
			    sqlite3_column_int(s, 2));
	sqlite3_finalize(s);
}

/* A row's status is that of its least finished delivery. */
static void check_least(void)
{
	sqlite3_stmt *s = prepare("SELECT id, status FROM outbox_status");

	while (s && sqlite3_step(s) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(s, 0);
		enum status least = STATUS_DELIVERED, said;

		for (int i = fate_at[id]; i < fate_at[id + 1]; i++)
			if (fates[i].status < least)
				least = fates[i].status;
		if (!status_of_word(db_column(s, 1), &said) || said != least)
			world_break("outbox %lld is %.*s, its deliveries %s",
				    (long long)id, STR_ARG(db_column(s, 1)),
				    status_word(least));
	}
	sqlite3_finalize(s);
}

static void check_integrity(void)
{
	sqlite3_stmt *s = prepare("PRAGMA integrity_check");

	if (s && sqlite3_step(s) == SQLITE_ROW && !str_eq(db_column(s, 0), STR("ok")))
		world_break("integrity_check: %.*s", STR_ARG(db_column(s, 0)));
	sqlite3_finalize(s);
}

static bool is_held(int64_t outbox_id)
{
	for (int i = fate_at[outbox_id]; i < fate_at[outbox_id + 1]; i++)
		if (fates[i].status == STATUS_HELD)
			return true;
	return false;
}

static bool is_in_a_file(const char *text)
{
	for (int i = 0; i < DISK_FILES; i++) {
		const struct disk_image *m = &world->disk.files[i].cache;

		if (m->exists && memmem(m->bytes, (size_t)m->size, text, strlen(text)))
			return true;
	}
	return false;
}

/* Of a settled row nothing plain is left in the files. */
static void check_plain(void)
{
	char email[40];

	if (!is_in_a_file("canary"))
		return;
	for (int i = 0; i < world->row_count; i++) {
		const struct row *r = &world->rows[i];

		snprintf(email, sizeof(email), "canary%d@", i);
		if (r->kind == ROW_PERSON && r->committed && !is_held(r->id) &&
		    is_in_a_file(email))
			world_break("the e-mail address of row %d is in a file", i);
	}
}

void history_check(struct db *handle)
{
	db = handle;
	read_fates();
	index_rows();
	index_ids();
	check_lost();
	if (!world->unseen_step)
		check_finished();
	check_fates();
	check_duplicates();
	check_counters();
	check_least();
	check_integrity();
	if (world->plan.drains && !world->unseen_step)
		check_plain();
	history_check_sends(db);
}
