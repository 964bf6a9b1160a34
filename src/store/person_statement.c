/* SPDX-License-Identifier: MIT */
#include "store/person.h"

enum {
	LOOKED_MAX = 50,  /* rows of a node that are read to know whose they are */
	WALKED_MAX = 1000 /* rows of a node */
};

/* Whether the row names a person, and none of those. */
static enum err_code is_others(struct person_reader *p, const struct statement *said,
			       const struct identifiers *whose, bool *others,
			       struct err *e)
{
	struct sighting seen;

	*others = false;
	if (sighting_read(&p->sightings, IDENTITY_CONSENT, said->consent_id, &seen, e) !=
	    ERR_OK)
		return e->code;
	*others = seen.ids.count > 0 ? identifiers_name_person(&seen.ids)
				     : said->names_person; /* it has gone */
	if (!*others)
		return ERR_OK;
	for (size_t i = 0; i < whose->count && seen.ids.count > 0; i++)
		if (whose->id[i].node == seen.ids.id[0].node)
			*others = false;
	return ERR_OK;
}

static void deny(struct statement *others, const struct statement *said)
{
	struct statement denied = *said;

	denied.consent = (struct consent){0};
	consent_deny(&denied.consent, &said->consent);
	if (!others->consent.stated)
		*others = denied;
	else
		consent_deny(&others->consent, &denied.consent);
}

static bool is_later(const struct statement *s, const struct statement *latest)
{
	return !latest->consent.stated || statement_is_newer(s, latest);
}

static struct statement statement_at(sqlite3_stmt *s)
{
	int packed = sqlite3_column_int(s, 2);

	return (struct statement){
		.stated_ms = sqlite3_column_int64(s, 0),
		.consent_id = sqlite3_column_int64(s, 1),
		.consent = statement_unpack(packed),
		.names_person = statement_names_person(packed),
	};
}

/* Of others the newest row is heard. Where so many share the node that it costs too much to know
 * whose a row is, all are another's and each is heard; behind even those nothing is known. */
enum err_code person_statement(struct person_reader *p, uint64_t node,
			       const struct identifiers *whose, int64_t now_ms,
			       struct said *said, struct err *e)
{
	bool all = !whose || !identifiers_name_person(whose) ||
		   identifier_kind(node) == IDENTITY_EXTERNAL_ID;
	bool row, foreign = false, found = false;
	sqlite3_stmt *s = p->statement;
	int walked = 0;

	said->others = (struct statement){0};
	sqlite3_bind_int64(s, 1, (int64_t)node);
	sqlite3_bind_int64(s, 2, now_ms);
	sqlite3_bind_int(s, 3, all ? 1 : WALKED_MAX);
	while (!found && db_step(p->db, s, &row, e) == ERR_OK && row) {
		struct statement one = statement_at(s);

		if (!is_later(&one, &said->own))
			break;
		if (walked++ >= LOOKED_MAX)
			foreign = true;
		else if (!all && is_others(p, &one, whose, &foreign, e) != ERR_OK)
			break;
		found = !foreign;
		if (found)
			said->own = one;
		else if (walked == 1 || walked > LOOKED_MAX)
			deny(&said->others, &one);
	}
	sqlite3_reset(s);
	if (walked == WALKED_MAX && !found) {
		said->others.consent.ad_user_data = SIGNAL_DENIED;
		said->others.consent.stated = true;
	}
	return e->code;
}
