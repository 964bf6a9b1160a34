/* SPDX-License-Identifier: MIT */
#include "net/ask.h"

#include <stddef.h>

enum { TARGET_MAX = 8192 };

void ask_init(struct ask *a, struct str method, struct str target)
{
	*a = (struct ask){.headers = {.method = method}};
	buf_init(&a->target, TARGET_MAX);
	buf_init(&a->body, PARAMS_BYTES_MAX);
	buf_init(&a->params.text, 0);
	buf_adds(&a->target, target);
}

void ask_fini(struct ask *a)
{
	params_fini(&a->params);
	buf_fini(&a->target);
	buf_fini(&a->body);
}

void ask_header(struct ask *a, struct str name, struct str value)
{
	static const struct {
		const char *name;
		size_t at;
		bool once;
	} headers[] = {
#define H(name, member, once) {name, offsetof(struct ask, member), once}
		H("Host", headers.host, true),
		H("Origin", headers.origin, true),
		H("Authorization", headers.authorization, true),
		H("Sec-Fetch-Site", headers.fetch_site, true),
		H("Sec-Fetch-Mode", headers.fetch_mode, true),
		H("Content-Type", type, true),
		H("Accept", accept, false),
#undef H
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct str *member = (struct str *)((char *)a + headers[i].at);

		if (!str_ieq(name, str_of(headers[i].name)))
			continue;
		if (member->p && headers[i].once)
			a->headers.twice = true;
		*member = value.p ? value : STR("");
	}
}

static int refuse(struct ask *a, int status, const char *words)
{
	a->words = words;
	return status;
}

static int refuse_by(struct ask *a, enum gate_verdict v)
{
	return v == GATE_PASS ? 0 : refuse(a, gate_status(v), gate_words(v));
}

static bool is_post(const struct ask *a)
{
	return str_eq(a->headers.method, STR("POST"));
}

static struct str query_of(const struct ask *a)
{
	const char *mark = a->target.len ? memchr(a->target.p, '?', a->target.len) : NULL;

	if (!mark)
		return STR_NONE;
	return str_make(mark + 1, a->target.len - (size_t)(mark + 1 - a->target.p));
}

static bool has_form_type(struct str type)
{
	struct str form = STR("application/x-www-form-urlencoded");

	return type.len >= form.len && str_ieq(str_make(type.p, form.len), form) &&
	       (type.len == form.len || type.p[form.len] == ';' ||
		ascii_is_space(type.p[form.len]));
}

static const struct ask_route *route_of(const struct ask *a,
					const struct ask_route *routes)
{
	struct str query = query_of(a), path = buf_str(&a->target);

	if (query.p)
		path.len -= query.len + 1;
	for (; routes->path; routes++)
		if (str_eq(path, str_of(routes->path)))
			return routes;
	return NULL;
}

int ask_begin(struct ask *a, const struct gate *g, const struct ask_route *routes)
{
	enum gate_kind kind;
	enum gate_verdict v;

	a->route = route_of(a, routes);
	kind = a->route ? a->route->kind : GATE_PAGE;
	v = gate_headers(g, kind, &a->headers);
	if (v != GATE_PASS)
		return refuse_by(a, v);
	if (a->target.full)
		return refuse(a, 414, "The address is too long.");
	if (!a->route)
		return refuse(a, 404, "There is no such page.");
	if (is_post(a) && !has_form_type(a->type))
		return refuse(a, 415,
			      "Only application/x-www-form-urlencoded is read here.");
	return 0;
}

int ask_body(struct ask *a, struct str bytes)
{
	if (is_post(a))
		buf_adds(&a->body, bytes);
	return a->body.full ? refuse(a, 413, "The form is too long.") : 0;
}

static bool contains(struct str s, struct str word)
{
	for (size_t i = 0; i + word.len <= s.len; i++)
		if (str_ieq(str_make(s.p + i, word.len), word))
			return true;
	return false;
}

int ask_end(struct ask *a, const struct gate *g)
{
	enum gate_verdict v;

	a->html = contains(a->accept, STR("text/html"));
	if (!params_parse(&a->params, is_post(a) ? buf_str(&a->body) : query_of(a)))
		return refuse(a, 400, "The query or the form cannot be read.");
	if (is_post(a))
		a->headers.form_token = params_get(&a->params, "token");
	v = gate_judge(g, a->route->kind, &a->headers, &a->trusted);
	if (a->trusted && a->headers.form_token.len > 0)
		a->token = str_trim(a->headers.form_token);
	return refuse_by(a, v);
}
