/* SPDX-License-Identifier: MIT
 * actor.h - producers and people: each does what the plan has for it, over a connection of its
 * own, while the relay runs or does not.
 *
 * Owns:    their connections.
 * Thread:  a fiber each.
 * Errors:  what the database refuses is given up, as a person would. */
#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include <stdbool.h>

struct db;

/* The database's path: a real one, for the key file and the lock beside it. */
extern const char *sim_path;

/* Its connection; NULL where it cannot be opened. */
struct db *actor_db(int actor);

/* Does what is left of its part of the plan. */
void actor_run(void *number);

/* The file as the seed wants it, before the first relay. */
void actor_set_up(void);

/* What a person does when trouble is over: a good token, nothing paused. */
void actor_repair(struct db *db);

/* False while something waits, is under way, or was not taken up. */
bool actor_sees_rest(struct db *db);

#endif
