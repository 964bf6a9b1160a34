/* SPDX-License-Identifier: MIT */
#include "producer.h"

#include <stdio.h>

#include "fiber.h"

static int number_of(const struct row *r)
{
	return (int)(r - world->rows);
}

void producer_event_id(const struct row *r, char *out, size_t cap)
{
	const struct row *first = &world->rows[r->twin];

	if (first->kind == ROW_DERIVED)
		snprintf(out, cap, "%s", "");
	else
		snprintf(out, cap, "%s-%d", first->kind == ROW_POISON ? "poison" : "id",
			 number_of(first));
}

static enum row_kind choose_kind(void)
{
	if (world->plan.kinds == 1u << ROW_AGING)
		return ROW_AGING;
	for (int i = 0; i < 20; i++) {
		enum row_kind kind = (enum row_kind)chance_below(CHANCE_ACTOR, ROW_KINDS);

		if (world->plan.kinds & 1u << kind)
			return kind;
	}
	return ROW_PLAIN;
}

/* Another row to share an id with: one of the latest, whatever became of it. */
static int choose_twin(int n)
{
	int back = (int)chance_skewed(CHANCE_ACTOR, 1, 12);

	return n - back >= 0 ? world->rows[n - back].twin : n;
}

static struct row *row_new(int transaction)
{
	struct row *r = &world->rows[world->row_count];

	if (world->row_count == ROWS_MAX)
		return NULL;
	*r = (struct row){.kind = choose_kind(),
			  .transaction = transaction,
			  .at_us = world->now_us};
	r->twin = world->row_count;
	if (r->kind == ROW_TWIN)
		r->twin = choose_twin(world->row_count);
	if (r->twin == world->row_count && r->kind == ROW_TWIN)
		r->kind = ROW_PLAIN;
	world->row_count++;
	return r;
}

/* Rows of one id and no id of their own are one order: their order_id is the id. */
static void payload_of(const struct row *r, char *out, size_t cap)
{
	static const char *const kinds[ROW_AGING + 1] = {
		[ROW_BAD_JSON] = "{\"page\":",
		[ROW_NO_URL] =
			"{\"properties\":{\"value\":\"1.10\",\"currency\":\"EUR\"}}",
		[ROW_DENIED] = "{\"consent\":{\"ad_user_data\":\"GRANTED\","
			       "\"ad_storage\":\"DENIED\"},"
			       "\"page\":{\"url\":\"https://shop.example/a\"}}",
	};
	int n = number_of(r);

	if (kinds[r->kind])
		snprintf(out, cap, "%s", kinds[r->kind]);
	else if (r->kind == ROW_VISITOR)
		snprintf(out, cap, "{\"session_id\":\"s%d\"}", n);
	else
		snprintf(out, cap,
			 "{%s\"page\":{\"url\":\"https://shop.example/%d\"},"
			 "\"properties\":{\"value\":%d.99,\"currency\":\"EUR\","
			 "\"order_id\":\"t-%d\"}%s%d%s}",
			 r->kind == ROW_PERSON
				 ? "\"consent\":{\"ad_user_data\":\"GRANTED\"},"
				 : "",
			 n, n, r->twin,
			 r->kind == ROW_PERSON ? ",\"user\":{\"email\":\"canary"
					       : ",\"n\":",
			 n, r->kind == ROW_PERSON ? "@example.com\"}" : "");
}

static enum err_code insert_visit(struct db *db, const struct row *r, struct err *e)
{
	sqlite3_stmt *s;
	char session[24];

	if (db_prepare(db,
		       "INSERT INTO visit (session_id, page_url) VALUES "
		       "(?1, 'https://shop.example/landing')",
		       &s, e) != ERR_OK)
		return e->code;
	snprintf(session, sizeof(session), "s%d", number_of(r));
	db_bind(s, 1, str_of(session));
	e->code = db_run(db, s, e);
	sqlite3_finalize(s);
	return e->code;
}

static int64_t event_time_of(const struct row *r)
{
	int64_t now = world_wall_ms() / 1000;

	return r->kind == ROW_OLD      ? now - 40 * 86400
	       : r->kind == ROW_FUTURE ? now + 86400
	       : r->kind == ROW_AGING  ? now - 28 * 86400 + 3600
				       : 0;
}

static enum err_code insert(struct db *db, struct row *r, struct err *e)
{
	char id[40], payload[400];
	sqlite3_stmt *s;

	if (r->kind == ROW_VISITOR && insert_visit(db, r, e) != ERR_OK)
		return e->code;
	if (db_prepare(db,
		       "INSERT INTO outbox (event_id, event, event_time, payload) "
		       "VALUES (nullif(?1, ''), ?2, nullif(?3, 0), ?4)",
		       &s, e) != ERR_OK)
		return e->code;
	producer_event_id(r, id, sizeof(id));
	payload_of(r, payload, sizeof(payload));
	db_bind(s, 1, str_of(id));
	db_bind(s, 2, r->kind == ROW_UNMAPPED ? STR("nonsense") : STR("purchase"));
	sqlite3_bind_int64(s, 3, event_time_of(r));
	db_bind(s, 4, str_of(payload));
	e->code = db_run(db, s, e);
	sqlite3_finalize(s);
	r->id = sqlite3_last_insert_rowid(db->handle);
	return e->code;
}

static enum err_code insert_all(struct db *db, int transaction, int count, struct err *e)
{
	e->code = ERR_OK;
	for (int i = 0; i < count && e->code == ERR_OK; i++) {
		struct row *r = row_new(transaction);

		if (!r)
			break;
		e->code = insert(db, r, e);
		if (chance_hit(CHANCE_ACTOR, 20))
			fiber_sleep(chance_skewed(CHANCE_ACTOR, 10, 20000));
	}
	return e->code;
}

static void tell(int transaction)
{
	for (int i = 0; i < world->row_count; i++) {
		struct row *r = &world->rows[i];

		if (r->transaction != transaction)
			continue;
		r->committed = true;
		trace("commit", "row %d is outbox %lld, kind %d", i, (long long)r->id,
		      (int)r->kind);
	}
}

void producer_commit(struct db *db, int count, bool keep)
{
	struct err e = {ERR_OK, ""};
	int transaction = ++world->transactions;

	if (db_begin(db, &e) == ERR_OK &&
	    insert_all(db, transaction, count, &e) == ERR_OK && keep &&
	    db_commit(db, &e) == ERR_OK) {
		tell(transaction);
		return;
	}
	trace("commit", "not done: %s", e.msg);
	db_rollback(db);
}

void producer_withdraw(struct db *db)
{
	struct err e = {ERR_OK, ""};
	sqlite3_stmt *s;
	char email[40];

	if (world->row_count == 0)
		return;
	world->withdrawn = true;
	if (db_prepare(db,
		       "INSERT INTO consent (email, ad_storage) VALUES (?1, 'DENIED')",
		       &s, &e) != ERR_OK)
		return;
	snprintf(email, sizeof(email), "canary%d@example.com",
		 (int)chance_below(CHANCE_ACTOR, world->row_count));
	db_bind(s, 1, str_of(email));
	if (db_run(db, s, &e) != ERR_OK)
		trace("consent", "%s", e.msg);
	sqlite3_finalize(s);
}
