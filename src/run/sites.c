/* SPDX-License-Identifier: MIT */
#include "run/sites.h"

#include <stdlib.h>

struct site *sites_find(const struct sites *s, int32_t destination_id)
{
	for (int i = 0; i < s->count; i++)
		if (s->list[i]->id == destination_id)
			return s->list[i];
	return NULL;
}

void sites_fini(struct sites *s)
{
	for (int i = 0; i < s->count; i++) {
		site_fini(s->list[i]);
		free(s->list[i]);
	}
	free(s->list);
}
