/* SPDX-License-Identifier: MIT
 * http_header.h - what a request says of itself, the token among it.
 *
 * Owns:    the list, until http_header_free, which wipes it.
 * Thread:  any.
 * Errors:  none; aborts where there is no memory. */
#ifndef NET_HTTP_HEADER_H
#define NET_HTTP_HEADER_H

#include "base/str.h"
#include "core/secret.h"

struct curl_slist;

/* `token` may be NULL. */
struct curl_slist *http_header_new(const struct secret *token);
void http_header_free(struct curl_slist *list);

/* A line of an answer's, where it is Retry-After or Date; ms, 0 where it cannot be read. */
void http_header_read(struct str line, int64_t *retry_after_ms, int64_t *server_date_ms);

#endif
