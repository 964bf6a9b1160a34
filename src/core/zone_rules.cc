/* SPDX-License-Identifier: MIT */
#include "core/zone_rules.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

struct zone_rules {
	absl::TimeZone zone;
};

namespace
{

/* Where Abseil looks. */
std::string path_of(const char *name)
{
	const char *folder = getenv("TZDIR");
	std::string path = folder && *folder ? folder : "/usr/share/zoneinfo";

	return path.append("/").append(name);
}

/* False with errno: ENOENT where it is a folder, or no zone's file. */
bool can_be_read(const char *name)
{
	static const char magic[] = {'T', 'Z', 'i', 'f'};
	char head[sizeof(magic)];
	int fd = open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC), why = ENOENT;
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, head, sizeof(head));
	if (len < 0 && errno != EISDIR)
		why = errno;
	close(fd);
	errno = why;
	return len == sizeof(head) && memcmp(head, magic, sizeof(head)) == 0;
}

/* What was read once is there whatever befalls the files, or the process, later. What Abseil could
 * not read, right after it could be, it does not look for again: but under another name of the
 * same file it does, a step longer each time. */
class zones
{
	static constexpr int FAILURES_MAX = 100; /* it remembers each */
	std::mutex lock;
	std::map<std::string, absl::TimeZone> read;
	std::map<std::string, int> failed;

	bool load(const char *name, absl::TimeZone *zone)
	{
		std::string way;

		if (!can_be_read(name))
			return false;
		int &failures = failed[name];

		for (int i = 0; i < failures; i++)
			way += "./";
		if (failures <= FAILURES_MAX) {
			failures++;
			if (absl::LoadTimeZone(way + name, zone))
				return true;
		}
		errno = EIO;
		return false;
	}

      public:
	bool find(const char *name, absl::TimeZone *zone)
	{
		std::lock_guard<std::mutex> held(lock);
		auto known = read.find(name);

		if (known == read.end()) {
			if (!load(name, zone))
				return false;
			known = read.emplace(name, *zone).first;
		}
		*zone = known->second;
		return true;
	}
};

} // namespace

/* C cannot hear of an exception; nothing else here allocates. */
struct zone_rules *zone_rules_open(const char *name)
{
	static zones all;
	absl::TimeZone zone;

	try {
		return all.find(name, &zone) ? new zone_rules{zone} : nullptr;
	} catch (const std::bad_alloc &) {
		errno = ENOMEM;
	} catch (...) {
		errno = EIO;
	}
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
	*from = r->zone.PrevTransition(t + absl::Seconds(1), &change)
			? at_offset(change.to, offset)
			: INT64_MIN;
	*until = r->zone.NextTransition(t, &change) ? at_offset(change.from, offset)
						    : INT64_MAX;
	return offset;
}

/* `pre` is by the offset before a change: in a gap the time moved forward by it, of a time
 * that comes twice the earlier, and what is meant everywhere else. */
int64_t zone_rules_instant(const struct zone_rules *r, int64_t local_s)
{
	return absl::ToUnixSeconds(r->zone.At(absl::CivilSecond(1970) + local_s).pre);
}
