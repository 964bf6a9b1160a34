/* SPDX-License-Identifier: MIT */
#include "store/status.h"

#include <stdlib.h>

#include "core/reason.h"
#include "store/advice.h"
#include "store/lookup.h"

/* What a removed destination left failed or rejected can neither be mended nor sent: whoever
 * removed it has decided. The view `problem` keeps it. */
#define KEPT "destination_id NOT IN (SELECT id FROM destination WHERE removed <> 0)"

/* clang-format off */
/* Seconds, and the last attempt that had begun as long ago, found by halving the ids that it may
 * have: there may be millions. Behind 0 the last of all, as the clock may have been put back. */
#define MID "(low + high + 1) / 2"
#define MID_IS_BEFORE                                                                    \
	"(SELECT started_at FROM attempt WHERE id >= " MID " ORDER BY id LIMIT 1) <= "   \
	"(strftime('%s', 'now') - patience) * 1000"
#define CUT                                                                              \
	"cut(patience, low, high) AS (SELECT p.patience, CASE WHEN p.patience > 0 THEN " \
	"(SELECT min(id) FROM attempt) ELSE (SELECT max(id) FROM attempt) END, "         \
	"(SELECT max(id) FROM attempt) FROM (SELECT 0 AS patience UNION ALL SELECT 600 " \
	"UNION ALL SELECT 86400) p UNION ALL SELECT patience, CASE WHEN " MID_IS_BEFORE  \
	" THEN " MID " ELSE low END, CASE WHEN " MID_IS_BEFORE " THEN high ELSE " MID    \
	" - 1 END FROM cut WHERE low < high)"

/* A wrong endpoint or version, which TikTok or a gateway answers: it passes where a gateway is
 * being deployed, and never where the address is wrong. What else goes on by itself (network, tls,
 * a throttle) does so within a day. It has been tried for as long: rows that were kept otherwise,
 * by a pause or as no relay ran, may be older. Of the attempts, its own and others', those in front of
 * that moment are looked through, and the latest. Without the plus an index of all is made first. */
#define STOPPED_FOR_LONG                                                                 \
	"(WITH RECURSIVE " CUT " SELECT count(*) FROM (SELECT *, CASE "                  \
	"WHEN state = 'server_error' THEN 600 "                                          \
	"WHEN state IN ('rate_limited', 'network', 'tls', 'circuit_open') THEN 86400 "   \
	"END AS patience, coalesce(strftime('%s', last_delivered_at), 0) AS took_s, "    \
	"strftime('%s', 'now') AS now_s FROM queue_status) q "                           \
	"JOIN destination t ON t.name = q.destination "                                  \
	"WHERE patience <= min(oldest_pending_s, now_s - took_s) AND EXISTS "            \
	"(SELECT 1 FROM cut c CROSS JOIN attempt a "                                     \
	"ON a.id BETWEEN c.high - 49999 AND c.high WHERE c.low = c.high AND "            \
	"c.patience IN (q.patience, 0) AND a.outcome <> 'delivered' AND "                \
	"+a.destination_id = t.id AND "                                                  \
	"a.started_at BETWEEN took_s * 1000 AND (now_s - q.patience) * 1000))"
/* clang-format on */

/* A week before they are too old, for whatever reason they wait. */
#define NEARLY_TOO_OLD                                                                   \
	"(SELECT count(*) FROM queue_status WHERE oldest_pending_s >= 21 * 86400)"

/* Milliseconds since the last request began, where what could have been sent since waits. A relay
 * that works never leaves that for ten minutes; whoever has it send slower than that has asked for
 * it. Rows that it has not read may be old when they come: where it has decided others meanwhile,
 * it reads them. */
/* clang-format off */
#define NOW_MS "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
#define CAN_SEND                                                                         \
	"t.removed = 0 AND t.paused = 0 AND t.reason IS NULL AND "                       \
	"(t.requests_per_second = 0 OR t.requests_per_second > 0.002)"
#define LAST_REQUEST                                                                     \
	"coalesce((SELECT started_at FROM attempt ORDER BY id DESC LIMIT 1), 0)"
#define SILENT_MS                                                                        \
	"(SELECT CASE WHEN EXISTS (SELECT 1 FROM destination t JOIN waiting w "          \
	"ON w.destination_id = t.id AND w.due_at BETWEEN 1 AND n.ms - 600000 AND "       \
	"w.status IN (1, 3) WHERE " CAN_SEND ") THEN n.ms - " LAST_REQUEST " "           \
	"WHEN EXISTS (SELECT 1 FROM destination t WHERE " CAN_SEND ") AND EXISTS "       \
	"(SELECT 1 FROM unclaimed u JOIN creation c ON c.id = u.first_id "               \
	"WHERE c.ms < n.ms - 600000) THEN n.ms - max(" LAST_REQUEST ", "                 \
	"coalesce((SELECT max(last_seen) FROM counter), 0)) END "                        \
	"FROM (SELECT " NOW_MS " AS ms) n)"
/* clang-format on */

/* A row counts once for a destination; rows that the relay has not seen count once in all,
 * while queue_status shows them at every destination. */
static const char totals_sql[] =
	"SELECT (SELECT count(*) FROM destination WHERE removed = 0), "
	"(SELECT count FROM unclaimed), "
	"coalesce(sum(CASE WHEN state / 16 = 1 THEN count END), 0), "
	"(SELECT coalesce(sum(events), 0) FROM attempt WHERE outcome IS NULL), "
	"coalesce(sum(CASE WHEN state / 16 = 3 THEN count END), 0), "
	"coalesce(sum(CASE WHEN state / 16 = 10 THEN count END), 0), "
	"coalesce(sum(CASE WHEN state / 16 = 4 THEN count END), 0), "
	"coalesce(sum(CASE WHEN state / 16 = 5 AND " KEPT " THEN count END), 0), "
	"coalesce(sum(CASE WHEN state / 16 = 6 AND " KEPT " THEN count END), 0), "
	"(SELECT count(*) FROM destination WHERE removed = 0 AND paused = 0 "
	"AND reason IN (17, 18, 19)), "
	"(SELECT count(*) FROM destination WHERE removed = 0 AND paused <> 0), "
	"(SELECT count(*) FROM destination WHERE removed = 0 AND paused = 0 "
	"AND reason > 19), "
	"(SELECT max(oldest_pending_s) FROM queue_status), " STOPPED_FOR_LONG
	", " SILENT_MS ", " NEARLY_TOO_OLD " FROM counter";

_Static_assert(REASON_RETRIES_EXHAUSTED == 82 && REASON_CONSENT_DENIED == 130,
	       "a statement below names them by number");
_Static_assert(REASON_NEEDS_TOKEN == 17 && REASON_TOKEN_REFUSED == 18 &&
		       REASON_PERMISSION == 19,
	       "the statement above names them by number");

enum err_code status_totals(struct db *db, struct status_totals *out, struct err *e)
{
	struct rows r;
	bool row;

	if (rows_open(&r, db, totals_sql, e) != ERR_OK)
		return e->code;
	e->code = rows_next(&r, &row, e);
	if (e->code == ERR_OK && row)
		*out = (struct status_totals){
			.destinations = rows_int(&r, 0),
			.unclaimed = rows_int(&r, 1),
			.pending = rows_int(&r, 2),
			.sending = rows_int(&r, 3),
			.retrying = rows_int(&r, 4),
			.delivered = rows_int(&r, 5),
			.held = rows_int(&r, 6),
			.failed = rows_int(&r, 7),
			.rejected = rows_int(&r, 8),
			.blocked = rows_int(&r, 9) + rows_int(&r, 13),
			.paused = rows_int(&r, 10),
			.held_up = rows_int(&r, 11) - rows_int(&r, 13),
			.oldest_s = rows_int(&r, 12),
			.silent_s = rows_int(&r, 14) / 1000,
			.ageing = rows_int(&r, 15),
		};
	rows_close(&r);
	return e->code;
}

enum err_code status_queue(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(out, db, "SELECT * FROM queue_status ORDER BY destination", e);
}

enum err_code status_problems(struct db *db, struct rows *out, struct err *e)
{
	return rows_open(
		out, db,
		"SELECT p.reason, p.destination, p.count, p.first_seen, p.last_seen, "
		"p.example_event_id, CASE WHEN r.id = 17 AND EXISTS (SELECT 1 FROM "
		"destination WHERE name = p.destination AND pixel_id = '') THEN 'The "
		"destination has no pixel yet: convey destination set ' || p.destination "
		"|| ' --id PIXEL, or convey connect ' || p.destination || ', which "
		"offers the account''s.' WHEN r.id = 82 THEN '" ADVICE_EXHAUSTED
		"' || p.advice WHEN r.id = 130 AND coalesce(p.destination "
		"IN " ADVICE_STRICT_ONES ", EXISTS " ADVICE_STRICT_ONES
		") THEN '" ADVICE_STRICT "' ELSE p.advice END AS advice "
		"FROM problem p JOIN reason r ON r.word = p.reason "
		"WHERE NOT EXISTS (SELECT 1 FROM destination t "
		"WHERE t.name = p.destination AND t.removed <> 0) "
		"ORDER BY CASE WHEN r.id IN (17, 18, 19) OR r.id / 16 IN (4, 5, 6) "
		"THEN 0 WHEN r.id < 64 THEN 1 ELSE 2 END, p.count DESC, p.reason, "
		"p.destination",
		e);
}

/* What is counted knows its latest row; of what waits the id has to lead to it. */
static const char example_sql[] =
	"SELECT k.example_id FROM counter k JOIN reason r ON r.id = k.state "
	"LEFT JOIN destination t ON t.id = k.destination_id "
	"WHERE r.word = ?1 AND t.name IS ?2";

static enum err_code find_by_id(struct db *db, struct str event_id, int64_t *out,
				struct err *e)
{
	int64_t ids[LOOKUP_MAX];
	int count = 0;
	char *z = strndup(event_id.p, event_id.len);

	if (!z)
		abort();
	if (lookup_event(db, z, ids, &count, e) == ERR_OK && count > 0)
		e->code = lookup_holder(db, ids, count, out, e);
	free(z);
	return e->code;
}

enum err_code status_example(struct db *db, struct str reason, struct str destination,
			     struct str event_id, int64_t *out, struct err *e)
{
	sqlite3_stmt *s;
	bool row = false;

	*out = 0;
	if (db_prepare(db, example_sql, &s, e) != ERR_OK)
		return e->code;
	db_bind(s, 1, reason);
	db_bind(s, 2, destination);
	if (db_step(db, s, &row, e) == ERR_OK && row)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	if (e->code == ERR_OK && *out == 0 && event_id.len > 0)
		find_by_id(db, event_id, out, e);
	return e->code;
}
