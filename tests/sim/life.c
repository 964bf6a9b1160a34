/* SPDX-License-Identifier: MIT */
#include "life.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "fiber.h"
#include "history.h"
#include "loop.h"
#include "run/relay.h"
#include "store/destination.h"
#include "store/map.h"
#include "store/migrate.h"
#include "store/vault.h"
#include "vfs.h"
#include "wire.h"
#include "world.h"

enum { HANGS_S = 60 }; /* of a life, in true seconds: it goes around in circles */
#define STOP_MAX_US SECONDS(25) /* from a signal to the end */

static char folder[64], path[96];
static unsigned char *image; /* the database as `convey init` leaves it */
static int64_t image_size;

/* Of this process. */
static struct {
	bool stopping, drain;
	bool relay_runs;
} now;

/* SQLite's files are the world's; the code looks at the real ones with stat, too. */
int __real_stat64(const char *name, struct stat *out);
int __wrap_stat64(const char *name, struct stat *out);

int __wrap_stat64(const char *name, struct stat *out)
{
	size_t len = strlen(name);
	const struct disk_file *f;

	if (len < 4 || strcmp(name + len - 4, "-wal") != 0)
		return __real_stat64(name, out);
	f = disk_find(name, false);
	if (!f)
		return -1;
	*out = (struct stat){.st_size = f->cache.size};
	return 0;
}

static void must(enum err_code code, const struct err *e)
{
	if (code == ERR_OK)
		return;
	fprintf(stderr, "sim: %s\n", e->msg);
	abort();
}

static void make_image(void)
{
	static const struct destination_setting settings[] = {{"source", "web"},
							      {"id", "PIXEL0"}};
	struct err e = {ERR_OK, ""};
	struct disk_file *f;
	struct db db;
	int ignored;
	bool created;

	must(db_open(&db, path, DB_CREATE, &e), &e);
	must(migrate(&db, false, &ignored, &e), &e);
	must(db_begin(&db, &e), &e);
	must(map_fill(&db, &ignored, &e), &e);
	must(destination_add(&db, "shop", settings, 2, &e), &e);
	must(db_commit(&db, &e), &e);
	db_close(&db);
	must(vault_create(path, &created, &e), &e);
	f = disk_find(path, false);
	image_size = f->cache.size;
	image = malloc((size_t)image_size);
	if (!image)
		abort();
	memcpy(image, f->cache.bytes, (size_t)image_size);
}

void life_init(void)
{
	/* Only one thread is real, and a process ends soon. */
	mallopt(M_TOP_PAD, 1 << 22);
	mallopt(M_TRIM_THRESHOLD, 1 << 28);
	mallopt(M_MMAP_THRESHOLD, 1 << 28);
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	snprintf(folder, sizeof(folder), "/tmp/convey-sim-XXXXXX");
	unsetenv("CONVEY_KEY_FILE");
	unsetenv("CREDENTIALS_DIRECTORY");
	unsetenv("NOTIFY_SOCKET");
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/outbox.db", folder);
	sim_path = path;
	world_init();
	vfs_register();
	make_image();
}

void life_fini(void)
{
	static const char *const ends[] = {"", ".key", ".lock", ".admin.token",
					   ".admin.sock"};
	char name[128];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
	if (rmdir(folder) != 0)
		perror(folder);
	free(image);
}

void life_begin(uint64_t seed)
{
	struct disk_file *f;

	world_begin(seed);
	f = disk_find(path, true);
	disk_write(f, image, image_size, 0);
	disk_sync(f);
}

/* How a relay may end when nobody told it to: only for what was done to it. */
static bool may_end(enum err_code code)
{
	int disk = 0;

	for (int t = TROUBLE_READ; t <= TROUBLE_OPEN; t++)
		disk += world->troubles[t];
	return code == ERR_OK || code == ERR_BUSY ||
	       (disk && (code == ERR_IO || code == ERR_SYNC || code == ERR_CANTCREAT ||
			 code == ERR_PERM));
}

static void run_once(void)
{
	const struct plan *p = &world->plan;
	struct relay_options options = {.db_path = path,
					.endpoint = "https://tiktok.example",
					.drain = now.drain,
					.retry_base_ms = p->retry_base_ms,
					.retry_cap_ms = p->retry_cap_ms,
					.timeout_ms = p->timeout_ms};
	struct err e = {ERR_OK, ""};
	enum err_code code;

	now.relay_runs = true;
	world->told_us = 0;
	world->relay++;
	trace("relay", "starts%s", now.drain ? " to drain" : "");
	code = relay_run(&options, &e);
	now.relay_runs = false;
	world_relay_gone(code == ERR_OK);
	trace("relay", "ended: %s %s", err_name(code), e.msg);
	if (code == ERR_SYNC && world->lost < SYNCS_MAX)
		world->lost_us[world->lost++] = world->now_us;
	if (!may_end(code))
		world_break("the relay ended with %s: %s", err_name(code), e.msg);
	if (code == ERR_OK && !world->told_us && !now.drain)
		world_break("the relay ended by itself");
	if (world->told_us && world_mono_us() - world->told_us > STOP_MAX_US)
		world_break("the relay took %.1f s to stop",
			    (double)(world_mono_us() - world->told_us) / 1e6);
	world->told_us = 0;
}

/* What convey run and systemd do: start it again. */
static void supervise(void *arg)
{
	(void)arg;
	fiber_sleep(world->plan.down_us[world->life]);
	while (!now.stopping) {
		run_once();
		fiber_sleep(chance_skewed(CHANCE_SCHEDULE, 1000, SECONDS(2)));
	}
}

/* The longest that anything may wait once all is well. */
static int64_t patience_us(void)
{
	const struct plan *p = &world->plan;
	int64_t longest =
		p->retry_cap_ms > p->timeout_ms ? p->retry_cap_ms : p->timeout_ms;
	bool person = world->troubles[TROUBLE_STATUS] || world->troubles[TROUBLE_ODD];

	for (int i = 0; i < p->spell_count; i++)
		if (p->spells[i].retry_after_ms > longest)
			longest = p->spells[i].retry_after_ms;
	if (longest < 30000)
		longest = 30000;
	if (person && longest < 15 * 60 * 1000)
		longest = 15 * 60 * 1000;
	return longest * 3000 + SECONDS(30) +
	       (p->requests_per_second
			? SECONDS(world->row_count) / p->requests_per_second
			: 0);
}

static void wait_for_rest(struct db *db)
{
	int64_t began = world->now_us, pause = 50000;

	while (!actor_sees_rest(db)) {
		/* The last trouble may have struck before, and come back only now. */
		if (world->now_us > began + patience_us()) {
			world_break("something still waits %lld s after all is well",
				    (long long)(patience_us() / 1000000));
			return;
		}
		fiber_sleep(pause);
		pause = pause < SECONDS(2) ? pause * 2 : pause;
	}
}

static void stop_relay(void)
{
	while (now.relay_runs) {
		if (loop_raise(SIGTERM) && !world->told_us)
			world->told_us = world_mono_us();
		fiber_sleep(SECONDS(30));
	}
}

/* The last of the lives: all is well, the relay that runs finishes what there is, another one
 * drains, and the history is read. */
static void conclude(void *arg)
{
	const struct plan *p = &world->plan;
	int64_t at = p->horizon_us;
	struct db *db;

	(void)arg;
	fiber_park(at > world->now_us ? at : world->now_us);
	while (!now.relay_runs || world->actors > 0)
		fiber_sleep(SECONDS(1));
	trace("calm", "all is well");
	world->calm = true;
	db = actor_db(0);
	actor_repair(db);
	if (!world->unseen_step)
		wait_for_rest(db);
	now.stopping = true;
	stop_relay();
	if (!world->broken[0] && p->drains && !world->unseen_step) {
		now.drain = true;
		run_once();
	}
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 1, NULL);
	if (!world->broken[0])
		history_check(db);
	if (!world->broken[0])
		trace("end", "every promise was kept");
}

/* cmocka would go on with the tests in here. */
static void crash_honestly(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
	alarm(HANGS_S);
}

static void live(void)
{
	static int actors[ACTORS] = {0, 1};
	const struct plan *p = &world->plan;
	bool last = world->life == p->lives - 1;

	fiber_last_words = wire_last_words;
	crash_honestly();
	if (!world_traced && !freopen("/dev/null", "w", stderr))
		abort();
	if (world->life == 0)
		actor_set_up();
	if (!last)
		fiber_doom(&p->doom[world->life]);
	world->actors = ACTORS;
	for (int i = 0; i < ACTORS; i++)
		fiber_start("actor", actor_run, &actors[i]);
	fiber_start("loop", supervise, NULL);
	if (last)
		fiber_start("observer", conclude, NULL);
	fiber_run();
}

static void in_a_process(void)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		live();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFSIGNALED(status))
		world_break("the relay was ended by signal %d (%s)", WTERMSIG(status),
			    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		world_break("the process ended with %d", WEXITSTATUS(status));
}

bool life_plan(void)
{
	for (; world->life < world->plan.lives && !world->broken[0]; world->life++) {
		in_a_process();
		if (world->ends[world->life].death == DEATH_POWER)
			disk_cut_power();
	}
	return world->broken[0] == '\0';
}

bool life_seed(uint64_t seed)
{
	life_begin(seed);
	plan_make(&world->plan);
	return life_plan();
}
