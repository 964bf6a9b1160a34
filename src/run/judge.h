/* SPDX-License-Identifier: MIT
 * judge.h - one row of the outbox, decided for every destination and shaped: what the relay
 * does to send it, and what preview, why and simulate do to tell about it.
 *
 * Owns:    a read-only connection, the configuration as last read, scratch memory.
 * Thread:  one at a time.
 * Errors:  the database's; a row that may not be sent is no error but has a reason.
 * See:     core/decide.h, core/shape.h; contract of the order: docs/how-it-works.md. */
#ifndef RUN_JUDGE_H
#define RUN_JUDGE_H

#include "core/event_id.h"
#include "run/enrich.h"
#include "run/ruling.h"
#include "store/config.h"
#include "store/outbox.h"
#include "store/unread.h"

struct judge {
	struct db db;
	struct unread unread; /* judge_open: what no relay has taken up yet */
	struct outbox_reader reader;
	struct config *config;
	struct scratch scratch;
	struct digest digest;
	uint64_t seed; /* of the deduplication */
	/* of the row last read; borrowed from it */
	struct conversion conversion;
	struct str event_id;
	int64_t event_hash;
	struct buf id, merged, merged_time, *texts; /* with duplicates; of apart */
	struct outbox_row merged_row;
	int merges; /* duplicates that it has been asked to take */
	struct enrich enrich;
	struct enrichment enrichment, *apart; /* where zones tell: one a destination */
	struct ruling *rulings; /* one a destination, in the configuration's order */
};

MUST_CHECK enum err_code judge_open(struct judge *j, const char *path, struct err *e);
/* Shares the relay's edges that are not in the table yet; judge_open reads its own. */
MUST_CHECK enum err_code judge_open_shared(struct judge *j, const char *path,
					   struct kinship *kinship, struct err *e);
void judge_close(struct judge *j);

/* Where the rows to come leave what they tell of persons; NULL: nowhere. */
void judge_collect(struct judge *j, struct kin *kin, struct met *met);

/* Takes over a configuration that has changed. Inside the caller's read transaction. */
MUST_CHECK enum err_code judge_refresh(struct judge *j, struct err *e);

/* Judges by another configuration from now on, and owns it. */
void judge_use(struct judge *j, struct config *config);

/* Reads the row and finds its event_id; a reason where it cannot be read. */
enum reason judge_read(struct judge *j, const struct outbox_row *row);

/* The same, filled from later rows of its event_id that came before it was first sent (0: it was
 * not yet) and tell of it (core/gist.h): those known to the relay, and `more` (ids, a 0 behind). */
MUST_CHECK enum err_code judge_read_merged(struct judge *j, const struct outbox_row *row,
					   int64_t sent_ms, const int64_t *more,
					   enum reason *reason, struct err *e);

/* Decides for all destinations; `t` may be NULL. A reason where none is reached, for all. */
MUST_CHECK enum err_code judge_rule(struct judge *j, int64_t now_ms,
				    const struct trace *t, enum reason *none,
				    struct err *e);

/* The same for one, when the row is sent again: consent may have been withdrawn since. */
MUST_CHECK enum err_code
judge_rule_again(struct judge *j, const struct destination_config *d, int64_t now_ms,
		 bool sent, const struct trace *t, struct ruling *out, struct err *e);

/* Appends the event as it goes out; nothing on a reason. */
enum reason judge_shape(struct judge *j, const struct ruling *r, struct buf *out);

/* The number of the event's name at TikTok; 0: not mapped. */
int64_t judge_name_id(const struct judge *j, const struct ruling *r);

#endif
