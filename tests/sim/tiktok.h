/* SPDX-License-Identifier: MIT
 * tiktok.h - the other end: what arrived there, what it answered, what it counted.
 *
 * Owns:    its ledger, in memory that outlives the relay's process.
 * Thread:  one.
 * Errors:  a body that TikTok would not take breaks the seed.
 * See:     tools/sandbox, the same for the real binary. */
#ifndef SIM_TIKTOK_H
#define SIM_TIKTOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trouble.h"

#define REQUESTS_MAX 8192
#define SENDS_MAX (1 << 17)
#define SENDS_BUCKETS (1 << 16)
#define PIXELS 2

/* One request, from its start to its end. */
struct request {
	int64_t attempt_id;
	int life, relay;    /* which process, which run in it */
	int pixel;          /* -1: not read yet */
	int64_t started_us; /* true time */
	int64_t mono_ms;
	int64_t ended_us; /* 0: never */
	int events;
	bool arrived; /* whole */
	bool applied; /* the events were stored */
	bool known;   /* the relay got the whole answer */
	bool drawn;   /* a trouble of the seed's met it */
	bool put_off; /* the answer is about the destination, not the events */
	int http_status;
	bool has_code;
	int64_t code;
	int64_t retry_after_ms;
	char message[80];
};

/* One event in a request that arrived. */
struct send {
	int request;
	int pixel;
	int before; /* the same event, the last time; -1: never */
	int64_t at_us;
	bool fresh; /* TikTok counted it */
	int next;   /* in its bucket */
	char id[40], name[24], tag[16];
};

struct tiktok {
	struct request requests[REQUESTS_MAX];
	int request_count;
	struct send sends[SENDS_MAX];
	int send_count;
	int buckets[SENDS_BUCKETS]; /* the latest send of each + 1; 0: none */
	int token; /* the number of the one that is good; those before are not */
	bool token_revoked;
	bool names_poison; /* the message says which event is bad */
};

/* A whole body arrived; the answer goes to `r`. */
void tiktok_receive(struct request *r, const char *body, size_t len, const char *token);

/* The last send of an event to a pixel, whatever it was called; NULL: none. */
const struct send *tiktok_last(int pixel, const char *id);
/* The one before, of the same name; NULL: none. */
const struct send *tiktok_before(const struct send *s);

void tiktok_reset(void);

/* The words of the answer, as bytes on the wire; returns their length. */
size_t tiktok_answer(const struct request *r, char *out, size_t cap);

#endif
