/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event_map.h"

/* For tables: STR is no constant expression. */
#define S(literal)                                                                       \
	{                                                                                \
		"" literal, sizeof(literal) - 1                                          \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void looks_up_in_order(void **state)
{
	static const struct event_map_row map_rows[] = {
		{S("purchase"), 0, S("Purchase"), 1},
		{S("purchase"), 7, S("PurchaseOfSeven"), 2},
		{S("Order Completed"), 0, S("Ordered"), 3},
		{S("order-completed"), 7, S("OrderedOfSeven"), 4},
		{S("Purchase"), 9, S("Nine"), 5},
		{S("twice"), 0, S("First"), 6},
		{S("twice"), 0, S("Second"), 7},
		{S("K\xc3\xa4"
		   "ufe"),
		 0, S("Bought"), 8},
	};
	static const struct {
		int32_t destination;
		const char *event, *want; /* NULL: not mapped */
	} rows[] = {
		{1, "purchase", "Purchase"},
		{7, "purchase", "PurchaseOfSeven"},
		{7, "PURCHASE", "PurchaseOfSeven"},
		{7, "Order Completed", "Ordered"}, /* exact for all before folded */
		{7, "order_completed", "OrderedOfSeven"},
		{7, "ORDER.COMPLETED", "OrderedOfSeven"},
		{1, "order.completed", "Ordered"},
		{0, "order completed", "Ordered"},
		{1, "ordercompleted", NULL},
		{1, "PUR-CHASE", NULL},
		{9, "Purchase", "Nine"},
		{1, "ViewContent", "ViewContent"},
		{1, "InstallApp", "InstallApp"},
		{1, "viewcontent", NULL},
		{1, "CompletePayment", NULL},
		{1, "SubmitForm", NULL},
		{1, "twice", "Second"},
		{1, "TWICE", "Second"},
		{1, "K\xc3\x84UFE", "Bought"},
		{1,
		 "k\xc3\xa4"
		 "ufe",
		 "Bought"},
		{1,
		 "k\xc3"
		 "ufe",
		 NULL}, /* no UTF-8 */
		{1, "", NULL},
	};
	struct event_map *map = event_map_new(map_rows, COUNT(map_rows));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct event_map_entry *found =
			event_map_find(map, rows[i].destination, str_of(rows[i].event));

		if (!rows[i].want ? found != NULL
				  : !found || !str_eq(found->tiktok_event,
						      str_of(rows[i].want)))
			fail_msg("%s for %d", rows[i].event, (int)rows[i].destination);
	}
	assert_int_equal(event_map_find(map, 7, STR("purchase"))->name_id, 2);
	event_map_free(map);
	event_map_free(NULL);
}

static void ships_only_names_in_use(void **state)
{
	(void)state;
	assert_true(event_map_defaults_count >= 55);
	for (size_t i = 0; i < event_map_defaults_count; i++) {
		struct str name = str_of(event_map_defaults[i].tiktok_event);

		assert_null(event_retired(name));
		assert_true(event_is_standard(name, SOURCE_WEB));
	}
}

static void ships_no_event_twice(void **state)
{
	struct event_map_row rows[100];

	(void)state;
	assert_true(event_map_defaults_count <= COUNT(rows));
	for (size_t i = 0; i < event_map_defaults_count; i++) {
		struct str event = str_of(event_map_defaults[i].event);
		struct event_map *map = event_map_new(rows, i);
		const struct event_map_entry *found = event_map_find(map, 0, event);

		if (found && found->name_id != 0)
			fail_msg("%s", event_map_defaults[i].event);
		event_map_free(map);
		rows[i] = (struct event_map_row){
			event, 0, str_of(event_map_defaults[i].tiktok_event), 1};
	}
}

static void knows_names(void **state)
{
	(void)state;
	assert_true(event_is_standard(STR("Purchase"), SOURCE_APP));
	assert_true(event_is_standard(STR("Lead"), SOURCE_OFFLINE));
	assert_false(event_is_standard(STR("Lead"), SOURCE_APP));
	assert_false(event_is_standard(STR("purchase"), SOURCE_WEB));
	assert_string_equal(event_retired(STR("CompletePayment")), "Purchase");
	assert_string_equal(event_retired(STR("SubmitForm")), "Lead");
	assert_string_equal(event_retired(STR("ClickButton")), "");
	assert_null(event_retired(STR("Purchase")));
}

static void knows_what_app_events_are_called(void **state)
{
	static const struct event_map_row map_rows[] = {
		{S("sign_up"), 0, S("CompleteRegistration"), 1},
		{S("generate_lead"), 0, S("Lead"), 2},
		{S("begin_checkout"), 0, S("InitiateCheckout"), 3},
		{S("sign_up"), 7, S("CompleteRegistration"), 1},
		{S("launch_app"), 0, S("Mine"), 4},
		{S("purchase"), 0, S("Purchase"), 5},
		{S("download"), 0, S("Download"), 6},
	};
	static const struct {
		int32_t destination;
		const char *event, *web, *app;
	} rows[] = {
		{1, "sign_up", "CompleteRegistration", "Registration"},
		{7, "sign_up", "CompleteRegistration", "CompleteRegistration"},
		{1, "Generate Lead", "Lead", "GenerateLead"},
		{1, "begin_checkout", "InitiateCheckout", "Checkout"},
		{1, "CompleteRegistration", "CompleteRegistration", "Registration"},
		{1, "purchase", "Purchase", "Purchase"},
		{1, "download", "Download", "Download"},
		{1, "Launch App", "Mine", "Mine"},
		{1, "InstallApp", "InstallApp", "InstallApp"},
		{1, "install_app", NULL, NULL}, /* nobody mapped it */
		{1, "login", NULL, NULL},
		{1, "Contact", "Contact", "Contact"},
		{1, "contact", NULL, NULL},
		{1, "view_content", NULL, NULL}, /* somebody took it out of the map */
		{1, "logins", NULL, NULL},
		{1, "logi", NULL, NULL},
		{1, "", NULL, NULL},
	};
	struct event_map *map = event_map_new(map_rows, COUNT(map_rows));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str event = str_of(rows[i].event);
		const struct event_map_entry *web =
			event_map_find(map, rows[i].destination, event);
		const struct event_map_entry *app =
			event_map_find_app(map, rows[i].destination, event);

		if ((web != NULL) != (rows[i].web != NULL) ||
		    (app != NULL) != (rows[i].app != NULL) ||
		    (web && !str_eq(web->tiktok_event, str_of(rows[i].web))) ||
		    (app && !str_eq(app->tiktok_event, str_of(rows[i].app))))
			fail_msg("%s for %d", rows[i].event, (int)rows[i].destination);
	}
	event_map_free(map);
}

static void tells_events_apart(void **state)
{
	static const struct event_map_row map_rows[] = {
		{S("purchase"), 0, S("Purchase"), 1},
		{S("Order Completed"), 0, S("Purchase"), 1},
		{S("add_to_cart"), 0, S("AddToCart"), 2},
		{S("renewal"), 7, S("Purchase"), 1},
	};
	static const struct {
		const char *a, *b;
		bool are_two;
	} rows[] = {
		{"purchase", "purchase", false},
		{"page_view", "page_view", false}, /* nobody mapped it */
		{"purchase", "order_completed", false},
		{"purchase", "Purchase", false},
		{"purchase", "renewal", false}, /* one destination says so */
		{"purchase", "add_to_cart", true},
		{"renewal", "AddToCart", true},
		{"purchase", "page_view", false},
		{"page_view", "scroll", false},
	};
	struct event_map *map = event_map_new(map_rows, COUNT(map_rows));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (event_map_are_two(map, str_of(rows[i].a), str_of(rows[i].b)) !=
		    rows[i].are_two)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	event_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_up_in_order),
		cmocka_unit_test(ships_only_names_in_use),
		cmocka_unit_test(ships_no_event_twice),
		cmocka_unit_test(knows_names),
		cmocka_unit_test(knows_what_app_events_are_called),
		cmocka_unit_test(tells_events_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
