/* SPDX-License-Identifier: MIT */
#include "cmd/verbs.h"

/* clang-format off: a verb a line */
static const struct command *const commands[] = {
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

int main(int argc, char **argv)
{
	return cmd_main(commands, argc, argv);
}
