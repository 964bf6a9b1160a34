/* SPDX-License-Identifier: MIT
 * sighting.h - a row in which identifiers were seen together: a visit, a consent row or a
 * conversion, read again whenever somebody asks, so that nothing is kept of a person but in
 * the rows that their producers wrote.
 *
 * Owns:    statements, scratch memory and a place, from sighting_open to sighting_close.
 * Thread:  the connection's.
 * Errors:  the database's and a place's. A row that has gone or cannot be read shows nobody.
 * See:     store/person.h; core/identity.h. */
#ifndef STORE_SIGHTING_H
#define STORE_SIGHTING_H

#include "core/identifier.h"
#include "store/place.h"

struct sighting {
	enum identity_source source;
	int64_t row_id;
	int64_t at_s;  /* Unix seconds; what has no time was always known */
	int64_t at_ms; /* of a visit or a consent row: the same, as ingest took it */
	struct identifiers ids;
};

struct sighting_reader {
	struct db *db;
	sqlite3_stmt *disabled, *any_disabled, *one[4], *range[4]; /* by source */
	struct scratch scratch;
	struct digest digest;
	struct place place;
	bool has_disabled;
};

MUST_CHECK enum err_code sighting_open(struct sighting_reader *r, struct db *db,
				       struct err *e);
void sighting_close(struct sighting_reader *r);

/* At the start of a transaction. */
MUST_CHECK enum err_code sighting_refresh(struct sighting_reader *r, struct err *e);

/* One row; ids.count is 0 where it shows nobody. */
MUST_CHECK enum err_code sighting_read(struct sighting_reader *r,
				       enum identity_source source, int64_t row_id,
				       struct sighting *out, struct err *e);

/* Whether a person took the row out of use. */
MUST_CHECK enum err_code sighting_disabled(struct sighting_reader *r,
					   enum identity_source source, int64_t row_id,
					   bool *disabled, struct err *e);

/* Those behind a row and up to another, in their order. */
typedef void sighting_fn(void *arg, const struct sighting *seen);
MUST_CHECK enum err_code sighting_range(struct sighting_reader *r,
					enum identity_source source, int64_t after,
					int64_t upto, sighting_fn *fn, void *arg,
					struct err *e);

/* As a number that sorts by row: the value in a run of RUNS_IDENTIFIER. */
static inline uint64_t sighting_value(enum identity_source source, int64_t row_id)
{
	return (uint64_t)row_id << 2 | (uint64_t)source;
}

#endif
