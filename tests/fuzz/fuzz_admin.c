/* SPDX-License-Identifier: MIT
 * Any request to the admin listener, from its first line to its body: who asks without the
 * token changes nothing and, over TCP, reads nothing; and whatever is asked for comes back as
 * text on a page whose every tag and attribute is the page's own.
 *
 * The first byte chooses the door; the rest is the request as it would be on the wire. */
#include <ctype.h>

#include "check.h"
#include "net/ask.h"
#include "run/page.h"

#define TOKEN "feedfacefeedfacefeedfacefeedfacefeedfacefeedfacefeedfacefeedface"

static const struct ask_route routes[] = {
	{"/", GATE_PAGE, 0},        {"/pause", GATE_CHANGE, 1}, {"/livez", GATE_OPEN, 2},
	{"/metrics", GATE_READ, 3}, {NULL, GATE_OPEN, 0},
};

static bool contains(struct str s, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= s.len; i++)
		if (str_ieq(str_make(s.p + i, len), str_make(word, len)))
			return true;
	return false;
}

/* Up to `end`, which is left out, as it is from `s`. */
static struct str cut(struct str *s, char end)
{
	const char *at = s->len ? memchr(s->p, end, s->len) : NULL;
	size_t len = at ? (size_t)(at - s->p) : s->len;
	struct str head = str_make(s->p, len);

	*s = str_make(s->p + len + (at != NULL), s->len - len - (at != NULL));
	return head;
}

static bool is_one_of(struct str word, const char *words)
{
	struct str list = str_of(words);

	while (list.len > 0)
		if (str_eq(cut(&list, ' '), word))
			return true;
	return false;
}

static const char tags[] = "html head meta title link style body header main footer "
			   "section div span h1 h2 h3 p "
			   "form label input button dl dt dd svg g rect details summary "
			   "table thead tbody tr th "
			   "td ul ol li code b time script";
static const char names[] = "lang charset name content rel href class id method action "
			    "role for type placeholder "
			    "autocomplete spellcheck value form formaction "
			    "aria-labelledby aria-label aria-hidden "
			    "viewBox preserveAspectRatio x y width height rx scope "
			    "data-name data-wrong datetime "
			    "hidden required autofocus";

/* One tag, from behind its '<' to its '>'. */
static void check_tag(struct str *rest)
{
	size_t end = 0;
	struct str name;

	if (rest->p[0] == '/')
		*rest = str_make(rest->p + 1, rest->len - 1);
	while (end < rest->len && isalnum((unsigned char)rest->p[end]))
		end++;
	name = str_make(rest->p, end);
	CHECK(is_one_of(name, tags));
	*rest = str_make(rest->p + end, rest->len - end);
	while (rest->len > 1 && rest->p[0] != '>' && !str_starts(*rest, STR("/>"))) {
		CHECK(rest->p[0] == ' ');
		end = 1;
		while (end < rest->len && !strchr("= >", rest->p[end]))
			end++;
		CHECK(is_one_of(str_make(rest->p + 1, end - 1), names));
		*rest = str_make(rest->p + end, rest->len - end);
		if (rest->len > 1 && rest->p[0] == '=') {
			CHECK(rest->p[1] == '"');
			*rest = str_make(rest->p + 2, rest->len - 2);
			cut(rest, '"');
		}
	}
	CHECK(rest->len > 0);
	cut(rest, '>');
}

/* Behind the head with its style, and before the script. */
static void check_page(struct str html)
{
	const char *body = memmem(html.p, html.len, "</style>", 8);
	const char *end = memmem(html.p, html.len, "<script>", 8);

	CHECK(body && end && body < end);
	html = str_make(body, (size_t)(end - body));
	for (size_t i = 0; i < html.len; i++)
		CHECK((unsigned char)html.p[i] >= ' ' || html.p[i] == '\n' ||
		      html.p[i] == '\t');
	while (html.len > 0) {
		cut(&html, '<');
		if (html.len > 0)
			check_tag(&html);
	}
}

/* What was asked for, in every place where a text can stand. */
static void render(const struct ask *a, bool tcp)
{
	static struct vitals v;
	struct str text = params_get(&a->params, "event_id");
	struct overview o;
	struct page_view p = {.overview = &o, .vitals = &v, .notice = "", .tcp = tcp};
	struct buf html;

	overview_init(&o, INT64_C(1764079530000));
	text = overview_keep(&o, text);
	p.token = a->token;
	o.event_id = text;
	o.hours_of = o.zone = overview_keep(&o, params_get(&a->params, "hours"));
	o.site_count = o.problem_count = o.step_count = o.unmapped_count = 1;
	o.sites[0] = (struct overview_site){.name = text,
					    .source = text,
					    .state = text,
					    .last_error = text,
					    .last_delivered = text};
	o.problems[0] = (struct overview_problem){.site = text,
						  .last = text,
						  .example = text,
						  .advice = text,
						  .reason = REASON_NOT_MAPPED,
						  .count = 1};
	o.steps[0] = (struct overview_step){text, text, text};
	o.unmapped[0] = (struct overview_unmapped){text, 1};
	buf_init(&html, 8 << 20);
	page_render(&p, &html);
	CHECK(!html.full);
	check_page(buf_str(&html));
	buf_fini(&html);
	overview_fini(&o);
}

/* Fills `a`; 0 or a status. */
static int ask(struct ask *a, const struct gate *g, struct str wire)
{
	struct str line = cut(&wire, '\n'), method = cut(&line, ' ');
	int status;

	ask_init(a, method, cut(&line, ' '));
	while (wire.len > 0) {
		line = cut(&wire, '\n');
		if (line.len == 0)
			break;
		method = cut(&line, ':');
		ask_header(a, method, str_trim(line));
	}
	status = ask_begin(a, g, routes);
	while (!status && wire.len > 0) {
		size_t piece = wire.len < 100 ? wire.len : 100;

		status = ask_body(a, str_make(wire.p, piece));
		wire = str_make(wire.p + piece, wire.len - piece);
	}
	return status ? status : ask_end(a, g);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct gate g = {.host = {"127.0.0.1:9464", "localhost:9464"}, .token = TOKEN};
	struct str wire = str_make((const char *)bytes, len);
	struct ask a;
	int status;

	if (len == 0)
		return 0;
	g.tcp = bytes[0] & 1;
	wire = str_make(wire.p + 1, wire.len - 1);
	status = ask(&a, &g, wire);
	CHECK(status == 0 || (status >= 400 && status < 500 && a.words[0]));
	if (status == 0) {
		bool open = a.route->kind == GATE_OPEN;

		CHECK(contains(wire, "localhost") || contains(wire, "127.0.0.1") ||
		      contains(wire, "[::1]"));
		CHECK(!a.trusted || contains(wire, "feed") || contains(wire, "%"));
		CHECK(a.trusted || (a.route->kind != GATE_CHANGE && (!g.tcp || open)));
		CHECK(!contains(a.headers.origin, "evil"));
		if (a.route->kind == GATE_PAGE)
			render(&a, g.tcp);
	}
	ask_fini(&a);
	return 0;
}
