/* SPDX-License-Identifier: MIT
 * finer_picture.h - "img@2x.png" is written as an e-mail address is, and is none.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none.
 * See:     core/personal.h and core/disguise.h, who look for addresses. */
#ifndef CORE_FINER_PICTURE_H
#define CORE_FINER_PICTURE_H

#include "base/str.h"

/* "2x.png", "1.5x-1f2e.webp" behind an '@', percent-encoded or not, and whatever else: a picture
 * for finer screens, and nobody's domain. */
bool is_finer_picture(struct str domain);

#endif
