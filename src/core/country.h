/* SPDX-License-Identifier: MIT
 * country.h - countries by their names.
 *
 * Owns:    a table for the life of the process, made when the first name is asked for.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_COUNTRY_H
#define CORE_COUNTRY_H

#include "base/buf.h"

/* The ISO 3166 alpha-2 code, in upper case, of the country with this name in its own or one of a
 * few other languages, or with this alpha-3 code; NULL for none or several. */
const char *country_named(struct str text);

/* As normalize_place, and a name as its alpha-2 code: "Deutschland" is "de". */
bool normalize_country(struct str in, struct buf *out);

#endif
