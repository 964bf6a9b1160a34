/* SPDX-License-Identifier: MIT
 * url.h - page addresses: what must not leave in one, and what is to be found in one.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none; any bytes are taken. */
#ifndef CORE_URL_H
#define CORE_URL_H

#include "base/buf.h"

/* http:// or https:// in any case, and a host. */
bool url_is_http(struct str url);

/* Appends the URL without its userinfo, its fragment and every query parameter that
 * tells who somebody is: by its name (url.c lists them) or because its value holds an
 * e-mail address, percent-encoded or not. Click ids, utm_* and the rest stay byte for
 * byte. A path segment with an e-mail address becomes "redacted". Blanks, control bytes
 * and bytes that are not ASCII are percent-encoded. Scrubbing twice changes nothing. */
void url_scrub(struct str url, struct buf *out);

/* Appends the value of the first parameter `name`, percent-decoded; false where there
 * is none or it is empty. A '+' stays: ids are not form text, and a blank is never part
 * of one. */
bool url_query_param(struct str url, struct str name, struct buf *out);

#endif
