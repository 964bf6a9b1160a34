/* SPDX-License-Identifier: MIT
 * folder.h - the folder that a file is in.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  IO. */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "base/err.h"

/* So that a name that was made or changed in it outlives a power cut. A folder that may not be read
 * cannot be synced, and is taken as it is. */
MUST_CHECK enum err_code folder_sync_of(const char *path, struct err *e);

#endif
