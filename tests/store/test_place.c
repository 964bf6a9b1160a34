/* SPDX-License-Identifier: MIT
 *
 * A zone's file that cannot be read for a while: nothing is read by another zone meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "persons.h"

#define NEW_YORK "/usr/share/zoneinfo/America/New_York"

static void zone_is(struct scene *s, const char *file, const char *target)
{
	char path[128];

	setenv("TZDIR", s->folder, 1);
	snprintf(path, sizeof(path), "%s/%s", s->folder, file);
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static int64_t stated_at(struct scene *s)
{
	return scene_int(s, "SELECT min(stated_at) FROM statement");
}

static void test_nothing_is_read_by_another_clock(void **state)
{
	struct scene *s = *state;
	struct sighting_reader r;
	struct sighting seen;
	struct ingested done;
	struct persons w;

	persons_open(s, &w);
	assert_ok(s, sighting_open(&r, &s->db, &s->e));
	zone_is(s, "There", "There");
	scene_exec(s, "INSERT INTO destination (name, source, pixel_id, timezone) "
		      "VALUES (\'a\', \'web\', \'PIXEL1\', \'There\');"
		      "INSERT INTO consent (external_id, ad_user_data, stated_at) "
		      "VALUES ('u1', 'DENIED', '2023-11-14T12:00:00')");
	for (int i = 0; i < 2; i++) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_int_equal(ingest_slice(&w.ingest, NOW_MS, &done, &s->e), ERR_IO);
		assert_ok(s, db_commit(&s->db, &s->e));
		assert_int_equal(sighting_refresh(&r, &s->e), ERR_IO);
	}
	assert_int_equal(stated_at(s), -1);
	zone_is(s, "There", NEW_YORK);
	assert_int_equal(persons_read(s, &w).consents, 1);
	assert_int_equal(stated_at(s), INT64_C(1699981200000));
	assert_ok(s, sighting_refresh(&r, &s->e));
	assert_ok(s, sighting_read(&r, IDENTITY_CONSENT, 1, &seen, &s->e));
	assert_int_equal(seen.at_s, 1699981200);
	sighting_close(&r);
	persons_close(&w);
}

/* It was read by this process before. */
static void test_a_later_fault_does_not_count(void **state)
{
	struct scene *s = *state;
	struct persons w;

	persons_open(s, &w);
	zone_is(s, "Here", NEW_YORK);
	scene_exec(s, "INSERT INTO destination (name, source, pixel_id, timezone) "
		      "VALUES (\'a\', \'web\', \'PIXEL1\', \'Here\');"
		      "INSERT INTO consent (external_id, ad_user_data, stated_at) "
		      "VALUES ('u1', 'DENIED', '2023-11-14T12:00:00')");
	assert_int_equal(persons_read(s, &w).consents, 1);
	persons_close(&w);
	zone_is(s, "Here", "Here");
	persons_open(s, &w);
	scene_exec(s, "INSERT INTO consent (external_id, ad_user_data, stated_at) "
		      "VALUES ('u2', 'DENIED', '2023-11-14T12:00:00')");
	assert_int_equal(persons_read(s, &w).consents, 1);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM statement WHERE stated_at = "
				      "1699981200000"),
			 2);
	persons_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nothing_is_read_by_another_clock),
		T(test_a_later_fault_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
