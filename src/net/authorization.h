/* SPDX-License-Identifier: MIT
 * authorization.h - one question to a person in a browser: the URL that asks it, and whether an
 * answer is the answer to it. The state is 256 bits of chance, good once, for ten minutes.
 *
 * Owns:    nothing that needs an end; pure but for the state's chance.
 * Thread:  one at a time.
 * Errors:  BUG no random bytes; an answer that is not ours is an expected outcome.
 * See:     callback.h, where the answer arrives; RFC 6749 section 10.12. */
#ifndef NET_AUTHORIZATION_H
#define NET_AUTHORIZATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/secret.h"

#define AUTHORIZATION_MS (10 * 60 * 1000)
#define AUTHORIZATION_PATH "/callback"

struct authorization {
	char state[65];
	uint64_t until_ms; /* monotonic */
	bool used;
	char redirect_uri[64];
};

enum authorization_answer {
	AUTHORIZATION_GIVEN,   /* the code is there; the state is used up */
	AUTHORIZATION_DENIED,  /* the person said no; the state is used up */
	AUTHORIZATION_FOREIGN, /* the state is not ours, or was used: go on waiting */
	AUTHORIZATION_EMPTY,   /* ours, but without a code: go on waiting */
	AUTHORIZATION_LATE,
};

MUST_CHECK enum err_code authorization_init(struct authorization *a, uint16_t port,
					    uint64_t now_ms, struct err *e);

/* Appends the URL to open. */
void authorization_url(const struct authorization *a, const char *endpoint,
		       const char *app_id, struct buf *out);

/* Parts of the answer as they were received and decoded; "" where they are absent. */
enum authorization_answer authorization_judge(struct authorization *a, struct str state,
					      struct str code, struct str error,
					      uint64_t now_ms);

/* Appends an argument of a URL's query, decoded; nothing where it is absent. */
void authorization_argument(struct str url, struct str name, struct buf *out);

/* Appends `text` as it may stand in a URL's query. */
void authorization_escape(struct buf *out, struct str text);

#endif
