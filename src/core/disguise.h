/* SPDX-License-Identifier: MIT
 * disguise.h - who somebody is, in another writing: as links of newsletters and of logins that
 * lead back have it.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/personal.h, what tells who somebody is as it stands. */
#ifndef CORE_DISGUISE_H
#define CORE_DISGUISE_H

#include "core/personal.h"

/* Base64 of a text with an e-mail address in it, of either alphabet, filled up or not. */
bool is_base64_email(struct str value);

/* 64 hex digits, which may be the SHA-256 of an address; more of them are a token or a signature. */
bool holds_hash(struct str value);

/* Of "name=value", each as it is written. */
typedef bool pair_fn(struct str name, struct str value);

/* A query inside of the value, "https%3A%2F%2Fx.de%2F%3Femail%3Dada", with a parameter that is
 * such a one, however many queries are inside of each other. */
bool holds_query(struct str value, pair_fn *is);

/* What stands behind the first '?', '&', ';' or '#' of a value: of an id or a campaign's name the
 * beginning is no query, whatever it looks like. */
struct str query_behind(struct str value);

#endif
