/* SPDX-License-Identifier: MIT */
#include "run/shaper.h"

#include <stdlib.h>

struct work {
	struct shaper *shaper;
	struct load *load;
	struct conversion conversion;
};

enum err_code shaper_open(struct shaper *s, const char *path, struct err *e)
{
	*s = (struct shaper){0};
	scratch_init(&s->scratch);
	digest_init(&s->digest);
	if (db_open(&s->db, path, DB_READ, e) == ERR_OK &&
	    outbox_open(&s->reader, &s->db, e) == ERR_OK &&
	    db_prepare(&s->db,
		       "SELECT due_at FROM waiting WHERE destination_id = ?1 "
		       "AND due_at > 0 ORDER BY due_at LIMIT 1",
		       &s->due, e) == ERR_OK &&
	    dedup_seed(&s->db, &s->seed, e) == ERR_OK && shaper_refresh(s, e) == ERR_OK)
		return ERR_OK;
	shaper_close(s);
	return e->code;
}

void shaper_close(struct shaper *s)
{
	outbox_close(&s->reader);
	sqlite3_finalize(s->due);
	config_free(s->config);
	free(s->decisions);
	scratch_fini(&s->scratch);
	digest_fini(&s->digest);
	db_close(&s->db);
	*s = (struct shaper){0};
}

enum err_code shaper_refresh(struct shaper *s, struct err *e)
{
	struct config *fresh;
	int64_t version;

	if (config_version(&s->db, &version, e) != ERR_OK)
		return e->code;
	if (s->config && s->config->version == version)
		return ERR_OK;
	if (config_load(&s->db, &fresh, e) != ERR_OK)
		return e->code;
	config_free(s->config);
	s->config = fresh;
	s->decisions = realloc(s->decisions, (fresh->count + 1) * sizeof(*s->decisions));
	if (!s->decisions)
		abort();
	return ERR_OK;
}

static void keep_text(struct load *load, struct str text, uint32_t *at, uint32_t *len)
{
	*at = (uint32_t)load->text.len;
	buf_adds(&load->text, text);
	*len = load->text.full ? 0 : (uint32_t)text.len;
}

static void set_decision(struct entry *n, const struct config *config,
			 const struct decision *d)
{
	n->event_time = d->event_time;
	n->utc_offset_s = d->utc_offset_s;
	n->limited_data_use = d->limited_data_use;
	if (d->event)
		n->name_id = d->event->name_id
				     ? d->event->name_id
				     : config_name_id(config, d->event->tiktok_event);
}

static void shape_entry(struct work *w, struct entry *n, const struct decision *decision,
			const struct destination_rules *rules, struct str event_id)
{
	struct load *load = w->load;
	size_t at = load->body.len;

	n->reason = (uint16_t)shape(&w->conversion, decision, rules, NULL, event_id,
				    &w->shaper->digest, &w->shaper->scratch, &load->body);
	if (n->reason == REASON_NONE && load->body.full)
		n->reason = REASON_PAYLOAD_TOO_LARGE;
	load->body.full = false;
	if (n->reason != REASON_NONE)
		return;
	n->body_at = (uint32_t)at;
	n->body_len = (uint32_t)(load->body.len - at);
	buf_addc(&load->body, ',');
}

/* Of the row's entries: the first carries what concerns the row itself. */
static struct entry *add_entry(struct work *w, const struct entry *common, bool first)
{
	struct entry *n = load_add(w->load);

	*n = *common;
	if (!first)
		n->flags &= (uint8_t) ~(ENTRY_FIRST | ENTRY_DERIVED);
	return n;
}

/* Whether the row ends the same way for every destination, and so reaches none. */
static bool same_reason(const struct decision *d, size_t count)
{
	if (count == 0 || d[0].reason == REASON_NONE)
		return false;
	for (size_t i = 1; i < count; i++)
		if (d[i].reason != d[0].reason)
			return false;
	return true;
}

static void add_for_none(struct work *w, struct entry *common, enum reason reason)
{
	common->reason = (uint16_t)reason;
	if (reason == REASON_NOT_MAPPED)
		keep_text(w->load, w->conversion.event, &common->event_at,
			  &common->event_len);
	add_entry(w, common, true);
}

static void add_for_all(struct work *w, struct entry *common, struct str event_id)
{
	const struct config *config = w->shaper->config;
	struct decision *decisions = w->shaper->decisions;

	for (size_t i = 0; i < config->count; i++)
		decide(&w->conversion, &config->destinations[i].rules, config->map, NULL,
		       w->load->now_ms, &decisions[i]);
	if (same_reason(decisions, config->count)) {
		set_decision(common, config, &decisions[0]);
		add_for_none(w, common, decisions[0].reason);
		return;
	}
	for (size_t i = 0; i < config->count; i++) {
		const struct destination_rules *rules = &config->destinations[i].rules;
		struct entry *n = add_entry(w, common, i == 0);

		n->destination_id = (uint16_t)rules->id;
		n->reason = (uint16_t)decisions[i].reason;
		set_decision(n, config, &decisions[i]);
		if (n->reason == REASON_NOT_MAPPED)
			keep_text(w->load, w->conversion.event, &n->event_at,
				  &n->event_len);
		if (n->reason == REASON_NONE)
			shape_entry(w, n, &decisions[i], rules, event_id);
	}
}

static void add_for_one(struct work *w, struct entry *common, struct str event_id)
{
	const struct config *config = w->shaper->config;
	const struct destination_config *d =
		config_destination(config, w->load->destination_id);
	struct decision decision;
	struct entry *n = add_entry(w, common, true);

	n->destination_id = (uint16_t)w->load->destination_id;
	decide(&w->conversion, &d->rules, config->map, NULL, w->load->now_ms, &decision);
	/* What was young enough once is not given up for having waited. */
	if (decision.reason == REASON_TOO_OLD && n->attempts > 0)
		decision.reason = REASON_NONE;
	n->reason = (uint16_t)decision.reason;
	set_decision(n, config, &decision);
	if (n->reason == REASON_NOT_MAPPED)
		keep_text(w->load, w->conversion.event, &n->event_at, &n->event_len);
	if (n->reason == REASON_NONE)
		shape_entry(w, n, &decision, &d->rules, event_id);
}

static bool add_row(void *arg, const struct outbox_row *row,
		    const struct waiting_row *waiting)
{
	struct work *w = arg;
	struct load *load = w->load;
	struct entry common = {
		.outbox_id = row->id, .limited_data_use = -1, .flags = ENTRY_FIRST};
	struct str event_id = row->event_id;
	enum reason reason;

	if (load->lot.kind == LOT_RETRY)
		common.destination_id = (uint16_t)load->destination_id;
	if (waiting) {
		common.attempts = (uint16_t)waiting->attempts;
		common.first_sent_ms = waiting->first_sent_ms;
		common.flags |= (uint8_t)((waiting->unknown ? ENTRY_UNKNOWN : 0) |
					  (waiting->retrying ? ENTRY_RETRYING : 0));
	}
	reason = conversion_read(&w->conversion, row, &w->shaper->scratch);
	if (reason == REASON_NONE) {
		event_id_of(&w->conversion, &w->shaper->digest, &w->shaper->scratch,
			    &event_id);
		common.hash = dedup_hash(w->shaper->seed, event_id);
		if (!str_eq(event_id, row->event_id))
			common.flags |= ENTRY_DERIVED;
		keep_text(load, event_id, &common.id_at, &common.id_len);
	}
	if (reason != REASON_NONE)
		add_for_none(w, &common, reason);
	else if (load->lot.kind == LOT_RETRY)
		add_for_one(w, &common, event_id);
	else
		add_for_all(w, &common, event_id);
	load->rows++;
	load->lot.last_id = row->id;
	load->cut = load->body.len >= LOAD_BODY_MAX || load->text.len >= LOAD_BODY_MAX;
	return !load->cut;
}

static enum err_code read_fresh(struct work *w, struct err *e)
{
	struct load *load = w->load;
	int64_t first, last, upto = load->upto;

	if (outbox_edges(&w->shaper->reader, load->after, &first, &last, e) != ERR_OK)
		return e->code;
	load->last_row = last;
	load->lot.first_id = load->after + 1;
	load->lot.last_id = load->after;
	if (first == 0 || first > OUTBOX_ID_MAX)
		return ERR_OK;
	if (upto == 0)
		upto = last < first + load->limit - 1 ? last : first + load->limit - 1;
	if (upto > OUTBOX_ID_MAX)
		upto = OUTBOX_ID_MAX;
	if (outbox_range(&w->shaper->reader, first, upto, add_row, w, e) != ERR_OK)
		return e->code;
	if (!load->cut)
		load->lot.last_id = upto;
	load->cut = load->lot.last_id < upto;
	return ERR_OK;
}

static enum err_code read_waiting(struct work *w, struct err *e)
{
	struct load *load = w->load;
	bool redo = load->lot.kind == LOT_REDO;

	if (!redo && !config_destination(w->shaper->config, load->destination_id))
		return ERR_OK;
	return outbox_due(&w->shaper->reader, redo ? 0 : load->destination_id,
			  load->now_ms, load->limit, add_row, w, e);
}

static enum err_code look_ahead(struct work *w, struct err *e)
{
	sqlite3_stmt *due = w->shaper->due;

	for (int i = 0; i < w->load->dues; i++) {
		bool row;

		sqlite3_bind_int(due, 1, w->load->due[i].destination_id);
		if (db_step(&w->shaper->db, due, &row, e) == ERR_OK)
			w->load->due[i].due_ms = row ? sqlite3_column_int64(due, 0) : 0;
		sqlite3_reset(due);
		if (e->code != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* One snapshot: the configuration is as old as the rows. */
static enum err_code work_inside(struct work *w, struct err *e)
{
	struct load *load = w->load;

	if (shaper_refresh(w->shaper, e) != ERR_OK)
		return e->code;
	load->config_version = w->shaper->config->version;
	if (load->lot.kind == LOT_FRESH ? read_fresh(w, e) : read_waiting(w, e))
		return e->code;
	return look_ahead(w, e);
}

void shaper_work(struct job *job, void *state)
{
	struct load *load = (struct load *)job;
	struct work w = {.shaper = state, .load = load};
	struct err *e = &job->err;

	load->lot.count = load->rows = 0;
	load->cut = false;
	buf_clear(&load->body);
	buf_clear(&load->text);
	if (db_exec(&w.shaper->db, "BEGIN", e) == ERR_OK)
		work_inside(&w, e);
	db_rollback(&w.shaper->db);
	load->lot.text = load->text.p;
}
