/* SPDX-License-Identifier: MIT */
#include "run/bearer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/secret.h"

enum { LINE_LEN = GATE_TOKEN_LEN + 1, PATH_BYTES = 1100 };

static enum err_code check(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_set(e, ERR_IO, "stat '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(e, ERR_PERM,
			       "'%s' is not a file of this user's alone; delete it, and "
			       "start the relay again for a new one",
			       path);
	return ERR_OK;
}

static enum err_code read_file(int fd, const char *path, char *out, struct err *e)
{
	char line[LINE_LEN + 1];
	ssize_t len;

	if (check(fd, path, e) != ERR_OK)
		return e->code;
	len = read(fd, line, sizeof(line));
	if (len == LINE_LEN && line[GATE_TOKEN_LEN] == '\n')
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (!ascii_is_hex(line[i]))
			len = -1;
	if (len != GATE_TOKEN_LEN)
		return err_set(
			e, ERR_DATA,
			"'%s' holds no token (64 hex digits); delete it, and start "
			"the relay again for a new one",
			path);
	memcpy(out, line, GATE_TOKEN_LEN);
	out[GATE_TOKEN_LEN] = '\0';
	OPENSSL_cleanse(line, sizeof(line));
	return ERR_OK;
}

static enum err_code write_file(const char *path, const char *line, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done;

	if (fd < 0)
		return err_set(e, ERR_CANTCREAT, "'%s': %s", path, strerror(errno));
	done = write(fd, line, LINE_LEN) == LINE_LEN && fsync(fd) == 0;
	close(fd);
	if (!done)
		return err_set(e, ERR_CANTCREAT, "write '%s': %s", path, strerror(errno));
	return ERR_OK;
}

/* Whole, or not at all. */
static enum err_code create(const char *path, struct err *e)
{
	char fresh[PATH_BYTES + 8], line[LINE_LEN + 1];

	for (int i = 0; i < GATE_TOKEN_LEN; i += 16)
		snprintf(line + i, sizeof(line) - (size_t)i, "%016llx",
			 (unsigned long long)clock_random());
	line[GATE_TOKEN_LEN] = '\n';
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh); /* of a start that was cut off */
	e->code = write_file(fresh, line, e);
	OPENSSL_cleanse(line, sizeof(line));
	if (e->code != ERR_OK)
		return e->code;
	if (rename(fresh, path) != 0)
		return err_set(e, ERR_CANTCREAT, "'%s': %s", path, strerror(errno));
	return ERR_OK;
}

enum err_code bearer_load(const char *path, char out[GATE_TOKEN_LEN + 1], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT) {
		if (create(path, e) != ERR_OK)
			return e->code;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	}
	if (fd < 0)
		return err_set(e, errno == EACCES ? ERR_PERM : ERR_IO, "open '%s': %s",
			       path, strerror(errno));
	e->code = read_file(fd, path, out, e);
	close(fd);
	return e->code;
}
