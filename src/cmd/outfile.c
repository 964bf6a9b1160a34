/* SPDX-License-Identifier: MIT */
#include "cmd/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/own_files.h"

static enum err_code failed(enum err_code code, const char *path, struct err *e)
{
	return err_set(e, code, "'%s': %s", path, strerror(errno));
}

static bool write_all(int fd, struct str text)
{
	size_t done = 0;

	while (done < text.len) {
		ssize_t n = write(fd, text.p + done, text.len - done);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

static enum err_code write_straight(const char *path, struct str text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return failed(ERR_CANTCREAT, path, e);
	e->code = ERR_OK;
	if (!write_all(fd, text))
		failed(ERR_IO, path, e);
	close(fd);
	return e->code;
}

/* `old` NULL: there was none. A name that is not synced may be the old file after a power
 * cut, which is as good. */
static enum err_code replace(const char *path, const struct stat *old, struct str text,
			     struct err *e)
{
	char fresh[PATH_MAX + 32];
	bool done;
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.%ld.new", path, (long)getpid());
	unlink(fresh); /* of one with our number that was cut off */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return failed(ERR_CANTCREAT, path, e);
	done = (!old || fchmod(fd, old->st_mode & 07777) == 0) && write_all(fd, text) &&
	       fsync(fd) == 0;
	if (close(fd) != 0 || !done || rename(fresh, path) != 0) {
		failed(ERR_IO, path, e);
		unlink(fresh);
		return e->code;
	}
	e->code = ERR_OK;
	return ERR_OK;
}

enum err_code outfile_write(const char *db_path, const char *path, struct str text,
			    struct err *e)
{
	char real[PATH_MAX];
	struct stat old;

	if (own_files_have(db_path, path))
		return err_set(e, ERR_USAGE, "'%s' is convey's own, and stays as it is",
			       path);
	if (stat(path, &old) != 0)
		return replace(path, NULL, text, e);
	if (S_ISDIR(old.st_mode))
		return err_set(e, ERR_CANTCREAT, "'%s' is a folder", path);
	if (!S_ISREG(old.st_mode))
		return write_straight(path, text, e);
	if (!realpath(path, real))
		return failed(ERR_CANTCREAT, path, e);
	return replace(real, &old, text, e);
}
