/* SPDX-License-Identifier: MIT */
#include "store/listing.h"

#include <stdio.h>
#include <stdlib.h>

#include "queue_scene.h"
#include "scene.h"

struct text {
	char *p;
	size_t len, cap;
};

static void put(void *arg, const struct rows *row)
{
	struct text *t = arg;

	for (int i = 0; i < rows_columns(row); i++)
		assert_string_equal(rows_name(row, i), listing_columns[i]);
	t->len += (size_t)snprintf(t->p + t->len, t->cap - t->len, "%s%d",
				   t->len ? " " : "", (int)rows_int(row, 12));
}

/* Ids of the rows listed, as "12 11 8". */
static void list(struct scene *s, const struct listing_filter *f, char *out, size_t cap)
{
	struct text text = {out, 0, cap};
	struct listing l;
	struct db db;
	bool more = true;

	out[0] = '\0';
	assert_ok(s, db_open(&db, s->path, DB_READ, &s->e));
	listing_begin(&l, &db, f);
	while (more) {
		assert_ok(s, listing_read(&l, put, &text, &more, &s->e));
		assert_true(sqlite3_get_autocommit(db.handle)); /* nothing is held */
	}
	db_close(&db);
}

static void finds_rows_by_status_reason_and_destination(void **state)
{
	static const struct {
		struct listing_filter filter;
		const char *ids;
	} rows[] = {
		{{.limit = 50}, "12 11 10 9 8 7 6 5 4 3 2 1"},
		{{.limit = 3}, "12 11 10"},
		{{.status = STATUS_PENDING, .limit = 50}, "12 11 8"},
		{{.status = STATUS_PENDING, .limit = 1}, "12"},
		{{.status = STATUS_SENDING, .limit = 50}, "10"},
		{{.status = STATUS_RETRYING, .limit = 50}, "7"},
		{{.status = STATUS_HELD, .limit = 50}, "6"},
		{{.status = STATUS_FAILED, .limit = 50}, "9 2"},
		{{.status = STATUS_REJECTED, .limit = 50}, "3"},
		{{.status = STATUS_SKIPPED, .limit = 50}, "4"},
		{{.status = STATUS_DUPLICATE, .limit = 50}, "5"},
		{{.status = STATUS_DELIVERED, .limit = 50}, "1"},
		{{.status = STATUS_CANCELLED, .limit = 50}, ""},
		{{.reason = REASON_REFUSED_BY_TIKTOK, .limit = 50}, "2"},
		{{.reason = REASON_NETWORK, .limit = 50}, "7"},
		{{.reason = REASON_OUTCOME_UNKNOWN, .limit = 50}, "6"},
		{{.status = STATUS_RETRYING, .reason = REASON_NETWORK, .limit = 50}, "7"},
		{{.destination_id = 1, .limit = 50}, "10 9 8 7 6 5 4 2 1"},
		{{.destination_id = 9, .limit = 50}, ""},
		{{.oldest_first = true, .limit = 3}, "1 2 3"},
		{{.oldest_first = true, .status = STATUS_PENDING, .limit = 50},
		 "8 11 12"},
		{{.oldest_first = true, .status = STATUS_FAILED, .limit = 50}, "2 9"},
		{{.oldest_first = true, .destination_id = 1, .limit = 50},
		 "1 2 4 5 6 7 8 9 10"},
		{{.destination_id = 1, .status = STATUS_FAILED, .limit = 50}, "9 2"},
		{{.destination_id = 1, .status = STATUS_REJECTED, .limit = 50}, ""},
		{{.destination_id = 1, .status = STATUS_DELIVERED, .limit = 50}, "1"},
		{{.destination_id = 1, .status = STATUS_PENDING, .limit = 50}, "8"},
		{{.destination_id = 1, .status = STATUS_SENDING, .limit = 50}, "10"},
		{{.destination_id = 9, .status = STATUS_SENDING, .limit = 50}, ""},
		{{.destination_id = 1, .reason = REASON_NETWORK, .limit = 50}, "7"},
	};
	struct scene *s = *state;

	scene_exec(s, queue_scene);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char ids[200];

		list(s, &rows[i].filter, ids, sizeof(ids));
		assert_string_equal(ids, rows[i].ids);
	}
}

static void lists_a_row_once_for_each_destination(void **state)
{
	struct scene *s = *state;
	char ids[200];

	scene_exec(s, queue_scene);
	scene_exec(s, "INSERT INTO destination (id, name, source, pixel_id) VALUES "
		      "(2, 'stores', 'offline', 'Q');"
		      "INSERT INTO delivery (key, state) VALUES (2 * 1024 + 2, 82);"
		      "INSERT INTO counter VALUES (2, 82, 1, 1, 1, 2)");
	list(s, &(struct listing_filter){.status = STATUS_FAILED, .limit = 50}, ids,
	     sizeof(ids));
	assert_string_equal(ids, "9 2 2");
	list(s, &(struct listing_filter){.destination_id = 2, .limit = 50}, ids,
	     sizeof(ids));
	assert_string_equal(ids, "2");
}

/* More than is read at once, of several states and destinations, each row once and in order. */
static void reads_on_where_it_stopped(void **state)
{
	struct listing_filter filters[] = {
		{.limit = 5000},
		{.limit = 5000, .status = STATUS_FAILED},
		{.limit = 5000, .status = STATUS_DELIVERED},
		{.limit = 5000, .destination_id = 2},
		{.limit = 5000, .status = STATUS_RETRYING},
	};
	static const int counts[] = {3000, 1000, 500, 1500, 500};
	struct scene *s = *state;
	static char ids[64000];

	scene_exec(
		s,
		"INSERT INTO destination (id, name, source, pixel_id) VALUES "
		"(1, 'shop', 'web', 'P'), (2, 'stores', 'offline', 'Q');"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
		"WHERE i < 3000) INSERT INTO outbox (event) SELECT 'x' FROM n;"
		"UPDATE queue SET cursor = 2500;"
		"INSERT INTO attempt (id, destination_id, started_at, events, outcome, "
		"first_id, last_id) VALUES (1, 1, 1, 9, 'delivered', 1, 1500), "
		"(2, 2, 1, 9, 'delivered', 1, 1500);"
		"INSERT INTO delivery (key, state) SELECT id * 1024 + 1 + id % 2, "
		"CASE id % 3 WHEN 0 THEN 160 ELSE 80 + id % 3 END FROM outbox "
		"WHERE id <= 1500; INSERT INTO delivery (key, state) SELECT id * 1024, "
		"97 FROM outbox WHERE id BETWEEN 1501 AND 2000;"
		"INSERT INTO waiting (key, destination_id, status, reason, due_at) "
		"SELECT id * 1024 + 1, 1, 3, 21, 1 FROM outbox WHERE id BETWEEN 2001 "
		"AND 2500; INSERT INTO waiting (key, destination_id, status, due_at) "
		"SELECT id * 1024 + 2, 2, 1, 1 FROM outbox WHERE id BETWEEN 1751 AND "
		"2500; INSERT INTO counter SELECT key % 1024, state, count(*), 1, 1, 1 "
		"FROM delivery GROUP BY 1, 2; INSERT INTO counter VALUES "
		"(1, 48, 500, 1, 1, 1), (2, 16, 750, 1, 1, 1);"
		"DELETE FROM delivery WHERE key / 1024 > 1750;"
		"UPDATE counter SET count = 250 WHERE state = 97");
	for (size_t i = 0; i < 2 * sizeof(filters) / sizeof(filters[0]); i++) {
		struct listing_filter *f = &filters[i / 2];
		int last = f->oldest_first ? 0 : 9999, count = 0;

		list(s, f, ids, sizeof(ids));
		for (char *p = ids; *p; count++) {
			int id = (int)strtol(p, &p, 10);

			if (f->oldest_first ? id < last : id > last)
				fail_msg("%zu: %d behind %d", i, id, last);
			last = id;
		}
		if (count != counts[i / 2] + (i < 2 ? 500 : 0))
			fail_msg("%zu: %d rows", i, count);
		f->oldest_first = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(finds_rows_by_status_reason_and_destination),
		T(lists_a_row_once_for_each_destination),
		T(reads_on_where_it_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
