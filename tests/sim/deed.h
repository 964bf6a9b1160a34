/* SPDX-License-Identifier: MIT
 * deed.h - what producers, people and the machine do.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef SIM_DEED_H
#define SIM_DEED_H

#include <stdint.h>

enum deed {
	DEED_COMMIT,  /* `count` rows in a transaction */
	DEED_ABANDON, /* the same, rolled back */
	DEED_CONSENT, /* somebody's consent is withdrawn */
	DEED_PAUSE,
	DEED_RESUME,
	DEED_BATCH,  /* --batch `count` */
	DEED_TOKEN,  /* a new token; the old one ends */
	DEED_REVOKE, /* the token ends */
	DEED_UNSET,  /* the token is taken out of the database */
	DEED_RETRY,
	DEED_CANCEL,
	DEED_HANGUP, /* signals */
	DEED_TERMINATE,
	DEED_STEP,    /* the wall clock, by `amount` us */
	DEED_SUSPEND, /* the machine sleeps for `amount` us */
	DEED_READ,    /* a reader that stays for `amount` us */
	DEED_LOCK,    /* a writer that stays */
	DEED_MAP,     /* an event that was not mapped is */
};

struct action {
	enum deed deed;
	int actor;
	int64_t at_us, amount;
	int count;
};

#endif
