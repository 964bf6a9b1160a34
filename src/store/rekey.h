/* SPDX-License-Identifier: MIT
 * rekey.h - which key the file's secrets are sealed with, and changing it.
 *
 *     old key in KEY --write KEY.new--> both --commit: all sealed anew--> both --rename--> new
 *
 * A process that ends anywhere leaves a key that opens everything: before the commit KEY,
 * after it KEY.new, which whoever holds the write lock next renames.
 *
 * Owns:    nothing; the vault is the caller's to close.
 * Thread:  the connection's.
 * Errors:  those of vault.h; else the database's.
 * See:     credential.h; docs/credentials.md. */
#ifndef STORE_REKEY_H
#define STORE_REKEY_H

#include "store/db.h"
#include "store/vault.h"

/* Opens the key to seal with, inside the caller's write transaction, and ends a change of the
 * key that was cut off. NOINPUT where it opens none of the secrets that are kept, and nobody
 * has said that theirs is lost. */
MUST_CHECK enum err_code rekey_open(struct db *db, const char *db_path,
				    struct vault *vault, struct err *e);

/* Whether that would succeed; in a transaction of its own. */
MUST_CHECK enum err_code rekey_check(struct db *db, const char *db_path, struct err *e);

/* The key of earlier secrets is lost: from now on this one counts. */
MUST_CHECK enum err_code rekey_adopt(struct db *db, const struct vault *vault,
				     struct err *e);

/* Changes the key, in a transaction of its own; *secrets counts what was sealed anew. With
 * `dry_run` it only counts. */
MUST_CHECK enum err_code rekey(struct db *db, const char *db_path, bool dry_run,
			       int *secrets, struct err *e);

#endif
