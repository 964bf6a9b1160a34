/* SPDX-License-Identifier: MIT
 * gate.h - who may ask the admin listener for what: a request's headers, judged.
 *
 * A unix socket is guarded by its mode, so that reading needs no more; a port of the loopback
 * is everybody's on this machine, and a web page in the browser reaches both through one. So:
 * a name that is exactly ours in Host, no Origin but our own, and the bearer token for all that
 * changes something, over TCP also for reading. No cookies: nothing is sent without being meant.
 *
 * Owns:    the token's bytes.
 * Thread:  any; pure.
 * Errors:  none: enum gate_verdict.
 * See:     net/admin.h, which asks; SECURITY.md. */
#ifndef NET_GATE_H
#define NET_GATE_H

#include "base/str.h"

#define GATE_TOKEN_LEN 64

enum gate_kind {
	GATE_OPEN,   /* says nothing but that it is there */
	GATE_READ,   /* GET, HEAD */
	GATE_PAGE,   /* the same, and POST with the token in a form */
	GATE_CHANGE, /* POST */
};

struct gate {
	bool tcp;
	char host[2][64]; /* TCP: what Host may be; "" for none */
	char token[GATE_TOKEN_LEN + 1];
};

/* Borrowed; p == NULL: the header is not there. */
struct gate_request {
	struct str method, host, origin, authorization;
	struct str fetch_site, fetch_mode; /* Sec-Fetch-… */
	struct str form_token;             /* of the form, in place of Authorization */
	bool twice;                        /* one of these headers came more than once */
};

/* verdict, HTTP status, what the client is told */
#define GATE_VERDICTS(X)                                                                 \
	X(PASS, 200, "")                                                                 \
	X(TWICE, 400, "A header came twice.")                                            \
	X(HOST, 421, "This is not the name of this listener.")                           \
	X(ORIGIN, 403, "Another web page may not ask this.")                             \
	X(METHOD, 405, "This cannot be asked so.")                                       \
	X(NO_TOKEN, 401, "The bearer token is missing.")                                 \
	X(WRONG_TOKEN, 401, "This is not the bearer token.")

enum gate_verdict {
#define X(name, status, words) GATE_##name,
	GATE_VERDICTS(X)
#undef X
};

int gate_status(enum gate_verdict v);
const char *gate_words(enum gate_verdict v);

/* "GET, HEAD", as in Allow. */
const char *gate_methods(enum gate_kind kind);

/* Before the body is read: all but the token. */
enum gate_verdict gate_headers(const struct gate *g, enum gate_kind kind,
			       const struct gate_request *r);

/* The token, too. *trusted tells whether it came, wherever it is not needed. */
enum gate_verdict gate_judge(const struct gate *g, enum gate_kind kind,
			     const struct gate_request *r, bool *trusted);

#endif
