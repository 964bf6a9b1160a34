/* SPDX-License-Identifier: MIT */
#include "run/judge.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core/gist.h"
#include "core/merge.h"
#include "run/routing.h"
#include "store/dedup.h"

/* kinship: NULL for one that only looks. */
static enum err_code open_parts(struct judge *j, const char *path,
				struct kinship *kinship, struct err *e)
{
	if (db_open(&j->db, path, DB_READ, e) != ERR_OK ||
	    (!kinship && unread_open(&j->unread, &j->db, clock_wall_ms(), e) != ERR_OK) ||
	    outbox_open(&j->reader, &j->db, e) != ERR_OK ||
	    enrich_open(&j->enrich, &j->db, kinship, e) != ERR_OK ||
	    dedup_seed(&j->db, &j->seed, e) != ERR_OK || judge_refresh(j, e) != ERR_OK)
		return e->code;
	if (!kinship)
		kinship_append(j->enrich.person.own_kinship, unread_kin(&j->unread));
	return ERR_OK;
}

static enum err_code open_judge(struct judge *j, const char *path,
				struct kinship *kinship, struct err *e)
{
	*j = (struct judge){0};
	scratch_init(&j->scratch);
	buf_init(&j->id, EVENT_ID_MAX);
	buf_init(&j->merged_time, PAYLOAD_MAX);
	digest_init(&j->digest);
	if (open_parts(j, path, kinship, e) != ERR_OK)
		judge_close(j);
	return e->code;
}

enum err_code judge_open(struct judge *j, const char *path, struct err *e)
{
	return open_judge(j, path, NULL, e);
}

enum err_code judge_open_shared(struct judge *j, const char *path,
				struct kinship *kinship, struct err *e)
{
	return open_judge(j, path, kinship, e);
}

static void free_apart(struct judge *j)
{
	for (size_t i = 0; j->texts && i < j->config->count; i++)
		buf_fini(&j->texts[i]);
	free(j->texts);
	free(j->apart);
}

void judge_close(struct judge *j)
{
	outbox_close(&j->reader);
	enrich_close(&j->enrich);
	unread_close(&j->unread);
	free_apart(j);
	config_free(j->config);
	free(j->rulings);
	buf_fini(&j->merged);
	buf_fini(&j->merged_time);
	buf_fini(&j->id);
	scratch_fini(&j->scratch);
	digest_fini(&j->digest);
	db_close(&j->db);
	*j = (struct judge){0};
}

void judge_use(struct judge *j, struct config *config)
{
	free_apart(j);
	config_free(j->config);
	j->config = config;
	j->rulings = realloc(j->rulings, (config->count + 1) * sizeof(*j->rulings));
	j->apart = calloc(config->count + 1, sizeof(*j->apart));
	j->texts = calloc(config->count + 1, sizeof(*j->texts));
	if (!j->rulings || !j->apart || !j->texts)
		abort();
	for (size_t i = 0; i < config->count; i++)
		buf_init(&j->texts[i], j->enrich.text.max);
}

void judge_collect(struct judge *j, struct kin *kin, struct met *met)
{
	j->enrich.kin = kin;
	j->enrich.met = met;
	j->enrich.met_row = 0;
}

enum err_code judge_refresh(struct judge *j, struct err *e)
{
	struct config *fresh;
	int64_t version;

	if (person_refresh(&j->enrich.person, &j->enrich.behind, e) != ERR_OK ||
	    config_version(&j->db, &version, e) != ERR_OK)
		return e->code;
	if (j->config && j->config->version == version)
		return ERR_OK;
	if (config_load(&j->db, &fresh, e) != ERR_OK)
		return e->code;
	judge_use(j, fresh);
	return ERR_OK;
}

enum reason judge_read(struct judge *j, const struct outbox_row *row)
{
	enum reason reason = conversion_read(&j->conversion, row, &j->scratch);

	j->event_id = row->event_id;
	j->enrichment = (struct enrichment){0};
	buf_clear(&j->enrich.text);
	if (row->known_id.len &&
	    (reason || event_id_is_kept(&j->conversion, &j->scratch)))
		j->event_id = row->known_id;
	else if (reason == REASON_NONE)
		event_id_of(&j->conversion, &j->digest, &j->scratch, &j->event_id);
	j->event_hash = j->event_id.len ? dedup_hash(j->seed, j->event_id) : 0;
	return reason;
}

/* So many duplicates may fill the first row's empty fields; it takes a producer gone wild to
 * have more, and each is read again whenever the first is. */
enum { MERGES_MAX = 16 };

/* Whether a conversion of that time may be sent at all: what fills a gap must not break the row
 * that is good without it. */
static bool is_of_use(const struct judge *j, const struct outbox_row *row)
{
	struct zone *zone =
		j->config->count ? j->config->destinations[0].rules.zone : NULL;
	int64_t created_s = row->created_ms / 1000, at;

	return row->event_time.kind != EVENT_TIME_NONE &&
	       event_time_resolve(&row->event_time, zone, &at) &&
	       at <= created_s + FUTURE_MAX_S && at >= created_s - AGE_MAX_S;
}

/* What the first row says of its time, else the next that says something. */
static void merge_time(struct judge *j, const struct outbox_row *row)
{
	const struct event_time *t = &row->event_time;

	if (j->merged_row.event_time.kind != EVENT_TIME_NONE || !is_of_use(j, row))
		return;
	j->merged_row.event_time = *t;
	if (t->kind != EVENT_TIME_TEXT)
		return;
	buf_clear(&j->merged_time);
	buf_adds(&j->merged_time, t->text);
	j->merged_row.event_time.text = buf_str(&j->merged_time);
}

/* Whether the row is a second telling of what the first and those before tell of: another person's
 * order would lend it an address, and the consent to send one. A value alone may be told net and
 * gross, or not yet be known. */
static bool is_same_conversion(struct judge *j, const struct outbox_row *row)
{
	struct gist told, other;
	bool same;

	gist_init(&told);
	gist_init(&other);
	same = gist_read(&told, &j->merged_row, &j->scratch) &&
	       gist_read(&other, row, &j->scratch) &&
	       !gist_of_two_orders(&told, &other) &&
	       !(gist_of_another_order(&told, &other) &&
		 gist_of_another_person(&told, &other)) &&
	       !gist_of_another_event(&told, &other, j->config->map);
	gist_fini(&told);
	gist_fini(&other);
	return same;
}

static bool merge_row(void *arg, const struct outbox_row *row,
		      const struct waiting_row *waiting)
{
	struct judge *j = arg;
	struct buf next;

	(void)waiting;
	if (j->merges == MERGES_MAX)
		return false;
	j->merges++;
	if (!is_same_conversion(j, row))
		return true;
	merge_time(j, row);
	buf_init(&next, PAYLOAD_MAX);
	if (!payload_merge(j->merged_row.payload, row->payload, &next)) {
		buf_fini(&next);
		return true;
	}
	buf_fini(&j->merged);
	j->merged = next;
	j->merged_row.payload = buf_str(&j->merged);
	return true;
}

static enum err_code merge_rows(struct judge *j, const int64_t *ids, struct err *e)
{
	e->code = ERR_OK;
	for (; *ids && j->merges < MERGES_MAX && e->code == ERR_OK; ids++)
		e->code = outbox_range(&j->reader, *ids, *ids, merge_row, j, e);
	return e->code;
}

enum err_code judge_read_merged(struct judge *j, const struct outbox_row *row,
				int64_t sent_ms, const int64_t *more, enum reason *reason,
				struct err *e)
{
	const char *before = row->payload.p;

	j->merged_row = *row;
	j->merges = 0;
	if (outbox_duplicates(&j->reader, row->id, sent_ms ? sent_ms : INT64_MAX,
			      merge_row, j, e) != ERR_OK ||
	    (more && merge_rows(j, more, e) != ERR_OK))
		return e->code;
	*reason = judge_read(j, row);
	if (*reason != REASON_NONE || j->merged_row.payload.p == before)
		return ERR_OK;
	/* The id is the first row's own, whatever the others add. */
	buf_clear(&j->id);
	buf_adds(&j->id, j->event_id);
	j->merged_row.event_id = buf_str(&j->id);
	j->merged_row.known_id = STR_NONE;
	*reason = judge_read(j, &j->merged_row);
	return ERR_OK;
}

/* A test is watched while it runs: what comes while it is paused is not kept for later. */
static void rule_on_test(const struct destination_config *d, const struct trace *t,
			 struct ruling *r)
{
	if (r->reason != REASON_NONE || !d->paused || !d->rules.test_event_code[0])
		return;
	r->reason = REASON_PAUSED_TEST;
	if (t)
		t->line(t->arg, "decision", "skipped: paused_test");
}

static void speak_of(const struct destination_config *d, const struct trace *t)
{
	if (t)
		t->line(t->arg, "destination", d->rules.name);
}

static enum err_code rule(struct judge *j, const struct destination_config *d,
			  int64_t now_ms, const struct trace *t, struct ruling *r,
			  struct err *e)
{
	r->destination = d;
	r->known = &j->enrichment;
	r->routed = true;
	decide_traced(&j->conversion, &d->rules, j->config->map, &j->enrichment, now_ms,
		      &r->decision, t);
	r->reason = r->decision.reason;
	if (credit_ruling(j, r, t, e) == ERR_OK)
		rule_on_test(d, t, r);
	return e->code;
}

/* Whether the row ends the same way for every destination, and so reaches none. */
static enum reason same_reason(const struct judge *j)
{
	const struct ruling *r = j->rulings;
	size_t i = 0; /* at least one is routed */

	if (j->config->count == 0)
		return REASON_NO_ROUTE;
	for (; !r[i].routed; i++)
		;
	for (size_t k = i + 1; k < j->config->count; k++)
		if (r[k].routed && r[k].reason != r[i].reason)
			return REASON_NONE;
	return r[i].reason;
}

/* Whether a destination is left that a route could lead to. */
static bool any_goes(const struct judge *j)
{
	for (size_t i = 0; i < j->config->count; i++)
		if (j->rulings[i].reason == REASON_NONE)
			return true;
	return false;
}

static enum err_code rule_together(struct judge *j, int64_t now_ms, const struct trace *t,
				   struct err *e)
{
	const struct destination_config *d = j->config->destinations;

	if (enrich_row(j, d, now_ms, t, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < j->config->count; i++) {
		speak_of(&d[i], t);
		if (rule(j, &d[i], now_ms, t, &j->rulings[i], e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* What was found before stays where it is. */
static void begin_apart(struct judge *j, size_t i)
{
	struct buf before = j->enrich.text;

	j->enrich.text = j->texts[i];
	j->texts[i] = before;
	buf_clear(&j->enrich.text);
	j->enrichment = (struct enrichment){0};
}

/* Local time is another instant in each zone, and something else is known by then. */
static enum err_code rule_apart(struct judge *j, int64_t now_ms, const struct trace *t,
				struct err *e)
{
	int64_t last = INT64_MIN;

	e->code = ERR_OK;
	for (size_t i = 0; i < j->config->count; i++) {
		const struct destination_config *d = &j->config->destinations[i];
		int64_t at = INT64_MAX;

		speak_of(d, t);
		event_time_resolve(&j->conversion.event_time, d->rules.zone, &at);
		if (t || at != last) {
			begin_apart(j, i);
			if (enrich_row(j, d, now_ms, t, e) != ERR_OK)
				return e->code;
		}
		last = at;
		if (rule(j, d, now_ms, t, &j->rulings[i], e) != ERR_OK)
			return e->code;
		j->apart[i] = j->enrichment;
		j->rulings[i].known = &j->apart[i];
	}
	return ERR_OK;
}

enum err_code judge_rule(struct judge *j, int64_t now_ms, const struct trace *t,
			 enum reason *none, struct err *e)
{
	bool apart = j->config->zones_differ &&
		     event_time_needs_zone(&j->conversion.event_time);

	if (apart ? rule_apart(j, now_ms, t, e) : rule_together(j, now_ms, t, e))
		return e->code;
	*none = same_reason(j);
	if (*none == REASON_NONE && (t || j->config->routes.count > 0) && any_goes(j)) {
		*none = routing_apply(j, t);
		if (*none == REASON_NONE)
			*none = same_reason(j);
	}
	return ERR_OK;
}

enum err_code judge_rule_again(struct judge *j, const struct destination_config *d,
			       int64_t now_ms, bool sent, const struct trace *t,
			       struct ruling *out, struct err *e)
{
	if (enrich_row(j, d, now_ms, t, e) != ERR_OK)
		return e->code;
	speak_of(d, t);
	if (rule(j, d, sent ? 0 : now_ms, t, out, e) != ERR_OK)
		return e->code;
	if (out->reason == REASON_CONSENT_DENIED)
		out->reason = REASON_CONSENT_WITHDRAWN;
	else if (out->reason == REASON_NOT_ATTRIBUTED)
		out->reason = REASON_NONE; /* as was decided when it was admitted */
	return ERR_OK;
}

enum reason judge_shape(struct judge *j, const struct ruling *r, struct buf *out)
{
	enum reason reason;

	r->known->ttclid = r->ttclid;
	r->known->has_credit = r->has_credit;
	r->known->credit = r->credit;
	reason = shape(&j->conversion, &r->decision, &r->destination->rules, r->known,
		       j->event_id, &j->digest, &j->scratch, out);

	if (reason == REASON_NONE && out->full)
		reason = REASON_PAYLOAD_TOO_LARGE;
	out->full = false;
	return reason;
}

int64_t judge_name_id(const struct judge *j, const struct ruling *r)
{
	const struct event_map_entry *event = r->decision.event;

	if (!event)
		return 0;
	return event->name_id ? event->name_id
			      : config_name_id(j->config, event->tiktok_event);
}
