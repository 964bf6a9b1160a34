/* SPDX-License-Identifier: MIT
 *
 * What was on the wire: each request has its attempt, each repetition its reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "producer.h"
#include "store/queue.h"
#include "world.h"

enum { ATTEMPTS_MAX = 4 * REQUESTS_MAX };

static sqlite3_stmt *prepare(struct db *db, const char *sql)
{
	struct err e = {ERR_OK, ""};
	sqlite3_stmt *s = NULL;

	if (db_prepare(db, sql, &s, &e) != ERR_OK)
		world_break("reading the history: %s", e.msg);
	return s;
}

static int request_of_attempt[ATTEMPTS_MAX]; /* + 1 */

static const struct request *request_of(int64_t attempt_id)
{
	int i = attempt_id < ATTEMPTS_MAX ? request_of_attempt[attempt_id] : 0;

	return i ? &world->tiktok.requests[i - 1] : NULL;
}

/* An attempt is one request on the wire, at most. */
static void index_requests(void)
{
	const struct tiktok *t = &world->tiktok;

	for (int i = 0; i < t->request_count; i++) {
		int64_t id = t->requests[i].attempt_id;

		if (id >= ATTEMPTS_MAX)
			world_break("more than %d attempts", ATTEMPTS_MAX);
		else if (request_of_attempt[id])
			world_break("attempt %lld was sent twice", (long long)id);
		else
			request_of_attempt[id] = i + 1;
	}
}

/* Both ends say the same of a request. An attempt that was never sent was open when a relay
 * ended. */
static int check_attempt(sqlite3_stmt *s)
{
	int64_t id = sqlite3_column_int64(s, 0);
	const struct request *r = request_of(id);
	char number[24];

	if (!r) {
		if (!str_eq(db_column(s, 2), STR("unknown")) ||
		    sqlite3_column_int(s, 3) != 0)
			world_break("attempt %lld was not sent and is %.*s",
				    (long long)id, STR_ARG(db_column(s, 2)));
		return 0;
	}
	if (sqlite3_column_int(s, 1) != r->events)
		world_break("attempt %lld has %d events and says %d", (long long)id,
			    r->events, sqlite3_column_int(s, 1));
	if (db_column(s, 5).len == 0)
		return 1;
	snprintf(number, sizeof(number), "r%d", (int)(r - world->tiktok.requests));
	if (!str_eq(db_column(s, 5), str_of(number)) ||
	    sqlite3_column_int(s, 3) != r->http_status ||
	    sqlite3_column_int64(s, 4) != r->code)
		world_break("attempt %lld says HTTP %d, code %d", (long long)id,
			    sqlite3_column_int(s, 3), sqlite3_column_int(s, 4));
	return 1;
}

static void check_attempts(struct db *db)
{
	sqlite3_stmt *s =
		prepare(db, "SELECT id, events, outcome, http_status, api_code, "
			    "request_id FROM attempt ORDER BY id");
	int sent = 0;

	while (s && sqlite3_step(s) == SQLITE_ROW)
		sent += check_attempt(s);
	sqlite3_finalize(s);
	if (sent != world->tiktok.request_count)
		world_break("%d requests were on the wire, %d have an attempt",
			    world->tiktok.request_count, sent);
}

static bool is_clean(const struct request *r)
{
	return r->known && r->has_code && r->code == 0 && r->http_status / 100 == 2;
}

/* A process, or what a relay had not stored yet. */
static bool died_between(int64_t from_us, int64_t to_us)
{
	for (int i = 0; i < LIVES_MAX; i++)
		if (world->ends[i].died && world->ends[i].at_us >= from_us &&
		    world->ends[i].at_us <= to_us)
			return true;
	for (int i = 0; i < world->lost; i++)
		if (world->lost_us[i] >= from_us && world->lost_us[i] <= to_us)
			return true;
	return false;
}

enum verdict history_verdict(const struct request *r)
{
	struct answer a = {.transport = TRANSPORT_ANSWERED,
			   .http_status = r->http_status,
			   .has_code = r->has_code,
			   .code = r->code};

	return r->known ? verdict_of(&a) : VERDICT_UNKNOWN;
}

/* "id-7": row 7; derived ids say nothing. */
static bool was_touched(const struct send *s)
{
	const char *dash = strchr(s->id, '-');
	long n = dash ? strtol(dash + 1, NULL, 10) : -1;

	return n < 0 || n >= world->row_count || world->rows[n].touched;
}

/* Somebody may have, between the two. */
static bool resumes(const struct plan *p)
{
	for (int i = 0; i < p->action_count; i++)
		if (p->actions[i].deed == DEED_RESUME)
			return true;
	return false;
}

/* TikTok said how long to wait: the row does, whichever relay it is by then. What was said of the
 * destination a person may end. */
static void check_pause(const struct send *before, const struct send *again)
{
	const struct request *r = &world->tiktok.requests[before->request];
	enum verdict v = history_verdict(r);
	int64_t early_us = r->ended_us + r->retry_after_ms * 1000 - again->at_us;

	/* At the end somebody resumes every destination anyway. */
	if (again->at_us >= world->plan.horizon_us || resumes(&world->plan))
		return;
	if (r->known && (v == VERDICT_RETRY || v == VERDICT_UNKNOWN) &&
	    r->retry_after_ms > 0 && early_us > 100000 && !world->plan.steps &&
	    !was_touched(again) && !died_between(before->at_us, again->at_us))
		world_break("%s was sent again %lld ms before its Retry-After", again->id,
			    (long long)(early_us / 1000));
}

/* A second request with an event has a fault that explains it, and comes within 47 hours. */
static void check_again(const struct send *first, const struct send *before,
			const struct send *again)
{
	const struct request *r = &world->tiktok.requests[before->request];
	int64_t since_us = first ? again->at_us - first->at_us : 0;
	int64_t late_us = since_us - RESEND_MAX_MS * 1000;

	if (is_clean(r) && !died_between(before->at_us, again->at_us))
		world_break("%s was sent again by request %d, after %d was answered well",
			    again->id, again->request, before->request);
	if (late_us > SECONDS(60) && !world->plan.steps && !was_touched(again))
		world_break("%s was sent again %lld s after its 47 hours", again->id,
			    (long long)(late_us / 1000000));
	/* What an earlier relay sent is as old as the clock says. */
	if (again->fresh && first && first->fresh && !was_touched(again) &&
	    !world->unseen_step)
		world_break("%s was counted twice", again->id);
}

/* TikTok said no before it looked at the events: that opens no 47 hours. */
static bool was_put_off(const struct send *s)
{
	const struct request *r = &world->tiktok.requests[s->request];

	return r->known && r->put_off;
}

static void check_repetitions(void)
{
	const struct tiktok *t = &world->tiktok;

	for (int i = 0; i < t->send_count; i++) {
		const struct send *first = NULL, *again = &t->sends[i];

		for (const struct send *s = tiktok_before(again); s; s = tiktok_before(s))
			if (!was_put_off(s))
				first = s;
		if (again->before < 0)
			continue;
		check_again(first, tiktok_before(again), again);
		check_pause(tiktok_before(again), again);
	}
}

/* The order's number in the payload, and the id made of it. */
static void check_tag(const struct send *s)
{
	long n = s->tag[0] ? strtol(s->tag + 2, NULL, 10) : -1;
	char id[40];

	if (n < 0 || n >= world->row_count)
		return;
	producer_event_id(&world->rows[n], id, sizeof(id));
	if (id[0] && strcmp(id, s->id) != 0)
		world_break("the order of row %ld was sent as %s", n, s->id);
}

/* Nothing was sent that nobody committed, nor one order under two ids. */
static void check_invented(void)
{
	const struct tiktok *t = &world->tiktok;

	for (int i = 0; i < t->send_count; i++) {
		const struct send *s = &t->sends[i];
		const char *dash = strchr(s->id, '-');
		long n = dash ? strtol(dash + 1, NULL, 10) : -1;
		char id[40] = "";

		if (n >= 0 && n < world->row_count)
			producer_event_id(&world->rows[n], id, sizeof(id));
		if (strcmp(id, s->id) != 0 && strncmp(s->id, "g1_", 3) != 0)
			world_break("%s was sent, and nobody committed it", s->id);
		check_tag(s);
	}
}

void history_check_sends(struct db *db)
{
	index_requests();
	check_attempts(db);
	check_repetitions();
	check_invented();
}
