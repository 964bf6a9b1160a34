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

static enum err_code busy(const struct lock *lock, struct err *e)
{
	char text[32] = "";
	ssize_t len = pread(lock->fd, text, sizeof(text) - 1, 0);

	if (len > 0)
		text[strcspn(text, "\n")] = '\0';
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

void lock_drop(struct lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

bool lock_same_file(const struct lock *lock)
{
	struct stat st;

	return stat(lock->path, &st) == 0 && st.st_dev == lock->dev &&
	       st.st_ino == lock->ino;
}
