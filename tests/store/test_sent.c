/* SPDX-License-Identifier: MIT
 *
 * A row ends or waits without another request: what is known of those that it was in, and
 * what follows from them. */
#include "scene.h"

#include <string.h>

#include "store/disconnect.h"
#include "store/lookup.h"
#include "store/queue.h"
#include "store/requeue.h"

#define NOW_MS INT64_C(1790000000000)

struct stage {
	struct scene *s;
	struct queue q;
	struct lot lot;
	struct entry entry;
	struct opening opening;
};

static const struct answer none = {TRANSPORT_LOST, 0, false, 0, "reset", ""};

static void set_up(struct stage *t, void **state)
{
	*t = (struct stage){.s = *state};
	scene_exec(t->s,
		   "INSERT INTO destination (id, name, source, pixel_id) VALUES "
		   "(1, 'shop', 'web', 'P'); INSERT INTO event_name VALUES (1, 'X')");
	assert_ok(t->s, queue_open(&t->q, &t->s->db, &t->s->e));
	t->q.now_ms = NOW_MS;
}

static void tear_down(struct stage *t)
{
	assert_int_equal(scene_miscounted(t->s), 0);
	queue_close(&t->q);
}

static void commit(struct stage *t)
{
	assert_ok(t->s, db_commit(&t->s->db, &t->s->e));
	dedup_commit(&t->q.dedup);
}

/* The next row "id" of the outbox. */
static void insert(struct stage *t)
{
	scene_exec(t->s, "INSERT INTO outbox (event_id, event) VALUES ('id', 'x')");
	t->entry = (struct entry){.outbox_id = sqlite3_last_insert_rowid(t->s->db.handle),
				  .destination_id = 1,
				  .id_len = 2,
				  .hash = dedup_hash(t->q.dedup.seed, STR("id")),
				  .limited_data_use = -1,
				  .batch = 1,
				  .flags = ENTRY_FIRST};
}

static void admit(struct stage *t, enum lot_kind kind)
{
	int64_t id = t->entry.outbox_id;

	t->lot = (struct lot){kind, id, id, &t->entry, 1, "id", t->q.now_ms, 0};
	t->opening = (struct opening){t->opening.attempt_id + 1, 1, 1, 0};
	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
	assert_ok(t->s, queue_admit(&t->q, &t->lot, &t->opening, 1, &t->s->e));
	commit(t);
}

/* The request ends; `through` is that of a destination that was disconnected meanwhile. */
static void settle(struct stage *t, enum disposition disposition, enum verdict verdict,
		   const struct answer *answer, int64_t through)
{
	struct settlement s = {.attempt_id = t->opening.attempt_id,
			       .batch = 1,
			       .disposition = disposition,
			       .reason = verdict_reason(verdict),
			       .unknown = answer && verdict_is_unsure(verdict, answer),
			       .cancelled_through = through,
			       .started_ms = NOW_MS,
			       .due_ms = NOW_MS,
			       .verdict = verdict,
			       .answer = answer};

	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
	assert_ok(t->s, queue_settle(&t->q, &t->lot, &s, &t->s->e));
	commit(t);
}

/* It may have arrived: the same id is not sent a second time. */
static void an_unknown_outcome_keeps_its_id(void **state)
{
	int64_t ids[LOOKUP_MAX], holder = 0;
	struct stage t;
	int count;

	set_up(&t, state);
	insert(&t);
	admit(&t, LOT_FRESH);
	settle(&t, SETTLE_RETRY, VERDICT_UNKNOWN, &none, 1);
	assert_int_equal(scene_int(t.s, "SELECT state FROM delivery"),
			 REASON_DISCONNECTED);
	insert(&t);
	admit(&t, LOT_FRESH);
	assert_int_equal(t.opening.events, 0);
	assert_int_equal(scene_int(t.s, "SELECT state FROM delivery WHERE key >= 2048"),
			 STATUS_DUPLICATE * 16);
	assert_ok(t.s, lookup_event(&t.s->db, "id", ids, &count, &t.s->e));
	assert_ok(t.s, lookup_holder(&t.s->db, ids, count, &holder, &t.s->e));
	assert_int_equal(holder, 1);
	tear_down(&t);
}

static void retry(struct stage *t)
{
	struct requeue q;

	assert_ok(t->s, requeue_open(&q, &t->s->db, REQUEUE_RETRY, &t->s->e));
	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
	assert_ok(t->s, requeue_row(&q, t->entry.outbox_id, &t->s->e));
	commit(t);
	assert_int_equal(q.moved, 1);
	requeue_close(&q);
}

/* What was cancelled after its first request, and is wanted again: how that ended. */
static const struct answer ends[] = {
	{TRANSPORT_LOST, 0, false, 0, "reset", ""},
	{TRANSPORT_ANSWERED, 200, false, 0, "", ""},
	{TRANSPORT_ANSWERED, 200, true, 20001, "partly", ""},
	{TRANSPORT_ANSWERED, 200, true, 50000, "later", ""},
	{TRANSPORT_ANSWERED, 502, true, 50000, "later", ""},
	{TRANSPORT_ANSWERED, 408, false, 0, "", ""},
	{TRANSPORT_ANSWERED, 500, false, 0, "", ""},
	{TRANSPORT_ANSWERED, 502, false, 0, "", ""},
	{TRANSPORT_ANSWERED, 599, false, 0, "", ""},
	{TRANSPORT_ANSWERED, 429, false, 0, "", ""},
	{TRANSPORT_NOT_SENT, 0, false, 0, "refused", ""},
};

static void an_unknown_outcome_stays_as_old_as_it_is(void **state)
{
	struct stage t;

	set_up(&t, state);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		enum verdict v = verdict_of(&ends[i]);
		bool unknown = verdict_is_unsure(v, &ends[i]);

		scene_exec(t.s, "DELETE FROM waiting; DELETE FROM counter");
		insert(&t);
		t.entry.hash = 0;
		admit(&t, LOT_FRESH);
		settle(&t, verdict_spends(v) ? SETTLE_RETRY : SETTLE_PARK, v, &ends[i],
		       t.entry.outbox_id);
		assert_int_equal(scene_int(t.s, "SELECT state FROM delivery"),
				 REASON_DISCONNECTED);
		retry(&t);
		assert_int_equal(scene_int(t.s, "SELECT attempts FROM waiting"), unknown);
		assert_int_equal(
			scene_int(t.s, "SELECT coalesce(unknown, 0) FROM waiting"),
			unknown);
		assert_int_equal(
			scene_int(t.s, "SELECT coalesce(first_sent_at, 0) FROM waiting"),
			unknown ? NOW_MS : 0);
	}
	tear_down(&t);
}

/* A request that was given up before it began has no answer to show: the number may be that of
 * another one soon. */
static void a_request_that_never_began_leaves_no_trace(void **state)
{
	struct stage t;

	set_up(&t, state);
	insert(&t);
	admit(&t, LOT_FRESH);
	settle(&t, SETTLE_PARK, VERDICT_RETRY, NULL, 0);
	assert_int_equal(scene_int(t.s, "SELECT count(attempt_id) FROM waiting"), 0);
	admit(&t, LOT_RETRY);
	settle(&t, SETTLE_RETRY, VERDICT_RETRY, &none, 0);
	t.entry.attempts = 1;
	t.entry.flags |= ENTRY_RETRYING;
	admit(&t, LOT_RETRY);
	settle(&t, SETTLE_PARK, VERDICT_RETRY, NULL, 0);
	assert_int_equal(scene_int(t.s, "SELECT attempt_id FROM waiting"), 2);
	tear_down(&t);
}

/* The advice of retries_exhausted is to see what TikTok said. */
static void what_ends_without_a_request_keeps_the_last_answer(void **state)
{
	static const enum reason reasons[] = {REASON_NONE, REASON_CONSENT_DENIED};
	struct stage t;

	set_up(&t, state);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		scene_exec(t.s, "DELETE FROM delivery; DELETE FROM counter");
		insert(&t);
		t.entry.hash = 0;
		admit(&t, LOT_FRESH);
		settle(&t, SETTLE_RETRY, VERDICT_RETRY, &none, 0);
		t.entry.attempts = 1;
		t.entry.first_sent_ms = NOW_MS - 48 * 3600 * INT64_C(1000);
		t.entry.flags |= ENTRY_RETRYING;
		t.entry.reason = (uint8_t)reasons[i];
		admit(&t, LOT_RETRY);
		assert_int_equal(scene_int(t.s, "SELECT state FROM delivery"),
				 reasons[i] ? reasons[i] : REASON_RETRIES_EXHAUSTED);
		assert_int_equal(
			scene_int(t.s, "SELECT a.api_message = 'reset' FROM delivery d "
				       "JOIN attempt a ON a.id = d.attempt_id"),
			1);
		assert_int_equal(scene_int(t.s, "SELECT first_sent_at FROM delivery"),
				 t.entry.first_sent_ms);
	}
	tear_down(&t);
}

/* Its destination takes nothing now: it waits on, as what it waited as. */
static void what_is_parked_again_waits_as_before(void **state)
{
	struct stage t;

	set_up(&t, state);
	insert(&t);
	admit(&t, LOT_FRESH);
	settle(&t, SETTLE_RETRY, VERDICT_RETRY, &none, 0);
	t.entry.attempts = 1;
	t.entry.flags |= ENTRY_RETRYING | ENTRY_PARKED;
	admit(&t, LOT_RETRY);
	assert_int_equal(scene_int(t.s, "SELECT status FROM waiting"), STATUS_RETRYING);
	assert_int_equal(scene_int(t.s, "SELECT reason FROM waiting"),
			 REASON_SERVER_ERROR);
	tear_down(&t);
}

static void cancel(struct stage *t)
{
	struct requeue q;

	assert_ok(t->s, requeue_open(&q, &t->s->db, REQUEUE_CANCEL, &t->s->e));
	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
	assert_ok(t->s, requeue_row(&q, t->entry.outbox_id, &t->s->e));
	commit(t);
	requeue_close(&q);
}

static void disconnect(struct stage *t)
{
	int64_t through, count;
	bool only;

	assert_ok(t->s, disconnect_mark(&t->s->db, 1, &through, &only, &t->s->e));
	assert_ok(t->s, disconnect_waiting(&t->s->db, 1, through, &count, &t->s->e));
}

/* delivery_status tells the time of the request that a delivery names as first_sent_at. */
static void what_never_left_was_never_sent(void **state)
{
	static void (*const ways[])(struct stage *) = {NULL, cancel, disconnect};
	struct stage t;

	set_up(&t, state);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		insert(&t);
		t.entry.hash = 0;
		admit(&t, LOT_FRESH);
		settle(&t, SETTLE_PARK, VERDICT_NOT_SENT, &none,
		       ways[i] ? 0 : t.entry.outbox_id);
		if (ways[i])
			ways[i](&t);
		assert_int_equal(scene_int(t.s, "SELECT count(*) FROM delivery"), i + 1);
		assert_int_equal(scene_int(t.s, "SELECT count(attempt_id) + "
						"count(first_sent_at) FROM delivery"),
				 0);
	}
	tear_down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_unknown_outcome_keeps_its_id),
		T(an_unknown_outcome_stays_as_old_as_it_is),
		T(a_request_that_never_began_leaves_no_trace),
		T(what_ends_without_a_request_keeps_the_last_answer),
		T(what_is_parked_again_waits_as_before),
		T(what_never_left_was_never_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
