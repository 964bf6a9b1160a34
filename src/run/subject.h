/* SPDX-License-Identifier: MIT
 * subject.h - the conversion that preview, why and the admin page speak about, judged
 * as of now.
 *
 * Owns:    a judge with a read transaction open, from subject_open to subject_close.
 * Thread:  one at a time.
 * Errors:  NOINPUT nobody has the event_id or the number; else the database's.
 * See:     run/judge.h. */
#ifndef RUN_SUBJECT_H
#define RUN_SUBJECT_H

#include "run/judge.h"
#include "store/lookup.h"

struct subject {
	struct judge judge;
	struct outbox_row row; /* borrowed from the judge's reader */
	int64_t now_ms;
	int64_t ids[LOOKUP_MAX]; /* rows with the event_id, newest first */
	int count;
	int64_t holder; /* the one that counts, or was asked for by its number */
	int64_t first; /* of which that is a duplicate; 0: it is none, or that one is gone */
	bool duplicate;     /* since it was judged: it is one, */
	bool foretold;      /* or rather will be when it is read */
	bool learnt;        /* earlier conversions were asked, too, */
	int64_t unasked;    /* but for as many before them */
	enum reason unread; /* why it cannot be read */
	enum reason none;   /* why it reaches no destination */
};

MUST_CHECK enum err_code subject_open(struct subject *s, const char *db_path,
				      struct err *e);
void subject_close(struct subject *s);

/* Finds the rows of an event_id, */
MUST_CHECK enum err_code subject_find(struct subject *s, const char *event_id,
				      struct err *e);
/* or the one of a number. */
MUST_CHECK enum err_code subject_find_row(struct subject *s, int64_t id, struct err *e);

/* Judges the one that counts; `t` may be NULL. */
MUST_CHECK enum err_code subject_judge(struct subject *s, const struct trace *t,
				       struct err *e);

/* Judges a row that is in no database. */
MUST_CHECK enum err_code subject_take(struct subject *s, const struct outbox_row *row,
				      const struct trace *t, struct err *e);

/* The row's whole reason, if there is one: it goes nowhere. */
static inline enum reason subject_reason(const struct subject *s)
{
	return s->unread ? s->unread : s->none;
}

/* Appends what keeps it from being read, ", line 1, column 5" or ", it is empty"; nothing where it
 * is read. */
void subject_tell_unread(const struct subject *s, struct buf *out);

#define SUBJECT_NO_DESTINATION                                                           \
	"there is no destination yet: convey destination add NAME --source web --id "    \
	"PIXEL"

/* No relay reads rows then: they wait, whatever the reason says. */
static inline bool subject_has_no_destination(const struct subject *s)
{
	return subject_reason(s) == REASON_NO_ROUTE && s->judge.config->count == 0;
}

/* Appends the request for one destination; nothing where a reason is returned. Tells what of
 * the payload is not in it, by its name. */
enum reason subject_body(struct subject *s, const struct ruling *r, const struct trace *t,
			 struct buf *out);

#endif
