/* SPDX-License-Identifier: MIT
 * reload.h - takes a changed configuration over while requests are under way.
 *
 * Owns:    its jobs until they are done.
 * Thread:  the loop's; the job's work on the shaping lane's.
 * Errors:  a configuration that cannot be read is logged; the old one stays.
 * See:     store/config.h, store/credential.h. */
#ifndef RUN_RELOAD_H
#define RUN_RELOAD_H

struct relay;
struct site;

void reload_start(struct relay *r);

/* Stores what changed in a destination's state. */
void reload_store_site(struct relay *r, struct site *s);

#endif
