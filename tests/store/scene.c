/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/migrate.h"

int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	int applied;

	assert_non_null(s);
	unsetenv("CONVEY_KEY_FILE");
	unsetenv("CREDENTIALS_DIRECTORY");
	snprintf(s->folder, sizeof(s->folder), "/tmp/convey-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/outbox.db", s->folder);
	assert_ok(s, db_open(&s->db, s->path, DB_CREATE, &s->e));
	assert_ok(s, migrate(&s->db, false, &applied, &s->e));
	*state = s;
	return 0;
}

int scene_teardown(void **state)
{
	struct scene *s = *state;
	DIR *folder = opendir(s->folder);
	struct dirent *entry;
	char path[400];

	db_close(&s->db);
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, entry->d_name);
		unlink(path);
	}
	closedir(folder);
	assert_int_equal(rmdir(s->folder), 0);
	free(s);
	return 0;
}

void scene_exec(struct scene *s, const char *sql)
{
	assert_ok(s, db_exec(&s->db, sql, &s->e));
}

int64_t scene_int(struct scene *s, const char *sql)
{
	int64_t value;

	assert_ok(s, db_int(&s->db, sql, -1, &value, &s->e));
	return value;
}

int64_t scene_miscounted(struct scene *s)
{
	return scene_int(
		s,
		"WITH kept AS (SELECT destination_id AS d, state AS s, count AS c FROM "
		"counter "
		"WHERE count <> 0), counted AS (SELECT d, s, count(*) AS c FROM ("
		"SELECT key % 1024 AS d, state AS s FROM delivery UNION ALL "
		"SELECT destination_id, CASE status WHEN 4 THEN 65 ELSE status * 16 END "
		"FROM waiting WHERE status <> 2) GROUP BY d, s) "
		"SELECT (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM "
		"counted)) "
		"+ (SELECT count(*) FROM (SELECT * FROM counted EXCEPT SELECT * FROM "
		"kept))");
}
