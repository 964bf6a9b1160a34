/* SPDX-License-Identifier: MIT
 *
 * An application that checkpoints by itself, as one with SQLite's defaults does, beside a
 * relay that looks whether anybody else wrote to the file. */
#include "scene.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/intact.h"

enum { CHECKPOINTS = 5000, SECONDS = 2 };

/* Another process: no lock of this one's is in its way. */
static pid_t application(struct scene *s)
{
	pid_t pid = fork();
	sqlite3 *own;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sqlite3_open(s->path, &own) != SQLITE_OK)
		_exit(1);
	sqlite3_exec(own, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	sqlite3_busy_timeout(own, 10000);
	for (int i = 0; i < CHECKPOINTS; i++) {
		sqlite3_exec(own,
			     "INSERT INTO outbox (event, payload) VALUES "
			     "('purchase', hex(zeroblob(4000)))",
			     NULL, NULL, NULL);
		sqlite3_wal_checkpoint_v2(own, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
					  NULL);
	}
	_exit(0);
}

static void its_checkpoints_are_no_overwriting(void **state)
{
	struct scene *s = *state;
	struct intact intact;
	uint64_t until;
	pid_t pid;

	pid = application(s);
	assert_true(pid > 0);
	assert_ok(s, intact_open(&intact, &s->db, &s->e));
	until = clock_mono_ms() + SECONDS * 1000;
	while (clock_mono_ms() < until) {
		assert_ok(s, db_begin(&s->db, &s->e));
		assert_ok(s, intact_check(&intact, &s->e));
		db_rollback(&s->db);
	}
	intact_close(&intact);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(its_checkpoints_are_no_overwriting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
