/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <string.h>

#include "fiber.h"
#include "world.h"

static bool hit(int permille)
{
	return chance_hit(CHANCE_PLAN, permille);
}

static int64_t between(int64_t low, int64_t high)
{
	return chance_between(CHANCE_PLAN, low, high);
}

static int64_t skewed(int64_t low, int64_t high)
{
	return chance_skewed(CHANCE_PLAN, low, high);
}

static void plan_relay(struct plan *p)
{
	static const int batches[] = {1, 2, 3, 5, 8, 20, 1000};

	p->retry_base_ms = hit(100) ? 2000 : skewed(10, 2000);
	p->retry_cap_ms = skewed(p->retry_base_ms, hit(50) ? 900000 : 20000);
	p->timeout_ms = skewed(200, 30000);
	p->batch = batches[between(0, 6)];
	p->requests_per_second = hit(150) ? (int)between(1, 20) : 0;
	p->second = hit(300);
	p->drains = hit(200);
}

static void plan_threads(struct plan *p)
{
	static const int preempts[] = {0, 0, 5, 50, 300};

	p->preempt = preempts[between(0, 4)];
	p->pause_us = skewed(10, hit(100) ? SECONDS(1) : 20000);
	p->sync_us = hit(800) ? skewed(50, hit(100) ? 200000 : 8000) : 0;
	p->lost_wakes = hit(200) ? (int)between(1, 1000) : 0;
}

/* Every seed has plain rows and some of the other kinds. */
static void plan_rows(struct plan *p)
{
	p->kinds = 1u << ROW_PLAIN;
	for (int kind = 0; kind < ROW_KINDS; kind++)
		if (hit(300))
			p->kinds |= 1u << kind;
	world->tiktok.names_poison = hit(500);
}

static struct action *act(struct plan *p, enum deed deed, int64_t at_us)
{
	struct action *a = &p->actions[p->action_count];

	if (p->action_count + 1 < (int)(sizeof(p->actions) / sizeof(p->actions[0])))
		p->action_count++;
	*a = (struct action){.deed = deed, .at_us = at_us, .count = 1};
	a->actor = (int)between(0, ACTORS - 1);
	return a;
}

static int64_t some_time(const struct plan *p)
{
	return between(0, p->horizon_us - 1);
}

static void plan_commits(struct plan *p)
{
	int commits = (int)skewed(1, 12), most = (int)skewed(1, 30);

	for (int i = 0; i < commits; i++)
		act(p, hit(950) ? DEED_COMMIT : DEED_ABANDON, some_time(p))->count =
			(int)between(1, most);
}

static void plan_people(struct plan *p)
{
	static const enum deed deeds[] = {
		DEED_CONSENT, DEED_PAUSE,  DEED_BATCH,  DEED_TOKEN,     DEED_UNSET,
		DEED_RETRY,   DEED_CANCEL, DEED_HANGUP, DEED_TERMINATE, DEED_MAP,
		DEED_REVOKE,  DEED_READ,   DEED_LOCK};

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		while (hit(120)) {
			struct action *a = act(p, deeds[i], some_time(p));
			int64_t left = p->horizon_us - a->at_us;

			if (deeds[i] == DEED_BATCH)
				a->count = (int)skewed(1, 50);
			if (deeds[i] == DEED_READ || deeds[i] == DEED_LOCK)
				a->amount = skewed(
					1000, deeds[i] == DEED_READ ? left : SECONDS(12));
			if (deeds[i] == DEED_PAUSE)
				act(p, DEED_RESUME, a->at_us + between(0, left));
			if (deeds[i] == DEED_REVOKE || deeds[i] == DEED_UNSET)
				act(p, DEED_TOKEN, a->at_us + between(0, left));
		}
	}
}

/* Often about as long as TikTok remembers an event_id. */
static int64_t long_time(void)
{
	return hit(500) ? between(SECONDS(46 * 3600), SECONDS(50 * 3600))
			: skewed(SECONDS(1), SECONDS(60 * 3600));
}

static void plan_clock(struct plan *p)
{
	if (hit(60))
		act(p, DEED_SUSPEND, some_time(p))->amount = long_time();
	if (!hit(100))
		return;
	p->steps = true;
	for (int i = 0; i < 1 + (int)skewed(0, 3); i++)
		act(p, DEED_STEP, some_time(p))->amount =
			skewed(SECONDS(1), SECONDS(INT64_C(10) * 365 * 86400)) *
			(hit(500) ? 1 : -1);
}

static struct spell *spell(struct plan *p, enum trouble t, int permille)
{
	struct spell *s = &p->spells[p->spell_count];

	if (p->spell_count + 1 < (int)(sizeof(p->spells) / sizeof(p->spells[0])))
		p->spell_count++;
	*s = (struct spell){.trouble = t, .permille = permille};
	s->from_us = some_time(p);
	s->to_us = s->from_us + skewed(1000, p->horizon_us - s->from_us);
	if (hit(300))
		s->from_us = 0;
	return s;
}

static void plan_troubles(struct plan *p)
{
	static const int shares[] = {20, 100, 300, 700, 1000};

	for (enum trouble t = TROUBLE_REFUSED; t <= TROUBLE_REFUSES; t++)
		if (hit(100)) {
			struct spell *s = spell(p, t, shares[between(0, 4)]);

			if (t >= TROUBLE_CODE && hit(200))
				s->retry_after_ms = skewed(1000, 60000);
		}
	for (enum trouble t = TROUBLE_READ; t < TROUBLES; t++)
		if (hit(50))
			spell(p, t, t == TROUBLE_FULL ? 1000 : (int)skewed(1, 300));
}

static void plan_lives(struct plan *p)
{
	p->lives = 1 + (int)skewed(0, 3);
	for (int i = 0; i < p->lives; i++) {
		p->down_us[i] = i > 0 && hit(50) ? long_time() : skewed(100, SECONDS(1));
		p->doom[i] = (struct doom){
			.death = hit(400) ? DEATH_POWER : DEATH_KILL,
			.mark = (enum mark)between(0, MARKS - 1),
			.nth = skewed(1, hit(300) ? 2000 : 60),
			.in_us = some_time(p) + p->down_us[i],
		};
	}
}

/* A relay ends with requests under way, or with rows that wait, and the next one comes when
 * TikTok forgets them. */
static void plan_forgetting(struct plan *p)
{
	static const enum trouble troubles[] = {TROUBLE_CODE, TROUBLE_RESET_AFTER,
						TROUBLE_CUT_ANSWER, TROUBLE_STATUS};
	struct spell *s;

	act(p, DEED_COMMIT, between(0, p->horizon_us / 4))->count = (int)between(1, 8);
	if (p->lives < 2)
		p->lives = 2;
	p->down_us[0] = skewed(100, 100000);
	p->down_us[1] = between(SECONDS(46 * 3600), SECONDS(50 * 3600));
	p->doom[0] = (struct doom){.death = hit(400) ? DEATH_POWER : DEATH_KILL,
				   .mark = (enum mark)between(MARK_START, MARK_ANSWER),
				   .nth = skewed(1, 12),
				   .in_us = p->horizon_us};
	if (hit(600)) {
		s = spell(p, troubles[between(0, 3)], 1000);
		s->from_us = 0;
		s->to_us = p->horizon_us;
	}
}

static void sort_actions(struct plan *p)
{
	for (int i = 1; i < p->action_count; i++)
		for (int k = i; k > 0 && p->actions[k].at_us < p->actions[k - 1].at_us;
		     k--) {
			struct action a = p->actions[k];

			p->actions[k] = p->actions[k - 1];
			p->actions[k - 1] = a;
		}
}

void plan_make(struct plan *p)
{
	memset(p, 0, sizeof(*p));
	p->horizon_us = skewed(SECONDS(1), SECONDS(30));
	plan_relay(p);
	plan_threads(p);
	plan_rows(p);
	plan_commits(p);
	if (hit(500))
		plan_people(p);
	plan_clock(p);
	if (hit(800))
		plan_troubles(p);
	plan_lives(p);
	if (hit(60))
		plan_forgetting(p);
	sort_actions(p);
}

bool plan_strikes(enum trouble t, const struct spell **out)
{
	const struct plan *p = &world->plan;
	enum stream s = t < TROUBLE_READ ? CHANCE_NET : CHANCE_DISK;

	if (world->calm || !fiber_self())
		return false;
	for (int i = 0; i < p->spell_count; i++) {
		const struct spell *spell = &p->spells[i];

		if (spell->trouble != t || world->now_us < spell->from_us ||
		    world->now_us >= spell->to_us || !chance_hit(s, spell->permille))
			continue;
		world->troubles[t]++;
		*out = spell;
		return true;
	}
	return false;
}
