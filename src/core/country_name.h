/* SPDX-License-Identifier: MIT
 * country_name.h - a country's name, or its code of three letters, to its code of two.
 *
 * Owns:    a table for the life of the process, made when the first name is asked for.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_COUNTRY_NAME_H
#define CORE_COUNTRY_NAME_H

#include "base/str.h"

/* The name as normalize_place writes it. Its code in upper case, for the life of the process; NULL
 * for none and several. */
const char *country_of_name(struct str place);

#endif
