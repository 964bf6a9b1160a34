/* SPDX-License-Identifier: MIT */
#include "store/person.h"

enum { STATEMENTS_MAX = 50 }; /* of a node: so many others may share it */

/* Whether the row names a person, and none of those. */
static enum err_code is_others(struct person_reader *p, int64_t consent_id,
			       const struct identifiers *whose, bool *others,
			       struct err *e)
{
	struct sighting seen;
	bool named = false;

	*others = false;
	if (sighting_read(&p->sightings, IDENTITY_CONSENT, consent_id, &seen, e) !=
		    ERR_OK ||
	    seen.ids.count == 0 ||
	    identifier_kind(seen.ids.id[0].node) != IDENTITY_EXTERNAL_ID)
		return e->code;
	for (size_t i = 0; i < whose->count; i++) {
		if (whose->id[i].node == seen.ids.id[0].node)
			return ERR_OK;
		named = named ||
			identifier_kind(whose->id[i].node) == IDENTITY_EXTERNAL_ID;
	}
	*others = named;
	return ERR_OK;
}

/* Of somebody else's word only what it denies is left. `heard`: one was heard at this node, and
 * what others said earlier is past. */
static enum err_code sift(struct person_reader *p, struct statement *s,
			  const struct identifiers *whose, bool *heard, struct err *e)
{
	struct consent denied = {0};
	bool others;

	e->code = ERR_OK;
	if (!*heard && !consent_grants(&s->consent))
		return ERR_OK;
	if (is_others(p, s->consent_id, whose, &others, e) != ERR_OK || !others)
		return e->code;
	if (!*heard)
		consent_deny(&denied, &s->consent);
	s->consent = denied;
	*heard = true;
	return ERR_OK;
}

static bool is_later(const struct statement *s, const struct statement *latest)
{
	return !latest->consent.stated || statement_is_newer(s, latest);
}

/* The row of whoever names no external_id, or is not known by one (NULL), goes for all. */
enum err_code person_statement(struct person_reader *p, uint64_t node,
			       const struct identifiers *whose, int64_t now_ms,
			       struct statement *latest, struct err *e)
{
	bool all = !whose || identifier_kind(node) == IDENTITY_EXTERNAL_ID;
	bool row, heard = false, found = false;
	sqlite3_stmt *s = p->statement;
	struct statement said;

	sqlite3_bind_int64(s, 1, (int64_t)node);
	sqlite3_bind_int64(s, 2, now_ms);
	sqlite3_bind_int(s, 3, all ? 1 : STATEMENTS_MAX);
	while (!found && db_step(p->db, s, &row, e) == ERR_OK && row) {
		said = (struct statement){sqlite3_column_int64(s, 0),
					  sqlite3_column_int64(s, 1),
					  statement_unpack(sqlite3_column_int(s, 2))};
		if (!is_later(&said, latest) ||
		    (!all && sift(p, &said, whose, &heard, e) != ERR_OK))
			break;
		found = said.consent.stated;
	}
	sqlite3_reset(s);
	if (found)
		*latest = said;
	return e->code;
}
