/* SPDX-License-Identifier: MIT
 * connect.h - a connection in the making: what the verb's steps share.
 *
 * Owns:    secrets, wiped by the verb at its end.
 * Thread:  main.
 * Errors:  those of the store; what TikTok refuses is PERM, what may work later UNAVAILABLE.
 * See:     connect.c asks the person; connect_grant.c and connect_pixel.c do the rest. */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

#include "cmd/account.h"
#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "store/grant.h"

struct connecting {
	const struct cmd *cmd;
	char endpoint[ENDPOINT_MAX];
	struct http_options http;
	struct oauth_app app;
	struct grant grant;
	struct account account;
	int32_t destination_id;
	char pixel_id[128], timezone[64];
	bool is_web;
	bool timezone_set; /* by us, to the account's */
	bool pixel_set;    /* to one of the account's, as there was none */
};

/* Reads the destination and looks whether its secrets can be kept, before anybody is asked. */
MUST_CHECK enum err_code connect_prepare(struct connecting *n, struct err *e);

/* Exchanges the code and keeps the grant; `said` is for the browser's page. A
 * callback_given_fn. */
MUST_CHECK enum err_code connect_finish(void *connecting, const struct secret *code,
					struct buf *said, struct err *e);

/* Reads the account, as far as the token may; takes over what nobody has chosen. */
void connect_learn(struct connecting *n);

/* Offers the account's pixels where the destination has none: the number of the one that was
 * chosen, -1: none. connect_pixel.c. */
int connect_offer(const struct connecting *n);
void connect_say_pixels(const struct connecting *n);

/* Says what was found. */
void connect_report(const struct connecting *n);

#endif
