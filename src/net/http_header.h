/* SPDX-License-Identifier: MIT
 * http_header.h - what a request says of itself, the token among it.
 *
 * Owns:    the list, until http_header_free, which wipes it.
 * Thread:  any.
 * Errors:  none; aborts where there is no memory. */
#ifndef NET_HTTP_HEADER_H
#define NET_HTTP_HEADER_H

#include "core/secret.h"

struct curl_slist;

/* `token` may be NULL. */
struct curl_slist *http_header_new(const struct secret *token);
void http_header_free(struct curl_slist *list);

#endif
