/* SPDX-License-Identifier: MIT */
#include "run/load.h"

#include <stdlib.h>

enum { TEXT_MAX = 16 * 1024 * 1024 };

struct load *load_new(void)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		abort();
	buf_init(&load->body, LOAD_BODY_MAX + LOAD_REQUEST_MAX);
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
	free(load->due);
	free(load);
}

void load_add_due(struct load *load, int32_t destination_id)
{
	if (load->dues == load->due_capacity) {
		load->due_capacity = load->due_capacity ? load->due_capacity * 2 : 16;
		load->due = realloc(load->due,
				    (size_t)load->due_capacity * sizeof(*load->due));
		if (!load->due)
			abort();
	}
	load->due[load->dues++] = (struct due){.destination_id = destination_id};
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
