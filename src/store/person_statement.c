/* SPDX-License-Identifier: MIT */
#include "store/person.h"

/* Into *latest, where there is one and it is later. */
static enum err_code take_later(struct person_reader *p, uint64_t node, bool for_all,
				int64_t now_ms, struct statement *latest, struct err *e)
{
	sqlite3_stmt *s = p->statement;
	bool row;

	sqlite3_bind_int64(s, 1, (int64_t)(for_all ? statement_for_all(node) : node));
	sqlite3_bind_int64(s, 2, now_ms);
	if (db_step(p->db, s, &row, e) == ERR_OK && row) {
		struct statement one = {
			.stated_ms = sqlite3_column_int64(s, 0),
			.consent_id = sqlite3_column_int64(s, 1),
			.node = node,
			.consent = statement_unpack(sqlite3_column_int(s, 2))};

		if (!latest->consent.stated || statement_is_newer(&one, latest))
			*latest = one;
	}
	sqlite3_reset(s);
	return e->code;
}

/* A row that names the person stands under their external_id too, and is `own` from there: what
 * is later than that at another node is another's. Of others the newest row is heard. */
enum err_code person_statement(struct person_reader *p, uint64_t node, bool by_name,
			       int64_t now_ms, struct said *said, struct err *e)
{
	struct statement named;

	said->others = (struct statement){0};
	if (take_later(p, node, true, now_ms, &said->own, e) != ERR_OK)
		return e->code;
	named = said->own;
	if (take_later(p, node, false, now_ms, &named, e) != ERR_OK)
		return e->code;
	if (by_name) {
		said->own = named;
	} else if (named.consent.stated && (!said->own.consent.stated ||
					    statement_is_newer(&named, &said->own))) {
		said->others = named;
		said->others.consent = (struct consent){0};
		consent_deny(&said->others.consent, &named.consent);
	}
	return ERR_OK;
}
