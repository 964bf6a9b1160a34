/* SPDX-License-Identifier: MIT */

#include "check.h"
#include "core/event_time.h"
#include "core/time_zone.h"

static struct zone *zone_once(const char *name, struct zone **z)
{
	struct err e;

	if (*z == NULL)
		*z = zone_open(name, &e);
	CHECK(*z != NULL);
	return *z;
}

/* In range, untouched on failure, the same in any order of questions, and its own
 * written form reads as itself. */
static void check(const struct event_time *in, struct zone *z)
{
	int64_t t = -77, again = -78;
	struct event_time written = {.kind = EVENT_TIME_TEXT};
	struct buf b;

	if (!event_time_resolve(in, z, &t)) {
		CHECK(t == -77);
		return;
	}
	CHECK(t >= 0 && t < EVENT_TIME_END);
	zone_offset(z, t / 2);
	CHECK(event_time_resolve(in, z, &again) && again == t);
	buf_init(&b, 64);
	civil_format(t, zone_offset(z, t) / 60 * 60, &b);
	written.text = buf_str(&b);
	/* Near both ends local time is out of the range of years or days. */
	if (t > 86400 && t < EVENT_TIME_END - 86400)
		CHECK(event_time_resolve(&written, NULL, &again) && again == t);
	buf_fini(&b);
	if (!event_time_needs_zone(in))
		CHECK(event_time_resolve(in, NULL, &again) && again == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone *zones[3];
	struct event_time in = {.kind = EVENT_TIME_TEXT,
				.text = str_make((const char *)data, size)};

	check(&in, zone_once("America/New_York", &zones[0]));
	check(&in, zone_once("Australia/Lord_Howe", &zones[1]));
	check(&in, zone_once("Pacific/Apia", &zones[2]));
	if (size < sizeof(int64_t))
		return 0;
	in.kind = EVENT_TIME_INTEGER;
	memcpy(&in.integer, data, sizeof(in.integer));
	check(&in, zones[0]);
	in.kind = EVENT_TIME_REAL;
	memcpy(&in.real, data, sizeof(in.real));
	check(&in, zones[0]);
	return 0;
}
