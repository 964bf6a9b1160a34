/* SPDX-License-Identifier: MIT
 * oauth_reply.h - what TikTok's answers about a grant hold.
 *
 * Owns:    nothing; a struct oauth_grant is wiped by oauth_grant_fini.
 * Thread:  any.
 * Errors:  an answer without what it should hold gives false, or no items.
 * See:     oauth.h, the questions. */
#ifndef NET_OAUTH_REPLY_H
#define NET_OAUTH_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/secret.h"

struct oauth_grant {
	struct secret token, refresh_token; /* the second is empty for a long-lived one */
	int64_t expires_in_s;               /* 0: it does not expire */
	char advertisers[1024];             /* "7000,7001" */
};

bool oauth_read_grant(struct str reply, struct oauth_grant *out);
void oauth_grant_fini(struct oauth_grant *g);

struct oauth_info {
	char timezone[64], currency[8];
};

bool oauth_read_info(struct str reply, struct oauth_info *out);

/* One thing of a list: an advertiser or a pixel. */
struct oauth_item {
	char id[65], name[128];
};

/* data.list[{advertiser_id, advertiser_name}] or data.pixels[{pixel_code, pixel_name}]; how
 * many there are, of which at most `cap` are written. */
int oauth_read_advertisers(struct str reply, struct oauth_item *out, int cap);
int oauth_read_pixels(struct str reply, struct oauth_item *out, int cap);

/* data.page_info.total_page; 0 where it is not there. */
int oauth_read_pages(struct str reply);

#endif
