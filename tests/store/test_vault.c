/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/credential.h"

static void key_path(const struct scene *s, char *out, size_t cap)
{
	snprintf(out, cap, "%s.key", s->path);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	assert_int_equal(chmod(path, mode), 0);
}

static void open_vault(struct scene *s, struct vault *v)
{
	bool created;

	assert_ok(s, vault_create(s->path, &created, &s->e));
	assert_ok(s, vault_open(v, s->path, &s->e));
}

static void fill(struct secret *secret, const char *text)
{
	secret->len = strlen(text);
	memcpy(secret->bytes, text, secret->len);
}

static void makes_a_key_of_its_own_and_keeps_it(void **state)
{
	struct scene *s = *state;
	struct vault first, again;
	struct stat st;
	bool created;
	char path[128];

	assert_ok(s, vault_create(s->path, &created, &s->e));
	assert_true(created);
	key_path(s, path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 65);
	assert_ok(s, vault_open(&first, s->path, &s->e));
	assert_ok(s, vault_create(s->path, &created, &s->e));
	assert_false(created);
	assert_ok(s, vault_open(&again, s->path, &s->e));
	assert_memory_equal(first.key, again.key, sizeof(first.key));
	vault_close(&first);
	for (size_t i = 0; i < sizeof(first); i++)
		assert_int_equal(((unsigned char *)&first)[i], 0);
	vault_close(&again);
}

static void refuses_key_files_that_are_none_or_not_private(void **state)
{
	static const char good[] =
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F\n";
	static const struct {
		const char *text;
		mode_t mode;
		enum err_code code;
	} rows[] = {
		{good, 0600, ERR_OK},
		{good, 0400, ERR_OK},
		{good, 0640, ERR_PERM},
		{good, 0604, ERR_PERM},
		{good, 0610, ERR_PERM},
		{"", 0600, ERR_DATA},
		{"00\n", 0600, ERR_DATA},
		{"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
		 0600, ERR_DATA},
		{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n\n",
		 0600, ERR_DATA},
	};
	struct scene *s = *state;
	struct vault v;
	char path[128];

	key_path(s, path, sizeof(path));
	assert_int_equal(vault_open(&v, s->path, &s->e), ERR_NOINPUT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unlink(path);
		write_file(path, rows[i].text, rows[i].mode);
		assert_int_equal(vault_open(&v, s->path, &s->e), rows[i].code);
		vault_close(&v);
	}
}

static void takes_systemds_credential_and_never_makes_one(void **state)
{
	struct scene *s = *state;
	struct vault v;
	bool created;
	char path[128];

	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", s->folder, 1), 0);
	assert_ok(s, vault_create(s->path, &created, &s->e));
	assert_false(created);
	assert_int_equal(vault_open(&v, s->path, &s->e), ERR_NOINPUT);
	snprintf(path, sizeof(path), "%s/convey.key", s->folder);
	write_file(path,
		   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
		   0400);
	assert_ok(s, vault_open(&v, s->path, &s->e));
	assert_int_equal(v.key[31], 0x1f);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void opens_only_what_was_sealed_where_it_was_sealed(void **state)
{
	static const struct {
		struct vault_place place;
		enum err_code code;
	} rows[] = {
		{{"credential", "token", 7}, ERR_OK},
		{{"credential", "token", 8}, ERR_CORRUPT},
		{{"credential", "app_secret", 7}, ERR_CORRUPT},
		{{"other", "token", 7}, ERR_CORRUPT},
	};
	struct secret in = {{0}, 0}, out;
	struct scene *s = *state;
	struct vault v;
	struct buf sealed;

	open_vault(s, &v);
	fill(&in, "canary-4711");
	buf_init(&sealed, VAULT_SEALED_MAX);
	assert_ok(s, vault_seal(&v, &rows[0].place, &in, &sealed, &s->e));
	assert_int_equal(sealed.len, 1 + 4 + 12 + in.len + 16);
	assert_int_equal(sealed.p[0], 1);
	assert_memory_equal(sealed.p + 1, v.id, 4);
	assert_null(memmem(sealed.p, sealed.len, "canary", 6));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			vault_unseal(&v, &rows[i].place, buf_str(&sealed), &out, &s->e),
			rows[i].code);
		assert_int_equal(out.len, rows[i].code ? 0 : in.len);
		if (!rows[i].code)
			assert_memory_equal(out.bytes, in.bytes, in.len);
		assert_null(strstr(s->e.msg, "canary"));
	}
	buf_fini(&sealed);
}

static void refuses_any_flipped_bit_and_any_other_length(void **state)
{
	const struct vault_place place = {"credential", "token", 1};
	struct secret in = {{0}, 0}, out;
	struct scene *s = *state;
	struct vault v;
	struct buf sealed;

	open_vault(s, &v);
	fill(&in, "abc");
	buf_init(&sealed, VAULT_SEALED_MAX);
	assert_ok(s, vault_seal(&v, &place, &in, &sealed, &s->e));
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		sealed.p[bit / 8] = (char)(sealed.p[bit / 8] ^ (1 << (bit % 8)));
		assert_int_not_equal(
			vault_unseal(&v, &place, buf_str(&sealed), &out, &s->e), ERR_OK);
		sealed.p[bit / 8] = (char)(sealed.p[bit / 8] ^ (1 << (bit % 8)));
	}
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_equal(
			vault_unseal(&v, &place, str_make(sealed.p, len), &out, &s->e),
			ERR_CORRUPT);
	assert_ok(s, vault_unseal(&v, &place, buf_str(&sealed), &out, &s->e));
	buf_fini(&sealed);
}

static void keeps_and_erases_credentials(void **state)
{
	struct secret in = {{0}, 0}, out;
	int sealed, opened;
	struct scene *s = *state;
	struct vault v;
	bool found;

	open_vault(s, &v);
	assert_ok(s, credential_get(&s->db, &v, 1, "token", &out, &found, &s->e));
	assert_false(found);
	fill(&in, "first");
	assert_ok(s, credential_set(&s->db, &v, 1, "token", &in, &s->e));
	fill(&in, "second");
	assert_ok(s, credential_set(&s->db, &v, 1, "token", &in, &s->e));
	assert_ok(s, credential_get(&s->db, &v, 1, "token", &out, &found, &s->e));
	assert_true(found);
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.bytes, "second", 6);
	scene_exec(
		s,
		"INSERT INTO credential SELECT 2, field, sealed, set_at FROM credential");
	assert_ok(s, credential_check(&s->db, &v, &sealed, &opened, &s->e));
	assert_int_equal(sealed, 2);
	assert_int_equal(opened, 1); /* rows swapped: refused */
	assert_ok(s, credential_erase(&s->db, 1, &s->e));
	assert_int_equal(scene_int(s, "SELECT count(*) FROM credential"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(makes_a_key_of_its_own_and_keeps_it),
		T(refuses_key_files_that_are_none_or_not_private),
		T(takes_systemds_credential_and_never_makes_one),
		T(opens_only_what_was_sealed_where_it_was_sealed),
		T(refuses_any_flipped_bit_and_any_other_length),
		T(keeps_and_erases_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
