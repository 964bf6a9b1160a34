/* SPDX-License-Identifier: MIT
 * country.h - countries by their names.
 *
 * Owns:    tables for the life of the process, made when the first name or code is asked for.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_COUNTRY_H
#define CORE_COUNTRY_H

#include "base/buf.h"

/* The ISO 3166 alpha-2 code, in upper case, of the country with this code ("de", "D.E.", "deu";
 * "UK" is "GB", and the EU's "EL" is "GR") or with this name in its own or one of a few other
 * languages, as shops and ISO 3166 write it, too, or with both ("United States (US)"),
 * behind which anything may stand; NULL for none or several, for what stands for none (XX, "n/a"),
 * and for a text with anything else in it ("Germany, Bavaria"). Blanks around it do not matter.
 * `own` is for the answer. */
const char *country_code(struct str text, char own[3]);

/* Whether there is nothing in the text but a country. */
bool country_is_all(struct str text);

/* As normalize_place, and a name as its alpha-2 code: "Deutschland" is "de". False for what stands
 * for none, too; other codes of two letters go as they are: "EU" is "eu". */
bool normalize_country(struct str in, struct buf *out);

/* Where national phone numbers are read of whom `text` says where they live: its country; "",
 * nowhere, where only a part of it is one and another than `home`; `home`, which may be "", where it
 * says nothing that is understood. */
const char *country_of_phones(struct str text, const char *home, char own[3]);

#endif
