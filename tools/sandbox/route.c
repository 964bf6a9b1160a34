/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sandbox.h"

static const struct route routes[] = {
	{"POST", "/open_api/v1.3/event/track/", true, track_answer},
	{"POST", "/sandbox/fault", false, control_fault},
	{"POST", "/sandbox/token", false, control_token},
	{"GET", "/sandbox/stats", false, control_stats},
	{"POST", "/sandbox/reset", false, control_reset},
};

const struct route *route_find(const char *method, const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].method, method) == 0 &&
		    strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}
