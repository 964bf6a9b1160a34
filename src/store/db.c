/* SPDX-License-Identifier: MIT */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/bounded.h"
#include "store/gap.h"

static enum err_code code_of(int rc)
{
	/* The kernel tells of pages it could not write once, and forgets them: the next sync
	 * succeeds without them. */
	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
		return ERR_SYNC;
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return ERR_BUSY;
	case SQLITE_CORRUPT: return ERR_CORRUPT;
	case SQLITE_NOTADB: return ERR_DATA;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY: return ERR_PERM;
	case SQLITE_CANTOPEN: return ERR_CANTCREAT;
	/* Our statements break no constraint, unless the file is not what they were made for. */
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_INTERNAL:
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE: return ERR_BUG;
	default: return ERR_IO;
	}
}

/* SQLite says that a disk failed and not how. The call that did is the last that failed; what no
 * disk says comes from another. */
static int refusal_of(int rc, int number)
{
	static const int known[] = {EIO,   EDQUOT, EFBIG,  EROFS,  ENOSPC, EACCES,
				    EPERM, EMFILE, ENFILE, ENOMEM, ENODEV, ENXIO};

	if (rc == SQLITE_FULL)
		return ENOSPC;
	if (((rc & 0xff) != SQLITE_IOERR && (rc & 0xff) != SQLITE_CANTOPEN) ||
	    rc == SQLITE_IOERR_SHORT_READ)
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == number)
			return number;
	return 0;
}

enum err_code db_err(struct db *db, struct err *e, const char *what)
{
	int number = errno, rc = sqlite3_extended_errcode(db->handle);

	db->refusal = refusal_of(rc, number);
	if (rc == SQLITE_FULL)
		return err_set(e, ERR_IO, "%s: the disk is full; make room (SQLite %d)",
			       what, rc);
	if ((rc & 0xff) == SQLITE_CORRUPT)
		return err_set(e, ERR_CORRUPT,
			       "%s: %s (SQLite %d); stop all writers, keep a copy of the "
			       "file, then restore a backup, or save what can be read: "
			       "docs/troubles.md",
			       what, sqlite3_errmsg(db->handle), rc);
	if ((rc & 0xff) == SQLITE_NOTADB)
		return err_set(e, ERR_DATA,
			       "%s: %s (SQLite %d); name another file, or restore a "
			       "backup",
			       what, sqlite3_errmsg(db->handle), rc);
	if (db->refusal)
		return err_set(e, code_of(rc), "%s: %s: %s (SQLite %d)", what,
			       sqlite3_errmsg(db->handle), strerror(db->refusal), rc);
	return err_set(e, code_of(rc), "%s: %s (SQLite %d)", what,
		       sqlite3_errmsg(db->handle), rc);
}

/* Locks and shared memory do not work over these; a database there would be corrupted. */
static bool on_network_file_system(const char *path)
{
	static const unsigned long magics[] = {
		0x6969,     /* NFS */
		0xff534d42, /* CIFS */
		0xfe534d42, /* SMB2 */
		0x517b,     /* SMB */
		0x01021997, /* 9P */
		0x00c36400, /* Ceph */
		0x5346414f, /* AFS */
	};
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if ((unsigned long)fs.f_type == magics[i])
			return true;
	return false;
}

static void directory_of(const char *path, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(out, cap, ".");
	else
		snprintf(out, cap, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

enum err_code db_absent(const char *path, struct err *e)
{
	return err_set(e, ERR_NOINPUT,
		       "'%s' does not exist; make it with: convey init --db %s", path,
		       path);
}

static enum err_code check_place(const char *path, enum db_mode mode, struct err *e)
{
	char folder[PATH_MAX];
	struct stat st;
	bool there = stat(path, &st) == 0;

	directory_of(path, folder, sizeof(folder));
	if (!there && errno == EACCES)
		return err_set(e, ERR_PERM, "'%s': %s", path, strerror(errno));
	if (!there && mode != DB_CREATE)
		return db_absent(path, e);
	if (there && !S_ISREG(st.st_mode))
		return err_set(e, ERR_DATA,
			       "'%s' is not a file; name the database: --db FILE", path);
	if (!there && stat(folder, &st) != 0)
		return err_set(e, ERR_CANTCREAT, "'%s': %s%s%s", folder, strerror(errno),
			       errno == ENOENT ? "; make the folder first: mkdir -p "
					       : "",
			       errno == ENOENT ? folder : "");
	if (on_network_file_system(there ? path : folder))
		return err_set(
			e, ERR_CONFIG,
			"'%s' is on a network file system, where SQLite's locks fail; "
			"put it on a local disk",
			path);
	if (mode != DB_READ && access(folder, W_OK) != 0)
		return err_set(e, there ? ERR_PERM : ERR_CANTCREAT,
			       "folder '%s' is not writable: SQLite keeps its -wal there",
			       folder);
	if (mode != DB_READ && there && access(path, W_OK) != 0)
		return err_set(e, ERR_PERM, "'%s' is not writable", path);
	return ERR_OK;
}

/* SQLite would create the file with the umask's mode; ours is for its owner. It must not
 * be opened here when it exists: closing it would drop SQLite's locks. */
static enum err_code create_private(const char *path, struct err *e)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return err_set(e, ERR_CANTCREAT, "'%s': %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ERR_OK;
}

static enum err_code configure(struct db *db, enum db_mode mode, struct err *e)
{
	bool views = mode == DB_READ;
	sqlite3_file *file = NULL;

	sqlite3_extended_result_codes(db->handle, 1);
	if (bounded_register(db->handle) != SQLITE_OK ||
	    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
		    SQLITE_OK)
		return db_err(db, e, "database");
	gap_watch(file);
	/* Its limit of a value's length stays: what a producer could write is refused as too large
	 * by name, and read in bounded memory. */
	turn_init(&db->turn);
	sqlite3_busy_handler(db->handle, turn_wait, &db->turn);
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, views, NULL);
	if (db_exec(db,
		    "PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;"
		    "PRAGMA temp_store = MEMORY",
		    e) != ERR_OK)
		return e->code;
	if (mode == DB_READ) /* which reads most pages once */
		return db_exec(db, "PRAGMA query_only = ON; PRAGMA cache_size = -768", e);
	return db_exec(db, "PRAGMA synchronous = FULL; PRAGMA cache_size = -4096", e);
}

/* Nobody asks SQLite how much memory it has, and counting it takes one lock for all threads
 * at each malloc. Refused, without harm, where the process used SQLite before. */
static void count_no_memory(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void cannot_read(const char *path, struct err *e)
{
	if (access(path, W_OK) != 0 && errno == EROFS)
		err_set(e, ERR_PERM,
			"'%s' is on a read-only file system, and SQLite keeps its -wal "
			"and "
			"-shm in the folder; copy it, with its -wal, and name the copy: "
			"--db FILE",
			path);
	else
		err_set(e, ERR_PERM,
			"this user cannot read '%s': SQLite keeps its -wal and -shm in "
			"the folder; use the relay's user",
			path);
}

enum err_code db_open(struct db *db, const char *path, enum db_mode mode, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int64_t ignored;

	pthread_once(&once, count_no_memory);
	db->handle = NULL;
	memset(db->kept, 0, sizeof(db->kept));
	db->kept_next = 0;
	db->refusal = 0;
	if (strlen(path) >= sizeof(db->path))
		return err_set(e, ERR_USAGE, "the path of the database is too long");
	snprintf(db->path, sizeof(db->path), "%s", path);
	if (check_place(path, mode, e) != ERR_OK)
		return e->code;
	if (mode == DB_CREATE && create_private(path, e) != ERR_OK)
		return e->code;
	if (mode == DB_READ && access(path, W_OK) != 0)
		flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
		if (access(path, R_OK) != 0 && errno == EACCES)
			cannot_read(path, e);
		else
			db_err(db, e, path);
		db_close(db);
		return e->code;
	}
	if (configure(db, mode, e) != ERR_OK ||
	    db_int(db, "SELECT count(*) FROM sqlite_master", 0, &ignored, e) != ERR_OK) {
		if (mode == DB_READ && (e->code == ERR_PERM || e->code == ERR_CANTCREAT))
			cannot_read(path, e);
		else
			err_wrap(e, "'%s'", path);
		db_close(db);
		return e->code;
	}
	return ERR_OK;
}

enum err_code db_use_wal(struct db *db, struct err *e)
{
	int64_t wal = 0;

	if (db_int(db,
		   "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'",
		   0, &wal, e) != ERR_OK)
		return e->code;
	return wal ? ERR_OK : db_exec(db, "PRAGMA journal_mode = WAL", e);
}

void db_close(struct db *db)
{
	for (size_t i = 0; i < DB_KEPT; i++) {
		sqlite3_finalize(db->kept[i]);
		db->kept[i] = NULL;
	}
	sqlite3_close_v2(db->handle);
	db->handle = NULL;
}

void db_keep_wal(struct db *db)
{
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

enum err_code db_exec(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_err(db, e, "database");
	return ERR_OK;
}

enum err_code db_prepare(struct db *db, const char *sql, sqlite3_stmt **out,
			 struct err *e)
{
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, out,
			       NULL) == SQLITE_OK)
		return ERR_OK;
	/* Our statements are constants that fit our schema. */
	if (sqlite3_errcode(db->handle) == SQLITE_ERROR)
		return err_set(e, ERR_DATA,
			       "'%s' has not the schema of convey (%s); restore a backup",
			       db->path, sqlite3_errmsg(db->handle));
	return db_err(db, e, "database");
}

enum err_code db_kept(struct db *db, const char *sql, sqlite3_stmt **out, struct err *e)
{
	sqlite3_stmt **place = &db->kept[db->kept_next];

	e->code = ERR_OK;
	for (size_t i = 0; i < DB_KEPT; i++)
		if (db->kept[i] && strcmp(sqlite3_sql(db->kept[i]), sql) == 0) {
			*out = db->kept[i];
			return ERR_OK;
		}
	sqlite3_finalize(*place);
	*place = NULL;
	if (db_prepare(db, sql, place, e) != ERR_OK)
		return e->code;
	db->kept_next = (db->kept_next + 1) % DB_KEPT;
	*out = *place;
	return ERR_OK;
}

enum err_code db_run(struct db *db, sqlite3_stmt *stmt, struct err *e)
{
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		db_err(db, e, "database");
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? ERR_OK : e->code;
}

enum err_code db_step(struct db *db, sqlite3_stmt *stmt, bool *row, struct err *e)
{
	int rc = sqlite3_step(stmt);

	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return ERR_OK;
	return db_err(db, e, "database");
}

enum err_code db_begin(struct db *db, struct err *e)
{
	return db_exec(db, "BEGIN IMMEDIATE", e);
}

enum err_code db_commit(struct db *db, struct err *e)
{
	return db_exec(db, "COMMIT", e);
}

void db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

enum err_code db_int(struct db *db, const char *sql, int64_t otherwise, int64_t *out,
		     struct err *e)
{
	sqlite3_stmt *stmt;
	bool row;

	if (db_kept(db, sql, &stmt, e) != ERR_OK)
		return e->code;
	if (db_step(db, stmt, &row, e) == ERR_OK)
		*out = row && sqlite3_column_type(stmt, 0) != SQLITE_NULL
			       ? sqlite3_column_int64(stmt, 0)
			       : otherwise;
	sqlite3_reset(stmt);
	return e->code;
}
