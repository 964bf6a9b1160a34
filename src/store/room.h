/* SPDX-License-Identifier: MIT
 * room.h - how much the disk of the database can still take.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* What the outcome of one request may need, with what is written around it. */
#define ROOM_REQUEST (INT64_C(512) * 1024)

/* Bytes that this process may still write to the file system of this file; INT64_MAX where
 * nobody tells. */
int64_t room_left(const char *path);

/* Whether there is none for the outcome of one request: then none is sent. */
bool room_is_out(const char *path);

#endif
