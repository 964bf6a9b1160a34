/* SPDX-License-Identifier: MIT
 * dedup.h - which events were seen within 48 hours: a hash set of 16 bytes a key.
 *
 * Owns:    its table, from the first dedup_add to dedup_fini; 256 MiB hold 12 million keys.
 * Thread:  one at a time; the caller locks.
 * Errors:  none; out of memory aborts.
 * See:     TikTok, "event deduplication": the first is kept, later ones within 48
 *          hours of it are dropped. */
#ifndef SANDBOX_DEDUP_H
#define SANDBOX_DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEDUP_WINDOW_S (48 * 3600)

struct dedup_slot {
	uint64_t high; /* 96 bits of the key's hash */
	uint32_t low;
	uint32_t seen_s; /* Unix seconds of the first sight; 0: empty */
};

struct dedup {
	struct dedup_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

/* True where the key is new, that is not seen within the window before now_s. */
bool dedup_add(struct dedup *d, const char *source_id, const char *event,
	       const char *event_id, uint32_t now_s);

/* Forgets everything; the set can be used again. */
void dedup_fini(struct dedup *d);

#endif
