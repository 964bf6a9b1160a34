/* SPDX-License-Identifier: MIT */
#include "run/page.h"

#include "run/outlook.h"
#include "run/page_parts.h"

static struct str base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return str_of(slash ? slash + 1 : path);
}

static void add_head(struct buf *out, const char *title, struct str more)
{
	page_put(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width, "
		      "initial-scale=1\"><meta name=\"color-scheme\" content=\"light "
		      "dark\"><title>");
	page_put(out, title);
	html_add_cut(out, more, 80);
	page_put(out,
		 "</title><link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg "
		 "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath "
		 "d='M2 3h12L9.5 8.5V14l-3-1.5v-4z' fill='%230b6e66'/%3E%3C/svg%3E\">"
		 "<style>");
	page_put(out, page_style);
	page_put(out, "</style></head><body>");
}

static void add_foot(struct buf *out)
{
	page_put(out, "<script>");
	page_put(out, page_script);
	page_put(out, "</script></body></html>\n");
}

static void add_hidden(struct buf *out, const char *name, struct str value)
{
	buf_addf(out, "<input type=\"hidden\" name=\"%s\" value=\"", name);
	html_add(out, value);
	page_put(out, "\">");
}

/* One form that looks, and one that changes; buttons all over the page belong to them. Where
 * reading needs the token both carry it, as no cookie does. */
static void add_forms(const struct page_view *p, struct buf *out)
{
	buf_addf(out,
		 "<form id=\"nav\" method=\"%s\" action=\"/\" role=\"search\"><label "
		 "class=\"hidden\" for=\"q\">Why? Search by event_id</label><input "
		 "type=\"search\" id=\"q\" name=\"event_id\" placeholder=\"event_id\" "
		 "autocomplete=\"off\" spellcheck=\"false\" value=\"",
		 p->tcp ? "post" : "get");
	html_add(out, p->overview->event_id);
	page_put(out, "\"><button>Why?</button>");
	if (p->overview->hours_of.len > 0)
		add_hidden(out, "hours", p->overview->hours_of);
	if (p->tcp)
		add_hidden(out, "token", p->token);
	buf_addf(out, "</form><form id=\"act\" method=\"post\" action=\"/\"%s>",
		 p->token.len > 0 ? " hidden" : "");
	if (p->token.len > 0)
		add_hidden(out, "token", p->token);
	else
		page_put(out, "<label class=\"hidden\" for=\"token\">Token, to change "
			      "something</label><input type=\"password\" id=\"token\" "
			      "name=\"token\" placeholder=\"token, to change\" "
			      "autocomplete=\"off\">");
	page_put(out, "</form>");
}

static void add_header(const struct page_view *p, struct buf *out)
{
	page_put(out, "<header><h1>convey <span>");
	html_add(out, base_name(p->vitals->db_path));
	page_put(out, "</span></h1>");
	add_forms(p, out);
	page_put(out, "</header>");
}

static void add_as_of(const struct page_view *p, struct buf *out)
{
	const struct overview *o = p->overview;
	int64_t local = o->now_s + zone_offset(o->clock, o->now_s);

	page_put(out,
		 "<div class=\"meta small\"><span class=\"soft\" id=\"asof\">as of ");
	page_clock(out, local, 0);
	buf_addf(out, ":%02d ", (int)(local % 60));
	html_add(out, o->zone);
	page_put(out, "</span><button class=\"link small\" "
		      "form=\"nav\">refresh</button></div>");
}

/* As `convey status` says it, but where the database cannot be read. */
static void add_verdict(const struct page_view *p, struct buf *out)
{
	const struct vitals *v = p->vitals;
	const char *unreadable = p->unreadable   ? p->unreadable
				 : v->unreadable ? v->trouble
						 : NULL;
	bool person = true;
	struct buf text;

	buf_init(&text, OUTLOOK_MAX);
	if (unreadable)
		buf_addf(&text, "Needs you: the database cannot be used. %s", unreadable);
	else
		person = outlook_verdict(&p->overview->totals, v->db_path, v->refusal,
					 &text);
	buf_addf(out, "<div class=\"strip %s\" id=\"verdict\"><p>",
		 person ? "bad" : "good");
	page_words(out, buf_str(&text));
	page_put(out, "</p>");
	add_as_of(p, out);
	page_put(out, "</div>");
	buf_fini(&text);
}

static void add_notice(const struct page_view *p, struct buf *out)
{
	if (!p->notice[0])
		return;
	buf_addf(out, "<div class=\"strip notice%s\" id=\"notice\" role=\"status\"><p>",
		 p->notice_bad ? " bad" : "");
	html_add(out, str_of(p->notice));
	page_put(out, "</p></div>");
}

static void begin_tile(struct buf *out, const char *id, const char *label, bool calls)
{
	buf_addf(out, "<div><dt>%s</dt><dd id=\"%s\"%s>", label, id,
		 calls ? " class=\"calls\"" : "");
}

static void more_of_tile(struct buf *out)
{
	page_put(out, "</dd><dd class=\"small\">");
}

static void end_tile(struct buf *out)
{
	page_put(out, "</dd></div>");
}

static void add_flow(const struct page_view *p, struct buf *out)
{
	const struct overview *o = p->overview;
	const struct status_totals *t = &o->totals;
	int64_t day = 0, oldest = 0;

	for (int i = 0; i < OVERVIEW_HOURS; i++)
		day += o->hours[i].delivered;
	for (int i = 0; i < o->site_count; i++)
		if (o->sites[i].oldest_s > oldest)
			oldest = o->sites[i].oldest_s;
	begin_tile(out, "t-delivered", "Delivered", false);
	page_count(out, t->delivered);
	more_of_tile(out);
	page_count(out, day);
	page_put(out, " in these 24 hours");
	end_tile(out);
	begin_tile(out, "t-waiting", "Waiting", false);
	page_count(out, t->unclaimed + t->pending + t->sending + t->retrying);
	more_of_tile(out);
	if (t->unclaimed + t->pending + t->sending + t->retrying > 0) {
		page_put(out, "the oldest for ");
		page_age(out, oldest);
	} else {
		page_put(out, "nothing to send");
	}
	end_tile(out);
}

static void add_trouble(const struct page_view *p, struct buf *out)
{
	const struct status_totals *t = &p->overview->totals;
	int64_t all = t->failed + t->rejected + t->held;

	begin_tile(out, "t-person", "Deliveries that need you", all > 0);
	page_count(out, all);
	more_of_tile(out);
	page_count(out, t->failed);
	page_put(out, " failed, ");
	page_count(out, t->rejected);
	page_put(out, " rejected, ");
	page_count(out, t->held);
	page_put(out, " held");
	if (t->blocked > 0) {
		page_put(out, "; and ");
		page_count(out, t->blocked);
		page_put(out, t->blocked == 1 ? " destination" : " destinations");
	}
	end_tile(out);
}

/* Of all destinations together. */
static void sum_up(const struct vitals *v, size_t at, struct histogram *out)
{
	*out = (struct histogram){{0}, 0};
	for (int i = 0; i < v->count; i++) {
		const struct histogram *h =
			(const struct histogram *)((const char *)&v->sites[i].metrics +
						   at);

		out->sum_ms += h->sum_ms;
		for (int b = 0; b <= METRICS_BOUNDS; b++)
			out->bucket[b] += h->bucket[b];
	}
}

static void add_quantiles(struct buf *out, const struct histogram *h)
{
	if (histogram_count(h) == 0) {
		page_put(out, "–");
		more_of_tile(out);
		page_put(out, "nothing since the start");
		return;
	}
	page_put(out, "≤ ");
	page_bound(out, histogram_quantile(h, 0.5));
	more_of_tile(out);
	page_put(out, "half of ");
	page_count(out, (int64_t)histogram_count(h));
	page_put(out, "; 95 % ≤ ");
	page_bound(out, histogram_quantile(h, 0.95));
}

static void add_times(const struct page_view *p, struct buf *out)
{
	struct histogram h;

	begin_tile(out, "t-latency", "From commit to TikTok", false);
	sum_up(p->vitals, offsetof(struct site_metrics, delivery), &h);
	add_quantiles(out, &h);
	end_tile(out);
	begin_tile(out, "t-requests", "Requests take", false);
	sum_up(p->vitals, offsetof(struct site_metrics, request), &h);
	add_quantiles(out, &h);
	end_tile(out);
	begin_tile(out, "t-database", "Database", false);
	page_bytes(out, p->database_bytes);
	more_of_tile(out);
	page_put(out, "WAL ");
	page_bytes(out, p->wal_bytes);
	page_put(out, "; ");
	page_bytes(out, p->free_bytes);
	page_put(out, " free");
	end_tile(out);
}

static void add_tiles(const struct page_view *p, struct buf *out)
{
	page_put(out, "<section aria-label=\"In numbers\" class=\"tiles-box\"><dl "
		      "class=\"tiles\">");
	add_flow(p, out);
	add_trouble(p, out);
	add_times(p, out);
	page_put(out, "</dl></section>");
}

static void add_footer(const struct page_view *p, struct buf *out)
{
	int64_t up_s = p->overview->now_s - p->vitals->metrics.started_ms / 1000;

	page_put(out, "<footer><span>convey " CONVEY_VERSION "</span><span>up ");
	page_age(out, up_s < 0 ? 0 : up_s);
	page_put(out, "</span><span><code>/metrics</code> <code>/readyz</code> "
		      "<code>/livez</code></span></footer>");
}

void page_render(const struct page_view *p, struct buf *out)
{
	add_head(out, "convey: ", base_name(p->vitals->db_path));
	add_header(p, out);
	page_put(out, "<main id=\"live\">");
	add_verdict(p, out);
	add_notice(p, out);
	if (!p->unreadable) {
		page_story(p, out);
		add_tiles(p, out);
		page_put(out, "<div class=\"pair\">");
		page_hours(p, out);
		page_funnel(p, out);
		page_put(out, "</div>");
		page_sites(p, out);
		page_problems(p, out);
	}
	page_put(out, "</main>");
	add_footer(p, out);
	add_foot(out);
}

void page_sign_in(bool wrong, struct buf *out)
{
	add_head(out, "convey: the token", STR(""));
	buf_addf(out,
		 "<main class=\"door-place\"><section class=\"door\"><h1>convey</h1>"
		 "<p>This page needs the token, which is in the file "
		 "<code>FILE.admin.token</code> beside the database.</p>"
		 "<form id=\"door\" method=\"post\" action=\"/\"%s><label "
		 "class=\"hidden\" for=\"token\">Token</label><input type=\"password\" "
		 "id=\"token\" name=\"token\" autocomplete=\"off\" required autofocus>"
		 "<button>Open</button></form>",
		 wrong ? " data-wrong=\"yes\"" : "");
	if (wrong)
		page_put(out,
			 "<p class=\"bad\" role=\"alert\">That is not the token.</p>");
	page_put(out, "</section></main>");
	add_foot(out);
}
