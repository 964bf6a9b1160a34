/* SPDX-License-Identifier: MIT */
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err_code token_list_add(struct token_list *l, const char *spec, struct err *e)
{
	size_t len = strcspn(spec, "=");
	struct token token = {0};
	struct token *tokens;

	if (len == 0 || len >= sizeof(token.text) ||
	    strlen(spec + len) + 2 > sizeof(token.sources))
		return err_set(e, ERR_USAGE, "a token is empty or too long");
	memcpy(token.text, spec, len);
	if (spec[len] == '=')
		snprintf(token.sources, sizeof(token.sources), ",%s,", spec + len + 1);
	tokens = realloc(l->tokens, (l->count + 1) * sizeof(*tokens));
	if (!tokens)
		abort();
	tokens[l->count++] = token;
	l->tokens = tokens;
	return ERR_OK;
}

void token_list_fini(struct token_list *l)
{
	free(l->tokens);
	*l = (struct token_list){0};
}

static const struct token *find(const struct token_list *l, const char *token)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->tokens[i].text, token) == 0)
			return &l->tokens[i];
	return NULL;
}

bool token_is_known(const struct token_list *l, const char *token)
{
	return l->count == 0 || find(l, token);
}

bool token_may(const struct token_list *l, const char *token, const char *source_id)
{
	const struct token *t = find(l, token);
	size_t len = strlen(source_id);

	if (l->count == 0)
		return true;
	if (!t || !*t->sources)
		return t != NULL;
	for (const char *at = t->sources + 1; *at; at += strcspn(at, ",") + 1)
		if (strcspn(at, ",") == len && memcmp(at, source_id, len) == 0)
			return true;
	return false;
}
