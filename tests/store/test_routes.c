/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include "store/destination.h"
#include "store/routes.h"
#include "store/setting.h"

static const struct destination_setting web[] = {{"source", "web"}, {"id", "C4ABC"}};

static void add_destinations(struct scene *s)
{
	assert_ok(s, destination_add(&s->db, "a", web, 2, &s->e));
	assert_ok(s, destination_add(&s->db, "b", web, 2, &s->e));
}

static const struct {
	const char *targets, *stored; /* stored NULL: refused */
	enum err_code code;
} targets[] = {
	{"a", "a", ERR_OK},
	{" b , a ", "b,a", ERR_OK},
	{"drop", "drop", ERR_OK},
	{" DROP ", "drop", ERR_OK},
	{"", NULL, ERR_USAGE},
	{"a,", "a", ERR_OK},
	{",a", NULL, ERR_NOINPUT},
	{"a,c", NULL, ERR_NOINPUT},
	{"A", NULL, ERR_NOINPUT},
	{"drop,a", NULL, ERR_USAGE},
	{"0123456789012345678901234567890123456789012345678901234567890123456789", NULL,
	 ERR_NOINPUT},
};

static void test_targets(void **state)
{
	struct scene *s = *state;
	struct rows rows;
	int64_t id;
	bool row;

	add_destinations(s);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct route_text text = {.targets = str_of(targets[i].targets)};

		assert_ok(s, routes_clear(&s->db, &s->e));
		assert_int_equal(routes_add(&s->db, &text, &id, &s->e), targets[i].code);
		assert_ok(s, routes_rows(&s->db, &rows, &s->e));
		assert_ok(s, rows_next(&rows, &row, &s->e));
		assert_int_equal(row, targets[i].stored != NULL);
		if (row)
			assert_true(
				str_eq(rows_text(&rows, 2), str_of(targets[i].stored)));
		rows_close(&rows);
	}
}

static void add(struct scene *s, const struct route_text *text)
{
	int64_t id;

	assert_ok(s, routes_add(&s->db, text, &id, &s->e));
}

static void test_load(void **state)
{
	struct scene *s = *state;
	struct routes routes;
	int32_t a;

	add_destinations(s);
	add(s, &(struct route_text){.targets = STR("a,b"),
				    .priority = 2,
				    .event = STR(" purch* "),
				    .min_value = STR("1.50"),
				    .country = STR("de"),
				    .currency = STR("eur"),
				    .has = STR("email"),
				    .sample = STR("25"),
				    .consent = STR("ad_storage=denied")});
	add(s, &(struct route_text){.targets = STR("drop"), .priority = 1});
	assert_ok(s, destination_find(&s->db, "a", &a, &s->e));
	assert_ok(s, destination_remove(&s->db, a, &s->e));
	assert_ok(s, routes_load(&s->db, &routes, &s->e));
	assert_int_equal(routes.count, 2);
	assert_int_equal(routes.list[0].id, 2);
	assert_int_equal(routes.list[0].target_count, 0);
	assert_int_equal(routes.list[1].target_count, 2);
	assert_int_equal(routes.list[1].targets[0], 0); /* removed */
	assert_int_equal(routes.list[1].targets[1], 2);
	assert_true(str_eq(routes.list[1].event, STR("purch*")));
	assert_true(str_eq(routes.list[1].min_value, STR("1.50")));
	assert_string_equal(routes.list[1].country, "DE");
	assert_string_equal(routes.list[1].currency, "EUR");
	assert_int_equal(routes.list[1].has, ROUTE_EMAIL);
	assert_int_equal(routes.list[1].signals, ROUTE_AD_STORAGE);
	assert_int_equal(routes.list[1].left_out, ROUTE_PARTS / 4 * 3);
	routes_free(&routes);
}

static void test_a_row_that_cannot_be_read(void **state)
{
	struct scene *s = *state;
	struct routes routes;

	scene_exec(s, "INSERT INTO route (targets, country) VALUES ('drop', 'DE'), "
		      "('drop', 'Germany')");
	assert_int_equal(routes_load(&s->db, &routes, &s->e), ERR_CONFIG);
	assert_non_null(strstr(s->e.msg, "route 2"));
	assert_null(routes.list);
}

static void test_changes_reach_the_relay(void **state)
{
	struct scene *s = *state;
	int64_t before, after, id;
	struct route_text drop = {.targets = STR("drop")};

	assert_ok(s, setting_int(&s->db, "config_version", 0, &before, &s->e));
	assert_ok(s, routes_add(&s->db, &drop, &id, &s->e));
	assert_ok(s, setting_int(&s->db, "config_version", 0, &after, &s->e));
	assert_true(after > before);
	assert_ok(s, routes_remove(&s->db, id, &s->e));
	assert_ok(s, setting_int(&s->db, "config_version", 0, &before, &s->e));
	assert_true(before > after);
	assert_int_equal(routes_remove(&s->db, id, &s->e), ERR_NOINPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_targets),
		T(test_load),
		T(test_a_row_that_cannot_be_read),
		T(test_changes_reach_the_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
