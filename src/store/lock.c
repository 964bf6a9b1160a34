/* SPDX-License-Identifier: MIT */
#include "store/lock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/db.h"

enum err_code lock_find(struct lock *lock, const char *db_path, struct err *e)
{
	char *real = realpath(db_path, NULL);
	struct stat st;

	lock->fd = -1;
	lock->refusal = 0;
	if (!real || stat(real, &st) != 0) {
		free(real);
		if (errno == ENOENT)
			return db_absent(db_path, e);
		return err_set(e, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "'%s': %s",
			       db_path, strerror(errno));
	}
	snprintf(lock->path, sizeof(lock->path), "%s", real);
	free(real);
	lock->dev = st.st_dev;
	lock->ino = st.st_ino;
	return ERR_OK;
}

/* The lock file: a line with the number of the process, one with its endpoint. */
struct content {
	char pid[32];
	char endpoint[LOCK_ENDPOINT_MAX];
};

static void read_line(const char **at, char *out, size_t size)
{
	size_t len = strcspn(*at, "\n");

	snprintf(out, size, "%.*s", (int)len, *at);
	*at += len + ((*at)[len] == '\n');
}

static void read_content(int fd, struct content *out)
{
	char text[sizeof(*out)];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	const char *at = text;

	text[len > 0 ? len : 0] = '\0';
	read_line(&at, out->pid, sizeof(out->pid));
	read_line(&at, out->endpoint, sizeof(out->endpoint));
}

static enum err_code write_content(const struct lock *lock, const char *endpoint,
				   struct err *e)
{
	char text[sizeof(struct content)];
	int len = snprintf(text, sizeof(text), "%ld\n%s%s", (long)getpid(), endpoint,
			   endpoint[0] ? "\n" : "");

	assert((size_t)len < sizeof(text));
	/* In this order whoever reads meanwhile finds a number. */
	if (pwrite(lock->fd, text, (size_t)len, 0) == len &&
	    ftruncate(lock->fd, len) == 0)
		return ERR_OK;
	return err_set(e, ERR_IO, "'%s.lock': %s", lock->path, strerror(errno));
}

static enum err_code busy(const struct lock *lock, struct err *e)
{
	struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
	struct content content;

	read_content(lock->fd, &content);
	for (int i = 0; i < 20 && !content.pid[0]; i++) {
		nanosleep(&moment, NULL); /* it has taken the lock this moment */
		read_content(lock->fd, &content);
	}
	return err_set(e, ERR_BUSY, "another relay runs on this database: process %s",
		       content.pid[0] ? content.pid : "unknown");
}

/* The lock and the WAL go by the name: by another one a second relay would send everything too. */
static enum err_code check_names(const struct lock *lock, struct err *e)
{
	struct stat st;

	e->code = ERR_OK;
	if (stat(lock->path, &st) != 0 || st.st_nlink < 2)
		return ERR_OK;
	return err_set(e, ERR_CONFIG,
		       "'%s' has %ld names (hard links), and whoever opens it by another "
		       "one ruins it; keep one (find DIR -samefile '%s')",
		       lock->path, (long)st.st_nlink, lock->path);
}

enum err_code lock_take(struct lock *lock, struct err *e)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[sizeof(lock->path) + 8];

	if (check_names(lock, e) != ERR_OK)
		return e->code;
	snprintf(path, sizeof(path), "%s.lock", lock->path);
	lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock->fd < 0)
		return err_set(e, ERR_CANTCREAT, "'%s': %s", path, strerror(errno));
	if (fcntl(lock->fd, F_OFD_SETLK, &whole) != 0) {
		if (errno == EAGAIN || errno == EACCES)
			busy(lock, e);
		else
			err_set(e, ERR_IO, "lock '%s': %s", path, strerror(errno));
		lock_drop(lock);
		return e->code;
	}
	/* What a dead one wrote is gone first: a wrong number is worse than none. */
	if (ftruncate(lock->fd, 0) != 0)
		err_set(e, ERR_IO, "'%s': %s", path, strerror(errno));
	else if (write_content(lock, "", e) == ERR_OK)
		return ERR_OK;
	lock_drop(lock);
	return e->code;
}

enum err_code lock_tell(struct lock *lock, const char *endpoint, struct err *e)
{
	e->code = ERR_OK;
	return write_content(lock, endpoint, e);
}

/* The mark is a part of the lock itself, which the kernel keeps: what takes no writes to the
 * database may take none to the lock file either. The holder has all of that file locked for
 * writing, and where it is marked all but one byte, whose place is the number. */
enum { MARK_AT = 4096 };

static bool lock_byte(const struct lock *lock, int refusal, short type)
{
	struct flock byte = {.l_type = type,
			     .l_whence = SEEK_SET,
			     .l_start = MARK_AT + refusal,
			     .l_len = 1};

	return fcntl(lock->fd, F_OFD_SETLK, &byte) == 0;
}

void lock_mark(struct lock *lock, int refusal)
{
	if (lock->fd < 0 || refusal == lock->refusal)
		return;
	if (lock->refusal && !lock_byte(lock, lock->refusal, F_WRLCK))
		return;
	lock->refusal = 0;
	if (refusal && lock_byte(lock, refusal, F_RDLCK))
		lock->refusal = refusal;
}

/* Who would only read is kept out up to that byte. */
static int read_mark(int fd)
{
	struct flock first = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_GETLK, &first) != 0 || first.l_type == F_UNLCK ||
	    first.l_start != 0 || first.l_len <= MARK_AT)
		return 0;
	return (int)(first.l_len - MARK_AT);
}

static void read_holder(int fd, struct lock_holder *out)
{
	struct content content;
	struct stat st;

	read_content(fd, &content);
	out->pid = strtol(content.pid, NULL, 10);
	if (out->pid <= 0)
		out->pid = 1; /* it has not written its number yet */
	out->refusal = read_mark(fd);
	if (fstat(fd, &st) == 0)
		out->since_ms =
			st.st_mtim.tv_sec * INT64_C(1000) + st.st_mtim.tv_nsec / 1000000;
	snprintf(out->endpoint, sizeof(out->endpoint), "%s", content.endpoint);
}

void lock_look(const char *db_path, struct lock_holder *out)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct err e = {ERR_OK, ""};
	char path[sizeof(((struct lock *)0)->path) + 8];
	struct lock lock;
	int fd;

	*out = (struct lock_holder){.pid = -1};
	if (lock_find(&lock, db_path, &e) != ERR_OK)
		return;
	snprintf(path, sizeof(path), "%s.lock", lock.path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		out->pid = errno == ENOENT ? 0 : -1;
		return;
	}
	if (fcntl(fd, F_OFD_GETLK, &whole) == 0) {
		out->pid = 0;
		if (whole.l_type != F_UNLCK)
			read_holder(fd, out);
	}
	close(fd);
}

void lock_drop(struct lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

static ino_t companion(const struct lock *lock, const char *suffix)
{
	char path[sizeof(lock->path) + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", lock->path, suffix);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

void lock_note_companions(struct lock *lock)
{
	lock->wal_ino = companion(lock, "-wal");
	lock->shm_ino = companion(lock, "-shm");
}

bool lock_same_file(const struct lock *lock)
{
	struct stat st;

	return stat(lock->path, &st) == 0 && st.st_dev == lock->dev &&
	       st.st_ino == lock->ino &&
	       (!lock->wal_ino || companion(lock, "-wal") == lock->wal_ino) &&
	       (!lock->shm_ino || companion(lock, "-shm") == lock->shm_ino);
}

bool lock_same_lock(const struct lock *lock)
{
	struct stat st;

	return fstat(lock->fd, &st) == 0 && companion(lock, ".lock") == st.st_ino;
}
