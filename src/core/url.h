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

/* android-app:// or ios-app:// in any case, and a package or an id: the referrer of who came
 * out of an app. `url` is trimmed. */
bool url_is_app(struct str url);

static inline bool url_is_address(struct str trimmed)
{
	return url_is_http(trimmed) || url_is_app(trimmed);
}

/* Up to its query or fragment, percent-encoded ("%3F") or not. */
struct str url_without_query(struct str url);

/* True where url_scrub has nothing to do, and nothing is a parameter to anybody but what
 * stands behind the first '?'; false where a closer look must tell. `url` is trimmed. */
bool url_is_harmless(struct str url);

/* Appends the URL, trimmed, without its userinfo, its fragment and every parameter, of the
 * query or behind a segment of the path, that tells who somebody is (core/personal.h has
 * the rules). Click ids and the rest stay byte for byte. A path segment with an e-mail
 * address becomes "redacted", and an app's address ends before an encoded query with such a parameter. Blanks, control bytes and bytes that are no UTF-8 are
 * percent-encoded, so that JSON can say it. Scrubbing twice changes nothing. */
void url_scrub(struct str url, struct buf *out);

/* The same, and without the parameters that are called after ids of browsers and devices. */
void url_scrub_anonymous(struct str url, struct buf *out);

/* Whether what url_scrub takes out tells of a person: a fragment by itself does not. Never true of
 * what it has scrubbed. */
bool url_is_personal(struct str url);

/* Appends the click id in the query: the first parameter "ttclid", in any case, percent-decoded,
 * without blanks around it. One that is empty, no UTF-8, has control bytes, or is what a template
 * left, gives way to the next; false where there is none. */
bool url_ttclid(struct str url, struct buf *out);

#endif
