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
		struct said said = {0};
		struct consent denied = {0};

		if (person_statement(&n->person, n->ids.placeholder[i], NULL, now_ms,
				     &said, e) != ERR_OK)
			return e->code;
		consent_deny(&denied, &said.own.consent);
		if (!denied.stated)
			continue;
		said.own.consent = denied;
		consent_complete(&j->enrichment.consent, &denied);
		note_statement(j, &said.own, ", by a placeholder: it can only deny", t);
	}
	return ERR_OK;
}

/* Who shares an address or a browser with others grants nothing for them. The row's own
 * external_id says who it is, else the one that is known of the person. */
static const struct identifiers *find_whose(const struct enrich *n,
					    struct identifiers *known)
{
	if (identifiers_name_person(&n->ids))
		return &n->ids;
	identifiers_clear(known);
	for (size_t i = 1; i < n->member_count && known->count == 0; i++)
		if (n->members[i].node.kind == IDENTITY_EXTERNAL_ID)
			known->id[known->count++].node = n->members[i].node.hash;
	return known->count ? known : NULL;
}

static uint64_t node_at(const struct enrich *n, size_t i)
{
	return i < n->ids.count ? n->ids.id[i].node
				: n->members[i - n->ids.count + 1].node.hash;
}

static size_t node_count(const struct enrich *n)
{
	return n->ids.count + (n->member_count > 0 ? n->member_count - 1 : 0);
}

/* Over what they said themselves, now that it is known. */
static enum err_code deny_by_others(struct judge *j, const struct identifiers *whose,
				    int64_t now_ms, struct said *said,
				    const struct trace *t, struct err *e)
{
	struct enrich *n = &j->enrich;

	for (size_t i = 0; i < node_count(n); i++) {
		if (person_statement(&n->person, node_at(n, i), whose, now_ms, said, e) !=
		    ERR_OK)
			return e->code;
		if (!said->others.consent.stated)
			continue;
		consent_deny(&j->enrichment.consent, &said->others.consent);
		note_statement(j, &said->others, ", by another person: it can only deny",
			       t);
	}
	return ERR_OK;
}

/* Of the person as known now, not then: a withdrawal counts as soon as it is known whose it
 * is. */
enum err_code permission_find(struct judge *j, const struct person_edges *edges,
			      int64_t now_ms, const struct trace *t, struct err *e)
{
	struct enrich *n = &j->enrich;
	struct said said = {0};
	const struct identifiers *whose;
	struct identifiers known;
	bool any = false;

	e->code = ERR_OK;
	if (!n->person.has_statements)
		return ERR_OK;
	if (edges->count > edges->own)
		enrich_resolve(n, edges, INT64_MAX);
	whose = find_whose(n, &known);
	for (size_t i = 0; i < node_count(n); i++) {
		if (person_statement(&n->person, node_at(n, i), whose, now_ms, &said,
				     e) != ERR_OK)
			return e->code;
		any = any || said.others.consent.stated;
	}
	if (said.own.consent.stated) {
		j->enrichment.consent = said.own.consent;
		note_statement(j, &said.own, "", t);
	}
	if (any && deny_by_others(j, whose, now_ms, &said, t, e) != ERR_OK)
		return e->code;
	return said.own.consent.stated ? ERR_OK : deny_placeholders(j, now_ms, t, e);
}
