/* SPDX-License-Identifier: MIT */
#include "net/http_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/clock.h"

/* Longer than that nobody is asked to be quiet: a clock is wrong there. */
#define RETRY_AFTER_MAX_S INT64_C(86400)

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

static bool header_is(struct str line, struct str name, struct str *value)
{
	if (line.len <= name.len || !str_ieq(str_make(line.p, name.len), name))
		return false;
	*value = str_trim(str_make(line.p + name.len, line.len - name.len));
	return true;
}

/* Seconds, or an HTTP date. */
static int64_t retry_after_of(struct str value)
{
	char text[64];
	int64_t s, ms;

	snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
	if (value.len > 0 && ascii_is_digit(value.p[0])) {
		s = strtoll(text, NULL, 10);
		return s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S * 1000 : s * 1000;
	}
	ms = (int64_t)curl_getdate(text, NULL) * 1000 - clock_wall_ms();
	if (ms > RETRY_AFTER_MAX_S * 1000)
		return RETRY_AFTER_MAX_S * 1000;
	return ms > 0 ? ms : 0;
}

void http_header_read(struct str line, int64_t *retry_after_ms, int64_t *server_date_ms)
{
	struct str value;
	char text[64];
	time_t date;

	if (header_is(line, STR("Retry-After:"), &value))
		*retry_after_ms = retry_after_of(value);
	if (header_is(line, STR("Date:"), &value)) {
		snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
		date = curl_getdate(text, NULL);
		*server_date_ms = date > 0 ? (int64_t)date * 1000 : 0;
	}
}
