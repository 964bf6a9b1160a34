/* SPDX-License-Identifier: MIT */
#include "core/zone_rules.h"

#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

struct zone_rules {
	absl::TimeZone zone;
};

/* Where Abseil looks. */
static bool can_be_read(const char *name)
{
	const char *folder = getenv("TZDIR");
	std::string path = folder && *folder ? folder : "/usr/share/zoneinfo";
	int fd = open(path.append("/").append(name).c_str(), O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

struct zone_rules *zone_rules_open(const char *name)
{
	absl::TimeZone zone;

	if (!can_be_read(name))
		return nullptr;
	if (absl::LoadTimeZone(name, &zone))
		return new zone_rules{zone};
	errno = ENOENT; /* it is a folder, or no zone's file */
	return nullptr;
}

void zone_rules_free(struct zone_rules *r)
{
	delete r;
}

/* The instant that clocks at this offset show so. */
static int64_t at_offset(const absl::CivilSecond &c, int32_t offset)
{
	return c - absl::CivilSecond(1970) - offset;
}

int32_t zone_rules_offset(const struct zone_rules *r, int64_t unix_s, int64_t *from,
			  int64_t *until)
{
	absl::Time t = absl::FromUnixSeconds(unix_s);
	int32_t offset = r->zone.At(t).offset;
	absl::TimeZone::CivilTransition change;

	/* "Previous" is before what is asked: a second later, as one may be right there. */
	*from = r->zone.PrevTransition(t + absl::Seconds(1), &change) ?
			at_offset(change.to, offset) :
			INT64_MIN;
	*until = r->zone.NextTransition(t, &change) ? at_offset(change.from, offset) :
						      INT64_MAX;
	return offset;
}

/* `pre` is by the offset before a change: in a gap the time moved forward by it, of a time
 * that comes twice the earlier, and what is meant everywhere else. */
int64_t zone_rules_instant(const struct zone_rules *r, int64_t local_s)
{
	return absl::ToUnixSeconds(r->zone.At(absl::CivilSecond(1970) + local_s).pre);
}
