/* SPDX-License-Identifier: MIT
 * scene.h - a fresh database in a folder of its own, for one test.
 *
 * Owns:    the folder and the connection, from scene_setup to scene_teardown.
 * Thread:  one.
 * Errors:  fail the test. */
#ifndef TESTS_STORE_SCENE_H
#define TESTS_STORE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/db.h"

struct scene {
	char folder[64];
	char path[96];
	struct db db;
	struct err e;
};

/* cmocka's setup and teardown; *state is a struct scene. */
int scene_setup(void **state);
int scene_teardown(void **state);

/* Statements that must succeed. */
void scene_exec(struct scene *s, const char *sql);

/* The first integer of a statement, -1 for none. */
int64_t scene_int(struct scene *s, const char *sql);

/* Counters that do not match the rows they count: 0 is right. */
int64_t scene_miscounted(struct scene *s);

/* A row of main's table. */
#define T(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

#define assert_ok(scene, call)                                                           \
	do {                                                                             \
		if ((call) != ERR_OK)                                                    \
			fail_msg("%s: %s", #call, (scene)->e.msg);                       \
	} while (0)

#endif
