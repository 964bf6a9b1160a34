/* SPDX-License-Identifier: MIT
 * verbs.h - every verb, each defined in a file of its name (retry and cancel: requeue.c).
 *
 * Owns:    nothing; all constant.
 * Thread:  any.
 * Errors:  none. */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include "cmd/cmd.h"

/* All of them, in the order of the help; the last is NULL. */
extern const struct command *const cmd_verbs[];

extern const struct command cmd_init;
extern const struct command cmd_run;
extern const struct command cmd_destination;
extern const struct command cmd_token;
extern const struct command cmd_connect;
extern const struct command cmd_disconnect;
extern const struct command cmd_key;
extern const struct command cmd_map;
extern const struct command cmd_route;
extern const struct command cmd_config;
extern const struct command cmd_simulate;
extern const struct command cmd_enqueue;
extern const struct command cmd_preview;
extern const struct command cmd_why;
extern const struct command cmd_status;
extern const struct command cmd_list;
extern const struct command cmd_retry;
extern const struct command cmd_cancel;
extern const struct command cmd_doctor;
extern const struct command cmd_forget;

#endif
