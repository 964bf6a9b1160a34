/* SPDX-License-Identifier: MIT
 *
 * What SQLite says, as callers hear it: whether to try again, to read everything again, or to
 * stop. */
#include "scene.h"

#include <stdio.h>

#include "hook_vfs.h"

static enum vfs_call failing;
static int with;

static int fail_one(void *arg, const struct vfs_op *op)
{
	(void)arg;
	return op->call == failing && op->file == VFS_WAL ? with : SQLITE_OK;
}

static const struct {
	enum vfs_call call;
	int rc;
	enum err_code code;
} rows[] = {
	{VFS_WRITE, SQLITE_FULL, ERR_IO},
	{VFS_WRITE, SQLITE_IOERR_WRITE, ERR_IO},
	{VFS_SYNC, SQLITE_IOERR_FSYNC, ERR_SYNC},
	{VFS_SYNC, SQLITE_IOERR_DIR_FSYNC, ERR_SYNC},
	{VFS_WRITE, SQLITE_CORRUPT, ERR_CORRUPT},
	{VFS_WRITE, SQLITE_READONLY, ERR_PERM},
};

static void codes_of_the_disk(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		failing = rows[i].call;
		with = rows[i].rc;
		hook_vfs(fail_one, NULL);
		if (db_exec(&s->db, "UPDATE queue SET cursor = cursor + 1", &s->e) !=
		    rows[i].code)
			fail_msg("%zu: %s (%s)", i, err_name(s->e.code), s->e.msg);
		hook_vfs(NULL, NULL);
		scene_exec(s, "UPDATE queue SET cursor = cursor + 1");
	}
	assert_int_equal(scene_int(s, "SELECT cursor FROM queue"),
			 sizeof(rows) / sizeof(rows[0]));
}

/* Not the disk's trouble: it would be tried again for ever. */
static void a_broken_constraint_is_no_passing_trouble(void **state)
{
	struct scene *s = *state;

	assert_int_equal(db_exec(&s->db, "UPDATE queue SET cursor = NULL", &s->e),
			 ERR_BUG);
}

/* More than the connection keeps, one after the other and again. */
static void kept_statements_are_not_mixed_up(void **state)
{
	struct scene *s = *state;
	char sql[60];
	int64_t value;

	for (int i = 0; i < 5 * DB_KEPT; i++) {
		int n = i * 7 % (2 * DB_KEPT);

		snprintf(sql, sizeof(sql), "SELECT %d FROM queue", n);
		assert_ok(s, db_int(&s->db, sql, -1, &value, &s->e));
		assert_int_equal(value, n);
	}
	/* None of them is left in the middle, where it would keep a reader's view. */
	for (sqlite3_stmt *p = NULL; (p = sqlite3_next_stmt(s->db.handle, p)) != NULL;)
		assert_false(sqlite3_stmt_busy(p));
}

static int install(void **state)
{
	(void)state;
	hook_vfs(NULL, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(codes_of_the_disk),
		T(a_broken_constraint_is_no_passing_trouble),
		T(kept_statements_are_not_mixed_up),
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
