/* SPDX-License-Identifier: MIT
 * oauth.h - who granted what to which app: codes, tokens with or without a life, and what was
 * taken back.
 *
 * Owns:    nothing; fixed tables, the oldest row gives way.
 * Thread:  one at a time; the caller locks.
 * Errors:  USAGE with what is wrong in a setting.
 * See:     oauth_answer.c, the paths that use it. */
#ifndef SANDBOX_OAUTH_H
#define SANDBOX_OAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define OAUTH_TEXT 96
#define OAUTH_CODES 32
#define OAUTH_GRANTS 64

struct grant {
	char token[OAUTH_TEXT], refresh[OAUTH_TEXT];
	int64_t expires_ms; /* Unix time; 0: never */
	bool revoked;
};

enum oauth_trouble { OAUTH_FINE, OAUTH_FAILS, OAUTH_LOSES };

struct oauth {
	char app_id[OAUTH_TEXT], app_secret[OAUTH_TEXT];
	char advertisers[256]; /* "7000,7001" */
	char pixels[512];      /* "CODE1,CODE2", of the first advertiser */
	char timezone[64], currency[8];
	int64_t life_s; /* of new tokens; 0: for ever, and nothing to refresh with */
	int64_t fails, loses; /* how many requests to come fail, or lose their answer */
	bool keep;            /* a refresh gives the same refresh token again */
	bool deny;            /* the person says no */
	bool narrow;          /* the token may not read accounts and pixels */
	bool echo;            /* refusals repeat the secret that was sent */
	struct {
		char text[OAUTH_TEXT];
		bool used;
	} codes[OAUTH_CODES];
	size_t code_count;
	struct grant grants[OAUTH_GRANTS];
	size_t grant_count;
	uint64_t authorized, exchanged, refreshed, revoked, asked;
};

void oauth_init(struct oauth *o);

/* NAME=VALUE: app=ID:SECRET, life=SECONDS, deny=1, narrow=1, echo=1, keep=1, fails=N, loses=N,
 * advertisers=ID,…, pixels=CODE,…, timezone=ZONE, currency=CODE, revoke=TOKEN or revoke=all,
 * expire=all. */
enum err_code oauth_set(struct oauth *o, const char *setting, struct err *e) MUST_CHECK;

/* A fresh code, valid once. */
const char *oauth_new_code(struct oauth *o);
bool oauth_take_code(struct oauth *o, const char *code);

struct grant *oauth_new_grant(struct oauth *o, int64_t now_ms);
/* A new pair in place of the old one; NULL where the refresh token is not good. */
struct grant *oauth_refresh(struct oauth *o, const char *refresh, int64_t now_ms);
bool oauth_revoke(struct oauth *o, const char *token);

/* What event/track answers to the token: 0 it is good, 40102, 40105; -1: not one of ours. */
int oauth_token_code(const struct oauth *o, const char *token, int64_t now_ms);

/* Whether this request goes wrong; counts it. */
enum oauth_trouble oauth_trouble(struct oauth *o);

#endif
