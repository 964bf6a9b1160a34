/* SPDX-License-Identifier: MIT */
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err_code folder_sync_of(const char *path, struct err *e)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES) /* to be written to, and not to be read */
		return e->code = ERR_OK;
	if (fd < 0 || fsync(fd) != 0)
		err_set(e, ERR_IO, "'%s': %s", folder, strerror(errno));
	else
		e->code = ERR_OK;
	if (fd >= 0)
		close(fd);
	return e->code;
}
