/* SPDX-License-Identifier: MIT */
#include "store/room.h"

#include <sys/statvfs.h>
#include <unistd.h>

int64_t room_left(const char *path)
{
	struct statvfs fs;

	if (statvfs(path, &fs) != 0 || fs.f_blocks == 0)
		return INT64_MAX;
	return (int64_t)(geteuid() == 0 ? fs.f_bfree : fs.f_bavail) *
	       (int64_t)fs.f_frsize;
}

bool room_is_out(const char *path)
{
	return room_left(path) < ROOM_REQUEST;
}
