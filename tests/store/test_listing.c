/* SPDX-License-Identifier: MIT */
#include "store/listing.h"

#include <stdio.h>

#include "queue_scene.h"
#include "scene.h"

/* Ids of the rows listed, newest first, as "12 11 8". */
static void list(struct scene *s, const struct listing_filter *f, char *out, size_t cap)
{
	struct listing l;
	struct db db;
	size_t len = 0;
	bool row;

	out[0] = '\0';
	assert_ok(s, db_open(&db, s->path, DB_READ, &s->e));
	assert_ok(s, listing_open(&l, &db, f, &s->e));
	for (;;) {
		assert_ok(s, listing_next(&l, &row, &s->e));
		if (!row)
			break;
		len += (size_t)snprintf(
			out + len, cap - len, "%s%d", len ? " " : "",
			(int)rows_int(&l.rows, rows_columns(&l.rows) - 1));
	}
	listing_close(&l);
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
		{{.destination = "shop", .limit = 50}, "10 9 8 7 6 5 4 2 1"},
		{{.destination = "other", .limit = 50}, ""},
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
		      "INSERT INTO delivery (key, state) VALUES (2 * 1024 + 2, 82)");
	list(s, &(struct listing_filter){.status = STATUS_FAILED, .limit = 50}, ids,
	     sizeof(ids));
	assert_string_equal(ids, "9 2 2");
	list(s, &(struct listing_filter){.destination = "stores", .limit = 50}, ids,
	     sizeof(ids));
	assert_string_equal(ids, "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(finds_rows_by_status_reason_and_destination),
		T(lists_a_row_once_for_each_destination),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
