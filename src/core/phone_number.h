/* SPDX-License-Identifier: MIT
 * phone_number.h - libphonenumber behind one C function.
 *
 * Owns:    the library's metadata, loaded at the first call and never freed.
 * Thread:  any.
 * Errors:  none; false where the number is not valid.
 * See:     core/normalize.h, which knows when not to ask. */
#ifndef CORE_PHONE_NUMBER_H
#define CORE_PHONE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* '+' and at most 17 digits with the country code. */
#define PHONE_NUMBER_MAX 24

#ifdef __cplusplus
extern "C" {
#endif

/* E.164 into `out`, with a NUL. `country` as in normalize_phone. */
bool phone_number_e164(const char *text, size_t len, const char *country,
		       char out[PHONE_NUMBER_MAX]);

/* What is dialled behind '+' for the country: 49 for "DE"; 0 where it is not known. */
int phone_number_calling_code(const char *country);

#ifdef __cplusplus
}
#endif

#endif
