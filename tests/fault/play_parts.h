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

/* The producers commit rows up to this number, visits and consents with them. */
void play_produce(struct play *p, int upto);

/* A request leaves: its claim must be there. Then what TikTok says to it. */
void play_send(struct play *p, struct play_shipment *s);
void play_answer(struct play *p, struct play_shipment *s);

/* The COMMIT of these has returned. */
void play_admitted(struct play *p);
void play_settled(struct play *p, const struct play_shipment *s);

#endif
