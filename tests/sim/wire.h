/* SPDX-License-Identifier: MIT
 * wire.h - between net/http.h and TikTok.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  a request that should not have started breaks the seed. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "tiktok.h"

/* The process ends: what was on its way arrives, or not. */
void wire_last_words(void);

/* A request starts now: may it? */
void wire_check(const struct request *r);

#endif
