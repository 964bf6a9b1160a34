/* SPDX-License-Identifier: MIT */
#include "cmd/verbs.h"

int main(int argc, char **argv)
{
	return cmd_main(cmd_verbs, argc, argv);
}
