/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "run/page_parts.h"

enum { WIDTH = 10, GAP = 2, HEIGHT = 100 };

static int64_t sum_of(const struct overview_hour *h)
{
	return h->delivered + h->skipped + h->lost;
}

/* 1, 2 or 5 times a power of ten: what the chart's upper edge stands for. */
static int64_t round_up(int64_t value)
{
	int64_t power = 1;

	while (power * 10 <= value)
		power *= 10;
	for (int step = 1; step <= 5; step += step == 1 ? 1 : 3)
		if (value <= step * power)
			return step * power;
	return 10 * power;
}

static int64_t top_of(const struct overview *o)
{
	int64_t most = 4;

	for (int i = 0; i < OVERVIEW_HOURS; i++)
		if (sum_of(&o->hours[i]) > most)
			most = sum_of(&o->hours[i]);
	return round_up(most);
}

static void add_rect(struct buf *out, const char *kind, int x, double *y, int64_t count,
		     int64_t top)
{
	double height = (double)count * HEIGHT / (double)top;

	if (count == 0)
		return;
	if (height < 0.8)
		height = 0.8; /* one is to be seen beside a thousand */
	*y -= height;
	buf_addf(out,
		 "<rect class=\"%s\" x=\"%d\" y=\"%.2f\" width=\"%d\" height=\"%.2f\"/>",
		 kind, x, *y, WIDTH - GAP, height);
}

static void add_bar(struct buf *out, const struct overview_hour *h, int i, int64_t top)
{
	double y = HEIGHT;

	page_put(out, "<g><title>");
	page_clock(out, h->start_s, h->offset_s);
	page_put(out, "–");
	page_clock(out, h->start_s + 3600, h->offset_s);
	page_put(out, ": ");
	page_count(out, h->delivered);
	page_put(out, " delivered, ");
	page_count(out, h->skipped);
	page_put(out, " skipped, ");
	page_count(out, h->lost);
	buf_addf(out,
		 " failed or rejected</title><rect class=\"hit\" x=\"%d\" width=\"%d\" "
		 "height=\"%d\"/>",
		 i * WIDTH, WIDTH, HEIGHT);
	add_rect(out, "delivered", i * WIDTH + GAP / 2, &y, h->delivered, top);
	add_rect(out, "skipped", i * WIDTH + GAP / 2, &y, h->skipped, top);
	add_rect(out, "lost", i * WIDTH + GAP / 2, &y, h->lost, top);
	page_put(out, "</g>");
}

static void add_chart(struct buf *out, const struct overview *o)
{
	int64_t top = top_of(o), delivered = 0;

	for (int i = 0; i < OVERVIEW_HOURS; i++)
		delivered += o->hours[i].delivered;
	buf_addf(out,
		 "<div class=\"chart\"><svg viewBox=\"0 0 %d %d\" "
		 "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
		 OVERVIEW_HOURS * WIDTH, HEIGHT);
	page_count(out, delivered);
	page_put(out, " delivered in 24 hours; the numbers are below\">");
	for (int i = 0; i < OVERVIEW_HOURS; i++)
		add_bar(out, &o->hours[i], i, top);
	page_put(out, "</svg><div class=\"top\">");
	page_count(out, top);
	page_put(out, "</div></div><div class=\"axis\" aria-hidden=\"true\">");
	for (int i = 0; i < OVERVIEW_HOURS; i += 4) {
		page_put(out, "<span>");
		page_clock(out, o->hours[i].start_s, o->hours[i].offset_s);
		page_put(out, "</span><span></span><span></span><span></span>");
	}
	page_put(out, "</div>");
}

static void add_numbers(struct buf *out, const struct overview *o)
{
	page_put(out, "<details class=\"numbers\" id=\"hournumbers\"><summary>As numbers"
		      "</summary><table><thead><tr><th scope=\"col\">from</th>"
		      "<th scope=\"col\">delivered</th><th scope=\"col\">skipped</th>"
		      "<th scope=\"col\">failed or rejected</th></tr></thead><tbody>");
	for (int i = 0; i < OVERVIEW_HOURS; i++) {
		const struct overview_hour *h = &o->hours[i];

		page_put(out, "<tr><th scope=\"row\">");
		page_clock(out, h->start_s, h->offset_s);
		page_put(out, "</th><td>");
		page_count(out, h->delivered);
		page_put(out, "</td><td>");
		page_count(out, h->skipped);
		page_put(out, "</td><td>");
		page_count(out, h->lost);
		page_put(out, "</td></tr>");
	}
	page_put(out, "</tbody></table></details>");
}

/* Whose bars: all destinations', or one's in its own zone. */
static void add_choice(struct buf *out, const struct overview *o)
{
	if (o->site_count < 2)
		return;
	page_put(out, "<p class=\"small soft\">");
	page_put(out, o->hours_of.len
			      ? "<button class=\"link\" form=\"nav\" name=\"hours\" "
				"value=\"\">all</button>"
			      : "all");
	for (int i = 0; i < o->site_count && i < 12; i++) {
		struct str name = o->sites[i].name;

		page_put(out, " · ");
		if (str_eq(name, o->hours_of)) {
			html_add(out, name);
			continue;
		}
		page_put(out,
			 "<button class=\"link\" form=\"nav\" name=\"hours\" value=\"");
		html_add(out, name);
		page_put(out, "\">");
		html_add(out, name);
		page_put(out, "</button>");
	}
	page_put(out, "</p>");
}

static void add_key(struct buf *out)
{
	static const char *const kinds[][2] = {{"delivered", "delivered"},
					       {"skipped", "skipped or duplicate"},
					       {"lost", "failed or rejected"}};

	page_put(out, "<p class=\"key\">");
	for (int i = 0; i < 3; i++)
		buf_addf(
			out,
			"<span><svg viewBox=\"0 0 9 9\" aria-hidden=\"true\"><rect "
			"class=\"%s\" width=\"9\" height=\"9\" rx=\"2\"/></svg>%s</span>",
			kinds[i][0], kinds[i][1]);
	page_put(out, "</p>");
}

void page_hours(const struct page_view *p, struct buf *out)
{
	const struct overview *o = p->overview;

	page_put(out, "<section id=\"hours\" aria-labelledby=\"h-hours\"><div "
		      "class=\"bar-head\"><h2 id=\"h-hours\">Last 24 hours <span "
		      "class=\"soft\">");
	if (o->hours_of.len) {
		html_add(out, o->hours_of);
		page_put(out, ", ");
	}
	html_add(out, o->zone);
	page_put(out, "</span></h2>");
	add_choice(out, o);
	add_key(out);
	page_put(out, "</div>");
	add_chart(out, o);
	add_numbers(out, o);
	page_put(out, "</section>");
}
