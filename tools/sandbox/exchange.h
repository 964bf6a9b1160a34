/* SPDX-License-Identifier: MIT
 * exchange.h - one request and what is answered to it.
 *
 * Owns:    the body, the parsed JSON and the answer, from exchange_new to exchange_free.
 * Thread:  that of its connection.
 * Errors:  none; out of memory aborts. */
#ifndef SANDBOX_EXCHANGE_H
#define SANDBOX_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "fault.h"

#define BODY_MAX ((size_t)64 << 20)

struct route;

struct exchange {
	/* what was asked */
	const struct route *route; /* NULL: no such path */
	int fd;
	bool tls;
	int64_t at_ms;
	void *connection; /* the server's */
	/* An argument of the query; NULL where it is not there. */
	const char *(*argument)(const struct exchange *x, const char *name);
	char method[16];
	char path[128];
	char token[512], content_type[128];
	bool encoded;    /* with a Content-Encoding */
	uint64_t length; /* Content-Length; UINT64_MAX where it is not known */
	struct buf body;
	uint64_t received; /* bytes, also those past BODY_MAX */

	/* what it says */
	uint64_t nth; /* among those to event/track, from 1 */
	json_t *root;
	char root_error[224];
	struct fault fault; /* FAULT_NONE: none */

	/* what came of it */
	int status;    /* HTTP; 0: no answer was sent */
	bool has_code; /* the answer carries a `code` that can be read */
	int code;
	char message[256];
	char request_id[35];
	const char *answer_type;
	struct buf answer;
	struct buf location; /* of a redirection; empty: none */
	bool applied;        /* the events were stored */
	uint64_t fresh, duplicate;
	bool recorded; /* in the ledger */
};

struct exchange *exchange_new(const char *method, const char *path);
void exchange_set_headers(struct exchange *x, const char *token,
			  const char *content_type);
void exchange_free(struct exchange *x);

/* TikTok's envelope with data {}, as text, plain, or as HTML. */
void exchange_answer(struct exchange *x, int status, int code, const char *message);
void exchange_answer_data(struct exchange *x, int status, int code, const char *message,
			  struct str data);
void exchange_answer_text(struct exchange *x, int status, const char *type,
			  const char *text);

/* Members of the body; NULL or 0 where they are not there or of another type. */
const char *exchange_text(const struct exchange *x, const char *member);
size_t exchange_event_count(const struct exchange *x);

#endif
