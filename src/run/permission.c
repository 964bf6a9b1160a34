/* SPDX-License-Identifier: MIT */
#include "run/enrich.h"
#include "run/judge.h"

/* What is being heard for one conversion. */
struct hearing {
	struct judge *j;
	const struct trace *t;
	int64_t now_ms;
	/* Whose rows are asked for, beside those of the conversion's own identifiers. */
	const struct identity_member *members;
	size_t count;
	bool later;  /* only nodes that the event's time does not know */
	bool named;  /* the person has an external_id */
	bool others; /* somebody else said something */
	bool now;    /* of the person as known now: nothing is granted */
	struct said said;
};

static void note_statement(const struct hearing *h, const struct statement *s,
			   const char *how)
{
	bool after = statement_is_after(s, h->j->enrich.said_ms);
	char by[IDENTIFIER_TEXT], at[ENRICH_TIME];

	if (after)
		consent_deny(&h->j->enrichment.withdrawn, &s->consent);
	identifier_text(s->node, by);
	enrich_tell(h->t, "consent row", "%lld, %s, by %s%s%s", (long long)s->consent_id,
		    enrich_time(s->stated_ms / 1000, at), by, how,
		    after ? ", after the conversion: what it denies counts" : "");
}

typedef void add_fn(struct consent *to, const struct consent *denied);

/* By nodes that many share, where they say no later than the person's own word. */
static enum err_code deny_by(struct hearing *h, const uint64_t *nodes, size_t count,
			     add_fn *add, const char *how, struct err *e)
{
	e->code = ERR_OK;
	for (size_t i = 0; i < count; i++) {
		struct said said = {.own = h->said.own};
		struct consent denied = {0};

		if (person_statement(&h->j->enrich.person, nodes[i], true, h->now_ms,
				     &said, e) != ERR_OK)
			return e->code;
		if (said.own.consent.stated && said.own.node == nodes[i])
			consent_deny(&denied, &said.own.consent);
		if (!denied.stated)
			continue;
		said.own.consent = denied;
		add(&h->j->enrichment.consent, &denied);
		note_statement(h, &said.own, how);
	}
	return ERR_OK;
}

/* None may speak for the others but to say no; by a placeholder, for whoever has a statement of
 * their own, not even that. */
static enum err_code deny_shared(struct hearing *h, struct err *e)
{
	const struct identifiers *ids = &h->j->enrich.ids;

	e->code = ERR_OK;
	if (ids->at_homes > 0 &&
	    deny_by(h, ids->at_home, ids->at_homes, consent_deny,
		    ", as the number is read at home: it can only deny", e) != ERR_OK)
		return e->code;
	if (ids->placeholders > 0 && !h->said.own.consent.stated)
		e->code =
			deny_by(h, ids->placeholder, ids->placeholders, consent_complete,
				", a placeholder: it can only deny", e);
	return e->code;
}

static bool is_among(uint64_t node, const struct identity_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (members[i].node.hash == node)
			return true;
	return false;
}

typedef enum err_code hear_fn(struct hearing *h, uint64_t node, struct err *e);

static enum err_code hear_each(struct hearing *h, hear_fn *fn, struct err *e)
{
	const struct enrich *n = &h->j->enrich;

	e->code = ERR_OK;
	for (size_t i = 0; !h->later && i < n->ids.count && e->code == ERR_OK; i++)
		e->code = fn(h, n->ids.id[i].node, e);
	for (size_t i = 1; i < h->count && e->code == ERR_OK; i++) {
		uint64_t node = h->members[i].node.hash;

		if (!enrich_is_own(n, node) &&
		    !(h->later && is_among(node, n->members, n->member_count)))
			e->code = fn(h, node, e);
	}
	return e->code;
}

/* A row that names somebody speaks for them alone: it is heard under their external_id. Whoever has
 * none is whom a row of an address of theirs names; in a browser that may be anybody. */
static enum err_code hear(struct hearing *h, uint64_t node, struct err *e)
{
	enum identity_kind kind = identifier_kind(node);
	bool by_name =
		kind == IDENTITY_EXTERNAL_ID || (!h->named && kind <= IDENTITY_PHONE);

	return person_statement(&h->j->enrich.person, node, by_name, h->now_ms, &h->said,
				e);
}

static enum err_code hear_own(struct hearing *h, uint64_t node, struct err *e)
{
	if (hear(h, node, e) == ERR_OK)
		h->others |= h->said.others.consent.stated;
	return e->code;
}

/* Who names themselves in the person's browser, and is known as nobody else, may be the person. */
static bool may_grant(const struct hearing *h, uint64_t node)
{
	return !h->now && identifier_kind(node) == IDENTITY_SESSION &&
	       (!h->said.others.names_person ||
		(!h->named && enrich_is_own(&h->j->enrich, node)));
}

/* Over what they said themselves, now that it is known. */
static enum err_code add_others(struct hearing *h, uint64_t node, struct err *e)
{
	struct consent *said = &h->j->enrichment.consent;
	struct statement s;
	bool grants;

	if (hear(h, node, e) != ERR_OK)
		return e->code;
	grants = may_grant(h, node);
	s = h->said.others;
	s.consent = (struct consent){0};
	consent_deny(&s.consent, &h->said.others.consent);
	if (grants)
		s.consent = h->said.others.consent;
	if (!s.consent.stated)
		return ERR_OK;
	consent_deny(said, &s.consent);
	if (grants)
		consent_complete(said, &s.consent);
	note_statement(h, &s,
		       grants ? ", of who may be another: what is denied stays denied"
			      : ", of another person: it can only deny");
	return ERR_OK;
}

static bool has_name(const struct identity_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (members[i].node.kind == IDENTITY_EXTERNAL_ID)
			return true;
	return false;
}

static enum err_code hear_all(struct hearing *h, const struct identity_member *members,
			      size_t count, struct err *e)
{
	h->members = members;
	h->count = count;
	h->others = false;
	h->named |= has_name(members, count);
	return hear_each(h, hear_own, e);
}

/* Of the person as known now: a withdrawal counts as soon as it is known whose it is, but a grant
 * may be anybody's who came to the same browser since. Who has a name only now is heard anew: what
 * was taken for theirs by an address may be another's, and must not hide their own word. */
static enum err_code hear_later(struct hearing *h, const struct person_edges *edges,
				struct err *e)
{
	const struct identity_member *members;
	struct statement before = h->said.own;
	const struct statement *own = &h->said.own;
	size_t count = enrich_resolve_now(&h->j->enrich, edges, &members);

	h->now = true;
	h->later = h->named || !has_name(members, count);
	if (!h->later)
		h->said.own = (struct statement){0};
	if (hear_all(h, members, count, e) != ERR_OK)
		return e->code;
	if (own->consent.stated &&
	    (!before.consent.stated || own->consent_id != before.consent_id)) {
		consent_deny(&h->j->enrichment.consent, &own->consent);
		note_statement(h, own,
			       ", known as the person's only later: it can only deny");
	}
	return h->others ? hear_each(h, add_others, e) : ERR_OK;
}

static bool is_known_later(const struct person_edges *edges, int64_t event_s)
{
	for (size_t i = edges->own; i < edges->count; i++)
		if (edges->list[i].at_s > event_s)
			return true;
	return false;
}

enum err_code permission_find(struct judge *j, const struct person_edges *edges,
			      int64_t now_ms, const struct trace *t, struct err *e)
{
	const struct enrich *n = &j->enrich;
	struct hearing h = {.j = j, .t = t, .now_ms = now_ms};

	e->code = ERR_OK;
	if (!n->person.has_statements)
		return ERR_OK;
	h.named = identifiers_name_person(&n->ids);
	if (hear_all(&h, n->members, n->member_count, e) != ERR_OK)
		return e->code;
	if (h.said.own.consent.stated) {
		j->enrichment.consent = h.said.own.consent;
		note_statement(&h, &h.said.own, "");
	}
	if ((h.others && hear_each(&h, add_others, e) != ERR_OK) ||
	    deny_shared(&h, e) != ERR_OK)
		return e->code;
	return is_known_later(edges, n->event_s) ? hear_later(&h, edges, e) : ERR_OK;
}
