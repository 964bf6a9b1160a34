/* SPDX-License-Identifier: MIT
 * route_parse.h - a route's conditions as they are typed and stored.
 *
 * Owns:    nothing; what is parsed borrows from the word.
 * Thread:  any.
 * Errors:  USAGE; the route is as it was. */
#ifndef CORE_ROUTE_PARSE_H
#define CORE_ROUTE_PARSE_H

#include "base/err.h"
#include "core/route.h"

/* Each sets one condition; an empty word takes it away. */
enum err_code route_parse_event(struct route *r, struct str glob,
				struct err *e) MUST_CHECK;
enum err_code route_parse_country(struct route *r, struct str word,
				  struct err *e) MUST_CHECK;
enum err_code route_parse_min_value(struct route *r, struct str word,
				    struct err *e) MUST_CHECK;
enum err_code route_parse_currency(struct route *r, struct str word,
				   struct err *e) MUST_CHECK;

/* "email,ttclid": all of them. */
enum err_code route_parse_has(struct route *r, struct str list, struct err *e) MUST_CHECK;

/* "ad_user_data=GRANTED,ad_storage=DENIED"; unlike in a payload, a state that does not
 * exist is an error. */
enum err_code route_parse_consent(struct route *r, struct str list,
				  struct err *e) MUST_CHECK;

/* "25", "12.5%", four digits behind the point at most. */
enum err_code route_parse_sample(struct route *r, struct str word,
				 struct err *e) MUST_CHECK;

/* Takes the next name off "NAME,NAME"; false at the end. "drop" is for the caller. */
bool route_next_target(struct str *list, struct str *name);
bool route_has_target(struct str list, struct str name);

/* One of ROUTE_EMAIL …, or of ROUTE_AD_USER_DATA …; "?" for others. */
const char *route_has_word(enum route_has has);
const char *route_signal_word(enum route_signal signal);

/* The signal's place in a struct consent. */
unsigned char *route_signal_of(struct consent *consent, enum route_signal signal);

#endif
