/* SPDX-License-Identifier: MIT
 * answer.h - how one request ended, and TikTok's envelope in what came back.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none; a body may be anything.
 * See:     verdict.h, what it means. */
#ifndef CORE_ANSWER_H
#define CORE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/secret.h"

enum transport {
	TRANSPORT_ANSWERED, /* a whole answer, whatever it says */
	TRANSPORT_NOT_SENT, /* the other end cannot have the whole body */
	TRANSPORT_TLS,      /* nothing was sent: the certificate is not trusted */
	TRANSPORT_LOST,     /* sent, but no whole answer */
};

struct answer {
	enum transport transport;
	int http_status;
	bool has_code; /* the body was a JSON object with an integer `code` */
	int64_t code;
	char message[201]; /* printable, cut */
	char request_id[65];
};

/* Secrets that went out with the request; any of them may be NULL. */
#define ANSWER_SECRETS 3
struct answer_secrets {
	const struct secret *sent[ANSWER_SECRETS];
};

/* Reads the envelope from the body; without one, has_code stays false. Pieces of the secrets
 * become asterisks in message and request_id. */
void answer_parse(struct answer *a, struct str body,
		  const struct answer_secrets *secrets);

#endif
