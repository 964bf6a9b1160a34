/* SPDX-License-Identifier: MIT
 *
 * A destination that has been refused for a day needs somebody, whatever the others beside it do. */
#include <stdio.h>

#include "scene.h"
#include "store/status.h"

/* Two days of requests of a busy destination, 1.7 a second; a row of the other one waits. */
static const char two_days[] =
	"INSERT INTO destination (id, name, source, pixel_id, reason) VALUES "
	"(1, 'busy', 'web', 'P', NULL), (2, 'dead', 'web', 'Q', 20);"
	"INSERT INTO outbox (event, created_at) SELECT 'x', ms - 172800000 FROM clock;"
	"UPDATE queue SET cursor = 1;"
	"INSERT INTO waiting (key, destination_id, status, reason, due_at) "
	"SELECT 1024 + 2, 2, 3, 20, ms FROM clock;"
	"INSERT INTO counter SELECT 2, 48, 1, ms, ms, 1 FROM clock;"
	"INSERT INTO attempt (id, destination_id, started_at, ms, events, outcome, "
	"first_id, "
	"last_id) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE "
	"i < 300000) SELECT 3 * i + 1, 1, ms - (300000 - i) * 576, 9, 1, 'delivered', 1, "
	"1 "
	"FROM n, clock";

/* Its requests, one in a thousand, from one hour of the past to another. */
#define REFUSED(from, upto)                                                              \
	"UPDATE attempt SET destination_id = 2, outcome = 'rate_limited' "               \
	"WHERE id % 3000 = 1 AND (SELECT ms FROM clock) - started_at "                   \
	"BETWEEN " #upto " * 3600000 AND " #from " * 3600000"

static const struct {
	const char *what, *sql;
	bool stopped;
} rows[] = {
	{"for two days", REFUSED(48, 0), true},
	{"for an hour", REFUSED(1, 0), false},
	{"a day ago, and now", REFUSED(26, 25) ";" REFUSED(1, 0), true},
	{"never tried", "SELECT 1", false},
	{"it took something in the meantime",
	 REFUSED(48, 0) ";INSERT INTO counter SELECT 2, 160, 1, 1, ms - 43200000, 1 FROM "
			"clock",
	 false},
	{"where old ones have gone",
	 REFUSED(48, 0) ";DELETE FROM attempt WHERE id < 200000", true},
	{"only now", REFUSED(48, 0) ";DELETE FROM attempt WHERE id < 500000", false},
	{"among none", "DELETE FROM attempt", false},
	{"by a clock that was years ahead",
	 "UPDATE attempt SET started_at = started_at * 2 WHERE id < 890000;"
	 "UPDATE attempt SET destination_id = 2, outcome = 'rate_limited', "
	 "started_at = started_at - 90000000 WHERE id = 895999",
	 true},
};

/* On the connection that writes, so that each row of the table can be rolled back. */
static void begin(struct scene *s)
{
	sqlite3_db_config(s->db.handle, SQLITE_DBCONFIG_ENABLE_VIEW, 1, NULL);
	scene_exec(s, "CREATE TEMP TABLE clock AS SELECT "
		      "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS ms");
	scene_exec(s, two_days);
}

static void stopped_beside_a_busy_one(void **state)
{
	struct scene *s = *state;

	begin(s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct status_totals t;

		scene_exec(s, "SAVEPOINT row");
		scene_exec(s, rows[i].sql);
		assert_ok(s, status_totals(&s->db, &t, &s->e));
		if (t.blocked != rows[i].stopped || t.held_up != !rows[i].stopped)
			fail_msg("%s: %lld blocked, %lld held up", rows[i].what,
				 (long long)t.blocked, (long long)t.held_up);
		scene_exec(s, "ROLLBACK TO row; RELEASE row");
	}
}

/* Ten minutes of a wrong address, which somebody else answers. */
static void a_wrong_address(void **state)
{
	struct scene *s = *state;
	struct status_totals t;

	begin(s);
	scene_exec(s, REFUSED(1, 0));
	assert_ok(s, status_totals(&s->db, &t, &s->e));
	assert_int_equal(t.blocked, 0);
	scene_exec(s, "UPDATE destination SET reason = 22 WHERE id = 2");
	assert_ok(s, status_totals(&s->db, &t, &s->e));
	assert_int_equal(t.blocked, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(stopped_beside_a_busy_one),
		T(a_wrong_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
