/* SPDX-License-Identifier: MIT
 * consent.h - Google Consent Mode's four signals, from words and from Google's strings.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. In doubt a signal is DENIED, never GRANTED. */
#ifndef CORE_CONSENT_H
#define CORE_CONSENT_H

#include <stdbool.h>

#include "base/str.h"

enum signal { SIGNAL_UNSPECIFIED, SIGNAL_GRANTED, SIGNAL_DENIED };

/* Each an enum signal. */
struct consent {
	unsigned char ad_user_data, ad_personalization, ad_storage, analytics_storage;
	bool stated; /* somebody said something, were it only "unspecified" */
};

/* "granted" in any case is GRANTED; "" and "unspecified" are UNSPECIFIED; all else is DENIED. */
enum signal consent_signal(struct str word);

static inline enum signal consent_signal_bool(bool granted)
{
	return granted ? SIGNAL_GRANTED : SIGNAL_DENIED;
}

/* "granted", "denied", "unspecified". */
const char *consent_signal_word(enum signal signal);

/* Whether any of the four is GRANTED. */
bool consent_grants(const struct consent *c);

/* What `c` does not specify is as `by` says. */
void consent_complete(struct consent *c, const struct consent *by);

/* What `by` denies is denied; what it grants changes nothing. */
void consent_deny(struct consent *c, const struct consent *by);

/* Google's gcd ("13l3l3l3l1l1"): sets all four. False where it is none, and `out` is as
 * it was. */
bool consent_from_gcd(struct str gcd, struct consent *out);

/* Google's gcs ("G1xy"): sets ad_storage and analytics_storage, the others become
 * UNSPECIFIED. False as above. */
bool consent_from_gcs(struct str gcs, struct consent *out);

#endif
