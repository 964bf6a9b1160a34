/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "route.h"

static const struct route routes[] = {
	{"POST", "/open_api/v1.3/event/track/", true, track_answer},
	{"GET", "/portal/auth", false, oauth_portal},
	{"POST", "/open_api/v1.3/oauth2/access_token/", false, oauth_access_token},
	{"POST", "/open_api/v1.3/tt_user/oauth2/refresh_token/", false,
	 oauth_refresh_token},
	{"POST", "/open_api/v1.3/oauth2/revoke_token/", false, oauth_revoke_token},
	{"GET", "/open_api/v1.3/oauth2/advertiser/get/", false, oauth_advertisers},
	{"GET", "/open_api/v1.3/advertiser/info/", false, oauth_advertiser_info},
	{"GET", "/open_api/v1.3/pixel/list/", false, oauth_pixels},
	{"POST", "/sandbox/fault", false, control_fault},
	{"POST", "/sandbox/token", false, control_token},
	{"POST", "/sandbox/oauth", false, control_oauth},
	{"GET", "/sandbox/oauth", false, control_grants},
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
