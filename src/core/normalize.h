/* SPDX-License-Identifier: MIT
 * normalize.h - what a person types, in the one form that TikTok hashes or reads.
 *
 * Owns:    nothing. Plain ASCII is done in one pass over the bytes; ICU is asked only for
 *          other bytes, libphonenumber only for phones that are not yet E.164.
 * Thread:  any.
 * Errors:  none; false where nothing valid is left, and `out` is as it was.
 * See:     phone_number.h. */
#ifndef CORE_NORMALIZE_H
#define CORE_NORMALIZE_H

#include "base/buf.h"

/* A longer value is no identifier; a bound on what is handed to ICU. */
#define NORMALIZE_IN_MAX 4096

/* Trimmed, lower case; one '@' with something on both sides, no blanks inside. */
bool normalize_email(struct str in, struct buf *out);

/* E.164 with its '+'. `country` is the ISO 3166 alpha-2 code that a national number is
 * read in; "" for none: then only international numbers are valid. */
bool normalize_phone(struct str in, const char *country, struct buf *out);

/* Trimmed, lower case, inner white space one blank each. */
bool normalize_name(struct str in, struct buf *out);

/* Lower case without blanks and dashes. */
bool normalize_zip(struct str in, struct buf *out);

/* City, state, country: lower case, Latin letters without their accents, letters and
 * digits only: "Târgu Mureș" is "targumures". Other scripts stay. */
bool normalize_place(struct str in, struct buf *out);

/* Trimmed, 4711.0 as 4711; case matters. */
bool normalize_external_id(struct str in, struct buf *out);

/* An IPv4 or IPv6 literal as it was written; no port, bracket, zone or prefix length, and
 * none of a private network or of the machine itself. IPv4 in IPv6 becomes IPv4. */
bool normalize_ip(struct str in, struct buf *out);

/* BCP 47: en_us and EN-us are "en-US", zh_hant_tw is "zh-Hant-TW"; a POSIX codeset or
 * modifier ("de_DE.UTF-8") is dropped. */
bool normalize_locale(struct str in, struct buf *out);

/* Three letters, upper case. Which ones exist is not asked. */
bool normalize_currency(struct str in, struct buf *out);

/* Device ids: letters, digits and dashes, upper case for idfa, lower case for gaid. The
 * all-zero id that stands for "tracking limited" is none. */
bool normalize_idfa(struct str in, struct buf *out);
bool normalize_gaid(struct str in, struct buf *out);

#endif
