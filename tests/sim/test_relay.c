/* SPDX-License-Identifier: MIT
 *
 *   test_relay          2,000 seeds; CONVEY_COUNT of them behind CONVEY_SEED + CONVEY_FIRST
 *                       (it ends when CONVEY_ENOUGH have failed, 20)
 *   test_relay SEED     that one, with a trace of all that happens */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "life.h"
#include "world.h"

/* A sanitizer makes a fork expensive, and looks for other faults than the seeds do. */
#if defined(__SANITIZE_ADDRESS__)
enum { SEEDS = 100 };
#else
enum { SEEDS = 2000 };
#endif

/* Each of these has found something that was mended. What a seed means changes with the plans
 * (plan.c); what must not come back for sure has a scenario of its own, too. */
static const uint64_t regressions[] = {29,  213,        227,        352,
				       793, 3247697280, 3568867322, 284585331};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && text[0] ? strtoull(text, NULL, 10) : otherwise;
}

static bool run(uint64_t seed, const char *program)
{
	if (life_seed(seed))
		return true;
	printf("seed %llu: %s\n  again: %s %llu\n", (unsigned long long)seed,
	       world->broken, program, (unsigned long long)seed);
	fflush(stdout);
	return false;
}

static void test_regressions(void **state)
{
	uint64_t enough = number("CONVEY_ENOUGH", 20), failed = 0;

	for (size_t i = 0;
	     i < sizeof(regressions) / sizeof(regressions[0]) && failed < enough; i++)
		failed += !run(regressions[i], *state);
	assert_int_equal(failed, 0);
}

static void test_seeds(void **state)
{
	uint64_t first = number("CONVEY_SEED", 1) + number("CONVEY_FIRST", 0);
	uint64_t count = number("CONVEY_COUNT", SEEDS);
	uint64_t enough = number("CONVEY_ENOUGH", 20), failed = 0;

	for (uint64_t seed = first; seed < first + count && failed < enough; seed++)
		failed += !run(seed, *state);
	assert_int_equal(failed, 0);
}

static int replay(const char *seed)
{
	bool kept;

	world_traced = true;
	kept = life_seed(strtoull(seed, NULL, 10));
	life_fini();
	return kept ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_regressions, argv[0]),
		cmocka_unit_test_prestate(test_seeds, argv[0]),
	};
	int failed;

	life_init();
	if (argc > 1)
		return replay(argv[1]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	life_fini();
	return failed;
}
