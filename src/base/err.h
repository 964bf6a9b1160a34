/* SPDX-License-Identifier: MIT
 * err.h - what went wrong, in two parts: a code that says what the caller can do,
 * and a message that says what happened.
 *
 * Owns:    nothing; a struct err lives on the caller's stack.
 * Thread:  any; no shared state.
 * Errors:  expected outcomes (no row, nothing due) are not errors.
 * See:     sysexits(3) for the exit statuses. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* name, exit status, what the caller can do */
#define ERR_CODES(X)                                                                     \
	X(OK, 0, "nothing is wrong")                                                     \
	X(PROBLEM, 1, "looked and found problems")                                       \
	X(USAGE, 64, "mend the command line")                                            \
	X(DATA, 65, "mend the input")                                                    \
	X(NOINPUT, 66, "name an input that exists")                                      \
	X(UNAVAILABLE, 69, "the other end cannot be reached")                            \
	X(BUG, 70, "report it")                                                          \
	X(CANTCREAT, 73, "the file cannot be created")                                   \
	X(IO, 74, "look at the disk")                                                    \
	X(SYNC, 74, "close the database, read it again, act on what it says")            \
	X(BUSY, 75, "try later")                                                         \
	X(PERM, 77, "look at owner and mode")                                            \
	X(CONFIG, 78, "mend the configuration")                                          \
	X(CORRUPT, 74, "restore the database")

enum err_code {
#define X(name, status, what) ERR_##name,
	ERR_CODES(X)
#undef X
};

struct err {
	enum err_code code;
	char msg[248];
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Sets code and message; returns code, so that `return err_set(…)` reads well. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Puts "context: " before the message; keeps and returns the code. */
enum err_code err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "IO", "BUSY", …; a constant. */
const char *err_name(enum err_code code);

/* The sysexits status of the code, 0..78. */
int err_exit_status(enum err_code code);

#endif
