/* SPDX-License-Identifier: MIT
 * config_file.h - the configuration as JSON: destinations with their settings and events of
 * their own, the events of all, routes. Never a token.
 *
 * Keys are those of the command line's options. A section that is in the file becomes as the
 * file has it: what is not named there is removed. A section that is not is left alone, and
 * so is a setting of a destination that is there already.
 *
 * Owns:    nothing; what is returned is the caller's to json_decref.
 * Thread:  the connection's; an import runs inside the caller's transaction.
 * Errors:  NOINPUT, PERM, IO a file; DATA what it says, with the path of the key; BUSY a
 *          destination that would be removed still has rows to send. */
#ifndef CMD_CONFIG_FILE_H
#define CMD_CONFIG_FILE_H

#include "store/db.h"

struct json_t;
struct vault;

/* "-" is stdin. */
MUST_CHECK enum err_code config_file_read(const char *path, struct json_t **out,
					  struct err *e);

MUST_CHECK enum err_code config_file_export(struct db *db, struct json_t **out,
					    struct err *e);
/* A destination that the file does not name leaves the same note as one that is removed;
 * *noted tells of one. `vault` NULL: there is no key, or nothing to take back. */
MUST_CHECK enum err_code config_file_import(struct db *db, const struct vault *vault,
					    const struct json_t *file, bool *noted,
					    struct err *e);

/* An array of {path, before, after}; null is "not there". */
struct json_t *config_file_difference(const struct json_t *before,
				      const struct json_t *after);

#endif
