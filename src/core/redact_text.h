/* SPDX-License-Identifier: MIT
 * redact_text.h - what becomes of one text, by the place where it stands.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/redact.h. */
#ifndef CORE_REDACT_TEXT_H
#define CORE_REDACT_TEXT_H

#include "base/buf.h"
#include "core/digest.h"
#include "core/field.h"
#include "core/json.h"
#include "core/personal.h"
#include "core/sign.h"

enum redact_place {
	PLACE_KEPT,   /* needed as it is */
	PLACE_FIELD,  /* user.email and its like */
	PLACE_URL,    /* an address of a page */
	PLACE_CUSTOM, /* under a name of the producer's */
	PLACE_PERSON, /* somewhere inside an address or a person's name */
	/* Here it takes a sign: */
	PLACE_ID,   /* an id, or what else is of use as a whole only */
	PLACE_TEXT, /* free text under a documented name */
};

/* enum redact_place of what stands under each documented name, FIELD_NONE for others. */
extern const unsigned char redact_places[FIELD_COUNT];

enum redact_action {
	ACTION_NONE,
	ACTION_HASH,  /* the whole text */
	ACTION_SCRUB, /* a URL without what is personal */
	ACTION_PARTS, /* the e-mail addresses and phone numbers in it */
	ACTION_CODE,  /* a country with more behind it: its code is left */
};

struct redact_spot {
	enum redact_place place;
	enum field field;          /* PLACE_FIELD */
	const char *country;       /* for national phone numbers */
	struct personal_name name; /* PLACE_CUSTOM */
};

/* `text` is trimmed. */
enum redact_action redact_action_of(const struct redact_spot *spot, struct str text);

/* The hash of the normal form, else *normal is false and it is the hash of the text. */
void redact_hash(const struct redact_spot *spot, struct str text, struct digest *dg,
		 struct buf *tmp, bool *normal, char out[DIGEST_HEX_LEN]);

/* A text or an id with none of the signs that it would be looked for by; a number has none. */
static inline bool redact_is_plain(const struct json *j, enum field field, uint32_t at)
{
	const struct json_token *t = &j->t[at];

	if (redact_places[field] < PLACE_ID || t->type < TOKEN_STRING)
		return false;
	return t->type == TOKEN_NUMBER || !json_has_sign(j, at);
}

/* An e-mail address or a phone number with '+' is in it. */
bool tells_who(struct str text);

/* Appends the text with a hash in place of each of them. */
void redact_parts(struct str text, struct digest *dg, struct buf *tmp, struct buf *out);

#endif
