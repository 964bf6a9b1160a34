/* SPDX-License-Identifier: MIT
 * revocation.h - taking a grant back: the token becomes a sealed note to TikTok that is kept
 * until TikTok has it.
 *
 * Owns:    nothing; every call runs inside the caller's transaction.
 * Thread:  the connection's.
 * Errors:  those of vault.h; else the database's.
 * See:     grant.h, GRANT_REVOKE; cmd/disconnect.c. */
#ifndef STORE_REVOCATION_H
#define STORE_REVOCATION_H

#include "store/grant.h"

/* Erases what is kept for the destination, which then needs a token. Where an app stands
 * behind the token, *noted is true and the note is due at `at_ms`; so it is where there was no
 * token but a note already. `vault` NULL: the key is lost, and nothing can be noted. */
MUST_CHECK enum err_code revocation_note(struct db *db, const struct vault *vault,
					 int32_t destination_id, int64_t at_ms,
					 bool *noted, struct err *e);

/* A token that came for a destination which has none any more: TikTok is to take it back. */
MUST_CHECK enum err_code revocation_of_stray(struct db *db, const struct vault *vault,
					     int32_t destination_id,
					     const struct grant *g, int64_t at_ms,
					     struct err *e);

/* The destination has this token again: a note about it ends. */
MUST_CHECK enum err_code revocation_forgive(struct db *db, const struct vault *vault,
					    int32_t destination_id,
					    const struct secret *token, struct err *e);

/* The note's content; *found. */
MUST_CHECK enum err_code revocation_read(struct db *db, const struct vault *vault,
					 int32_t destination_id, struct grant *out,
					 bool *found, struct err *e);

/* TikTok has it, or does not know the token any more. */
MUST_CHECK enum err_code revocation_end(struct db *db, int32_t destination_id,
					struct err *e);

#endif
