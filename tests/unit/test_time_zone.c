/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/time_zone.h"

#define NEW_YEAR_2011 INT64_C(1293840000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct zone *open_zone(const char *name)
{
	struct err e;
	struct zone *z = zone_open(name, &e);

	if (z == NULL)
		fail_msg("%s", e.msg);
	return z;
}

/* Each in a zone just opened, and in one that has looked at some other time before. */
static void local_times(void **state)
{
	static const struct {
		const char *zone;
		struct civil c;
		int64_t unix_s;
	} rows[] = {
		{"America/New_York", {2025, 3, 9, 2, 30, 0}, 1741505400},
		{"America/New_York", {2025, 3, 9, 1, 59, 59}, 1741503599},
		{"America/New_York", {2025, 3, 9, 3, 0, 0}, 1741503600},
		{"America/New_York", {2025, 11, 2, 1, 30, 0}, 1762061400},
		{"America/New_York", {2025, 11, 2, 2, 0, 0}, 1762066800},
		{"Europe/London", {2025, 3, 30, 1, 30, 0}, 1743298200},
		{"Australia/Lord_Howe", {2025, 4, 6, 1, 45, 0}, 1743864300},
		{"America/Sao_Paulo", {2018, 11, 4, 0, 30, 0}, 1541302200},
		{"Pacific/Apia", {2011, 12, 30, 12, 0, 0}, 1325282400},
		{"Etc/GMT-8", {2025, 1, 1, 8, 0, 0}, 1735689600},
		{"Etc/GMT+5", {2024, 12, 31, 19, 0, 0}, 1735689600},
		{"Asia/Kathmandu", {2025, 1, 1, 5, 45, 0}, 1735689600},
		{"UTC", {2025, 1, 1, 0, 0, 0}, 1735689600},
		{"Etc/UTC", {1970, 1, 1, 0, 0, 0}, 0},
		{"Europe/Berlin", {2024, 2, 29, 12, 0, 0}, 1709204400},
		{"Europe/Berlin", {9999, 12, 31, 23, 59, 59}, 253402297199},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone *z = open_zone(rows[i].zone);

		for (int pass = 0; pass < 3; pass++) {
			assert_int_equal(zone_from_civil(z, &rows[i].c), rows[i].unix_s);
			zone_offset(z, rows[i].unix_s + (pass == 0 ? -90 : 90) * 86400);
		}
		zone_free(z);
	}
	assert_int_equal(zone_from_civil(NULL, &rows[13].c), 0);
}

/* Every instant near the transitions of these years comes back from its local time, or
 * as the first of two. */
static void round_trips(void **state)
{
	static const char *const zones[] = {"America/New_York", "Australia/Lord_Howe",
					    "Pacific/Apia",     "Africa/Casablanca",
					    "Asia/Kathmandu",   "America/Sao_Paulo"};

	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++) {
		struct zone *z = open_zone(zones[i]);

		for (int64_t t = NEW_YEAR_2011 + 86400; t < NEW_YEAR_2011 + 730 * 86400;
		     t += 1793) {
			int32_t offset = zone_offset(z, t);
			int64_t local = t + offset, back;
			struct civil c = {2011, 1, 1, 0, 0, 0};

			/* 2011-01-400 will do. */
			c.day = (int32_t)((local - NEW_YEAR_2011) / 86400) + 1;
			c.hour = (int32_t)(local % 86400 / 3600);
			c.minute = (int32_t)(local % 3600 / 60);
			c.second = (int32_t)(local % 60);
			back = zone_from_civil(z, &c);
			if (back != t)
				assert_true(back < t &&
					    back + zone_offset(z, back) == local);
			assert_int_equal(zone_offset(z, t), offset);
		}
		zone_free(z);
	}
}

static void offsets(void **state)
{
	static const struct {
		const char *zone;
		int64_t unix_s;
		int32_t offset;
	} rows[] = {
		{"America/New_York", 1741503599, -18000},
		{"America/New_York", 1741503600, -14400},
		{"America/New_York", 1762063199, -14400},
		{"America/New_York", 1762063200, -18000},
		{"Pacific/Apia", 1325239199, -36000},
		{"Pacific/Apia", 1325239200, 50400},
		{"Australia/Lord_Howe", 1743865199, 39600},
		{"Australia/Lord_Howe", 1743865200, 37800},
		{"Etc/GMT-8", 0, 28800},
		/* What governments changed since Debian's ICU was made. */
		{"America/Chihuahua", 1764201600, -21600},
		{"America/Ciudad_Juarez", 1764201600, -25200},
		{"America/Mexico_City", 1751328000, -21600},
		{"Asia/Almaty", 1764201600, 18000},
		{"Africa/Cairo", 1751328000, 10800},
		{"Pacific/Fiji", 1764201600, 43200},
		{"America/New_York", 16725225600,
		 -18000}, /* 2500, beyond the changes kept */
		{"America/New_York", 16740950400, -14400},
	};
	struct zone *z;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		z = open_zone(rows[i].zone);
		assert_int_equal(zone_offset(z, rows[i].unix_s), rows[i].offset);
		zone_free(z);
	}
	z = open_zone("America/New_York");
	for (size_t i = 0; i < 8; i++) /* there and back */
		assert_int_equal(zone_offset(z, rows[i % 4].unix_s), rows[i % 4].offset);
	zone_free(z);
	assert_int_equal(zone_offset(NULL, 0), 0);
}

static void unknown_names(void **state)
{
	static const struct {
		const char *name, *says;
	} rows[] = {
		{"Mars/Olympus", "'Mars/Olympus' is no time zone"},
		{"", "'' is no time zone"},
		{"berlin", "did you mean 'Europe/Berlin'?"},
		{"Europe/Berln", "did you mean 'Europe/Berlin'?"},
		{"america/new_york", "did you mean 'America/New_York'?"},
		{"New York", "did you mean 'America/New_York'?"},
		{"GMT+8", "eight hours ahead of UTC is Etc/GMT-8"},
		{"+08:00", "Etc/GMT-8"},
		{"Etc/Unknown", "is no time zone"},
		{"PST",
		 "database; write America/Los_Angeles, or install or update tzdata"},
		{"localtime", "is no time zone"}, /* files beside the zones */
		{"posixrules", "is no time zone"},
		{"right/Europe/Berlin", "is no time zone"},
		{"zone.tab", "is no time zone"},
		{"../zoneinfo/Europe/Berlin", "is no time zone"},
		{"/usr/share/zoneinfo/Europe/Berlin", "is no time zone"},
		{"file:/usr/share/zoneinfo/Europe/Berlin", "is no time zone"},
		{"Fixed/UTC+08:00:00", "is no time zone"},
		{"Europe/Berlin ", "is no time zone"},
		{"Europe/Berl\xc3\xadn", "is no time zone"},
		{"12345678901234567890123456789012345678901234567890123456789012345678901"
		 "2345",
		 "is no time zone"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		assert_null(zone_open(rows[i].name, &e));
		assert_int_equal(e.code, ERR_CONFIG);
		if (strstr(e.msg, rows[i].says) == NULL)
			fail_msg("%s", e.msg);
	}
	zone_free(NULL);
}

static void formats(void **state)
{
	static const struct {
		int64_t unix_s;
		int32_t offset_s;
		const char *text;
	} rows[] = {
		{1762061400, -14400, "2025-11-02T01:30:00-04:00"},
		{0, 0, "1970-01-01T00:00:00+00:00"},
		{0, -3600, "1969-12-31T23:00:00-01:00"},
		{1735689600, 20700, "2025-01-01T05:45:00+05:45"},
		{1709164800, 0, "2024-02-29T00:00:00+00:00"},
		{951782400, 0, "2000-02-29T00:00:00+00:00"},
		{253402300799, 0, "9999-12-31T23:59:59+00:00"},
		{0, -2670, "1969-12-31T23:16:00-00:44"},
		{-62135596800, 0, "0001-01-01T00:00:00+00:00"},
	};
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		civil_format(rows[i].unix_s, rows[i].offset_s, &b);
		assert_string_equal(buf_z(&b), rows[i].text);
	}
	buf_fini(&b);
}

static void put_file(const char *path, const char *content, size_t len)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, len, file), len);
	fclose(file);
}

static void open_fails(enum err_code code)
{
	struct err e = {0};

	assert_null(zone_open("Any/Where", &e));
	assert_int_equal(e.code, code);
}

/* Whatever is wrong with the file, what stands there later is read, and then once and for all. */
static void faults_pass(void **state)
{
	static const char half[20] = "TZif2";
	char folder[] = "/tmp/convey-test-XXXXXX", at[32], path[64];
	struct zone *z;

	(void)state;
	assert_non_null(mkdtemp(folder));
	setenv("TZDIR", folder, 1);
	snprintf(at, sizeof(at), "%s/Any", folder);
	snprintf(path, sizeof(path), "%s/Where", at);
	open_fails(ERR_CONFIG);
	put_file(at, "", 0);
	open_fails(ERR_CONFIG);
	unlink(at);
	assert_int_equal(symlink("Any", at), 0);
	open_fails(ERR_IO);
	unlink(at);
	assert_int_equal(mkdir(at, 0700), 0);
	open_fails(ERR_CONFIG);
	assert_int_equal(mkdir(path, 0700), 0);
	open_fails(ERR_CONFIG);
	assert_int_equal(rmdir(path), 0);
	put_file(path, "# no zone", 9);
	open_fails(ERR_CONFIG);
	for (int i = 0; i < 3; i++) {
		put_file(path, half, sizeof(half));
		open_fails(ERR_IO);
	}
	unlink(path);
	assert_int_equal(symlink("/usr/share/zoneinfo/Asia/Tokyo", path), 0);
	z = open_zone("Any/Where");
	assert_int_equal(zone_offset(z, NEW_YEAR_2011), 32400);
	zone_free(z);
	unlink(path);
	rmdir(at);
	rmdir(folder);
	z = open_zone("Any/Where");
	assert_int_equal(zone_offset(z, NEW_YEAR_2011), 32400);
	zone_free(z);
	unsetenv("TZDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_times), cmocka_unit_test(round_trips),
		cmocka_unit_test(offsets),     cmocka_unit_test(unknown_names),
		cmocka_unit_test(formats),     cmocka_unit_test(faults_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
