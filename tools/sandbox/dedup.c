/* SPDX-License-Identifier: MIT */
#include "dedup.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_SIZE 1024

static struct dedup_slot hash_key(const char *source_id, const char *event,
				  const char *event_id)
{
	/* Each part goes in with its NUL: ("ab", "c") is not ("a", "bc"). */
	XXH3_state_t *state = XXH3_createState();
	XXH128_hash_t hash;

	if (!state)
		abort();
	XXH3_128bits_reset(state);
	XXH3_128bits_update(state, source_id, strlen(source_id) + 1);
	XXH3_128bits_update(state, event, strlen(event) + 1);
	XXH3_128bits_update(state, event_id, strlen(event_id) + 1);
	hash = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	return (struct dedup_slot){.high = hash.high64, .low = (uint32_t)hash.low64};
}

static struct dedup_slot *find(const struct dedup *d, const struct dedup_slot *key)
{
	size_t at = (size_t)key->high & (d->size - 1);

	while (d->slots[at].seen_s != 0 &&
	       (d->slots[at].high != key->high || d->slots[at].low != key->low))
		at = (at + 1) & (d->size - 1);
	return &d->slots[at];
}

static bool is_old(const struct dedup_slot *slot, uint32_t now_s)
{
	return now_s > slot->seen_s && now_s - slot->seen_s > DEDUP_WINDOW_S;
}

static void grow(struct dedup *d, uint32_t now_s)
{
	struct dedup bigger = {.size = d->size ? d->size * 2 : FIRST_SIZE};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		abort();
	for (size_t i = 0; i < d->size; i++) {
		if (d->slots[i].seen_s == 0 || is_old(&d->slots[i], now_s))
			continue;
		*find(&bigger, &d->slots[i]) = d->slots[i];
		bigger.used++;
	}
	free(d->slots);
	*d = bigger;
}

bool dedup_add(struct dedup *d, const char *source_id, const char *event,
	       const char *event_id, uint32_t now_s)
{
	struct dedup_slot key = hash_key(source_id, event, event_id);
	struct dedup_slot *slot;
	bool is_new;

	if (d->used >= d->size / 4 * 3)
		grow(d, now_s);
	slot = find(d, &key);
	is_new = slot->seen_s == 0 || is_old(slot, now_s);
	if (slot->seen_s == 0)
		d->used++;
	if (is_new) {
		*slot = key;
		slot->seen_s = now_s ? now_s : 1;
	}
	return is_new;
}

void dedup_fini(struct dedup *d)
{
	free(d->slots);
	*d = (struct dedup){0};
}
