/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <stdlib.h>

#include "store/members.h"
#include "store/queue_rows.h"

enum { IDS_MAX = 8 };

/* "first:id,id first:id" of all ranges. */
static void tell(struct scene *s, struct buf *out)
{
	sqlite3_stmt *stmt;
	bool row;

	assert_ok(s,
		  db_prepare(&s->db, "SELECT first_id, members FROM redaction ORDER BY 1",
			     &stmt, &s->e));
	while (db_step(&s->db, stmt, &row, &s->e) == ERR_OK && row) {
		struct str members = db_column(stmt, 1);
		int64_t id = 0;
		char sign = ':';

		buf_addf(out, "%s%lld", out->len > 0 ? " " : "",
			 (long long)sqlite3_column_int64(stmt, 0));
		for (; members_next(&members, &id); sign = ',')
			buf_addf(out, "%c%lld", sign, (long long)id);
	}
	sqlite3_finalize(stmt);
}

static void note(struct scene *s, struct queue *q, enum lot_kind kind, const int64_t *ids)
{
	struct entry entries[IDS_MAX] = {{0}};
	struct lot lot = {.kind = kind, .first_id = ids[0], .entries = entries};

	for (; lot.count < IDS_MAX && ids[lot.count]; lot.count++) {
		/* A negative one holds nothing plain. */
		entries[lot.count].outbox_id = llabs(ids[lot.count]);
		entries[lot.count].flags = ids[lot.count] < 0 ? 0 : ENTRY_PLAIN;
	}
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, queue_note_plain(q, &lot, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
}

/* Behind the ranges of 10 to 15 and 30 to 35. */
static void notes_once_in_ranges_apart(void **state)
{
	static const struct {
		int64_t ids[IDS_MAX + 1];
		const char *want;
	} rows[] = {
		{{-12, -20}, "10:11,13,15 30:31,35"},
		{{11, 13, 35}, "10:11,13,15 30:31,35"},
		{{10, 12, 15}, "10:10,11,12,13,15 30:31,35"},
		{{14, 32}, "10:11,13,14,15 30:31,32,35"},
		{{5}, "5:5 10:11,13,15 30:31,35"},
		{{5, 6, 10, 16, 29, 30, 36},
		 "5:5,6 10:10,11,13,15 16:16,29 30:30,31,35 36:36"},
		{{20, -21, 22, 40, 9000, 20000},
		 "10:11,13,15 20:20,22 30:31,35 40:40,9000 20000:20000"},
	};
	struct scene *s = *state;
	struct queue q;
	struct buf told;

	assert_ok(s, queue_open(&q, &s->db, &s->e));
	buf_init(&told, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene_exec(s, "DELETE FROM redaction");
		scene_exec(s,
			   "INSERT INTO redaction VALUES (10, x'0b0202'), (30, x'1f04')");
		note(s, &q, i % 2 ? LOT_REDO : LOT_RETRY, rows[i].ids);
		buf_clear(&told);
		tell(s, &told);
		buf_addc(&told, '\0');
		assert_string_equal(told.p, rows[i].want);
	}
	buf_fini(&told);
	queue_close(&q);
}

static void a_fresh_lot_is_one_range(void **state)
{
	struct scene *s = *state;
	struct queue q;
	struct buf told;

	assert_ok(s, queue_open(&q, &s->db, &s->e));
	buf_init(&told, 1000);
	note(s, &q, LOT_FRESH, (const int64_t[]){1, 2, -3, 4, 20000, 0});
	note(s, &q, LOT_FRESH, (const int64_t[]){-30000, -30001, 0});
	tell(s, &told);
	buf_addc(&told, '\0');
	assert_string_equal(told.p, "1:1,2,4,20000");
	buf_fini(&told);
	queue_close(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(notes_once_in_ranges_apart),
		T(a_fresh_lot_is_one_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
