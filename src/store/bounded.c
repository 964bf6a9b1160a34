/* SPDX-License-Identifier: MIT */
#include "store/bounded.h"

static void give_first(sqlite3_context *context, sqlite3_blob *blob)
{
	int len = sqlite3_blob_bytes(blob), rc;
	char *bytes;

	if (len > (int)BOUNDED_MAX + 1)
		len = (int)BOUNDED_MAX + 1;
	bytes = sqlite3_malloc(len + 1);
	if (!bytes) {
		sqlite3_result_error_nomem(context);
		return;
	}
	rc = sqlite3_blob_read(blob, bytes, len, 0);
	if (rc == SQLITE_OK) {
		sqlite3_result_text(context, bytes, len, sqlite3_free);
		return;
	}
	sqlite3_free(bytes);
	sqlite3_result_error_code(context, rc);
}

/* Table, column, rowid. */
static void first_bytes(sqlite3_context *context, int count, sqlite3_value **arg)
{
	sqlite3_blob *blob = NULL;
	int rc = sqlite3_blob_open(sqlite3_context_db_handle(context), "main",
				   (const char *)sqlite3_value_text(arg[0]),
				   (const char *)sqlite3_value_text(arg[1]),
				   sqlite3_value_int64(arg[2]), 0, &blob);

	(void)count;
	if (rc == SQLITE_OK)
		give_first(context, blob);
	else
		sqlite3_result_error_code(context, rc);
	sqlite3_blob_close(blob);
}

int bounded_register(sqlite3 *handle)
{
	return sqlite3_create_function_v2(handle, "first_bytes", 3,
					  SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL,
					  first_bytes, NULL, NULL, NULL);
}

void bounded_bind(struct bounded *b, int64_t value)
{
	b->arg[b->args++] = value;
	sqlite3_bind_int64(b->stmt, b->args, value);
}

void bounded_end(struct bounded *b)
{
	if (b->is_careful)
		sqlite3_finalize(b->stmt);
	else
		sqlite3_reset(b->stmt);
	b->stmt = NULL;
	b->is_careful = false;
}

static int step_within_limit(struct bounded *b)
{
	sqlite3 *handle = b->db->handle;
	int limit = sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, (int)BOUNDED_MAX);
	int rc = sqlite3_step(b->stmt);

	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, limit);
	return rc;
}

/* From its beginning, to the row that was refused. */
static int step_carefully(struct bounded *b)
{
	sqlite3_stmt *careful;
	int rc = sqlite3_prepare_v2(b->db->handle, b->careful, -1, &careful, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_reset(b->stmt);
	b->stmt = careful;
	b->is_careful = true;
	for (int i = 0; i < b->args; i++)
		sqlite3_bind_int64(b->stmt, i + 1, b->arg[i]);
	rc = SQLITE_ROW;
	for (int i = 0; i <= b->rows && rc == SQLITE_ROW; i++)
		rc = sqlite3_step(b->stmt);
	return rc;
}

enum err_code bounded_step(struct bounded *b, bool *row, struct err *e)
{
	int rc = b->is_careful ? sqlite3_step(b->stmt) : step_within_limit(b);

	if (rc == SQLITE_TOOBIG && !b->is_careful)
		rc = step_carefully(b);
	*row = rc == SQLITE_ROW;
	b->rows += *row;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return ERR_OK;
	return db_err(b->db, e, "database");
}
