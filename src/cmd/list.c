/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cmd/filter.h"
#include "cmd/output.h"
#include "cmd/verbs.h"
#include "store/destination.h"
#include "store/listing.h"

enum { SHOWN = 12 };

static enum err_code print(const struct cmd *c, struct listing *l, struct err *e)
{
	struct output o;
	bool row;

	output_begin_rows(&o, c->json, NULL, &l->rows, SHOWN);
	while (listing_next(l, &row, e) == ERR_OK && row && !ferror(stdout))
		output_row(&o, &l->rows);
	output_end(&o);
	return e->code;
}

static enum err_code run(const struct cmd *c, struct err *e)
{
	struct listing_filter f = {.destination = cmd_value(c, "destination")};
	struct listing listing;
	struct db db;
	int32_t id;

	if (filter_read(c, &f.status, &f.reason, e) != ERR_OK ||
	    cmd_number(c, "limit", 1, INT64_MAX, 50, &f.limit, e) != ERR_OK ||
	    cmd_open(c, DB_READ, &db, e) != ERR_OK)
		return e->code;
	if ((!f.destination || destination_find(&db, f.destination, &id, e) == ERR_OK) &&
	    listing_open(&listing, &db, &f, e) == ERR_OK) {
		e->code = print(c, &listing, e);
		listing_close(&listing);
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
	{NULL, NULL, NULL},
};

const struct command cmd_list = {
	.name = "list",
	.usage = "[--status S] [--reason R] [--destination NAME] [--limit N]",
	.summary = "deliveries, newest first",
	.examples = "  convey list\n"
		    "  convey list --status failed\n"
		    "  convey list --status skipped --reason not_mapped --limit 1000 "
		    "--json\n",
	.options = options,
	.kind = CMD_READS,
	.run = run,
};
