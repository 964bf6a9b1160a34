/* SPDX-License-Identifier: MIT
 * play_parts.h - what play.c is made of: rows, answers, the work beside the sending.
 *
 * Owns:    nothing.
 * Thread:  one.
 * Errors:  see play.h. */
#ifndef TESTS_FAULT_PLAY_PARTS_H
#define TESTS_FAULT_PLAY_PARTS_H

#include "play.h"

struct play_task {
	struct job job; /* first */
	struct play *play;
};

extern void (*const play_works[PLAY_WORKS])(struct job *job, void *state);
void play_ingest_work(struct job *job, void *state);
void play_block_work(struct job *job, void *state);

/* Rows that are old go: the next slice, or the next day's pass. Then, with its result, before
 * the next: true where a pass has ended. */
MUST_CHECK enum err_code play_prune_open(struct play *p, struct err *e);
void play_prune_close(struct play *p);
void play_prune_work(struct job *job, void *state);
bool play_pruned(struct play *p, const struct err *e);

/* A number that the committed file knows; `id` is ?1. */
int64_t play_ask(struct play *p, const char *sql, int64_t id);

/* The producers commit rows up to this number, visits and consents with them. */
void play_produce(struct play *p, int upto);

/* A request leaves: its claim must be there. Then what TikTok says to it. */
void play_send(struct play *p, struct play_shipment *s);
void play_answer(struct play *p, struct play_shipment *s);

/* The COMMIT of these has returned. */
void play_admitted(struct play *p);
void play_settled(struct play *p, const struct play_shipment *s);

#endif
