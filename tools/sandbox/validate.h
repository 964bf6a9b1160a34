/* SPDX-License-Identifier: MIT
 * validate.h - TikTok's rules on the body of event/track: the first that is broken
 * refuses the whole request, with the path of the member in the message.
 *
 * Owns:    nothing; borrows the JSON for the length of a call.
 * Thread:  any.
 * Errors:  a struct refusal, not a struct err: to refuse is this module's work.
 * See:     validate.c, one table for each object. */
#ifndef SANDBOX_VALIDATE_H
#define SANDBOX_VALIDATE_H

#include <jansson.h>
#include <stdbool.h>

#define EVENTS_MAX 1000

enum source { SOURCE_WEB = 1, SOURCE_APP = 2, SOURCE_OFFLINE = 4, SOURCE_CRM = 8 };

struct refusal {
	int code;
	char message[256];
};

/* event_source, event_source_id, test_event_code, and that `data` is a list; false and
 * *refusal where one is broken. */
bool validate_envelope(const json_t *root, struct refusal *refusal);

/* Every item of `data`, once the envelope stands. strict_hash: personal data that is not
 * SHA-256 in lowercase hex is 40062. */
bool validate_events(const json_t *root, bool strict_hash, struct refusal *refusal);

#endif
