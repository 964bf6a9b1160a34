/* SPDX-License-Identifier: MIT
 * vault.h - secrets at rest: AES-256-GCM under a key that is not in the database.
 *
 * A sealed value is version (1 byte) | key id (4) | nonce (12) | ciphertext | tag (16);
 * its place (table, destination, field) is authenticated with it, so that it opens
 * nowhere else. The key file holds 64 hex digits and a newline.
 *
 * Owns:    the key's bytes, from vault_open to vault_close, which wipes them.
 * Thread:  any number of readers.
 * Errors:  NOINPUT no key file; PERM a key file that others may read or own; DATA a file
 * that is no key; CONFIG sealed under another key; CORRUPT sealed bytes that were
 * changed.
 * See:     credential.h; rekey.h, which changes the key. */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/secret.h"

#define VAULT_PATH_MAX 1100
#define VAULT_SEALED_MAX (1 + 4 + 12 + SECRET_MAX + 16)

struct vault {
	unsigned char key[32];
	unsigned char id[4]; /* the first bytes of the key's SHA-256 */
	char path[VAULT_PATH_MAX];
	bool credential; /* systemd's: read, never made */
};

/* Where a sealed value stands. */
struct vault_place {
	const char *table, *field;
	int32_t destination_id;
};

/* $CREDENTIALS_DIRECTORY/convey.key, else $CONVEY_KEY_FILE, else the database's name with
 * .key. Fills path and credential only. */
MUST_CHECK enum err_code vault_locate(struct vault *v, const char *db_path,
				      struct err *e);

/* Makes a key file where there is none; *created tells. */
MUST_CHECK enum err_code vault_create(const char *db_path, bool *created, struct err *e);

MUST_CHECK enum err_code vault_open(struct vault *v, const char *db_path, struct err *e);
void vault_close(struct vault *v);

/* A change of the key in two steps, under the write lock of the database (rekey.h): a key
 * beside the one in use, and its name put in place of the old one's. */
MUST_CHECK enum err_code vault_make_new(const struct vault *v, struct vault *out,
					struct err *e);
MUST_CHECK enum err_code vault_adopt_new(const struct vault *v, struct err *e);
/* False where there is none that can be read. */
bool vault_open_new(const struct vault *v, struct vault *out);

/* Appends; the cap of `out` is VAULT_SEALED_MAX or more. */
MUST_CHECK enum err_code vault_seal(const struct vault *v,
				    const struct vault_place *place,
				    const struct secret *secret, struct buf *out,
				    struct err *e);
/* Finds the key that it was sealed with, where another process has changed it. `out` holds
 * nothing on an error. */
MUST_CHECK enum err_code vault_unseal(const struct vault *v,
				      const struct vault_place *place, struct str sealed,
				      struct secret *out, struct err *e);

#endif
