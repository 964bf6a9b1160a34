/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <stdio.h>

#include "core/event_map.h"
#include "store/destination.h"
#include "store/map.h"

static const struct destination_setting web[] = {{"source", "web"}, {"id", "C4ABC"}};

static void add(struct scene *s, const char *name)
{
	assert_ok(s, destination_add(&s->db, name, web, 2, &s->e));
}

static const struct {
	const char *name, *value;
	enum err_code code;
} settings[] = {
	{"source", "crm", ERR_OK},
	{"source", "we", ERR_USAGE},
	{"source", "web|app", ERR_USAGE},
	{"source", "", ERR_USAGE},
	{"id", "", ERR_OK}, /* none yet */
	{"id", "7123456789012345678", ERR_OK},
	{"id", "a b", ERR_USAGE},
	{"timezone", "America/New_York", ERR_OK},
	{"timezone", "Mars/Olympus", ERR_USAGE},
	{"timezone", "", ERR_USAGE},
	{"pii", "none", ERR_OK},
	{"pii", "plain", ERR_USAGE},
	{"deliver", "only-won", ERR_OK},
	{"deliver", "won", ERR_USAGE},
	{"model", "time_decay", ERR_OK},
	{"model", "best", ERR_USAGE},
	{"click-window", "0", ERR_OK},
	{"click-window", "-1", ERR_USAGE},
	{"click-window", "7d", ERR_USAGE},
	{"view-window", "366", ERR_USAGE},
	{"default-country", "de", ERR_OK},
	{"default-country", "DEU", ERR_USAGE},
	{"default-country", "4x", ERR_USAGE},
	{"default-url", "https://shop.example/", ERR_OK},
	{"default-url", "", ERR_OK},
	{"default-url", "shop.example", ERR_USAGE},
	{"default-url", "https://shop.example/a b", ERR_USAGE},
	{"test-event-code", "TEST123", ERR_OK},
	{"test-event-code", "a\nb", ERR_USAGE},
	{"batch", "1", ERR_OK},
	{"batch", "1000", ERR_OK},
	{"batch", "0", ERR_USAGE},
	{"batch", "1001", ERR_USAGE},
	{"requests-per-second", "2.5", ERR_OK},
	{"requests-per-second", "0", ERR_OK},
	{"requests-per-second", "-1", ERR_USAGE},
	{"requests-per-second", "0x2", ERR_USAGE},
	{"requests-per-second", " 5", ERR_USAGE},
	{"requests-per-second", "inf", ERR_USAGE},
	{"requests-per-second", "", ERR_USAGE},
	{"consent-strict", "1", ERR_OK},
	{"consent-strict", "2", ERR_USAGE},
	{"colour", "red", ERR_USAGE},
};

static void checks_every_setting(void **state)
{
	struct scene *s = *state;
	int32_t id;

	add(s, "shop");
	assert_ok(s, destination_find(&s->db, "shop", &id, &s->e));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		struct destination_setting one = {settings[i].name, settings[i].value};
		enum err_code code = destination_set(&s->db, id, &one, 1, &s->e);

		if (code != settings[i].code)
			fail_msg("%s=%s: %s", one.name, one.value, s->e.msg);
	}
	assert_int_equal(
		scene_int(s, "SELECT count(*) FROM destination WHERE source = 'crm' "
			     "AND pixel_id = '7123456789012345678' AND pii = 'none' "
			     "AND default_country = 'DE' AND default_url = '' "
			     "AND batch = 1000 AND typeof(batch) = 'integer' "
			     "AND requests_per_second = 0.0 AND consent_strict = 1"),
		1);
}

static void keeps_a_country_by_its_iso_code(void **state)
{
	static const struct {
		const char *given, *kept;
	} rows[] = {
		{"uk", "SELECT default_country = 'GB' FROM destination"},
		{"EL", "SELECT default_country = 'GR' FROM destination"},
		{"xk", "SELECT default_country = 'XK' FROM destination"},
		{"", "SELECT default_country = '' FROM destination"},
	};
	struct scene *s = *state;
	int32_t id;

	add(s, "shop");
	assert_ok(s, destination_find(&s->db, "shop", &id, &s->e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct destination_setting one = {"default-country", rows[i].given};

		assert_ok(s, destination_set(&s->db, id, &one, 1, &s->e));
		if (scene_int(s, rows[i].kept) != 1)
			fail_msg("%s", rows[i].given);
	}
}

static void names_are_checked(void **state)
{
	static const struct {
		const char *name;
		enum err_code code;
	} rows[] = {
		{"shop", ERR_OK},
		{"shop", ERR_DATA},
		{"a_b-9", ERR_OK},
		{"", ERR_USAGE},
		{"Shop", ERR_USAGE},
		{"-x", ERR_USAGE},
		{"a b", ERR_USAGE},
		{"a/b", ERR_USAGE},
		{"drop", ERR_USAGE},
		{"0123456789012345678901234567890123456789012345678901234567890ab",
		 ERR_OK},
		{"0123456789012345678901234567890123456789012345678901234567890abc",
		 ERR_USAGE},
	};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(destination_add(&s->db, rows[i].name, web, 2, &s->e),
				 rows[i].code);
}

static void every_change_bumps_the_configuration(void **state)
{
	static const struct destination_setting one = {"batch", "10"};
	static const char version[] =
		"SELECT value FROM setting WHERE name = 'config_version'";
	struct scene *s = *state;
	int32_t id;

	add(s, "shop");
	assert_int_equal(scene_int(s, version), 1);
	assert_ok(s, destination_find(&s->db, "shop", &id, &s->e));
	assert_ok(s, destination_set(&s->db, id, &one, 1, &s->e));
	assert_ok(s, destination_pause(&s->db, id, true, &s->e));
	assert_ok(s, destination_token_set(&s->db, id, &s->e));
	assert_ok(s, map_set(&s->db, "x", "Purchase", 0, &s->e));
	assert_ok(s, map_remove(&s->db, "x", 0, &s->e));
	assert_int_equal(scene_int(s, version), 6);
	assert_ok(s, destination_remove(&s->db, id, &s->e));
	assert_int_equal(scene_int(s, version), 7);
	assert_int_equal(destination_find(&s->db, "shop", &id, &s->e), ERR_NOINPUT);
}

static void a_token_ends_only_what_a_token_can_end(void **state)
{
	static const struct {
		int before, after;
	} rows[] = {{17, -1}, {18, -1}, {19, -1}, {20, 20}, {23, 23}, {25, 25}};
	struct scene *s = *state;

	add(s, "shop");
	assert_int_equal(scene_int(s, "SELECT reason FROM destination"), 17);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char sql[80];

		snprintf(sql, sizeof(sql), "UPDATE destination SET reason = %d",
			 rows[i].before);
		scene_exec(s, sql);
		assert_ok(s, destination_token_set(&s->db, 1, &s->e));
		assert_int_equal(scene_int(s, "SELECT reason FROM destination"),
				 rows[i].after);
	}
}

static void is_not_removed_while_it_is_needed(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{"INSERT INTO waiting (key, destination_id, status) VALUES (1025, 1, 1)",
		 "DELETE FROM waiting"},
		{"INSERT INTO attempt (id, destination_id, started_at, events, first_id, "
		 "last_id) "
		 "VALUES (1, 1, 0, 1, 1, 1)",
		 "UPDATE attempt SET outcome = 'delivered'"},
		{"INSERT INTO outbox (event) VALUES ('x')",
		 "UPDATE queue SET cursor = 1"},
	};
	struct scene *s = *state;

	add(s, "shop");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene_exec(s, rows[i].before);
		assert_int_equal(destination_remove(&s->db, 1, &s->e), ERR_BUSY);
		scene_exec(s, rows[i].after);
	}
	scene_exec(s, "INSERT INTO credential VALUES (1, 'token', x'00', 0);"
		      "UPDATE destination SET paused = 1, batch = 7");
	assert_ok(s, destination_remove(&s->db, 1, &s->e));
	assert_int_equal(scene_int(s, "SELECT count(*) FROM credential"), 0);
	add(s, "shop"); /* revived with fresh settings under its old number */
	assert_int_equal(scene_int(s, "SELECT id FROM destination WHERE batch = 1000 AND "
				      "paused = 0 AND removed = 0 AND reason = 17"),
			 1);
}

static void the_map_is_filled_once(void **state)
{
	struct scene *s = *state;
	int added;

	assert_ok(s, map_fill(&s->db, &added, &s->e));
	assert_int_equal(added, event_map_defaults_count);
	assert_int_equal(scene_int(s, "SELECT count(*) FROM event_map JOIN event_name "
				      "ON id = name_id WHERE event = 'Order Completed' "
				      "AND name = 'Purchase'"),
			 1);
	scene_exec(s, "DELETE FROM event_map");
	assert_ok(s, map_fill(&s->db, &added, &s->e));
	assert_int_equal(added, 0);
	assert_int_equal(map_remove(&s->db, "Order Completed", 0, &s->e), ERR_NOINPUT);
	assert_int_equal(map_set(&s->db, " x", "Purchase", 0, &s->e), ERR_USAGE);
	assert_int_equal(map_set(&s->db, "x", "", 0, &s->e), ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(checks_every_setting),
		T(keeps_a_country_by_its_iso_code),
		T(names_are_checked),
		T(every_change_bumps_the_configuration),
		T(a_token_ends_only_what_a_token_can_end),
		T(is_not_removed_while_it_is_needed),
		T(the_map_is_filled_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
