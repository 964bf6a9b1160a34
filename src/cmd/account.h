/* SPDX-License-Identifier: MIT
 * account.h - what TikTok lets us see of the accounts behind a fresh token: advertisers, their
 * pixels, the time zone and currency of the one that owns ours.
 *
 * Owns:    nothing.
 * Thread:  main.
 * Errors:  none: what may not be read is left out.
 * See:     connect_grant.c. */
#ifndef CMD_ACCOUNT_H
#define CMD_ACCOUNT_H

#include "net/oauth.h"
#include "net/oauth_reply.h"

#define ACCOUNT_ADVERTISERS 50
#define ACCOUNT_PIXELS 200

struct account {
	struct oauth_item advertisers[ACCOUNT_ADVERTISERS];
	struct oauth_item pixels[ACCOUNT_PIXELS];
	int owners[ACCOUNT_PIXELS]; /* of the pixels: which advertiser */
	int advertiser_count, pixel_count;
	int advertisers_left, pixels_left; /* that had no room */
	int owner; /* of our pixel, else the only advertiser; -1: not known */
	bool has_pixel;
	bool is_read;           /* info was asked for and is there */
	struct oauth_info info; /* the owner's; "" where it may not be read */
};

/* Whom to ask, and with what. */
struct account_access {
	const char *endpoint;
	const struct http_options *http;
	const struct oauth_app *app;
	const struct secret *token;
};

/* Advertisers and pixels; `ids` as the grant has them ("7000,7001"), for when the list may
 * not be read. */
void account_read(struct account *a, const struct account_access *access, const char *ids,
		  const char *pixel_id);

/* What the owner's account says of itself. */
void account_read_info(struct account *a, const struct account_access *access);

#endif
