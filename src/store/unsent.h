/* SPDX-License-Identifier: MIT
 * unsent.h - no request was ever made for a row of the outbox: a condition, in SQL.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef STORE_UNSENT_H
#define STORE_UNSENT_H

#define UNSENT_KEYS(id) "key BETWEEN " id " * 1024 AND " id " * 1024 + 1023"

/* `id` names no column without its table. */
#define UNSENT(id)                                                                       \
	"NOT EXISTS (SELECT 1 FROM delivery WHERE " UNSENT_KEYS(                         \
		id) " AND coalesce(attempts, attempt_id IS NOT NULL) > 0) AND NOT "      \
		    "EXISTS "                                                            \
		    "(SELECT 1 FROM waiting WHERE " UNSENT_KEYS(                         \
			    id) " AND (attempt_id IS NOT NULL OR status = 2)) AND NOT "  \
				"EXISTS "                                                \
				"(SELECT 1 FROM attempt WHERE outcome IS NULL AND " id   \
				" BETWEEN first_id AND last_id)"

#endif
