/* SPDX-License-Identifier: MIT */
#include "actor.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "fiber.h"
#include "loop.h"
#include "producer.h"
#include "store/credential.h"
#include "store/destination.h"
#include "store/map.h"
#include "store/requeue.h"
#include "store/setting.h"
#include "world.h"

const char *sim_path;

/* Opened when first needed; of this process. */
static struct db dbs[ACTORS];

static enum err_code set_token(struct db *db, const char *name, struct err *e)
{
	struct secret secret;
	struct vault vault;
	int32_t id;

	if (destination_find(db, name, &id, e) != ERR_OK ||
	    vault_open(&vault, sim_path, e) != ERR_OK)
		return e->code;
	secret.len = (size_t)snprintf((char *)secret.bytes, sizeof(secret.bytes),
				      "token-%d", world->tiktok.token);
	if (credential_set(db, &vault, id, "token", &secret, e) == ERR_OK)
		e->code = destination_token_set(db, id, e);
	vault_close(&vault);
	return e->code;
}

static const char *const names[] = {"shop", "second"};

static enum err_code
for_each_destination(struct db *db,
		     enum err_code (*fn)(struct db *db, const char *name, struct err *e),
		     struct err *e)
{
	e->code = ERR_OK;
	for (int i = 0; i < (world->plan.second ? 2 : 1) && e->code == ERR_OK; i++)
		e->code = fn(db, names[i], e);
	return e->code;
}

static enum err_code unset_token(struct db *db, const char *name, struct err *e)
{
	int32_t id;

	if (destination_find(db, name, &id, e) != ERR_OK ||
	    credential_erase(db, id, e) != ERR_OK)
		return e->code;
	return config_bump(db, e);
}

static enum err_code pause_it(struct db *db, const char *name, bool paused, struct err *e)
{
	int32_t id;

	if (destination_find(db, name, &id, e) != ERR_OK)
		return e->code;
	return destination_pause(db, id, paused, e);
}

static enum err_code resume_it(struct db *db, const char *name, struct err *e)
{
	return pause_it(db, name, false, e);
}

static enum err_code set_number(struct db *db, const char *name, const char *setting,
				int value, struct err *e)
{
	struct destination_setting s = {setting, NULL};
	char text[16];
	int32_t id;

	snprintf(text, sizeof(text), "%d", value);
	s.value = text;
	if (destination_find(db, name, &id, e) != ERR_OK)
		return e->code;
	return destination_set(db, id, &s, 1, e);
}

static enum err_code add_second(struct db *db, struct err *e)
{
	static const struct destination_setting settings[] = {{"source", "web"},
							      {"id", "PIXEL1"}};

	if (!world->plan.second)
		return ERR_OK;
	return destination_add(db, names[1], settings, 2, e);
}

/* Rows of the outbox by chance, or all of a status. */
static enum err_code requeue(struct db *db, enum requeue_move move, struct err *e)
{
	static const enum status statuses[] = {
		STATUS_RETRYING, STATUS_PENDING, STATUS_HELD,     STATUS_FAILED,
		STATUS_REJECTED, STATUS_SKIPPED, STATUS_CANCELLED};
	struct requeue_filter f = {.status = statuses[chance_below(CHANCE_ACTOR, 7)]};
	struct requeue q;
	int64_t last;
	bool more;

	if (requeue_open(&q, db, move, e) != ERR_OK)
		return e->code;
	if (chance_hit(CHANCE_ACTOR, 400) && requeue_takes(move, f.status)) {
		e->code = requeue_some(&q, &f, &more, e);
	} else if (db_int(db, "SELECT max(id) FROM outbox", 0, &last, e) == ERR_OK &&
		   last) {
		e->code = requeue_row(&q, chance_between(CHANCE_ACTOR, 1, last), e);
	}
	trace("requeue", "%s: %lld", move == REQUEUE_RETRY ? "retry" : "cancel",
	      (long long)q.moved);
	requeue_close(&q);
	return e->code;
}

/* Whatever an operator touches may be sent once more, or not at all. */
static void touch_all(void)
{
	for (int i = 0; i < world->row_count; i++)
		world->rows[i].touched = true;
}

static enum err_code in_transaction(struct db *db, const struct action *a, struct err *e)
{
	const char *name = names[world->plan.second && chance_hit(CHANCE_ACTOR, 500)];

	switch (a->deed) {
	case DEED_PAUSE: return pause_it(db, name, true, e);
	case DEED_RESUME: return resume_it(db, name, e);
	case DEED_BATCH: return set_number(db, name, "batch", a->count, e);
	case DEED_TOKEN: return for_each_destination(db, set_token, e);
	case DEED_UNSET: return unset_token(db, name, e);
	case DEED_RETRY: return requeue(db, REQUEUE_RETRY, e);
	case DEED_CANCEL: return requeue(db, REQUEUE_CANCEL, e);
	case DEED_MAP: return map_set(db, "nonsense", "Purchase", 0, e);
	default: return ERR_OK;
	}
}

static void change(struct db *db, const struct action *a)
{
	bool touches = a->deed == DEED_RETRY || a->deed == DEED_CANCEL;
	struct err e = {ERR_OK, ""};
	bool done;

	if (touches) /* we may die before the end, */
		touch_all();
	if (a->deed == DEED_MAP)
		world->mapped = true;
	done = db_begin(db, &e) == ERR_OK && in_transaction(db, a, &e) == ERR_OK &&
	       db_commit(db, &e) == ERR_OK;
	if (touches) /* and more may have come until it began */
		touch_all();
	if (done)
		return;
	trace("change", "not done: %s", e.msg);
	db_rollback(db);
}

/* Holds a snapshot, or the write lock, for a while. */
static void hold(struct db *db, const struct action *a)
{
	struct err e = {ERR_OK, ""};
	int64_t ignored;

	if (a->deed == DEED_LOCK
		    ? db_begin(db, &e)
		    : db_exec(db, "BEGIN", &e) ||
			      db_int(db, "SELECT count(*) FROM outbox", 0, &ignored, &e))
		trace("hold", "not done: %s", e.msg);
	else
		fiber_sleep(a->amount);
	db_rollback(db);
}

static void act(struct db *db, const struct action *a)
{
	switch (a->deed) {
	case DEED_COMMIT: producer_commit(db, a->count, true); break;
	case DEED_ABANDON: producer_commit(db, a->count, false); break;
	case DEED_CONSENT: producer_withdraw(db); break;
	case DEED_HANGUP: loop_raise(SIGHUP); break;
	case DEED_TERMINATE:
		if (loop_raise(SIGTERM) && !world->told_us)
			world->told_us = world_mono_us();
		break;
	case DEED_STEP: world_step(a->amount); break;
	case DEED_SUSPEND:
		world->now_us += a->amount;
		world->slept_us += a->amount;
		break;
	case DEED_REVOKE: world->tiktok.token_revoked = true; break;
	case DEED_READ:
	case DEED_LOCK: hold(db, a); break;
	case DEED_TOKEN:
		world->tiktok.token++;
		world->tiktok.token_revoked = false;
		change(db, a);
		break;
	default: change(db, a); break;
	}
}

struct db *actor_db(int actor)
{
	struct db *db = &dbs[actor];
	struct err e = {ERR_OK, ""};

	if (db->handle || db_open(db, sim_path, DB_WRITE, &e) == ERR_OK)
		return db;
	trace("open", "%s", e.msg);
	return NULL;
}

static const struct action *next_action(int actor)
{
	const struct plan *p = &world->plan;

	while (world->next_action[actor] < p->action_count) {
		const struct action *a = &p->actions[world->next_action[actor]++];

		if (a->actor == actor)
			return a;
	}
	return NULL;
}

void actor_run(void *number)
{
	int actor = *(int *)number;
	const struct action *a;
	struct db *db;

	while ((a = next_action(actor))) {
		if (a->at_us > world->now_us)
			fiber_park(a->at_us);
		trace("deed", "%d (%d, %lld)", (int)a->deed, a->count,
		      (long long)a->amount);
		db = actor_db(actor);
		if (db)
			act(db, a);
	}
	world->actors--;
}

static void must(enum err_code code, const struct err *e)
{
	if (code != ERR_OK)
		world_break("setting up: %s", e->msg);
}

void actor_set_up(void)
{
	const struct plan *p = &world->plan;
	struct db *db = actor_db(0);
	struct err e = {ERR_OK, ""};

	must(db_begin(db, &e), &e);
	must(add_second(db, &e), &e);
	must(for_each_destination(db, set_token, &e), &e);
	for (int i = 0; i < (p->second ? 2 : 1); i++) {
		must(set_number(db, names[i], "batch", p->batch, &e), &e);
		must(set_number(db, names[i], "requests-per-second",
				p->requests_per_second, &e),
		     &e);
	}
	must(db_commit(db, &e), &e);
}

void actor_repair(struct db *db)
{
	struct err e = {ERR_OK, ""};

	world->tiktok.token++;
	world->tiktok.token_revoked = false;
	must(db_begin(db, &e), &e);
	must(for_each_destination(db, set_token, &e), &e);
	must(for_each_destination(db, resume_it, &e), &e);
	must(db_commit(db, &e), &e);
}

bool actor_sees_rest(struct db *db)
{
	struct err e = {ERR_OK, ""};
	int64_t busy = 1;

	if (db_int(db,
		   "SELECT (SELECT max(id) FROM outbox) > (SELECT cursor FROM queue) "
		   "OR EXISTS (SELECT 1 FROM waiting WHERE status < 4) "
		   "OR EXISTS (SELECT 1 FROM attempt WHERE outcome IS NULL)",
		   0, &busy, &e) != ERR_OK)
		return false;
	return busy == 0;
}
