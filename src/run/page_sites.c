/* SPDX-License-Identifier: MIT */
#include "run/page_parts.h"

/* What a person has to do something about; everything else passes by itself. */
static bool calls(struct str state)
{
	return str_eq(state, STR("needs_token")) || str_eq(state, STR("token_refused")) ||
	       str_eq(state, STR("permission"));
}

static void add_state(struct buf *out, const struct overview_site *s)
{
	bool active = str_eq(s->state, STR("active"));
	const char *kind = s->paused         ? " rests"
			   : calls(s->state) ? " calls"
			   : active          ? ""
					     : " waits";

	buf_addf(out, "<td class=\"words\"><span class=\"state%s\">", kind);
	for (size_t i = 0; i < s->state.len; i++) /* needs_token: needs token */
		html_add(out,
			 s->state.p[i] == '_' ? STR(" ") : str_make(s->state.p + i, 1));
	page_put(out, "</span></td>");
}

static void add_number(struct buf *out, const char *name, int64_t count)
{
	buf_addf(out, "<td data-name=\"%s\">", name);
	page_count(out, count);
	page_put(out, "</td>");
}

static void add_age(struct buf *out, const struct overview_site *s)
{
	page_put(out, "<td data-name=\"oldest waits\">");
	if (s->pending + s->sending + s->retrying > 0)
		page_age(out, s->oldest_s);
	else
		page_put(out, "–");
	page_put(out, "</td><td data-name=\"last delivered\">");
}

static void add_button(struct buf *out, const struct overview_site *s)
{
	const char *verb = s->paused ? "resume" : "pause";

	buf_addf(out,
		 "<td class=\"act\"><button form=\"act\" formaction=\"/%s\" "
		 "name=\"destination\" value=\"",
		 verb);
	html_add(out, s->name);
	buf_addf(out, "\">%s<span class=\"hidden\"> ", s->paused ? "Resume" : "Pause");
	html_add(out, s->name);
	page_put(out, "</span></button></td>");
}

static void add_site(struct buf *out, const struct overview *o,
		     const struct overview_site *s)
{
	page_put(out, "<tr><th scope=\"row\">");
	html_add(out, s->name);
	page_put(out, " <span class=\"soft small\">");
	html_add(out, s->source);
	page_put(out, "</span></th>");
	add_state(out, s);
	add_number(out, "backlog", s->pending + s->sending + s->retrying);
	add_age(out, s);
	if (s->last_delivered.len)
		page_time(out, o, s->last_delivered);
	else
		page_put(out, "–");
	page_put(out, "</td>");
	add_number(out, "delivered", s->delivered);
	add_number(out, "failed", s->failed);
	add_number(out, "rejected", s->rejected);
	add_number(out, "held", s->held);
	page_put(out, "<td class=\"words error small soft\">");
	html_add_cut(out, s->last_error, 200);
	page_put(out, "</td>");
	add_button(out, s);
	page_put(out, "</tr>");
}

void page_sites(const struct page_view *p, struct buf *out)
{
	static const char *const heads[] = {"state",          "backlog",   "oldest waits",
					    "last delivered", "delivered", "failed",
					    "rejected",       "held",      "last error"};
	const int last = sizeof(heads) / sizeof(heads[0]) - 1;
	const struct overview *o = p->overview;

	page_put(out,
		 "<section id=\"destinations\" aria-labelledby=\"h-destinations\"><h2 "
		 "id=\"h-destinations\">Destinations</h2>");
	if (o->site_count == 0) {
		page_put(out, "<p>There is none yet: <code>");
		page_words(out,
			   STR("convey destination add NAME --source web --id PIXEL"));
		page_put(out, "</code></p></section>");
		return;
	}
	page_put(out, "<table class=\"wide\"><thead><tr><th scope=\"col\">name</th>");
	for (int i = 0; i <= last; i++)
		buf_addf(out, "<th scope=\"col\"%s>%s</th>",
			 i == 0 || i == last ? " class=\"words\"" : "", heads[i]);
	page_put(out, "<th scope=\"col\"><span class=\"hidden\">change</span></th></tr>"
		      "</thead><tbody>");
	for (int i = 0; i < o->site_count; i++)
		add_site(out, o, &o->sites[i]);
	page_put(out, "</tbody></table></section>");
}
