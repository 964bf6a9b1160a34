/* SPDX-License-Identifier: MIT */
#include "store/person.h"

/* Of a row that has gone nothing else is known. */
static enum err_code names_nobody(struct person_reader *p, int64_t consent_id,
				  bool *nobody, struct err *e)
{
	struct sighting row;

	if (sighting_read(&p->sightings, IDENTITY_CONSENT, consent_id, &row, e) == ERR_OK)
		*nobody = row.ids.count == 0 ||
			  identifier_kind(row.ids.id[0].node) == IDENTITY_SESSION;
	return e->code;
}

/* Into *latest, where there is one and it is later. Into *besides (or NULL) the newest of those
 * passed over, as they name somebody. */
static enum err_code take_later(struct person_reader *p, uint64_t node, int64_t now_ms,
				struct statement *latest, struct statement *besides,
				struct err *e)
{
	sqlite3_stmt *s = p->statement;
	bool row, taken = false;

	sqlite3_bind_int64(s, 1, (int64_t)node);
	sqlite3_bind_int64(s, 2, now_ms);
	while (!taken && db_step(p->db, s, &row, e) == ERR_OK && row) {
		struct statement one = {
			.stated_ms = sqlite3_column_int64(s, 0),
			.consent_id = sqlite3_column_int64(s, 1),
			.consent = statement_unpack(sqlite3_column_int(s, 2))};

		if (latest->consent.stated && !statement_is_newer(&one, latest))
			break;
		taken = true;
		if (besides && names_nobody(p, one.consent_id, &taken, e) != ERR_OK)
			break;
		if (taken)
			*latest = one;
		else if (!besides->consent.stated)
			*besides = one;
	}
	sqlite3_reset(s);
	return e->code;
}

static bool is_newer(const struct statement *a, const struct statement *b)
{
	return a->consent.stated && (!b->consent.stated || statement_is_newer(a, b));
}

/* A row that names the person stands under that name too, and is `own` from there: what is later
 * than that at another node is another's. Of others the newest row is heard. In a browser that may
 * be anybody's who has an address, too. */
enum err_code person_statement(struct person_reader *p, uint64_t node, bool by_name,
			       int64_t now_ms, struct said *said, struct err *e)
{
	bool browser = identifier_kind(node) == IDENTITY_SESSION;
	struct statement named = {0}, own = said->own;

	said->others = (struct statement){0};
	if (take_later(p, statement_for_all(node), now_ms, &own,
		       browser ? &said->others : NULL, e) != ERR_OK ||
	    take_later(p, node, now_ms, &named, NULL, e) != ERR_OK)
		return e->code;
	own.node = said->others.node = named.node = node;
	named.names_person = true;
	if (is_newer(&own, &said->own))
		said->own = own;
	if (!is_newer(&named, &said->own))
		return ERR_OK;
	if (by_name && !browser)
		said->own = named;
	else if (is_newer(&named, &said->others))
		said->others = named;
	return ERR_OK;
}
