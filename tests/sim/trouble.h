/* SPDX-License-Identifier: MIT
 * trouble.h - how a life ends, and what goes wrong meanwhile.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef SIM_TROUBLE_H
#define SIM_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

/* Where a life may be ended or a thread be held up. */
enum mark {
	MARK_ANY,
	MARK_WRITE,  /* a write is about to happen, */
	MARK_SYNC,   /* a sync, */
	MARK_SYNCED, /* has happened */
	MARK_LOCK,   /* of the database: a transaction begins or ends */
	MARK_JOB,    /* a job changes threads */
	MARK_START,  /* a request starts, */
	MARK_UPLOAD, /* is written, */
	MARK_ARRIVE, /* was taken by the server, */
	MARK_ANSWER, /* is answered */
	MARKS
};

enum death { DEATH_NONE, DEATH_KILL, DEATH_POWER };

/* At the nth mark of a life, at the latest after a while. */
struct doom {
	enum death death;
	enum mark mark;
	int64_t nth, in_us;
};

enum trouble {
	/* the wire */
	TROUBLE_REFUSED, /* no connection, at once */
	TROUBLE_BLACK_HOLE,
	TROUBLE_TLS,
	TROUBLE_RESET_BEFORE,
	TROUBLE_RESET_WITHIN,
	TROUBLE_RESET_AFTER, /* taken or not, there is no answer */
	TROUBLE_HANG,
	TROUBLE_CUT_ANSWER,
	TROUBLE_SLOW,
	/* the server */
	TROUBLE_CODE,    /* 5xxxx, with or without having stored the events */
	TROUBLE_STATUS,  /* 5xx or 4xx without TikTok's JSON */
	TROUBLE_GARBAGE, /* 2xx without a code, having stored them */
	TROUBLE_ODD,     /* 20001, unknown codes, code 0 under a 5xx */
	TROUBLE_THROTTLE,
	TROUBLE_TOKEN,
	TROUBLE_PERMISSION,
	TROUBLE_REFUSES, /* every event is bad */
	/* the disk */
	TROUBLE_READ,
	TROUBLE_WRITE,
	TROUBLE_SYNC,
	TROUBLE_FULL,
	TROUBLE_SHM,
	TROUBLE_OPEN,
	TROUBLE_STALL, /* it takes seconds */
	TROUBLES
};

/* From when to when, how many in a thousand. */
struct spell {
	enum trouble trouble;
	int64_t from_us, to_us;
	int permille;
	int64_t retry_after_ms;
};

#endif
