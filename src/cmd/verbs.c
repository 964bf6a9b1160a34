/* SPDX-License-Identifier: MIT */
#include "cmd/verbs.h"

/* clang-format off: a verb a line */
const struct command *const cmd_verbs[] = {
	&cmd_init,
	&cmd_run,
	&cmd_destination,
	&cmd_token,
	&cmd_connect,
	&cmd_disconnect,
	&cmd_key,
	&cmd_map,
	&cmd_enqueue,
	&cmd_preview,
	&cmd_why,
	&cmd_status,
	&cmd_list,
	&cmd_retry,
	&cmd_cancel,
	&cmd_forget,
	&cmd_doctor,
	&cmd_route,
	&cmd_config,
	&cmd_simulate,
	NULL,
};
/* clang-format on */
