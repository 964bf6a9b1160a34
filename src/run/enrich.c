/* SPDX-License-Identifier: MIT */
#include "run/enrich.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json_string.h"
#include "core/query.h"
#include "core/touch.h"
#include "core/url.h"
#include "run/judge.h"

enum { TEXT_MAX = 256 * 1024 };

enum err_code enrich_open(struct enrich *n, struct db *db, struct kinship *kinship,
			  struct err *e)
{
	*n = (struct enrich){0};
	buf_init(&n->text, TEXT_MAX);
	return person_open(&n->person, db, kinship, e);
}

void enrich_close(struct enrich *n)
{
	person_close(&n->person);
	identity_view_free(n->view);
	identity_view_free(n->view_now);
	free(n->touches);
	buf_fini(&n->text);
	*n = (struct enrich){0};
}

void enrich_tell(const struct trace *t, const char *step, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!t)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	t->line(t->arg, step, text);
}

const char *enrich_time(int64_t unix_s, char out[ENRICH_TIME])
{
	time_t at = (time_t)unix_s;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || strftime(out, ENRICH_TIME, "%FT%TZ", &tm) == 0)
		snprintf(out, ENRICH_TIME, "%lld", (long long)unix_s);
	return out;
}

struct str enrich_keep(struct enrich *n, struct str text)
{
	size_t at = n->text.len;

	if (text.len == 0 || (at == 0 && !buf_reserve(&n->text, TEXT_MAX)))
		return STR_NONE;
	buf_adds(&n->text, text);
	return n->text.full ? STR_NONE : str_make(n->text.p + at, text.len);
}

struct str enrich_ttclid(struct enrich *n, const struct page *page, struct buf *tmp)
{
	struct str found = str_trim(page->ttclid);

	buf_clear(tmp);
	if (!json_can_say(found))
		found = STR_NONE;
	if (found.len == 0 && url_ttclid(page->url, tmp))
		found = str_trim(buf_str(tmp));
	return found.len > TTCLID_MAX || click_id_is_placeholder(found)
		       ? STR_NONE
		       : enrich_keep(n, found);
}

/* A time that tells only its second is all of it. */
static void note_time(struct judge *j, struct zone *zone)
{
	const struct event_time *t = &j->conversion.event_time;
	int64_t ms = j->conversion.row->created_ms;

	if (t->kind != EVENT_TIME_NONE)
		statement_time_ms(t, zone, &ms);
	/* What is written late was said at the event all the same. */
	j->enrich.said_ms =
		ms < j->conversion.row->created_ms ? ms : j->conversion.row->created_ms;
	j->enrich.event_s = ms / 1000;
	j->enrich.event_ms = ms % 1000 ? ms : ms + 999;
}

static uint64_t session_of(const struct identifiers *ids)
{
	uint64_t last = ids->count ? ids->id[ids->count - 1].node : 0;

	return identifier_kind(last) == IDENTITY_SESSION ? last : 0;
}

/* What a page says of the browser. */
enum browser_column { TTP, IP, USER_AGENT };

static const char *const browser_columns[] = {"ttp", "ip", "user_agent"};

/* The session's pages, from the newest to the oldest. */
struct session_search {
	struct judge *j;
	const struct trace *t;
	struct page found; /* seen_ms and visit_id of the page */
	bool any;
	bool told[sizeof(browser_columns) / sizeof(browser_columns[0])];
};

/* Header bytes and what a column cut may be no text; another page's may be. One browser sends the
 * same with each page: the newest stands for them. */
static void take(struct session_search *s, const struct page *page,
		 enum browser_column column, struct str *to, struct str from)
{
	if (to->len > 0)
		return;
	if (json_can_say(from)) {
		*to = enrich_keep(&s->j->enrich, str_trim(from));
		return;
	}
	if (!s->told[column])
		enrich_tell(s->t, "session",
			    "the %s of visit %lld is left out: it is no UTF-8, or holds "
			    "a NUL",
			    browser_columns[column], (long long)page->visit_id);
	s->told[column] = true;
}

/* What is no UTF-8 in an address is sent percent-encoded. */
static void take_address(struct enrich *n, struct str *to, struct str from)
{
	if (to->len == 0)
		*to = enrich_keep(n, str_trim(from));
}

static bool take_page(void *arg, const struct page *page)
{
	struct session_search *s = arg;
	struct enrichment *x = &s->j->enrichment;
	struct enrich *n = &s->j->enrich;

	if (!s->any && url_is_http(str_trim(page->url))) {
		s->any = true;
		s->found = (struct page){page->seen_ms, page->visit_id};
		x->page_url = enrich_keep(n, str_trim(page->url));
	}
	take_address(n, &x->referrer, page->referrer);
	take(s, page, TTP, &x->ttp, page->ttp);
	take(s, page, IP, &x->ip, page->ip);
	take(s, page, USER_AGENT, &x->user_agent, page->user_agent);
	if (x->ttclid.len == 0)
		x->ttclid = enrich_ttclid(n, page, &s->j->scratch.more);
	return !(s->any && x->referrer.len && x->ttp.len && x->ip.len &&
		 x->user_agent.len && x->ttclid.len);
}

/* A mark with nothing left behind it goes, too. */
static struct str without_click(struct str url, struct buf *out)
{
	struct str query = query_of(url), param, value;
	const char *done = url.p, *end = url.p + url.len;

	buf_clear(out);
	while (query_next(&query, &param)) {
		if (!query_value(param, STR("ttclid"), &value))
			continue;
		buf_add(out, done, (size_t)(param.p - done));
		done = query.len ? query.p : end;
	}
	if (done == end && out->len > 0)
		out->len--;
	buf_add(out, done, (size_t)(end - done));
	return buf_str(out);
}

/* Only the page's address: what came behind the event did not lead to it, and TikTok would read a
 * click in the address as one that did. */
static bool take_first_page(void *arg, const struct page *page)
{
	struct session_search *s = arg;

	if (!url_is_http(str_trim(page->url)))
		return true;
	s->any = true;
	s->found = (struct page){page->seen_ms, page->visit_id};
	s->j->enrichment.page_url = enrich_keep(
		&s->j->enrich, without_click(str_trim(page->url), &s->j->scratch.more));
	return false;
}

static enum err_code find_session(struct judge *j, const struct trace *t, struct err *e)
{
	struct enrich *n = &j->enrich;
	struct session_search s = {.j = j, .t = t};
	struct page_span before = {INT64_MIN, n->event_ms, false, false};
	struct page_span after = {n->event_ms + 1, INT64_MAX, false, true};
	uint64_t session = session_of(&n->ids);
	char at[ENRICH_TIME];

	if (!session || !n->person.has_pages)
		return ERR_OK;
	if (person_pages(&n->person, session, &before, take_page, &s, e) != ERR_OK)
		return e->code;
	if (!s.any &&
	    person_pages(&n->person, session, &after, take_first_page, &s, e) != ERR_OK)
		return e->code;
	if (s.any)
		enrich_tell(t, "session", "its %s page is visit %lld, %s",
			    s.found.seen_ms > n->event_ms ? "first" : "latest",
			    (long long)s.found.visit_id,
			    enrich_time(s.found.seen_ms / 1000, at));
	else
		enrich_tell(t, "session", "no page of it is known");
	return ERR_OK;
}

static const char *source_word_of(enum identity_source source)
{
	return source == IDENTITY_VISIT     ? "visit"
	       : source == IDENTITY_CONSENT ? "consent row"
					    : "conversion";
}

static void tell_members(const struct enrich *n, const struct person_edges *edges,
			 const struct trace *t)
{
	if (!t)
		return;
	if (n->member_count < 2)
		enrich_tell(t, "identity", "nothing else is known of the person");
	for (size_t i = 1; i < n->member_count; i++) {
		const struct identity_member *m = &n->members[i];
		const struct identity_edge *edge = &edges->list[m->edge];
		char to[IDENTIFIER_TEXT], from[IDENTIFIER_TEXT], at[ENRICH_TIME];

		identifier_text(m->node.hash, to);
		identifier_text(n->members[m->from].node.hash, from);
		enrich_tell(t, "identity", "%s, seen with %s in %s %lld, %s", to, from,
			    source_word_of(edge->source), (long long)edge->row_id,
			    enrich_time(edge->at_s, at));
	}
}

bool enrich_is_own(const struct enrich *n, uint64_t node)
{
	for (size_t i = 0; i < n->ids.count; i++)
		if (n->ids.id[i].node == node)
			return true;
	return false;
}

/* Where the next one of its kind goes; NULL where there is no room or no use for it. */
static struct str *place_for(struct enrichment *x, enum identity_kind kind)
{
	struct str *list = kind == IDENTITY_EMAIL         ? x->emails
			   : kind == IDENTITY_PHONE       ? x->phones
			   : kind == IDENTITY_EXTERNAL_ID ? &x->external_id
							  : NULL;
	size_t count = kind == IDENTITY_EXTERNAL_ID ? 1 : ENRICHMENT_IDS;

	for (size_t i = 0; list && i < count; i++)
		if (list[i].len == 0)
			return &list[i];
	return NULL;
}

static enum err_code take_members(struct judge *j, const struct person_edges *edges,
				  struct err *e)
{
	struct enrich *n = &j->enrich;

	for (size_t i = 1; i < n->member_count; i++) {
		const struct identity_member *m = &n->members[i];
		struct str *place = place_for(&j->enrichment, m->node.kind);
		unsigned char digest[DIGEST_LEN];
		char hex[DIGEST_HEX_LEN];
		bool found;

		if (!place || enrich_is_own(n, m->node.hash))
			continue;
		if (person_value(&n->person, &edges->list[m->edge], m->node.hash, digest,
				 &found, e) != ERR_OK)
			return e->code;
		if (!found)
			continue;
		digest_hex_of(digest, DIGEST_LEN, hex);
		*place = enrich_keep(n, str_make(hex, sizeof(hex)));
	}
	return ERR_OK;
}

static void note_met(struct enrich *n, const struct person_edges *edges)
{
	uint32_t row = n->met_row++;

	for (size_t i = 0; i < edges->node_count; i++)
		met_add(n->met, row, edges->nodes[i]);
}

/* From the row's strongest identifier. */
static size_t resolve(const struct enrich *n, struct identity_view **view,
		      const struct person_edges *edges, int64_t at_s,
		      const struct identity_member **members)
{
	if (!*view)
		*view = identity_view_new();
	return identity_resolve(*view, edges->list, edges->count,
				identity_node_of(n->ids.id[0].node), at_s, members);
}

size_t enrich_resolve_now(struct enrich *n, const struct person_edges *edges,
			  const struct identity_member **members)
{
	return resolve(n, &n->view_now, edges, INT64_MAX, members);
}

/* What the row tells others of is dated as the visits are, by the first destination's clock. */
static enum err_code find_person(struct judge *j, bool first, int64_t now_ms,
				 const struct trace *t, struct err *e)
{
	struct enrich *n = &j->enrich;
	int64_t now_s = now_ms / 1000;
	struct person_row row = {&n->ids, n->event_s, j->conversion.row->id};
	struct person_edges edges = {0};
	bool any;

	if (n->ids.count == 0)
		return permission_find(j, &edges, now_ms, t, e);
	if (person_reach(&n->person, n->kin, &row,
			 now_s > n->event_s ? now_s : n->event_s, &edges, e) != ERR_OK)
		return e->code;
	any = edges.count > edges.own || n->person.has_pages || t;
	if (any)
		n->member_count = resolve(n, &n->view, &edges, n->event_s, &n->members);
	if (permission_find(j, &edges, now_ms, t, e) != ERR_OK ||
	    (any && take_members(j, &edges, e) != ERR_OK))
		return e->code;
	if (any)
		tell_members(n, &edges, t);
	if (n->met && first)
		note_met(n, &edges);
	/* An event of the future is refused, and nobody was seen then. */
	if (n->kin && first && n->event_s <= now_s + FUTURE_MAX_S)
		kin_put_row(n->kin, &n->ids, edges.known, n->event_s, row.row_id,
			    IDENTITY_CONVERSION);
	return ERR_OK;
}

/* Whether anything could be found for the row, or is to be kept of it. */
static bool is_worth_it(const struct judge *j)
{
	const struct enrich *n = &j->enrich;
	const struct person_reader *p = &n->person;
	size_t own;

	if (p->has_edges || p->has_pages || p->has_statements)
		return true;
	own = n->kin ? conversion_identifiers(&j->conversion) : 0;
	if (own == 1 && n->kin->count == 0 && n->met)
		n->met->blind = true;
	return own > 1 || (own > 0 && n->kin->count > 0);
}

enum err_code enrich_row(struct judge *j, const struct destination_config *d,
			 int64_t now_ms, const struct trace *t, struct err *e)
{
	struct enrich *n = &j->enrich;
	struct identifier_reader reader = {&j->digest, &j->scratch.text, &j->scratch.more,
					   config_country(j->config), &j->scratch.known};

	identifiers_clear(&n->ids);
	n->member_count = 0;
	e->code = ERR_OK;
	if (!is_worth_it(j))
		return ERR_OK;
	identifiers_of_conversion(&j->conversion, &reader, &n->ids);
	if (n->ids.count + n->ids.placeholders + n->ids.at_homes == 0)
		return ERR_OK;
	note_time(j, d ? d->rules.zone : NULL);
	if (find_session(j, t, e) != ERR_OK)
		return e->code;
	return find_person(j, d == j->config->destinations, now_ms, t, e);
}
