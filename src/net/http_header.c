/* SPDX-License-Identifier: MIT */
#include "net/http_header.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

static struct curl_slist *token_line(const struct secret *token)
{
	struct curl_slist *list;
	static const char name[] = "Access-Token: ";
	char line[sizeof(name) + SECRET_MAX];

	memcpy(line, name, sizeof(name) - 1);
	memcpy(line + sizeof(name) - 1, token->bytes, token->len);
	line[sizeof(name) - 1 + token->len] = '\0';
	list = curl_slist_append(NULL, line);
	OPENSSL_cleanse(line, sizeof(line));
	if (!list)
		abort();
	return list;
}

static struct curl_slist *append(struct curl_slist *list, const char *line)
{
	list = curl_slist_append(list, line);
	if (!list)
		abort();
	return list;
}

struct curl_slist *http_header_new(const struct secret *token)
{
	struct curl_slist *list = token ? token_line(token) : NULL;

	list = append(list, "Content-Type: application/json");
	return append(list, "Expect:");
}

void http_header_free(struct curl_slist *list)
{
	for (struct curl_slist *h = list; h; h = h->next)
		OPENSSL_cleanse(h->data, strlen(h->data));
	curl_slist_free_all(list);
}
