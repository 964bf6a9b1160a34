/* SPDX-License-Identifier: MIT */
#include "cmd/account.h"

#include <stdio.h>

enum { PAGES_MAX = 50 }; /* of pixels, an advertiser */

struct reading {
	struct account *account;
	const struct account_access *access;
	struct oauth oauth;
	const char *pixel_id; /* ours */
};

static bool ask(struct reading *r)
{
	struct err ignored;

	return oauth_perform(&r->oauth, r->access->http, &ignored) == ERR_OK;
}

static void take_ids(struct account *a, const char *ids)
{
	while (*ids && a->advertiser_count < ACCOUNT_ADVERTISERS) {
		struct oauth_item *item = &a->advertisers[a->advertiser_count++];
		int len = (int)strcspn(ids, ",");

		snprintf(item->id, sizeof(item->id), "%.*s", len, ids);
		item->name[0] = '\0';
		ids += len + (ids[len] == ',');
	}
}

static void read_advertisers(struct reading *r, const char *ids)
{
	struct account *a = r->account;
	int count = 0;

	oauth_ask_advertisers(&r->oauth, r->access->app, r->access->token);
	if (ask(r))
		count = oauth_read_advertisers(buf_str(&r->oauth.reply), a->advertisers,
					       ACCOUNT_ADVERTISERS);
	a->advertiser_count = count < ACCOUNT_ADVERTISERS ? count : ACCOUNT_ADVERTISERS;
	a->advertisers_left = count - a->advertiser_count;
	if (count == 0)
		take_ids(a, ids);
}

static void take_pixel(struct reading *r, const struct oauth_item *pixel, int advertiser)
{
	struct account *a = r->account;

	if (strcmp(pixel->id, r->pixel_id) == 0) {
		a->has_pixel = true;
		a->owner = advertiser;
	}
	if (a->pixel_count == ACCOUNT_PIXELS) {
		a->pixels_left++;
		return;
	}
	a->owners[a->pixel_count] = advertiser;
	a->pixels[a->pixel_count++] = *pixel;
}

static void read_pixels(struct reading *r, int advertiser)
{
	struct str id = str_of(r->account->advertisers[advertiser].id);
	struct oauth_item pixels[OAUTH_PAGE];
	int pages = 1;

	for (int page = 1; page <= pages && page <= PAGES_MAX; page++) {
		int count;

		oauth_ask_pixels(&r->oauth, id, page, r->access->token);
		if (!ask(r))
			return;
		count = oauth_read_pixels(buf_str(&r->oauth.reply), pixels, OAUTH_PAGE);
		for (int i = 0; i < count && i < OAUTH_PAGE; i++)
			take_pixel(r, &pixels[i], advertiser);
		pages = oauth_read_pages(buf_str(&r->oauth.reply));
	}
}

void account_read(struct account *a, const struct account_access *access, const char *ids,
		  const char *pixel_id)
{
	struct reading r = {.account = a, .access = access, .pixel_id = pixel_id};

	memset(a, 0, sizeof(*a));
	oauth_init(&r.oauth, access->endpoint);
	read_advertisers(&r, ids);
	a->owner = a->advertiser_count == 1 ? 0 : -1;
	for (int i = 0; i < a->advertiser_count; i++)
		read_pixels(&r, i);
	oauth_fini(&r.oauth);
}

void account_read_info(struct account *a, const struct account_access *access)
{
	struct reading r = {.account = a, .access = access};

	if (a->owner < 0)
		return;
	oauth_init(&r.oauth, access->endpoint);
	oauth_ask_info(&r.oauth, str_of(a->advertisers[a->owner].id), access->token);
	a->is_read = ask(&r) && oauth_read_info(buf_str(&r.oauth.reply), &a->info);
	if (!a->is_read)
		a->info.timezone[0] = '\0';
	oauth_fini(&r.oauth);
}
