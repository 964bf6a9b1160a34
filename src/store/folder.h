/* SPDX-License-Identifier: MIT
 * folder.h - the folder that a file is in.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  IO. */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "base/err.h"

/* So that a name that was made or changed in it outlives a power cut. */
MUST_CHECK enum err_code folder_sync_of(const char *path, struct err *e);

#endif
