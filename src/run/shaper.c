/* SPDX-License-Identifier: MIT */
#include "run/shaper.h"

#include <assert.h>

#include "base/clock.h"
#include "core/backoff.h"
#include "core/normalize.h"
#include "core/redact.h"
#include "core/redact_text.h"
#include "core/sha256_hex.h"
#include "run/filler.h"
#include "store/intact.h"

enum { OTHER_CLOCK_MS = 60 * 1000 }; /* by so much it is not the same one, set a little */

struct work {
	struct judge *judge;
	struct load *load;
	struct err *err;
	size_t read;  /* bytes */
	bool full;    /* the load */
	bool lacking; /* a row of the load ends for want of what a duplicate may have */
};

/* A longer id is none; names are shorter. So there is room until the load is full. */
static void keep_text(struct load *load, struct str text, uint32_t *at, uint32_t *len)
{
	*at = (uint32_t)load->text.len;
	if (text.len <= EVENT_ID_MAX)
		buf_adds(&load->text, text);
	assert(!load->text.full);
	*len = (uint32_t)load->text.len - *at;
}

static void set_reason(struct work *w, struct entry *n, enum reason reason)
{
	n->reason = (uint8_t)reason;
	if (reason != REASON_NONE && filler_is_wanted(reason))
		w->lacking = true;
}

/* The producer's name for it, as a view may show it. */
static struct str shown_event(struct judge *j)
{
	struct scratch *s = &j->scratch;

	if (!tells_who(j->conversion.event))
		return j->conversion.event;
	buf_clear(&s->canon);
	redact_parts(j->conversion.event, &j->digest, &s->more, &s->canon);
	return buf_str(&s->canon);
}

/* Of the row's entries the first carries what concerns the row itself. */
static struct entry *add_entry(struct work *w, const struct entry *common,
			       enum reason reason)
{
	struct load *load = w->load;
	struct entry *n = load_add(load);

	*n = *common;
	set_reason(w, n, reason);
	if (load->lot.count > 1 && n[-1].outbox_id == n->outbox_id)
		n->flags &= (uint16_t) ~(ENTRY_FIRST | ENTRY_DERIVED | ENTRY_PLAIN);
	if (reason == REASON_NOT_MAPPED)
		keep_text(load, shown_event(w->judge), &n->event_at, &n->event_len);
	return n;
}

/* A row's events for many destinations may be more than a load can hold: what does not fit behind
 * others is read again, as what waits for its destination. */
static void shape_or_park(struct work *w, const struct ruling *r, struct entry *n)
{
	struct buf *body = &w->load->body;
	bool alone = body->len == 0;

	set_reason(w, n, judge_shape(w->judge, r, body));
	if (n->reason != REASON_PAYLOAD_TOO_LARGE || alone)
		return;
	n->reason = REASON_NONE;
	n->flags |= ENTRY_PARKED;
}

static void add_ruling(struct work *w, const struct entry *common, const struct ruling *r)
{
	struct entry *n = add_entry(w, common, r->reason);
	struct buf *body = &w->load->body;
	size_t at = body->len;

	n->destination_id = (uint16_t)r->destination->rules.id;
	n->event_time = r->decision.event_time;
	n->utc_offset_s = r->decision.utc_offset_s;
	n->limited_data_use = r->decision.limited_data_use;
	n->name_id = judge_name_id(w->judge, r);
	if (n->reason == REASON_NONE)
		shape_or_park(w, r, n);
	if (n->reason != REASON_NONE || n->flags & ENTRY_PARKED)
		return;
	n->body_at = (uint32_t)at;
	n->body_len = (uint32_t)(body->len - at);
	buf_addc(body, ',');
}

static enum err_code add_for_all(struct work *w, const struct entry *common)
{
	struct judge *j = w->judge;
	enum reason none;

	if (judge_rule(j, w->load->now_ms, NULL, &none, w->err) != ERR_OK)
		return w->err->code;
	if (none != REASON_NONE) {
		add_entry(w, common, none);
		return ERR_OK;
	}
	for (size_t i = 0; i < j->config->count; i++)
		if (j->rulings[i].routed)
			add_ruling(w, common, &j->rulings[i]);
	return ERR_OK;
}

static enum err_code add_for_one(struct work *w, const struct entry *common)
{
	const struct destination_config *d =
		config_destination(w->judge->config, w->load->destination_id);
	struct ruling ruling;

	if (judge_rule_again(w->judge, d, w->load->now_ms, common->attempts > 0, NULL,
			     &ruling, w->err) == ERR_OK)
		add_ruling(w, common, &ruling);
	return w->err->code;
}

/* What the clock says is still to come was sent by an earlier relay, by another clock. It counts
 * as sent before this one began; where its outcome is unknown, as long before as it lies ahead:
 * the clock was off by more than that, and what is too old must not be sent again. */
static int64_t first_sent_of(const struct load *load, const struct waiting_row *waiting)
{
	int64_t at = waiting->first_sent_ms, since = load->since_ms;

	if (at <= load->now_ms + OTHER_CLOCK_MS)
		return at;
	at = waiting->unknown ? since - (at - since) : since;
	return at > 0 ? at : 1;
}

static struct entry common_of(const struct load *load, const struct outbox_row *row,
			      const struct waiting_row *waiting)
{
	struct entry common = {.outbox_id = row->id,
			       .created_ms = row->created_ms,
			       .limited_data_use = -1,
			       .flags = ENTRY_FIRST};

	if (load->lot.kind == LOT_RETRY)
		common.destination_id = (uint16_t)load->destination_id;
	if (!waiting)
		return common;
	common.attempts = (uint16_t)waiting->attempts;
	common.first_sent_ms = first_sent_of(load, waiting);
	if (waiting->unknown)
		common.flags |= ENTRY_UNKNOWN;
	if (waiting->retrying)
		common.flags |= ENTRY_RETRYING;
	return common;
}

/* Told at once for most: the payload need not be walked. */
static bool is_plain(const struct conversion *c, enum field field)
{
	uint32_t at = c->at[field];

	return at != JSON_NONE && c->json->t[at].type == TOKEN_STRING &&
	       str_trim(json_bytes(c->json, at)).len > 0 &&
	       !is_sha256_hex(str_trim(json_bytes(c->json, at)));
}

/* A row that could not be read may hold what can be redacted all the same; what cannot is left
 * then. */
static bool holds_plain(struct judge *j, enum reason reason)
{
	const struct outbox_row *row = j->conversion.row;

	if (reason != REASON_NONE || tells_who(row->event))
		return true;
	if (row->event_time.kind == EVENT_TIME_TEXT && tells_who(row->event_time.text))
		return true;
	if (is_plain(&j->conversion, FIELD_EMAIL) ||
	    is_plain(&j->conversion, FIELD_PHONE))
		return true;
	return redact_needed(&j->conversion, &j->scratch);
}

static void add_gone(struct work *w, const struct entry *common,
		     const struct waiting_row *waiting)
{
	struct entry *n = add_entry(w, common, REASON_ERASED);

	n->name_id = waiting->name_id;
	n->event_time = waiting->event_time;
	n->utc_offset_s = waiting->utc_offset_s;
	n->limited_data_use = (int8_t)waiting->limited_data_use;
	w->load->rows++;
}

/* What has failed often is sent by itself, and what has not is not sent with it: the first row
 * tells how many are. True where this one is left, due as it is, to the next lot. */
static bool leave_to_next(struct load *load, const struct waiting_row *waiting)
{
	int together;

	if (!waiting || waiting->gone || load->lot.kind != LOT_RETRY)
		return false;
	together = backoff_together(waiting->attempts, load->limit);
	if (load->together == 0)
		load->together = together;
	return together != load->together || (int)load->rows >= together;
}

/* Somebody has changed it since: sent again, it could count twice, as TikTok tells by the id. */
static bool is_renamed(const struct judge *j, const struct waiting_row *waiting)
{
	return waiting && waiting->unknown && waiting->event_hash &&
	       waiting->event_hash != j->event_hash;
}

static bool add_row(void *arg, const struct outbox_row *row,
		    const struct waiting_row *waiting)
{
	struct work *w = arg;
	struct load *load = w->load;
	struct entry common = common_of(load, row, waiting);
	enum reason reason;

	if (leave_to_next(load, waiting))
		return (int)load->rows < load->together;
	if (waiting && waiting->gone) {
		add_gone(w, &common, waiting);
		return true;
	}
	if (waiting) {
		if (judge_read_merged(w->judge, row, waiting->first_sent_ms, NULL,
				      &reason, w->err) != ERR_OK)
			return false;
	} else {
		reason = judge_read(w->judge, row);
	}
	common.hash = w->judge->event_hash;
	keep_text(load, w->judge->event_id, &common.id_at, &common.id_len);
	if (!str_eq(w->judge->event_id, row->event_id) &&
	    !str_eq(w->judge->event_id, row->known_id))
		common.flags |= ENTRY_DERIVED;
	if (reason != REASON_NONE)
		common.flags |= ENTRY_UNREAD;
	if (is_renamed(w->judge, waiting))
		common.flags |= ENTRY_RENAMED;
	/* One that waited too: somebody may have mended it. */
	if (holds_plain(w->judge, reason))
		common.flags |= ENTRY_PLAIN;
	if (reason != REASON_NONE)
		add_entry(w, &common, reason);
	else if (load->lot.kind == LOT_RETRY ? add_for_one(w, &common)
					     : add_for_all(w, &common))
		return false;
	load->rows++;
	load->lot.last_id = row->id;
	/* Also what leaves no body: nobody writes a checkpoint past the snapshot. */
	w->read += row->payload.len + row->event_id.len + row->event.len;
	w->full = load->body.len >= LOAD_BODY_MAX || load->text.len >= LOAD_BODY_MAX ||
		  w->read >= LOAD_BODY_MAX;
	return !w->full;
}

/* Decided with what its duplicates add. Where that helps it is to wait a moment, as any row does
 * whose duplicates come before it left (store/admit.c: hold_first), and is read again then. */
static enum err_code fill_row(struct work *w, struct row_span *row,
			      const int64_t *fillers)
{
	struct lot *lot = &w->load->lot;
	const struct entry *first = &lot->entries[row->at];
	struct entry common = {.outbox_id = first->outbox_id,
			       .hash = first->hash,
			       .created_ms = first->created_ms,
			       .id_at = first->id_at,
			       .id_len = first->id_len,
			       .limited_data_use = -1};
	size_t body = w->load->body.len, text = w->load->text.len;
	struct row_span filled = {lot->count, lot->count};
	struct outbox_row whole;
	enum reason reason;
	bool found;

	common.flags = first->flags & (ENTRY_FIRST | ENTRY_DERIVED | ENTRY_PLAIN);
	if (outbox_one(&w->judge->reader, common.outbox_id, &whole, &found, w->err) !=
		    ERR_OK ||
	    !found ||
	    judge_read_merged(w->judge, &whole, 0, fillers, &reason, w->err) != ERR_OK ||
	    reason != REASON_NONE || add_for_all(w, &common) != ERR_OK)
		return w->err->code;
	filled.end = lot->count;
	w->load->body.len = body;
	if (filler_sendable(lot, filled) <= filler_sendable(lot, *row)) {
		lot->count = filled.at;
		w->load->text.len = text;
		return ERR_OK;
	}
	for (uint32_t i = filled.at; i < filled.end; i++)
		if (lot->entries[i].reason == REASON_NONE)
			lot->entries[i].flags |= ENTRY_PARKED;
	filler_replace(lot, *row, filled);
	row->end = row->at + filled.end - filled.at;
	return ERR_OK;
}

/* Deduplication stands before what ends a row: what the first one lacks, the others of its id
 * fill before it is given up. */
static enum err_code fill_lacking(struct work *w)
{
	struct load *load = w->load;
	int64_t fillers[FILLER_MAX + 1];
	struct row_span row = {0, 0};

	w->err->code = ERR_OK;
	load->lot.text = load->text.p;
	if (!w->lacking || !filler_any(&load->lot))
		return ERR_OK;
	judge_collect(w->judge, NULL, NULL); /* what they tell of persons is told */
	for (uint32_t at = 0; at < load->lot.count; at = row.end) {
		row = filler_row(&load->lot, at);
		load->lot.text = load->text.p;
		if (load->text.len < LOAD_BODY_MAX &&
		    filler_find(&load->lot, row, fillers) &&
		    fill_row(w, &row, fillers) != ERR_OK)
			break;
	}
	outbox_release(&w->judge->reader);
	return w->err->code;
}

static enum err_code read_fresh(struct work *w, struct err *e)
{
	struct load *load = w->load;
	int64_t first, last, wanted, upto = load->upto;

	if (outbox_edges(&w->judge->reader, load->after, &first, &last, e) != ERR_OK)
		return e->code;
	load->last_row = last;
	load->lot.first_id = load->after + 1;
	load->lot.last_id = load->after;
	if (first == 0 || w->judge->config->count == 0)
		return ERR_OK;
	if (first > OUTBOX_ID_MAX)
		return err_set(
			e, ERR_DATA,
			"the id of the outbox's row %lld is too large; give it and "
			"those behind it smaller ones",
			(long long)first);
	if (upto == 0)
		upto = last < first + load->limit - 1 ? last : first + load->limit - 1;
	if (upto > OUTBOX_ID_MAX)
		upto = OUTBOX_ID_MAX;
	wanted = upto;
	if (load->unread && upto > load->covered)
		upto = load->covered;
	load->behind = upto < first;
	if (load->behind)
		return ERR_OK;
	if (outbox_range(&w->judge->reader, first, upto, add_row, w, e) != ERR_OK ||
	    fill_lacking(w) != ERR_OK)
		return e->code;
	if (!w->full)
		load->lot.last_id = upto;
	load->cut = load->lot.last_id < wanted;
	return ERR_OK;
}

static enum err_code read_waiting(struct work *w, struct err *e)
{
	struct load *load = w->load;
	bool redo = load->lot.kind == LOT_REDO;

	if (!redo && !config_destination(w->judge->config, load->destination_id))
		return ERR_OK;
	load->behind = load->unread && load->limit > 0 && !load->not_behind;
	if (load->behind)
		return ERR_OK;
	return outbox_due(&w->judge->reader, redo ? 0 : load->destination_id,
			  load->now_ms, load->limit, add_row, w, e);
}

static enum err_code look_ahead(struct work *w, struct err *e)
{
	for (int i = 0; i < w->load->dues; i++) {
		struct due *due = &w->load->due[i];

		if (outbox_next_due(&w->judge->reader, due->destination_id, &due->due_ms,
				    e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* One snapshot: the configuration is as old as the rows. */
static enum err_code work_inside(struct work *w, struct err *e)
{
	struct load *load = w->load;
	int64_t now_ms;

	if (intact_check_rows(&w->judge->db, load->claimed, load->seen, e) != ERR_OK ||
	    judge_refresh(w->judge, e) != ERR_OK)
		return e->code;
	/* Behind the snapshot: none of its rows was made later, also where the machine has slept
	 * since this was asked for. */
	now_ms = clock_wall_ms();
	if (now_ms > load->now_ms)
		load->now_ms = now_ms;
	load->lot.config_version = w->judge->config->version;
	load->unread = w->judge->enrich.behind;
	judge_collect(w->judge, load->lot.kind == LOT_FRESH ? &load->kin : NULL,
		      load->lot.kind == LOT_FRESH ? &load->met : NULL);
	if (load->lot.kind == LOT_FRESH ? read_fresh(w, e) : read_waiting(w, e))
		return e->code;
	return look_ahead(w, e);
}

void shaper_work(struct job *job, void *state)
{
	struct load *load = (struct load *)job;
	struct judge *judge = state;
	struct err *e = &job->err;
	struct work w = {.judge = judge, .load = load, .err = e};

	load->lot.count = load->rows = 0;
	load->together = 0;
	load->cut = load->behind = load->unread = false;
	kin_clear(&load->kin);
	met_clear(&load->met);
	load->mark = kinship_mark(judge->enrich.person.kinship);
	buf_clear(&load->body);
	buf_clear(&load->text);
	if (db_exec(&judge->db, "BEGIN", e) == ERR_OK)
		work_inside(&w, e);
	db_rollback(&judge->db);
	load->lot.text = load->text.p;
	met_index(&load->met);
}
