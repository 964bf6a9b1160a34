/* SPDX-License-Identifier: MIT */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"

enum err_code lock_find(struct lock *lock, const char *db_path, struct err *e)
{
	char *real = realpath(db_path, NULL);
	struct stat st;

	lock->fd = -1;
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

static void read_pid(int fd, char text[32])
{
	ssize_t len = pread(fd, text, 31, 0);

	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static enum err_code busy(const struct lock *lock, struct err *e)
{
	char text[32];

	read_pid(lock->fd, text);
	return err_set(e, ERR_BUSY, "another relay runs on this database: process %s",
		       text[0] ? text : "unknown");
}

enum err_code lock_take(struct lock *lock, struct err *e)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[sizeof(lock->path) + 8];
	char pid[32];
	int len;

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
	len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(lock->fd, 0) != 0 || pwrite(lock->fd, pid, (size_t)len, 0) != len) {
		err_set(e, ERR_IO, "'%s': %s", path, strerror(errno));
		lock_drop(lock);
		return e->code;
	}
	return ERR_OK;
}

long lock_holder(const char *db_path)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct err e = {ERR_OK, ""};
	char path[sizeof(((struct lock *)0)->path) + 8], text[32];
	struct lock lock;
	long pid = -1;
	int fd;

	if (lock_find(&lock, db_path, &e) != ERR_OK)
		return -1;
	snprintf(path, sizeof(path), "%s.lock", lock.path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fcntl(fd, F_OFD_GETLK, &whole) == 0) {
		read_pid(fd, text);
		pid = whole.l_type == F_UNLCK ? 0 : strtol(text, NULL, 10);
		if (whole.l_type != F_UNLCK && pid <= 0)
			pid = 1; /* it has not written its number yet */
	}
	close(fd);
	return pid;
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
