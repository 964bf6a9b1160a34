/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/csv.h"

/* A record, and its fields with '|' between them; or why it is none. */
static const struct {
	char separator;
	const char *record, *fields, *wrong;
} records[] = {
	{',', "", "", NULL},
	{',', "a", "a", NULL},
	{',', "a,b,c", "a|b|c", NULL},
	{',', ",", "|", NULL},
	{',', "a,,", "a||", NULL},
	{',', " a , b ", " a | b ", NULL},
	{',', "a;b,c", "a;b|c", NULL},
	{';', "a;b,c", "a|b,c", NULL},
	{'\t', "a\tb c", "a|b c", NULL},
	{',', "\"a,b\",c", "a,b|c", NULL},
	{',', "\"\",x", "|x", NULL},
	{',', "x,\"\"", "x|", NULL},
	{',', "\"say \"\"hi\"\"\",1", "say \"hi\"|1", NULL},
	{',', "\"\"\"\"", "\"", NULL},
	{',', "\"two\nlines\",x", "two\nlines|x", NULL},
	{',', "5\" disk,x", "5\" disk|x", NULL},
	{',', "\"a", NULL, "a quote is not closed"},
	{',', "x,\"", NULL, "a quote is not closed"},
	{',', "\"a\"\"", NULL, "a quote is not closed"},
	{',', "\"a\"b,c", NULL, "there is text behind a closing quote"},
	{',', "\"a\" ,c", NULL, "there is text behind a closing quote"},
};

static void test_split(void **state)
{
	struct csv csv;
	struct buf shown;

	(void)state;
	csv_init(&csv);
	buf_init(&shown, 1000);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		const char *wrong;

		csv.separator = records[i].separator;
		wrong = csv_split(&csv, str_of(records[i].record));
		if (records[i].wrong) {
			assert_non_null(wrong);
			assert_string_equal(wrong, records[i].wrong);
			continue;
		}
		assert_null(wrong);
		buf_clear(&shown);
		for (size_t k = 0; k < csv.count; k++) {
			if (k > 0)
				buf_addc(&shown, '|');
			buf_adds(&shown, csv_field(&csv, k));
		}
		assert_string_equal(buf_z(&shown), records[i].fields);
	}
	buf_fini(&shown);
	csv_fini(&csv);
}

static void test_too_many_fields(void **state)
{
	char record[CSV_FIELDS_MAX + 1];
	struct csv csv;

	(void)state;
	memset(record, ',', sizeof(record));
	csv_init(&csv);
	assert_null(csv_split(&csv, str_make(record, CSV_FIELDS_MAX - 1)));
	assert_int_equal(csv.count, CSV_FIELDS_MAX);
	assert_string_equal(csv_split(&csv, str_make(record, CSV_FIELDS_MAX)),
			    "it has more than 512 fields");
	csv_fini(&csv);
}

static void test_separator(void **state)
{
	(void)state;
	assert_int_equal(csv_separator(STR("event")), ',');
	assert_int_equal(csv_separator(STR("event,value")), ',');
	assert_int_equal(csv_separator(STR("event;event_id;a,b")), ';');
	assert_int_equal(csv_separator(STR("event\tvalue")), '\t');
}

/* Whether a record goes on behind a line: what is open then is a quote, in the same fields
 * that csv_split finds. */
static const struct {
	const char *line;
	bool before, after;
} lines[] = {
	{"a,b", false, false},
	{"a,\"b", false, true},
	{"a,\"b\"", false, false},
	{"a,\"b\"\"", false, true},
	{"5\" disk,x", false, false},
	{"\"", false, true},
	{"", true, true},
	{"x,y", true, true},
	{"x\",y", true, false},
	{"x\",\"y", true, true},
	{"x\"\",y", true, true},
	{"\"", true, false},
};

static void test_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(csv_is_open(',', str_of(lines[i].line), lines[i].before),
				 lines[i].after);
}

/* Every text of up to eight of these bytes: a record that is held to be whole has no open
 * quote, and one that is not cannot be taken apart. */
static void test_whole_records(void **state)
{
	static const char bytes[] = {'a', '"', ',', '\n'};
	struct csv csv;

	(void)state;
	csv_init(&csv);
	for (uint32_t n = 0; n < 1u << 16; n++) {
		char text[8];
		size_t begin = 0, line = 0;
		bool open = false;

		for (size_t i = 0; i < sizeof(text); i++) {
			const char *wrong;

			text[i] = bytes[n >> (2 * i) & 3];
			if (text[i] != '\n' && i + 1 < sizeof(text))
				continue;
			open = csv_is_open(
				',', str_make(text + line, i + (text[i] != '\n') - line),
				open);
			line = i + 1;
			wrong = csv_split(&csv, str_make(text + begin,
							 i + (text[i] != '\n') - begin));
			if (open) {
				assert_non_null(wrong);
				continue;
			}
			assert_true(!wrong ||
				    strcmp(wrong, "a quote is not closed") != 0);
			begin = i + 1;
		}
	}
	csv_fini(&csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_separator),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_whole_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
