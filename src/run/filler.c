/* SPDX-License-Identifier: MIT */
#include "run/filler.h"

#include <stdlib.h>
#include <string.h>

#include "core/reason.h"
#include "run/load.h"

bool filler_is_wanted(enum reason reason)
{
	switch (reason) {
	case REASON_MISSING_PAGE_URL:
	case REASON_MISSING_CURRENCY:
	case REASON_MISSING_APP_ID:
	case REASON_MISSING_LEAD_ID:
	case REASON_CONSENT_DENIED:
	case REASON_NOT_ATTRIBUTED:
	case REASON_NO_ROUTE:
	case REASON_ROUTED_AWAY: return true;
	default: return false;
	}
}

enum { SLOTS = 2048 };

_Static_assert(SLOTS >= 2 * LOAD_ROWS, "some are always free");

static bool bear_one_id(const struct lot *lot, const struct entry *a,
			const struct entry *b)
{
	return a->hash == b->hash && str_eq(str_make(lot->text + a->id_at, a->id_len),
					    str_make(lot->text + b->id_at, b->id_len));
}

static bool is_claimant(const struct entry *n)
{
	return n->flags & ENTRY_FIRST && !(n->flags & ENTRY_UNREAD) && n->hash;
}

bool filler_any(const struct lot *lot)
{
	uint32_t slots[SLOTS] = {0}; /* entry + 1 */

	for (uint32_t i = 0; i < lot->count; i++) {
		const struct entry *list = lot->entries, *n = &list[i];
		uint32_t at = (uint32_t)n->hash % SLOTS;

		if (!is_claimant(n))
			continue;
		while (slots[at] && !bear_one_id(lot, &list[slots[at] - 1], n))
			at = (at + 1) % SLOTS;
		if (slots[at])
			return true;
		slots[at] = i + 1;
	}
	return false;
}

struct row_span filler_row(const struct lot *lot, uint32_t at)
{
	struct row_span row = {at, at + 1};

	while (row.end < lot->count &&
	       lot->entries[row.end].outbox_id == lot->entries[at].outbox_id)
		row.end++;
	return row;
}

uint32_t filler_sendable(const struct lot *lot, struct row_span row)
{
	uint32_t count = 0;

	for (uint32_t i = row.at; i < row.end; i++)
		count += lot->entries[i].reason == REASON_NONE;
	return count;
}

bool filler_find(const struct lot *lot, struct row_span row, int64_t out[FILLER_MAX + 1])
{
	const struct entry *list = lot->entries;
	bool lacking = false;
	size_t count = 0;

	for (uint32_t i = row.at; i < row.end; i++)
		lacking = lacking || filler_is_wanted((enum reason)list[i].reason);
	if (!lacking || !is_claimant(&list[row.at]))
		return false;
	for (uint32_t i = row.end; i < lot->count && count < FILLER_MAX; i++)
		if (is_claimant(&list[i]) && bear_one_id(lot, &list[row.at], &list[i]))
			out[count++] = list[i].outbox_id;
	out[count] = 0;
	return count > 0;
}

void filler_replace(struct lot *lot, struct row_span row, struct row_span with)
{
	size_t len = with.end - with.at, size = sizeof(*lot->entries);
	struct entry *kept = malloc(len * size);

	if (!kept)
		abort();
	memcpy(kept, lot->entries + with.at, len * size);
	memmove(lot->entries + row.at + len, lot->entries + row.end,
		(with.at - row.end) * size);
	memcpy(lot->entries + row.at, kept, len * size);
	lot->count = with.at - (row.end - row.at) + (uint32_t)len;
	free(kept);
}
