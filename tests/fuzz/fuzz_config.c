/* SPDX-License-Identifier: MIT
 * Any bytes as a file for `convey config import`: refused with a sentence, or taken so that
 * what is exported then changes nothing when it is imported again. */
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "check.h"
#include "cmd/config_file.h"
#include "store/migrate.h"

static struct db db;
static char folder[] = "/tmp/convey-fuzz-XXXXXX";

static void clean_up(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[100];

	db_close(&db);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/outbox.db%s", folder, ends[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void set_up(void)
{
	char path[100];
	struct err e = {0};
	int applied;

	if (db.handle)
		return;
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/outbox.db", folder);
	CHECK(db_open(&db, path, DB_CREATE, &e) == ERR_OK);
	CHECK(migrate(&db, false, &applied, &e) == ERR_OK);
	atexit(clean_up);
}

static json_t *exported(void)
{
	json_t *all = NULL;
	struct err e = {0};

	CHECK(config_file_export(&db, &all, &e) == ERR_OK);
	return all;
}

static void check_twice(void)
{
	json_t *once = exported(), *twice, *difference;
	struct err e = {0};
	bool noted;

	if (config_file_import(&db, NULL, once, &noted, &e) != ERR_OK) {
		fprintf(stderr, "what was exported is refused: %s\n", e.msg);
		abort();
	}
	twice = exported();
	difference = config_file_difference(once, twice);
	CHECK(json_array_size(difference) == 0);
	json_decref(difference);
	json_decref(once);
	json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	json_error_t wrong;
	json_t *file =
		json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, &wrong);
	struct err e = {0};
	bool noted;

	if (!file)
		return 0;
	set_up();
	CHECK(db_begin(&db, &e) == ERR_OK);
	if (config_file_import(&db, NULL, file, &noted, &e) == ERR_OK) {
		check_twice();
	} else {
		CHECK(e.code == ERR_DATA && e.msg[0]);
	}
	db_rollback(&db);
	json_decref(file);
	return 0;
}
