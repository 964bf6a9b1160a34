/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cmd/filter.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "store/destination.h"
#include "store/listing.h"

enum { SHOWN = 13 };

static void put(void *arg, const struct rows *row)
{
	output_row(arg, row);
}

/* Printed between two reads: who reads slowly must not hold the WAL. */
static enum err_code print(const struct cmd *c, struct listing *l, struct err *e)
{
	struct output o;
	bool more = true;

	output_begin(&o, c->json, NULL, listing_columns, listing_column_count, SHOWN);
	output_hold(&o);
	while (more && listing_read(l, put, &o, &more, e) == ERR_OK && !ferror(stdout))
		output_release(&o);
	output_end(&o);
	return e->code;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct listing_filter f = {.oldest_first = cmd_value(c, "oldest") != NULL};
	const char *name = cmd_value(c, "destination");
	struct listing listing;
	struct db db;

	if (filter_read(c, &f.status, &f.reason, e) != ERR_OK ||
	    cmd_number(c, "limit", 1, INT64_MAX, 50, &f.limit, e) != ERR_OK ||
	    cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	if (!name || destination_find(&db, name, &f.destination_id, e) == ERR_OK) {
		listing_begin(&listing, &db, &f);
		e->code = print(c, &listing, e);
	}
	db_close(&db);
	return e->code;
}

static const struct cmd_option options[] = {
	{"status", "S",
	 "pending, sending, retrying, delivered, duplicate, skipped, "
	 "rejected, failed, held or cancelled"},
	{"reason", "R", "such as not_mapped; see convey status"},
	{"destination", "NAME", "of this destination"},
	{"limit", "N", "at most so many (default 50)"},
	{"oldest", NULL, "the oldest first"},
	{NULL, NULL, NULL},
};

const struct command cmd_list = {
	.name = "list",
	.usage = "[--status S] [--reason R] [--destination NAME] [--limit N] [--oldest]",
	.summary = "deliveries, the newest first",
	.examples = "  convey list\n"
		    "  convey list --status failed\n"
		    "  convey list --status skipped --reason not_mapped --limit 1000 "
		    "--json\n",
	.options = options,
	.kind = CMD_READS,
	.run = run,
};
