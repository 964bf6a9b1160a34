/* SPDX-License-Identifier: MIT
 * destination_setting.h - what each setting of a destination may be, and where it is kept.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  USAGE, naming the option and what it takes. */
#ifndef STORE_DESTINATION_SETTING_H
#define STORE_DESTINATION_SETTING_H

#include "store/destination.h"

/* Checks the value; *sql is the statement that keeps it (?1 the destination's id, ?2 the
 * value as text). */
MUST_CHECK enum err_code destination_setting_check(const struct destination_setting *s,
						   const char **sql, struct err *e);

#endif
