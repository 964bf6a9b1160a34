/* SPDX-License-Identifier: MIT */
#include "run/page_parts.h"

#include "store/requeue.h"

static bool is(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

/* A status line ends the story of one destination; which status is its first word. */
static bool status_of(const struct overview_step *s, enum status *out)
{
	size_t len = 0;

	if (!is(s->step, "status"))
		return false;
	while (len < s->text.len && s->text.p[len] >= 'a' && s->text.p[len] <= 'z')
		len++;
	return status_of_word(str_make(s->text.p, len), out);
}

static const char *kind_of(const struct overview_step *s)
{
	enum status status;

	if (!status_of(s, &status))
		return "";
	return status == STATUS_DELIVERED || status < STATUS_HELD ||
			       status == STATUS_SKIPPED || status == STATUS_DUPLICATE
		       ? " class=\"end\""
		       : " class=\"end lost\"";
}

static void add_step(struct buf *out, const struct overview_step *s)
{
	buf_addf(out, "<li%s><span class=\"step\">", kind_of(s));
	html_add(out, s->step);
	page_put(out, "</span><span class=\"text\">");
	if (s->site.len) {
		page_put(out, "<span class=\"whose\">");
		html_add(out, s->site);
		page_put(out, "</span> ");
	}
	html_add(out, s->text);
	page_put(out, "</span></li>");
}

static bool can_retry(const struct overview *o)
{
	enum status status;

	for (int i = 0; i < o->step_count; i++)
		if (status_of(&o->steps[i], &status) &&
		    requeue_takes(REQUEUE_RETRY, status))
			return true;
	return false;
}

static void add_actions(struct buf *out, const struct overview *o)
{
	page_put(out, "<p class=\"actions\">");
	if (can_retry(o)) {
		page_put(out, "<button form=\"act\" formaction=\"/retry\" "
			      "name=\"event_id\" value=\"");
		html_add(out, o->event_id);
		page_put(out, "\">Replay this event</button>");
	}
	page_put(out, "<button class=\"link\" form=\"nav\" name=\"event_id\" "
		      "value=\"\">close</button></p>");
}

void page_story(const struct page_view *p, struct buf *out)
{
	const struct overview *o = p->overview;

	if (o->event_id.len == 0)
		return;
	page_put(out, "<section id=\"story\" aria-labelledby=\"h-story\"><h2 "
		      "id=\"h-story\">Why: <code>");
	html_add_cut(out, o->event_id, 200);
	page_put(out, "</code></h2>");
	if (o->step_count > 0) {
		page_put(out, "<ol class=\"story\">");
		for (int i = 0; i < o->step_count; i++)
			add_step(out, &o->steps[i]);
		page_put(out, "</ol>");
	}
	if (o->story_error[0]) {
		page_put(out, "<p>");
		html_add(out, str_of(o->story_error));
		page_put(out, "</p>");
	}
	add_actions(out, o);
	page_put(out, "</section>");
}
