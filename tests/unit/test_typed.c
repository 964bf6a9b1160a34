/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/typed.h"

/* clang-format off: a row a line */
static const struct {
	const char *said, *typed;
} rows[] = {
	{"", ""},
	{"convey status", "conveyctl status"},
	{"See convey status.", "See conveyctl status."},
	{"then convey retry or convey cancel.",
	 "then conveyctl retry or conveyctl cancel."},
	{"(convey map list)", "(conveyctl map list)"},
	{"`convey why`", "`conveyctl why`"},
	/* No command, or another's. */
	{"convey has no such verb", "convey has no such verb"},
	{"update convey.", "update convey."},
	{"convey", "convey"},
	{"convey ", "convey "},
	{"convey statuses", "convey statuses"},
	{"reconvey status", "reconvey status"},
	{"start convey", "start convey"},
	/* The relay: the unit's. */
	{"to send: convey run", "to send: systemctl start convey"},
	{"waited for 5 s (convey run).", "waited for 5 s (systemctl start convey)."},
	{"convey run revokes it at TikTok", "convey run revokes it at TikTok"},
	{"let convey run finish", "let convey run finish"},
	{": convey runs", ": convey runs"},
};
/* clang-format on */

static void names_what_is_typed_here(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		for (int service = 0; service < 2; service++) {
			setenv("CONVEY_COMMAND", service ? "conveyctl" : "", 1);
			buf_init(&out, TYPED_MAX(strlen(rows[i].said)));
			typed_add(&out, str_of(rows[i].said));
			assert_string_equal(buf_z(&out),
					    service ? rows[i].typed : rows[i].said);
			buf_fini(&out);
		}
	}
	unsetenv("CONVEY_COMMAND");
}

static void cuts_what_has_no_room(void **state)
{
	char text[16] = "convey status";

	(void)state;
	setenv("CONVEY_COMMAND", "conveyctl", 1);
	typed_in(text, sizeof(text));
	assert_string_equal(text, "conveyctl statu");
	unsetenv("CONVEY_COMMAND");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_is_typed_here),
		cmocka_unit_test(cuts_what_has_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
