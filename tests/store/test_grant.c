/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/destination.h"
#include "store/rekey.h"
#include "store/revocation.h"

enum { ID = 1, NOW = 1000000 };

static void fill(struct secret *secret, const char *text)
{
	secret->len = strlen(text);
	memcpy(secret->bytes, text, secret->len);
}

static void make(struct scene *s, struct vault *v, struct grant *g, int64_t life_ms)
{
	const struct destination_setting settings[] = {{"source", "web"}, {"id", "P"}};
	bool created;

	memset(g, 0, sizeof(*g));
	snprintf(g->app_id, sizeof(g->app_id), "app");
	fill(&g->app_secret, "canary-secret");
	fill(&g->token, "canary-token");
	fill(&g->refresh_token, life_ms ? "canary-refresh" : "");
	g->life_ms = life_ms;
	assert_ok(s, vault_create(s->path, &created, &s->e));
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, destination_add(&s->db, "shop", settings, 2, &s->e));
	assert_ok(s, rekey_open(&s->db, s->path, v, &s->e));
	assert_ok(s, grant_store(&s->db, v, ID, g, NOW, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
}

static void assert_secret(struct scene *s, const struct vault *v, const char *field,
			  const char *text)
{
	struct secret secret;
	bool found = false;

	assert_ok(s, credential_get(&s->db, v, ID, field, &secret, &found, &s->e));
	assert_int_equal(found, text != NULL);
	if (!text)
		return;
	assert_int_equal(secret.len, strlen(text));
	assert_memory_equal(secret.bytes, text, secret.len);
}

static void a_token_for_ever_is_never_due(void **state)
{
	struct scene *s = *state;
	struct grant_due due;
	struct grant g;
	struct vault v;
	bool found;

	make(s, &v, &g, 0);
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_false(found);
	vault_close(&v);
}

static void one_takes_it_at_80_percent_and_nobody_else(void **state)
{
	struct scene *s = *state;
	struct grant_due due;
	struct grant g, taken;
	struct vault v;
	bool found;

	make(s, &v, &g, 1000);
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_true(found);
	assert_int_equal(due.task, GRANT_REFRESH);
	assert_int_equal(due.at_ms, NOW + 800);
	assert_ok(s, grant_take(&s->db, &v, &due, NOW + 799, 60, &taken, &found, &s->e));
	assert_false(found);
	assert_ok(s, grant_take(&s->db, &v, &due, NOW + 800, 60, &taken, &found, &s->e));
	assert_true(found);
	assert_string_equal(taken.app_id, "app");
	assert_int_equal(taken.app_secret.len, strlen("canary-secret"));
	assert_int_equal(taken.refresh_token.len, strlen("canary-refresh"));
	assert_ok(s, grant_take(&s->db, &v, &due, NOW + 859, 60, &taken, &found, &s->e));
	assert_false(found);
	assert_ok(s, grant_take(&s->db, &v, &due, NOW + 860, 60, &taken, &found, &s->e));
	assert_true(found);
	vault_close(&v);
}

/* The clock was ahead when it was connected: nobody puts a refresh so far ahead. */
static void one_that_a_wrong_clock_put_off_is_due(void **state)
{
	const int64_t hour = 3600000, at = NOW + 80 * hour;
	struct scene *s = *state;
	struct grant_due due;
	struct grant g, taken;
	struct vault v;
	bool found;

	make(s, &v, &g, 100 * hour);
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_int_equal(due.at_ms, at);
	assert_ok(s, grant_next(&s->db, &v, NOW - 1000, &due, &found, &s->e));
	assert_int_equal(due.at_ms, NOW - 1000);
	assert_ok(s, grant_take(&s->db, &v, &due, due.at_ms, 60, &taken, &found, &s->e));
	assert_true(found);
	assert_ok(s, grant_take(&s->db, &v, &due, due.at_ms, 60, &taken, &found, &s->e));
	assert_false(found); /* it meets the lease */
	assert_ok(s, grant_postpone(&s->db, &v, &due, at - 1000, &s->e));
	assert_ok(s, grant_next(&s->db, &v, at - 1000 - 15 * 60000, &due, &found, &s->e));
	assert_int_equal(due.at_ms, at - 1000);
	vault_close(&v);
}

static void a_refused_token_hastens_its_refresh_and_makes_none(void **state)
{
	struct scene *s = *state;
	struct grant_due due;
	struct grant g;
	struct vault v;
	bool found;

	make(s, &v, &g, 1000);
	assert_ok(s, grant_hasten(&s->db, &v, ID, NOW + 7, &s->e));
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_int_equal(due.at_ms, NOW + 7);
	g.life_ms = 0;
	assert_ok(s, grant_store(&s->db, &v, ID, &g, NOW, &s->e));
	assert_ok(s, grant_hasten(&s->db, &v, ID, NOW + 9, &s->e));
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_false(found);
	vault_close(&v);
}

/* As of a relay that took the task and died. */
static void what_was_asked_for_is_due_again_after_a_death(void **state)
{
	struct scene *s = *state;
	struct grant_due due;
	struct grant g, taken;
	struct vault v;
	bool found, kept;

	make(s, &v, &g, 1000);
	assert_ok(s, grant_reclaim(&s->db, &v, NOW, &s->e));
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_int_equal(due.at_ms, NOW + 800);
	assert_ok(s, grant_take(&s->db, &v, &due, NOW + 800, 60, &taken, &found, &s->e));
	assert_secret(s, &v, "refresh_asked_at", "1000800");
	assert_ok(s, grant_reclaim(&s->db, &v, NOW + 801, &s->e));
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_int_equal(due.at_ms, NOW + 801);
	/* An answer ends it, whatever it says. */
	assert_ok(s, grant_postpone(&s->db, &v, &due, NOW + 900, &s->e));
	assert_secret(s, &v, "refresh_asked_at", NULL);
	assert_ok(s, grant_take(&s->db, &v, &due, NOW + 900, 60, &taken, &found, &s->e));
	assert_secret(s, &v, "refresh_asked_at", "1000900");
	assert_ok(s, grant_renew(&s->db, &v, ID, &g.refresh_token, &g, NOW + 910, &kept,
				 &s->e));
	assert_true(kept);
	assert_secret(s, &v, "refresh_asked_at", NULL);
	vault_close(&v);
}

static void a_task_without_its_secrets_is_told(void **state)
{
	static const char *const fields[] = {"app_id", "app_secret", "refresh_token"};
	struct scene *s = *state;
	struct grant_due due;
	struct grant g, taken;
	struct vault v;
	bool found;

	make(s, &v, &g, 1000);
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		assert_ok(s, credential_erase_field(&s->db, ID, fields[i], &s->e));
		assert_int_equal(grant_take(&s->db, &v, &due, NOW + 800, 60, &taken,
					    &found, &s->e),
				 ERR_CORRUPT);
		assert_false(found);
		assert_ok(s, grant_store(&s->db, &v, ID, &g, NOW, &s->e));
	}
	vault_close(&v);
}

static void a_new_pair_is_for_the_old_one_only(void **state)
{
	static const struct {
		const char *used, *token, *refresh;
		bool kept;
	} rows[] = {
		{"another", "canary-token", "canary-refresh", false},
		{"canary-refres", "canary-token", "canary-refresh", false},
		{"canary-refresh", "new", "newer", true},
		{"canary-refresh", "new", "newer", false},
	};
	struct grant g, fresh = {.life_ms = 2000};
	struct scene *s = *state;
	struct grant_due due;
	struct secret used;
	struct vault v;
	bool kept;

	make(s, &v, &g, 1000);
	fill(&fresh.token, "new");
	fill(&fresh.refresh_token, "newer");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(&used, rows[i].used);
		assert_ok(s, grant_renew(&s->db, &v, ID, &used, &fresh, NOW + 900, &kept,
					 &s->e));
		assert_int_equal(kept, rows[i].kept);
		assert_secret(s, &v, "token", rows[i].token);
		assert_secret(s, &v, "refresh_token", rows[i].refresh);
	}
	assert_secret(s, &v, "app_secret", "canary-secret");
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &kept, &s->e));
	assert_int_equal(due.at_ms, NOW + 900 + 1600);
	vault_close(&v);
}

static void failures_are_tried_again_within_its_life(void **state)
{
	static const struct {
		int64_t now_ms, wait_ms;
	} rows[] = {
		{NOW + 80000000, 15 * 60 * 1000}, /* far from its end */
		{NOW + 99000000, 250000},         {NOW + 99999999, 1000},
		{NOW + 100000000, 60000}, /* over */
		{NOW + 200000000, 60000},
	};
	struct scene *s = *state;
	struct grant g;
	struct vault v;
	int64_t at_ms;

	make(s, &v, &g, 100000000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_ok(s,
			  grant_retry_ms(&s->db, &v, ID, rows[i].now_ms, &at_ms, &s->e));
		assert_int_equal(at_ms - rows[i].now_ms, rows[i].wait_ms);
	}
	vault_close(&v);
}

static void a_grant_taken_back_leaves_only_the_note(void **state)
{
	struct scene *s = *state;
	struct grant_due due;
	struct grant g, note;
	struct vault v;
	bool found, noted;

	make(s, &v, &g, 1000);
	assert_ok(s, revocation_note(&s->db, &v, ID, NOW, &noted, &s->e));
	assert_true(noted);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM credential"), 4);
	assert_int_equal(scene_int(s, "SELECT reason FROM destination"), 17);
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_int_equal(due.task, GRANT_REVOKE);
	assert_ok(s, revocation_read(&s->db, &v, ID, &note, &found, &s->e));
	assert_true(found);
	assert_int_equal(note.token.len, strlen("canary-token"));
	assert_string_equal(note.app_id, "app");
	/* Again: there is no grant, and the note is tried anew. */
	assert_ok(s, revocation_note(&s->db, &v, ID, NOW + 9, &noted, &s->e));
	assert_true(noted);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM credential"), 4);
	assert_secret(s, &v, "revoke_token", "canary-token");
	assert_ok(s, grant_next(&s->db, &v, NOW, &due, &found, &s->e));
	assert_int_equal(due.at_ms, NOW + 9);
	assert_ok(s, revocation_end(&s->db, ID, &s->e));
	assert_int_equal(scene_int(s, "SELECT count(*) FROM credential"), 0);
	vault_close(&v);
}

static void a_note_outlives_another_token_but_not_the_same(void **state)
{
	struct scene *s = *state;
	struct grant g, other;
	struct vault v;
	bool noted;

	make(s, &v, &g, 1000);
	other = g;
	fill(&other.token, "another-token");
	assert_ok(s, revocation_note(&s->db, &v, ID, NOW, &noted, &s->e));
	assert_ok(s, grant_store(&s->db, &v, ID, &other, NOW, &s->e));
	assert_ok(s, revocation_forgive(&s->db, &v, ID, &other.token, &s->e));
	assert_secret(s, &v, "token", "another-token");
	assert_secret(s, &v, "revoke_token", "canary-token");
	assert_ok(s, grant_store(&s->db, &v, ID, &g, NOW, &s->e));
	assert_ok(s, revocation_forgive(&s->db, &v, ID, &g.token, &s->e));
	assert_secret(s, &v, "revoke_token", NULL);
	assert_secret(s, &v, "revoke_at", NULL);
	vault_close(&v);
}

/* One that came when the destination had been disconnected already. */
static void a_stray_token_is_noted_where_there_is_none(void **state)
{
	struct scene *s = *state;
	struct grant g, stray;
	struct vault v;
	bool noted;

	make(s, &v, &g, 1000);
	stray = g;
	fill(&stray.token, "stray-token");
	assert_ok(s, revocation_of_stray(&s->db, &v, ID, &stray, NOW, &s->e));
	assert_secret(s, &v, "revoke_token", NULL);
	assert_ok(s, revocation_note(&s->db, &v, ID, NOW, &noted, &s->e));
	assert_ok(s, revocation_of_stray(&s->db, &v, ID, &stray, NOW, &s->e));
	assert_secret(s, &v, "revoke_token", "stray-token");
	assert_secret(s, &v, "revoke_app_id", "app");
	assert_secret(s, &v, "revoke_app_secret", "canary-secret");
	vault_close(&v);
}

static void a_new_key_opens_everything_and_the_old_one_nothing(void **state)
{
	struct scene *s = *state;
	struct vault before, after;
	struct grant g;
	int secrets;
	char path[128];

	make(s, &before, &g, 1000);
	assert_ok(s, rekey(&s->db, s->path, true, &secrets, &s->e));
	assert_int_equal(secrets, 6);
	assert_secret(s, &before, "token", "canary-token");
	assert_ok(s, rekey(&s->db, s->path, false, &secrets, &s->e));
	assert_int_equal(secrets, 6);
	snprintf(path, sizeof(path), "%s.key.new", s->path);
	assert_int_equal(access(path, F_OK), -1);
	assert_ok(s, vault_open(&after, s->path, &s->e));
	assert_memory_not_equal(before.id, after.id, sizeof(before.id));
	assert_secret(s, &after, "token", "canary-token");
	assert_secret(s, &after, "app_secret", "canary-secret");
	/* A relay that holds the old key finds the new one. */
	assert_secret(s, &before, "token", "canary-token");
	vault_close(&before);
	vault_close(&after);
}

/* Between commit and rename KEY is old and KEY.new is the one that counts; before the commit
 * KEY.new is nothing. */
enum { KEY_PATH = 140 };

/* A rotation that died there; fills the name of the key that it left. */
static void cut_off_before_the_rename(struct scene *s, char new[KEY_PATH])
{
	char key[KEY_PATH - 12], old[KEY_PATH];
	int secrets;

	snprintf(key, sizeof(key), "%s.key", s->path);
	snprintf(old, sizeof(old), "%s.old", key);
	snprintf(new, KEY_PATH, "%s.new", key);
	assert_int_equal(link(key, old), 0);
	assert_ok(s, rekey(&s->db, s->path, false, &secrets, &s->e));
	assert_int_equal(rename(key, new), 0);
	assert_int_equal(rename(old, key), 0);
}

static void a_change_that_was_cut_off_is_ended_by_the_next(void **state)
{
	struct scene *s = *state;
	struct vault before, fresh, open;
	struct grant g;
	char new[KEY_PATH];

	make(s, &before, &g, 0);
	/* cut off before the commit */
	assert_ok(s, vault_make_new(&before, &fresh, &s->e));
	assert_ok(s, rekey_open(&s->db, s->path, &open, &s->e));
	assert_memory_equal(open.id, before.id, sizeof(open.id));
	vault_close(&open);
	cut_off_before_the_rename(s, new);
	assert_ok(s, vault_open(&open, s->path, &s->e));
	assert_memory_equal(open.id, before.id, sizeof(open.id));
	assert_secret(s, &open, "token", "canary-token");
	vault_close(&open);
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, rekey_open(&s->db, s->path, &open, &s->e));
	db_rollback(&s->db);
	assert_memory_not_equal(open.id, before.id, sizeof(open.id));
	assert_int_equal(access(new, F_OK), -1);
	assert_secret(s, &open, "token", "canary-token");
	vault_close(&open);
	vault_close(&before);
	vault_close(&fresh);
}

/* Cut off before the rename; KEY.new could not be read for a while, and was taken for lost. */
static void a_new_key_is_kept_while_it_opens_something(void **state)
{
	char new[KEY_PATH];
	struct scene *s = *state;
	struct vault v, open;
	struct secret hand;
	struct grant g;
	int secrets;

	make(s, &v, &g, 1000);
	vault_close(&v);
	cut_off_before_the_rename(s, new);
	assert_int_equal(chmod(new, 0644), 0);
	fill(&hand, "by-hand");
	assert_ok(s, vault_open(&open, s->path, &s->e));
	assert_ok(s, db_begin(&s->db, &s->e));
	assert_ok(s, rekey_adopt(&s->db, &open, &s->e));
	assert_ok(s, credential_set(&s->db, &open, ID, "by_hand", &hand, &s->e));
	assert_ok(s, db_commit(&s->db, &s->e));
	vault_close(&open);
	assert_int_equal(rekey(&s->db, s->path, false, &secrets, &s->e), ERR_CONFIG);
	assert_int_equal(access(new, F_OK), 0);
	assert_int_equal(chmod(new, 0600), 0);
	assert_ok(s, rekey(&s->db, s->path, false, &secrets, &s->e));
	assert_ok(s, vault_open(&open, s->path, &s->e));
	assert_secret(s, &open, "token", "canary-token");
	assert_secret(s, &open, "by_hand", "by-hand");
	vault_close(&open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_token_for_ever_is_never_due),
		T(one_takes_it_at_80_percent_and_nobody_else),
		T(one_that_a_wrong_clock_put_off_is_due),
		T(a_refused_token_hastens_its_refresh_and_makes_none),
		T(what_was_asked_for_is_due_again_after_a_death),
		T(a_task_without_its_secrets_is_told),
		T(a_new_pair_is_for_the_old_one_only),
		T(failures_are_tried_again_within_its_life),
		T(a_grant_taken_back_leaves_only_the_note),
		T(a_new_key_opens_everything_and_the_old_one_nothing),
		T(a_note_outlives_another_token_but_not_the_same),
		T(a_stray_token_is_noted_where_there_is_none),
		T(a_change_that_was_cut_off_is_ended_by_the_next),
		T(a_new_key_is_kept_while_it_opens_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
