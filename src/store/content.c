/* SPDX-License-Identifier: MIT */
#include "store/content.h"

#include <xxhash.h>

/* Each part begins where the one before it has led. */
static XXH64_hash_t mix(XXH64_hash_t hash, const void *p, size_t len)
{
	return XXH3_64bits_withSeed(p, len, hash);
}

int64_t content_hash(struct str event, const struct event_time *t, struct str payload)
{
	XXH64_hash_t hash = mix((XXH64_hash_t)t->kind, event.p, event.len);

	switch (t->kind) {
	case EVENT_TIME_NONE: break;
	case EVENT_TIME_INTEGER: hash = mix(hash, &t->integer, sizeof(t->integer)); break;
	case EVENT_TIME_REAL: hash = mix(hash, &t->real, sizeof(t->real)); break;
	case EVENT_TIME_TEXT: hash = mix(hash, t->text.p, t->text.len); break;
	}
	return (int64_t)mix(hash, payload.p, payload.len);
}
