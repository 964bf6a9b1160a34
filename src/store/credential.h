/* SPDX-License-Identifier: MIT
 * credential.h - the secrets of a destination, sealed, by the names of their fields: "token",
 * "app_secret", …; grant.h has those of a grant.
 *
 * Owns:    nothing; writes run inside the caller's transaction.
 * Thread:  the connection's.
 * Errors:  those of vault.h; else the database's.
 * See:     schema/schema.sql (credential). */
#ifndef STORE_CREDENTIAL_H
#define STORE_CREDENTIAL_H

#include "store/db.h"
#include "store/vault.h"

/* Puts a secret in place of an earlier one. */
MUST_CHECK enum err_code credential_set(struct db *db, const struct vault *vault,
					int32_t destination_id, const char *field,
					const struct secret *secret, struct err *e);

/* Where *found is false, `out` was not touched. */
MUST_CHECK enum err_code credential_get(struct db *db, const struct vault *vault,
					int32_t destination_id, const char *field,
					struct secret *out, bool *found, struct err *e);

/* One that is a time (expires_at, refresh_at): Unix ms, 0 where it is not there. */
MUST_CHECK enum err_code credential_time(struct db *db, const struct vault *vault,
					 int32_t destination_id, const char *field,
					 int64_t *ms, struct err *e);

/* Whether it is kept, whatever opens it. */
MUST_CHECK enum err_code credential_has(struct db *db, int32_t destination_id,
					const char *field, bool *has, struct err *e);

/* All fields of a destination but the note of a revocation that TikTok does not have yet
 * (revocation.h); the freed pages are overwritten (secure_delete). */
MUST_CHECK enum err_code credential_erase(struct db *db, int32_t destination_id,
					  struct err *e);

/* One field; without effect where it is not there. */
MUST_CHECK enum err_code credential_erase_field(struct db *db, int32_t destination_id,
						const char *field, struct err *e);

/* How many secrets are kept, and how many of them are sealed with another key than this. */
MUST_CHECK enum err_code credential_foreign(struct db *db, const struct vault *vault,
					    int *sealed, int *foreign, struct err *e);

/* Seals everything with another key; *count counts. */
MUST_CHECK enum err_code credential_reseal(struct db *db, const struct vault *from,
					   const struct vault *to, int *count,
					   struct err *e);

/* Whether everything sealed in the file opens: *sealed counts the secrets, *opened those
 * that did; `e` has the first that did not, and the call still succeeds. */
MUST_CHECK enum err_code credential_check(struct db *db, const struct vault *vault,
					  int *sealed, int *opened, struct err *e);

#endif
