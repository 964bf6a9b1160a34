/* SPDX-License-Identifier: MIT
 * ask.h - one request to the admin listener, read and judged: target, headers, form.
 *
 *     ask_init --> ask_header (each) --> ask_begin --> ask_body (each) --> ask_end --> ask_fini
 *
 * Owns:    the target and the body, from ask_init to ask_fini; headers are borrowed.
 * Thread:  one at a time; pure.
 * Errors:  none: an HTTP status and a sentence, or 0 to go on.
 * See:     net/gate.h for who may; net/admin.h, which carries it. */
#ifndef NET_ASK_H
#define NET_ASK_H

#include "net/gate.h"
#include "net/params.h"

struct ask_route {
	const char *path;
	enum gate_kind kind;
	int number; /* the caller's own */
};

struct ask {
	struct buf target, body;
	struct gate_request headers;
	struct str accept, type;
	const struct ask_route *route; /* from ask_begin on, unless there is none */
	/* after ask_end */
	struct params params; /* of the form, else of the query */
	bool trusted;         /* it bears the token */
	bool html;            /* a browser asks */
	struct str token;     /* the token, where a form brought it */
	const char *words;    /* why it is refused */
};

void ask_init(struct ask *a, struct str method, struct str target);
void ask_fini(struct ask *a);
void ask_header(struct ask *a, struct str name, struct str value);

/* Routes end with one without a path. 0: go on, with the body first. */
int ask_begin(struct ask *a, const struct gate *g, const struct ask_route *routes);
int ask_body(struct ask *a, struct str bytes);
int ask_end(struct ask *a, const struct gate *g);

#endif
