/* SPDX-License-Identifier: MIT
 *
 * What must hold at the moment when a request starts. */
#include "run/relay.h"
#include "run/site.h"
#include "wire.h"
#include "world.h"

static bool is_under_way(const struct request *r)
{
	return r->ended_us == 0 && r->relay == world->relay && r->life == world->life;
}

static void check_slots(const struct request *now)
{
	const struct tiktok *t = &world->tiktok;
	int all = 0, here = 0;

	for (int i = 0; i < t->request_count; i++) {
		if (!is_under_way(&t->requests[i]))
			continue;
		all++;
		here += t->requests[i].pixel == now->pixel;
	}
	if (all > SHIPPING_SLOTS || here > SITE_SLOTS)
		world_break("%d requests are under way, %d of them to one destination",
			    all, here);
}

/* The one before to the same destination, by the same relay. */
static void check_rate(const struct request *now)
{
	int64_t least_ms = world->plan.requests_per_second
				   ? 1000 / world->plan.requests_per_second
				   : 0;

	for (const struct request *r = now - 1; r >= world->tiktok.requests; r--) {
		if (r->pixel != now->pixel || r->relay != now->relay)
			continue;
		if (now->mono_ms - r->mono_ms < least_ms - 1) /* whole ms, cut off */
			world_break("two requests started within %lld ms",
				    (long long)(now->mono_ms - r->mono_ms));
		return;
	}
}

void wire_check(const struct request *r)
{
	check_slots(r);
	check_rate(r);
}
