/* SPDX-License-Identifier: MIT
 * account.h - what TikTok lets us see of the accounts behind a fresh token: advertisers, their
 * pixels, the time zone and currency of the one that owns ours.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  none: what may not be read is left out.
 * See:     connect.c. */
#ifndef CMD_ACCOUNT_H
#define CMD_ACCOUNT_H

#include "net/oauth.h"
#include "net/oauth_reply.h"

#define ACCOUNT_ADVERTISERS 20
#define ACCOUNT_PIXELS 100

struct account {
	struct oauth_item advertisers[ACCOUNT_ADVERTISERS];
	struct oauth_item pixels[ACCOUNT_PIXELS];
	int advertiser_count, pixel_count;
	int owner; /* of our pixel, else the only advertiser; -1: not known */
	bool has_pixel;
	struct oauth_info info; /* the owner's; "" where it may not be read */
};

/* `ids` as the grant has them ("7000,7001"), for when the list may not be read. */
void account_read(struct account *a, const char *endpoint,
		  const struct http_options *options, const struct oauth_app *app,
		  const struct secret *token, const char *ids, const char *pixel_id);

#endif
