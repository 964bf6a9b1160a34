/* SPDX-License-Identifier: MIT
 * oauth.h - what is asked of TikTok about a grant: each question as a request, ready to be
 * sent on a loop or performed on the spot.
 *
 * Owns:    URL, body and answer, from oauth_init to oauth_fini, which wipes them.
 * Thread:  that of the loop it is sent on.
 * Errors:  oauth_check: UNAVAILABLE it may work later; PERM TikTok refuses.
 * See:     oauth_reply.h, what the answers hold; docs/credentials.md. */
#ifndef NET_OAUTH_H
#define NET_OAUTH_H

#include "net/http.h"

struct oauth_app {
	char id[65];
	struct secret secret;
};

struct oauth {
	struct http_request http; /* `done` is the caller's to set before http_send */
	struct buf url, body, reply;
	const char *endpoint;
};

/* `endpoint` without a slash at its end; borrowed. May be called again to ask anew. */
void oauth_init(struct oauth *o, const char *endpoint);
void oauth_fini(struct oauth *o);

/* One of these prepares the request; app, code and tokens are borrowed until its end. */
void oauth_ask_exchange(struct oauth *o, const struct oauth_app *app,
			const struct secret *code);
void oauth_ask_refresh(struct oauth *o, const struct oauth_app *app,
		       const struct secret *refresh_token);
void oauth_ask_revoke(struct oauth *o, const struct oauth_app *app,
		      const struct secret *token);
void oauth_ask_advertisers(struct oauth *o, const struct oauth_app *app,
			   const struct secret *token);
void oauth_ask_info(struct oauth *o, struct str advertiser_id,
		    const struct secret *token);
/* A page of OAUTH_PAGE; the first is 1. */
#define OAUTH_PAGE 20
void oauth_ask_pixels(struct oauth *o, struct str advertiser_id, int page,
		      const struct secret *token);

/* Sends it on a loop of its own and waits; then as oauth_check. */
MUST_CHECK enum err_code oauth_perform(struct oauth *o,
				       const struct http_options *options, struct err *e);

/* The answer: TikTok does not know the token, or not any more. */
bool oauth_is_unknown_token(const struct oauth *o);

/* What the end of the request means. */
MUST_CHECK enum err_code oauth_check(const struct oauth *o, struct err *e);

#endif
