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

/* The same of two letters, too, which need not be a country's: "de" and "D.E." are "DE", in `own`,
 * and "UK" is "GB". Blanks around them do not matter. */
const char *country_code(struct str text, char own[3]);

/* Whether ISO 3166 has this alpha-2 code, in upper case. */
bool country_exists(const char *code);

/* As normalize_place, and a name as its alpha-2 code: "Deutschland" is "de". False for what stands
 * for an unknown one, too. */
bool normalize_country(struct str in, struct buf *out);

#endif
