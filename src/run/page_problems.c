/* SPDX-License-Identifier: MIT */
#include "run/page_parts.h"

#include "store/requeue.h"

/* Consecutive problems of one reason, at several destinations. */
struct group {
	const struct overview_problem *first;
	int count;
	int64_t rows;
};

/* Rows that nobody need do anything about: a rule has left them out. */
static bool is_quiet(enum reason reason)
{
	enum status status = reason_status(reason);

	return status == STATUS_SKIPPED || status == STATUS_CANCELLED;
}

static bool next_group(const struct overview *o, int *at, struct group *g)
{
	if (*at == o->problem_count)
		return false;
	*g = (struct group){.first = &o->problems[*at]};
	for (; *at < o->problem_count && o->problems[*at].reason == g->first->reason;
	     ++*at) {
		g->count++;
		g->rows += o->problems[*at].count;
	}
	return true;
}

static void add_place(struct buf *out, const struct overview *o,
		      const struct overview_problem *p, bool counted)
{
	page_put(out, "<li>");
	if (p->site.len) {
		html_add(out, p->site);
		page_put(out, counted ? ": " : ", ");
	}
	if (counted) {
		page_count(out, p->count);
		page_put(out, ", ");
	}
	page_put(out, "last ");
	page_time(out, o, p->last);
	if (p->example.len) {
		page_put(out, ", such as ");
		page_event(out, p->example);
	}
	page_put(out, "</li>");
}

static void add_unmapped(struct buf *out, const struct overview *o)
{
	page_put(out, "<li>most often: ");
	for (int i = 0; i < o->unmapped_count; i++) {
		page_put(out, i ? ", <code>" : "<code>");
		html_add_cut(out, o->unmapped[i].event, 60);
		page_put(out, "</code> ");
		page_count(out, o->unmapped[i].count);
	}
	page_put(out, "</li>");
}

/* Asked twice: what opens is the question. */
static void add_replay(struct buf *out, const struct group *g)
{
	const char *word = reason_word(g->first->reason);

	if (!requeue_takes(REQUEUE_RETRY, reason_status(g->first->reason)) ||
	    g->first->reason == REASON_ERASED)
		return;
	buf_addf(out,
		 "<details class=\"more\" id=\"replay-%s\"><summary>Replay…</summary><p>",
		 word);
	page_count(out, g->rows);
	page_put(out, g->rows == 1
			      ? " delivery goes back to the queue and is decided anew."
			      : " deliveries go back to the queue and are decided anew.");
	if (reason_status(g->first->reason) == STATUS_HELD)
		page_put(out, " What has arrived before is counted twice by TikTok "
			      "after 48 hours.");
	buf_addf(out,
		 "</p><button form=\"act\" formaction=\"/retry\" name=\"reason\" "
		 "value=\"%s\">Replay ",
		 word);
	page_count(out, g->rows);
	buf_addf(out, "<span class=\"hidden\"> %s</span></button></details>", word);
}

/* A reason's advice is one for all destinations, or names each. */
static void add_advice(struct buf *out, const struct group *g)
{
	for (int i = 0; i < g->count; i++) {
		if (i > 0 && str_eq(g->first[i].advice, g->first[i - 1].advice))
			continue;
		page_put(out, "<p>");
		page_words(out, g->first[i].advice);
		page_put(out, "</p>");
	}
}

static void add_group(struct buf *out, const struct overview *o, const struct group *g)
{
	enum reason reason = g->first->reason;

	buf_addf(out, "<li><div><h3><code>%s</code></h3><p>%s</p></div><div>",
		 reason_word(reason),
		 reason_status(reason) == STATUS_PENDING
			 ? "waiting"
			 : status_word(reason_status(reason)));
	add_advice(out, g);
	page_put(out, "<ul class=\"places\">");
	for (int i = 0; i < g->count; i++)
		add_place(out, o, &g->first[i], g->count > 1);
	if (reason == REASON_NOT_MAPPED && o->unmapped_count > 0)
		add_unmapped(out, o);
	page_put(out, "</ul></div><div><p class=\"n\">");
	page_count(out, g->rows);
	page_put(out, "</p>");
	add_replay(out, g);
	page_put(out, "</div></li>");
}

static int add_groups(struct buf *out, const struct overview *o, bool quiet)
{
	struct group g;
	int at = 0, shown = 0;

	page_put(out, "<ul class=\"problems\">");
	while (next_group(o, &at, &g)) {
		if (is_quiet(g.first->reason) != quiet)
			continue;
		add_group(out, o, &g);
		shown++;
	}
	page_put(out, "</ul>");
	return shown;
}

static bool has_any(const struct overview *o, bool quiet)
{
	for (int i = 0; i < o->problem_count; i++)
		if (is_quiet(o->problems[i].reason) == quiet)
			return true;
	return false;
}

void page_problems(const struct page_view *p, struct buf *out)
{
	const struct overview *o = p->overview;

	page_put(out, "<section id=\"problems\" aria-labelledby=\"h-problems\"><h2 "
		      "id=\"h-problems\">Problems</h2>");
	if (has_any(o, false))
		add_groups(out, o, false);
	else
		page_put(out, "<p class=\"soft\">None.</p>");
	page_put(out, "</section>");
	if (!has_any(o, true))
		return;
	page_put(out, "<section id=\"left-out\"><details class=\"folded\" "
		      "id=\"leftout\"><summary>Left out by rule, or by somebody "
		      "</summary>");
	add_groups(out, o, true);
	page_put(out, "</details></section>");
}
