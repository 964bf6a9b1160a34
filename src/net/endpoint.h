/* SPDX-License-Identifier: MIT
 * endpoint.h - where conversions and secrets may be sent.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include "base/str.h"

/* https to TikTok or this machine, plain http to a loopback literal only; without user, query
 * or fragment. Every other spelling of an allowed host is refused. */
bool endpoint_allowed(struct str url);

#endif
