/* SPDX-License-Identifier: MIT */
#include "run/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "run/envelope.h"
#include "store/dedup.h"
#include "store/history.h"

enum { BODY_MAX = 16 * 1024 * 1024, SLICE = 1000 };

enum err_code trial_open(struct trial *t, const char *path, struct config *config,
			 struct err *e)
{
	*t = (struct trial){.since_ms = 0};
	buf_init(&t->body, BODY_MAX);
	if (judge_open(&t->before, path, e) == ERR_OK) {
		if (judge_open(&t->after, path, e) == ERR_OK) {
			judge_use(&t->after, config);
			return ERR_OK;
		}
		judge_close(&t->before);
	}
	buf_fini(&t->body);
	config_free(config);
	return e->code;
}

void trial_close(struct trial *t)
{
	judge_close(&t->before);
	judge_close(&t->after);
	free(t->outcomes[0].list);
	free(t->outcomes[1].list);
	buf_fini(&t->body);
}

static struct trial_outcome *add(struct trial_outcomes *o, const char *destination,
				 enum reason reason)
{
	struct trial_outcome *n;

	if (o->count == o->cap) {
		o->cap = o->cap ? 2 * o->cap : 8;
		o->list = realloc(o->list, o->cap * sizeof(*o->list));
		if (!o->list)
			abort();
	}
	n = &o->list[o->count++];
	*n = (struct trial_outcome){.reason = reason};
	snprintf(n->destination, sizeof(n->destination), "%s", destination);
	return n;
}

static void add_ruling(struct trial *t, struct judge *j, const struct ruling *r,
		       struct trial_outcomes *out)
{
	const struct destination_rules *d = &r->destination->rules;
	struct trial_outcome *o = add(out, d->name, r->reason);

	if (o->reason != REASON_NONE)
		return;
	buf_clear(&t->body);
	envelope_open(&t->body, d->source, d->pixel_id, d->test_event_code);
	o->reason = judge_shape(j, r, &t->body);
	if (o->reason == REASON_NONE)
		o->content = dedup_hash(0, buf_str(&t->body));
}

static enum err_code judge_row(struct trial *t, struct judge *j,
			       const struct outbox_row *row, struct trial_outcomes *out,
			       struct err *e)
{
	enum reason none;

	out->count = 0;
	if (judge_read_merged(j, row, 0, NULL, &none, e) != ERR_OK ||
	    (none == REASON_NONE &&
	     judge_rule(j, row->created_ms, NULL, &none, e) != ERR_OK))
		return e->code;
	if (none != REASON_NONE) {
		add(out, "", none);
		return ERR_OK;
	}
	for (size_t i = 0; i < j->config->count; i++)
		if (j->rulings[i].routed)
			add_ruling(t, j, &j->rulings[i], out);
	return ERR_OK;
}

static bool try_row(void *arg, const struct outbox_row *row,
		    const struct waiting_row *waiting)
{
	struct trial *t = arg;
	bool duplicate;

	(void)waiting;
	if (row->created_ms < t->since_ms)
		return true;
	if (history_is_duplicate(&t->before.db, row->id, &duplicate, t->e) != ERR_OK)
		return false;
	if (duplicate)
		return true;
	if (judge_row(t, &t->before, row, &t->outcomes[0], t->e) != ERR_OK ||
	    judge_row(t, &t->after, row, &t->outcomes[1], t->e) != ERR_OK)
		return false;
	return t->fn(t->arg, t->before.event_id, &t->outcomes[0], &t->outcomes[1]);
}

/* The first row behind `id`; *id is 0 where there is none. */
static enum err_code row_behind(struct trial *t, int64_t *id, struct outbox_row *row,
				int64_t *last, struct err *e)
{
	bool found;

	if (outbox_edges(&t->before.reader, *id, id, last, e) != ERR_OK || *id == 0)
		return e->code;
	return outbox_one(&t->before.reader, *id, row, &found, e);
}

/* Rows arrive in the order of their ids: halve until the first that is young enough. A
 * producer that sets created_at itself may be out of order; what is older is left out again
 * row by row. */
static enum err_code find_first(struct trial *t, int64_t *first, int64_t *last,
				struct err *e)
{
	struct outbox_row row;
	int64_t low = 0, high, id = 0;

	*first = 1;
	if (row_behind(t, &id, &row, last, e) != ERR_OK || id == 0) {
		*last = 0;
		return e->code;
	}
	for (high = *last; low < high;) {
		int64_t middle = low + (high - low) / 2;

		id = middle;
		if (row_behind(t, &id, &row, last, e) != ERR_OK)
			return e->code;
		if (id && row.created_ms < t->since_ms)
			low = id;
		else
			high = middle;
	}
	*first = low + 1;
	return ERR_OK;
}

/* Slices, so that no read transaction lasts: the relay's checkpoints go on. */
enum err_code trial_run(struct trial *t, int64_t since_ms, trial_fn *fn, void *arg,
			struct err *e)
{
	int64_t first, last;

	t->since_ms = since_ms;
	t->fn = fn;
	t->arg = arg;
	t->e = e;
	if (find_first(t, &first, &last, e) != ERR_OK)
		return e->code;
	for (; first <= last && e->code == ERR_OK; first += SLICE)
		if (outbox_range(&t->before.reader, first,
				 first + SLICE - 1 < last ? first + SLICE - 1 : last,
				 try_row, t, e) != ERR_OK)
			break;
	return e->code;
}

const struct trial_outcome *trial_find(const struct trial_outcomes *o,
				       const char *destination)
{
	for (size_t i = 0; i < o->count; i++)
		if (str_eq(str_of(o->list[i].destination), str_of(destination)))
			return &o->list[i];
	return NULL;
}
