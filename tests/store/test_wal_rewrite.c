/* SPDX-License-Identifier: MIT
 *
 * A sync of the WAL fails, the file is closed and opened again, somebody commits, and the power
 * is cut: the disk has what was synced before, and what was written after. Without the rewriting
 * the commit must be lost, else this proves nothing; with it, it is there. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "hook_vfs.h"
#include "store/wal_rewrite.h"

enum { DISK_MAX = 4 * 1024 * 1024 };

static struct {
	char *wal; /* what of it is on the disk */
	size_t len;
	bool fails, forgets; /* syncs of the WAL; writes to it */
} disk;

static int note(void *arg, const struct vfs_op *op)
{
	(void)arg;
	if (op->file != VFS_WAL)
		return SQLITE_OK;
	if (op->call == VFS_SYNC && disk.fails)
		return SQLITE_IOERR_FSYNC;
	if (op->call != VFS_WRITE || disk.forgets)
		return SQLITE_OK;
	assert_true((size_t)op->at + (size_t)op->len <= DISK_MAX);
	memcpy(disk.wal + op->at, op->bytes, (size_t)op->len);
	if ((size_t)op->at + (size_t)op->len > disk.len)
		disk.len = (size_t)op->at + (size_t)op->len;
	return SQLITE_OK;
}

static int install(void **state)
{
	(void)state;
	disk.wal = calloc(1, DISK_MAX);
	hook_vfs(note, NULL);
	return disk.wal == NULL;
}

static int uninstall(void **state)
{
	(void)state;
	hook_vfs(NULL, NULL);
	free(disk.wal);
	return 0;
}

static enum err_code put(struct scene *s, const char *name)
{
	char sql[100];

	s->e.code = ERR_OK;
	snprintf(sql, sizeof(sql), "INSERT INTO setting VALUES ('%s', 1)", name);
	if (db_begin(&s->db, &s->e) != ERR_OK || db_exec(&s->db, sql, &s->e) != ERR_OK ||
	    db_commit(&s->db, &s->e) != ERR_OK)
		db_rollback(&s->db);
	return s->e.code;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* As another machine would find it, with the disk of this one. */
static bool has_after_a_power_cut(struct scene *s, const char *name)
{
	char path[128], wal[140], command[256], sql[100];
	struct scene after = {.e = {ERR_OK, ""}};
	bool has;

	snprintf(path, sizeof(path), "%s/after.db", s->folder);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	snprintf(command, sizeof(command), "cp '%s' '%s'", s->path, path);
	assert_int_equal(system(command), 0);
	write_file(wal, disk.wal, disk.len);
	disk.forgets = true; /* these writes are another machine's */
	assert_ok(&after, db_open(&after.db, path, DB_WRITE, &after.e));
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM setting WHERE name = '%s'",
		 name);
	has = scene_int(&after, sql) == 1;
	db_close(&after.db);
	remove(path);
	remove(wal);
	disk.forgets = false;
	return has;
}

/* Opened again, its WAL ends in a commit whose sync has failed. */
static void lose_a_sync(struct scene *s)
{
	assert_ok(s, db_use_wal(&s->db, &s->e));
	assert_ok(s, put(s, "before"));
	disk.fails = disk.forgets = true;
	assert_int_equal(put(s, "unkept"), ERR_SYNC);
	disk.fails = disk.forgets = false;
	db_keep_wal(&s->db);
	db_close(&s->db);
	assert_ok(s, db_open(&s->db, s->path, DB_WRITE, &s->e));
}

static void without_it_commits_are_lost(void **state)
{
	struct scene *s = *state;

	lose_a_sync(s);
	assert_ok(s, put(s, "after"));
	assert_true(has_after_a_power_cut(s, "before"));
	assert_false(has_after_a_power_cut(s, "after"));
}

static void with_it_they_are_kept(void **state)
{
	struct scene *s = *state;

	lose_a_sync(s);
	assert_ok(s, wal_rewrite(&s->db, &s->e));
	assert_ok(s, put(s, "after"));
	assert_true(has_after_a_power_cut(s, "before"));
	assert_true(has_after_a_power_cut(s, "after"));
}

static void a_disk_that_still_keeps_nothing(void **state)
{
	struct scene *s = *state;

	lose_a_sync(s);
	disk.fails = true;
	assert_int_equal(wal_rewrite(&s->db, &s->e), ERR_SYNC);
	disk.fails = false;
	assert_ok(s, put(s, "after")); /* no lock is left */
}

static void nothing_to_do(void **state)
{
	struct scene *s = *state;

	assert_ok(s, wal_rewrite(&s->db, &s->e));
	assert_ok(s, put(s, "after"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_it_commits_are_lost),
		T(with_it_they_are_kept),
		T(a_disk_that_still_keeps_nothing),
		T(nothing_to_do),
	};

	return cmocka_run_group_tests(tests, install, uninstall);
}
