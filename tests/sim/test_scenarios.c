/* SPDX-License-Identifier: MIT
 *
 * Plans made by hand: what must hold on a given day, in a few orders of events each.
 *
 *   test_scenarios           all of them
 *   test_scenarios NAME      one, in its first order, with a trace */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "life.h"
#include "world.h"

#define HOURS(n) SECONDS(3600 * INT64_C(n))

enum { ORDERS = 8 };

/* The relay as it is without options, one destination, nothing happens. */
static struct plan *plan_begin(uint64_t seed)
{
	struct plan *p = &world->plan;

	life_begin(seed);
	*p = (struct plan){.retry_base_ms = 2000,
			   .retry_cap_ms = 900000,
			   .timeout_ms = 30000,
			   .batch = 1000,
			   .preempt = 20,
			   .pause_us = 2000,
			   .sync_us = 2000,
			   .kinds = 1u << ROW_PLAIN,
			   .lives = 1,
			   .horizon_us = SECONDS(10)};
	return p;
}

static struct action *plan_act(struct plan *p, enum deed deed, int64_t at_us)
{
	struct action *a = &p->actions[p->action_count++];

	*a = (struct action){.deed = deed, .at_us = at_us, .count = 1};
	return a;
}

static struct spell *plan_spell(struct plan *p, enum trouble t, int64_t from_us,
				int64_t to_us)
{
	struct spell *s = &p->spells[p->spell_count++];

	*s = (struct spell){
		.trouble = t, .from_us = from_us, .to_us = to_us, .permille = 1000};
	return s;
}

/* Every order keeps every promise. */
static void live(void (*plan)(struct plan *p), int orders)
{
	for (int i = 1; i <= orders; i++) {
		plan(plan_begin((uint64_t)i));
		if (!life_plan())
			fail_msg("in order %d: %s", i, world->broken);
	}
}

/* Rows come with visits, on a slow disk: a load that waits for visits comes back while the one
 * before is being admitted. */
static void plan_visits_on_a_slow_disk(struct plan *p)
{
	p->kinds = 1u << ROW_PLAIN | 1u << ROW_VISITOR;
	p->sync_us = 400000;
	p->horizon_us = SECONDS(5);
	for (int i = 0; i < 40; i++)
		plan_act(p, DEED_COMMIT, SECONDS(4) / 40 * i)->actor = i % ACTORS;
}

static void test_visits_on_a_slow_disk(void **state)
{
	(void)state;
	live(plan_visits_on_a_slow_disk, ORDERS);
}

/* A refused request is cut; the halves wait for their place when the machine goes to sleep. */
static void plan_sleep_between_halves(struct plan *p)
{
	p->requests_per_second = 1;
	p->kinds = 1u << ROW_POISON | 1u << ROW_PLAIN;
	plan_act(p, DEED_COMMIT, 100000)->count = 8;
	plan_act(p, DEED_SUSPEND, SECONDS(2))->amount = HOURS(50);
}

static void test_sleep_between_halves(void **state)
{
	(void)state;
	live(plan_sleep_between_halves, ORDERS);
}

/* The relay ends when it has rewritten rows and not cut the WAL yet; an application keeps the
 * file open, so that nothing else does. */
static void plan_stop_before_the_cut(struct plan *p)
{
	p->kinds = 1u << ROW_PERSON;
	p->drains = true;
	p->horizon_us = SECONDS(2);
	plan_act(p, DEED_COMMIT, 100000)->count = 5;
}

static void test_stop_before_the_cut(void **state)
{
	(void)state;
	live(plan_stop_before_the_cut, ORDERS);
}

/* Loads are admitted together, and some of them cannot be stored. */
static void plan_loads_on_a_failing_disk(struct plan *p)
{
	p->kinds = 1u << ROW_PLAIN | 1u << ROW_PERSON | 1u << ROW_TWIN;
	p->horizon_us = SECONDS(20);
	plan_act(p, DEED_COMMIT, 0)->count = 9000;
	plan_spell(p, TROUBLE_WRITE, 312000, SECONDS(6))->permille = 15;
}

static void test_loads_on_a_failing_disk(void **state)
{
	(void)state;
	live(plan_loads_on_a_failing_disk, ORDERS);
}

/* … and the power goes somewhere in between. */
static void plan_loads_and_a_power_cut(struct plan *p)
{
	plan_loads_on_a_failing_disk(p);
	p->spell_count = 0;
	p->lives = 2;
	p->doom[0] = (struct doom){
		.death = DEATH_POWER,
		.mark = (enum mark)chance_between(CHANCE_PLAN, MARK_JOB, MARK_ANSWER),
		.nth = chance_between(CHANCE_PLAN, 1, 20),
		.in_us = SECONDS(10)};
}

static void test_loads_and_a_power_cut(void **state)
{
	(void)state;
	live(plan_loads_and_a_power_cut, 2 * ORDERS);
}

/* A token is replaced and the relay started again, while a request still carries the old one. */
static void plan_token_and_restart(struct plan *p)
{
	p->retry_cap_ms = 10000;
	p->horizon_us = 110000; /* then each destination gets another token */
	plan_act(p, DEED_COMMIT, 100000)->count = 5;
	plan_act(p, DEED_TERMINATE, 105000);
}

static void test_token_and_restart(void **state)
{
	(void)state;
	live(plan_token_and_restart, 3 * ORDERS);
}

/* Opening a file fails now and then while the relay starts. */
static void plan_start_without_files(struct plan *p)
{
	plan_spell(p, TROUBLE_OPEN, 0, SECONDS(5))->permille = 200;
	plan_act(p, DEED_COMMIT, 100000)->count = 5;
}

static void test_start_without_files(void **state)
{
	(void)state;
	live(plan_start_without_files, 3 * ORDERS);
}

/* The clock is set forward by three days, again and again, whatever is on its way: nothing is given
 * up, nothing stands still. */
static void plan_clock_is_set(struct plan *p)
{
	p->kinds = 1u << ROW_PLAIN;
	p->timeout_ms = 1000;
	plan_spell(p, TROUBLE_HANG, 0, SECONDS(6))->permille = 500;
	for (int i = 0; i < 8; i++) {
		plan_act(p, DEED_COMMIT, 700000 * i)->count = 3;
		plan_act(p, DEED_STEP, 700000 * i + 200000)->amount = HOURS(72);
	}
}

static void test_clock_is_set(void **state)
{
	(void)state;
	live(plan_clock_is_set, ORDERS);
}

/* The clock is set back, and before that is stored the relay is told to end: rows that wait for
 * their retry do not wait for the difference as well. */
static void plan_stop_behind_a_step(struct plan *p)
{
	p->kinds = 1u << ROW_PLAIN;
	plan_spell(p, TROUBLE_CODE, 0, SECONDS(3));
	plan_act(p, DEED_COMMIT, 100000)->count = 3;
	plan_act(p, DEED_STEP, SECONDS(2))->amount = -HOURS(5);
	plan_act(p, DEED_TERMINATE, SECONDS(2) + 100);
}

static void test_stop_behind_a_step(void **state)
{
	(void)state;
	live(plan_stop_behind_a_step, ORDERS);
}

/* TikTok says when to come again, and the relay is started anew meanwhile. */
static void plan_retry_after_and_restart(struct plan *p)
{
	struct spell *s = plan_spell(p, TROUBLE_CODE, 0, SECONDS(1));

	s->retry_after_ms = 60000;
	plan_act(p, DEED_COMMIT, 100000)->count = 3;
	plan_act(p, DEED_TERMINATE, SECONDS(2));
}

static void test_retry_after_and_restart(void **state)
{
	(void)state;
	live(plan_retry_after_and_restart, ORDERS);
}

/* Answers are lost, and the machine sleeps until TikTok has forgotten: what may have arrived is
 * held, and not given up as what did not. */
static void plan_sleep_on_lost_answers(struct plan *p)
{
	plan_spell(p, TROUBLE_CUT_ANSWER, 0, SECONDS(3600));
	plan_act(p, DEED_COMMIT, 100000)->count = 3;
	plan_act(p, DEED_SUSPEND, SECONDS(5))->amount = HOURS(50);
}

static void test_sleep_on_lost_answers(void **state)
{
	(void)state;
	live(plan_sleep_on_lost_answers, ORDERS);
}

/* An event gets too old between its first attempt and the next: its time was accepted. */
static void plan_too_old_by_the_retry(struct plan *p)
{
	p->kinds = 1u << ROW_AGING;
	plan_spell(p, TROUBLE_CODE, 0, HOURS(1));
	plan_act(p, DEED_COMMIT, 100000)->count = 3;
	plan_act(p, DEED_SUSPEND, SECONDS(5))->amount = HOURS(2);
}

static void test_too_old_by_the_retry(void **state)
{
	(void)state;
	live(plan_too_old_by_the_retry, ORDERS);
}

#define SCENARIOS(X)                                                                     \
	X(visits_on_a_slow_disk)                                                         \
	X(sleep_between_halves)                                                          \
	X(stop_before_the_cut)                                                           \
	X(loads_on_a_failing_disk)                                                       \
	X(loads_and_a_power_cut)                                                         \
	X(token_and_restart)                                                             \
	X(start_without_files)                                                           \
	X(clock_is_set)                                                                  \
	X(stop_behind_a_step)                                                            \
	X(retry_after_and_restart)                                                       \
	X(sleep_on_lost_answers)                                                         \
	X(too_old_by_the_retry)

static int replay(const char *name)
{
	static const struct {
		const char *name;
		void (*plan)(struct plan *p);
	} plans[] = {
#define X(scenario) {#scenario, plan_##scenario},
		SCENARIOS(X)
#undef X
	};

	world_traced = true;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		if (strcmp(plans[i].name, name) != 0)
			continue;
		plans[i].plan(plan_begin(1));
		return life_plan() ? 0 : 1;
	}
	fprintf(stderr, "there is no scenario '%s'\n", name);
	return 64;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define X(scenario) cmocka_unit_test(test_##scenario),
		SCENARIOS(X)
#undef X
	};
	int failed;

	life_init();
	failed = argc > 1 ? replay(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
	life_fini();
	return failed;
}
