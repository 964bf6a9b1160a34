/* SPDX-License-Identifier: MIT */
#include "cmd/own_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/vault.h"

static const char *const of_database[] = {"", "-wal", "-shm", "-journal", NULL};
static const char *const beside_it[] = {".lock", ".admin.sock", ".admin.token",
					".admin.token.new", NULL};
static const char *const of_key[] = {"", ".new", NULL};

/* The folder as the kernel sees it, and the name: also of a file that is not there. */
static bool place_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX], real[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	return realpath(folder, real) && snprintf(out, PATH_MAX, "%s/%s", real,
						  slash ? slash + 1 : path) < PATH_MAX;
}

static bool is_same(const char *a, const char *b)
{
	char one[PATH_MAX], other[PATH_MAX];
	struct stat x, y;

	if (stat(a, &x) == 0 && stat(b, &y) == 0)
		return x.st_ino == y.st_ino && x.st_dev == y.st_dev;
	return place_of(a, one) && place_of(b, other) && strcmp(one, other) == 0;
}

static bool is_one_of(const char *base, const char *const *suffixes, const char *path)
{
	char name[PATH_MAX];

	for (; *suffixes; suffixes++)
		if (snprintf(name, sizeof(name), "%s%s", base, *suffixes) < PATH_MAX &&
		    is_same(name, path))
			return true;
	return false;
}

/* SQLite's files are beside the file that a link leads to. */
static const char *resolved(const char *db_path, char room[PATH_MAX])
{
	return realpath(db_path, room) ? room : db_path;
}

bool own_files_are_database(const char *db_path, const char *path)
{
	char room[PATH_MAX];

	return is_one_of(resolved(db_path, room), of_database, path);
}

bool own_files_have(const char *db_path, const char *path)
{
	struct err e = {ERR_OK, ""};
	struct vault vault;

	return own_files_are_database(db_path, path) ||
	       is_one_of(db_path, beside_it, path) ||
	       (vault_locate(&vault, db_path, &e) == ERR_OK &&
		is_one_of(vault.path, of_key, path));
}
