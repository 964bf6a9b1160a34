/* SPDX-License-Identifier: MIT
 *
 * Which commits bring something to read. A database of its own, another connection beside the
 * writer, and jobs that are served on this thread. */
#include "scene.h"

#include "run/writer.h"

static void write_setting(struct job *job, void *state)
{
	struct writer *w = state;

	job->err.code = db_exec(&w->db,
				"INSERT INTO setting VALUES ('test', 1) "
				"ON CONFLICT DO UPDATE SET value = value + 1",
				&job->err);
}

static void write_nothing(struct job *job, void *state)
{
	(void)state;
	job->err.code = ERR_OK;
}

static void serve(struct writer *w, void (*work)(struct job *, void *), bool silent)
{
	struct job job = {.work = work, .silent = silent};

	writer_serve(w, &job);
	assert_int_equal(job.err.code, ERR_OK);
}

static void open_writer(struct scene *s, struct writer *w, uint32_t *seen)
{
	int recovered;

	assert_ok(s, writer_open(w, s->path, &recovered, &s->e));
	assert_non_null(w->index.head);
	*seen = 0;
	writer_has_news(w, seen);
	assert_false(writer_has_news(w, seen));
}

static void what_others_commit_is_news(void **state)
{
	struct scene *s = *state;
	struct writer w;
	uint32_t seen;

	open_writer(s, &w, &seen);
	assert_true(writer_is_alone(&w));
	scene_exec(s, "INSERT INTO outbox (event) VALUES ('purchase')");
	assert_true(writer_has_news(&w, &seen));
	/* Until a transaction of the writer's has seen it: it is news once then. */
	serve(&w, write_setting, true);
	assert_true(writer_has_news(&w, &seen));
	assert_false(writer_has_news(&w, &seen));
	assert_false(writer_is_alone(&w));
	writer_close(&w);
}

static void what_is_rolled_back_is_none(void **state)
{
	struct scene *s = *state;
	struct writer w;
	uint32_t seen;

	open_writer(s, &w, &seen);
	scene_exec(s, "BEGIN IMMEDIATE; INSERT INTO outbox (event) VALUES ('purchase')");
	assert_false(writer_has_news(&w, &seen));
	scene_exec(s, "ROLLBACK");
	assert_false(writer_has_news(&w, &seen));
	assert_true(writer_is_alone(&w));
	writer_close(&w);
}

static void a_silent_job_brings_none(void **state)
{
	struct scene *s = *state;
	struct writer w;
	uint32_t seen;

	open_writer(s, &w, &seen);
	for (int i = 0; i < 3; i++) {
		serve(&w, write_setting, true);
		serve(&w, write_nothing, true);
		assert_false(writer_has_news(&w, &seen));
	}
	w.cut_wal = true;
	serve(&w, write_nothing, true);
	assert_false(writer_has_news(&w, &seen));
	assert_true(writer_is_alone(&w));
	/* And it hides nobody else's. */
	scene_exec(s, "INSERT INTO outbox (event) VALUES ('purchase')");
	serve(&w, write_nothing, true);
	assert_true(writer_has_news(&w, &seen));
	writer_close(&w);
}

static void any_other_job_does(void **state)
{
	struct scene *s = *state;
	struct job loud = {.work = write_setting};
	struct job silent = {.work = write_setting, .silent = true, .next = &loud};
	struct writer w;
	uint32_t seen;

	open_writer(s, &w, &seen);
	serve(&w, write_setting, false);
	assert_true(writer_has_news(&w, &seen));
	assert_false(writer_has_news(&w, &seen));
	writer_serve(&w, &silent);
	assert_true(writer_has_news(&w, &seen));
	assert_false(writer_has_news(&w, &seen));
	writer_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_others_commit_is_news),
		T(what_is_rolled_back_is_none),
		T(a_silent_job_brings_none),
		T(any_other_job_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
