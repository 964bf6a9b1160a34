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

enum { LINKS_MAX = 40 };

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
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return failed(ERR_CANTCREAT, path, e);
	e->code = ERR_OK;
	if (!write_all(fd, text))
		failed(ERR_IO, path, e);
	close(fd);
	return e->code;
}

static int folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash - path) + 1 : 0;
}

/* Beside it, with a name that is short whatever its own is. */
static int open_fresh(const char *path, char fresh[PATH_MAX + 32])
{
	snprintf(fresh, PATH_MAX + 32, "%.*s.convey.%ld.new", folder_len(path), path,
		 (long)getpid());
	unlink(fresh); /* of one with our number that was cut off */
	return open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
}

/* Its owner first: a change of that takes bits from the mode. */
static bool make_like(int fd, const struct stat *old)
{
	return fchown(fd, old->st_uid, old->st_gid) == 0 &&
	       fchmod(fd, old->st_mode & 07777) == 0;
}

/* Its folder may be another's. */
static enum err_code write_without_folder(const char *path, const struct stat *old,
					  struct str text, struct err *e)
{
	int len = folder_len(path);

	if (old && (errno == EACCES || errno == EPERM || errno == EROFS))
		return write_straight(path, text, e);
	return err_set(e, ERR_CANTCREAT, "folder '%.*s': %s", len > 1 ? len - 1 : 1,
		       len ? path : ".", strerror(errno));
}

/* `old` NULL: there was none. Where nothing can be put in its place as it was, it is written
 * itself. A name that is not synced may be the old file after a power cut, which is as good. */
static enum err_code replace(const char *path, const struct stat *old, struct str text,
			     struct err *e)
{
	char fresh[PATH_MAX + 32];
	int fd = open_fresh(path, fresh);
	bool done;

	if (fd < 0)
		return write_without_folder(path, old, text, e);
	if (old && !make_like(fd, old)) {
		close(fd);
		unlink(fresh);
		return write_straight(path, text, e);
	}
	done = write_all(fd, text) && fsync(fd) == 0;
	if (close(fd) != 0 || !done || rename(fresh, path) != 0) {
		failed(ERR_IO, path, e);
		unlink(fresh);
		return e->code;
	}
	e->code = ERR_OK;
	return ERR_OK;
}

/* Where a link leads to that leads to nothing. */
static bool follow(const char *path, char out[PATH_MAX])
{
	char link[PATH_MAX];

	if (snprintf(out, PATH_MAX, "%s", path) >= PATH_MAX)
		return false;
	for (int i = 0; i < LINKS_MAX; i++) {
		ssize_t n = readlink(out, link, sizeof(link));
		int folder = folder_len(out);

		if (n < 0)
			return true;
		if (n > 0 && link[0] == '/')
			folder = 0;
		if (folder + n >= PATH_MAX)
			return false;
		memcpy(out + folder, link, (size_t)n);
		out[folder + n] = '\0';
	}
	return false;
}

enum err_code outfile_write(const char *db_path, const char *path, struct str text,
			    struct err *e)
{
	char real[PATH_MAX];
	struct stat old;

	bool there = stat(path, &old) == 0;

	if (!there && !follow(path, real))
		return failed(ERR_CANTCREAT, path, e);
	if (own_files_have(db_path, there ? path : real))
		return err_set(e, ERR_USAGE, "'%s' is convey's own, and stays as it is",
			       path);
	if (!there)
		return replace(real, NULL, text, e);
	if (S_ISDIR(old.st_mode))
		return err_set(e, ERR_CANTCREAT, "'%s' is a folder", path);
	if (!S_ISREG(old.st_mode))
		return write_straight(path, text, e);
	if (!realpath(path, real))
		return failed(ERR_CANTCREAT, path, e);
	return replace(real, &old, text, e);
}
