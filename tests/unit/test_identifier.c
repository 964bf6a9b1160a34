/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/identifier.h"

struct fixture {
	struct digest digest;
	struct scratch scratch;
	struct identifier_reader reader;
};

static int setup(void **state)
{
	static struct fixture f;

	digest_init(&f.digest);
	scratch_init(&f.scratch);
	f.reader = (struct identifier_reader){&f.digest, &f.scratch.text, &f.scratch.more,
					      "DE"};
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	digest_fini(&f->digest);
	scratch_fini(&f->scratch);
	return 0;
}

static uint64_t node_of(struct fixture *f, enum identity_kind kind, const char *value)
{
	struct identifiers ids = {.count = 0};

	identifiers_add(&ids, kind, str_of(value), &f->reader);
	return ids.count ? ids.id[0].node : 0;
}

#define HASH_OF_ANN "4e0b8ea5d2e9c6b3b1d4a9f0b8f3a7c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6"

static void test_one_number_however_it_is_written(void **state)
{
	static const struct {
		enum identity_kind kind;
		const char *one, *other;
		bool same;
	} rows[] = {
		{IDENTITY_EMAIL, "ann@shop.example", " Ann@Shop.Example ", true},
		{IDENTITY_EMAIL, "ann@shop.example", "bob@shop.example", false},
		{IDENTITY_EMAIL, HASH_OF_ANN, " " HASH_OF_ANN, true},
		{IDENTITY_PHONE, "+4930123456", "030 123456", true},
		{IDENTITY_PHONE, "+4930123456", "+4930123457", false},
		{IDENTITY_EXTERNAL_ID, "A-1", " A-1 ", true},
		{IDENTITY_EXTERNAL_ID, "A-1", "a-1", false},
		{IDENTITY_DEVICE, "AB12-CD", "ab12-cd", true},
		{IDENTITY_EXTERNAL_ID, "4711", " 4711.0", true},
		{IDENTITY_EXTERNAL_ID, "4711", "4711.00", false},
		{IDENTITY_SESSION, "S1", "s1", false},
		{IDENTITY_SESSION, "4711.0", "4711", true},
		{IDENTITY_TTP, "t", "t ", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t one = node_of(*state, rows[i].kind, rows[i].one);
		uint64_t other = node_of(*state, rows[i].kind, rows[i].other);

		if (!one || !other || (one == other) != rows[i].same ||
		    identifier_kind(one) != rows[i].kind)
			fail_msg("row %zu", i);
	}
}

static void test_plain_and_hashed_are_one(void **state)
{
	struct fixture *f = *state;
	char hex[DIGEST_HEX_LEN + 1] = {0};

	digest_hex(&f->digest, STR("ann@shop.example"), hex);
	assert_true(node_of(f, IDENTITY_EMAIL, hex) ==
		    node_of(f, IDENTITY_EMAIL, "ann@shop.example"));
	hex[0] = ascii_upper(hex[0]);
	assert_true(node_of(f, IDENTITY_EMAIL, hex) ==
		    node_of(f, IDENTITY_EMAIL, "ann@shop.example"));
	/* A session is never a hash of one. */
	digest_hex(&f->digest, STR("s1"), hex);
	assert_true(node_of(f, IDENTITY_SESSION, hex) !=
		    node_of(f, IDENTITY_SESSION, "s1"));
}

static void test_kinds_never_meet(void **state)
{
	for (int a = IDENTITY_EXTERNAL_ID; a < IDENTITY_KIND_END; a++)
		for (int b = a + 1; b < IDENTITY_KIND_END; b++)
			assert_true(node_of(*state, (enum identity_kind)a, HASH_OF_ANN) !=
				    node_of(*state, (enum identity_kind)b, HASH_OF_ANN));
}

static void test_nobody(void **state)
{
	static const struct {
		enum identity_kind kind;
		const char *value;
	} rows[] = {{IDENTITY_EMAIL, ""},
		    {IDENTITY_EMAIL, "  "},
		    {IDENTITY_EMAIL, "no address"},
		    {IDENTITY_EMAIL, "test@example.com"},
		    {IDENTITY_PHONE, "12"},
		    {IDENTITY_EXTERNAL_ID, "guest"},
		    {IDENTITY_EXTERNAL_ID, "(null)"},
		    {IDENTITY_SESSION, "undefined"},
		    {IDENTITY_EXTERNAL_ID, "0.0"},
		    {IDENTITY_DEVICE, "00000000-0000"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (node_of(*state, rows[i].kind, rows[i].value) != 0)
			fail_msg("row %zu", i);
}

static void test_placeholders_are_kept_apart(void **state)
{
	struct fixture *f = *state;
	struct identifiers ids;

	identifiers_clear(&ids);
	identifiers_add(&ids, IDENTITY_EMAIL, STR("Test@Example.com"), &f->reader);
	identifiers_add(&ids, IDENTITY_EMAIL, STR("ann@shop.example"), &f->reader);
	identifiers_add(&ids, IDENTITY_PHONE, STR("12"), &f->reader);
	assert_int_equal(ids.count, 1);
	assert_int_equal(ids.placeholders, 1);
	/* that of its SHA-256, 973dfe46... */
	assert_true(ids.placeholder[0] >> 32 == 0x973dfe46);
	for (int i = 0; i < 2 * PLACEHOLDERS_MAX; i++)
		identifiers_add(&ids, IDENTITY_SESSION, STR("undefined"), &f->reader);
	assert_int_equal(ids.placeholders, PLACEHOLDERS_MAX);
}

static size_t read_payload(struct fixture *f, const char *payload,
			   struct identifiers *ids, size_t *told)
{
	static struct outbox_row row;
	struct conversion c;

	row = (struct outbox_row){.event = STR("x"), .payload = str_of(payload)};
	assert_int_equal(conversion_read(&c, &row, &f->scratch), REASON_NONE);
	identifiers_of_conversion(&c, &f->reader, ids);
	*told = conversion_identifiers(&c);
	return ids->count;
}

static void test_conversions(void **state)
{
	static const struct {
		const char *payload;
		size_t count, told;
	} rows[] = {
		{"{}", 0, 0},
		{"{\"session_id\":\"s\"}", 1, 1},
		{"{\"session_id\":\"s\",\"user\":{\"email\":\"a@b.example\"}}", 2, 2},
		{"{\"user\":{\"email\":[\"a@b.example\",\"A@b.example\",null,\"c@d."
		 "example\"]}}",
		 2, 2},
		{"{\"user\":{\"external_id\":42,\"ip\":\"192.0.2.1\",\"ttclid\":\"c\"}}",
		 1, 1},
		{"{\"user\":{\"idfa\":\"AA-1\",\"idfv\":\"BB-1\",\"gaid\":\"aa-1\"}}", 2,
		 3},
		{"{\"user\":{\"email\":null,\"phone\":\"\"}}", 0, 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct identifiers ids;
		size_t told, count = read_payload(*state, rows[i].payload, &ids, &told);

		if (count != rows[i].count || told != rows[i].told)
			fail_msg("row %zu: %zu of %zu", i, count, told);
	}
}

static void test_the_strongest_is_first_and_the_own_country_counts(void **state)
{
	struct fixture *f = *state;
	struct identifiers ids;
	size_t told;

	assert_int_equal(
		read_payload(f,
			     "{\"session_id\":\"s\",\"user\":{\"ttp\":\"t\",\"phone\":"
			     "\"020 7946 0958\",\"country\":\"gb\",\"email\":"
			     "\"a@b.example\",\"external_id\":\"x\"}}",
			     &ids, &told),
		5);
	for (size_t i = 1; i < ids.count; i++)
		assert_true(identifier_kind(ids.id[i - 1].node) <
			    identifier_kind(ids.id[i].node));
	assert_true(ids.id[2].node == node_of(f, IDENTITY_PHONE, "+442079460958"));
}

static void test_what_is_no_country_leaves_the_default_one(void **state)
{
	static const char *const countries[] = {"N/A",  "XX",   "T1",
						"k.A.", "E.U.", "(no)"};
	struct fixture *f = *state;
	struct identifiers ids;
	char payload[128];
	size_t told;

	for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
		snprintf(payload, sizeof(payload),
			 "{\"user\":{\"phone\":\"0811 234567\",\"country\":\"%s\"}}",
			 countries[i]);
		assert_int_equal(read_payload(f, payload, &ids, &told), 1);
		assert_true(ids.id[0].node == node_of(f, IDENTITY_PHONE, "+49811234567"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_number_however_it_is_written),
		cmocka_unit_test(test_plain_and_hashed_are_one),
		cmocka_unit_test(test_kinds_never_meet),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_placeholders_are_kept_apart),
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_the_strongest_is_first_and_the_own_country_counts),
		cmocka_unit_test(test_what_is_no_country_leaves_the_default_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
