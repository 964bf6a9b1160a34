/* SPDX-License-Identifier: MIT
 *
 * The changing half of store/forget.h. */
#include "core/statement.h"
#include "store/forget.h"

#include "core/reason.h"
#include "store/edges.h"
#include "store/members.h"
#include "store/outbox.h"
#include "store/queue.h"

static enum err_code on_key(struct forget *f, sqlite3_stmt *stmt, int64_t key,
			    struct err *e)
{
	sqlite3_bind_int64(stmt, 1, key);
	return db_run(f->db, stmt, e);
}

static enum err_code recount(struct forget *f, int32_t destination_id, int from,
			     int64_t outbox_id, struct err *e)
{
	if (from && counter_add(&f->counter, destination_id, from, -1, f->now_ms,
				outbox_id, e) != ERR_OK)
		return e->code;
	return counter_add(&f->counter, destination_id, REASON_ERASED, 1, f->now_ms,
			   outbox_id, e);
}

/* Whether the row travels in a request right now. */
static enum err_code is_in_flight(struct forget *f, int64_t outbox_id, bool *in_flight,
				  struct err *e)
{
	bool row;

	*in_flight = false;
	sqlite3_bind_int64(f->open, 1, outbox_id);
	while (db_step(f->db, f->open, &row, e) == ERR_OK && row) {
		struct str members = db_column(f->open, 0);
		int64_t id = 0;

		while (members_next(&members, &id) && id < outbox_id)
			;
		*in_flight = *in_flight || id == outbox_id;
	}
	sqlite3_reset(f->open);
	return e->code;
}

struct wait {
	int64_t key;
	int status;
	int32_t destination_id;
};

/* The next waiting row of the outbox row behind `after`. */
static enum err_code next_wait(struct forget *f, int64_t outbox_id, int64_t after,
			       struct wait *out, bool *found, struct err *e)
{
	sqlite3_bind_int64(f->waiting, 1, outbox_id * KEY_DESTINATIONS);
	sqlite3_bind_int64(f->waiting, 2, after);
	if (db_step(f->db, f->waiting, found, e) == ERR_OK && *found)
		*out = (struct wait){sqlite3_column_int64(f->waiting, 0),
				     sqlite3_column_int(f->waiting, 1),
				     sqlite3_column_int(f->waiting, 2)};
	sqlite3_reset(f->waiting);
	return e->code;
}

static enum err_code cancel_waiting(struct forget *f, int64_t outbox_id, bool *any,
				    struct err *e)
{
	struct wait w = {.key = 0};
	bool found;

	for (;;) {
		if (next_wait(f, outbox_id, w.key, &w, &found, e) != ERR_OK || !found)
			return e->code;
		if (on_key(f, f->to_delivery, w.key, e) != ERR_OK ||
		    on_key(f, f->unwait, w.key, e) != ERR_OK ||
		    recount(f, w.destination_id,
			    w.status == STATUS_HELD ? (int)REASON_OUTCOME_UNKNOWN
						    : w.status * 16,
			    outbox_id, e) != ERR_OK)
			return e->code;
		*any = true;
	}
}

/* A row that the relay has not come to is skipped by it when it has a delivery. */
static enum err_code cancel_unclaimed(struct forget *f, int64_t outbox_id, bool *any,
				      struct err *e)
{
	bool delivered;

	if (outbox_id <= f->cursor)
		return ERR_OK;
	sqlite3_bind_int64(f->delivered, 1, outbox_id * KEY_DESTINATIONS);
	e->code = db_step(f->db, f->delivered, &delivered, e);
	sqlite3_reset(f->delivered);
	if (e->code != ERR_OK || delivered)
		return e->code;
	*any = true;
	if (on_key(f, f->cancel, outbox_id * KEY_DESTINATIONS, e) != ERR_OK)
		return e->code;
	return recount(f, 0, 0, outbox_id, e);
}

/* Rejected, failed or skipped: nobody is to mend it and send it after all. */
static enum err_code cancel_ended(struct forget *f, int64_t outbox_id, bool *any,
				  struct err *e)
{
	int64_t key = 0, created_ms = 0;
	int state = 0;
	bool found;

	for (;;) {
		sqlite3_bind_int64(f->ended, 1, outbox_id * KEY_DESTINATIONS);
		sqlite3_bind_int64(f->ended, 2, key);
		if (db_step(f->db, f->ended, &found, e) == ERR_OK && found) {
			key = sqlite3_column_int64(f->ended, 0);
			state = sqlite3_column_int(f->ended, 1);
			created_ms = outbox_created_ms(f->ended, 2, f->now_ms);
		}
		sqlite3_reset(f->ended);
		if (e->code != ERR_OK || !found)
			return e->code;
		if (on_key(f, f->end, key, e) != ERR_OK ||
		    counter_begin_anew(&f->counter, (int32_t)(key % KEY_DESTINATIONS),
				       state, created_ms, f->now_ms, e) != ERR_OK ||
		    recount(f, (int32_t)(key % KEY_DESTINATIONS), state, outbox_id, e) !=
			    ERR_OK)
			return e->code;
		*any = true;
	}
}

static enum err_code erase_row(struct forget *f, int64_t outbox_id, struct err *e)
{
	bool in_flight, cancelled = false, ended = false;

	if (is_in_flight(f, outbox_id, &in_flight, e) != ERR_OK)
		return e->code;
	if (in_flight) {
		f->in_flight++;
		return ERR_OK;
	}
	if (cancel_waiting(f, outbox_id, &cancelled, e) != ERR_OK ||
	    cancel_unclaimed(f, outbox_id, &cancelled, e) != ERR_OK ||
	    cancel_ended(f, outbox_id, &ended, e) != ERR_OK ||
	    ((cancelled || ended) &&
	     given_up_row(&f->given_up, outbox_id, REASON_ERASED, e) != ERR_OK) ||
	    scrub_erase(&f->scrub, outbox_id, e) != ERR_OK)
		return e->code;
	f->cancelled += cancelled || ended;
	f->erased++;
	return ERR_OK;
}

enum err_code forget_erase(struct forget *f, enum forget_table table, struct err *e)
{
	if (db_int(f->db, "SELECT cursor FROM queue", 0, &f->cursor, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < f->found_count && e->code == ERR_OK; i++) {
		switch (table) {
		case FORGET_OUTBOX: e->code = erase_row(f, f->found[i], e); break;
		case FORGET_VISIT:
			f->visits_gone++;
			e->code = on_key(f, f->drop_visit, f->found[i], e);
			break;
		case FORGET_CONSENT:
			f->consents_gone++;
			e->code = on_key(f, f->drop_consent, f->found[i], e);
			break;
		}
	}
	return e->code;
}

enum err_code forget_graph(struct forget *f, struct err *e)
{
	e->code = ERR_OK;
	for (size_t i = 0; i < f->node_count; i++) {
		int64_t node = (int64_t)f->nodes[i];

		if (on_key(f, f->drop_pages, node, e) != ERR_OK ||
		    on_key(f, f->drop_statements, node, e) != ERR_OK ||
		    on_key(f, f->drop_statements, (int64_t)statement_for_all(f->nodes[i]),
			   e) != ERR_OK)
			return e->code;
	}
	return edges_erase(f->db, f->nodes, f->node_count, e);
}
