/* SPDX-License-Identifier: MIT
 *
 * The durable queue on a real file: what each step leaves for an admin to see, for a restart
 * to find, and for the counters to agree with. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

#include "store/queue.h"

#define ROWS 4
#define NOW_MS INT64_C(1790000000000)
#define HOUR_MS INT64_C(3600000)

struct stage {
	struct scene *s;
	struct db admin; /* reads the views */
	struct queue q;
	struct lot lot;
	struct entry entries[2 * ROWS];
	struct opening opening;
};

static const char names[] = "id-1id-2id-3id-4id-5id-6id-7id-8id-9";

/* Rows first.. of the outbox, "id-N", for destination 1. */
static void fill(struct stage *t, int64_t first, uint32_t count)
{
	memset(t->entries, 0, sizeof(t->entries));
	for (uint32_t i = 0; i < count; i++) {
		struct entry *n = &t->entries[i];

		n->outbox_id = first + i;
		n->destination_id = 1;
		n->id_at = (uint32_t)(first - 1 + i) * 4;
		n->id_len = 4;
		n->hash = dedup_hash(t->q.dedup.seed, str_make(names + n->id_at, 4));
		n->event_time = NOW_MS / 1000;
		n->limited_data_use = 1;
		n->flags = ENTRY_FIRST;
		n->batch = 1;
	}
	t->lot = (struct lot){.kind = LOT_FRESH, .first_id = first, .now_ms = NOW_MS};
	t->lot.last_id = first + (int64_t)count - 1;
	t->lot.entries = t->entries;
	t->lot.count = count;
	t->lot.text = names;
	t->opening = (struct opening){first, 1, 1, 0};
}

static void begin(struct stage *t)
{
	assert_ok(t->s, db_begin(&t->s->db, &t->s->e));
}

static void commit(struct stage *t)
{
	assert_ok(t->s, db_commit(&t->s->db, &t->s->e));
	dedup_commit(&t->q.dedup);
}

static void admit(struct stage *t)
{
	begin(t);
	assert_ok(t->s, queue_admit(&t->q, &t->lot, &t->opening, 1, &t->s->e));
	commit(t);
}

static void open_queue(struct stage *t)
{
	struct scene *s = t->s;

	assert_ok(s, queue_open(&t->q, &s->db, &s->e));
	t->q.now_ms = NOW_MS;
}

static int64_t seen(struct stage *t, const char *sql)
{
	int64_t value;

	assert_ok(t->s, db_int(&t->admin, sql, -1, &value, &t->s->e));
	return value;
}

/* A destination and ROWS rows of the outbox. */
static void set_up(struct stage *t, void **state)
{
	struct scene *s = *state;

	scene_exec(s, "INSERT INTO destination (id, name, source, pixel_id) VALUES (1, "
		      "'shop', 'web', 'P');"
		      "INSERT INTO event_name VALUES (1, 'Purchase');"
		      "INSERT INTO outbox (event_id, event, payload) VALUES "
		      "('id-1', 'purchase', '{}'), ('id-2', 'purchase', '{}'), "
		      "('id-3', 'purchase', '{}'), ('id-4', 'purchase', '{}')");
	memset(t, 0, sizeof(*t));
	t->s = s;
	assert_ok(s, db_open(&t->admin, s->path, DB_READ, &s->e));
	open_queue(t);
	fill(t, 1, ROWS);
}

/* What a relay that starts again does. */
static int restart(struct stage *t)
{
	struct scene *s = t->s;
	int recovered;

	queue_close(&t->q);
	open_queue(t);
	begin(t);
	assert_ok(s, queue_recover(&t->q, &recovered, &s->e));
	commit(t);
	return recovered;
}

static void tear_down(struct stage *t)
{
	assert_int_equal(scene_miscounted(t->s), 0);
	queue_close(&t->q);
	db_close(&t->admin);
}

static int64_t count(struct stage *t, const char *status, const char *reason)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM delivery_status WHERE status = '%s' AND "
		 "coalesce(reason, '') = '%s'",
		 status, reason);
	return seen(t, sql);
}

static void settle(struct stage *t, enum disposition disposition, enum reason reason,
		   bool unknown, const struct answer *answer)
{
	struct settlement s = {
		.attempt_id = t->opening.attempt_id,
		.batch = 1,
		.disposition = disposition,
		.reason = reason,
		.unknown = unknown,
		.started_ms = NOW_MS,
		.due_ms = NOW_MS + 1000,
		.took_ms = 12,
		.verdict = disposition == SETTLE_DELIVERED ? VERDICT_DELIVERED
							   : VERDICT_RETRY,
		.answer = answer,
	};

	begin(t);
	assert_ok(t->s, queue_settle(&t->q, &t->lot, &s, &t->s->e));
	commit(t);
}

static const struct answer ok = {TRANSPORT_ANSWERED, 200, true, 0, "OK", "R1"};
static const struct answer broken = {TRANSPORT_ANSWERED, 200, true, 50000, "no", "R2"};

static void a_claim_is_seen_and_moves_the_cursor(void **state)
{
	struct stage t;
	int64_t cursor, attempt;

	set_up(&t, state);
	assert_int_equal(count(&t, "pending", "needs_token") + count(&t, "pending", ""),
			 ROWS);
	admit(&t);
	assert_int_equal(t.opening.events, ROWS);
	assert_int_equal(count(&t, "sending", ""), ROWS);
	assert_int_equal(seen(&t, "SELECT sending FROM queue_status"), ROWS);
	assert_ok(t.s, queue_position(&t.q, &cursor, &attempt, &t.s->e));
	assert_int_equal(cursor, ROWS);
	assert_int_equal(attempt, 1);
	tear_down(&t);
}

static const struct {
	enum disposition disposition;
	enum reason reason;
	bool unknown;
	const struct answer *answer;
	const char *status, *why;
	int attempts, open_attempts;
} dispositions[] = {
	{SETTLE_DELIVERED, REASON_NONE, false, &ok, "delivered", "", 1, 0},
	{SETTLE_FAILED, REASON_REFUSED_BY_TIKTOK, false, &broken, "failed",
	 "refused_by_tiktok", 1, 0},
	{SETTLE_RETRY, REASON_SERVER_ERROR, false, &broken, "retrying", "server_error", 1,
	 0},
	{SETTLE_RETRY, REASON_NETWORK, true, &broken, "retrying", "network", 1, 0},
	{SETTLE_PARK, REASON_RATE_LIMITED, false, &broken, "pending", "", 0, 0},
	{SETTLE_PARK, REASON_RATE_LIMITED, false, NULL, "pending", "", 0, 0},
	{SETTLE_NONE, REASON_NONE, false, &broken, "", "", 0, 0},
};

static void each_disposition(void **state)
{
	struct stage t;

	set_up(&t, state);
	for (size_t i = 0; i < sizeof(dispositions) / sizeof(dispositions[0]); i++) {
		const char *status = dispositions[i].status;

		scene_exec(t.s,
			   "DELETE FROM attempt; DELETE FROM delivery; DELETE FROM "
			   "waiting; DELETE FROM counter; DELETE FROM dedup_late; UPDATE "
			   "queue SET cursor = 0");
		queue_close(&t.q);
		open_queue(&t);
		fill(&t, 1, ROWS);
		admit(&t);
		settle(&t, dispositions[i].disposition, dispositions[i].reason,
		       dispositions[i].unknown, dispositions[i].answer);
		if (*status && count(&t, status, dispositions[i].why) != ROWS)
			fail_msg("%zu: not %s", i, status);
		if (*status)
			assert_int_equal(
				seen(&t, "SELECT max(attempts) FROM delivery_status"),
				dispositions[i].attempts);
		assert_int_equal(scene_int(t.s, "SELECT count(*) FROM attempt WHERE "
						"outcome IS NULL"),
				 0);
		assert_int_equal(scene_int(t.s, "SELECT count(*) FROM attempt"),
				 dispositions[i].answer != NULL);
		assert_int_equal(scene_miscounted(t.s), 0);
	}
	tear_down(&t);
}

static void the_parts_of_a_refused_request(void **state)
{
	struct opening part = {2, 1, 2, 0};
	struct stage t;

	set_up(&t, state);
	admit(&t);
	t.entries[2].batch = t.entries[3].batch = 2;
	settle(&t, SETTLE_NONE, REASON_NONE, false, &broken);
	begin(&t);
	t.opening.attempt_id = 3;
	assert_ok(t.s, queue_reopen(&t.q, &t.lot, &t.opening, &t.s->e));
	assert_ok(t.s, queue_reopen(&t.q, &t.lot, &part, &t.s->e));
	commit(&t);
	assert_int_equal(t.opening.events, 2);
	assert_int_equal(part.events, 2);
	assert_int_equal(seen(&t, "SELECT sending FROM queue_status"), ROWS);
	settle(&t, SETTLE_DELIVERED, REASON_NONE, false, &ok);
	assert_int_equal(count(&t, "delivered", ""), 2);
	assert_int_equal(count(&t, "sending", ""), 2);
	assert_int_equal(restart(&t), 1);
	assert_int_equal(count(&t, "retrying", "network"), 2);
	tear_down(&t);
}

static void what_a_dead_relay_left_open(void **state)
{
	struct stage t;

	set_up(&t, state);
	admit(&t);
	assert_int_equal(restart(&t), 1);
	assert_int_equal(count(&t, "retrying", "network"), ROWS);
	assert_int_equal(scene_int(t.s, "SELECT count(*) FROM waiting WHERE unknown = 1 "
					"AND attempts = 1 AND event_hash IS NOT NULL"),
			 ROWS);
	/* Its ids are still held. */
	scene_exec(t.s,
		   "INSERT INTO outbox (event_id, event) VALUES ('id-2', 'purchase')");
	fill(&t, 5, 1);
	t.entries[0].id_at = 4;
	t.entries[0].hash = dedup_hash(t.q.dedup.seed, STR("id-2"));
	admit(&t);
	assert_int_equal(t.opening.events, 0);
	assert_int_equal(count(&t, "duplicate", ""), 1);
	assert_int_equal(restart(&t), 0);
	tear_down(&t);
}

static void a_row_taken_up_again_dies_again(void **state)
{
	struct stage t;

	set_up(&t, state);
	admit(&t);
	restart(&t);
	for (int round = 2; round < 4; round++, t.q.now_ms += HOUR_MS) { /* of its 47 */
		fill(&t, 1, ROWS);
		t.lot.kind = LOT_RETRY;
		t.opening.attempt_id = round;
		for (int i = 0; i < ROWS; i++) {
			t.entries[i].flags |= ENTRY_RETRYING | ENTRY_UNKNOWN;
			t.entries[i].attempts = (uint16_t)(round - 1);
			t.entries[i].first_sent_ms = NOW_MS;
		}
		admit(&t);
		assert_int_equal(t.opening.events, ROWS);
		assert_int_equal(count(&t, "sending", ""), ROWS);
		scene_exec(t.s, "UPDATE waiting SET unknown = 0");
		assert_int_equal(restart(&t), 1);
		assert_int_equal(scene_int(t.s, "SELECT min(attempts * unknown) FROM "
						"waiting"),
				 round);
		assert_int_equal(scene_int(t.s, "SELECT max(first_sent_at) FROM waiting"),
				 NOW_MS);
	}
	assert_int_equal(count(&t, "retrying", "network"), ROWS);
	tear_down(&t);
}

static void duplicates_in_the_lot(void **state)
{
	struct stage t;

	set_up(&t, state);
	scene_exec(t.s, "UPDATE outbox SET event_id = 'id-1' WHERE id IN (2, 4)");
	t.entries[1].hash = t.entries[3].hash = t.entries[0].hash;
	t.entries[1].id_at = t.entries[3].id_at = 0;
	admit(&t);
	/* The first waits a moment, to be sent with what its duplicates add. */
	assert_int_equal(t.opening.events, 1);
	assert_int_equal(count(&t, "pending", ""), 1);
	assert_int_equal(count(&t, "duplicate", ""), 2);
	settle(&t, SETTLE_DELIVERED, REASON_NONE, false, &ok);
	assert_int_equal(count(&t, "delivered", ""), 1);
	tear_down(&t);
}

static void a_row_rejected_in_the_lot_gives_its_id_up(void **state)
{
	struct stage t;

	set_up(&t, state);
	scene_exec(t.s, "UPDATE outbox SET event_id = 'id-1' WHERE id < 4");
	for (int i = 1; i < 3; i++) {
		t.entries[i].hash = t.entries[0].hash;
		t.entries[i].id_at = 0;
	}
	t.entries[0].reason = REASON_MISSING_PAGE_URL;
	admit(&t);
	assert_int_equal(count(&t, "rejected", "missing_page_url"), 1);
	assert_int_equal(count(&t, "duplicate", ""), 1);
	assert_int_equal(t.opening.events, 1); /* id-4 */
	assert_int_equal(
		scene_int(t.s, "SELECT sum(outbox_id) FROM duplicate WHERE first_id = 2"),
		1 + 3);
	tear_down(&t);
}

static void equal_hashes_of_different_ids(void **state)
{
	struct stage t;

	set_up(&t, state);
	for (int i = 0; i < ROWS; i++)
		t.entries[i].hash = 77;
	admit(&t);
	assert_int_equal(t.opening.events, ROWS);
	assert_int_equal(count(&t, "duplicate", ""), 0);
	tear_down(&t);
}

/* The writer tries the jobs of a failed transaction again, each alone. */
static void a_transaction_that_fails_leaves_nothing(void **state)
{
	struct stage t;

	set_up(&t, state);
	scene_exec(t.s, "UPDATE outbox SET event_id = 'id-1' WHERE id = 2");
	t.entries[1].hash = t.entries[0].hash;
	t.entries[1].id_at = 0;
	t.entries[2].reason = REASON_MISSING_PAGE_URL;
	begin(&t);
	assert_ok(t.s, queue_admit(&t.q, &t.lot, &t.opening, 1, &t.s->e));
	db_rollback(&t.s->db);
	dedup_rollback(&t.q.dedup);
	assert_int_equal(scene_int(t.s, "SELECT cursor FROM queue"), 0);
	admit(&t); /* the same lot; no row is a duplicate of itself */
	assert_int_equal(t.opening.events, 1);
	settle(&t, SETTLE_DELIVERED, REASON_NONE, false, &ok);
	assert_int_equal(count(&t, "delivered", ""), 1);
	assert_int_equal(count(&t, "duplicate", ""), 1);
	assert_int_equal(count(&t, "rejected", "missing_page_url"), 1);
	tear_down(&t);
}

static void parked_rows_wait_and_are_taken(void **state)
{
	struct stage t;

	set_up(&t, state);
	for (int i = 0; i < ROWS; i++)
		t.entries[i].flags |= ENTRY_PARKED;
	admit(&t);
	assert_int_equal(t.opening.events, 0);
	assert_int_equal(seen(&t, "SELECT pending FROM queue_status"), ROWS);
	/* One of them is cancelled before it is taken. */
	scene_exec(t.s, "DELETE FROM waiting WHERE key = 2 * 1024 + 1;"
			"UPDATE counter SET count = count - 1 WHERE state = 16");
	fill(&t, 1, ROWS);
	t.lot.kind = LOT_RETRY;
	admit(&t);
	assert_int_equal(t.opening.events, ROWS - 1);
	settle(&t, SETTLE_DELIVERED, REASON_NONE, false, &ok);
	assert_int_equal(count(&t, "delivered", ""), ROWS - 1);
	assert_int_equal(seen(&t, "SELECT pending FROM queue_status"), 0);
	tear_down(&t);
}

static void nothing_is_resent_after_47_hours(void **state)
{
	struct stage t;

	set_up(&t, state);
	admit(&t);
	settle(&t, SETTLE_RETRY, REASON_NETWORK, true, &broken);
	fill(&t, 1, ROWS);
	t.lot.kind = LOT_RETRY;
	t.opening.attempt_id = 2;
	for (int i = 0; i < ROWS; i++) {
		t.entries[i].flags |= ENTRY_RETRYING | (i % 2 ? ENTRY_UNKNOWN : 0);
		t.entries[i].attempts = 5;
		t.entries[i].first_sent_ms = NOW_MS - (i < 2 ? 47 : 48) * HOUR_MS;
	}
	admit(&t);
	assert_int_equal(t.opening.events, 2); /* those of exactly 47 hours */
	assert_int_equal(count(&t, "held", "outcome_unknown"), 1);
	assert_int_equal(count(&t, "failed", "retries_exhausted"), 1);
	tear_down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_claim_is_seen_and_moves_the_cursor),
		T(each_disposition),
		T(the_parts_of_a_refused_request),
		T(what_a_dead_relay_left_open),
		T(a_row_taken_up_again_dies_again),
		T(duplicates_in_the_lot),
		T(a_row_rejected_in_the_lot_gives_its_id_up),
		T(equal_hashes_of_different_ids),
		T(a_transaction_that_fails_leaves_nothing),
		T(parked_rows_wait_and_are_taken),
		T(nothing_is_resent_after_47_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
