/* SPDX-License-Identifier: MIT
 * redact.h - plain e-mail addresses, phones, names and addresses become hashes, before a
 * payload is kept for good.
 *
 * The hash is the one that TikTok gets, so that a redacted payload gives the same event. What
 * has no normal form (and is never sent) becomes {"sha256": …} instead, which is never sent
 * either. City, state and country have no hashed form at TikTok: a redacted payload sends
 * none. A country by its code or its name stays: it says nothing about a person, and routes ask
 * for it. All other members stay, external_id, ip, user agent and click ids too, unless there is
 * an e-mail address or a phone in them; transaction_id stays as it is. Redacting twice changes
 * nothing, and all other bytes stay as they are.
 *
 * Owns:    nothing.
 * Thread:  as the scratch.
 * Errors:  none; what is no JSON is told and left alone. */
#ifndef CORE_REDACT_H
#define CORE_REDACT_H

#include "core/conversion.h"
#include "core/digest.h"

/* A payload that is longer is left as it is. */
#define REDACT_MAX (4u * PAYLOAD_MAX)

enum redaction { REDACT_NOTHING, REDACT_DONE, REDACT_UNREADABLE };

/* Whether redact_payload would change the payload that was read without a reason against it.
 * Uses text, more and keys of the scratch. */
bool redact_needed(const struct conversion *c, struct scratch *s);

/* The same, but for city, state and country alone: TikTok takes them plain, so that whoever mends a
 * redacted payload writes them again, and they tell nobody from another. Of a row that is mended: slower. */
bool redact_needed_of_person(const struct conversion *c, struct scratch *s);

/* Replaces `out` by the redacted payload on REDACT_DONE. National phone numbers are read in
 * the payload's country, else in `country`. Scans into the scratch. */
enum redaction redact_payload(struct str payload, const char *country, struct scratch *s,
			      struct digest *dg, struct buf *out);

/* Replaces `out` by what may be kept of an erased person's payload: its ids, its time and
 * what was bought. */
void redact_erase(struct str payload, struct scratch *s, struct buf *out);

/* One column of a producer's table, by what it holds: FIELD_EMAIL, FIELD_PHONE,
 * FIELD_EXTERNAL_ID, FIELD_URL. Replaces `out` and returns true where it changes. */
bool redact_column(enum field field, struct str value, const char *country,
		   struct scratch *s, struct digest *dg, struct buf *out);

#endif
