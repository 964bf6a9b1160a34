/* SPDX-License-Identifier: MIT */
#include "cmd/account.h"

#include <stdio.h>

struct reading {
	struct account *account;
	struct oauth oauth;
	const struct http_options *options;
	const struct secret *token;
};

static bool ask(struct reading *r)
{
	struct err ignored;

	return oauth_perform(&r->oauth, r->options, &ignored) == ERR_OK;
}

static int within(int count, int most)
{
	return count < most ? count : most;
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

static void read_advertisers(struct reading *r, const struct oauth_app *app,
			     const char *ids)
{
	struct account *a = r->account;

	oauth_ask_advertisers(&r->oauth, app, r->token);
	if (ask(r))
		a->advertiser_count = within(
			oauth_read_advertisers(buf_str(&r->oauth.reply), a->advertisers,
					       ACCOUNT_ADVERTISERS),
			ACCOUNT_ADVERTISERS);
	if (a->advertiser_count == 0)
		take_ids(a, ids);
}

static void read_pixels(struct reading *r, int advertiser, const char *pixel_id)
{
	struct account *a = r->account;
	int room = ACCOUNT_PIXELS - a->pixel_count;
	int count;

	oauth_ask_pixels(&r->oauth, str_of(a->advertisers[advertiser].id), r->token);
	if (!ask(r))
		return;
	count = within(oauth_read_pixels(buf_str(&r->oauth.reply),
					 a->pixels + a->pixel_count, room),
		       room);
	for (int i = a->pixel_count; i < a->pixel_count + count; i++) {
		if (strcmp(a->pixels[i].id, pixel_id) != 0)
			continue;
		a->has_pixel = true;
		a->owner = advertiser;
	}
	a->pixel_count += count;
}

static void read_info(struct reading *r)
{
	struct account *a = r->account;

	if (a->owner < 0)
		return;
	oauth_ask_info(&r->oauth, str_of(a->advertisers[a->owner].id), r->token);
	if (!ask(r) || !oauth_read_info(buf_str(&r->oauth.reply), &a->info))
		a->info.timezone[0] = '\0';
}

void account_read(struct account *a, const char *endpoint,
		  const struct http_options *options, const struct oauth_app *app,
		  const struct secret *token, const char *ids, const char *pixel_id)
{
	struct reading r = {.account = a, .options = options, .token = token};

	memset(a, 0, sizeof(*a));
	oauth_init(&r.oauth, endpoint);
	read_advertisers(&r, app, ids);
	a->owner = a->advertiser_count == 1 ? 0 : -1;
	for (int i = 0; i < a->advertiser_count; i++)
		read_pixels(&r, i, pixel_id);
	read_info(&r);
	oauth_fini(&r.oauth);
}
