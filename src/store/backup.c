/* SPDX-License-Identifier: MIT */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder.h"

static const char part[] = ".part";

static enum err_code failed(enum err_code code, const char *path, struct err *e)
{
	return err_set(e, code, "back up to '%s': %s", path, strerror(errno));
}

/* Whether the file that is open has the name still. */
static bool is_there(const struct backup *b)
{
	struct stat named, open;

	return lstat(b->path, &named) == 0 && fstat(b->fd, &open) == 0 &&
	       named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

/* One process at a time; what one that died has left is written over. */
static enum err_code open_part(struct backup *b, struct err *e)
{
	for (;;) {
		b->fd = open(b->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (b->fd < 0)
			return failed(ERR_CANTCREAT, b->path, e);
		while (flock(b->fd, LOCK_EX) != 0)
			if (errno != EINTR) {
				failed(ERR_IO, b->path, e);
				close(b->fd);
				return e->code;
			}
		if (is_there(b))
			return ERR_OK;
		close(b->fd); /* it was finished meanwhile */
	}
}

/* Empty, as VACUUM INTO demands it, and nobody's but the database's owner's. */
static bool empty_part(const struct backup *b, const char *db_path)
{
	char journal[sizeof(b->path) + 8];
	struct stat db, part_file;

	/* Another name of the database's own file would empty that. */
	if (fstat(b->fd, &part_file) != 0 || part_file.st_nlink != 1) {
		errno = EMLINK;
		return false;
	}
	/* One that was cut off there would be rolled back into the new copy. */
	snprintf(journal, sizeof(journal), "%s-journal", b->path);
	if (unlink(journal) != 0 && errno != ENOENT)
		return false;
	return stat(db_path, &db) == 0 && ftruncate(b->fd, 0) == 0 &&
	       (geteuid() != 0 || fchown(b->fd, db.st_uid, db.st_gid) == 0 ||
		errno == EPERM) && /* a root that may not: it is its own */
	       fchmod(b->fd, 0600) == 0;
}

static enum err_code copy(struct db *db, const struct backup *b, struct err *e)
{
	sqlite3_stmt *stmt;

	if (db_prepare(db, "VACUUM INTO ?1", &stmt, e) != ERR_OK)
		return e->code;
	db_bind(stmt, 1, str_of(b->path));
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM INTO attaches */
	if (db_run(db, stmt, e) != ERR_OK)
		err_wrap(e, "back up to '%s'", b->path);
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_finalize(stmt);
	return e->code;
}

enum err_code backup_make(struct db *db, int version, struct backup *b, struct err *e)
{
	snprintf(b->path, sizeof(b->path), "%s.bak-v%d%s", db->path, version, part);
	if (open_part(b, e) != ERR_OK)
		return e->code;
	if (!empty_part(b, db->path))
		failed(ERR_IO, b->path, e);
	else if (copy(db, b, e) == ERR_OK && fsync(b->fd) != 0) /* VACUUM does not */
		failed(ERR_IO, b->path, e);
	if (e->code != ERR_OK)
		backup_drop(b);
	return e->code;
}

enum err_code backup_keep(struct backup *b, struct err *e)
{
	char name[sizeof(b->path)];

	snprintf(name, sizeof(name), "%.*s", (int)(strlen(b->path) - strlen(part)),
		 b->path);
	e->code = ERR_OK;
	if (rename(b->path, name) != 0) {
		failed(ERR_IO, name, e);
		backup_drop(b);
		return e->code;
	}
	close(b->fd);
	return folder_sync_of(name, e);
}

void backup_drop(struct backup *b)
{
	unlink(b->path);
	close(b->fd);
}
