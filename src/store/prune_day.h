/* SPDX-License-Identifier: MIT
 * prune_day.h - which day's rows go now. For prune.c only.
 *
 * Owns:    nothing; the statements are the pass's.
 * Thread:  the writer's; inside its transaction.
 * Errors:  the database's.
 * See:     store/prune.h. */
#ifndef STORE_PRUNE_DAY_H
#define STORE_PRUNE_DAY_H

#include "store/prune.h"

/* Notes how far the relay has come today, forgets ids that are old enough, and sets p->upto;
 * *any is false where nothing is to go now. */
MUST_CHECK enum err_code prune_day_begin(struct prune *p,
					 const struct prune_limits *limits,
					 int64_t now_ms, bool *any, struct err *e);

#endif
