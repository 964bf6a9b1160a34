/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/field.h"
#include "core/json.h"

static struct buf text;
static struct json schema;

static uint32_t member(uint32_t object, struct str key)
{
	uint32_t at = json_find(&schema, object, key);

	if (at == JSON_NONE)
		fail_msg("no member '%.*s'", STR_ARG(key));
	return at;
}

/* Every property of the object is one that the reader knows, has a description and,
 * where it holds no others, an example. Returns how many there are, in it and below. */
static size_t check_properties(uint32_t object, enum field parent)
{
	uint32_t all = member(object, STR("properties"));
	size_t count = 0;

	for (uint32_t at = all + 1; at < schema.t[all].next; at = schema.t[at + 1].next) {
		struct str name = json_bytes(&schema, at);
		enum field field = field_of(parent, name);
		uint32_t text_at = json_find(&schema, at + 1, STR("description"));

		count++;
		if (field == FIELD_NONE)
			fail_msg("the reader does not know '%.*s'", STR_ARG(name));
		if (text_at == JSON_NONE || json_bytes(&schema, text_at).len < 5)
			fail_msg("'%.*s' has no description", STR_ARG(name));
		if (json_find(&schema, at + 1, STR("properties")) != JSON_NONE)
			count += check_properties(at + 1, field);
		else if (json_find(&schema, at + 1, STR("examples")) == JSON_NONE)
			fail_msg("'%.*s' has no example", STR_ARG(name));
	}
	return count;
}

static void describes_what_the_reader_knows(void **state)
{
	uint32_t content = member(member(0, STR("$defs")), STR("content"));
	size_t count = check_properties(0, FIELD_NONE);

	(void)state;
	count += check_properties(content, FIELD_CONTENTS);
	/* FIELD_NONE is none; no name stands in two places. */
	assert_int_equal(count, FIELD_COUNT - 1);
}

static void says_what_it_is(void **state)
{
	struct str dialect = json_bytes(&schema, member(0, STR("$schema")));

	(void)state;
	assert_true(str_eq(dialect, STR("https://json-schema.org/draft/2020-12/schema")));
	assert_true(json_bytes(&schema, member(0, STR("title"))).len > 0);
	assert_true(schema.t[member(0, STR("examples"))].type == TOKEN_ARRAY);
}

static int open_schema(void **state)
{
	FILE *f = fopen(SCHEMA_FILE, "r");
	char part[4096];
	size_t len;

	(void)state;
	if (!f)
		return -1;
	buf_init(&text, 1u << 20);
	while ((len = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&text, part, len);
	fclose(f);
	json_init(&schema);
	return json_scan(&schema, buf_str(&text)) == JSON_OK ? 0 : -1;
}

static int close_schema(void **state)
{
	(void)state;
	json_fini(&schema);
	buf_fini(&text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_what_the_reader_knows),
		cmocka_unit_test(says_what_it_is),
	};

	return cmocka_run_group_tests(tests, open_schema, close_schema);
}
