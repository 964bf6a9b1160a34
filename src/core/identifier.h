/* SPDX-License-Identifier: MIT
 * identifier.h - what a person is known by, as a number: the same for a plain value, for the
 * same value written differently, and for its SHA-256.
 *
 * Owns:    nothing.
 * Thread:  any; the reader's digest and buffer are one worker's.
 * Errors:  none; a value that is none is left out.
 * See:     core/identity.h, what is made of them. */
#ifndef CORE_IDENTIFIER_H
#define CORE_IDENTIFIER_H

#include "core/conversion.h"
#include "core/digest.h"
#include "core/identity.h"

#define IDENTIFIERS_MAX 16 /* of one row */
#define PLACEHOLDERS_MAX 4

/* An identity_node's number: 61 bits of the SHA-256, then the kind. A cryptographic hash:
 * who chooses a session id must not be able to choose another's number. */
struct identifier {
	uint64_t node;
	unsigned char digest[DIGEST_LEN]; /* of the normalised value */
};

/* Of one row, each once, the strongest first; apart what stands for nobody, or is a phone of another
 * country as read at home: both can deny. */
struct identifiers {
	struct identifier id[IDENTIFIERS_MAX];
	uint64_t placeholder[PLACEHOLDERS_MAX], at_home[PLACEHOLDERS_MAX];
	size_t count, placeholders, at_homes;
};
struct identifier_reader {
	struct digest *digest;
	struct buf *text, *normal;   /* overwritten */
	const char *country;         /* where a national phone number is read; or "" */
	struct known_digests *known; /* NULL, or the conversion's, to be added to */
};

static inline enum identity_kind identifier_kind(uint64_t node)
{
	return (enum identity_kind)(node & 7);
}

/* Where a table of nodes looks first; somebody may have found numbers that are alike. */
static inline size_t node_slot(uint64_t node, size_t slots)
{
	return (size_t)(node * UINT64_C(0x9e3779b97f4a7c15) >> 24) & (slots - 1);
}

static inline struct identity_node identity_node_of(uint64_t node)
{
	return (struct identity_node){node, identifier_kind(node)};
}
static inline void identifiers_clear(struct identifiers *ids)
{
	ids->count = ids->placeholders = ids->at_homes = 0;
}

/* In the order of the kinds; where there is no room, nothing. */
void identifiers_add(struct identifiers *ids, enum identity_kind kind, struct str value,
		     const struct identifier_reader *r);

/* Those of the payload. */
void identifiers_of_conversion(const struct conversion *c,
			       const struct identifier_reader *r,
			       struct identifiers *ids);

/* Where national numbers are read: as country_of_phones, of the payload's country. */
const char *identifier_country(const struct conversion *c, const char *otherwise,
			       struct buf *tmp, char own[3]);

/* At most so many, told without hashing. */
size_t conversion_identifiers(const struct conversion *c);
bool identifiers_name_person(const struct identifiers *ids); /* by an external_id */

#define IDENTIFIER_TEXT 32 /* "email 5e884898" and a NUL */
void identifier_text(uint64_t node, char out[IDENTIFIER_TEXT]);

#endif
