/* SPDX-License-Identifier: MIT
 *
 * Each call to the disk that a day of the relay's makes fails once, or a few times in a row, in
 * each way it can. Nothing is sent without its claim, nothing that was recorded is lost, the
 * relay goes on when the fault is over, and the file is sound.
 *
 * Every 199th of all runs; all of them from CONVEY_FIRST on, where CONVEY_COUNT is given. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hook_vfs.h"
#include "play.h"

enum kind { READ, SHORT, WRITE, FULL, SYNC, TRUNCATE, SHM, LOCK, OPEN, KINDS };

static const struct {
	const char *name;
	enum vfs_call call, other;
	int rc, other_rc;
} kinds[KINDS] = {
	[READ] = {"read", VFS_READ, VFS_READ, SQLITE_IOERR_READ, 0},
	[SHORT] = {"short read", VFS_READ, VFS_READ, SQLITE_IOERR_SHORT_READ, 0},
	[WRITE] = {"write", VFS_WRITE, VFS_WRITE, SQLITE_IOERR_WRITE, 0},
	[FULL] = {"full", VFS_WRITE, VFS_WRITE, SQLITE_FULL, 0},
	[SYNC] = {"sync", VFS_SYNC, VFS_SYNC, SQLITE_IOERR_FSYNC, 0},
	[TRUNCATE] = {"truncate", VFS_TRUNCATE, VFS_TRUNCATE, SQLITE_IOERR_TRUNCATE, 0},
	[SHM] = {"shm", VFS_SHM_MAP, VFS_SHM_LOCK, SQLITE_IOERR_SHMMAP,
		 SQLITE_IOERR_SHMLOCK},
	[LOCK] = {"lock", VFS_LOCK, VFS_LOCK, SQLITE_IOERR_LOCK, 0},
	[OPEN] = {"open", VFS_OPEN, VFS_DELETE, SQLITE_CANTOPEN, SQLITE_IOERR_DELETE},
};

enum {
	LENGTHS = 23, /* so many calls in a row fail, at most */
	TURNS = 3000,
};

static struct fault {
	enum kind kind;
	int nth, count; /* the nth call of the kind, and so many */
	int seen;
} fault;

static int fail_it(void *arg, const struct vfs_op *op)
{
	struct fault *f = arg;
	int rc = op->call == kinds[f->kind].call    ? kinds[f->kind].rc
		 : op->call == kinds[f->kind].other ? kinds[f->kind].other_rc
						    : SQLITE_OK;

	if (rc == SQLITE_OK)
		return SQLITE_OK;
	f->seen++;
	if (f->seen < f->nth || f->seen >= f->nth + f->count)
		return SQLITE_OK;
	return rc;
}

static char folder[64], path[100];
static unsigned char *bytes;
static size_t length;

static void copy(void)
{
	char name[120];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
	close(fd);
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
}

/* One day with this fault. */
static const char *day(enum kind kind, int nth, int count)
{
	static struct play p;
	int turns = 0;

	copy();
	fault = (struct fault){.kind = kind, .nth = nth, .count = count};
	hook_vfs(NULL, NULL);
	play_init(&p, path, "unix");
	hook_vfs(fail_it, &fault);
	while (!p.ended && !p.broken[0]) {
		if (++turns == TURNS)
			play_break(&p, "it does not go on");
		play_turn(&p);
	}
	hook_vfs(NULL, NULL);
	if (!p.broken[0]) {
		play_end(&p);
		play_verdict(&p);
	}
	play_fini(&p);
	return p.broken[0] ? p.broken : NULL;
}

static int calls[KINDS];

static void count_calls(void)
{
	for (int k = 0; k < KINDS; k++) {
		const char *broken = day((enum kind)k, 1 << 30, 0);

		if (broken)
			fail_msg("without a fault: %s", broken);
		calls[k] = fault.seen;
	}
}

static long from_environment(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : otherwise;
}

static void every_call_fails(void **state)
{
	long stride = getenv("CONVEY_COUNT") ? 1 : 199, number = 0, runs = 0;
	long first = from_environment("CONVEY_FIRST", 0);
	long last = first + from_environment("CONVEY_COUNT", 1L << 40);
	const char *broken;

	(void)state;
	for (int k = 0; k < KINDS; k++)
		for (int l = 1; l <= LENGTHS; l++)
			for (int nth = 1; nth <= calls[k]; nth++, number++) {
				if (number < first || number >= last || number % stride)
					continue;
				runs++;
				broken = day((enum kind)k, nth, l);
				if (broken)
					fail_msg("run %ld: %s %d of %d, %d in a row: %s",
						 number, kinds[k].name, nth, calls[k], l,
						 broken);
			}
	printf("%ld of %ld runs\n", runs, number);
}

/* The file as it is between two days. */
static void keep_template(void)
{
	struct stat st;
	sqlite3 *db;
	FILE *file;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "unix"),
			 SQLITE_OK);
	sqlite3_exec(db, "SELECT count(*) FROM outbox", NULL, NULL, NULL);
	sqlite3_close(db); /* a WAL that is left goes into the file */
	assert_int_equal(stat(path, &st), 0);
	length = (size_t)st.st_size;
	free(bytes);
	bytes = malloc(length);
	file = fopen(path, "rb");
	assert_true(bytes && file);
	assert_int_equal(fread(bytes, 1, length, file), length);
	fclose(file);
}

static void remove_files(void)
{
	static const char *const ends[] = {"",         "-wal", "-shm",
					   "-journal", ".key", ".lock"};
	char name[120];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

/* Tried until it succeeds; whether the fault was met. */
static bool init_with(enum kind kind, int nth)
{
	const char *broken;
	struct err e;

	remove_files();
	fault = (struct fault){kind, nth, 3, 0};
	hook_vfs(fail_it, &fault);
	for (int tries = 0; play_make(path, &e) != ERR_OK; tries++)
		if (tries == 20)
			fail_msg("%s %d: %s", kinds[kind].name, nth, e.msg);
	hook_vfs(NULL, NULL);
	if (fault.seen < nth)
		return false;
	keep_template();
	broken = day(kind, 1 << 30, 0);
	if (broken)
		fail_msg("after %s %d failed: %s", kinds[kind].name, nth, broken);
	return true;
}

static void init_fails_anywhere(void **state)
{
	(void)state;
	if (from_environment("CONVEY_FIRST", 0) > 0)
		return;
	for (int k = 0; k < KINDS; k++)
		for (int nth = 1; init_with((enum kind)k, nth); nth += 1 + nth / 8)
			;
}

static int set_up(void **state)
{
	struct err e;

	(void)state;
	snprintf(folder, sizeof(folder), "/dev/shm/convey-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/outbox.db", folder);
	if (play_make(path, &e) != ERR_OK)
		fail_msg("%s", e.msg);
	keep_template();
	count_calls();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_files();
	free(bytes);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_fails),
		cmocka_unit_test(init_fails_anywhere),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
