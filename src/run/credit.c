/* SPDX-License-Identifier: MIT
 *
 * Who earned a conversion: the person's visits as touches, under a destination's model and
 * windows. */
#include <stdlib.h>

#include "core/attribution.h"
#include "run/judge.h"

enum { TOUCHES_MAX = 2000, DAY_S = 24 * 60 * 60 };

struct seen_touch {
	int64_t seen_ms, visit_id;
	struct touch touch;
};

struct touch_list {
	struct seen_touch seen[TOUCHES_MAX];
	struct touch list[TOUCHES_MAX];
	double credit[TOUCHES_MAX];
	size_t count;
};

static bool add_touch(void *arg, const struct page *page)
{
	struct touch_list *l = arg;
	struct seen_touch *s = &l->seen[l->count];

	if (l->count == TOUCHES_MAX)
		return false;
	s->seen_ms = page->seen_ms;
	s->visit_id = page->visit_id;
	if (touch_of_visit(page->url, page->referrer, page->ttclid, &s->touch)) {
		s->touch.at_s = page->seen_ms / 1000;
		l->count++;
	}
	return true;
}

static int by_time(const void *x, const void *y)
{
	const struct seen_touch *p = x, *q = y;

	if (p->seen_ms != q->seen_ms)
		return p->seen_ms < q->seen_ms ? -1 : 1;
	return (p->visit_id > q->visit_id) - (p->visit_id < q->visit_id);
}

/* From the beginning, not from the window's: a click that was met before is none. */
static enum err_code gather(struct enrich *n, struct err *e)
{
	struct page_span span = {INT64_MIN, n->event_ms, false, false};
	struct touch_list *l = n->touches;

	if (!l)
		l = n->touches = malloc(sizeof(*l));
	if (!l)
		abort();
	l->count = 0;
	e->code = ERR_OK;
	for (size_t i = 0; i < n->member_count && n->person.has_pages; i++)
		if (person_pages(&n->person, n->members[i].node.hash, &span, add_touch, l,
				 e) != ERR_OK)
			return e->code;
	qsort(l->seen, l->count, sizeof(l->seen[0]), by_time);
	for (size_t i = 0; i < l->count; i++)
		l->list[i] = l->seen[i].touch;
	l->count = touches_settle(l->list, l->count);
	return ERR_OK;
}

static void tell(const struct touch_list *l, const struct destination_rules *d,
		 enum platform winner, const struct trace *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < l->count; i++) {
		const struct touch *touch = &l->list[i];
		char at[ENRICH_TIME];

		enrich_tell(t, "touch", "%s %s by %s, %s: credit %.6f",
			    platform_word(touch->platform), channel_word(touch->channel),
			    touch->evidence, enrich_time(touch->at_s, at), l->credit[i]);
	}
	enrich_tell(t, "attribution", "%zu touches, by %s %s wins; deliver %s", l->count,
		    model_word(d->model), platform_word(winner),
		    deliver_word(d->deliver));
}

static enum err_code find_credit(struct enrich *n, struct ruling *r,
				 const struct trace *t, struct err *e)
{
	const struct destination_rules *d = &r->destination->rules;
	struct windows windows = {d->click_window_days, d->view_window_days};
	struct touch_list *l;
	enum platform winner;
	size_t counted;

	if (gather(n, e) != ERR_OK)
		return e->code;
	l = n->touches;
	counted = attribute(l->list, l->count, d->model, n->event_s, &windows, l->credit);
	winner = attribution_winner(l->list, l->credit, l->count);
	tell(l, d, winner, t);
	if (d->deliver == DELIVER_ALL)
		return ERR_OK; /* only told of */
	r->has_credit = counted > 0;
	r->credit = attribution_credit(l->list, l->credit, l->count, PLATFORM_TIKTOK);
	r->reason = attribution_verdict(d->deliver, winner);
	return ERR_OK;
}

struct click_search {
	struct judge *j;
	int64_t seen_ms, visit_id;
	struct str ttclid;
};

static bool take_click(void *arg, const struct page *page)
{
	struct click_search *s = arg;
	struct str found;

	if (s->ttclid.len &&
	    (page->seen_ms < s->seen_ms ||
	     (page->seen_ms == s->seen_ms && page->visit_id <= s->visit_id)))
		return false;
	found = enrich_ttclid(&s->j->enrich, page, &s->j->scratch.more);
	if (found.len == 0)
		return true;
	s->ttclid = found;
	s->seen_ms = page->seen_ms;
	s->visit_id = page->visit_id;
	return false;
}

/* The person's newest within the click window, where neither event nor session has one. */
static enum err_code find_click(struct judge *j, struct ruling *r, const struct trace *t,
				struct err *e)
{
	struct enrich *n = &j->enrich;
	int64_t window_s = r->destination->rules.click_window_days * (int64_t)DAY_S;
	struct page_span span = {(n->event_s - window_s) * 1000, n->event_ms, true,
				 false};
	struct click_search s = {.j = j};
	char at[ENRICH_TIME];

	for (size_t i = 0; i < n->member_count; i++)
		if (person_pages(&n->person, n->members[i].node.hash, &span, take_click,
				 &s, e) != ERR_OK)
			return e->code;
	r->ttclid = s.ttclid;
	if (s.ttclid.len)
		enrich_tell(t, "ttclid", "the person's newest, visit %lld, %s",
			    (long long)s.visit_id, enrich_time(s.seen_ms / 1000, at));
	return ERR_OK;
}

enum err_code credit_ruling(struct judge *j, struct ruling *r, const struct trace *t,
			    struct err *e)
{
	const struct enrich *n = &j->enrich;

	e->code = ERR_OK;
	r->ttclid = j->enrichment.ttclid;
	r->has_credit = false;
	r->credit = 0;
	if (r->reason != REASON_NONE)
		return ERR_OK;
	if (n->person.has_pages && r->ttclid.len == 0 &&
	    j->conversion.at[FIELD_TTCLID] == JSON_NONE &&
	    find_click(j, r, t, e) != ERR_OK)
		return e->code;
	if (r->destination->rules.deliver == DELIVER_ALL && !t)
		return ERR_OK;
	return find_credit(&j->enrich, r, t, e);
}
