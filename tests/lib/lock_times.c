/* SPDX-License-Identifier: MIT
 * Preloaded into a program: for how long it keeps SQLite's lock for writers each time, from the
 * moment it has it until it lets it go. Microseconds, a line each, are appended to the file
 * LOCK_TIMES. See https://www.sqlite.org/walformat.html, the lock bytes of the -shm. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WRITE_LOCK = 120 };

static int times = -1;
static int64_t since; /* a process has one handle of the -shm, so one such lock */
static int (*real)(int fd, int cmd, ...);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("LOCK_TIMES");

	*(void **)&real = dlsym(RTLD_NEXT, "fcntl64");
	if (path)
		times = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void note(const struct flock *lock)
{
	if (lock->l_type == F_WRLCK) {
		since = now_us();
	} else if (lock->l_type == F_UNLCK && since) {
		dprintf(times, "%lld\n", (long long)(now_us() - since));
		since = 0;
	}
}

int fcntl64(int fd, int cmd, ...)
{
	va_list args;
	void *arg;
	int rc;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	rc = real(fd, cmd, arg);
	if (rc == 0 && cmd == F_SETLK && times >= 0) {
		const struct flock *lock = arg;

		if (lock->l_start <= WRITE_LOCK &&
		    lock->l_start + lock->l_len > WRITE_LOCK && lock->l_start < 1000)
			note(lock);
	}
	return rc;
}
