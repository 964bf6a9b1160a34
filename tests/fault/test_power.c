/* SPDX-License-Identifier: MIT
 *
 * The power fails. Everything that producers and the relay write is recorded, and for any moment
 * of it a disk is made up: what was synced is there; of what was not, any part may be there, in
 * whole or in torn sectors, and the rest is lost. SQLite opens it, and what it then holds must be,
 * to the byte, the state after some commit: none earlier than the last that had returned.
 *
 * With synchronous=NORMAL the same must find losses, or it proves nothing.
 *
 * CONVEY_COUNT images (20000) from CONVEY_FIRST on, with the chance of CONVEY_SEED. */
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
#include <xxhash.h>

#include "hook_vfs.h"
#include "play.h"

enum { SECTOR = 512, FILES = 2, COPIES = 64 };

enum op_kind { WRITE, TRUNCATE, SYNC, RETURNED };

/* What reached the disk's queue, in order; and when a COMMIT had returned. */
struct op {
	enum op_kind kind;
	enum vfs_file file;
	int64_t at; /* TRUNCATE: the size */
	size_t len;
	unsigned char *bytes;
};

struct image {
	unsigned char *bytes;
	size_t len, cap;
};

static struct {
	struct op *ops;
	size_t count, cap;
	struct image base; /* the database before it all */
	uint64_t
		*states; /* of the file after each op, nothing lost: a number in `seen` */
	uint64_t *seen;  /* the distinct ones, in order */
	size_t seen_count;
} tape;

static char folder[64], path[100], copy[100];
static sqlite3 *memory;

static void *grown(void *p, size_t count, size_t size)
{
	void *q = realloc(p, count * size);

	assert_non_null(q);
	return q;
}

/* RECORDING */

static struct op *add(enum op_kind kind, enum vfs_file file, int64_t at)
{
	if (tape.count == tape.cap) {
		tape.cap = tape.cap ? tape.cap * 2 : 4096;
		tape.ops = grown(tape.ops, tape.cap, sizeof(*tape.ops));
	}
	tape.ops[tape.count] = (struct op){.kind = kind, .file = file, .at = at};
	return &tape.ops[tape.count++];
}

static int record(void *arg, const struct vfs_op *op)
{
	struct op *o;

	(void)arg;
	if (op->file == VFS_OTHER)
		return SQLITE_OK;
	if (op->call == VFS_WRITE) {
		o = add(WRITE, op->file, op->at);
		o->len = (size_t)op->len;
		o->bytes = grown(NULL, 1, o->len);
		memcpy(o->bytes, op->bytes, o->len);
	} else if (op->call == VFS_TRUNCATE) {
		add(TRUNCATE, op->file, op->at);
	} else if (op->call == VFS_SYNC) {
		add(SYNC, op->file, 0);
	}
	return SQLITE_OK;
}

static void returned(struct play *p, void *arg)
{
	(void)p;
	(void)arg;
	add(RETURNED, VFS_MAIN, 0);
}

/* IMAGES */

static void put(struct image *i, int64_t at, const unsigned char *bytes, size_t len)
{
	size_t end = (size_t)at + len;

	if (end > i->cap) {
		i->cap = end * 2;
		i->bytes = grown(i->bytes, i->cap, 1);
	}
	if (end > i->len) {
		if ((size_t)at > i->len)
			memset(i->bytes + i->len, 0, (size_t)at - i->len);
		i->len = end;
	}
	memcpy(i->bytes + at, bytes, len);
}

static void cut(struct image *i, int64_t size)
{
	static const unsigned char zero = 0;

	if ((size_t)size > i->len)
		put(i, size - 1, &zero, 1);
	i->len = (size_t)size;
}

static void apply(struct image *images, const struct op *o)
{
	if (o->kind == WRITE)
		put(&images[o->file], o->at, o->bytes, o->len);
	else if (o->kind == TRUNCATE)
		cut(&images[o->file], o->at);
}

static void write_file(const char *name, const struct image *i)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, i->bytes, i->len) == (ssize_t)i->len);
	assert_int_equal(ftruncate(fd, (off_t)i->len), 0);
	close(fd);
}

/* What SQLite makes of it: a hash of all pages; 0 where it refuses. */
static uint64_t state_of(const struct image *images)
{
	char name[120];
	sqlite3_backup *backup;
	sqlite3_int64 size = 0;
	unsigned char *bytes;
	uint64_t hash = 0;
	sqlite3 *db;

	write_file(copy, &images[VFS_MAIN]);
	snprintf(name, sizeof(name), "%s-wal", copy);
	write_file(name, &images[VFS_WAL]);
	snprintf(name, sizeof(name), "%s-shm", copy);
	unlink(name);
	assert_int_equal(sqlite3_open_v2(copy, &db, SQLITE_OPEN_READWRITE, "unix"),
			 SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	backup = sqlite3_backup_init(memory, "main", db, "main");
	if (backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE)
		hash = 1;
	sqlite3_backup_finish(backup);
	sqlite3_close(db);
	if (!hash)
		return 0;
	bytes = sqlite3_serialize(memory, "main", &size, SQLITE_SERIALIZE_NOCOPY);
	/* The copy has no WAL; and its own counters, of changes and of the schema. */
	memset(bytes + 18, 1, 2);
	memset(bytes + 24, 0, 4);
	memset(bytes + 40, 0, 4);
	memset(bytes + 92, 0, 8);
	hash = XXH3_64bits(bytes, (size_t)size);
	return hash ? hash : 1;
}

static bool is_sound(void)
{
	const char *answer = "";
	sqlite3_stmt *s = NULL;
	bool sound;

	if (sqlite3_prepare_v2(memory, "PRAGMA integrity_check(1)", -1, &s, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		answer = (const char *)sqlite3_column_text(s, 0);
	sound = strcmp(answer, "ok") == 0;
	sqlite3_finalize(s);
	return sound;
}

/* The states that the file went through, by the ops after which each was reached. */
static void list_states(void)
{
	struct image images[FILES] = {{NULL, 0, 0}, {NULL, 0, 0}};
	uint64_t hash = 0;

	tape.states = grown(NULL, tape.count + 1, sizeof(*tape.states));
	tape.seen = grown(NULL, tape.count + 1, sizeof(*tape.seen));
	put(&images[VFS_MAIN], 0, tape.base.bytes, tape.base.len);
	for (size_t k = 0; k <= tape.count; k++) {
		if (k > 0)
			apply(images, &tape.ops[k - 1]);
		if (k == 0 || tape.ops[k - 1].kind <= TRUNCATE)
			hash = state_of(images);
		assert_true(hash != 0);
		if (tape.seen_count == 0 || tape.seen[tape.seen_count - 1] != hash) {
			assert_true(is_sound());
			tape.seen[tape.seen_count++] = hash;
		}
		tape.states[k] = tape.seen_count - 1;
	}
	free(images[VFS_MAIN].bytes);
	free(images[VFS_WAL].bytes);
}

static void record_a_day(bool normal)
{
	static struct play p;
	struct stat st;
	struct err e;
	FILE *file;

	hook_vfs(NULL, NULL);
	if (play_make(path, &e) != ERR_OK)
		fail_msg("%s", e.msg);
	assert_int_equal(stat(path, &st), 0);
	file = fopen(path, "rb");
	tape.base.bytes = grown(NULL, 1, (size_t)st.st_size);
	assert_true(file && fread(tape.base.bytes, 1, (size_t)st.st_size, file) ==
				    (size_t)st.st_size);
	fclose(file);
	tape.base.len = (size_t)st.st_size;
	hook_vfs(record, NULL);
	play_init(&p, path, NULL);
	p.normal = normal;
	p.committed = returned;
	for (int turns = 0; !p.ended && !p.broken[0]; turns++) {
		play_turn(&p);
		if (turns == 5)
			play_end(&p); /* with requests under way */
		if (turns % 6 == 5)
			play_cut(&p);
	}
	hook_vfs(NULL, NULL);
	play_end(&p);
	play_verdict(&p);
	if (p.broken[0])
		fail_msg("%s", p.broken);
	play_fini(&p);
	list_states();
}

static void forget_the_day(void)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".key", ".lock"};
	char name[120];

	for (size_t i = 0; i < tape.count; i++)
		free(tape.ops[i].bytes);
	free(tape.ops);
	free(tape.base.bytes);
	free(tape.states);
	free(tape.seen);
	memset(&tape, 0, sizeof(tape));
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
		snprintf(name, sizeof(name), "%s%s", copy, ends[i]);
		unlink(name);
	}
}

/* THE CUT */

static uint64_t chance;

static unsigned any(unsigned below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (unsigned)(chance >> 33) % below;
}

enum loss { ALL_LOST, NONE_LOST, SOME_LOST, TORN, LOSSES };

static void survive(struct image *images, const struct op *o, enum loss loss)
{
	if (loss == ALL_LOST || (loss > NONE_LOST && any(2)))
		return;
	if (o->kind != WRITE || loss != TORN) {
		apply(images, o);
		return;
	}
	for (size_t x = 0; x < o->len;) {
		size_t end = SECTOR - (size_t)(o->at + (int64_t)x) % SECTOR;

		if (end > o->len - x)
			end = o->len - x;
		if (any(3))
			put(&images[o->file], o->at + (int64_t)x, o->bytes + x, end);
		x += end;
	}
}

struct found {
	long images, lost, corrupt;
};

/* Disks for the moment after the k-th op; `durable` is what was synced by then. */
static void cut_power(size_t k, int copies, const struct image *durable,
		      const size_t *synced, size_t owed, struct found *f)
{
	static struct image images[FILES];

	for (int c = 0; c < copies; c++) {
		enum loss loss = any(LOSSES);
		uint64_t hash;
		size_t at;

		for (int i = 0; i < FILES; i++) {
			images[i].len = 0;
			put(&images[i], 0, durable[i].bytes, durable[i].len);
		}
		for (size_t i = 0; i < k; i++)
			if (tape.ops[i].kind <= TRUNCATE && i >= synced[tape.ops[i].file])
				survive(images, &tape.ops[i], loss);
		hash = state_of(images);
		f->images++;
		for (at = tape.seen_count; at > 0 && tape.seen[at - 1] != hash; at--)
			;
		if (at == 0)
			f->corrupt++;
		else if (at - 1 < owed)
			f->lost++;
	}
}

static long from_environment(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : otherwise;
}

/* So many disks, spread over all moments. */
static struct found cut_anywhere(long count)
{
	struct image durable[FILES] = {{NULL, 0, 0}, {NULL, 0, 0}};
	size_t synced[FILES] = {0, 0}, owed = 0, moments = tape.count + 1;
	struct found found = {0, 0, 0};

	put(&durable[VFS_MAIN], 0, tape.base.bytes, tape.base.len);
	put(&durable[VFS_WAL], 0, tape.base.bytes, 0);
	for (size_t k = 0; k < moments; k++) {
		const struct op *o = k > 0 ? &tape.ops[k - 1] : NULL;
		int copies = (int)((size_t)count / moments);

		if (o && o->kind == RETURNED)
			owed = tape.states[k];
		for (size_t i = o && o->kind == SYNC ? synced[o->file] : k; i < k; i++)
			if (tape.ops[i].file == o->file)
				apply(durable, &tape.ops[i]);
		if (o && o->kind == SYNC)
			synced[o->file] = k;
		copies += any((unsigned)moments) < (size_t)count % moments;
		cut_power(k, copies, durable, synced, owed, &found);
	}
	free(durable[VFS_MAIN].bytes);
	free(durable[VFS_WAL].bytes);
	return found;
}

static void nothing_recorded_is_lost(void **state)
{
	struct found found;

	(void)state;
	chance = (uint64_t)from_environment("CONVEY_SEED", 88172645463325252);
	record_a_day(false);
	found = cut_anywhere(from_environment("CONVEY_COUNT", 20000));
	printf("%zu calls, %zu states; %ld images: %ld corrupt, %ld lost a commit\n",
	       tape.count, tape.seen_count, found.images, found.corrupt, found.lost);
	forget_the_day();
	assert_int_equal(found.corrupt, 0);
	assert_int_equal(found.lost, 0);
}

static void synchronous_normal_loses(void **state)
{
	struct found found;

	(void)state;
	record_a_day(true);
	found = cut_anywhere(1000);
	printf("NORMAL: %ld images: %ld corrupt, %ld lost a commit\n", found.images,
	       found.corrupt, found.lost);
	forget_the_day();
	assert_int_equal(found.corrupt, 0);
	assert_in_range(found.lost, 100, 1000);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/dev/shm/convey-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/outbox.db", folder);
	snprintf(copy, sizeof(copy), "%s/copy.db", folder);
	/* Of this VFS the bytes can be had as they are. */
	return sqlite3_open_v2("power", &memory,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "memdb");
}

static int tear_down(void **state)
{
	(void)state;
	sqlite3_close(memory);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_recorded_is_lost),
		cmocka_unit_test(synchronous_normal_loses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
