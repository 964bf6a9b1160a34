/* SPDX-License-Identifier: MIT
 * relay_options.h - what relay_run is told by its caller.
 *
 * Owns:    nothing; texts are the caller's and stay.
 * Thread:  any.
 * Errors:  none. */
#ifndef RUN_RELAY_OPTIONS_H
#define RUN_RELAY_OPTIONS_H

#include "store/prune.h"

struct door;

struct relay_options {
	const char *db_path;
	const char *endpoint; /* without a slash at its end */
	const char *ca_file;  /* NULL: the system's */
	bool drain;
	int64_t retry_base_ms, retry_cap_ms, timeout_ms;
	const struct door *admin; /* NULL: a socket beside the database */
	struct prune_limits keep;
};

#endif
