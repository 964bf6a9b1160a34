/* SPDX-License-Identifier: MIT
 *
 * What SQLite says, as callers hear it: whether to try again, to read everything again, or to
 * stop. */
#include "scene.h"

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
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
