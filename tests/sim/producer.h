/* SPDX-License-Identifier: MIT
 * producer.h - what producers commit, and what may become of it.
 *
 * Owns:    nothing; connections are the caller's.
 * Thread:  one.
 * Errors:  a transaction that fails is rolled back; its rows count as never committed. */
#ifndef SIM_PRODUCER_H
#define SIM_PRODUCER_H

#include <stddef.h>

#include "store/db.h"
#include "world.h"

/* `count` rows of kinds that the plan has, in one transaction; `keep`: committed. */
void producer_commit(struct db *db, int count, bool keep);

/* Takes somebody's consent back. */
void producer_withdraw(struct db *db);

/* The event_id that the row was given; "" for none. */
void producer_event_id(const struct row *r, char *out, size_t cap);

#endif
