/* SPDX-License-Identifier: MIT
 *
 * Checkpoints beside an application that commits at the worst moment. SQLite before 3.51.3
 * corrupts the file when a commit restarts a WAL that is checkpointed already between two
 * looks of a checkpoint at its state. A VFS that delegates everything gives the application
 * its turn right there: the plain checkpoint must damage the file (else this proves nothing),
 * ours must not. */
#include "scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook_vfs.h"
#include "store/checkpoint.h"

static sqlite3 *application; /* its turn comes once, where `armed` */
static bool armed;
static int application_rc;
static bool refusing; /* to open files */
static int locks;     /* asked for */

static int give_turn(void *arg, const struct vfs_op *op)
{
	(void)arg;
	if (op->call == VFS_SHM_LOCK)
		locks++;
	if (armed && op->call == VFS_UNFETCH) {
		armed = false;
		application_rc = sqlite3_exec(
			application, "UPDATE own SET b = randomblob(600) WHERE a < 5",
			NULL, NULL, NULL);
	}
	return refusing && op->call == VFS_OPEN ? SQLITE_CANTOPEN : SQLITE_OK;
}

static int install_shim(void **state)
{
	(void)state;
	hook_vfs(give_turn, NULL);
	return 0;
}

static void run(const char *sql)
{
	assert_int_equal(sqlite3_exec(application, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void pass(sqlite3 *handle)
{
	assert_int_equal(sqlite3_wal_checkpoint_v2(handle, NULL,
						   SQLITE_CHECKPOINT_PASSIVE, NULL, NULL),
			 SQLITE_OK);
}

static bool is_sound(const struct scene *s)
{
	const char *answer = "";
	sqlite3_stmt *check;
	sqlite3 *db;
	bool sound;

	assert_int_equal(sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READWRITE, "unix"),
			 SQLITE_OK);
	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &check, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(check) == SQLITE_ROW)
		answer = (const char *)sqlite3_column_text(check, 0);
	sound = strcmp(answer, "ok") == 0;
	sqlite3_finalize(check);
	sqlite3_close(db);
	return sound;
}

/* An application with a table of its own, whose last commit is in the WAL and in the file. */
static void set_up(struct scene *s, struct checkpoint *c)
{
	assert_ok(s, checkpoint_open(c, &s->db, &s->e));
	assert_int_equal(
		sqlite3_open_v2(s->path, &application, SQLITE_OPEN_READWRITE, "unix"),
		SQLITE_OK);
	run("PRAGMA wal_autocheckpoint = 0;"
	    "CREATE TABLE own (a INTEGER PRIMARY KEY, b);"
	    "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) "
	    "INSERT INTO own SELECT NULL, randomblob(600) FROM n;"
	    "CREATE INDEX own_b ON own (b)");
	assert_ok(s, db_exec(&c->db, "SELECT count(*) FROM own", &s->e));
	pass(application);
	run("UPDATE own SET b = randomblob(600)");
	pass(application);
	armed = true;
	application_rc = -1;
}

/* The application goes on; what the race did wrong reaches the file. */
static void go_on(struct scene *s, struct checkpoint *c)
{
	assert_false(armed);
	run("UPDATE own SET b = randomblob(600)");
	pass(c->db.handle);
	run("UPDATE own SET b = randomblob(600) WHERE a < 3");
	sqlite3_close(application);
	checkpoint_close(c);
	db_close(&s->db);
}

static bool library_has_the_race(void)
{
	int v = sqlite3_libversion_number();

	return v < 3044006 || (v > 3045000 && v < 3050007) ||
	       (v > 3051000 && v < 3051003);
}

static void a_plain_checkpoint_damages_the_file(void **state)
{
	struct scene *s = *state;
	struct checkpoint c;

	if (!library_has_the_race())
		return;
	set_up(s, &c);
	pass(c.db.handle);
	assert_int_equal(application_rc, SQLITE_OK);
	go_on(s, &c);
	assert_false(is_sound(s));
}

static void ours_does_not(void **state)
{
	struct scene *s = *state;
	struct checkpoint c;

	set_up(s, &c);
	assert_ok(s, checkpoint_now(&c, &s->e));
	assert_int_equal(application_rc, SQLITE_BUSY); /* it has to wait */
	go_on(s, &c);
	assert_true(is_sound(s));
}

static void nor_does_a_shrink(void **state)
{
	struct scene *s = *state;
	struct checkpoint c;

	set_up(s, &c);
	assert_ok(s, checkpoint_shrink(&c, &s->e));
	assert_int_equal(application_rc, SQLITE_BUSY);
	go_on(s, &c);
	assert_true(is_sound(s));
}

static bool holds(const struct scene *s, const char *end, const char *needle)
{
	char path[120], *bytes;
	bool found;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s%s", s->path, end);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	found = memmem(bytes, (size_t)st.st_size, needle, strlen(needle)) != NULL;
	free(bytes);
	close(fd);
	return found;
}

static off_t wal_size(const struct scene *s)
{
	char path[120];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", s->path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void a_shrink_leaves_nothing_behind(void **state)
{
	struct scene *s = *state;
	struct checkpoint c;

	assert_ok(s, checkpoint_open(&c, &s->db, &s->e));
	scene_exec(s, "INSERT INTO outbox (event, payload) VALUES ('purchase', "
		      "'canary-7f3a' || hex(zeroblob(20000)))");
	assert_true(holds(s, "-wal", "canary-7f3a"));
	scene_exec(s, "UPDATE outbox SET payload = '{}'");
	assert_ok(s, checkpoint_shrink(&c, &s->e));
	assert_false(holds(s, "-wal", "canary-7f3a"));
	assert_false(holds(s, "", "canary-7f3a"));
	assert_in_range(wal_size(s), 0, 64 * 1024);
	scene_exec(s, "INSERT INTO outbox (event) VALUES ('purchase')");
	assert_int_equal(scene_int(s, "SELECT count(*) FROM outbox"), 2);
	checkpoint_close(&c);
}

static void the_wal_stays_short(void **state)
{
	struct scene *s = *state;
	struct checkpoint c;

	assert_ok(s, checkpoint_open(&c, &s->db, &s->e));
	for (int i = 0; i < 40; i++) {
		scene_exec(s, "INSERT INTO outbox (event, payload) VALUES ('purchase', "
			      "hex(zeroblob(200000)))");
		assert_ok(s, checkpoint_if_due(&c, &s->e));
	}
	assert_in_range(wal_size(s), 1, 1000 * 4200);
	checkpoint_close(&c);
}

static void a_reader_only_delays_it(void **state)
{
	struct scene *s = *state;
	struct checkpoint c;
	struct db reader;
	int64_t before;

	assert_ok(s, checkpoint_open(&c, &s->db, &s->e));
	assert_ok(s, db_open(&reader, s->path, DB_READ, &s->e));
	assert_ok(s, db_exec(&reader, "BEGIN", &s->e));
	assert_ok(s, db_int(&reader, "SELECT count(*) FROM outbox", -1, &before, &s->e));
	scene_exec(s, "INSERT INTO outbox (event) VALUES ('purchase')");
	assert_ok(s, checkpoint_now(&c, &s->e));
	assert_ok(s, checkpoint_shrink(&c, &s->e));
	assert_ok(s, db_int(&reader, "SELECT count(*) FROM outbox", -1, &before, &s->e));
	assert_int_equal(before, 0); /* its snapshot stands */
	db_close(&reader);
	assert_ok(s, checkpoint_shrink(&c, &s->e));
	assert_in_range(wal_size(s), 0, 64 * 1024);
	checkpoint_close(&c);
}

static int locks_of_commit(struct scene *s, struct checkpoint *c, const char *sql)
{
	scene_exec(s, sql);
	locks = 0;
	assert_ok(s, checkpoint_if_due(c, &s->e));
	return locks;
}

/* It would be in vain at each commit, and keep others from theirs. */
static void a_reader_that_stays_is_not_run_into_each_time(void **state)
{
	static const char little[] = "INSERT INTO outbox (event) VALUES ('purchase')";
	static const char much[] = "UPDATE own SET b = randomblob(4096 * 700)";
	struct scene *s = *state;
	struct wal_index index;
	struct checkpoint c;
	struct db reader;
	int64_t before;

	scene_exec(s, "CREATE TABLE own (b); INSERT INTO own VALUES (1)");
	assert_ok(s, checkpoint_open(&c, &s->db, &s->e));
	assert_true(wal_index_open(&index, &s->db));
	c.index = &index;
	assert_ok(s, db_open(&reader, s->path, DB_READ, &s->e));
	assert_ok(s, db_exec(&reader, "BEGIN", &s->e));
	assert_ok(s, db_int(&reader, "SELECT count(*) FROM own", -1, &before, &s->e));

	assert_int_not_equal(locks_of_commit(s, &c, much), 0);
	assert_in_range(c.left, 700, 1000);
	assert_in_range(c.pause_ms, 1, 1000);
	c.pause_ms = 1000000; /* this test's */
	assert_int_equal(locks_of_commit(s, &c, little), 0);
	/* So many more that it may be gone. */
	assert_int_not_equal(locks_of_commit(s, &c, much), 0);
	assert_in_range(c.left, 1400, 2000);
	assert_in_range(c.pause_ms, 1, 1000);

	db_close(&reader);
	c.tried_ms -= c.pause_ms;
	assert_int_not_equal(locks_of_commit(s, &c, little), 0);
	assert_int_equal(c.left, 0);
	assert_int_equal(c.pause_ms, 0);
	scene_exec(s, little);
	assert_in_range(wal_index_frames(&index), 1, 10);
	checkpoint_close(&c);
}

/* A relay that cannot start closes what it has, and closes all of it again at its end. */
static void what_did_not_open_is_closed_twice(void **state)
{
	struct scene *s = *state;
	struct checkpoint c;

	refusing = true;
	assert_int_not_equal(checkpoint_open(&c, &s->db, &s->e), ERR_OK);
	refusing = false;
	checkpoint_close(&c);
	db_close(&s->db);
	assert_null(c.writer);
	checkpoint_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_plain_checkpoint_damages_the_file),
		T(ours_does_not),
		T(nor_does_a_shrink),
		T(a_shrink_leaves_nothing_behind),
		T(the_wal_stays_short),
		T(a_reader_only_delays_it),
		T(a_reader_that_stays_is_not_run_into_each_time),
		T(what_did_not_open_is_closed_twice),
	};

	return cmocka_run_group_tests(tests, install_shim, NULL);
}
