/* SPDX-License-Identifier: MIT */
#include "run/enrich.h"
#include "run/judge.h"

static void note_statement(struct judge *j, const struct statement *s, const char *how,
			   const struct trace *t)
{
	bool after = statement_is_after(s, j->enrich.said_ms);
	char at[ENRICH_TIME];

	if (after)
		consent_deny(&j->enrichment.withdrawn, &s->consent);
	enrich_tell(t, "consent row", "%lld, %s%s%s", (long long)s->consent_id,
		    enrich_time(s->stated_ms / 1000, at), how,
		    after ? ", after the conversion: what it denies counts" : "");
}

/* Many share a placeholder, and none may speak for the others but to say no; for whoever has
 * a statement of their own, not even that. */
static enum err_code deny_placeholders(struct judge *j, int64_t now_ms,
				       const struct trace *t, struct err *e)
{
	struct enrich *n = &j->enrich;

	e->code = ERR_OK;
	for (size_t i = 0; i < n->ids.placeholders; i++) {
		struct statement latest = {0};
		struct consent denied = {0};

		if (person_statement(&n->person, n->ids.placeholder[i], NULL, now_ms,
				     &latest, e) != ERR_OK)
			return e->code;
		consent_deny(&denied, &latest.consent);
		if (!denied.stated)
			continue;
		latest.consent = denied;
		consent_complete(&j->enrichment.consent, &denied);
		note_statement(j, &latest, ", by a placeholder: it can only deny", t);
	}
	return ERR_OK;
}

static bool names_person(const struct identifiers *ids)
{
	return ids->count > 0 && identifier_kind(ids->id[0].node) == IDENTITY_EXTERNAL_ID;
}

/* Who shares an address or a browser with others grants nothing for them. The row's own
 * external_id says who it is, else the one that is known of the person. */
static const struct identifiers *find_whose(const struct enrich *n,
					    struct identifiers *known)
{
	if (names_person(&n->ids))
		return &n->ids;
	identifiers_clear(known);
	for (size_t i = 1; i < n->member_count && known->count == 0; i++)
		if (n->members[i].node.kind == IDENTITY_EXTERNAL_ID)
			known->id[known->count++].node = n->members[i].node.hash;
	return known->count ? known : NULL;
}

/* Of the person as known now, not then: a withdrawal counts as soon as it is known whose it
 * is. */
enum err_code permission_find(struct judge *j, const struct person_edges *edges,
			      int64_t now_ms, const struct trace *t, struct err *e)
{
	struct enrich *n = &j->enrich;
	struct statement latest = {0};
	const struct identifiers *whose;
	struct identifiers known;

	e->code = ERR_OK;
	if (!n->person.has_statements)
		return ERR_OK;
	if (edges->count > edges->own)
		enrich_resolve(n, edges, INT64_MAX);
	whose = find_whose(n, &known);
	for (size_t i = 0; i < n->ids.count; i++)
		if (person_statement(&n->person, n->ids.id[i].node, whose, now_ms,
				     &latest, e) != ERR_OK)
			return e->code;
	for (size_t i = 1; i < n->member_count; i++)
		if (person_statement(&n->person, n->members[i].node.hash, whose, now_ms,
				     &latest, e) != ERR_OK)
			return e->code;
	if (!latest.consent.stated)
		return deny_placeholders(j, now_ms, t, e);
	j->enrichment.consent = latest.consent;
	note_statement(j, &latest, "", t);
	return ERR_OK;
}
