/* SPDX-License-Identifier: MIT */
#include "core/time_zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/ustring.h>

#include "base/nearest.h"
#include "core/zone_rules.h"

#define DAY_S 86400
#define ZONE_NAME_MAX 64
/* No clock was ever moved by more than a day; two keep a cached offset away from the
 * local times that are skipped or come twice. */
#define TRANSITION_MARGIN_S (2 * DAY_S)
/* 2200-01-01: the rules know of no single changes for ever. */
#define CACHED_UNTIL INT64_C(7258118400)

struct zone {
	struct zone_rules *rules; /* NULL: UTC */
	int64_t from, until; /* `offset` holds from <= t < until; equal: for nothing */
	int32_t offset;
};

/* Days from 1970-01-01; Howard Hinnant's days_from_civil. */
static int64_t days_from_civil(int64_t y, int32_t month, int32_t day)
{
	int64_t era, year_of_era, day_of_year, day_of_era;

	y -= month <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct civil *c)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			       day_of_era / 146096) /
			      365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t mp = (5 * day_of_year + 2) / 153;

	c->day = (int32_t)(day_of_year - (153 * mp + 2) / 5 + 1);
	c->month = (int32_t)(mp < 10 ? mp + 3 : mp - 9);
	c->year = (int32_t)(year_of_era + era * 400 + (c->month <= 2));
}

int64_t civil_to_unix(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * DAY_S +
	       c->hour * INT64_C(3600) + c->minute * INT64_C(60) + c->second;
}

/* Like `name` but for case, or its last part: "berlin" for "Europe/Berlin". */
static bool resembles(struct str zone, struct str name)
{
	if (zone.len > name.len && zone.p[zone.len - name.len - 1] == '/')
		zone = str_make(zone.p + zone.len - name.len, name.len);
	if (zone.len != name.len)
		return false;
	for (size_t i = 0; i < zone.len; i++) {
		char c = name.p[i] == ' ' ? '_' : ascii_lower(name.p[i]);

		if (ascii_lower(zone.p[i]) != c)
			return false;
	}
	return true;
}

/* A name that ICU knows: an old one, such as PST, or the machine has no tz database. */
static void say_missing(const char *name, struct err *e)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar id[ZONE_NAME_MAX + 1], canonical[ZONE_NAME_MAX + 1];
	char other[ZONE_NAME_MAX + 1] = "";

	u_uastrncpy(id, name, ZONE_NAME_MAX);
	id[ZONE_NAME_MAX] = 0;
	ucal_getCanonicalTimeZoneID(id, -1, canonical, ZONE_NAME_MAX, NULL, &status);
	if (U_SUCCESS(status))
		u_austrncpy(other, canonical, ZONE_NAME_MAX);
	if (strcmp(other, name) == 0)
		other[0] = '\0';
	err_set(e, ERR_CONFIG,
		"'%s' is not in this machine's time zone database; %s%s%sinstall or "
		"update "
		"tzdata",
		name, other[0] ? "write " : "", other, other[0] ? ", or " : "");
}

/* The names to guess from are ICU's: the files say of themselves which of them are zones
 * only in part. */
static void say_unknown(const char *name, struct err *e)
{
	UErrorCode status = U_ZERO_ERROR;
	UEnumeration *all = ucal_openTimeZones(&status);
	const char *zone;
	int32_t len;
	struct nearest near;
	bool fixed = strpbrk(name, "0123456789") != NULL;

	nearest_init(&near, str_of(name));
	err_set(e, ERR_CONFIG, "'%.*s' is no time zone; write it like Europe/Berlin%s",
		ZONE_NAME_MAX, name,
		fixed ? "; eight hours ahead of UTC is Etc/GMT-8" : "");
	/* No guess at a fixed offset: GMT+8 and Etc/GMT+8 are sixteen hours apart. */
	while (!fixed && U_SUCCESS(status) && name[0] != '\0' &&
	       (zone = uenum_next(all, &len, &status)) != NULL) {
		if (strcmp(zone, name) == 0) {
			say_missing(name, e);
			uenum_close(all);
			return;
		}
		if (resembles(str_make(zone, (size_t)len), str_of(name))) {
			nearest_take(&near, str_make(zone, (size_t)len));
			break;
		}
		nearest_offer(&near, str_make(zone, (size_t)len));
	}
	uenum_close(all);
	if (nearest_word(&near)[0])
		err_set(e, ERR_CONFIG, "'%.*s' is no time zone%s", ZONE_NAME_MAX, name,
			nearest_hint(&near));
}

/* Of what lies in the folder of the files: no path out of it, none with leap seconds, and
 * not what the machine's own clock is set to. */
static bool is_zone_name(const char *name)
{
	static const char *const others[] = {"posix/", "right/", "localtime",
					     "posixrules", "Factory"};
	size_t len = strlen(name);

	if (len == 0 || len > ZONE_NAME_MAX || !ascii_is_letter(name[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_letter(name[i]) && !ascii_is_digit(name[i]) &&
		    strchr("/_+-", name[i]) == NULL)
			return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

struct zone *zone_open(const char *name, struct err *e)
{
	struct zone_rules *rules = NULL;
	struct zone *z;

	if (strcmp(name, "UTC") != 0) {
		errno = ENOENT;
		rules = is_zone_name(name) ? zone_rules_open(name) : NULL;
		if (rules == NULL && (errno == ENOENT || errno == ENOTDIR)) {
			say_unknown(name, e);
			return NULL;
		}
		if (rules == NULL) {
			err_set(e, ERR_IO, "the time zone '%s' cannot be read: %s", name,
				strerror(errno));
			return NULL;
		}
	}
	z = calloc(1, sizeof(*z));
	if (z == NULL)
		abort();
	z->rules = rules;
	return z;
}

void zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	zone_rules_free(z->rules);
	free(z);
}

static void look_up(struct zone *z, int64_t unix_s)
{
	z->offset = zone_rules_offset(z->rules, unix_s, &z->from, &z->until);
	if (z->until > CACHED_UNTIL)
		z->until = CACHED_UNTIL;
}

int32_t zone_offset(struct zone *z, int64_t unix_s)
{
	if (z == NULL || z->rules == NULL)
		return 0;
	if (unix_s < z->from || unix_s >= z->until)
		look_up(z, unix_s);
	return z->offset;
}

/* Far enough from both ends of the cached interval. */
static bool is_certain(const struct zone *z, int64_t unix_s)
{
	return (z->from == INT64_MIN || unix_s >= z->from + TRANSITION_MARGIN_S) &&
	       unix_s < z->until - TRANSITION_MARGIN_S && z->from < z->until;
}

int64_t zone_from_civil(struct zone *z, const struct civil *c)
{
	int64_t as_utc = civil_to_unix(c), unix_s;

	if (z == NULL || z->rules == NULL)
		return as_utc;
	if (is_certain(z, as_utc - z->offset))
		return as_utc - z->offset;
	unix_s = zone_rules_instant(z->rules, as_utc);
	zone_offset(z, unix_s); /* the next one is likely near */
	return unix_s;
}

static char *put_digits(char *to, int32_t n, int count, char behind)
{
	for (int i = count - 1; i >= 0; i--, n /= 10)
		to[i] = (char)('0' + n % 10);
	to[count] = behind;
	return to + count + 1;
}

/* Offsets before 1972 may have seconds, which ISO 8601 has no form for: the offset is
 * cut to minutes and the time printed by that one, so that both still name the instant. */
void civil_format(int64_t unix_s, int32_t offset_s, struct buf *out)
{
	struct civil c;
	char text[32], *p = text;
	int32_t minutes = offset_s / 60;
	int64_t local = unix_s + (int64_t)minutes * 60;
	int64_t days = local / DAY_S - (local % DAY_S < 0);
	int32_t second = (int32_t)(local - days * DAY_S);

	civil_from_days(days, &c);
	p = put_digits(p, c.year, 4, '-');
	p = put_digits(p, c.month, 2, '-');
	p = put_digits(p, c.day, 2, 'T');
	p = put_digits(p, second / 3600, 2, ':');
	p = put_digits(p, second / 60 % 60, 2, ':');
	p = put_digits(p, second % 60, 2, minutes < 0 ? '-' : '+');
	p = put_digits(p, abs(minutes) / 60, 2, ':');
	p = put_digits(p, abs(minutes) % 60, 2, '\0');
	buf_add(out, text, (size_t)(p - 1 - text));
}
