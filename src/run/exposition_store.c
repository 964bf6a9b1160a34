/* SPDX-License-Identifier: MIT */
#include "run/exposition.h"
#include "store/census.h"
#include "store/credential.h"

enum { FIRST_STATUS = STATUS_PENDING, LAST_STATUS = STATUS_DELIVERED };

struct tally {
	int64_t count[LAST_STATUS + 1];
};

/* Of one destination, every status: what is not there is 0, so that it can be alerted on. */
static void add_statuses(struct buf *out, struct str destination, const struct tally *t)
{
	for (int s = FIRST_STATUS; s <= LAST_STATUS; s++) {
		const struct label labels[] = {
			{"destination", destination},
			{"status", str_of(status_word((enum status)s))},
			{NULL, STR_NONE}};

		exposition_int(out, "convey_deliveries", labels, t->count[s]);
	}
}

static enum err_code tally_of(struct db *db, struct str destination, struct tally *t,
			      struct err *e)
{
	enum status status;
	struct rows rows;
	bool row;

	*t = (struct tally){{0}};
	if (census_counts(db, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row)
		if (str_eq(rows_text(&rows, 0), destination) &&
		    status_of_word(rows_text(&rows, 1), &status))
			t->count[status] += rows_int(&rows, 3);
	rows_close(&rows);
	return e->code;
}

static enum err_code add_deliveries(struct buf *out, const struct vitals *v,
				    struct db *db, struct err *e)
{
	struct tally t;

	exposition_family(out, "convey_deliveries", "gauge",
			  "Deliveries in the database by status; without a destination "
			  "those that reached none.");
	for (int i = -1; i < v->count; i++) {
		struct str name = i < 0 ? STR("") : str_of(v->sites[i].name);

		if (tally_of(db, name, &t, e) != ERR_OK)
			return e->code;
		add_statuses(out, name, &t);
	}
	return ERR_OK;
}

static enum err_code add_reasons(struct buf *out, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	exposition_family(out, "convey_undelivered", "gauge",
			  "Deliveries in the database that did not arrive, by reason.");
	if (census_counts(db, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row) {
		const struct label labels[] = {{"destination", rows_text(&rows, 0)},
					       {"status", rows_text(&rows, 1)},
					       {"reason", rows_text(&rows, 2)},
					       {NULL, STR_NONE}};

		if (labels[2].value.len > 0)
			exposition_int(out, "convey_undelivered", labels,
				       rows_int(&rows, 3));
	}
	rows_close(&rows);
	return e->code;
}

static enum err_code add_backlog(struct buf *out, const char *name, const char *help,
				 int column, struct db *db, struct err *e)
{
	struct rows rows;
	bool row;

	exposition_family(out, name, "gauge", help);
	if (census_backlog(db, &rows, e) != ERR_OK)
		return e->code;
	while (rows_next(&rows, &row, e) == ERR_OK && row) {
		const struct label labels[] = {{"destination", rows_text(&rows, 0)},
					       {NULL, STR_NONE}};

		exposition_int(out, name, labels, rows_int(&rows, column));
	}
	rows_close(&rows);
	return e->code;
}

/* A token that does not open is no reason to tell nothing. */
static void add_expiries(struct buf *out, const struct vitals *v, struct db *db,
			 const struct vault *vault)
{
	exposition_family(out, "convey_token_expires_timestamp_seconds", "gauge",
			  "When the destination's token ends, Unix time; one from Events "
			  "Manager has no end and is not here.");
	for (int i = 0; vault && i < v->count; i++) {
		const struct label labels[] = {{"destination", str_of(v->sites[i].name)},
					       {NULL, STR_NONE}};
		struct err ignored = {ERR_OK, ""};
		int64_t at_ms = 0;

		if (credential_time(db, vault, v->sites[i].id, "expires_at", &at_ms,
				    &ignored) == ERR_OK &&
		    at_ms > 0)
			exposition_ms(out, "convey_token_expires_timestamp_seconds",
				      labels, at_ms);
	}
}

enum err_code exposition_store(struct buf *out, const struct vitals *v, struct db *db,
			       const struct vault *vault, struct err *e)
{
	int64_t unclaimed;

	if (add_deliveries(out, v, db, e) != ERR_OK ||
	    add_reasons(out, db, e) != ERR_OK ||
	    add_backlog(out, "convey_backlog",
			"Events that wait for the destination or are under way.", 1, db,
			e) != ERR_OK ||
	    add_backlog(out, "convey_oldest_pending_seconds",
			"How long the oldest of them has waited.", 2, db, e) != ERR_OK ||
	    census_unclaimed(db, &unclaimed, e) != ERR_OK)
		return e->code;
	exposition_family(out, "convey_unclaimed", "gauge",
			  "Rows of the outbox that are not taken up yet.");
	exposition_int(out, "convey_unclaimed", NULL, unclaimed);
	add_expiries(out, v, db, vault);
	return ERR_OK;
}
