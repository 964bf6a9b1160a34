/* SPDX-License-Identifier: MIT
 * token.h - which access tokens are good, and for which event sources.
 *
 * Owns:    the tokens of a token_list, until token_list_fini.
 * Thread:  one at a time; the caller locks.
 * Errors:  USAGE for a token that is empty or too long. */
#ifndef SANDBOX_TOKEN_H
#define SANDBOX_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct token {
	char text[256];
	char sources[512]; /* ",ID1,ID2,"; "" is every source */
};

struct token_list {
	struct token *tokens; /* none: every token is good */
	size_t count;
};

/* spec: TOKEN, or TOKEN=ID1,ID2. */
enum err_code token_list_add(struct token_list *l, const char *spec,
			     struct err *e) MUST_CHECK;
void token_list_fini(struct token_list *l);

bool token_is_known(const struct token_list *l, const char *token);
bool token_may(const struct token_list *l, const char *token, const char *source_id);

#endif
