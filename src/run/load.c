/* SPDX-License-Identifier: MIT */
#include "run/load.h"

#include <stdlib.h>

enum { TEXT_MAX = 16 * 1024 * 1024, ONE_BODY_MAX = 4 * 1024 * 1024 };

struct load *load_new(void)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		abort();
	buf_init(&load->body, LOAD_BODY_MAX + ONE_BODY_MAX);
	buf_init(&load->text, TEXT_MAX);
	return load;
}

void load_free(struct load *load)
{
	if (!load)
		return;
	buf_fini(&load->body);
	buf_fini(&load->text);
	kin_fini(&load->kin);
	met_fini(&load->met);
	free(load->lot.entries);
	free(load);
}

struct entry *load_add(struct load *load)
{
	struct lot *lot = &load->lot;

	if (lot->count == load->capacity) {
		load->capacity = load->capacity ? load->capacity * 2 : 64;
		lot->entries =
			realloc(lot->entries, load->capacity * sizeof(*lot->entries));
		if (!lot->entries)
			abort();
	}
	lot->entries[lot->count] = (struct entry){.limited_data_use = -1};
	return &lot->entries[lot->count++];
}
