/* SPDX-License-Identifier: MIT
 * exposition.h - the relay's numbers in Prometheus' text form, version 0.0.4.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  the database's; what was written before it stays well-formed.
 * See:     docs/monitoring.md, which lists them; tools/monitoring/. */
#ifndef RUN_EXPOSITION_H
#define RUN_EXPOSITION_H

#include "run/vitals.h"
#include "store/vault.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A list ends with one without a name. */
struct label {
	const char *name;
	struct str value;
};

/* A family's samples follow it, before the next family. */
void exposition_family(struct buf *out, const char *name, const char *type,
		       const char *help);
/* `labels` may be NULL. */
void exposition_int(struct buf *out, const char *name, const struct label *labels,
		    int64_t value);
void exposition_ms(struct buf *out, const char *name, const struct label *labels,
		   int64_t ms);

/* What is known in memory. */
void exposition_vitals(struct buf *out, const struct vitals *v);

/* What the system knows of the process and the files. */
void exposition_process(struct buf *out, const struct vitals *v);

/* What the database keeps; `vault` may be NULL. */
MUST_CHECK enum err_code exposition_store(struct buf *out, const struct vitals *v,
					  struct db *db, const struct vault *vault,
					  struct err *e);

#endif
