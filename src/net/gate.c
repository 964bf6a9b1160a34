/* SPDX-License-Identifier: MIT */
#include "net/gate.h"

#include <openssl/crypto.h>

static const struct {
	int status;
	const char *words;
} verdicts[] = {
#define X(name, status, words) {status, words},
	GATE_VERDICTS(X)
#undef X
};

int gate_status(enum gate_verdict v)
{
	return verdicts[v].status;
}

const char *gate_words(enum gate_verdict v)
{
	return verdicts[v].words;
}

/* ":" and one to five digits, or nothing. */
static bool is_port(struct str s)
{
	if (s.len == 0)
		return true;
	if (s.len < 2 || s.len > 6 || s.p[0] != ':')
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return true;
}

/* Whoever forwards a port to the socket chooses it; the name stays one of the loopback's. */
static bool is_loopback(struct str host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str name = str_of(names[i]);

		if (host.len >= name.len && str_ieq(str_make(host.p, name.len), name) &&
		    is_port(str_make(host.p + name.len, host.len - name.len)))
			return true;
	}
	return false;
}

static bool host_is_ours(const struct gate *g, struct str host)
{
	if (!g->tcp)
		return is_loopback(host);
	for (int i = 0; i < 2; i++)
		if (g->host[i][0] && str_ieq(host, str_of(g->host[i])))
			return true;
	return false;
}

/* Host is one of ours already. */
static bool origin_is_ours(const struct gate_request *r)
{
	struct str scheme = STR("http://"), origin = r->origin;

	return origin.len == scheme.len + r->host.len && str_starts(origin, scheme) &&
	       str_eq(str_make(origin.p + scheme.len, r->host.len), r->host);
}

static bool reads(struct str method)
{
	return str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"));
}

/* What a browser says of the page that asks. Another page may link here, not more. */
static bool site_is_ours(const struct gate_request *r)
{
	if (!r->fetch_site.p || str_eq(r->fetch_site, STR("same-origin")) ||
	    str_eq(r->fetch_site, STR("none")))
		return true;
	return reads(r->method) && str_eq(r->fetch_mode, STR("navigate"));
}

const char *gate_methods(enum gate_kind kind)
{
	switch (kind) {
	case GATE_CHANGE: return "POST";
	case GATE_PAGE: return "GET, HEAD, POST";
	case GATE_OPEN:
	case GATE_READ: break;
	}
	return "GET, HEAD";
}

static bool method_fits(enum gate_kind kind, struct str method)
{
	if (str_eq(method, STR("POST")))
		return kind == GATE_CHANGE || kind == GATE_PAGE;
	return kind != GATE_CHANGE && reads(method);
}

enum gate_verdict gate_headers(const struct gate *g, enum gate_kind kind,
			       const struct gate_request *r)
{
	if (r->twice)
		return GATE_TWICE;
	if (!host_is_ours(g, r->host))
		return GATE_HOST;
	if ((r->origin.p && !origin_is_ours(r)) || !site_is_ours(r))
		return GATE_ORIGIN;
	return method_fits(kind, r->method) ? GATE_PASS : GATE_METHOD;
}

/* The time it takes tells nothing but whether the length fits. */
static bool is_token(const struct gate *g, struct str given)
{
	return given.len == GATE_TOKEN_LEN && g->token[0] != '\0' &&
	       CRYPTO_memcmp(given.p, g->token, GATE_TOKEN_LEN) == 0;
}

static bool is_bearer(const struct gate *g, struct str header)
{
	struct str scheme = STR("Bearer ");

	return header.len > scheme.len &&
	       str_ieq(str_make(header.p, scheme.len), scheme) &&
	       is_token(g, str_trim(str_make(header.p + scheme.len,
					     header.len - scheme.len)));
}

enum gate_verdict gate_judge(const struct gate *g, enum gate_kind kind,
			     const struct gate_request *r, bool *trusted)
{
	enum gate_verdict v = gate_headers(g, kind, r);
	bool needed = kind == GATE_CHANGE || (g->tcp && kind != GATE_OPEN);

	*trusted = false;
	if (v != GATE_PASS)
		return v;
	*trusted = is_bearer(g, r->authorization) || is_token(g, str_trim(r->form_token));
	if (*trusted || !needed)
		return GATE_PASS;
	return r->authorization.p || r->form_token.p ? GATE_WRONG_TOKEN : GATE_NO_TOKEN;
}
